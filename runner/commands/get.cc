// get, watch, wait.

#include <fmt/format.h>

#include "runner/commands/context.h"
#include "runner/follow.h"

namespace skiff::runner {
using spec::Json;

namespace {

struct GetFlags {
  std::vector<std::string> names;
  std::string output;
};

void get(const GetFlags& flags, Context& context) {
  const Client client = context.client();
  for (const std::string& name : flags.names) {
    const Json workflow = client.get(context.workflow_path(name));
    if (flags.output == "name") {
      fmt::print("{}\n", workflow.get("metadata").get_string("name"));
    } else {
      print_object(workflow, flags.output.empty() ? "yaml" : flags.output);
    }
  }
}

}  // namespace

void add_get(CLI::App& app, Context& context) {
  auto flags = std::make_shared<GetFlags>();
  CLI::App* cmd = app.add_subcommand("get", "show a workflow");
  cmd->add_option("WORKFLOW", flags->names, "names, or @latest")->required();
  cmd->add_option("-o,--output", flags->output, "json|yaml|name|short|wide");
  cmd->callback([flags, &context] { get(*flags, context); });

  for (const auto mode : {FollowMode::watch, FollowMode::quiet}) {
    auto names = std::make_shared<std::vector<std::string>>();
    const bool watch = mode == FollowMode::watch;
    CLI::App* follower =
        app.add_subcommand(watch ? "watch" : "wait",
                           watch ? "watch a workflow until it completes" : "wait for workflows to complete");
    follower->add_option("WORKFLOW", *names, "names, or @latest")->required();
    follower->callback([names, mode, &context] {
      const Client client = context.client();
      FollowOptions options;
      options.mode = mode;
      options.color = context.color;
      for (const std::string& name : *names) {
        const int code = follow(client, context.ns, name, options);
        if (code != 0) context.exit_code = code;
      }
    });
  }
}

}  // namespace skiff::runner
