// A simulator of everything around the scheduler: pods that end as rules say, locks, the memo, a clock that
// jumps. A workflow of thousands of nodes runs to its end in milliseconds, the same way every time.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runner/core/scheduler.h"

namespace skiff::runner::test {

/// How a pod ends.
struct Outcome {
  std::chrono::milliseconds takes{1000};
  Phase phase = Phase::succeeded;
  std::string message;
  std::optional<int> exit_code = 0;
  Json outputs;
  bool transient = false;
  bool refused = false;
};
[[nodiscard]] Outcome succeeds();
[[nodiscard]] Outcome fails(int exit_code);
[[nodiscard]] Outcome errors(std::string message);
/// Succeeds with that on its standard output.
[[nodiscard]] Outcome prints(std::string result);
/// Succeeds with an output parameter.
[[nodiscard]] Outcome gives(const std::string& name, const std::string& value);

/// The YAML of a Workflow "wf" whose entrypoint is "main"; `spec` is the rest of its spec, indented by two.
[[nodiscard]] std::string workflow(const std::string& spec);

/// An order, with the name that its node shows.
struct SimPod : StartPod {
  std::string display_name;
};

class Sim {
 public:
  using Rule = std::function<Outcome(const SimPod&)>;

  /// `workflow` may lack metadata: name "wf", namespace "default", uid "uid".
  explicit Sim(Json workflow, Json stored_templates = Json(), Json config_maps = Json());
  /// From YAML text.
  explicit Sim(const std::string& yaml);

  Rule rule = [](const SimPod&) { return succeeds(); };
  std::map<std::string, int> semaphores;  ///< limits by lock key; 1 if not named
  bool keep_events = false;               ///< for replays

  /// Something that happens at a time after the beginning.
  void at(std::chrono::milliseconds when, Event event);
  /// Begins and runs until nothing is left to happen; false if the workflow did not finish.
  bool run();
  /// One event of what is to come; false if nothing is.
  bool step();
  /// Takes in an event now.
  void post(const Event& event);

  Scheduler& scheduler() { return *scheduler_; }
  [[nodiscard]] const RunInput& input() const { return input_; }
  [[nodiscard]] Json status() const { return scheduler_->status(); }
  [[nodiscard]] std::string phase() const { return status().get_string("phase"); }
  [[nodiscard]] std::string message() const { return status().get_string("message"); }
  /// By display name or name; the last one made if several fit. Nothing if there is none.
  [[nodiscard]] std::optional<spec::NodeStatus> node(const std::string& name) const;
  [[nodiscard]] std::string phase_of(const std::string& name) const;
  [[nodiscard]] std::string message_of(const std::string& name) const;
  /// The value of an input or output parameter of a node.
  [[nodiscard]] std::string input_of(const std::string& name, const std::string& parameter) const;
  [[nodiscard]] std::string output_of(const std::string& name, const std::string& parameter) const;
  [[nodiscard]] std::vector<std::string> names() const;
  /// The nodes as an indented tree: "name Type Phase message".
  [[nodiscard]] std::string tree() const;
  /// StartPod actions by display name, in order.
  [[nodiscard]] const std::vector<std::string>& started() const { return started_; }
  [[nodiscard]] const std::vector<std::string>& actions() const { return log_; }
  [[nodiscard]] const std::map<std::string, StartPod>& orders() const { return orders_; }
  [[nodiscard]] const std::vector<std::pair<Event, TimePoint>>& events() const { return events_; }
  [[nodiscard]] TimePoint now() const { return now_; }
  /// Pods at once, without those that are being stopped.
  [[nodiscard]] int most_pods() const { return most_pods_; }

 private:
  struct Held {
    AcquireLocks order;
    bool granted = false;
    bool told = false;  ///< that it waits
  };
  void perform(const Action& action);
  void start(const StartPod& order);
  void stop(const StopPod& order);
  void settle_locks();
  void schedule(std::chrono::milliseconds after, Event event);
  void begin();

  RunInput input_;
  std::optional<Scheduler> scheduler_;
  TimePoint now_;
  TimePoint begin_;
  std::uint64_t next_ = 0;
  std::map<std::pair<TimePoint, std::uint64_t>, Event> future_;
  std::map<std::string, std::vector<std::pair<TimePoint, std::uint64_t>>> pods_;  ///< their coming events
  std::set<std::string> stopping_;                                                ///< of the pods
  std::optional<std::pair<TimePoint, std::uint64_t>> timer_;
  std::vector<std::pair<std::string, Held>> locks_;
  std::map<std::string, Json> memo_;
  std::vector<std::string> started_;
  std::vector<std::string> log_;
  std::map<std::string, StartPod> orders_;  ///< by node name
  std::vector<std::pair<Event, TimePoint>> events_;
  int most_pods_ = 0;
  bool begun_ = false;
};

/// Reads YAML that must be well-formed.
[[nodiscard]] Json from_yaml(const std::string& text);

/// Whether an action was ordered whose text begins so.
[[nodiscard]] bool happened(const Sim& sim, const std::string& begin);

}  // namespace skiff::runner::test
