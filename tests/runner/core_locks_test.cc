// Locks and the memo, as the scheduler asks for them and takes their answers.
#include <doctest/doctest.h>

#include "tests/runner/sim.h"

using namespace skiff::runner;
using namespace skiff::runner::test;
using namespace std::chrono_literals;

TEST_CASE("a mutex lets one in after the other, and the message says who waits") {
  Sim sim(workflow(R"yaml(  templates:
  - name: main
    steps: [[{name: j, template: job, withItems: [1, 2, 3]}]]
  - name: job
    synchronization: {mutexes: [{name: m}]}
    container: {image: i}
)yaml"));
  bool waited = false;
  while (sim.step()) {
    const auto n = sim.node("j(1:2)");
    waited = waited || (n && n->waiting_lock == "default/Mutex/m" &&
                        n->message == "Waiting for default/Mutex/m lock. Lock status: 0/1");
  }
  CHECK(sim.scheduler().finished());
  CHECK(waited);
  CHECK(sim.most_pods() == 1);
  CHECK(sim.phase() == "Succeeded");
  CHECK(sim.message_of("j(1:2)").empty());
}

TEST_CASE("the workflow's own lock comes first") {
  Sim sim(
      workflow("  synchronization: {semaphores: [{configMapKeyRef: {name: c, key: k}}]}\n  templates:\n  - "
               "name: main\n    container: {image: i}\n"));
  REQUIRE(sim.run());
  CHECK(sim.actions()[0] == "AcquireLocks the workflow default/ConfigMap/c/k");
  CHECK(happened(sim, "ReleaseLocks the workflow"));
}

TEST_CASE("a memoized template runs once for a key") {
  Sim sim(workflow(R"yaml(  templates:
  - name: main
    steps:
    - - {name: a, template: job}
    - - {name: b, template: job}
  - name: job
    memoize: {key: k1, maxAge: 10m, cache: {configMap: {name: c}}}
    container: {image: i}
    outputs: {parameters: [{name: p, valueFrom: {path: /p}}]}
)yaml"));
  sim.rule = [](const StartPod&) { return gives("p", "v"); };
  REQUIRE(sim.run());
  CHECK(sim.started() == std::vector<std::string>{"a"});
  CHECK(sim.node("b")->memoization->hit);
  CHECK_FALSE(sim.node("a")->memoization->hit);
  CHECK(sim.output_of("b", "p") == "v");
}

TEST_CASE("a daemon that is ready gives its lock back") {
  Sim sim(workflow(R"yaml(  templates:
  - name: main
    steps: [[{name: db, template: db}], [{name: use, template: use}]]
  - {name: db, daemon: true, synchronization: {mutexes: [{name: m}]}, container: {image: i}}
  - {name: use, synchronization: {mutexes: [{name: m}]}, container: {image: i}}
)yaml"));
  sim.rule = [](const SimPod& p) {
    Outcome o = succeeds();
    if (p.display_name == "db") o.takes = 1h;
    return o;
  };
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Succeeded");
}

TEST_CASE("while a workflow is suspended, neither a lock nor the end of a backoff begins anything") {
  Sim locks(workflow(R"yaml(  templates:
  - name: main
    steps: [[{name: j, template: job, withItems: [1, 2]}]]
  - name: job
    synchronization: {mutexes: [{name: m}]}
    container: {image: i}
)yaml"));
  locks.at(500ms, Suspend{});
  locks.at(60s, Resume{});
  REQUIRE(locks.run());
  CHECK(locks.phase() == "Succeeded");
  CHECK(*locks.node("j(1:2)")->finished_at - *locks.node("j(0:1)")->finished_at > 55s);

  const std::string retried = workflow(
      "  templates:\n  - name: main\n    retryStrategy: {limit: 1, backoff: {duration: \"2\"}}\n    "
      "container: {image: i}\n");
  Sim tries(retried);
  tries.rule = [](const SimPod& p) { return p.display_name == "wf(0)" ? fails(1) : succeeds(); };
  tries.at(1500ms, Suspend{});
  tries.at(60s, Resume{});
  REQUIRE(tries.run());
  CHECK(tries.phase() == "Succeeded");
  CHECK(*tries.node("wf(1)")->started_at - *tries.node("wf(0)")->finished_at > 55s);

  Sim stopped(retried);
  stopped.rule = [](const SimPod&) { return fails(1); };
  stopped.at(1500ms, Suspend{});
  stopped.at(60s, Stop{});
  REQUIRE(stopped.run());
  CHECK(stopped.phase() == "Failed");
  CHECK(stopped.started().size() == 1);
}

TEST_CASE(
    "a workflow that waits for its own lock: terminated it ends, stopped it waits on for its exit handler") {
  const std::string waits = workflow(R"yaml(  onExit: bye
  synchronization: {mutexes: [{name: m}]}
  templates:
  - {name: main, container: {image: i}}
  - {name: bye, container: {image: i}}
)yaml");
  Sim terminated(waits);
  terminated.semaphores["default/Mutex/m"] = 0;
  terminated.at(1s, Terminate{});
  REQUIRE(terminated.run());
  CHECK(terminated.phase() == "Failed");
  CHECK(terminated.started().empty());

  Sim stopped(waits);
  stopped.semaphores["default/Mutex/m"] = 0;
  stopped.at(1s, Stop{});
  CHECK_FALSE(stopped.run());
  stopped.post(LocksGranted{""});
  REQUIRE(stopped.run());
  CHECK(stopped.phase() == "Failed");
  CHECK(stopped.message() == "Stopped with strategy 'Stop'");
  CHECK(stopped.started() == std::vector<std::string>{"wf.onExit"});
}

TEST_CASE("locks that nobody can ask for") {
  const std::string twice = "synchronization: {mutexes: [{name: m}, {name: m}]}";
  const std::string why = "requested configuration is invalid: duplicate synchronization item found";
  Sim node(workflow("  templates:\n  - {name: main, " + twice + ", container: {image: i}}\n"));
  REQUIRE(node.run());
  CHECK(node.phase() == "Error");
  CHECK(node.message().find(why) != std::string::npos);
  Sim whole(workflow("  " + twice + "\n  templates:\n  - {name: main, container: {image: i}}\n"));
  REQUIRE(whole.run());
  CHECK(whole.phase() == "Failed");
  CHECK(whole.message() == "Failed to acquire the synchronization lock. " + why);
  Sim neither(
      workflow("  templates:\n  - {name: main, synchronization: {semaphores: [{namespace: x}]}, container: "
               "{image: i}}\n"));
  REQUIRE(neither.run());
  CHECK(neither.message().find("cannot get LockName for a Semaphore") != std::string::npos);
}

TEST_CASE("a retry of the workflow takes a memoized node up again without asking for its memo") {
  Sim sim(workflow(R"yaml(  templates:
  - name: main
    dag:
      tasks:
      - {name: a, template: steps}
      - {name: b, template: leaf, depends: a}
  - name: steps
    memoize: {key: k, cache: {configMap: {name: c}}}
    steps: [[{name: inner, template: leaf}]]
  - {name: leaf, container: {image: i}}
)yaml"));
  bool again = false;
  sim.rule = [&](const SimPod& p) { return p.display_name == "b" && !again ? fails(1) : succeeds(); };
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Failed");
  again = true;
  sim.post(RetryWorkflow{});
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Succeeded");
  CHECK_FALSE(sim.node("a")->memoization->hit);
  CHECK(sim.phase_of("a") == "Succeeded");
  CHECK(sim.phase_of("[0]") == "Succeeded");
}
