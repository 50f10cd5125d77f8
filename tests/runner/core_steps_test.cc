// Steps: groups, nesting, parameters, outputs, when, failures, loops and what they leave; names and messages
// as Argo writes them.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/runner/sim.h"

using namespace skiff::runner;
using namespace skiff::runner::test;

namespace {

constexpr const char* kLeaf = R"yaml(
  - name: leaf
    inputs: {parameters: [{name: m, default: ""}]}
    container: {image: busybox, command: [echo, "{{inputs.parameters.m}}"]}
)yaml";

std::string with_leaf(const std::string& templates, const std::string& spec = "") {
  return workflow(spec + "  templates:" + kLeaf + templates);
}

bool has(const std::vector<std::string>& list, const std::string& what) {
  return std::find(list.begin(), list.end(), what) != list.end();
}

}  // namespace

TEST_CASE("the hooks of a step's loop know the item") {
  Sim sim(workflow(R"yaml(  templates:
  - name: main
    steps: [[{name: a, template: leaf, withItems: [p, q], hooks: {exit: {template: note, arguments: {parameters: [{name: m, value: "{{item}}"}]}}}}]]
  - {name: leaf, container: {image: i}}
  - {name: note, inputs: {parameters: [{name: m}]}, container: {image: i, args: ["{{inputs.parameters.m}}"]}}
)yaml"));
  REQUIRE(sim.run());
  CHECK(sim.input_of("a(0:p).onExit", "m") == "p");
  CHECK(sim.input_of("a(1:q).onExit", "m") == "q");
}

TEST_CASE("a loop's lists are in the items' order, after a retry of the workflow too") {
  Sim sim(workflow(R"yaml(  templates:
  - name: main
    steps:
    - - {name: l, template: leaf, withItems: [a, b, c]}
    - - {name: show, template: show, arguments: {parameters: [{name: m, value: "{{steps.l.outputs.parameters.o}}"}]}}
  - {name: leaf, container: {image: i}, outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}}
  - {name: show, inputs: {parameters: [{name: m}]}, container: {image: i}}
)yaml"));
  bool first = true;
  sim.rule = [&](const SimPod& p) {
    if (p.display_name == "l(0:a)" && std::exchange(first, false)) return fails(1);
    return gives("o", p.display_name);
  };
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Failed");
  sim.post(RetryWorkflow{});
  REQUIRE(sim.run());
  CHECK(sim.input_of("show", "m") == "[\"l(0:a)\",\"l(1:b)\",\"l(2:c)\"]");
}

TEST_CASE("a container is the whole workflow") {
  Sim sim(with_leaf("", "").replace(with_leaf("", "").find("entrypoint: main"), 16, "entrypoint: leaf"));
  REQUIRE(sim.run());
  CHECK(sim.tree() == "wf Pod Succeeded\n");
  CHECK(sim.phase() == "Succeeded");
  CHECK(sim.status().get_string("progress") == "1/1");
  CHECK(sim.actions().front() == "StartPod wf (wf) cause: the workflow started");
  CHECK(sim.actions().back() == "Finish Succeeded");
  CHECK(sim.orders().at("wf").pod_name == "wf");
}

TEST_CASE("groups run one after the other, their steps together") {
  Sim sim(with_leaf(R"yaml(
  - name: main
    steps:
    - - {name: a, template: leaf}
    - - {name: b, template: leaf}
      - {name: c, template: leaf}
    - - {name: d, template: leaf}
)yaml"));
  REQUIRE(sim.run());
  CHECK(sim.tree() ==
        "wf Steps Succeeded\n"
        "  [0] StepGroup Succeeded\n"
        "    a Pod Succeeded\n"
        "      [1] StepGroup Succeeded\n"
        "        b Pod Succeeded\n"
        "          [2] StepGroup Succeeded\n"
        "            d Pod Succeeded\n"
        "        c Pod Succeeded\n");
  CHECK(sim.started() == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(sim.node("wf[1].b")->id == "wf-2760215211");
  CHECK(sim.node("d")->boundary_id == "wf");
  CHECK(sim.node("wf")->outbound_nodes == std::vector<std::string>{sim.node("d")->id});
}

TEST_CASE("a failed step lets its siblings finish; the steps fail with it") {
  Sim sim(with_leaf(R"yaml(
  - name: main
    steps:
    - - {name: good, template: leaf}
      - {name: bad, template: leaf}
    - - {name: never, template: leaf}
)yaml"));
  sim.rule = [](const SimPod& p) { return p.display_name == "bad" ? fails(3) : succeeds(); };
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Failed");
  const std::string expected = "child '" + sim.node("bad")->id + "' failed";
  CHECK(sim.message() == expected);
  CHECK(sim.message_of("[0]") == expected);
  CHECK(sim.message_of("bad") == "main: Error (exit code 3)");
  CHECK(sim.phase_of("good") == "Succeeded");
  CHECK_FALSE(sim.node("never"));
  CHECK(sim.node("bad")->outputs.get_string("exitCode") == "3");
}

TEST_CASE("an Error of a step is Failed for the steps, and continueOn lets it pass") {
  const char* text = R"yaml(
  - name: main
    steps:
    - - {name: bad, template: leaf, continueOn: {error: true}}
    - - {name: next, template: leaf, arguments: {parameters: [{name: m, value: "{{steps.bad.status}}"}]}}
      - {name: worse, template: leaf}
)yaml";
  Sim sim(with_leaf(text));
  sim.rule = [](const SimPod& p) { return p.display_name == "next" ? succeeds() : errors("no engine"); };
  REQUIRE(sim.run());
  CHECK(sim.input_of("next", "m") == "Error");
  CHECK(sim.phase_of("bad") == "Error");
  CHECK(sim.phase_of("[0]") == "Succeeded");
  CHECK(sim.phase_of("worse") == "Error");
  CHECK(sim.phase() == "Failed");
}

TEST_CASE("results and parameters go from step to step") {
  Sim sim(with_leaf(R"yaml(
  - name: main
    steps:
    - - {name: make, template: maker}
    - - name: use
        template: leaf
        arguments:
          parameters: [{name: m, value: "{{steps.make.outputs.result}} {{steps.make.outputs.parameters.p}} {{steps.make.exitCode}}"}]
  - name: maker
    script: {image: python, command: [python], source: "print(1)"}
    outputs: {parameters: [{name: p, valueFrom: {path: /p}}]}
)yaml"));
  sim.rule = [](const SimPod& p) {
    if (p.display_name != "make") return succeeds();
    Outcome o = gives("p", "value");
    o.outputs.set("result", "printed");
    return o;
  };
  REQUIRE(sim.run());
  CHECK(sim.input_of("use", "m") == "printed value 0");
  CHECK(sim.orders().at("wf[0].make").capture_result);
  CHECK_FALSE(sim.orders().at("wf[1].use").capture_result);
  CHECK(sim.orders().at("wf[1].use").tmpl.get("container").get_array("command")[1].as_string() ==
        "printed value 0");
}

TEST_CASE("when decides, and a wrong one is an Error") {
  Sim sim(with_leaf(R"yaml(
  - name: main
    steps:
    - - {name: coin, template: leaf}
    - - {name: heads, template: leaf, when: "{{steps.coin.outputs.result}} == heads"}
      - {name: tails, template: leaf, when: "{{steps.coin.outputs.result}} == tails"}
)yaml"));
  sim.rule = [](const StartPod&) { return prints("tails"); };
  REQUIRE(sim.run());
  CHECK(sim.message_of("heads") == "when 'tails == heads' evaluated false");
  CHECK(sim.phase_of("heads") == "Skipped");
  CHECK(sim.node("heads")->type == skiff::spec::NodeType::skipped);
  CHECK(sim.phase_of("tails") == "Succeeded");

  Sim wrong(with_leaf(R"yaml(
  - name: main
    steps: [[{name: a, template: leaf, when: "a b"}]]
)yaml"));
  REQUIRE(wrong.run());
  CHECK(wrong.phase() == "Failed");
  CHECK(wrong.message().find("Invalid 'when' expression 'a b'") != std::string::npos);
  CHECK(wrong.phase_of("[0]") == "Error");
}

TEST_CASE("steps within steps keep their own names and scopes") {
  Sim sim(with_leaf(R"yaml(
  - name: main
    steps:
    - - {name: in, template: inner, arguments: {parameters: [{name: x, value: "1"}]}}
    - - {name: out, template: leaf, arguments: {parameters: [{name: m, value: "{{steps.in.outputs.parameters.y}}"}]}}
  - name: inner
    inputs: {parameters: [{name: x}]}
    steps: [[{name: a, template: leaf, arguments: {parameters: [{name: m, value: "{{inputs.parameters.x}}"}]}}]]
    outputs: {parameters: [{name: y, valueFrom: {parameter: "{{steps.a.outputs.parameters.p}}"}}]}
)yaml"));
  sim.rule = [](const StartPod&) { return gives("p", "deep"); };
  REQUIRE(sim.run());
  CHECK(sim.node("wf[0].in[0].a"));
  CHECK(sim.input_of("a", "m") == "1");
  CHECK(sim.output_of("in", "y") == "deep");
  CHECK(sim.input_of("out", "m") == "deep");
  CHECK(sim.node("a")->boundary_id == sim.node("in")->id);
}

TEST_CASE("loops: names, items, lists") {
  Sim sim(with_leaf(R"yaml(
  - name: main
    steps:
    - - {name: each, template: leaf, withItems: [a, "b(c)", 3], arguments: {
parameters:
  [{name : m, value : "{{item}}"}]}}
      - name: maps
        template: leaf
        withParam: '[{"k":"x","n":1},{"k":"y","n":2}]'
        arguments: {parameters: [{name: m, value: "{{item.k}}{{item.n}}"}]}
      - {name: none, template: leaf, withParam: "[]"}
      - {name: range, template: leaf, withSequence: {count: "2", start: "5"}, arguments: {parameters: [{name: m, value: "{{item}}"}]}}
    - - name: sum
        template: leaf
        arguments: {parameters: [{name: m, value: "{{steps.each.outputs.result}} {{steps.maps.outputs.parameters.p}}"}]}
)yaml"));
  sim.rule = [](const SimPod& p) {
    Outcome o = gives("p", p.display_name);
    o.outputs.set("result", "{\"a\": 1}");
    return o;
  };
  REQUIRE(sim.run());
  CHECK(sim.input_of("each(0:a)", "m") == "a");
  CHECK(sim.input_of("each(1:bc)", "m") == "b(c)");
  CHECK(sim.input_of("each(2:3)", "m") == "3");
  CHECK(sim.input_of("maps(1:k:y,n:2)", "m") == "y2");
  CHECK(sim.input_of("range(1:6)", "m") == "6");
  CHECK(sim.message_of("none") == "Skipped, empty params");
  CHECK(sim.input_of("sum", "m") ==
        "[{\"a\":1},{\"a\":1},{\"a\":1}] [\"maps(0:k:x,n:1)\",\"maps(1:k:y,n:2)\"]");
}

TEST_CASE("a loop's result that is no JSON ends the workflow in Error") {
  Sim sim(with_leaf(R"yaml(
  - name: main
    steps:
    - - {name: each, template: leaf, withItems: [a]}
    - - {name: use, template: leaf, arguments: {parameters: [{name: m, value: "{{steps.each.outputs.result}}"}]}}
)yaml"));
  sim.rule = [](const StartPod&) { return prints("hello"); };
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Error");
  CHECK(sim.message().find("error in entry template execution: invalid character 'h'") == 0);
  CHECK_FALSE(sim.node("use"));
}

TEST_CASE("outputs of skipped steps are absent: default, fallback, or a final error") {
  const std::string producer = R"yaml(
  - name: producer
    container: {image: busybox}
    outputs: {parameters: [{name: p, valueFrom: {path: /p}}]}
  - name: taker
    inputs: {parameters: [{name: m, default: mine}]}
    container: {image: busybox}
)yaml";
  Sim sim(with_leaf(R"yaml(
  - name: main
    steps:
    - - {name: gone, template: producer, when: "false"}
    - - {name: takes, template: taker, arguments: {parameters: [{name: m, value: "{{steps.gone.outputs.parameters.p}}"}]}}
      - {name: falls, template: taker, arguments: {parameters: [{name: m, value: "{{=steps.gone.outputs.parameters.p ?? 'back'}}"}]}}
)yaml" + producer));
  REQUIRE(sim.run());
  CHECK(sim.input_of("takes", "m") == "mine");
  CHECK(sim.input_of("falls", "m") == "back");

  Sim bad(with_leaf(R"yaml(
  - name: main
    steps:
    - - {name: gone, template: producer, when: "false"}
    - - {name: mixes, template: taker, arguments: {parameters: [{name: m, value: "x{{steps.gone.outputs.parameters.p}}"}]}}
)yaml" + producer));
  REQUIRE(bad.run());
  CHECK(bad.phase() == "Failed");
  CHECK(bad.message_of("[1]").find("absent optional") != std::string::npos);
}

TEST_CASE("what cannot be resolved fails the group, or the workflow at its entry") {
  Sim sim(with_leaf(R"yaml(
  - name: main
    steps: [[{name: a, template: leaf}, {name: b, template: needs}]]
  - name: needs
    inputs: {parameters: [{name: must}]}
    container: {image: busybox}
)yaml"));
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Failed");
  CHECK(sim.message() ==
        "step group deemed errored due to child wf[0].b error: inputs.parameters.must was not supplied");
  CHECK(sim.phase_of("b") == "Error");

  Sim entry(with_leaf("").replace(with_leaf("").find("entrypoint: main"), 16, "entrypoint: nope"));
  REQUIRE(entry.run());
  CHECK(entry.phase() == "Error");
  CHECK(entry.message() == "error in entry template execution: template nope not found");
}

TEST_CASE("recursion ends at its limit") {
  Sim sim(with_leaf(R"yaml(
  - name: main
    steps: [[{name: again, template: main}]]
)yaml"));
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Failed");
  CHECK(sim.scheduler().node_ids().size() == 199);
}

TEST_CASE("variables of the workflow and of the call") {
  Sim sim(with_leaf(
      R"yaml(
  - name: main
    steps:
    - - name: show
        template: leaf
        arguments:
          parameters: [{name: m, value: "{{workflow.name}} {{workflow.namespace}} {{workflow.parameters.x}} {{workflow.creationTimestamp.Y}} {{workflow.labels.team}} {{workflow.status}}"}]
      - {name: pod, template: own}
  - name: own
    container: {image: busybox, command: [echo, "{{pod.name}} {{node.name}} {{steps.name}}"]}
)yaml",
      "  arguments: {parameters: [{name: x, value: \"{{workflow.name}}!\"}]}\n"
      "  workflowMetadata: {labels: {team: blue}, labelsFrom: {own: {expression: \"workflow.name\"}}}\n"));
  REQUIRE(sim.run());
  CHECK(sim.input_of("show", "m") == "wf default wf! 2023 blue Running");
  CHECK(sim.orders().at("wf[0].pod").tmpl.get("container").get_array("command")[1].as_string() ==
        sim.orders().at("wf[0].pod").pod_name + " wf[0].pod pod");
  CHECK(sim.scheduler().metadata().get("labels").get_string("own") == "wf");
  CHECK(sim.scheduler().metadata().get("labels").get_string("workflows.argoproj.io/phase") == "Succeeded");
  CHECK(sim.scheduler().metadata().get("labels").get_string("workflows.argoproj.io/completed") == "true");
}

TEST_CASE("artifacts are passed by their place") {
  Sim sim(with_leaf(R"yaml(
  - name: main
    steps:
    - - {name: make, template: maker}
    - - name: use
        template: taker
        arguments:
          artifacts:
          - {name: a, from: "{{steps.make.outputs.artifacts.a}}", subPath: "in/{{steps.make.status}}"}
          - {name: b, from: "{{steps.make.outputs.artifacts.nothing}}", optional: true}
    outputs:
      artifacts: [{name: out, fromExpression: "steps.make.outputs.artifacts.a"}]
  - name: maker
    container: {image: busybox}
    outputs: {artifacts: [{name: a, path: /a, globalName: everywhere}]}
  - name: taker
    inputs: {artifacts: [{name: a, path: /in}, {name: b, path: /b, optional: true}]}
    container: {image: busybox}
)yaml"));
  sim.rule = [](const SimPod& p) {
    Outcome o;
    if (p.display_name != "make") return o;
    o.outputs =
        *skiff::spec::parse_json(R"({"artifacts":[{"name":"a","path":"/a","s3":{"key":"wf/make/a.tgz"}}]})");
    return o;
  };
  REQUIRE(sim.run());
  const Json& in = sim.orders().at("wf[1].use").tmpl.get("inputs").get_array("artifacts")[0];
  CHECK(in.get("s3").get_string("key") == "wf/make/a.tgz/in/Succeeded");
  CHECK(in.get_string("path") == "/in");
  CHECK(sim.node("wf")->outputs.get_array("artifacts")[0].get_string("name") == "out");
  CHECK(sim.status().get("outputs").get_array("artifacts")[0].get_string("name") == "everywhere");
}

TEST_CASE("parallelism of the workflow and of a template is never exceeded") {
  const std::string loop = R"yaml(
  - name: main
    steps: [[{name: each, template: leaf, withSequence: {count: "20"}}]]
)yaml";
  Sim all(with_leaf(loop, "  parallelism: 3\n"));
  REQUIRE(all.run());
  CHECK(all.most_pods() == 3);
  CHECK(all.started().size() == 20);
  Sim own(with_leaf(R"yaml(
  - name: main
    parallelism: 2
    steps: [[{name: each, template: leaf, withSequence: {count: "20"}}]]
)yaml"));
  REQUIRE(own.run());
  CHECK(own.most_pods() == 2);
  CHECK(own.phase() == "Succeeded");
  CHECK(has(own.started(), "each(19:19)"));
}

TEST_CASE("failFast of a template lets nothing new begin") {
  Sim sim(with_leaf(R"yaml(
  - name: main
    parallelism: 1
    failFast: true
    steps: [[{name: a, template: leaf}, {name: b, template: leaf}]]
)yaml"));
  sim.rule = [](const StartPod&) { return fails(1); };
  REQUIRE(sim.run());
  CHECK(sim.message() == "template has failed or errored children and failFast enabled");
  CHECK(sim.started() == std::vector<std::string>{"a"});
}

TEST_CASE("a resource template is refused with what to do, unless it makes a workflow") {
  Sim sim(with_leaf(R"yaml(
  - name: main
    steps:
    - - {name: child, template: child}
    - - {name: patch, template: patch, continueOn: {error: true}}
    - - {name: not, template: not}
  - name: patch
    resource: {action: patch, manifest: "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: c}"}
  - name: child
    resource: {action: create, manifest: "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: c-}"}
  - name: not
    resource: {action: create, manifest: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}"}
)yaml"));
  REQUIRE(sim.run());
  CHECK(sim.phase_of("child") == "Succeeded");
  CHECK(sim.phase_of("patch") == "Error");
  CHECK(sim.message_of("patch").find("action `patch` on a Workflow") != std::string::npos);
  CHECK(sim.phase_of("not") == "Error");
  CHECK(sim.message_of("not").find("acts on Kubernetes") != std::string::npos);
}
