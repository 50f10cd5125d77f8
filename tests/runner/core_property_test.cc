// Properties that hold for every workflow, tried on many random ones: all nodes end in a final phase, nothing
// begins before what it depends on, limits hold, and a replay of the journal is the same scheduler.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "tests/runner/sim.h"

using namespace skiff::runner;
using namespace skiff::runner::test;
using namespace std::chrono_literals;

namespace {

/// A small language of random workflows; the same seed gives the same one.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  Json workflow() {
    Json w;
    Json& spec = w["spec"];
    spec.set("entrypoint", "t0");
    if (chance(3)) spec.set("parallelism", 1 + pick(4));
    if (chance(4)) spec.set("onExit", "leaf0");
    if (chance(8)) spec.set("activeDeadlineSeconds", 3 + pick(20));
    Json templates = Json::array();
    for (int i = 0; i < 3; ++i) templates.push_back(leaf(i));
    const int composites = 1 + pick(4);
    for (int i = 0; i < composites; ++i) templates.push_back(composite(i, composites));
    spec.set("templates", std::move(templates));
    return w;
  }
  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool chance(int n) { return pick(n) == 0; }

 private:
  Json leaf(int i) {
    Json t;
    t.set("name", fmt::format("leaf{}", i));
    if (i == 2) {
      t["suspend"].set("duration", std::to_string(1 + pick(5)));
      return t;
    }
    t["container"].set("image", "busybox");
    if (chance(3)) {
      t["retryStrategy"].set("limit", pick(3));
      if (chance(2)) t["retryStrategy"].set("retryPolicy", "Always");
      if (chance(2)) t["retryStrategy"]["backoff"].set("duration", "1");
    }
    if (i == 1 && chance(3)) {
      Json m;
      m.set("name", "lock");
      t["synchronization"]["mutexes"].push_back(std::move(m));
    }
    return t;
  }

  Json composite(int i, int composites) {
    Json t;
    t.set("name", fmt::format("t{}", i));
    if (chance(4)) t.set("parallelism", 1 + pick(3));
    if (chance(8)) t.set("failFast", true);
    if (chance(6)) t["retryStrategy"].set("limit", 1);
    if (chance(2)) {
      Json groups = Json::array();
      const int count = 1 + pick(3);
      for (int g = 0; g < count; ++g) {
        Json group = Json::array();
        const int width = 1 + pick(3);
        for (int s = 0; s < width; ++s) group.push_back(task(fmt::format("s{}-{}", g, s), i, composites));
        groups.push_back(std::move(group));
      }
      t.set("steps", std::move(groups));
      return t;
    }
    Json tasks = Json::array();
    const int count = 1 + pick(6);
    for (int k = 0; k < count; ++k) {
      Json one = task(fmt::format("k{}", k), i, composites);
      Json dependencies = Json::array();
      for (int d = 0; d < k; ++d) {
        if (chance(3)) dependencies.push_back(fmt::format("k{}", d));
      }
      if (!dependencies.empty()) one.set("dependencies", std::move(dependencies));
      tasks.push_back(std::move(one));
    }
    t["dag"].set("tasks", std::move(tasks));
    return t;
  }

  /// Calls a leaf or a later composite, so that there is no recursion.
  Json task(std::string name, int self, int composites) {
    Json t;
    t.set("name", std::move(name));
    const bool deeper = self + 1 < composites && chance(3);
    t.set("template", deeper ? fmt::format("t{}", self + 1 + pick(composites - self - 1))
                             : fmt::format("leaf{}", chance(8) ? 2 : pick(2)));
    if (chance(5)) t.set("when", chance(2) ? "1 == 2" : "a == a");
    if (chance(5)) t["continueOn"].set("failed", true);
    if (chance(6)) t["withSequence"].set("count", std::to_string(pick(4)));
    if (chance(8)) t.set("onExit", "leaf0");
    return t;
  }

  std::mt19937 random_;
};

Sim::Rule outcomes(unsigned seed) {
  return [random = std::mt19937(seed)](const StartPod&) mutable {
    Outcome o;
    const unsigned r = static_cast<unsigned>(random());
    if (r % 6 == 0) o = fails(1);
    if (r % 13 == 0) o = errors("the world broke");
    o.takes = std::chrono::milliseconds(20 + r % 4000);
    return o;
  };
}

/// A user's commands now and then.
void add_commands(Sim& sim, Generator& g) {
  if (g.chance(6)) sim.at(std::chrono::milliseconds(g.pick(9000)), Stop{});
  if (g.chance(9)) sim.at(std::chrono::milliseconds(g.pick(9000)), Terminate{});
  if (g.chance(6)) {
    const int when = g.pick(6000);
    sim.at(std::chrono::milliseconds(when), Suspend{});
    sim.at(std::chrono::milliseconds(when + 5000), Resume{});
  }
}

