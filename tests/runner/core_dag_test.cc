// DAGs: dependencies, depends, targets, omitted tasks, the phase of the whole, loops below a TaskGroup.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/runner/sim.h"

using namespace skiff::runner;
using namespace skiff::runner::test;

namespace {

std::string dag(const std::string& tasks, const std::string& more = "", const std::string& templates = "") {
  return "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec:\n  entrypoint: main\n"
         "  templates:\n  - name: leaf\n    inputs: {parameters: [{name: m, default: \"\"}]}\n"
         "    container: {image: busybox}\n  - name: main\n    dag:\n" +
         more + "      tasks:\n" + tasks + templates;
}

Sim::Rule failing(std::vector<std::string> names) {
  return [names = std::move(names)](const SimPod& p) {
    return std::find(names.begin(), names.end(), p.display_name) != names.end() ? fails(1) : succeeds();
  };
}

}  // namespace

TEST_CASE("a daemon behind a failed task does not mend the dag") {
  const auto run = [](const std::string& depends) {
    Sim sim(
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec:\n  entrypoint: main\n"
        "  templates:\n  - name: main\n    dag:\n      tasks:\n      - {name: a, template: leaf}\n      - "
        "{name: "
        "d, template: srv, depends: " +
        depends +
        "}\n  - {name: leaf, container: {image: i}}\n  - {name: srv, daemon: true, container: {image: i}}\n");
    sim.rule = [&](const SimPod& p) {
      return p.display_name == "a" && depends == "a.Failed" ? fails(1) : succeeds();
    };
    REQUIRE(sim.run());
    return sim.phase() + " " + sim.phase_of("d");
  };
  CHECK(run("a.Failed") == "Failed Succeeded");
  CHECK(run("a.Succeeded") == "Succeeded Succeeded");
}

TEST_CASE("outputs of a dag do not know the workflow's parameters") {
  const auto run = [](const std::string& value_from) {
    Sim sim(
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec:\n  entrypoint: main\n"
        "  arguments: {parameters: [{name: x, value: a}]}\n  templates:\n  - name: main\n    inputs: "
        "{parameters: "
        "[{name: y, value: b}]}\n    outputs: {parameters: [{name: o, valueFrom: " +
        value_from +
        "}]}\n    dag: {tasks: [{name: A, template: leaf}]}\n  - {name: leaf, container: {image: i}}\n");
    REQUIRE(sim.run());
    return sim.phase() + " " + sim.output_of("wf", "o");
  };
  CHECK(run("{expression: 'inputs.parameters.y'}") == "Succeeded b");
  CHECK(run("{expression: 'workflow.parameters.x'}") == "Error none");
  CHECK(run("{expression: 'workflow.parameters.x', default: d}") == "Succeeded d");
}

