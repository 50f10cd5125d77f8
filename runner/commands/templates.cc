// template, cluster-template, cron: the stored objects that workflows are made of.

#include <fmt/format.h>

#include "runner/commands/context.h"
#include "runner/tree_view.h"
#include "spec/decode.h"
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
  bool all = false;
};
using Flags = std::shared_ptr<TemplateFlags>;

void write(const Service& s, const TemplateFlags& f, const Context& context, bool create) {
  const std::vector<InputFile> files = read_inputs(f.words);
  std::vector<spec::LintFile> texts;
  for (const InputFile& file : files) texts.push_back({file.name, file.text});
  std::vector<Json> objects;
  for (const InputFile& file : files) {
    const spec::ParsedFile parsed = spec::read_documents(file.text, file.name);
    show_findings(parsed.diagnostics, files, context.color);
    if (spec::has_errors(parsed.diagnostics)) throw Exit(kUsage, "");
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
    if (create) {
      (void)client.post(s.all(context), body);
    } else {
      (void)client.put(s.one(context, name), body);
    }
    fmt::print("{} {}\n", name, create ? "created" : "updated");
  }
}

void list(const Service& s, const TemplateFlags& f, const Context& context) {
  const Json reply = context.client().get(s.all(context));
  if (f.output == "json" || f.output == "yaml") {
    print_object(reply.get("items"), f.output);
    return;
  }
  for (const Json& t : reply.get_array("items")) fmt::print("{}\n", t.get("metadata").get_string("name"));
}

void get(const Service& s, const TemplateFlags& f, const Context& context) {
  const Client client = context.client();
  for (const std::string& name : f.words)
    print_object(client.get(s.one(context, name)), f.output.empty() ? "yaml" : f.output);
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
    fmt::print("{} deleted\n", name);
  }
}

void lint(const Service& s, const TemplateFlags& f, Context& context) {
  const std::vector<InputFile> files = read_inputs(f.words);
  std::vector<spec::LintFile> texts;
  for (const InputFile& file : files) texts.push_back({file.name, file.text});
  spec::LintOptions options;
  options.kinds = {s.kind};
  const spec::LintResult result = spec::lint(texts, options);
  show_findings(result.diagnostics, files, context.color);
  if (!result.ok()) context.exit_code = kFailed;
}

void add_service(CLI::App& app, Context& context, const std::string& name, const Service& s) {
  CLI::App* group = app.add_subcommand(name, "keep and show " + s.kind + "s");
  group->require_subcommand(1);
  const auto verb = [&](const char* word, const char* what, auto action) {
    const Flags f = std::make_shared<TemplateFlags>();
    CLI::App* cmd = group->add_subcommand(word, what);
    cmd->add_option("ARGUMENTS", f->words, "files or names");
    cmd->add_option("-o,--output", f->output, "name|json|yaml|wide");
    cmd->add_flag("--all", f->all, "all of them");
    cmd->callback([f, s, action, &context] { action(s, *f, context); });
  };
  verb("create", "keep new ones",
       [](const Service& x, const TemplateFlags& f, Context& c) { write(x, f, c, true); });
  verb("update", "replace",
       [](const Service& x, const TemplateFlags& f, Context& c) { write(x, f, c, false); });
  verb("list", "list", [](const Service& x, const TemplateFlags& f, Context& c) { list(x, f, c); });
  verb("get", "show", [](const Service& x, const TemplateFlags& f, Context& c) { get(x, f, c); });
  verb("delete", "delete", [](const Service& x, const TemplateFlags& f, Context& c) { remove(x, f, c); });
  verb("lint", "check files", [](const Service& x, const TemplateFlags& f, Context& c) { lint(x, f, c); });
}

}  // namespace

void add_templates(CLI::App& app, Context& context) {
  add_service(app, context, "template", {"WorkflowTemplate", "/api/v1/workflow-templates", false});
  add_service(app, context, "cluster-template",
              {"ClusterWorkflowTemplate", "/api/v1/cluster-workflow-templates", true});
  add_service(app, context, "cron", {"CronWorkflow", "/api/v1/cron-workflows", false});
}

}  // namespace skiff::runner
