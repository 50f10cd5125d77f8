// Commands to workflows: stop, terminate, suspend, resume, retry, resubmit, node set, delete.

#include <fmt/format.h>

#include <optional>

#include "runner/commands/context.h"
#include "runner/commands/selection.h"
#include "runner/follow.h"
#include "runner/submit.h"

namespace skiff::runner {
using spec::Json;

namespace {

struct ControlFlags {
  std::vector<std::string> workflows;
  Selection chosen;      ///< instead of names
  std::string selector;  ///< of nodes
  std::string message;
  std::string phase;
  std::vector<std::string> parameters;
  std::vector<std::string> outputs;
  std::string output;
  std::optional<std::int64_t> priority;
  bool dry_run = false;
  bool restart_successful = false;
  bool memoized = false;
  bool wait = false;
  bool watch = false;
  bool log = false;
  bool runs_again = false;  ///< the verb sets the workflow going
};
using Flags = std::shared_ptr<ControlFlags>;

Json text_list(const std::vector<std::string>& list) {
  Json out = Json::array();
  for (const std::string& s : list) out.push_back(s);
  return out;
}

Json body_of(const ControlFlags& f) {
  Json body = Json::object();
  if (!f.selector.empty()) body.set("nodeFieldSelector", f.selector);
  if (!f.message.empty()) body.set("message", f.message);
  if (!f.phase.empty()) body.set("phase", f.phase);
  if (f.restart_successful) body.set("restartSuccessful", true);
  if (f.memoized) body.set("memoized", true);
  if (f.priority) body.set("priority", *f.priority);
  if (!f.parameters.empty()) body.set("parameters", text_list(f.parameters));
  if (!f.outputs.empty()) {
    Json outputs = Json::object();
    for (const std::string& o : f.outputs) {
      const auto eq = o.find('=');
      if (eq == std::string::npos)
        throw Exit(kUsage, fmt::format("--output-parameter {}: expected NAME=VALUE", o));
      outputs.set(o.substr(0, eq), unquoted(std::string_view(o).substr(eq + 1)));
    }
    body.set("outputParameters", std::move(outputs));
  }
  return body;
}

/// Follows what the command set going, if the user asked for that.
void follow_if_asked(const ControlFlags& f, Context& context, const Client& client, const Json& workflow) {
  if (!f.wait && !f.watch && !f.log) return;
  FollowOptions options;
  options.color = context.color;
  options.silent = prints_alone(f.output);
  if (f.watch) options.mode = FollowMode::watch;
  if (f.log) options.mode = FollowMode::logs;
  const int code = follow(client, context.ns, workflow.get("metadata").get_string("name"), options);
  if (code != 0) context.exit_code = code;
}

/// The names given, or those that the selectors pick: only such as the verb can apply to.
std::vector<std::string> names_of(const ControlFlags& f, const Context& context, const Client& client,
                                  const std::string& verb) {
  if (!f.workflows.empty()) return f.workflows;
  if (f.chosen.empty()) throw Exit(kUsage, "say which: names, @latest, or a selector (-l, --field-selector)");
  Selection s = f.chosen;
  s.running = verb == "stop" || verb == "terminate";
  if (verb == "retry") s.statuses = {"Failed", "Error"};
  std::vector<std::string> out;
  for (const Json& w : select_workflows(client, context, s)) {
    out.push_back(w.get("metadata").get_string("name"));
  }
  if (out.empty()) fmt::print("No workflows found\n");
  return out;
}

void tell(const ControlFlags& f, const Json& workflow, const std::string& done) {
  // As argo has it, a workflow that runs again is shown as a new one is.
  if (f.runs_again || !f.output.empty()) return print_created(workflow, f.output);
  fmt::print("workflow {} {}\n", workflow.get("metadata").get_string("name"), done);
  std::fflush(stdout);
}

void act(const ControlFlags& f, Context& context, const std::string& verb, const std::string& done) {
  const Client client = context.client();
  for (const std::string& name : names_of(f, context, client, verb)) {
    if (f.dry_run) {
      fmt::print("workflow {} {} (dry-run)\n", name, done);
      continue;
    }
    const Json workflow = client.put(context.workflow_path(name, "/" + verb), body_of(f));
    tell(f, workflow, done);
    follow_if_asked(f, context, client, workflow);
  }
}

CLI::App* verb(CLI::App& app, Context& context, const Flags& f, const std::string& name,
               const std::string& help, const std::string& call, const std::string& done) {
  CLI::App* cmd = app.add_subcommand(name, help);
  cmd->add_option("WORKFLOW", f->workflows, "names, or @latest");
  cmd->callback([f, call, done, &context] { act(*f, context, call, done); });
  return cmd;
}

/// For verbs that take selectors instead of names.
void add_choosing(CLI::App* cmd, const Flags& f) {
  cmd->add_option("-l,--selector", f->chosen.labels,
                  "all that carry these labels: k=v, k!=v, k in (a,b), k, !k");
  cmd->add_option("--field-selector", f->chosen.fields, "metadata.name=NAME; also with !=");
}

void add_dry_run(CLI::App* cmd, const Flags& f) {
  cmd->add_flag("--dry-run", f->dry_run, "only say what would be done");
}

Flags make_flags() { return std::make_shared<ControlFlags>(); }

void add_selector(CLI::App* cmd, const Flags& f) {
  cmd->add_option("--node-field-selector", f->selector,
                  "nodes, e.g. displayName=approve or inputs.parameters.x.value=y");
}

void add_following(CLI::App* cmd, const Flags& f) {
  f->runs_again = true;
  cmd->add_flag("-w,--wait", f->wait, "wait for the workflow to complete");
  cmd->add_flag("--watch", f->watch, "watch the workflow until it completes");
  cmd->add_flag("--log", f->log, "show the logs until it completes");
  cmd->add_option("-p,--parameter", f->parameters, "override a parameter NAME=VALUE")
      ->allow_extra_args(false);
  cmd->add_option("-o,--output", f->output, "name|json|yaml|wide")
      ->check(CLI::IsMember({"name", "json", "yaml", "wide"}));
}

struct DeleteFlags {
  std::vector<std::string> names;
  Selection selection;
  std::int64_t chunk = 0;
  bool all = false;
  bool dry_run = false;
  bool force = false;
};

void remove(const DeleteFlags& f, const Context& context) {
  if (f.names.empty() && f.selection.empty() && !f.all) {
    throw Exit(kUsage, "say which: names, @latest, filters such as --completed, or --all");
  }
  const Client client = context.client();
  std::vector<std::pair<std::string, std::string>> doomed;  // namespace, name
  for (const std::string& name : f.names) doomed.emplace_back(context.ns, name);
  if (f.names.empty()) {
    for (const Json& w : select_workflows(client, context, f.selection)) {
      doomed.emplace_back(w.get("metadata").get_string("namespace"), w.get("metadata").get_string("name"));
    }
  }
  for (const auto& [ns, name] : doomed) {
    Context there = context;
    there.ns = ns;
    try {
      if (!f.dry_run) (void)client.del(there.workflow_path(name));
    } catch (const ClientError& e) {
      if (e.status() != 404) throw;
      fmt::print("Workflow '{}' not found\n", name);
      continue;
    }
    fmt::print("Workflow '{}' deleted{}\n", name, f.dry_run ? " (dry-run)" : "");
  }
  if (doomed.empty()) fmt::print("No workflows found\n");
}

void add_delete(CLI::App& app, Context& context) {
  const auto f = std::make_shared<DeleteFlags>();
  CLI::App* cmd = app.add_subcommand("delete", "delete workflows with their logs and artifacts");
  cmd->add_option("WORKFLOW", f->names, "names, or @latest");
  add_selection(cmd, f->selection);
  cmd->add_flag("--all", f->all, "all of the namespace");
  cmd->add_flag("--dry-run", f->dry_run, "only say what would be deleted");
  cmd->add_option("--query-chunk-size", f->chunk, "accepted; the whole list comes at once");
  cmd->add_flag("--force", f->force, "accepted; nothing holds a deletion back here");
  cmd->callback([f, &context] { remove(*f, context); });
}

}  // namespace

void add_control(CLI::App& app, Context& context) {
  verb(app, context, make_flags(), "suspend", "start nothing new until resume", "suspend", "suspended");
  const Flags terminate = make_flags();
  CLI::App* cmd = verb(app, context, terminate, "terminate", "end a workflow at once, without exit handlers",
                       "terminate", "terminated");
  add_choosing(cmd, terminate);
  add_dry_run(cmd, terminate);
  const Flags stop = make_flags();
  cmd = verb(app, context, stop, "stop", "end a workflow; exit handlers run", "stop", "stopped");
  add_selector(cmd, stop);
  cmd->add_option("--message", stop->message, "why");
  add_choosing(cmd, stop);
  add_dry_run(cmd, stop);
  const Flags resume = make_flags();
  cmd = verb(app, context, resume, "resume", "go on after suspend", "resume", "resumed");
  add_selector(cmd, resume);
  const Flags retry = make_flags();
  cmd = verb(app, context, retry, "retry", "run the failed nodes of a workflow again", "retry", "retried");
  add_selector(cmd, retry);
  add_following(cmd, retry);
  add_choosing(cmd, retry);
  cmd->add_flag("--restart-successful", retry->restart_successful, "also the nodes that the selector picks");
  const Flags resubmit = make_flags();
  cmd = verb(app, context, resubmit, "resubmit", "submit the same workflow anew", "resubmit", "submitted");
  add_following(cmd, resubmit);
  add_choosing(cmd, resubmit);
  cmd->add_option("--priority", resubmit->priority, "workflow priority");
  cmd->add_flag("--memoized", resubmit->memoized, "keep what succeeded");

  CLI::App* node = app.add_subcommand("node", "act on nodes");
  node->require_subcommand(1);
  const Flags set = make_flags();
  cmd =
      verb(*node, context, set, "set", "set outputs, phase or message of suspended nodes", "set", "updated");
  add_selector(cmd, set);
  cmd->add_option("-p,--output-parameter", set->outputs, "NAME=VALUE")->allow_extra_args(false);
  cmd->add_option("-m,--message", set->message, "message of the nodes");
  cmd->add_option("--phase", set->phase, "phase of the nodes");
  add_delete(app, context);
}

}  // namespace skiff::runner
