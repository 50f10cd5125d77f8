// What happens around templates: retries, hooks and exit handlers, suspension, stop and terminate, deadlines,
// container sets, and the retry of a finished workflow.
#include <doctest/doctest.h>

#include "runner/core/resubmit.h"
#include "tests/runner/sim.h"

using namespace skiff::runner;
using namespace skiff::runner::test;
using namespace std::chrono_literals;

namespace {

const std::string kLeaf = "  - name: leaf\n    container: {image: busybox}\n";

}  // namespace

// ------------------------------------------------------------------------------------------- retry

TEST_CASE("tries are children of a Retry node, up to the limit") {
  Sim sim(
      workflow("  templates:\n  - name: main\n    retryStrategy: {limit: 2}\n    container: {image: i, args: "
               "[\"{{retries}} {{lastRetry.exitCode}}\"]}\n"));
  sim.rule = [](const StartPod&) { return fails(4); };
  REQUIRE(sim.run());
  CHECK(sim.tree() ==
        "wf Retry Failed: No more retries left\n"
        "  wf(0) Pod Failed: main: Error (exit code 4)\n"
        "  wf(1) Pod Failed: main: Error (exit code 4)\n"
        "  wf(2) Pod Failed: main: Error (exit code 4)\n");
  CHECK(sim.node("wf(1)")->node_flag->retried);
  CHECK(sim.node("wf")->outputs.get_string("exitCode") == "4");
  CHECK(sim.orders().at("wf(0)").tmpl.get("container").get_array("args")[0].as_string() == "0 0");
  CHECK(sim.orders().at("wf(2)").tmpl.get("container").get_array("args")[0].as_string() == "2 4");
}

TEST_CASE("the last try's duration is whole seconds, as a cluster keeps them") {
  Sim sim(workflow(
      "  templates:\n  - name: main\n    retryStrategy: {limit: 5, expression: "
      "'asInt(lastRetry.duration) < 3'}\n    container: {image: i, args: [\"{{lastRetry.duration}}\"]}\n"));
  sim.rule = [](const SimPod& p) {
    Outcome o = fails(1);
    o.takes = p.display_name == "wf(0)" ? 2400ms : 3100ms;
    return o;
  };
  REQUIRE(sim.run());
  CHECK(sim.node("wf")->phase == Phase::failed);
  CHECK(sim.node("wf(1)"));
  CHECK_FALSE(sim.node("wf(2)"));
  CHECK(sim.orders().at("wf(1)").tmpl.get("container").get_array("args")[0].as_string() == "2");
}

TEST_CASE("who waits for a lock beyond its timeout fails its steps, continueOn or not") {
  const std::string lock = "synchronization: {mutexes: [{name: m}]}, container: {image: i}}\n";
  Sim sim(workflow(
      "  templates:\n  - name: main\n    steps:\n    - - {name: a, template: long}\n      - {name: b, "
      "template: short, continueOn: {failed: true}}\n    - - {name: c, template: long}\n  - {name: long, " +
      lock + "  - {name: short, timeout: 5s, " + lock));
  sim.rule = [](const SimPod&) {
    Outcome o = succeeds();
    o.takes = 20s;
    return o;
  };
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Failed");
  CHECK(sim.message() == "timeout");
  CHECK(sim.message_of("b") == "timeout");
  CHECK(sim.phase_of("c") == "none");

  Sim entry(workflow(
      "  synchronization: {mutexes: [{name: other}]}\n  templates:\n  - {name: main, pendingTimeout: 5s, " +
      lock));
  entry.semaphores["default/Mutex/m"] = 0;
  REQUIRE(entry.run());
  CHECK(entry.phase() + ": " + entry.message() == "Error: error in entry template execution: timeout");
}

