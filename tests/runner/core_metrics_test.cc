// Metrics of templates and workflows: when they are emitted, with which values, and what goes wrong.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "runner/core/metric_set.h"
#include "spec/names.h"
#include "tests/runner/sim.h"

using namespace skiff::runner;
using namespace skiff::runner::test;
using namespace std::chrono_literals;

namespace {

/// A template of one container with these metrics.
std::string leaf(const std::string& name, const std::string& metrics, const std::string& more = "") {
  return fmt::format("  - name: {}\n{}    container: {{image: i}}\n    metrics: {{prometheus: [{}]}}\n", name,
                     more, metrics);
}

std::string counter(const std::string& name, const std::string& more = "", const std::string& value = "1") {
  return fmt::format("{{name: {}, help: H, counter: {{value: \"{}\"}}{}}}", name, value, more);
}

std::string text_of(Sim& sim) { return sim.scheduler().metrics_text(sim.now()); }

/// The lines that are no comments.
std::string samples(Sim& sim) {
  std::string out;
  std::string rest = text_of(sim);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n') + 1;
    if (rest[0] != '#') out += rest.substr(0, end);
    rest.erase(0, end);
  }
  return out;
}

std::string metrics_error(Sim& sim) {
  const Json status = sim.status();
  for (const Json& c : status.get_array("conditions")) {
    if (c.get_string("type") == "MetricsError") return c.get_string("message");
  }
  return "";
}

Json metric(const std::string& json) { return *skiff::spec::parse_json(json); }

}  // namespace

TEST_CASE("a template's metrics are emitted once, at its end") {
  Sim sim(workflow("  templates:\n" +
                   leaf("main",
                        "{name: took, help: \"how long\", labels: [{key: phase, value: \"{{status}}\"}, "
                        "{key: code, value: \"{{exitCode}}\"}], gauge: {value: \"{{duration}}\"}}")));
  sim.rule = [](const StartPod&) { return fails(3); };
  REQUIRE(sim.run());
  CHECK(text_of(sim) ==
        "# HELP argo_workflows_took how long\n"
        "# TYPE argo_workflows_took gauge\n"
        "argo_workflows_took{code=\"3\",phase=\"Failed\"} 1\n");
  CHECK(metrics_error(sim).empty());
}

TEST_CASE("a metric sees inputs, outputs, globals, and `when`") {
  const std::string metrics =
      "{name: given, help: H, labels: [{key: in, value: \"{{inputs.parameters.n}}\"}, {key: wf, value: "
      "\"{{workflow.name}}\"}], gauge: {value: \"{{outputs.parameters.score}}\"}}, " +
      counter("again", ", when: \"{{status}} == Succeeded\"") + ", " +
      counter("never", ", when: \"{{status}} == Failed\"") + ", " +
      counter("doubled", "", "{{=asFloat(outputs.parameters.score) * 2}}");
  Sim sim(
      workflow("  templates:\n  - name: main\n    steps:\n    - - {name: a, template: leaf, arguments: "
               "{parameters: [{name: n, value: x}]}}\n" +
               leaf("leaf", metrics, "    inputs: {parameters: [{name: n}]}\n")));
  sim.rule = [](const StartPod&) { return gives("score", "2.5"); };
  REQUIRE(sim.run());
  CHECK(samples(sim) ==
        "argo_workflows_again 1\n"
        "argo_workflows_doubled 5\n"
        "argo_workflows_given{in=\"x\",wf=\"wf\"} 2.5\n");
  CHECK(metrics_error(sim).empty());
}

TEST_CASE("loops add up, groups and skipped steps have none") {
  Sim sim(
      workflow("  templates:\n  - name: main\n    metrics: {prometheus: [" + counter("mains") +
               "]}\n    steps:\n    - - {name: a, template: leaf, withItems: [1, 2, 3]}\n      - {name: b, "
               "template: leaf, when: \"1 == 2\"}\n" +
               leaf("leaf", counter("leaves"))));
  REQUIRE(sim.run());
  CHECK(samples(sim) == "argo_workflows_leaves 3\nargo_workflows_mains 1\n");
}

TEST_CASE("a try that is tried again counts, the last one as its Retry node") {
  const std::string metrics =
      counter("tries", ", labels: [{key: phase, value: \"{{status}}\"}]") + ", " +
      "{name: retries, help: H, when: \"{{status}} == Succeeded\", gauge: {value: \"{{retries}}\"}}";
  Sim sim(workflow("  templates:\n" + leaf("main", metrics, "    retryStrategy: {limit: 5}\n")));
  sim.rule = [](const SimPod& p) { return p.display_name == "wf(2)" ? succeeds() : fails(1); };
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Succeeded");
  CHECK(samples(sim) ==
        "argo_workflows_retries 2\n"
        "argo_workflows_tries{phase=\"Failed\"} 2\n"
        "argo_workflows_tries{phase=\"Succeeded\"} 1\n");
  // Tries have no `retries` of their own.
  CHECK(metrics_error(sim).starts_with("unable to substitute parameters for metric 'retries': "));
}

