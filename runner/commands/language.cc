// eval, explain, convert: the language without running anything.

#include <fmt/format.h>

#include <iostream>

#include "runner/commands/context.h"
#include "spec/decode.h"
#include "spec/expr/batch.h"
#include "spec/feature_table.h"

namespace skiff::runner {
using spec::Json;

namespace {

struct EvalFlags {
  std::string expression;
  std::vector<std::string> parameters;
  std::string env_file;
  bool when = false;
  bool sprig = false;
  bool batch = false;
};

std::vector<std::pair<std::string, Json>> variables_of(const EvalFlags& f) {
  std::vector<std::pair<std::string, Json>> out;
  if (!f.env_file.empty()) {
    const InputFile file = read_inputs({f.env_file}).front();
    const spec::ParsedFile parsed = spec::parse_documents(file.text, file.name);
    if (parsed.documents.empty() || !parsed.documents[0].root().is_mapping()) {
      throw Exit(kUsage, f.env_file + ": not a map of variables");
    }
    const Json map = spec::to_json_value(parsed.documents[0].root());
    for (const auto& [name, value] : map.as_object()) out.emplace_back(name, value);
  }
  for (const std::string& p : f.parameters) {
    const auto eq = p.find('=');
    if (eq == std::string::npos) throw Exit(kUsage, fmt::format("-p {}: expected NAME=VALUE", p));
    const std::string name = p.substr(0, eq);
    out.emplace_back(name.find('.') == std::string::npos ? "inputs.parameters." + name : name,
                     p.substr(eq + 1));
    if (name.find('.') == std::string::npos) out.emplace_back(name, p.substr(eq + 1));
  }
  return out;
}

void eval(const EvalFlags& f, Context& context) {
  if (f.batch) {
    spec::expr::evaluate_batch(std::cin, std::cout);
    return;
  }
  if (f.expression.empty()) throw Exit(kUsage, "give an expression, or --batch");
  const auto language = f.when ? spec::expr::EvalLanguage::when : spec::expr::EvalLanguage::expr;
  const auto result = spec::expr::evaluate_once(language, f.expression, variables_of(f));
  if (!result.ok()) throw Exit(kFailed, result.error().render(f.expression));
  const Json& value = result.value();
  fmt::print("{}\n", value.is_string() ? value.as_string() : spec::to_json(value));
  context.exit_code = kSucceeded;
}

void explain(const std::vector<std::string>& names, const Context& context) {
  const std::vector<InputFile> files = read_inputs(names);
  for (const InputFile& file : files) {
    const spec::ParsedFile parsed = spec::read_documents(file.text, file.name);
    show_findings(parsed.diagnostics, files, context.color);
    for (const spec::Document& document : parsed.documents) fmt::print("{}", spec::explain_text(document));
  }
}

void convert(const std::vector<std::string>& names, const std::string& output) {
  bool first = true;
  for (const InputFile& file : read_inputs(names)) {
    for (const spec::Document& document : spec::parse_documents(file.text, file.name).documents) {
      Json value = spec::to_json_value(document.root());
      (void)spec::convert_to_current(value);
      if (!first && output != "json") fmt::print("---\n");
      first = false;
      print_object(value, output);
    }
  }
}

}  // namespace

void add_language(CLI::App& app, Context& context) {
  auto e = std::make_shared<EvalFlags>();
  CLI::App* cmd = app.add_subcommand("eval", "evaluate an expression as a workflow would");
  cmd->add_option("EXPR", e->expression, "e.g. \"asInt(inputs.parameters.n) + 1\"");
  cmd->add_flag("--when", e->when, "as the `when` of a step (govaluate)");
  cmd->add_flag("--sprig", e->sprig, "accepted: sprig.* is always there");
  cmd->add_option("-p,--parameter", e->parameters, "NAME=VALUE: inputs.parameters.NAME, or a dotted variable")
      ->allow_extra_args(false);
  cmd->add_option("--env", e->env_file, "a YAML or JSON map of variables");
  cmd->add_flag("--batch", e->batch, "one JSON request a line on standard input");
  cmd->callback([e, &context] { eval(*e, context); });

  auto files = std::make_shared<std::vector<std::string>>();
  cmd = app.add_subcommand("explain",
                           "say which fields of a file work here, are emulated, ignored, or need a cluster");
  cmd->add_option("FILE", *files, "files, directories, or -")->required();
  cmd->callback([files, &context] { explain(*files, context); });

  auto old = std::make_shared<std::vector<std::string>>();
  auto output = std::make_shared<std::string>("yaml");
  cmd = app.add_subcommand("convert", "rewrite files of older Argo versions");
  cmd->add_option("FILE", *old, "files, directories, or -")->required();
  cmd->add_option("-o,--output", *output, "yaml|json");
  cmd->callback([old, output] { convert(*old, *output); });

  cmd = app.add_subcommand("features", "print the table of features as Markdown");
  cmd->callback([] { fmt::print("{}", spec::feature_table()); });
}

}  // namespace skiff::runner