TEST_CASE("policies: what is tried again") {
  const auto tries = [](const std::string& strategy, Outcome outcome) {
    Sim sim(workflow("  templates:\n  - name: main\n    retryStrategy: " + strategy +
                     "\n    container: {image: i}\n"));
    sim.rule = [&](const StartPod&) { return outcome; };
    REQUIRE(sim.run());
    return sim.started().size();
  };
  Outcome passing = errors("etcdserver: leader changed");
  passing.transient = true;
  CHECK(tries("{limit: 1}", fails(1)) == 2);
  CHECK(tries("{limit: 1}", errors("x")) == 1);
  CHECK(tries("{limit: 1, retryPolicy: OnError}", fails(1)) == 1);
  CHECK(tries("{limit: 1, retryPolicy: OnError}", errors("x")) == 2);
  CHECK(tries("{limit: 1, retryPolicy: Always}", errors("x")) == 2);
  CHECK(tries("{limit: 1, retryPolicy: OnTransientError}", passing) == 2);
  CHECK(tries("{limit: 1, retryPolicy: OnTransientError}", errors("x")) == 1);
  Outcome told = fails(1);
  told.message = "main: Error (exit code 1): dial tcp: i/o timeout";
  CHECK(tries("{limit: 1, retryPolicy: OnTransientError}", told) == 2);
  CHECK(tries("{limit: 3, expression: \"lastRetry.exitCode == '9'\"}", fails(1)) == 1);
  CHECK(tries("{limit: 3, expression: \"asInt(lastRetry.exitCode) == 1\"}", fails(1)) == 4);
  CHECK(tries("{limit: 1, expression: \"lastRetry.status == 'Error'\"}", errors("x")) == 2);
}

TEST_CASE("backoff waits between tries and gives up at maxDuration") {
  Sim sim(
      workflow("  templates:\n  - name: main\n    retryStrategy: {limit: 9, backoff: {duration: \"2\", "
               "factor: 2, maxDuration: 1m}}\n    container: {image: i}\n"));
  sim.rule = [](const StartPod&) { return fails(1); };
  const TimePoint begin = sim.now();
  REQUIRE(sim.run());
  CHECK(sim.message() == "Backoff would exceed max duration limit");
  CHECK(sim.started().size() == 5);  // after 2, 4, 8 and 16 s; 32 s more would be too late
  CHECK(sim.now() - begin == 5 * 1s + 30 * 1s);
  CHECK(happened(sim, "SetTimer 2023-11-14T22:13:23Z"));
}

TEST_CASE("steps and DAGs are tried again as a whole") {
  Sim sim(
      workflow(kLeaf.substr(0, 0) + "  templates:\n" + kLeaf +
               "  - name: main\n    retryStrategy: {limit: 1}\n    steps: [[{name: a, template: leaf}]]\n"));
  int n = 0;
  sim.rule = [&](const StartPod&) { return n++ == 0 ? fails(1) : succeeds(); };
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Succeeded");
  CHECK(sim.node("wf(0)")->type == skiff::spec::NodeType::steps);
  CHECK(sim.phase_of("wf(0)") == "Failed");
  CHECK(sim.phase_of("wf(1)[0].a") == "Succeeded");
}

// ------------------------------------------------------------------------------------------- hooks

