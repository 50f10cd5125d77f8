#include "spec/json.h"

#include <doctest/doctest.h>

using skiff::spec::Json;
using skiff::spec::JsonError;
using skiff::spec::parse_json;
using skiff::spec::to_json;

TEST_CASE("numbers keep their literal") {
  const auto j = parse_json(R"({"a":1.0,"b":12345678901234567890,"c":1e3})");
  REQUIRE(j);
  CHECK(to_json(*j) == R"({"a":1.0,"b":12345678901234567890,"c":1e3})");
  CHECK(j->get("c").as_int64() == 1000);
  CHECK_FALSE(j->get("b").as_int64());
}

TEST_CASE("the last of duplicate keys wins, as in Go") {
  const auto j = parse_json(R"({"a":1,"b":2,"a":3})");
  REQUIRE(j);
  CHECK(j->size() == 2);
  CHECK(j->get_int("a") == 3);
}

TEST_CASE("an error carries its offset") {
  JsonError e;
  CHECK_FALSE(parse_json("[1,]", &e));
  CHECK(e.offset == 3);
}

TEST_CASE("a zero byte ends nothing") {
  JsonError e;
  CHECK_FALSE(parse_json(std::string_view("[1]\0]", 5), &e));
  CHECK(e.offset == 3);
  CHECK_FALSE(parse_json(std::string_view("1\0", 2)));
  CHECK_FALSE(parse_json(std::string_view("\0", 1)));
}

TEST_CASE("doubles print as Go's encoding/json prints them") {
  CHECK(to_json(Json(1e6)) == "1000000");
  CHECK(to_json(Json(1e21)) == "1e+21");
  CHECK(to_json(Json(1e-7)) == "1e-7");
  CHECK(to_json(Json(0.1)) == "0.1");
}
