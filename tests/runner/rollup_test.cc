// What is summed up over the nodes of a workflow when somebody asks.
#include "runner/rollup.h"

#include <doctest/doctest.h>

using namespace skiff::runner;
using skiff::spec::Json;

namespace {

Json j(std::string_view text) { return skiff::spec::parse_json(text).value(); }

const char* const kObject = R"({"metadata":{"name":"wf"},"spec":{"templates":[
  {"name":"big","container":{"resources":{"requests":{"cpu":"2","memory":"200Mi"},"limits":{"nvidia.com/gpu":1}}}},
  {"name":"main","steps":[]}]}})";

/// Two steps after each other: each group leads to a pod, the first pod to the second group.
void add_steps(Rollup& rollup) {
  rollup.add("wf", R"({"id":"wf","name":"wf","type":"Steps","phase":"Running","children":["g0"]})");
  rollup.add("g0",
             R"({"id":"g0","name":"wf[0]","type":"StepGroup","phase":"Succeeded","children":["a","b"]})");
  rollup.add("a",
             R"({"id":"a","name":"wf[0].a","type":"Pod","templateName":"big","phase":"Succeeded",)"
             R"("startedAt":"2026-01-01T00:00:00Z","finishedAt":"2026-01-01T00:00:10Z","progress":"1/1",)"
             R"("inputs":{"parameters":[{"name":"x","value":"\"type\":\"Steps\", {]"}]},"children":["g1"]})");
  rollup.add("b",
             R"({"id":"b","name":"wf[0].b","type":"Pod","templateName":"elsewhere","phase":"Succeeded",)"
             R"("startedAt":"2026-01-01T00:00:00Z","finishedAt":"2026-01-01T00:00:20Z","progress":"2/2",)"
             R"("children":["g1"]})");
  rollup.add("g1", R"({"id":"g1","name":"wf[1]","type":"StepGroup","phase":"Running","children":["c"]})");
  rollup.add("c", R"({"id":"c","name":"wf[1].c","type":"Pod","phase":"Running","progress":"0/4",)"
                  R"("startedAt":"2026-01-01T00:00:20Z"})");
}

}  // namespace

TEST_CASE("a node that only holds others has the progress of all that it leads to, each counted once") {
  const Baseline none;
  Rollup rollup(j(kObject), none);
  add_steps(rollup);
  CHECK(rollup.members(0) == R"(,"progress":"3/7")");
  CHECK(rollup.members(4) == R"(,"progress":"0/4")");
  CHECK(rollup.members(5).empty());
}

TEST_CASE("resources are what pods asked for, or 100m and 100Mi, for as long as they ran") {
  const Baseline none;
  Rollup rollup(j(kObject), none);
  add_steps(rollup);
  CHECK(rollup.members(2) == R"(,"resourcesDuration":{"cpu":20,"memory":20,"nvidia.com/gpu":10})");
  CHECK(rollup.members(3) == R"(,"resourcesDuration":{"cpu":2,"memory":20})");
  CHECK(rollup.members(1).find(R"("resourcesDuration":{"cpu":22,"memory":40,"nvidia.com/gpu":10})") !=
        std::string::npos);
  CHECK(to_json(rollup.workflow_resources()) == j(R"({"cpu":22,"memory":40,"nvidia.com/gpu":10})"));
}

TEST_CASE("an estimate is what the node of that name took the last time") {
  const Baseline last{30, {{"", 30}, {"[0].a", 9}}};
  Rollup rollup(j(kObject), last);
  add_steps(rollup);
  CHECK(rollup.members(0) == R"(,"progress":"3/7","estimatedDuration":30)");
  CHECK(rollup.members(2).ends_with(R"(,"estimatedDuration":9)"));
  CHECK(rollup.members(5).empty());
}
