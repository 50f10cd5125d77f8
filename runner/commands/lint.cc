// lint: what is wrong with files, all of it, before anything runs.

#include <fmt/format.h>

#include "runner/commands/context.h"
#include "runner/commands/strict.h"
#include "runner/daemon.h"
#include "runner/stored_templates.h"
#include "runner/submit.h"
#include "spec/validate.h"

namespace skiff::runner {

namespace {

struct LintFlags {
  std::vector<std::string> files;
  std::vector<std::string> kinds;
  std::string output = "pretty";
  std::string strict = "true";
  bool offline = false;
};

void report(const LintFlags& f, const spec::LintResult& result, const std::vector<InputFile>& files,
            bool color) {
  if (f.output == "json") {
    fmt::print("{}\n", spec::to_json(spec::diagnostics_to_json(result.diagnostics),
                                     spec::JsonStyle{2, false, false}));
  } else if (f.output == "sarif") {
    fmt::print("{}\n", spec::to_json(spec::diagnostics_to_sarif(result.diagnostics, version_text()),
                                     spec::JsonStyle{2, false, false}));
  } else if (f.output == "simple") {
    for (const spec::Diagnostic& d : result.diagnostics) fmt::print("{}\n", spec::render_line(d));
  } else {
    show_findings(result.diagnostics, files, color);
    if (result.ok()) fmt::print("✔ no linting errors found!\n");
  }
}

void lint(const LintFlags& f, Context& context) {
  const std::vector<InputFile> files = read_inputs(f.files);
  std::vector<spec::LintFile> texts;
  for (const InputFile& file : files) texts.push_back({file.name, file.text});
  spec::LintOptions options;
  for (const std::string& word : f.kinds) {
    if (word == "all") continue;
    const std::string kind = kind_of_word(word);
    if (kind.empty()) {
      throw Exit(kUsage, fmt::format("--kinds {}: use all, workflows, workflowtemplates, cronworkflows or "
                                     "clusterworkflowtemplates",
                                     word));
    }
    options.kinds.push_back(kind);
  }
  options.warnings_as_errors = f.strict == "error";
  // As in Argo's offline client, where no namespace is one of its own.
  options.default_namespace = f.offline ? "" : context.ns;
  std::unique_ptr<store::Journal> journal;
  std::unique_ptr<StoredTemplates> stored;
  if (!f.offline) {
    const store::Home home = context.home();
    if (std::filesystem::exists(home.database())) {
      journal = store::Journal::open(home);
      stored = std::make_unique<StoredTemplates>(*journal);
      options.store = stored.get();
    }
  }
  spec::LintResult result = spec::lint(texts, options);
  if (f.strict == "false") forgive_unknown(result.diagnostics);
  report(f, result, files, context.color);
  if (!result.ok()) context.exit_code = kFailed;
}

}  // namespace

void add_lint(CLI::App& app, Context& context) {
  auto f = std::make_shared<LintFlags>();
  CLI::App* cmd = app.add_subcommand("lint", "check files; several together may refer to each other");
  cmd->add_option("FILE", f->files, "files, directories, or -")->required();
  cmd->add_flag("--offline", f->offline, "look for templates in the given files only");
  cmd->add_option("--kinds", f->kinds, "only these kinds")->delimiter(',');
  cmd->add_option("-o,--output", f->output, "pretty|simple|json|sarif");
  cmd->add_flag("--strict{true}", f->strict,
                "unknown fields are errors (they are unless false); --strict=error: warnings too")
      ->take_last();
  cmd->callback([f, &context] { lint(*f, context); });
}

}  // namespace skiff::runner