TEST_CASE("the workflow's own metrics come at its end; realtime gauges follow the clock") {
  const std::string metrics =
      "  metrics: {prometheus: [{name: result, help: H, labels: [{key: s, value: \"{{workflow.status}}\"}], "
      "counter: {value: \"1\"}}, {name: age, help: H, gauge: {realtime: true, value: "
      "\"{{workflow.duration}}\"}}]}\n";
  Sim sim(workflow(metrics + "  templates:\n" +
                   leaf("main", "{name: mine, help: H, gauge: {realtime: true, value: \"{{duration}}\"}}")));
  sim.rule = [](const StartPod&) {
    Outcome o = succeeds();
    o.takes = 5s;
    return o;
  };
  sim.post(Begin{});
  CHECK(text_of(sim).find("argo_workflows_age 0\n") != std::string::npos);
  CHECK(sim.scheduler().metrics_text(sim.now() + 3s).find("argo_workflows_mine 3\n") != std::string::npos);
  REQUIRE(sim.run());
  CHECK(sim.scheduler().metrics_text(sim.now() + 100s).find("argo_workflows_mine 5\n") != std::string::npos);
  CHECK(text_of(sim).find("argo_workflows_result{s=\"Succeeded\"} 1\n") != std::string::npos);
}

TEST_CASE("resourcesDuration is what the pod asked for, times its whole seconds") {
  Sim sim(workflow(
      "  templates:\n  - name: main\n    container: {image: i, resources: {requests: {cpu: 2, memory: "
      "200Mi}}}\n    metrics: {prometheus: [" +
      counter("cpu", "", "{{resourcesDuration.cpu}}") + ", " +
      counter("mem", "", "{{resourcesDuration.memory}}") + "]}\n"));
  sim.rule = [](const StartPod&) {
    Outcome o = succeeds();
    o.takes = 3500ms;
    return o;
  };
  REQUIRE(sim.run());
  CHECK(samples(sim) == "argo_workflows_cpu 6\nargo_workflows_mem 6\n");
}

TEST_CASE("what is wrong with a metric is a condition, and fails nothing") {
  const std::string metrics = counter("a", "", "{{outputs.result}}") + ", " + counter("b", "", "many") +
                              ", " + counter("c", ", when: \"a ==\"") +
                              ", {name: d, counter: {value: \"1\"}}, " +
                              "{name: e, help: H, gauge: {realtime: true, value: \"5\"}}, {name: f, help: H}";
  Sim sim(workflow(
      "  templates:\n  - name: main\n    steps:\n    - - {name: a, template: leaf, withItems: [1, 2]}\n" +
      leaf("leaf", metrics)));
  REQUIRE(sim.run());
  CHECK(sim.phase() == "Succeeded");
  CHECK(samples(sim).empty());
  const std::string said = metrics_error(sim);
  CHECK(said.find("for metric 'a': failed to resolve {{outputs.result}}") != std::string::npos);
  CHECK(said.find("could not construct metric 'b': strconv.ParseFloat: parsing \"many\": invalid syntax") !=
        std::string::npos);
  CHECK(said.find("unable to compute 'when' clause for metric 'c': ") != std::string::npos);
  CHECK(said.find("metric 'd' must contain a help string under 'help: ' field") != std::string::npos);
  CHECK(said.find("real time metrics can only be used with metric variables") != std::string::npos);
  CHECK(said.find("could not construct metric 'f': invalid metric spec") != std::string::npos);
  CHECK(said.find("'b'") == said.rfind("'b'"));
}

TEST_CASE("what is known at the end is known to a template's metrics") {
  Sim sim(workflow(
      "  templates:\n  - name: main\n    metrics: {prometheus: [{name: at, help: H, gauge: {value: "
      "\"{{workflow.duration}}\"}, labels: [{key: node, value: \"{{node.name}}\"}]}]}\n    steps:\n    - - "
      "{name: a, template: leaf, arguments: {parameters: [{name: n, value: \"{{status}}\"}]}}\n" +
      leaf("leaf",
           "{name: who, help: H, labels: [{key: step, value: \"{{steps.name}}\"}, {key: pod, value: "
           "\"{{pod.name}}\"}, {key: in, value: \"{{inputs.parameters.n}}\"}], gauge: {value: \"1\"}}",
           "    inputs: {parameters: [{name: n}]}\n")));
  REQUIRE(sim.run());
  CHECK(samples(sim) ==
        "argo_workflows_at{node=\"wf\"} 1\n"
        "argo_workflows_who{in=\"Succeeded\",pod=\"" +
            skiff::spec::pod_name("wf", "wf[0].a", "leaf") + "\",step=\"a\"} 1\n");
}