TEST_CASE("exit handlers: of a step before the next group, of the workflow at the end") {
  Sim sim(workflow("  onExit: bye\n  templates:\n" + kLeaf + R"yaml(
  - name: bye
    container: {image: i, args: ["{{workflow.status}} {{workflow.failures}}"]}
  - name: note
    inputs: {parameters: [{name: s}]}
    container: {image: i}
  - name: main
    steps:
    - - name: a
        template: leaf
        hooks: {exit: {template: note, arguments: {parameters: [{name: s, value: "{{steps.a.status}}"}]}}}
    - - {name: b, template: leaf, onExit: leaf, when: "false"}
)yaml"));
  REQUIRE(sim.run());
  CHECK(sim.tree() ==
        "wf Steps Succeeded\n"
        "  [0] StepGroup Succeeded\n"
        "    a Pod Succeeded\n"
        "      a.onExit Pod Succeeded\n"
        "      [1] StepGroup Succeeded\n"
        "        b Skipped Skipped: when 'false' evaluated false\n"
        "wf.onExit Pod Succeeded\n");
  CHECK(sim.input_of("a.onExit", "s") == "Succeeded");
  CHECK(sim.node("a.onExit")->node_flag->hooked);
  CHECK(sim.orders().at("wf.onExit").tmpl.get("container").get_array("args")[0].as_string() ==
        "Succeeded \"null\"");
}

TEST_CASE("a failed exit handler fails a workflow that succeeded") {
  Sim sim(workflow("  onExit: leaf\n  templates:\n" + kLeaf + "  - name: main\n    container: {image: i}\n"));
  sim.rule = [](const SimPod& p) { return p.node_name == "wf.onExit" ? fails(2) : succeeds(); };
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Failed");
  CHECK(sim.message() == "main: Error (exit code 2)");
  CHECK(sim.phase_of("wf") == "Succeeded");
}

TEST_CASE("hooks run when their expression holds, and are waited for") {
  Sim sim(workflow(R"yaml(  hooks:
    running: {expression: workflow.status == "Running", template: leaf}
    failed: {expression: workflow.status == "Failed", template: leaf}
  templates:
)yaml" + kLeaf + R"yaml(
  - name: main
    dag:
      tasks:
      - name: a
        template: leaf
        hooks:
          running: {expression: tasks.a.status == "Running", template: slow}
          exit: {template: leaf}
      - {name: b, template: leaf, dependencies: [a]}
  - name: slow
    container: {image: i}
)yaml"));
  sim.rule = [](const SimPod& p) {
    Outcome o;
    if (p.tmpl.get_string("name") == "slow") o.takes = 60s;
    return o;
  };
  REQUIRE(sim.run());
  CHECK(sim.phase_of("a.hooks.running") == "Succeeded");
  CHECK(sim.phase_of("wf.hooks.running") == "Succeeded");
  CHECK_FALSE(sim.node("wf.hooks.failed"));
  CHECK(*sim.node("b")->started_at >= *sim.node("a.hooks.running")->finished_at);
  CHECK(*sim.node("a.onExit")->started_at >= *sim.node("a.hooks.running")->finished_at);
  CHECK(*sim.node("b")->started_at >= *sim.node("a.onExit")->finished_at);
}

// ------------------------------------------------------------------------------- suspend and resume

namespace {
const std::string kApproval = R"yaml(  templates:
  - name: leaf
    inputs: {parameters: [{name: m, default: ""}]}
    container: {image: busybox}
  - name: wait
    inputs: {parameters: [{name: who, default: me}]}
    suspend: {}
    outputs: {parameters: [{name: ok, globalName: ok, valueFrom: {default: "no", supplied: {}}}]}
  - name: main
    steps:
    - - {name: ask, template: wait}
    - - {name: go, template: leaf, arguments: {parameters: [{name: m, value: "{{steps.ask.outputs.parameters.ok}}"}]}}
)yaml";
}

TEST_CASE("a suspend node waits for resume; outputs are supplied or take their default") {
  Sim plain(workflow(kApproval));
  plain.at(5s, Resume{});
  REQUIRE(plain.run());
  CHECK(plain.input_of("go", "m") == "no");
  CHECK(plain.status().get("outputs").is_null());  // a default does not become the workflow's

  Sim set(workflow(kApproval));
  Json yes = Json::object();
  yes.set("ok", "yes");
  set.at(5s, SetNodes{"displayName=ask", "", "", yes});
  set.at(6s, Resume{"inputs.parameters.who.value=me", Json(), "fine"});
  CHECK_FALSE(set.scheduler().finished());
  REQUIRE(set.run());
  CHECK(set.input_of("go", "m") == "yes");
  CHECK(set.status().get("outputs").get_array("parameters")[0].get_string("value") == "yes");
  CHECK(set.message_of("ask") == "fine");
}

TEST_CASE("what waits for a resume says so, and commands are to be seen in the spec") {
  Sim sim(workflow(kApproval));
  const auto& s = sim.scheduler();
  sim.step();
  REQUIRE(sim.node("ask"));
  CHECK(s.suspended());
  CHECK(s.commanded().empty());
  sim.post(Suspend{});
  CHECK(skiff::spec::to_json(s.commanded()) == R"({"suspend":true})");
  sim.post(Terminate{});
  REQUIRE(s.finished());
  CHECK_FALSE(s.suspended());
  CHECK(skiff::spec::to_json(s.commanded()) == R"({"shutdown":"Terminate"})");
}

TEST_CASE("commands that cannot apply are refused in words") {
  Sim sim(workflow(kApproval));
  sim.step();
  const auto& s = sim.scheduler();
  CHECK(s.refuse(Resume{"displayName=nobody", Json(), ""}).find("no suspend nodes matching") !=
        std::string::npos);
  CHECK(s.refuse(Resume{"displayName", Json(), ""}).find("invalid selector") == 0);
  Json wrong = Json::object();
  wrong.set("x", "1");
  CHECK(s.refuse(SetNodes{"displayName=ask", "", "", wrong}) == "node is not expecting output parameter 'x'");
  CHECK(s.refuse(RetryWorkflow{}) == "Cannot retry a workflow in phase Running");
  CHECK(s.refuse(Stop{}).empty());
}

TEST_CASE("a workflow that is over can be resumed, to no effect, and neither stopped nor suspended") {
  Sim sim(workflow("  templates:\n  - {name: main, container: {image: x}}\n"));
  REQUIRE(sim.run());
  const auto& s = sim.scheduler();
  CHECK(s.refuse(Resume{}).empty());
  CHECK(s.refuse(Suspend{}) == "cannot suspend completed workflows");
  const std::string over = "cannot shutdown a completed workflow: workflow: \"wf\", namespace: \"default\"";
  CHECK(s.refuse(Stop{}) == over);
  CHECK(s.refuse(Terminate{}) == over);
  const std::string none =
      "currently, set only targets suspend nodes: no suspend nodes matching nodeFieldSelector: displayName=a";
  CHECK(s.refuse(Stop{"displayName=a", ""}) == none);
  CHECK(s.refuse(Resume{"displayName=a", Json(), ""}) == none);
}

TEST_CASE("suspend templates end by themselves after their duration") {
  Sim sim(workflow("  templates:\n  - name: main\n    suspend: {duration: \"20\"}\n"));
  const TimePoint begin = sim.now();
  REQUIRE(sim.run());
  CHECK(sim.now() - begin == 20s);
  CHECK(sim.phase() == "Succeeded");
  CHECK(sim.status().get_string("progress") == "1/1");
}

TEST_CASE("a suspended workflow begins nothing new") {
  Sim sim(
      workflow("  templates:\n" + kLeaf +
               "  - name: main\n    steps: [[{name: a, template: leaf}], [{name: b, template: leaf}]]\n"));
  sim.at(500ms, Suspend{});
  sim.at(60s, Resume{});
  REQUIRE(sim.run());
  CHECK(*sim.node("a")->finished_at < *sim.node("b")->started_at);
  CHECK(*sim.node("b")->started_at - *sim.node("a")->finished_at > 50s);
}

// --------------------------------------------------------------------------------- stop and deadlines

TEST_CASE("stop ends what runs and runs exit handlers, terminate does not") {
  const std::string text =
      "  onExit: leaf\n  templates:\n" + kLeaf +
      "  - name: main\n    steps: [[{name: a, template: leaf, onExit: leaf}], [{name: b, template: leaf}]]\n";
  const auto slow = [](const SimPod& p) {
    Outcome o;
    if (p.display_name == "a") o.takes = 1h;
    return o;
  };
  Sim stop(workflow(text));
  stop.rule = slow;
  stop.at(5s, Stop{});
  REQUIRE(stop.run());
  CHECK(stop.phase() == "Failed");
  CHECK(stop.message() == "Stopped with strategy 'Stop'");
  CHECK(stop.message_of("a") == "workflow shutdown with strategy:  Stop");
  CHECK(stop.phase_of("a.onExit") == "Succeeded");
  CHECK(stop.phase_of("wf.onExit") == "Succeeded");
  CHECK_FALSE(stop.node("b"));

  Sim kill(workflow(text));
  kill.rule = slow;
  kill.at(5s, Terminate{});
  REQUIRE(kill.run());
  CHECK(kill.message() == "Stopped with strategy 'Terminate'");
  CHECK_FALSE(kill.node("a.onExit"));
  CHECK_FALSE(kill.node("wf.onExit"));
  CHECK(happened(kill, "StopPod " + kill.node("a")->id));
}

TEST_CASE("deadlines of the workflow and of templates") {
  Sim all(workflow(
      "  activeDeadlineSeconds: 10\n  onExit: leaf\n  templates:\n" + kLeaf +
      "  - name: main\n    steps: [[{name: a, template: leaf}], [{name: never, template: leaf}]]\n"));
  all.rule = [](const SimPod& p) {
    Outcome o;
    if (p.display_name == "a") o.takes = 1h;
    return o;
  };
  REQUIRE(all.run());
  CHECK(all.message_of("a") == "Step exceeded its deadline");
  CHECK(all.phase_of("wf.onExit") == "Succeeded");
  CHECK_FALSE(all.node("never"));

  Sim tried(
      workflow("  activeDeadlineSeconds: 10\n  templates:\n"
               "  - {name: main, retryStrategy: {limit: 3}, container: {image: i}}\n"));
  tried.rule = [](const SimPod&) {
    Outcome o;
    o.takes = 1h;
    return o;
  };
  REQUIRE(tried.run());
  CHECK(tried.message().starts_with("retry exceeded workflow deadline "));
  CHECK(tried.message().ends_with(" +0000 UTC"));

  Sim one(
      workflow("  templates:\n  - name: main\n    activeDeadlineSeconds: 5\n    container: {image: i}\n"));
  one.rule = [](const StartPod&) {
    Outcome o;
    o.takes = 1h;
    return o;
  };
  REQUIRE(one.run());
  CHECK(one.message() == "Pod was active on the node longer than the specified deadline");
}

TEST_CASE("artifacts that go with the completion are shown as deleted") {
  Sim sim(
      workflow("  artifactGC: {strategy: OnWorkflowCompletion}\n  templates:\n"
               "  - {name: main, container: {image: i}}\n"));
  sim.rule = [](const SimPod&) {
    Outcome o;
    o.outputs =
        *skiff::spec::parse_json(R"({"artifacts":[{"name":"goes","s3":{"key":"a"}},)"
                                 R"({"name":"stays","s3":{"key":"b"},"artifactGC":{"strategy":"Never"}}]})");
    return o;
  };
  REQUIRE(sim.run());
  const Json outputs = sim.node("wf")->outputs;
  const Json::Array& artifacts = outputs.get_array("artifacts");
  CHECK(artifacts[0].get_bool("deleted"));
  CHECK_FALSE(artifacts[1].get_bool("deleted"));
}

TEST_CASE("the containers of a set are nodes of their own") {
  Sim sim(workflow(R"yaml(  templates:
  - name: main
    containerSet:
      containers:
      - {name: a, image: i}
      - {name: b, image: i, dependencies: [a]}
)yaml"));
  sim.step();
  sim.post(ContainerChanged{"wf", "a", Phase::failed, "a: Error (exit code 3): ", 3});
  REQUIRE(sim.run());
  CHECK(sim.tree() ==
        "wf Pod Succeeded\n"
        "  a Container Failed: a: Error (exit code 3): \n"
        "    b Container Succeeded\n");
}

// ------------------------------------------------------------------------------ retry of the workflow

TEST_CASE("a memoized resubmission runs only what had not succeeded") {
  const std::string text = workflow("  templates:\n" + kLeaf + R"yaml(
  - name: main
    steps:
    - - {name: once, template: leaf}
    - - {name: again, template: leaf}
    - - {name: after, template: leaf}
)yaml");
  Sim first(text);
  first.rule = [](const SimPod& p) { return p.display_name == "again" ? fails(1) : prints("7"); };
  REQUIRE(first.run());
  Json nodes = Json::object();
  for (const std::string& id : first.scheduler().node_ids()) {
    nodes.set(id, skiff::spec::to_json(*first.scheduler().node(id)));
  }
  Json next = from_yaml(text);
  next["metadata"].set("name", "wf2");
  next["status"].set("nodes", memoized_nodes(nodes, "wf", "wf2", first.now()));
  Sim second(std::move(next));
  REQUIRE(second.run());
  CHECK(second.tree() ==
        "wf2 Steps Succeeded\n"
        "  [0] StepGroup Succeeded\n"
        "    once Skipped Skipped: original pod: wf-" +
            first.node("once")->id.substr(3) +
            "\n"
            "      [1] StepGroup Succeeded\n"
            "        again Pod Succeeded\n"
            "          [2] StepGroup Succeeded\n"
            "            after Pod Succeeded\n");
  CHECK(second.started() == std::vector<std::string>{"again", "after"});
}

TEST_CASE("retry runs again what failed and keeps the rest") {
  Sim sim(workflow("  onExit: leaf\n  templates:\n" + kLeaf + R"yaml(
  - name: main
    dag:
      tasks:
      - {name: good, template: leaf}
      - {name: bad, template: inner, dependencies: [good]}
      - {name: after, template: leaf, dependencies: [bad]}
  - name: inner
    steps: [[{name: first, template: leaf}], [{name: second, template: leaf}]]
)yaml"));
  int tries = 0;
  sim.rule = [&](const SimPod& p) {
    return p.display_name == "second" && tries++ == 0 ? fails(1) : succeeds();
  };
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Failed");
  CHECK(sim.phase_of("after") == "Omitted");
  while (sim.scheduler().next_changed()) continue;
  sim.post(RetryWorkflow{});
  CHECK(sim.phase() == "Running");
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Succeeded");
  CHECK(sim.phase_of("after") == "Succeeded");
  CHECK(sim.started() ==
        std::vector<std::string>{"good", "first", "second", "wf.onExit", "second", "after", "wf.onExit"});
  CHECK(sim.orders().at("wf.bad[1].second").generation == 1);
  CHECK(sim.orders().at("wf.after").generation == 1);
  CHECK(sim.node("good")->children.size() == 1);
}
