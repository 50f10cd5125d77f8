// Events survive the journal, and events and actions print.
#include <doctest/doctest.h>

#include "runner/core/event.h"
#include "runner/core/selector.h"

using namespace skiff::runner;

TEST_CASE("every event reads back as it was written") {
  Json values = Json::object();
  values.set("a", "b");
  const std::vector<Event> events{
      Begin{},
      PodPending{"n", "Pulling image"},
      PodRunning{"n", "10.0.0.1", "host"},
      PodReady{"n", "10.0.0.1"},
      PodProgress{"n", "1/3"},
      ContainerChanged{"n", "c", Phase::failed, "why", 3},
      PodDone{"n", Phase::error, "why", 1, values, true, true},
      TimerFired{},
      LocksGranted{"n"},
      LocksWaiting{"", "Waiting", "ns/Mutex/m"},
      LocksRefused{"n", "no"},
      MemoAnswer{"n", true, values},
      Suspend{},
      Resume{"a=b", values, "m"},
      Stop{"a=b", "m"},
      Terminate{},
      SetNodes{"a=b", "Failed", "m", values},
      RetryWorkflow{true, "a=b", {{"p", "v=w"}}},
  };
  REQUIRE(events.size() == std::variant_size_v<Event>);
  for (const Event& e : events) {
    const Json payload = to_json(e);
    const auto back = event_from(kind_of(e), payload);
    REQUIRE(back);
    CHECK(back->index() == e.index());
    CHECK(to_json(*back) == payload);
    CHECK(to_text(*back) == to_text(e));
  }
  CHECK_FALSE(event_from("Nonsense", Json()));
}

TEST_CASE("actions print with their cause") {
  StartPod start;
  start.node_id = "wf-123";
  start.node_name = "wf[0].hello";
  start.cause = {Cause::Why::group, 0};
  CHECK(to_text(Action(start)) == "StartPod wf[0].hello (wf-123) cause: group [0] started");
  CHECK(to_text(Action(Finish{Phase::failed, "why"})) == "Finish Failed: why");
  CHECK(to_text(Action(SetTimer{})) == "SetTimer none");
}

TEST_CASE("node selectors") {
  skiff::spec::NodeStatus n;
  n.display_name = "a,b";
  n.phase = Phase::running;
  CHECK(NodeSelector("").matches(n));
  CHECK(NodeSelector("phase=Running").matches(n));
  CHECK(NodeSelector("phase==Running,displayName=a\\,b").matches(n));
  CHECK(NodeSelector("phase!=Failed").matches(n));
  CHECK_FALSE(NodeSelector("phase!=Running").matches(n));
  CHECK_FALSE(NodeSelector("nonsense").error().empty());
}
