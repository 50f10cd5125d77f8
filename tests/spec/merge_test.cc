#include "spec/merge.h"

#include <doctest/doctest.h>

using skiff::spec::join_specs;
using skiff::spec::Json;
using skiff::spec::parse_json;
using skiff::spec::strategic_merge;

namespace {
Json j(const char* text) {
  auto v = parse_json(text);
  REQUIRE(v);
  return *v;
}
}  // namespace

TEST_CASE("lists with a merge key merge by element, others are replaced") {
  const Json out =
      strategic_merge(j(R"({"env":[{"name":"a","value":"1"},{"name":"b","value":"2"}],"args":["x"]})"),
                      j(R"({"env":[{"name":"b","value":"3"},{"name":"c"}],"args":["y"]})"));
  CHECK(out == j(R"({"env":[{"name":"a","value":"1"},{"name":"b","value":"3"},{"name":"c"}],"args":["y"]})"));
}

TEST_CASE("what the patch adds comes before what it does not name, in the patch's order") {
  const auto names = [](const char* base, const char* patch) {
    const Json out = strategic_merge(j(base), j(patch));
    std::string text;
    for (const Json& e : out.get_array("env")) text += e.get_string("name");
    return text;
  };
  CHECK(names(R"({"env":[{"name":"a"}]})", R"({"env":[{"name":"b"}]})") == "ba");
  CHECK(names(R"({"env":[{"name":"a"},{"name":"b"}]})", R"({"env":[{"name":"b"},{"name":"a"}]})") == "ba");
  CHECK(names(R"({"env":[{"name":"a"},{"name":"b"},{"name":"c"}]})",
              R"({"env":[{"name":"x"},{"name":"b"}]})") == "xabc");
  CHECK(names(R"({"env":[{"name":"a"}]})", R"({"env":[{"name":"b"},{"name":"b","value":"2"}]})") == "ba");
}

TEST_CASE("null and $patch delete") {
  const Json out = strategic_merge(j(R"({"a":1,"env":[{"name":"a"},{"name":"b"}]})"),
                                   j(R"({"a":null,"env":[{"name":"a","$patch":"delete"}]})"));
  CHECK(out == j(R"({"env":[{"name":"b"}]})"));
}

TEST_CASE("the workflow's spec wins over its template's, a parameter comes from one place") {
  const Json out = join_specs(
      j(R"({"workflowTemplateRef":{"name":"t"},"arguments":{"parameters":[{"name":"p","value":"mine"}]}})"),
      j(R"({"entrypoint":"main","suspend":true,"arguments":{"parameters":[
            {"name":"p","valueFrom":{"configMapKeyRef":{"name":"c","key":"k"}}},{"name":"q","value":"2"}]},
            "hooks":{"exit":{"template":"bye"}}})"));
  CHECK(out.get("entrypoint").as_string() == "main");
  CHECK(out.find("suspend") == nullptr);
  CHECK(out.get("arguments").get("parameters") ==
        j(R"([{"name":"p","value":"mine"},{"name":"q","value":"2"}])"));
  CHECK(out.get("hooks") == j(R"({"exit":{"template":"bye"}})"));
}
