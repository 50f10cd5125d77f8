// logs: of all nodes or one, time-ordered, every attempt kept.

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <map>

#include "runner/commands/context.h"
#include "runner/tree_view.h"
#include "spec/units.h"

namespace skiff::runner {
using spec::Json;

namespace {

struct LogFlags {
  std::string workflow;
  std::string pod;
  std::string node;
  std::string container;
  std::string grep;
  std::string since;
  std::string since_time;
  std::int64_t tail = -1;
  bool follow = false;
  bool timestamps = false;
  bool previous = false;
};

/// The point in time that --since or --since-time mean, in nanoseconds; 0: from the beginning.
std::int64_t since_ns(const LogFlags& f) {
  if (!f.since.empty() && !f.since_time.empty()) {
    throw Exit(kUsage, "--since-time and --since cannot be used together");
  }
  if (!f.since_time.empty()) {
    const auto at = spec::parse_rfc3339(f.since_time);
    if (!at) {
      throw Exit(kUsage,
                 fmt::format("--since-time {}: give a time such as 2024-05-01T10:00:00Z", f.since_time));
    }
    return at->time_since_epoch().count();
  }
  if (f.since.empty()) return 0;
  const auto d = spec::parse_go_duration(f.since);
  if (!d || d->count() < 0) {
    throw Exit(kUsage, fmt::format("--since {}: give a duration such as 5s, 2m or 3h", f.since));
  }
  return (spec::NanoTime(std::chrono::system_clock::now()) - *d).time_since_epoch().count();
}

std::string target_of(const LogFlags& f, std::int64_t since, const Context& context) {
  std::string q = fmt::format("/log?logOptions.follow={}", f.follow);
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) q += fmt::format("&{}={}", key, Client::encode(value));
  };
  add("skiff.node", f.node.empty() ? f.pod : f.node);
  add("logOptions.container", f.container);
  add("grep", f.grep);
  if (f.tail >= 0) add("logOptions.tailLines", std::to_string(f.tail));
  if (since > 0) add("skiff.sinceNs", std::to_string(since));
  if (f.timestamps) add("logOptions.timestamps", "true");
  if (f.previous) add("logOptions.previous", "true");
  return context.workflow_path(f.workflow, q);
}

/// Prints each line once, also where the stream is begun anew because the controller went away: the lines of
/// one container come in their own order.
class Printer {
 public:
  Printer(bool prefix, bool color) : prefix_(prefix), color_(color) {}

  void print(const Json& line) {
    Place& last = places_[line.get_string("podName") + "/" + line.get_string("container")];
    const std::int64_t at = line.get_int("timeNs").value_or(0);
    if (repeating_) {
      if (at < last.at) return;
      if (at == last.at && last.to_skip > 0) {
        --last.to_skip;
        return;
      }
    }
    last.count = at == last.at ? last.count + 1 : 1;
    last.at = at;
    show(line);
  }

  void begin_anew() {
    repeating_ = true;
    for (auto& [name, place] : places_) place.to_skip = place.count;
  }

 private:
  /// Where a container's log stands: the time of the last line, and how many of that time were printed.
  struct Place {
    std::int64_t at = -1;
    std::int64_t count = 0;
    std::int64_t to_skip = 0;
  };

  void show(const Json& line) const {
    const std::string pod = line.get_string("podName");
    const std::string text = prefix_ ? pod + ": " + line.get_string("content") : line.get_string("content");
    if (color_) {
      constexpr std::array<int, 6> kColors{31, 32, 33, 34, 35, 36};
      const int color = kColors.at(std::hash<std::string>{}(pod) % kColors.size());
      fmt::print("\x1b[{}m{}{}\n", color, text, kColorOff);
    } else {
      fmt::print("{}\n", text);
    }
  }

  bool prefix_;
  bool color_;
  bool repeating_ = false;
  std::map<std::string, Place> places_;
};

void logs(LogFlags f, const Context& context) {
  const std::int64_t since = since_ns(f);
  Printer printer(f.node.empty(), context.color && ::isatty(STDOUT_FILENO) != 0);
  while (true) {
    const Client client = context.client();
    const bool whole = client.stream(target_of(f, since, context), [&](const Json& line) {
      printer.print(line);
      if (f.follow) std::fflush(stdout);
      return true;
    });
    std::fflush(stdout);
    if (whole) return;
    printer.begin_anew();
    f.tail = -1;  // what was printed is known better now than how far it is from the end
  }
}

}  // namespace

void add_logs(CLI::App& app, Context& context) {
  auto f = std::make_shared<LogFlags>();
  CLI::App* cmd = app.add_subcommand("logs", "show what the containers of a workflow printed, by time");
  cmd->add_option("WORKFLOW", f->workflow, "name, or @latest")->required();
  cmd->add_option("POD", f->pod, "a pod's or node's name");
  cmd->add_option("--node", f->node,
                  "display name or full name of a node; lines come without the pod's name");
  cmd->add_option("-c,--container", f->container, "only this container (all of them without it)");
  cmd->add_option("--grep", f->grep, "only lines that match this expression (RE2)");
  cmd->add_option("--since", f->since, "only lines newer than this, e.g. 5s, 2m, 3h");
  cmd->add_option("--since-time", f->since_time, "only lines from this time on (RFC 3339)");
  cmd->add_option("--tail", f->tail, "only the last lines of each container's log");
  cmd->add_flag("-f,--follow", f->follow, "go on until the workflow is over");
  cmd->add_flag("--timestamps", f->timestamps, "begin each line with its time");
  cmd->add_flag("-p,--previous", f->previous, "of what `retry` ran again, the run before the last");
  cmd->callback([f, &context] { logs(*f, context); });
}

}  // namespace skiff::runner