TEST_CASE("exit handlers, hooks and suspension are measured as any other node") {
  Sim sim(workflow(
      "  onExit: bye\n  hooks: {running: {expression: 'workflow.status == \"Running\"', template: hook}}\n"
      "  templates:\n  - name: main\n    suspend: {duration: \"5\"}\n    metrics: {prometheus: [{name: "
      "waited, "
      "help: H, gauge: {value: \"{{duration}}\"}}]}\n" +
      leaf("bye", counter("byes", ", labels: [{key: s, value: \"{{workflow.status}}\"}]")) +
      leaf("hook", counter("hooks"))));
  REQUIRE(sim.run());
  CHECK(samples(sim) ==
        "argo_workflows_byes{s=\"Succeeded\"} 1\nargo_workflows_hooks 1\nargo_workflows_waited 5\n");
}

TEST_CASE("what never ran is not measured") {
  const std::string memo = "    memoize: {key: k, cache: {configMap: {name: c}}}\n";
  const std::string two =
      "    steps:\n    - - {name: a, template: leaf}\n    - - {name: b, template: leaf}\n";
  const std::string realtime =
      ", {name: live, help: H, labels: [{key: node, value: \"{{node.name}}\"}], gauge: "
      "{realtime: true, value: \"{{duration}}\"}}";
  Sim sim(workflow("  templates:\n  - name: main\n" + two + leaf("leaf", counter("runs") + realtime, memo)));
  REQUIRE(sim.run());
  CHECK(sim.node("b")->memoization->hit);
  CHECK(samples(sim) == "argo_workflows_live{node=\"wf[0].a\"} 1\nargo_workflows_runs 1\n");
}

TEST_CASE("the workflow's own resourcesDuration is that of its entry's pod") {
  Sim sim(workflow(
      "  metrics: {prometheus: [" + counter("cpu", "", "{{resourcesDuration.cpu}}") +
      "]}\n  templates:\n  - name: main\n    container: {image: i, resources: {requests: {cpu: 4}}}\n"));
  REQUIRE(sim.run());
  CHECK(samples(sim) == "argo_workflows_cpu 4\n");
}

TEST_CASE("a replay of the events gives the same metrics") {
  Sim sim(workflow(
      "  templates:\n  - name: main\n    steps:\n    - - {name: a, template: leaf, withItems: [1, 2]}\n" +
      leaf("leaf", counter("n") + ", {name: t, help: H, histogram: {buckets: [0.5, 2], value: "
                                  "\"{{duration}}\"}}")));
  sim.keep_events = true;
  REQUIRE(sim.run());
  Scheduler again(sim.input());
  for (const auto& [event, at] : sim.events()) (void)again.on(event, at);
  CHECK(again.metrics_text(sim.now()) == text_of(sim));
  CHECK(samples(sim) ==
        "argo_workflows_n 2\n"
        "argo_workflows_t_bucket{le=\"0.5\"} 0\n"
        "argo_workflows_t_bucket{le=\"2\"} 2\n"
        "argo_workflows_t_bucket{le=\"+Inf\"} 2\n"
        "argo_workflows_t_sum 2\n"
        "argo_workflows_t_count 2\n");
}

TEST_CASE("gauges are set, added to and subtracted from; labels and help are escaped") {
  MetricSet set;
  const auto gauge = [&](const char* operation, const char* value) {
    return set.add(metric(fmt::format(
        R"({{"name":"g","help":"a\\b\nc","labels":[{{"key":"k","value":"\"\\\n"}}],"gauge":{{"value":"{}","operation":"{}"}}}})",
        value, operation)));
  };
  CHECK(set.text({}).empty());
  CHECK(gauge("Set", "10").empty());
  CHECK(gauge("Add", "1e6").empty());
  CHECK(gauge("Sub", "0.5").empty());
  CHECK(set.text({}) ==
        "# HELP argo_workflows_g a\\\\b\\nc\n# TYPE argo_workflows_g gauge\n"
        "argo_workflows_g{k=\"\\\"\\\\\\n\"} 1.0000095e+06\n");
  CHECK(set.add(metric(R"({"name":"g","help":"other","gauge":{"value":"1"}})")) ==
        "help for metric g is already set to a\\b\nc, it cannot be changed");
  CHECK(set.add(metric(R"({"name":"g","help":"a\\b\nc","counter":{"value":"1"}})")) ==
        "found existing gauge for custom metric g of type Counter");
  CHECK(
      set
          .add(metric(
              R"({"name":"h","help":"h","labels":[{"key":"a-b","value":"1"},{"key":"2","value":"2"}],"histogram":{"value":"7"}})"))
          .empty());
  CHECK(set.text({}).find("argo_workflows_h_bucket{a_b=\"1\",key_2=\"2\",le=\"10\"} 1\n") !=
        std::string::npos);
  CHECK(set.add(metric(R"({"name":"u","help":"h","histogram":{"value":"7","buckets":[2,1]}})")) ==
        "the buckets of a histogram must ascend");
  CHECK(set.add(metric(R"({"name":"g-1","help":"h","counter":{"value":"1"}})"))
            .starts_with("metric name is invalid"));
}
