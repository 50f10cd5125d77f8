// Loops: names and values of items exactly as Argo makes them.
#include "spec/items.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using skiff::spec::expand_items;
using skiff::spec::expand_param;
using skiff::spec::expand_sequence;
using skiff::spec::go_format_int;
using skiff::spec::Json;
using skiff::spec::kMaxLoopItems;
using skiff::spec::LoopItem;
using skiff::spec::LoopItems;
using skiff::spec::parse_json;
using skiff::spec::SequenceBounds;

namespace {

LoopItem only(std::string_view param) {
  const LoopItems loop = expand_param(param);
  INFO(param);
  CHECK(loop.error == "");
  REQUIRE(loop.items.size() == 1);
  return loop.items[0];
}

std::string suffixes(const LoopItems& loop) {
  CHECK(loop.error == "");
  std::string out;
  for (const LoopItem& item : loop.items) out += item.suffix + " ";
  return out;
}

SequenceBounds sequence(std::string_view json) { return SequenceBounds::from_json(parse_json(json).value()); }

}  // namespace

TEST_CASE("scalars name and fill their node as they were written") {
  CHECK(suffixes(expand_items(parse_json(R"x(["foo", 1, 1.50, 1e3, true, "(x)"])x")->as_array())) ==
        "0:foo 1:1 2:1.50 3:1e3 4:true 5:x ");
  CHECK(only(R"(["a\"b"])").suffix == R"(0:a\"b)");
  CHECK(only(R"(["a\"b"])").item == "a\"b");
  CHECK(only(R"(["a<b"])").suffix == "0:a<b");
}

TEST_CASE("a map's keys are sorted in the name; its value is compact JSON with sorted keys") {
  const LoopItem item = only(R"([ {"tag" : "7.1", "image": "debian", "n": 1, "deep": {"b": [1, 2]}} ])");
  CHECK(item.suffix == R"(0:deep:{"b":[1,2]},image:debian,n:1,tag:7.1)");
  CHECK(item.item == R"({"deep":{"b":[1,2]},"image":"debian","n":1,"tag":"7.1"})");
  REQUIRE(item.keys.size() == 4);
  CHECK(item.keys[1] == std::pair<std::string, std::string>("image", "debian"));
}

TEST_CASE("a map's values keep their JSON escapes, as in Argo") {
  const LoopItem item = only("[{\"k\": \"a\\\"b\\n\\u00e9<\"}]");
  CHECK(item.keys[0].second == "a\\\"b\\n\\u00e9<");
  CHECK(item.item == "{\"k\":\"a\\\"b\\n\\u00e9\\u003c\"}");
}

TEST_CASE("lists and null") {
  CHECK(only(R"([[1, "a", [2]]])").suffix == "0:[1 a [2]]");
  CHECK(only(R"([[1, "a", [2]]])").item == R"([1,"a",[2]])");
  CHECK(only("[null]").suffix == "0:[]");
  CHECK(only("[null]").item == "null");
}

TEST_CASE("withParam wants a JSON list and says what it got") {
  CHECK(expand_param("[]").items.empty());
  CHECK(expand_param("[]").error == "");
  CHECK(expand_param("null").error == "");
  CHECK(expand_param(" {\"a\": 1} ")
            .error.starts_with(
                "withParam value could not be parsed as a JSON list: {\"a\": 1}: it is JSON, but no list"));
  CHECK(expand_param("a, b").error.starts_with("withParam value could not be parsed as a JSON list: a, b: "));
  CHECK(expand_param("").error != "");
  CHECK(expand_param(std::string_view("[[]]\0 \"\\", 8)).error != "");
}