TEST_CASE("a diamond") {
  Sim sim(dag(R"yaml(
      - {name: A, template: leaf}
      - {name: B, template: leaf, dependencies: [A]}
      - {name: C, template: leaf, depends: A.Succeeded}
      - {name: D, template: leaf, depends: "B && C"}
)yaml"));
  REQUIRE(sim.run());
  CHECK(sim.tree() ==
        "wf DAG Succeeded\n"
        "  A Pod Succeeded\n"
        "    B Pod Succeeded\n"
        "      D Pod Succeeded\n"
        "    C Pod Succeeded\n");
  CHECK(sim.started() == std::vector<std::string>{"A", "B", "C", "D"});
  CHECK(sim.node("C")->children == std::vector<std::string>{sim.node("D")->id});
  CHECK(sim.node("wf")->outbound_nodes == std::vector<std::string>{sim.node("D")->id});
}

TEST_CASE("a failure omits what depends on it, other branches run on") {
  Sim sim(dag(R"yaml(
      - {name: A, template: leaf}
      - {name: B, template: leaf, dependencies: [A]}
      - {name: C, template: leaf, dependencies: [A]}
      - {name: D, template: leaf, dependencies: [B, C]}
      - {name: E, template: leaf, depends: "B.Failed || C.Failed"}
)yaml"));
  sim.rule = failing({"B"});
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Failed");
  CHECK(sim.message().empty());
  CHECK(sim.phase_of("D") == "Omitted");
  CHECK(sim.message_of("D") == "omitted: depends condition not met");
  CHECK(sim.phase_of("E") == "Succeeded");
}

TEST_CASE("an Error stays an Error in a DAG") {
  Sim sim(dag("      - {name: A, template: leaf}\n"));
  sim.rule = [](const StartPod&) { return errors("gone"); };
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Error");
}

TEST_CASE("only targets decide, only what they need runs") {
  Sim sim(dag(R"yaml(
      - {name: A, template: leaf}
      - {name: B, template: leaf, dependencies: [A]}
      - {name: C, template: leaf, dependencies: [A]}
)yaml",
              "      target: B\n"));
  REQUIRE(sim.run());
  CHECK_FALSE(sim.node("C"));
  CHECK(sim.phase() == "Succeeded");
}

TEST_CASE("continueOn of a leaf and of a task that others depend on") {
  Sim sim(dag(R"yaml(
      - {name: A, template: leaf, continueOn: {failed: true}}
      - {name: B, template: leaf, dependencies: [A]}
      - {name: L, template: leaf, continueOn: {failed: true}}
)yaml"));
  sim.rule = failing({"A", "L"});
  REQUIRE(sim.run());
  CHECK(sim.phase_of("B") == "Succeeded");
  CHECK(sim.phase() == "Succeeded");
}

TEST_CASE("skipped counts as done, its outputs are absent") {
  Sim sim(dag(R"yaml(
      - {name: A, template: leaf, when: "false"}
      - {name: B, template: leaf, dependencies: [A]}
      - {name: C, template: leaf, depends: A.Succeeded}
)yaml"));
  REQUIRE(sim.run());
  CHECK(sim.phase_of("A") == "Skipped");
  CHECK(sim.phase_of("B") == "Succeeded");
  CHECK(sim.phase_of("C") == "Omitted");
  CHECK(sim.phase() == "Succeeded");
}

TEST_CASE("a loop hangs below a TaskGroup and leaves lists") {
  Sim sim(dag(R"yaml(
      - name: each
        template: leaf
        withItems: [1, 2, 3]
        arguments: {parameters: [{name: m, value: "{{item}}"}]}
      - name: any
        template: leaf
        depends: each.AnySucceeded
        arguments: {parameters: [{name: m, value: "{{tasks.each.outputs.result}} {{tasks.each.status}}"}]}
      - {name: all, template: leaf, depends: each.AllFailed}
      - {name: none, template: leaf, withParam: "[]"}
)yaml"));
  sim.rule = [](const SimPod& p) { return p.display_name == "each(1:2)" ? fails(1) : prints("7"); };
  REQUIRE(sim.run());
  CHECK(sim.node("each")->type == skiff::spec::NodeType::task_group);
  CHECK(sim.phase_of("each") == "Failed");
  CHECK(sim.node("each")->children.size() == 3);
  CHECK(sim.node("each(0:1)")->boundary_id == "wf");
  CHECK(sim.input_of("any", "m") == "[7,7] Failed");
  CHECK(sim.phase_of("all") == "Omitted");
  CHECK(sim.message_of("none") == "Skipped, empty params");
  CHECK(sim.node("any")->name == "wf.any");
  CHECK(sim.node("each(2:3)")->children ==
        std::vector<std::string>{sim.node("any")->id, sim.node("all")->id});
}

TEST_CASE("outputs of a DAG, and an expression that chooses") {
  Sim sim(dag(R"yaml(
      - {name: A, template: maker}
      - {name: B, template: maker, when: "false"}
)yaml",
              "", R"yaml(
    outputs:
      parameters:
      - {name: plain, valueFrom: {parameter: "{{tasks.A.outputs.parameters.p}}"}}
      - {name: chosen, valueFrom: {expression: "tasks.B.outputs.parameters.p ?? tasks.A.outputs.parameters.p"}}
      - {name: kept, valueFrom: {parameter: "{{tasks.B.outputs.parameters.p}}", default: kept}}
  - name: maker
    container: {image: busybox}
    outputs: {parameters: [{name: p, globalName: g, valueFrom: {path: /p}}]}
)yaml"));
  sim.rule = [](const StartPod&) { return gives("p", "made"); };
  REQUIRE(sim.run());
  CHECK(sim.output_of("wf", "plain") == "made");
  CHECK(sim.output_of("wf", "chosen") == "made");
  CHECK(sim.output_of("wf", "kept") == "kept");
  CHECK(sim.status().get("outputs").get_array("parameters")[0].get_string("value") == "made");
}

TEST_CASE("a task that cannot be made says so and the DAG goes on") {
  Sim sim(dag(R"yaml(
      - {name: A, template: leaf}
      - {name: bad, template: nope}
)yaml"));
  REQUIRE(sim.run());
  CHECK(sim.phase_of("bad") == "Error");
  CHECK(sim.message_of("bad") == "task 'wf.bad' errored: template nope not found");
  CHECK(sim.phase_of("A") == "Succeeded");
  CHECK(sim.phase() == "Error");
}

TEST_CASE("an omitted target inherits the failure it came from") {
  Sim sim(dag(R"yaml(
      - {name: A, template: leaf}
      - {name: B, template: leaf, depends: A.Succeeded}
      - {name: C, template: leaf, depends: B.Succeeded}
)yaml"));
  sim.rule = failing({"A"});
  REQUIRE(sim.run());
  CHECK(sim.phase_of("C") == "Omitted");
  CHECK(sim.phase() == "Failed");
}

TEST_CASE("a daemon counts as done once it is ready and ends with its DAG") {
  Sim sim(dag(R"yaml(
      - {name: server, template: server}
      - {name: client, template: leaf, dependencies: [server], arguments: {parameters: [{name: m, value: "{{tasks.server.ip}}"}]}}
)yaml",
              "", R"yaml(
  - name: server
    daemon: true
    container: {image: nginx}
)yaml"));
  REQUIRE(sim.run());
  CHECK(sim.input_of("client", "m") == "10.0.0.2");
  CHECK(sim.phase_of("server") == "Succeeded");
  CHECK(sim.phase() == "Succeeded");
  const auto& actions = sim.actions();
  CHECK(std::count_if(actions.begin(), actions.end(),
                      [](const auto& a) { return a.starts_with("StopPod"); }) == 1);
  CHECK(actions.back() == "Finish Succeeded");
}

TEST_CASE("a loop's own exit handler runs beside what comes after the loop, or while another target runs") {
  const std::string loop =
      "\n      - {name: A, template: leaf, withItems: [p, q], hooks: {exit: {template: leaf}}}\n";
  Sim last(dag(loop));
  REQUIRE(last.run());
  CHECK(last.phase_of("A(0:p).onExit") == "Succeeded");
  CHECK(last.phase_of("A(1:q).onExit") == "Succeeded");
  CHECK_FALSE(last.node("A.onExit"));

  const auto slow = [](const SimPod& p) {
    Outcome out = p.display_name == "A.onExit" ? fails(1) : succeeds();
    if (p.display_name == "A.onExit" || p.display_name == "slow") out.takes = std::chrono::seconds(9);
    return out;
  };
  Sim followed(dag(loop + "      - {name: B, template: leaf, depends: A}\n"));
  followed.rule = slow;
  REQUIRE(followed.run());
  CHECK(followed.phase_of("A.onExit") == "Failed");
  CHECK(*followed.node("B")->finished_at < *followed.node("A.onExit")->finished_at);
  CHECK(*followed.node("wf")->finished_at >= *followed.node("A.onExit")->finished_at);
  CHECK(followed.phase() == "Succeeded");

  Sim beside(dag(loop + "      - {name: slow, template: leaf}\n"));
  beside.rule = slow;
  REQUIRE(beside.run());
  CHECK(beside.phase_of("A.onExit") == "Failed");
  CHECK(beside.phase() == "Succeeded");

  Sim skipped(dag(loop + "      - {name: B, template: leaf, depends: A.Failed}\n"));
  REQUIRE(skipped.run());
  CHECK_FALSE(skipped.node("A.onExit"));
  CHECK(skipped.phase_of("B") == "Omitted");
}

TEST_CASE("hooks of a target that does not run are looked at all the same") {
  Sim sim(dag(R"yaml(
      - {name: A, template: leaf}
      - name: B
        template: leaf
        depends: A.Failed
        hooks:
          exit: {template: leaf}
          omitted: {template: leaf, expression: 'tasks.B.status == "Omitted"'}
          failed: {template: leaf, expression: 'tasks.B.status == "Failed"'}
)yaml"));
  REQUIRE(sim.run());
  CHECK(sim.phase_of("B") == "Omitted");
  CHECK(sim.phase_of("B.hooks.omitted") == "Succeeded");
  CHECK_FALSE(sim.node("B.hooks.failed"));
  CHECK_FALSE(sim.node("B.onExit"));
  CHECK(sim.phase() == "Succeeded");
}

TEST_CASE("a DAG goes on without an exit handler that cannot be begun, a group of steps does not") {
  const std::string hooks = R"yaml(hooks: {exit: {template: taker, arguments: {artifacts: [{name: a,)yaml";
  const std::string taker =
      "  - {name: taker, inputs: {artifacts: [{name: a, path: /a}]}, container: {image: busybox}}\n";
  Sim sim(dag("\n      - {name: A, template: leaf, " + hooks +
                  R"yaml( from: "{{tasks.A.outputs.artifacts.none}}"}]}}}}
      - {name: B, template: leaf, dependencies: [A], hooks: {exit: {template: leaf, expression: "nope.x"}}}
)yaml",
              "", taker));
  REQUIRE(sim.run());
  CHECK(sim.phase_of("A") == "Succeeded");
  CHECK_FALSE(sim.node("A.onExit"));
  CHECK(sim.phase_of("B") == "Succeeded");
  CHECK(sim.phase() == "Succeeded");

  Sim steps("metadata: {name: wf}\nspec:\n  entrypoint: main\n  templates:\n" + taker +
            "  - {name: leaf, container: {image: busybox}}\n"
            "  - name: main\n    steps: [[{name: A, template: leaf, " +
            hooks + "from: \"{{steps.A.outputs.artifacts.none}}\"}]}}}}]]\n");
  REQUIRE(steps.run());
  CHECK_FALSE(steps.node("A.onExit"));
  CHECK(steps.phase_of("A") == "Succeeded");
  CHECK(steps.phase_of("[0]") == "Error");
  CHECK(steps.message_of("[0]") ==
        "unable to resolve references: Unable to resolve: \"steps.A.outputs.artifacts.none\"");
  CHECK(steps.phase() == "Failed");
}

TEST_CASE("an artifact that a task cannot have is told as a DAG tells it") {
  Sim sim(dag(
      R"yaml(
      - {name: A, template: leaf}
      - {name: B, template: taker, dependencies: [A], arguments: {artifacts: [{name: a, from: "{{tasks.A.outputs.artifacts.none}}"}]}}
)yaml",
      "", "  - {name: taker, inputs: {artifacts: [{name: a, path: /a}]}, container: {image: busybox}}\n"));
  REQUIRE(sim.run());
  CHECK(sim.message_of("B") == "Unable to resolve: \"tasks.A.outputs.artifacts.none\"");
  CHECK(sim.phase() == "Error");
}

TEST_CASE("what comes later sees a daemon as it is then") {
  const std::string templates = R"yaml(
  - name: server
    daemon: true
    container: {image: nginx}
)yaml";
  const Sim::Rule dies = [](const SimPod& p) {
    Outcome out = p.display_name == "server" ? fails(3) : succeeds();
    if (p.display_name == "work") out.takes = std::chrono::seconds(5);
    return out;
  };
  Sim sim(dag(R"yaml(
      - {name: server, template: server}
      - {name: work, template: leaf, depends: server}
      - {name: after, template: leaf, depends: work, arguments: {parameters: [{name: m, value: "{{tasks.server.status}}"}]}}
)yaml",
              "", templates));
  sim.rule = dies;
  REQUIRE(sim.run());
  CHECK(sim.input_of("after", "m") == "Failed");
  CHECK(sim.phase() == "Succeeded");

  Sim steps(R"yaml(
spec:
  entrypoint: main
  templates:
  - {name: leaf, inputs: {parameters: [{name: m, default: ""}]}, container: {image: busybox}}
  - name: main
    steps:
    - - {name: server, template: server}
    - - {name: work, template: leaf}
    - - {name: after, template: leaf, arguments: {parameters: [{name: m, value: "{{steps.server.status}}"}]}}
)yaml" + templates);
  steps.rule = dies;
  REQUIRE(steps.run());
  CHECK(steps.input_of("after", "m") == "Failed");
  CHECK(steps.phase() == "Succeeded");
}

TEST_CASE("a hook of a target that cannot be carried out ends its DAG") {
  Sim sim(dag(R"yaml(
      - {name: A, template: leaf}
      - {name: B, template: leaf, depends: A, hooks: {h: {template: leaf, expression: "tasks.B.outputs.parameters.x == '1'"}}}
)yaml"));
  REQUIRE(sim.run());
  CHECK(sim.phase_of("wf") == "Error");
  CHECK(sim.message().starts_with("error in entry template execution: cannot fetch parameters from nil"));

  Sim before(dag(R"yaml(
      - {name: A, template: leaf, hooks: {h: {template: leaf, expression: "tasks.A.outputs.parameters.x == '1'"}}}
      - {name: B, template: leaf, depends: A.Errored}
)yaml"));
  REQUIRE(before.run());
  CHECK(before.phase_of("A") == "Error");
  CHECK(before.phase_of("B") == "Succeeded");
}
