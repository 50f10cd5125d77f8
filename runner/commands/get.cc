// get, watch, wait.

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "runner/commands/context.h"
#include "runner/commands/selection.h"
#include "runner/follow.h"
#include "runner/workflow_view.h"

namespace skiff::runner {
using spec::Json;

namespace {

struct GetFlags {
  std::vector<std::string> names;
  std::string output;
  bool no_utf8 = false;
  bool ignore_missing = false;
  NodeChoice nodes;
};

/// Where the metrics of a workflow that has ended are; "" if it has none.
std::string metrics_of(const Json& workflow, const Context& context) {
  if (workflow.get("status").get_string("finishedAt").empty()) return "";
  const auto file = context.home().metrics_file(workflow.get("metadata").get_string("uid"));
  std::error_code unreadable;
  return std::filesystem::exists(file, unreadable) ? file.string() : "";
}

void get(const GetFlags& f, const Context& context) {
  const Client client = context.client();
  ViewOptions view;
  view.color = context.color && ::isatty(STDOUT_FILENO) != 0;
  view.wide = f.output == "wide";
  view.short_form = f.output == "short";
  view.ascii = f.no_utf8;
  view.keeps = f.nodes.filter();
  for (const std::string& name : f.names) {
    const bool whole = f.output == "json" || f.output == "yaml";
    const Json workflow = client.get(context.workflow_path(name, whole ? "" : "?skiff.plain=true"));
    if (f.output == "name") {
      fmt::print("{}\n", workflow.get("metadata").get_string("name"));
    } else if (f.output == "json" || f.output == "yaml") {
      print_object(workflow, f.output);
    } else {
      view.metrics_file = metrics_of(workflow, context);
      const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
      fmt::print("{}", describe_workflow(workflow, view, now));
    }
  }
}

void follow_all(const GetFlags& f, FollowMode mode, Context& context) {
  const Client client = context.client();
  FollowOptions options;
  options.mode = mode;
  options.color = context.color;
  options.keeps = f.nodes.filter();
  for (const std::string& name : f.names) {
    try {
      const Json workflow = client.get(context.workflow_path(name, "?fields=metadata.name"));
      const int code = follow(client, context.ns, workflow.get("metadata").get_string("name"), options);
      if (code != 0) context.exit_code = code;
    } catch (const ClientError& e) {
      if (e.status() != 404 || !f.ignore_missing) throw;
    }
  }
}

void add_follower(CLI::App& app, Context& context, const char* verb, const char* help, FollowMode mode) {
  auto f = std::make_shared<GetFlags>();
  CLI::App* cmd = app.add_subcommand(verb, help);
  cmd->add_option("WORKFLOW", f->names, "names, or @latest")->required();
  cmd->add_flag("--ignore-not-found", f->ignore_missing, "no error for workflows that are not there");
  if (mode == FollowMode::watch) add_node_choice(cmd, f->nodes);
  cmd->callback([f, mode, &context] { follow_all(*f, mode, context); });
}

}  // namespace

void add_get(CLI::App& app, Context& context) {
  auto f = std::make_shared<GetFlags>();
  CLI::App* cmd = app.add_subcommand("get", "show a workflow");
  cmd->add_option("WORKFLOW", f->names, "names, or @latest")->required();
  cmd->add_option("-o,--output", f->output, "name|json|yaml|short|wide")
      ->check(CLI::IsMember({"name", "json", "yaml", "short", "wide"}));
  cmd->add_flag("--no-utf8", f->no_utf8, "only ASCII");
  add_node_choice(cmd, f->nodes);
  cmd->callback([f, &context] { get(*f, context); });
  add_follower(app, context, "watch", "watch workflows until they complete", FollowMode::watch);
  add_follower(app, context, "wait", "wait for workflows to complete", FollowMode::quiet);
}

}  // namespace skiff::runner