std::string whole_state(const Scheduler& s) {
  std::string out = skiff::spec::to_json(s.status()) + skiff::spec::to_json(s.metadata());
  for (const std::string& id : s.node_ids())
    out += skiff::spec::to_json(skiff::spec::to_json(*s.node(id))) + "\n";
  for (const Action& a : s.outstanding()) out += to_text(a) + "\n";
  return out;
}

/// Every task of a DAG began after all that it depends on had ended.
void check_dependencies(Sim& sim, const Json& workflow) {
  for (const Json& t : workflow.get("spec").get_array("templates")) {
    for (const Json& task : t.get("dag").get_array("tasks")) {
      for (const std::string& id : sim.scheduler().node_ids()) {
        const auto n = sim.scheduler().node(id);
        if (n->display_name != task.get_string("name") || n->boundary_id.empty()) continue;
        const auto boundary = sim.scheduler().node(n->boundary_id);
        if (!boundary || boundary->template_name != t.get_string("name")) continue;
        for (const Json& d : task.get_array("dependencies")) {
          const auto before = sim.node(boundary->name + "." + d.as_string());
          REQUIRE(before);
          REQUIRE(before->finished_at.has_value());
          CHECK(*before->finished_at <= *n->started_at);
        }
      }
    }
  }
}

/// How many children a composite had active at once. Tries of a Retry node do not ask for a place.
std::size_t most_active(Sim& sim, const std::string& boundary) {
  std::vector<std::pair<TimePoint, int>> changes;
  for (const std::string& id : sim.scheduler().node_ids()) {
    const auto n = sim.scheduler().node(id);
    const bool counts = n->type == skiff::spec::NodeType::pod || n->type == skiff::spec::NodeType::steps ||
                        n->type == skiff::spec::NodeType::dag;
    if (n->boundary_id != boundary || !counts || *n->started_at == *n->finished_at) continue;
    if (n->node_flag && n->node_flag->retried) return 0;
    changes.emplace_back(*n->started_at, 1);
    changes.emplace_back(*n->finished_at, -1);
  }
  std::sort(changes.begin(), changes.end());
  int now = 0;
  int most = 0;
  for (const auto& [at, change] : changes) most = std::max(most, now += change);
  return static_cast<std::size_t>(most);
}

void check_parallelism(Sim& sim, const Json& workflow) {
  for (const Json& t : workflow.get("spec").get_array("templates")) {
    const auto limit = t.get_int("parallelism");
    for (const std::string& id : sim.scheduler().node_ids()) {
      const auto n = sim.scheduler().node(id);
      if (limit && n->template_name == t.get_string("name")) {
        CHECK(most_active(sim, id) <= static_cast<std::size_t>(*limit));
      }
    }
  }
}

}  // namespace

TEST_CASE("random workflows end, in order, within their limits") {
  for (unsigned seed = 1; seed <= 600; ++seed) {
    CAPTURE(seed);
    Generator g(seed);
    const Json workflow = g.workflow();
    Sim sim(workflow);
    sim.rule = outcomes(seed);
    add_commands(sim, g);
    REQUIRE_MESSAGE(sim.run(), sim.tree());
    for (const std::string& id : sim.scheduler().node_ids()) {
      const auto n = sim.scheduler().node(id);
      CHECK_MESSAGE(completed(n->phase), n->name << "\n" << sim.tree());
      CHECK(n->finished_at.has_value());
    }
    const auto limit = workflow.get("spec").get_int("parallelism");
    if (limit) CHECK(sim.most_pods() <= *limit);
    check_dependencies(sim, workflow);
    check_parallelism(sim, workflow);
    CHECK(sim.scheduler().outstanding().empty());
  }
}

TEST_CASE("a replay of any prefix of the journal is the same scheduler") {
  for (unsigned seed = 1000; seed < 1040; ++seed) {
    CAPTURE(seed);
    Generator g(seed);
    const Json workflow = g.workflow();
    Sim sim(workflow);
    sim.keep_events = true;
    sim.rule = outcomes(seed);
    add_commands(sim, g);
    std::vector<std::string> states;
    do {
      if (!sim.events().empty()) states.push_back(whole_state(sim.scheduler()));
    } while (sim.step());
    // step() begins the workflow and takes in one event: the first state comes after two.
    const auto& events = sim.events();
    Scheduler again(sim.input());
    std::size_t state = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
      (void)again.on(events[i].first, events[i].second);
      if (i == 0) continue;
      if (state < states.size()) CHECK(whole_state(again) == states[state]);
      ++state;
    }
  }
}
