// archive: argo's verbs for workflows that have ended. Here the archive is the journal: what has ended stays
// there until it is deleted, so these are the plain verbs, kept from what still runs.

#include <fmt/format.h>

#include <optional>
#include <set>

#include "runner/commands/context.h"
#include "runner/commands/selection.h"
#include "runner/follow.h"
#include "runner/workflow_view.h"
#include "spec/units.h"

namespace skiff::runner {
using spec::Json;

namespace {

struct ArchiveFlags {
  std::vector<std::string> names;
  Selection selection;
  std::string output = "wide";
  std::vector<std::string> parameters;
  std::string node_selector;
  std::int64_t chunk = 0;
  std::optional<std::int64_t> priority;
  bool restart_successful = false;
  bool memoized = false;
  bool by_name = false;
  bool by_uid = false;
  bool wait = false;
  bool watch = false;
  bool log = false;
};
using Flags = std::shared_ptr<ArchiveFlags>;

/// The workflow by its name or uid, which must have ended. Throws Exit.
Json archived(const Client& client, const Context& context, const std::string& word) {
  const Json workflow = client.get(context.workflow_path(word));
  if (workflow.get("status").get_string("finishedAt").empty()) {
    const std::string name = workflow.get("metadata").get_string("name");
    throw Exit(kFailed,
               fmt::format("workflow {} has not ended, so it is not in the archive; see it: skiff get {}",
                           name, name));
  }
  return workflow;
}

std::string name_of(const Json& workflow) { return workflow.get("metadata").get_string("name"); }

void list(const ArchiveFlags& f, const Context& context) {
  Selection s = f.selection;
  s.completed = true;
  ListStyle style;
  style.output = f.output;
  style.show_namespace = true;
  style.show_uid = true;
  print_workflows(select_workflows(context.client(), context, s, f.output == "wide"), style);
}

/// The keys of all labels, or the values of the one that is called `key`, each once.
void list_labels(const Context& context, const std::string& key) {
  Selection s;
  s.completed = true;
  std::set<std::string> found;
  for (const Json& w : select_workflows(context.client(), context, s)) {
    for (const auto& [name, value] : w.get("metadata").get_object("labels")) {
      if (key.empty()) found.insert(name);
      if (name == key && value.is_string()) found.insert(value.as_string());
    }
  }
  for (const std::string& text : found) fmt::print("{}\n", text);
}

void get(const ArchiveFlags& f, const Context& context) {
  const Json workflow = archived(context.client(), context, f.names.front());
  if (f.output == "json" || f.output == "yaml") return print_object(workflow, f.output);
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  ViewOptions view;
  view.wide = true;
  fmt::print("{}", describe_workflow(workflow, view, now));
}

void remove(const ArchiveFlags& f, const Context& context) {
  const Client client = context.client();
  for (const std::string& word : f.names) {
    const Json workflow = archived(client, context, word);
    (void)client.del(context.workflow_path(name_of(workflow)));
    fmt::print("Archived workflow '{}' deleted\n", word);
  }
}

void act(const ArchiveFlags& f, Context& context, const std::string& verb) {
  const Client client = context.client();
  std::vector<std::string> words = f.names;
  if (words.empty()) {
    if (f.selection.empty()) throw Exit(kUsage, "say which: names, uids, or a selector");
    Selection s = f.selection;
    s.completed = true;
    for (const Json& w : select_workflows(client, context, s)) words.push_back(name_of(w));
  }
  Json body = Json::object();
  if (!f.node_selector.empty()) body.set("nodeFieldSelector", f.node_selector);
  if (f.restart_successful) body.set("restartSuccessful", true);
  if (f.memoized) body.set("memoized", true);
  for (const std::string& p : f.parameters) body["parameters"].push_back(p);
  if (f.priority) body.set("priority", *f.priority);
  for (const std::string& word : words) {
    const std::string old = name_of(archived(client, context, word));
    const Json workflow = client.put(context.workflow_path(old, "/" + verb), body);
    const std::string name = name_of(workflow);
    if (f.output == "json" || f.output == "yaml") {
      print_object(workflow, f.output);
    } else if (f.output == "name") {
      fmt::print("{}\n", name);
    } else {
      fmt::print("workflow {} {}\n", name, verb == "retry" ? "retried" : "submitted");
    }
    std::fflush(stdout);
    if (!f.wait && !f.watch && !f.log) continue;
    FollowOptions options;
    options.color = context.color;
    if (f.watch) options.mode = FollowMode::watch;
    if (f.log) options.mode = FollowMode::logs;
    const int code = follow(client, context.ns, name, options);
    if (code != 0) context.exit_code = code;
  }
}

CLI::App* add_verb(CLI::App* group, const Flags& f, const char* name, const char* help, bool need_name) {
  CLI::App* cmd = group->add_subcommand(name, help);
  CLI::Option* words = cmd->add_option("WORKFLOW", f->names, "names or uids, or @latest");
  if (need_name) words->required();
  CLI::Option* by_name = cmd->add_flag("--name", f->by_name, "the argument is a name");
  cmd->add_flag("--uid", f->by_uid, "the argument is a uid")->excludes(by_name);
  return cmd;
}

void add_action(CLI::App* group, Context& context, const char* name, const char* help) {
  const auto f = std::make_shared<ArchiveFlags>();
  CLI::App* cmd = add_verb(group, f, name, help, false);
  cmd->add_option("-l,--selector", f->selection.labels, "label selector: k=v, k!=v, k in (a,b), k, !k");
  cmd->add_option("--field-selector", f->selection.fields, "metadata.name=NAME, metadata.namespace=NS");
  cmd->add_option("-p,--parameter", f->parameters, "override a parameter NAME=VALUE")
      ->allow_extra_args(false);
  cmd->add_flag("-w,--wait", f->wait, "wait for the workflow to complete");
  cmd->add_flag("--watch", f->watch, "watch the workflow until it completes");
  cmd->add_flag("--log", f->log, "show the logs until it completes");
  cmd->add_option("-o,--output", f->output, "name|json|yaml|wide")
      ->check(CLI::IsMember({"name", "json", "yaml", "wide"}));
  if (std::string_view(name) == "retry") {
    cmd->add_option("--node-field-selector", f->node_selector, "nodes, e.g. displayName=approve");
    cmd->add_flag("--restart-successful", f->restart_successful, "also the nodes that the selector picks");
  } else {
    cmd->add_option("--priority", f->priority, "workflow priority");
    cmd->add_flag("--memoized", f->memoized, "keep what succeeded");
  }
  cmd->callback([f, verb = std::string(name), &context] { act(*f, context, verb); });
}

}  // namespace

void add_archive(CLI::App& app, Context& context) {
  CLI::App* group = app.add_subcommand(
      "archive", "workflows that have ended: list, their labels, get, delete, retry, resubmit");
  group->require_subcommand(1);
  const auto listing = std::make_shared<ArchiveFlags>();
  CLI::App* cmd = group->add_subcommand("list", "list workflows that have ended, newest first");
  cmd->add_option("-l,--selector", listing->selection.labels, "label selector: k=v, k!=v, k in (a,b), k, !k");
  cmd->add_option("-o,--output", listing->output, "name|json|yaml|wide")
      ->check(CLI::IsMember({"name", "json", "yaml", "wide"}));
  cmd->add_option("--chunk-size", listing->chunk, "accepted; the whole list comes at once");
  cmd->callback([listing, &context] { list(*listing, context); });
  cmd = group->add_subcommand("list-label-keys", "list the keys of labels in the archive");
  cmd->callback([&context] { list_labels(context, ""); });
  const auto label = std::make_shared<std::string>();
  cmd = group->add_subcommand("list-label-values", "list the values of a label in the archive");
  cmd->add_option("-l,--selector", *label, "the label's key")->required();
  cmd->callback([label, &context] { list_labels(context, *label); });
  const auto showing = std::make_shared<ArchiveFlags>();
  cmd = add_verb(group, showing, "get", "show a workflow that has ended", true);
  cmd->add_option("-o,--output", showing->output, "json|yaml|wide")
      ->check(CLI::IsMember({"json", "yaml", "wide"}));
  cmd->callback([showing, &context] { get(*showing, context); });
  const auto removing = std::make_shared<ArchiveFlags>();
  cmd = add_verb(group, removing, "delete", "delete workflows that have ended", true);
  cmd->callback([removing, &context] { remove(*removing, context); });
  add_action(group, context, "retry", "run the failed nodes of a workflow again");
  add_action(group, context, "resubmit", "submit the same workflow anew");
}

}  // namespace skiff::runner
