#include "runner/http_message.h"

#include <doctest/doctest.h>

#include "runner/reader.h"
#include "tests/store/temp_home.h"

using namespace skiff::runner;
using skiff::spec::Json;
using skiff::spec::parse_json;
using skiff::spec::to_json;

TEST_CASE("targets are split and decoded") {
  HttpRequest r;
  REQUIRE(parse_target("/api/v1/workflows/a%2Fb?x=1%202&y&z=a+b", r));
  CHECK(r.path == std::vector<std::string>{"api", "v1", "workflows", "a/b"});
  CHECK(r.param("x") == "1 2");
  CHECK(r.param("y", "absent").empty());
  CHECK(r.param("z") == "a b");
  CHECK(r.param("w", "absent") == "absent");
}

TEST_CASE("broken targets are refused") {
  for (const char* bad : {"", "x", "/a%2", "/a%zz", "/a?b=%"}) {
    HttpRequest r;
    CHECK_MESSAGE(!parse_target(bad, r), bad);
  }
}

TEST_CASE("errors have the shape of gRPC's gateway") {
  CHECK(error_reply(404, "no").body == R"({"code":5,"message":"no"})");
  CHECK(error_reply(409, "no").body == R"({"code":6,"message":"no"})");
}

TEST_CASE("fields keep or drop, through lists") {
  const auto j =
      parse_json(R"({"metadata":{"a":1},"items":[{"spec":{"x":1},"status":{"nodes":{},"phase":"p"}}]})");
  REQUIRE(j);
  CHECK(to_json(select_fields(*j, "items.status.phase,metadata")) ==
        R"({"metadata":{"a":1},"items":[{"status":{"phase":"p"}}]})");
  CHECK(to_json(select_fields(*j, "-items.status.nodes,items.spec")) ==
        R"({"metadata":{"a":1},"items":[{"status":{"phase":"p"}}]})");
}

TEST_CASE("the text of a workflow is its object's, with nodes and without") {
  const skiff::store::testing::TempHome home;
  const auto journal = skiff::store::Journal::open(home.home);
  skiff::store::WorkflowRow row;
  row.uid = "u";
  row.ns = "default";
  row.name = "w";
  row.phase = "Running";
  row.summary = R"({"status":{"startedAt":"2024-01-01T00:00:00Z"}})";
  skiff::store::Batch batch;
  batch.create_workflow(row, R"({"metadata":{"name":"w"},"status":{"old":1},"spec":{}})");
  journal->commit(batch);
  const auto both = [&] {
    const auto there = journal->by_uid("u").value();
    const auto text = parse_json(workflow_text(*journal, there));
    REQUIRE(text);
    CHECK(text->get("status") == workflow_object(*journal, there, true).get("status"));
    CHECK(text->get("metadata").get_string("name") == "w");
    return text->get("status").get("nodes").size();
  };
  CHECK(both() == 0);
  skiff::store::Batch nodes;
  nodes.put_node({"u", "w", R"({"id":"w","phase":"Running"})", 0});
  nodes.put_node({"u", "w-1", R"({"id":"w-1","displayName":"\"}"})", 0});
  journal->commit(nodes);
  CHECK(both() == 2);
}