TEST_CASE("sequences count up, down, and in any format") {
  CHECK(suffixes(expand_sequence(sequence(R"({"count": "3"})"))) == "0:0 1:1 2:2 ");
  CHECK(suffixes(expand_sequence(sequence(R"({"start": 2, "count": 2})"))) == "0:2 1:3 ");
  CHECK(suffixes(expand_sequence(sequence(R"({"start": "1", "end": "-1"})"))) == "0:1 1:0 2:-1 ");
  CHECK(suffixes(expand_sequence(sequence(R"({"start": 9, "end": 10, "format": "user%02X"})"))) ==
        "0:user09 1:user0A ");
  CHECK(expand_sequence(sequence(R"({"count": 0})")).items.empty());
  CHECK(expand_sequence(sequence(R"({"end": "x"})"))
            .error.starts_with("strconv.Atoi: parsing \"x\": invalid syntax"));
  CHECK(expand_sequence(sequence("{}")).error == "neither end nor count was specified in withSequence");
  CHECK(expand_sequence(sequence(R"({"count": 1, "format": "a\"%d"})")).error.find("no JSON string") !=
        std::string::npos);
}

TEST_CASE("bombs are refused") {
  CHECK(expand_sequence(sequence(R"({"count": 1000000000})")).error.find("more than the 100000") !=
        std::string::npos);
  CHECK(
      expand_sequence(sequence(R"({"start": "-9223372036854775808", "end": "9223372036854775807"})")).error !=
      "");
  CHECK(expand_sequence(sequence(R"({"count": 1000, "format": "%1000000d"})")).error.find("MB") !=
        std::string::npos);
  CHECK(expand_sequence(sequence(R"({"count": 1, "format": "%300000d"})")).error.find("too long") !=
        std::string::npos);
  CHECK(expand_sequence(sequence(R"({"count": 1000, "format": "%200000d"})")).error.find("too long") !=
        std::string::npos);
  CHECK(expand_sequence(sequence(R"({"count": "-9223372036854775808"})")).error != "");
  CHECK(expand_sequence(sequence(R"({"start": 2, "count": "9223372036854775807"})")).error != "");
  std::string many = "[0";
  for (std::size_t i = 0; i < kMaxLoopItems; ++i) many += ",0";
  CHECK(expand_param(many + "]").error.starts_with("withParam gives 100001 items"));
}

TEST_CASE("Go's verbs for an int") {
  CHECK(go_format_int("%d", -5) == "-5");
  CHECK(go_format_int("%+d|% d|%05d|%-5d|%5d|%.3d", 5) ==
        "+5|%!d(MISSING)|%!d(MISSING)|%!d(MISSING)|%!d(MISSING)|%!d(MISSING)");
  CHECK(go_format_int("%[1]d %[1]x %[1]X %[1]o %[1]O %[1]b %[1]c %[1]q %[1]U", 90) ==
        "90 5a 5A 132 0o132 1011010 Z 'Z' U+005A");
  CHECK(go_format_int("% d", 5) == " 5");
  CHECK(go_format_int("%05d", -5) == "-0005");
  CHECK(go_format_int("%-5d|", 5) == "5    |");
  CHECK(go_format_int("%5d|", 5) == "    5|");
  CHECK(go_format_int("%.3d", 5) == "005");
  CHECK(go_format_int("%08.3d", 5) == "     005");
  CHECK(go_format_int("%#x", 255) == "0xff");
  CHECK(go_format_int("%v", 7) == "7");
  CHECK(go_format_int("%s", 7) == "%!s(int=7)");
  CHECK(go_format_int("100%%", 7) == "100%%!(EXTRA int=7)");
  CHECK(go_format_int("x", 7) == "x%!(EXTRA int=7)");
  CHECK(go_format_int("%", 7) == "%!(NOVERB)%!(EXTRA int=7)");
  CHECK(go_format_int("%20000000d x", 7) == "%!(NOVERB)%!(EXTRA int=7)");
  CHECK(go_format_int("%[99999999]d x", 7) == "%!d(BADINDEX) x");
  CHECK(go_format_int("%1000000d%[1]d", 7, 100).size() == 1'000'000);
  CHECK(go_format_int("%d", std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
}
