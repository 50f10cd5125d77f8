// How fast the scheduler is, and what a node costs: a fan-out, a chain and a random DAG, without containers.
//
//   scheduler_bench [NODES]     (default 100000, and a hundredth of it to compare the cost of one transition)
//
// A transition is one change of one node's phase (none to Pending, Pending to Running, Running to Succeeded),
// counted by looking at each node that a call of on() changed; making a node counts as one. Time is the
// processor's, of on() and what it returned alone, and the least of several rounds (what else the machine
// does only adds to it); counting and measuring of memory have rounds of their own. Memory is the most that
// is in use at any time, the orders of pods that are under way included. Prints each figure with its bar;
// exit status 1 if one does not hold.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "runner/core/scheduler.h"

namespace {

using namespace skiff::runner;

Json leaf() {
  Json t = Json::object();
  t.set("name", "leaf");
  t["container"].set("image", "busybox");
  t["container"]["command"].push_back("true");
  return t;
}

Json workflow_of(Json main) {
  Json w = Json::object();
  w["metadata"].set("name", "bench");
  w["metadata"].set("namespace", "default");
  w["spec"].set("entrypoint", "main");
  w["spec"]["templates"].push_back(std::move(main));
  w["spec"]["templates"].push_back(leaf());
  return w;
}

Json fan_out(int nodes) {
  Json step = Json::object();
  step.set("name", "each");
  step.set("template", "leaf");
  step["withSequence"].set("count", std::to_string(nodes));
  Json group = Json::array();
  group.push_back(std::move(step));
  Json main = Json::object();
  main.set("name", "main");
  main["steps"].push_back(std::move(group));
  return workflow_of(std::move(main));
}

Json dag(int nodes, int most_dependencies) {
  std::mt19937 random(1);
  Json main = Json::object();
  main.set("name", "main");
  Json tasks = Json::array();
  for (int i = 0; i < nodes; ++i) {
    Json task = Json::object();
    task.set("name", fmt::format("k{}", i));
    task.set("template", "leaf");
    const int count = most_dependencies == 1 ? 1 : static_cast<int>(random() % 4);
    for (int d = 0; d < count && i > 0; ++d) {
      const int back = most_dependencies == 1 ? 1 : 1 + static_cast<int>(random() % 50);
      if (i - back < 0) continue;
      const std::string name = fmt::format("k{}", i - back);
      bool twice = false;
      for (const Json& there : task.get_array("dependencies")) twice = twice || there.as_string() == name;
      if (!twice) task["dependencies"].push_back(name);
    }
    tasks.push_back(std::move(task));
  }
  main["dag"].set("tasks", std::move(tasks));
  return workflow_of(std::move(main));
}

std::size_t in_use() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

constexpr double kLeastRate = 200'000;      // transitions a second
constexpr double kMostBytes = 2048;         // a node
constexpr double kMostGrowth = 1.5;         // cost of a transition: large to small
constexpr double kMostMemoryGrowth = 1.25;  // bytes a node: large to small

/// Drives a workflow to its end: every pod runs and succeeds, in the order in which they were started.
class Drive {
 public:
  explicit Drive(const Json& workflow) { input_.workflow = workflow; }
  virtual ~Drive() = default;

  void run() {
    scheduler_.emplace(std::move(input_));
    TimePoint now{};
    take(scheduler_->on(Begin{}, now));
    while (!running_.empty()) {
      const std::string id = std::move(running_.front());
      running_.pop_front();
      now += std::chrono::milliseconds(1);
      take(scheduler_->on(PodRunning{id, "", "host"}, now));
      PodDone done;
      done.node_id = id;
      done.exit_code = 0;
      take(scheduler_->on(done, now));
    }
    if (!scheduler_->finished()) {
      fmt::print("the workflow did not come to its end\n");
      std::exit(1);
    }
  }
  [[nodiscard]] const Scheduler& scheduler() const { return *scheduler_; }

 protected:
  /// A node has changed; what an observer wants to do then.
  virtual void changed(const std::string& id) { (void)id; }

 private:
  void take(const std::vector<Action>& actions) {
    for (const Action& a : actions) {
      if (const auto* start = std::get_if<StartPod>(&a)) running_.push_back(start->node_id);
    }
    while (const auto id = scheduler_->next_changed()) changed(*id);
  }

