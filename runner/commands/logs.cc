// logs: of all nodes or one, time-ordered, every attempt kept.

#include <fmt/format.h>

#include "runner/commands/context.h"

namespace skiff::runner {
using spec::Json;

namespace {

struct LogFlags {
  std::string workflow;
  std::string pod;
  std::string node;
  std::string container;
  std::string grep;
  std::int64_t tail = -1;
  bool follow = false;
  bool timestamps = false;
};

std::string target_of(const LogFlags& f, const Context& context) {
  std::string q = fmt::format("/log?logOptions.follow={}", f.follow);
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) q += fmt::format("&{}={}", key, Client::encode(value));
  };
  add("skiff.node", f.node.empty() ? f.pod : f.node);
  add("logOptions.container", f.container);
  add("grep", f.grep);
  if (f.tail >= 0) add("logOptions.tailLines", std::to_string(f.tail));
  return context.workflow_path(f.workflow, q);
}

void logs(const LogFlags& f, const Context& context) {
  const bool prefix = f.node.empty() && f.pod.empty();
  const Client client = context.client();
  client.stream(target_of(f, context), [&](const Json& line) {
    if (prefix) fmt::print("{}: ", line.get_string("podName"));
    fmt::print("{}\n", line.get_string("content"));
    std::fflush(stdout);
    return true;
  });
}

}  // namespace

void add_logs(CLI::App& app, Context& context) {
  auto f = std::make_shared<LogFlags>();
  CLI::App* cmd = app.add_subcommand("logs", "show what the containers of a workflow printed");
  cmd->add_option("WORKFLOW", f->workflow, "name, or @latest")->required();
  cmd->add_option("POD", f->pod, "a pod's or node's name");
  cmd->add_option("--node", f->node, "display name or full name of a node");
  cmd->add_option("-c,--container", f->container, "only this container");
  cmd->add_option("--grep", f->grep, "only lines that match this expression (RE2)");
  cmd->add_option("--tail", f->tail, "only the last lines of each log");
  cmd->add_flag("-f,--follow", f->follow, "go on until the workflow is over");
  cmd->add_flag("--timestamps", f->timestamps, "with the time of each line");
  cmd->callback([f, &context] { logs(*f, context); });
}

}  // namespace skiff::runner
