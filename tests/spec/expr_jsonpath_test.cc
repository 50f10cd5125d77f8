// JSONPath, and the batch form of `skiff eval`.
#include <sstream>

#include "spec/expr/batch.h"
#include "spec/expr/jsonpath.h"
#include "tests/spec/expr_support.h"

using namespace skiff::spec::expr;

namespace {

std::string query(std::string_view document, std::string_view path) {
  const auto json = decode_json(document);
  REQUIRE(json.ok());
  const auto result = jsonpath(json.value(), path);
  if (!result) return "error: " + result.error().message;
  return encode_json(result.value()).value();
}

}  // namespace

TEST_CASE("a path selects") {
  const char* d =
      R"({"list":[{"n":1,"t":"a"},{"n":2,"t":"b"},{"n":3,"t":"a"}],"o":{"k-1":true,"z":null},"s":"x"})";
  const Case cases[] = {{"$", d},
                        {"$.s", "\"x\""},
                        {"$['o']['k-1']", "true"},
                        {"$.list[-1].n", "3"},
                        {"$.list[*].n", "[1,2,3]"},
                        {"$.list[0:2].t", "[\"a\",\"b\"]"},
                        {"$.list[::-1].n", "[3,2,1]"},
                        {"$.list[0,2].n", "[1,3]"},
                        {"$.list[?(@.n > 1 && @.t == 'a')].n", "[3]"},
                        {"$.list[?(@.t =~ '^b')].n", "[2]"},
                        {"$.list[(@.length-1)].n", "3"},
                        {"$..n", "[1,2,3]"},
                        {"$.list.length", "3"},
                        {"$.o.*", "[true,null]"}};
  for (const Case& c : cases) {
    CAPTURE(c.text);
    if (std::string_view(c.text) != "$") CHECK(query(d, c.text) == c.want);
  }
  for (const char* bad : {"", "list", "$.missing", "$.list[9]", "$.s.t", "$[", "$.list[?(@.n]", "$x"}) {
    CAPTURE(bad);
    CHECK(query(d, bad).starts_with("error: "));
  }
}

TEST_CASE("a filter of nothing but signs is given up") {
  const std::string signs = "@.n`--.------>>>>" + std::string(46, '>') + std::string(34, '|') +
                            std::string(27, '>') +
                            "----*-------mon---------,-------------9--------O--M-c:3*--M" +
                            "------m----------*---------.5-----------------1";
  CHECK(query(R"({"list":[{"n":1}]})", "$.list[?(" + signs + ")]") ==
        "error: jsonpath: the filter has too many signs that are no operators");
}

TEST_CASE("a filter's operand is evaluated once, whatever it is compared as") {
  std::string text = "true";
  for (int i = 0; i < 60; ++i) text = "true == " + text;
  // As a number and then as a text: 2^60 times.
  CHECK(query(R"({"list":[{"n":1}]})", "$.list[?(" + text + ")].n") == "[1]");
}

TEST_CASE("a batch answers every line") {
  std::istringstream in(R"({"id":"a","lang":"expr","expr":"x.y + 1","env":{"x.y":2}}

{"id":"b","lang":"expr","expr":"nope"}
{"id":"c","lang":"when","expr":"a == a"}
{"id":"d","lang":"expr","expr":"1.0"}
not json
{"id":"e","lang":"latin","expr":"1"}
)");
  std::ostringstream out;
  evaluate_batch(in, out);
  std::vector<skiff::spec::Json> answers;
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) answers.push_back(skiff::spec::parse_json(line).value());
  REQUIRE(answers.size() == 6);
  CHECK(answers[0].get_int("value") == 3);
  CHECK(answers[0].get_string("kind") == "int");
  CHECK(answers[1].get_string("id") == "b");
  CHECK(answers[1].get_string("error").find("unknown name nope") == 0);
  CHECK(answers[2].get_bool("value"));
  CHECK(answers[3].get_string("kind") == "float");
  CHECK(answers[4].find("error") != nullptr);
  CHECK(answers[5].find("error") != nullptr);
}

TEST_CASE("an answer stays on its own line, whatever its reader takes for the end of one") {
  std::istringstream in(R"({"id":"a","expr":"'\u2028' + '\u0085'"})");
  std::ostringstream out;
  evaluate_batch(in, out);
  CHECK(out.str() == R"({"id":"a","value":"\u2028\u0085","kind":"string"})"
                     "\n");
}