  RunInput input_;
  std::optional<Scheduler> scheduler_;
  std::deque<std::string> running_;
};

/// Counts what really happened: a phase that differs from the one seen last.
class CountingDrive : public Drive {
 public:
  using Drive::Drive;
  std::size_t transitions = 0;

 protected:
  void changed(const std::string& id) override {
    auto& seen = phases_[id];
    const auto phase = scheduler().node(id)->phase;
    if (phase != seen) ++transitions;
    seen = phase;
  }

 private:
  std::unordered_map<std::string, skiff::spec::Phase> phases_;
};

class WeighingDrive : public Drive {
 public:
  explicit WeighingDrive(const Json& workflow, std::size_t every)
      : Drive(workflow), before_(in_use()), every_(every) {}
  std::size_t most = 0;

 protected:
  void changed(const std::string&) override {
    if (changes_++ % every_ == 0 || scheduler().finished()) most = std::max(most, in_use() - before_);
  }

 private:
  std::size_t before_;
  std::size_t changes_ = 0;
  std::size_t every_;
};

struct Result {
  std::size_t nodes = 0;
  std::size_t transitions = 0;
  double seconds = 0;  ///< least of the rounds
  double bytes_a_node = 0;
  [[nodiscard]] double one() const { return seconds / static_cast<double>(transitions); }
  [[nodiscard]] double rate() const { return 1 / one(); }
};

/// Seconds of the processor for `times` drives, making the workflow and taking it apart left out.
double timed(const Json& workflow, int times) {
  double seconds = 0;
  for (int i = 0; i < times; ++i) {
    Drive drive(workflow);
    const std::clock_t begin = std::clock();
    drive.run();
    seconds += static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  }
  return seconds / times;
}

Result observe(const Json& workflow) {
  Result r;
  CountingDrive counting(workflow);
  counting.run();
  r.nodes = counting.scheduler().node_ids().size();
  r.transitions = counting.transitions;
  WeighingDrive weighing(workflow, std::max<std::size_t>(r.nodes / 20, 1));
  weighing.run();
  r.bytes_a_node = static_cast<double>(weighing.most) / static_cast<double>(r.nodes);
  return r;
}

bool bar(const char* what, double value, const char* unit, bool holds, double limit) {
  fmt::print("  {:34} {:>10.4g} {:14} bar {:>7.4g}  {}\n", what, value, unit, limit,
             holds ? "holds" : "MISSED");
  return holds;
}

/// Small and large take turns, so that a busy machine slows both.
bool compare(const char* name, int nodes, Json (*make)(int)) {
  constexpr int kRounds = 7;
  constexpr int kScale = 100;
  const Json small_workflow = make(nodes / kScale);
  const Json large_workflow = make(nodes);
  Result small = observe(small_workflow);
  Result large = observe(large_workflow);
  small.seconds = large.seconds = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kRounds; ++i) {
    small.seconds = std::min(small.seconds, timed(small_workflow, kScale / 2));
    large.seconds = std::min(large.seconds, timed(large_workflow, 1));
  }
  fmt::print("{}: {} nodes, {} transitions, {:.2f} s; one is {:.2f} us, at {} nodes {:.2f} us\n", name,
             large.nodes, large.transitions, large.seconds, large.one() * 1e6, small.nodes,
             small.one() * 1e6);
  const double growth = large.one() / small.one();
  const double memory_growth = large.bytes_a_node / small.bytes_a_node;
  const bool ok[] = {
      bar("speed", large.rate(), "transitions/s", large.rate() >= kLeastRate, kLeastRate),
      bar("memory", large.bytes_a_node, "bytes a node", large.bytes_a_node <= kMostBytes, kMostBytes),
      bar("memory a node, large to small", memory_growth, "times", memory_growth <= kMostMemoryGrowth,
          kMostMemoryGrowth),
      bar("one transition, large to small", growth, "times", growth <= kMostGrowth, kMostGrowth),
  };
  return std::ranges::all_of(ok, std::identity{});
}

}  // namespace

int main(int argc, char** argv) {
  const int nodes = argc > 1 ? std::atoi(argv[1]) : 100'000;
  const bool ok[] = {
      compare("fan-out", nodes, fan_out),
      compare("chain", nodes, [](int n) { return dag(n, 1); }),
      compare("random DAG", nodes, [](int n) { return dag(n, 4); }),
  };
  return std::ranges::all_of(ok, std::identity{}) ? 0 : 1;
}
