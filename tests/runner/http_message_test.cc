#include "runner/http_message.h"

#include <doctest/doctest.h>

#include "runner/reader.h"

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
