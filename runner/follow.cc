#include "runner/follow.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <thread>

#include "runner/live_view.h"
#include "runner/tree_view.h"
#include "runner/workflow_view.h"

namespace skiff::runner {
using spec::Json;
using spec::NodeStatus;

namespace {

std::atomic<int> interrupts{0};  // counted by the signal handler

void on_interrupt(int) { ++interrupts; }

/// Counts Ctrl-C instead of dying of it, while it lives.
class InterruptCounter {
 public:
  InterruptCounter() {
    interrupts = 0;
    struct sigaction action {};
    action.sa_handler = on_interrupt;  // no SA_RESTART: blocking calls return and look at the count
    ::sigaction(SIGINT, &action, &old_);
  }
  ~InterruptCounter() { ::sigaction(SIGINT, &old_, nullptr); }
  InterruptCounter(const InterruptCounter&) = delete;
  InterruptCounter& operator=(const InterruptCounter&) = delete;

 private:
  struct sigaction old_ {};
};

spec::TimePoint now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string changes_path(const std::string& ns, const std::string& name, std::int64_t after) {
  return fmt::format("/api/v1/skiff/changes/{}/{}?after={}", Client::encode(ns), Client::encode(name), after);
}

std::string workflow_path(const std::string& ns, const std::string& name, const std::string& rest = "") {
  return fmt::format("/api/v1/workflows/{}/{}{}", Client::encode(ns), Client::encode(name), rest);
}

/// The model, filled by a thread that reads the changes, looked at by the one that draws.
class Follower {
 public:
  Follower(const Client& client, std::string ns, std::string name)
      : client_(client), ns_(std::move(ns)), name_(std::move(name)), reader_([this] { read(); }) {}
  ~Follower() { reader_.join(); }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  /// Waits for news, at most `most`; hands the model and what changed to `look`. False: it is over.
  template <class F>
  bool next(std::chrono::milliseconds most, F look) {
    std::unique_lock lock(mutex_);
    news_.wait_for(lock, most, [&] { return fresh_ || over_; });
    fresh_ = false;
    const std::vector<NodeStatus> changed = std::exchange(changed_, {});
    look(model_, changed);
    if (over_ && error_) std::rethrow_exception(error_);
    return !over_;
  }

  void leave() { leaving_ = true; }

