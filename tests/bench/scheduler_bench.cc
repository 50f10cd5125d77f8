// How fast the scheduler is, and what a node costs: a fan-out, a chain and a random DAG, without containers.
//
//   scheduler_bench [NODES]     (default 100000, and a hundredth of it to compare the cost of one transition)
//
// Memory is the most at any time, the order of a pod that is under way included. A transition is a change of
// a node's phase: Pending, Running, Succeeded.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <random>

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

struct Result {
  double seconds = 0;
  std::size_t nodes = 0;
  std::size_t transitions = 0;
  double bytes = 0;
};

/// Every pod runs and succeeds, in the order in which they were started.
Result drive(Json workflow) {
  RunInput input;
  input.workflow = std::move(workflow);
  const std::size_t before = in_use();
  std::optional<Scheduler> scheduler;
  Result r;
  TimePoint now{};
  std::deque<std::string> running;
  std::size_t events = 0;
  std::size_t most = 0;
  const auto take = [&](const std::vector<Action>& actions) {
    for (const Action& a : actions) {
      if (const auto* start = std::get_if<StartPod>(&a)) running.push_back(start->node_id);
    }
  };
  const std::clock_t begin = std::clock();  // of the processor: other programs do not count
  scheduler.emplace(std::move(input));
  take(scheduler->on(Begin{}, now));
  while (!running.empty()) {
    const std::string id = std::move(running.front());
    running.pop_front();
    now += std::chrono::milliseconds(1);
    take(scheduler->on(PodRunning{id, "", "host"}, now));
    PodDone done;
    done.node_id = id;
    done.exit_code = 0;
    take(scheduler->on(done, now));
    (void)scheduler->take_changed();
    if (events++ % 10'000 == 0) most = std::max(most, in_use());
  }
  r.seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  if (!scheduler->finished()) fmt::print("  the workflow did not finish!\n");
  r.nodes = scheduler->node_ids().size();
  r.transitions = r.nodes * 3;
  most = std::max(most, in_use());
  r.bytes = static_cast<double>(most - before) / static_cast<double>(r.nodes);
  return r;
}

void compare(const char* name, int nodes, Json (*make)(int)) {
  const Result small = drive(make(nodes / 100));
  const Result large = drive(make(nodes));
  const auto each = [](const Result& r) { return r.seconds / static_cast<double>(r.transitions) * 1e6; };
  fmt::print(
      "{:10} {:7} nodes {:6.2f} s {:9.0f} transitions/s  {:5.0f} bytes/node  one: {:.2f} us ({:.2f} us at "
      "{})\n",
      name, large.nodes, large.seconds, static_cast<double>(large.transitions) / large.seconds, large.bytes,
      each(large), each(small), small.nodes);
}

}  // namespace

int main(int argc, char** argv) {
  const int nodes = argc > 1 ? std::atoi(argv[1]) : 100'000;
  compare("fan-out", nodes, fan_out);
  compare("chain", nodes, [](int n) { return dag(n, 1); });
  compare("random DAG", nodes, [](int n) { return dag(n, 4); });
}
