#include "runner/child.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "runner/jq.h"
#include "runner/object_path.h"

using namespace skiff::runner;
using skiff::spec::parse_json;
using skiff::spec::to_json;

namespace {

Json j(const char* text) {
  auto v = parse_json(text);
  REQUIRE(v);
  return *v;
}

StartPod order(const char* resource) {
  StartPod o;
  o.node_id = "parent-1";
  Json tmpl = Json::object();
  tmpl.set("resource", j(resource));
  o.tmpl = std::move(tmpl);
  return o;
}

RunContext parent() {
  RunContext c;
  c.name = "parent";
  c.namespace_ = "ns";
  c.uid = "u-1";
  return c;
}

const char* const kManifest =
    R"({"action":"create","setOwnerReference":true,"manifest":)"
    R"("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: c-}\nspec: {entrypoint: a}"})";

bool free_name(const std::string&, const std::string&) { return false; }

Json ended(const char* phase) {
  Json object = Json::object();
  object["status"].set("phase", phase);
  return object;
}

}  // namespace

TEST_CASE("a step always makes the same child, and its next run another") {
  const StartPod o = order(kManifest);
  const Json a = child_workflow(o, parent(), free_name, TimePoint());
  const Json b = child_workflow(o, parent(), free_name, TimePoint());
  CHECK(to_json(a) == to_json(b));
  const Json& m = a.get("metadata");
  CHECK(m.get_string("uid") == child_uid("u-1", "parent-1", 0));
  CHECK(m.get_string("uid").size() == 36);
  CHECK(m.get_string("name").starts_with("c-"));
  CHECK(m.get_string("namespace") == "ns");
  CHECK(m.get_array("ownerReferences").at(0).get_string("uid") == "u-1");
  const auto taken = [&](const std::string& ns, const std::string& name) {
    return ns == "ns" && name == m.get_string("name");
  };
  const Json other_name = child_workflow(o, parent(), taken, TimePoint());
  CHECK(other_name.get("metadata").get_string("name") != m.get_string("name"));
  CHECK(other_name.get("metadata").get_string("uid") == m.get_string("uid"));
  CHECK(child_uid("u-1", "parent-1", 1) != child_uid("u-1", "parent-1", 0));
}

TEST_CASE("a manifest that names nothing, or is no workflow, is refused") {
  const char* const kNameless =
      R"({"manifest":"apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec: {entrypoint: a}"})";
  CHECK_THROWS_AS((void)child_workflow(order(kNameless), parent(), free_name, TimePoint()),
                  std::runtime_error);
  const char* const kOther = R"({"manifest":"apiVersion: v1\nkind: Pod\nmetadata: {name: a}"})";
  CHECK_THROWS_AS((void)child_workflow(order(kOther), parent(), free_name, TimePoint()), std::runtime_error);
}

TEST_CASE("one failure requirement is enough, all success requirements are needed") {
  const Conditions c(j(
      R"x({"successCondition":"status.phase == Succeeded, status.progress","failureCondition":"status.phase in (Failed, Error)"})x"));
  CHECK(c.beyond_phase());
  CHECK(c.judge(ended("Running")).verdict == Conditions::Verdict::open);
  CHECK(c.judge(ended("Succeeded")).verdict == Conditions::Verdict::open);
  CHECK(c.judge(j(R"({"status":{"phase":"Succeeded","progress":"1/1"}})")).verdict ==
        Conditions::Verdict::succeeded);
  const auto failed = c.judge(ended("Error"));
  CHECK(failed.verdict == Conditions::Verdict::failed);
  CHECK(failed.message == "failure condition 'status.phase in (Error,Failed)' evaluated true");
  CHECK(Conditions(j("{}")).none());
  CHECK(to_text(skiff::store::parse_label_selector("a == b")[0]) == "a==b");
  CHECK(to_text(skiff::store::parse_label_selector("a in (b)")[0]) == "a in (b)");
  const Conditions counted(
      j(R"({"successCondition":"status.count > 2","failureCondition":"status.count < 0"})"));
  const auto of = [&](const char* status) { return counted.judge(j(status)); };
  CHECK(of(R"({"status":{"count":2}})").verdict == Conditions::Verdict::open);
  CHECK(of(R"({"status":{"count":"many"}})").verdict == Conditions::Verdict::open);
  CHECK(of(R"({"status":{"count":3}})").verdict == Conditions::Verdict::succeeded);
  CHECK(of(R"({"status":{"count":-1}})").message == "failure condition 'status.count<0' evaluated true");
  CHECK_THROWS_AS(Conditions(j(R"({"successCondition":"status.count >= 2"})")), std::runtime_error);
  CHECK_THROWS_AS(Conditions(j(R"({"successCondition":"status.count > two"})")), std::runtime_error);
  CHECK_THROWS_AS(Conditions(j(R"({"successCondition":"status.phase in Succeeded"})")), std::runtime_error);
  // Without a success condition the first look that is no failure ends the step, as on a cluster.
  CHECK(Conditions(j(R"({"failureCondition":"status.phase == Failed"})")).judge(ended("Running")).verdict ==
        Conditions::Verdict::succeeded);
}

