// get, watch, wait.

#include <fmt/format.h>
#include <unistd.h>

#include "runner/commands/context.h"
#include "runner/core/selector.h"
#include "runner/follow.h"
#include "runner/workflow_view.h"

namespace skiff::runner {
using spec::Json;

namespace {

struct GetFlags {
  std::vector<std::string> names;
  std::string output;
  bool no_utf8 = false;
  std::string status;
  std::string selector;
};

/// --status and --node-field-selector; throws Exit.
std::function<bool(const spec::NodeStatus&)> node_filter(const GetFlags& f) {
  if (f.status.empty() && f.selector.empty()) return {};
  const NodeSelector selector(f.selector);
  if (!selector.error().empty()) throw Exit(kUsage, "--node-field-selector: " + selector.error());
  return [selector, status = f.status](const spec::NodeStatus& n) {
    return selector.matches(n) && (status.empty() || spec::to_string(n.phase) == status);
  };
}

void get(const GetFlags& f, const Context& context) {
  const Client client = context.client();
  ViewOptions view;
  view.color = context.color && ::isatty(STDOUT_FILENO) != 0;
  view.wide = f.output == "wide";
  view.short_form = f.output == "short";
  view.ascii = f.no_utf8;
  view.keeps = node_filter(f);
  for (const std::string& name : f.names) {
    const bool whole = f.output == "json" || f.output == "yaml";
    const Json workflow = client.get(context.workflow_path(name, whole ? "" : "?skiff.plain=true"));
    if (f.output == "name") {
      fmt::print("{}\n", workflow.get("metadata").get_string("name"));
    } else if (f.output == "json" || f.output == "yaml") {
      print_object(workflow, f.output);
    } else {
      const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
      fmt::print("{}", describe_workflow(workflow, view, now));
    }
  }
}

void follow_all(const std::vector<std::string>& names, FollowMode mode, bool ignore_missing,
                Context& context) {
  const Client client = context.client();
  FollowOptions options;
  options.mode = mode;
  options.color = context.color;
  for (const std::string& name : names) {
    try {
      const Json workflow = client.get(context.workflow_path(name, "?fields=metadata.name"));
      const int code = follow(client, context.ns, workflow.get("metadata").get_string("name"), options);
      if (code != 0) context.exit_code = code;
    } catch (const ClientError& e) {
      if (e.status() != 404 || !ignore_missing) throw;
    }
  }
}

void add_follower(CLI::App& app, Context& context, const char* verb, const char* help, FollowMode mode) {
  auto names = std::make_shared<std::vector<std::string>>();
  auto ignore = std::make_shared<bool>(false);
  CLI::App* cmd = app.add_subcommand(verb, help);
  cmd->add_option("WORKFLOW", *names, "names, or @latest")->required();
  cmd->add_flag("--ignore-not-found", *ignore, "no error for workflows that are not there");
  cmd->callback([names, ignore, mode, &context] { follow_all(*names, mode, *ignore, context); });
}

}  // namespace

void add_get(CLI::App& app, Context& context) {
  auto f = std::make_shared<GetFlags>();
  CLI::App* cmd = app.add_subcommand("get", "show a workflow");
  cmd->add_option("WORKFLOW", f->names, "names, or @latest")->required();
  cmd->add_option("-o,--output", f->output, "name|json|yaml|short|wide")
      ->check(CLI::IsMember({"name", "json", "yaml", "short", "wide"}));
  cmd->add_flag("--no-utf8", f->no_utf8, "only ASCII");
  cmd->add_option("--status", f->status, "only nodes in this phase")
      ->check(CLI::IsMember({"Pending", "Running", "Succeeded", "Skipped", "Failed", "Error", "Omitted"}));
  cmd->add_option("--node-field-selector", f->selector,
                  "only these nodes, e.g. displayName=a,phase!=Succeeded");
  cmd->callback([f, &context] { get(*f, context); });
  add_follower(app, context, "watch", "watch workflows until they complete", FollowMode::watch);
  add_follower(app, context, "wait", "wait for workflows to complete", FollowMode::quiet);
}

}  // namespace skiff::runner