 private:
  void read() {
    try {
      while (!client_.stream(changes_path(ns_, name_, model_.revision()),
                             [this](const Json& c) { return take(c); })) {
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      error_ = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    over_ = true;
    news_.notify_one();
  }

  bool take(const Json& change) {
    const std::lock_guard lock(mutex_);
    for (NodeStatus& n : model_.take(change)) changed_.push_back(std::move(n));
    fresh_ = true;
    news_.notify_one();
    return !leaving_;
  }

  const Client& client_;
  std::string ns_, name_;
  std::mutex mutex_;
  std::condition_variable news_;
  LiveModel model_;                  // guarded by mutex_
  std::vector<NodeStatus> changed_;  // guarded by mutex_
  bool fresh_ = false;               // guarded by mutex_
  bool over_ = false;                // guarded by mutex_
  std::exception_ptr error_;         // guarded by mutex_
  std::atomic<bool> leaving_{false};
  std::thread reader_;
};

void print_transition(const NodeStatus& n, const Json& workflow) {
  const auto time = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::string line =
      fmt::format("{:%H:%M:%S} {:<9} {}", fmt::localtime(time), spec::to_string(n.phase), n.name);
  if (!n.template_name.empty() && n.template_name != workflow.get("metadata").get_string("name")) {
    line += fmt::format(" ({})", n.template_name);
  }
  if (spec::completed(n.phase) && n.started_at) line += " " + duration_of(n, now());
  if (!n.message.empty()) line += ": " + n.message;
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

/// Ctrl-C: the first stops, the second terminates, the third leaves. Gives false for "leave".
bool interrupted(const Client& client, const std::string& ns, const std::string& name, const FollowOptions& o,
                 int& handled, std::string& notice) {
  const int count = interrupts;
  if (count == handled) return true;
  handled = count;
  if (!o.interrupt_stops || count > 2) return false;
  try {
    client.put(workflow_path(ns, name, count == 1 ? "/stop" : "/terminate"), Json::object());
    notice = count == 1 ? "stopping; exit handlers run; Ctrl-C again to terminate" : "terminating";
  } catch (const ClientError&) {  // it ended by itself in this moment
  }
  return true;
}

std::vector<std::string> last_lines(const Client& client, const std::string& ns, const std::string& name,
                                    const NodeStatus& node) {
  constexpr std::size_t kLines = 20;
  std::vector<std::string> lines;
  const std::string query =
      fmt::format("/log?skiff.node={}&logOptions.tailLines={}", Client::encode(node.id), kLines);
  client.stream(workflow_path(ns, name, query), [&](const Json& line) {
    lines.push_back(line.get_string("content"));
    return true;
  });
  if (lines.size() > kLines) lines.erase(lines.begin(), lines.end() - kLines);
  return lines;
}

/// What remains on the screen: the whole tree, or of a failure the one screen that explains it.
void conclude(const Client& client, const std::string& ns, const std::string& name, const FollowOptions& o,
              bool tree, bool color) {
  const Json workflow = client.get(workflow_path(ns, name, "?skiff.plain=true"));
  ViewOptions view;
  view.color = color;
  view.keeps = o.keeps;
  if (tree) fmt::print("{}", describe_workflow(workflow, view, now()));
  const std::string failure = describe_failure(
      workflow, [&](const NodeStatus& n) { return last_lines(client, ns, name, n); }, color);
  const std::string phase = workflow.get("status").get_string("phase");
  if (!failure.empty() && phase != "Succeeded") fmt::print("\n{}", failure);
  std::fflush(stdout);
}

int code_of(const std::string& phase) { return phase == "Succeeded" ? 0 : 1; }

int watch(const Client& client, const std::string& ns, const std::string& name, const FollowOptions& o) {
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  const bool color = terminal && o.color;
  const InterruptCounter counter;
  std::optional<Screen> screen;
  if (terminal) screen.emplace(STDOUT_FILENO);
  int handled = 0;
  std::string notice, phase;
  bool stay = true, more = true;
  {
    Follower follower(client, ns, name);
    while (more && stay) {
      more = follower.next(std::chrono::milliseconds(100), [&](const LiveModel& model, const auto& changed) {
        phase = model.phase();
        if (!screen) {
          for (const NodeStatus& n : changed) {
            if (!o.keeps || o.keeps(n)) print_transition(n, model.workflow());
          }
          return;
        }
        auto lines = render_live(model, Screen::window(), color, now(), o.keeps);
        if (!notice.empty()) lines.push_back(" " + notice);
        screen->draw(lines);
      });
      stay = interrupted(client, ns, name, o, handled, notice);
    }
    if (!stay) {
      if (screen) screen->release();
      fmt::print(stderr, "\nthe workflow goes on; look again with: skiff watch {}\n", name);
      std::fflush(stderr);
      std::_Exit(130);  // the reader thread may block in the stream; there is nothing to save
    }
  }
  if (screen) {
    screen->clear();
    screen->release();
  }
  conclude(client, ns, name, o, terminal, color);
  return handled > 0 ? 130 : code_of(phase);
}

int show_logs(const Client& client, const std::string& ns, const std::string& name) {
  client.stream(workflow_path(ns, name, "/log?logOptions.follow=true"), [](const Json& line) {
    fmt::print("{}: {}\n", line.get_string("podName"), line.get_string("content"));
    std::fflush(stdout);
    return true;
  });
  const Json workflow = client.get(workflow_path(ns, name, "?skiff.plain=true"));
  return code_of(workflow.get("status").get_string("phase"));
}

int wait_quietly(const Client& client, const std::string& ns, const std::string& name, bool silent) {
  Json status;
  const auto take = [&](const Json& change) {
    status = change.get("workflow").get("status");
    return true;
  };
  while (!client.stream(changes_path(ns, name, -1) + "&only=end", take)) {
  }
  const std::string phase = status.get_string("phase");
  if (phase.empty()) throw ClientError(404, fmt::format("workflow `{}` was deleted before it ended", name));
  if (!silent) fmt::print("{} {} at {}\n", name, phase, status.get_string("finishedAt"));
  return code_of(phase);
}

}  // namespace

int follow(const Client& client, const std::string& ns, const std::string& name,
           const FollowOptions& options) {
  switch (options.mode) {
    case FollowMode::watch:
      return watch(client, ns, name, options);
    case FollowMode::logs:
      return show_logs(client, ns, name);
    case FollowMode::quiet:
      break;
  }
  return wait_quietly(client, ns, name, options.silent);
}

}  // namespace skiff::runner
