// What is refused before it runs, what the messages say, and the limits.
#include <chrono>

#include "spec/expr/environment.h"
#include "tests/spec/expr_support.h"

using namespace skiff::spec::expr;

namespace {

bool says(const std::string& message, std::string_view part) {
  return message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("types are checked first") {
  CHECK(says(complaint("1 == '1'"), "mismatched types int and string"));
  CHECK(says(complaint("x + 1", R"({"x":"3"})"), "mismatched types string and int"));
  CHECK(says(complaint("missing"), "unknown name missing"));
  CHECK(fails("false && missing"));
  CHECK(fails("filter([1], 1)"));
  CHECK(fails("'a' ? 1 : 2"));
  CHECK(fails("len(1)"));
  CHECK(fails("let len = 1; len"));
  CHECK(fails("now().Foo"));
  CHECK(fails("split('a')"));
  CHECK(run("o.x == '1'", R"({"o":{"x":1}})") == "false");
}

TEST_CASE("an unknown function's arguments are not checked, as in expr-lang") {
  const Value env = make_environment({}, true);
  const auto value = evaluate("sprig.default('d', missing)", env);
  REQUIRE(value.ok());
  CHECK(value.value().as_string() == "d");
  CHECK_FALSE(evaluate("asInt(missing)", env).ok());
  CHECK_FALSE(evaluate("sprig.upper(1)", env).ok());
  CHECK_FALSE(evaluate("sprig.upper('a', 'b')", env).ok());
}

TEST_CASE("an error shows the place and the way out") {
  const char* env = R"({"inputs":{"parameters":{"my-param":"1","n":"2"}}})";
  const std::string hyphen = complaint("inputs.parameters.my-param == '1'", env);
  CHECK(says(hyphen, "unknown name param"));
  CHECK(says(hyphen, "inputs.parameters['my-param']"));
  CHECK(says(hyphen, "\n  | inputs.parameters.my-param == '1'\n  |                      ^^^^^"));
  CHECK(says(complaint("'1' == 1"), "asInt(x) == 1"));
  CHECK(says(complaint("a = 1", R"({"a":1})"), "write == to compare"));
  CHECK(says(complaint("x == null", R"({"x":1})"), "write nil"));
  CHECK(says(complaint("inputz.parameters.n", env), "did you mean inputs?"));
  CHECK(says(complaint("1 +\n +'a'"), "(2:2)"));
  CHECK(says(complaint("o.a.b", R"({"o":{}})"), "?."));
}

TEST_CASE("bombs meet limits") {
  for (const char* bomb :
       {"1..1000000000", "repeat('ab', 1000000)", "repeat('a', 10000000)", "reduce(1..100, #acc + #acc, 'x')",
        "toJSON(reduce(1..40, [#acc, #acc], 1))", "string(reduce(1..40, [#acc, #acc], 1))",
        "reduce(1..40, [#acc, #acc], 1) == reduce(1..40, [#acc, #acc], 1)", "reduce(1..100000, [#acc])",
        "map(1..1000, map(1..1000, #))", "let r = 1..1000; all(r, all(r, all(r, true)))"}) {
    CAPTURE(bomb);
    CHECK(fails(bomb));
  }
  for (const char* part : {"(", "[", "-", "not ", "1 ? ", "if true {", "x(", "{a:"}) {
    std::string deep;
    for (int i = 0; i < 5'000; ++i) deep += part;
    CAPTURE(part);
    CHECK(fails(deep + "1"));
  }
  std::string many = "1";
  for (int i = 0; i < 4'999; ++i) many += "+1";
  CHECK(run(many) == "5000");
  CHECK(fails(many + "+1"));
}

TEST_CASE("a program runs many times with other values") {
  const auto json = skiff::spec::parse_json(R"({"x":{"n":1}})");
  REQUIRE(json);
  const auto program =
      Program::compile("x.n * 2 + len(filter(1..3, # > 1))", {.env = Value::from_json(*json)});
  REQUIRE(program.ok());
  for (int i = 0; i < 10; ++i) {
    Map inner;
    inner.set(std::string_view("n"), i);
    Map env;
    env.set(std::string_view("x"), Value(inner));
    const auto result = program.value().run(Value(env));
    REQUIRE(result.ok());
    CHECK(result.value().as_int() == i * 2 + 2);
  }
}
