#include "runner/retention.h"

#include <doctest/doctest.h>

using namespace skiff::runner;
using skiff::spec::NodeStatus;
using skiff::spec::parse_json;
using skiff::spec::Phase;
using skiff::spec::TimePoint;
using std::chrono::seconds;

namespace {

Json j(const char* text) {
  auto v = parse_json(text);
  REQUIRE(v);
  return *v;
}

NodeStatus node(const char* artifacts) {
  NodeStatus n;
  n.outputs = Json::object();
  n.outputs.set("artifacts", j(artifacts));
  return n;
}

RunContext run() {
  RunContext c;
  c.name = "wf";
  c.namespace_ = "ns";
  return c;
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("a ttl counts from the end, the phase's own before the general one") {
  const Json all =
      j(R"({"ttlStrategy":{"secondsAfterCompletion":1,"secondsAfterSuccess":2,"secondsAfterFailure":3}})");
  const TimePoint end{seconds(100)};
  CHECK(expiry_of(all, Phase::succeeded, end) == end + seconds(2));
  CHECK(expiry_of(all, Phase::failed, end) == end + seconds(3));
  CHECK(expiry_of(all, Phase::error, end) == end + seconds(1));
  const Json one = j(R"({"ttlStrategy":{"secondsAfterSuccess":0}})");
  CHECK(expiry_of(one, Phase::succeeded, end) == end);
  CHECK_FALSE(expiry_of(one, Phase::failed, end));
  CHECK_FALSE(expiry_of(j("{}"), Phase::succeeded, end));
}

TEST_CASE("an artifact's own strategy goes before the workflow's") {
  const NodeStatus n = node(R"([
    {"name":"a","s3":{"key":"wf/p/a.tgz"}},
    {"name":"b","s3":{"key":"wf/p/b.tgz"},"artifactGC":{"strategy":"OnWorkflowCompletion"}},
    {"name":"c","s3":{"key":"wf/p/c.tgz"},"artifactGC":{"strategy":"Never"}},
    {"name":"d","gcs":{"bucket":"g","key":"d"}},
    {"name":"e","http":{"url":"http://x"}}])");
  const ArtifactFates plain = fates_of(j("{}"), {n}, run());
  CHECK(plain.on_completion == Keys{"ns/wf/p/b.tgz"});
  CHECK(plain.on_deletion == Keys{"ns/wf/p/a.tgz", "ns/wf/p/b.tgz"});
  CHECK(plain.some_stay);
  const ArtifactFates all = fates_of(j(R"({"artifactGC":{"strategy":"OnWorkflowDeletion"}})"), {n, n}, run());
  CHECK(all.on_deletion == Keys{"ns/wf/p/a.tgz", "ns/wf/p/b.tgz", ".buckets/gcs/g/d"});
  const ArtifactFates none = fates_of(j(R"({"artifactGC":{"strategy":"Never"}})"), {}, run());
  CHECK(none.some_stay);
}

TEST_CASE("what came out of a memo belongs to another workflow") {
  NodeStatus n =
      node(R"([{"name":"a","s3":{"key":"wf/p/a.tgz"},"artifactGC":{"strategy":"OnWorkflowDeletion"}}])");
  n.memoization.emplace();
  n.memoization->hit = true;
  CHECK(fates_of(j("{}"), {n}, run()).on_deletion.empty());
}
