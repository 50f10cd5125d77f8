#include "runner/follow.h"

#include <fmt/format.h>

#include <map>

#include "spec/status.h"

namespace skiff::runner {
using spec::Json;

namespace {

std::string changes_path(const std::string& ns, const std::string& name, std::int64_t after) {
  return fmt::format("/api/v1/skiff/changes/{}/{}?after={}", Client::encode(ns), Client::encode(name), after);
}

void print_transition(std::map<std::string, std::string>& phases, const Json& node) {
  std::string& known = phases[node.get_string("id")];
  const std::string phase = node.get_string("phase");
  if (known == phase) return;
  known = phase;
  fmt::print("{:<10} {}{}\n", phase, node.get_string("name"),
             node.get_string("message").empty() ? "" : "  " + node.get_string("message"));
  std::fflush(stdout);
}

}  // namespace

int follow(const Client& client, const std::string& ns, const std::string& name,
           const FollowOptions& options) {
  std::map<std::string, std::string> phases;
  std::string phase;
  std::int64_t after = -1;
  const auto take = [&](const Json& change) {
    after = change.get_int("revision").value_or(after);
    phase = change.get("workflow").get("status").get_string("phase");
    if (options.mode == FollowMode::watch) {
      for (const Json& node : change.get_array("nodes")) print_transition(phases, node);
    }
    return true;
  };
  while (!client.stream(changes_path(ns, name, after), take)) {
  }
  return phase == "Succeeded" ? 0 : 1;
}

}  // namespace skiff::runner