TEST_CASE("jsonPath prints what kubectl prints") {
  const Json o =
      j(R"({"kind":"Workflow","metadata":{"name":"w","labels":{"a.b/c":"x"}},"status":{"n":3,"ok":true,
    "outputs":{"parameters":[{"name":"a","value":"1"},{"name":"b","value":"2"}]}}})");
  CHECK(jsonpath_text(o, "{.metadata.name}") == "w");
  CHECK(jsonpath_text(o, "{$.status.n}/{.status.ok}") == "3/true");
  CHECK(jsonpath_text(o, "name={.metadata.name}") == "name=w");
  CHECK(jsonpath_text(o, ".metadata.name") == ".metadata.name");
  CHECK(jsonpath_text(o, "{.metadata.labels.a\\.b/c}") == "x");
  CHECK(jsonpath_text(o, "{.metadata.labels['a.b/c']}") == "x");
  CHECK(jsonpath_text(o, "{.status.outputs.parameters[*].value}") == "1 2");
  CHECK(jsonpath_text(o, "{.status.outputs.parameters[-1].value}") == "2");
  CHECK(jsonpath_text(o, "{.status.outputs.parameters[0:1].name}") == "a");
  CHECK(jsonpath_text(o, R"x({.status.outputs.parameters[?(@.name=="b")].value})x") == "2");
  CHECK(jsonpath_text(o, R"x({range .status.outputs.parameters[*]}{.name}={.value}{"\n"}{end})x") ==
        "a=1\nb=2\n");
  CHECK(jsonpath_text(o, "{..value}") == "1 2");
  CHECK(jsonpath_text(o, "{.status.nothing.here}").empty());
  CHECK(jsonpath_text(o, "{.status.outputs.parameters[0]}") == R"({"name":"a","value":"1"})");
  for (const char* bad : {"{.a", "{.a[}", "{range .a}", "{end}", "{.a[?(@.b}"}) {
    CHECK_THROWS_AS((void)jsonpath_text(o, bad), PathError);
  }
}

TEST_CASE("jqFilter knows the part of jq that outputs are written in") {
  const Json o =
      j(R"({"metadata":{"name":"w"},"l":[1,2,3],"p":[{"name":"a","value":"x"},{"name":"b","value":"y"}]})");
  CHECK(jq_text(o, ".metadata.name") == "w");
  CHECK(jq_text(o, ".metadata[\"name\"]") == "w");
  CHECK(jq_text(o, R"x(.p[] | select(.name == "b") | .value)x") == "y");
  CHECK(jq_text(o, ".p[].value") == "x\ny");
  CHECK(jq_text(o, ".l[-1], (.l | length)") == "3\n3");
  CHECK(jq_text(o, "[.p[] | .name] | join(\"-\")") == "a-b");
  CHECK(jq_text(o, "{z: .l[0], name: .metadata.name}") == R"({"name":"w","z":1})");
  CHECK(jq_text(o, ".none // \"d\"") == "d");
  CHECK(jq_text(o, ".none") == "null");
  CHECK(jq_text(o, ".l | add") == "6");
  CHECK(jq_text(o, "(.metadata.name + \"!\")") == "w!");
  CHECK(jq_text(o, ".metadata.name[]?").empty());
  CHECK(jq_text(o, ".l | map(select(. >= 2))") == "[2,3]");
  for (const char* bad : {".a |", "frobnicate", ".l[", ".metadata.name[]", "{a:}"}) {
    CHECK_THROWS_AS((void)jq_text(o, bad), PathError);
  }
}

TEST_CASE("outputs keep their definition and get their value") {
  const Json tmpl = j(R"({"outputs":{"parameters":[{"name":"p","valueFrom":{"jsonPath":"{.status.phase}"}},
    {"name":"q","valueFrom":{"jqFilter":".status.phase"}},{"name":"given","value":"v"}]}})");
  CHECK(to_json(child_outputs(tmpl, ended("Succeeded"))) ==
        R"({"parameters":[{"name":"p","valueFrom":{"jsonPath":"{.status.phase}"},"value":"Succeeded"},)"
        R"({"name":"q","valueFrom":{"jqFilter":".status.phase"},"value":"Succeeded"}]})");
}
