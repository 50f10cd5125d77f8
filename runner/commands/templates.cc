// template, cluster-template, cron: the stored objects that workflows are made of.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>

#include "runner/commands/context.h"
#include "runner/commands/strict.h"
#include "runner/tree_view.h"
#include "spec/decode.h"
#include "spec/units.h"
#include "spec/validate.h"

namespace skiff::runner {
using spec::Json;

namespace {

/// One kind of stored object and the path of its service.
struct Service {
  std::string kind;
  std::string path;
  bool cluster = false;

  [[nodiscard]] std::string all(const Context& c) const {
    return cluster ? path : path + "/" + Client::encode(c.ns);
  }
  [[nodiscard]] std::string one(const Context& c, const std::string& name) const {
    return all(c) + "/" + Client::encode(name);
  }
};

struct TemplateFlags {
  std::vector<std::string> words;
  std::string output;
  std::string strict = "true";
  std::string labels;
  bool all = false;
  bool all_namespaces = false;
};
using Flags = std::shared_ptr<TemplateFlags>;

/// As argo prints one (cmd/argo/commands/template/create.go).
void print_one(const Service& s, const Json& object, const std::string& format) {
  const Json& metadata = object.get("metadata");
  if (format == "json" || format == "yaml") return print_object(object, format);
  if (format == "name") return fmt::print("{}\n", metadata.get_string("name"));
  fmt::print("{:<20} {}\n", "Name:", metadata.get_string("name"));
  if (!s.cluster) fmt::print("{:<20} {}\n", "Namespace:", metadata.get_string("namespace"));
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto created = spec::parse_rfc3339(metadata.get_string("creationTimestamp"));
  if (created) fmt::print("{:<20} {}\n", "Created:", spec::human_timestamp(*created, spec::NanoTime(now)));
}

void write(const Service& s, const TemplateFlags& f, const Context& context, bool create) {
  const std::vector<InputFile> files = read_inputs(f.words);
  std::vector<Json> objects;
  for (const InputFile& file : files) {
    const spec::ParsedFile parsed = spec::read_documents(file.text, file.name);
    spec::Diagnostics findings = parsed.diagnostics;
    if (f.strict == "false") forgive_unknown(findings);
    show_findings(findings, files, context.color);
    if (spec::has_errors(findings)) throw Exit(kUsage, "");
    for (const spec::Document& d : parsed.documents) {
      if (d.kind() == s.kind) objects.push_back(d.value());
    }
  }
  if (objects.empty()) throw Exit(kUsage, fmt::format("there is no {} in the given files", s.kind));
  const Client client = context.client();
  for (const Json& object : objects) {
    Json body = Json::object();
    body.set("template", object);
    const std::string name = object.get("metadata").get_string("name");
    print_one(s, create ? client.post(s.all(context), body) : client.put(s.one(context, name), body),
              f.output);
  }
}

Json all_of(const Service& s, const TemplateFlags& f, const Context& context) {
  Context where = context;
  if (f.all_namespaces) where.ns = "-";
  const std::string query = f.labels.empty() ? "" : "?listOptions.labelSelector=" + Client::encode(f.labels);
  return context.client().get(s.all(where) + query);
}

void list(const Service& s, const TemplateFlags& f, const Context& context) {
  const Json reply = all_of(s, f, context);
  if (f.output == "json" || f.output == "yaml") {
    print_object(reply.get("items"), f.output);
    return;
  }
  std::vector<std::vector<std::string>> rows;
  if (f.output != "name") rows.push_back({"NAME"});
  if (f.all_namespaces && f.output != "name") rows.back().insert(rows.back().begin(), "NAMESPACE");
  for (const Json& t : reply.get_array("items")) {
    const Json& metadata = t.get("metadata");
    rows.push_back({metadata.get_string("name")});
    if (rows.front().size() == 2) rows.back().insert(rows.back().begin(), metadata.get_string("namespace"));
  }
  fmt::print("{}", format_table(rows, 3));
}

void get(const Service& s, const TemplateFlags& f, const Context& context) {
  const Client client = context.client();
  for (const std::string& name : f.words) print_one(s, client.get(s.one(context, name)), f.output);
}

void remove(const Service& s, const TemplateFlags& f, const Context& context) {
  const Client client = context.client();
  std::vector<std::string> names = f.words;
  if (f.all) {
    const Json reply = client.get(s.all(context));
    for (const Json& t : reply.get_array("items")) names.push_back(t.get("metadata").get_string("name"));
  }
  if (names.empty() && !f.all) throw Exit(kUsage, "say which: names, or --all");
  for (const std::string& name : names) {
    (void)client.del(s.one(context, name));
    fmt::print("{} '{}' deleted\n", s.kind, name);
  }
}

void lint(const Service& s, const TemplateFlags& f, Context& context) {
  const std::vector<InputFile> files = read_inputs(f.words);
  std::vector<spec::LintFile> texts;
  for (const InputFile& file : files) texts.push_back({file.name, file.text});
  spec::LintOptions options;
  options.kinds = {s.kind};
  options.default_namespace = context.ns;
  options.warnings_as_errors = f.strict == "error";
  spec::LintResult result = spec::lint(texts, options);
  if (f.strict == "false") forgive_unknown(result.diagnostics);
  if (f.output == "simple") {
    for (const spec::Diagnostic& d : result.diagnostics) fmt::print("{}\n", spec::render_line(d));
  } else {
    show_findings(result.diagnostics, files, context.color);
  }
  if (result.ok()) fmt::print("{}no linting errors found!\n", f.output == "simple" ? "" : "✔ ");
  if (!result.ok()) context.exit_code = kFailed;
}

/// The words and flags of a verb; -o takes these formats.
CLI::App* add_verb(CLI::App* group, const Flags& f, const char* word, const char* what,
                   const std::vector<std::string>& formats) {
  CLI::App* cmd = group->add_subcommand(word, what);
  const std::string_view verb = word;
  const bool files = verb == "create" || verb == "update" || verb == "lint";
  if (verb != "list")
    cmd->add_option(files ? "FILE" : "NAME", f->words, files ? "files or directories" : "names");
  if (!formats.empty()) {
    cmd->add_option("-o,--output", f->output, fmt::format("{}", fmt::join(formats, "|")))
        ->check(CLI::IsMember(formats));
  }
  if (files) {
    cmd->add_flag("--strict{true}", f->strict, "unknown fields are errors (they are unless false)")
        ->take_last();
  }
  if (verb == "delete") cmd->add_flag("--all", f->all, "all of them");
  if (verb == "list") {
    cmd->add_option("-l,--selector", f->labels, "label selector: k=v, k!=v, k in (a,b), k, !k");
  }
  return cmd;
}

void add_service(CLI::App& app, Context& context, const std::string& name, const Service& s) {
  CLI::App* group = app.add_subcommand(name, "keep and show " + s.kind + "s");
  group->require_subcommand(1);
  const std::vector<std::string> shown{"name", "json", "yaml", "wide"};
  const auto verb = [&](const char* word, const char* what, const std::vector<std::string>& formats,
                        auto action) {
    const Flags f = std::make_shared<TemplateFlags>();
    CLI::App* cmd = add_verb(group, f, word, what, formats);
    if (std::string_view(word) == "list" && !s.cluster) {
      cmd->add_flag("-A,--all-namespaces", f->all_namespaces, "of all namespaces");
    }
    cmd->callback([f, s, action, &context] { action(s, *f, context); });
  };
  verb("create", "keep new ones", shown,
       [](const Service& x, const TemplateFlags& f, Context& c) { write(x, f, c, true); });
  verb("update", "replace", shown,
       [](const Service& x, const TemplateFlags& f, Context& c) { write(x, f, c, false); });
  verb("list", "list", shown, [](const Service& x, const TemplateFlags& f, Context& c) { list(x, f, c); });
  verb("get", "show", shown, [](const Service& x, const TemplateFlags& f, Context& c) { get(x, f, c); });
  verb("delete", "delete", {}, [](const Service& x, const TemplateFlags& f, Context& c) { remove(x, f, c); });
  verb("lint", "check files", {"pretty", "simple"},
       [](const Service& x, const TemplateFlags& f, Context& c) { lint(x, f, c); });
}

}  // namespace

void add_templates(CLI::App& app, Context& context) {
  add_service(app, context, "template", {"WorkflowTemplate", "/api/v1/workflow-templates", false});
  add_service(app, context, "cluster-template",
              {"ClusterWorkflowTemplate", "/api/v1/cluster-workflow-templates", true});
  add_service(app, context, "cron", {"CronWorkflow", "/api/v1/cron-workflows", false});
}

}  // namespace skiff::runner
