// The builtin functions, JSON and time included.
#include "spec/expr/time.h"
#include "tests/spec/expr_support.h"

using namespace skiff::spec::expr;

namespace {

void check_all(std::initializer_list<Case> cases) {
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(run(c.text) == c.want);
  }
}

}  // namespace

TEST_CASE("text builtins") {
  check_all({{"len('h\u00e9')", "2"},
             {"'h\u00e9'[0:2]", "\"h\\ufffd\""},
             {"indexOf('h\u00e9llo', 'l')", "3"},
             {"upper('stra\u00dfe \u00e9')", "\"STRA\u00dfE \u00c9\""},
             {"trim('  x ') + trim('__x', '_')", "\"xx\""},
             {"split('a,b,c', ',', 2)", "[\"a\",\"b,c\"]"},
             {"split('a', ',', 0)", "null"},
             {"splitAfter('a,b', ',')", "[\"a,\",\"b\"]"},
             {"replace('aaa', 'a', 'b', 2)", "\"bba\""},
             {"replace('ab', '', '-')", "\"-a-b-\""},
             {"repeat('ab', 2)", "\"abab\""},
             {"join(['a', 'b'])", "\"ab\""},
             {"string([1, nil, 'x', {b: 1.5}])", "\"[1 <nil> x map[b:1.5]]\""},
             {"string(1e8) + string(100000.0)", "\"1e+08100000\""},
             {"toJSON(1e8)", "\"100000000\""},
             {"fromBase64(toBase64('hi'))", "\"hi\""}});
  CHECK(fails("join([1])"));
  CHECK(fails("fromBase64('a')"));
  CHECK(fails("upper(1)"));
}

TEST_CASE("number builtins") {
  check_all({{"int('42') + int(1.9) + int(-1.9)", "42"},
             {"float('1e3')", "1000"},
             {"abs(-5) + ceil(1.1) + floor(1.9) + round(2.5)", "11"},
             {"max([1, [5, 2.5]], 3)", "5"},
             {"min([])", "null"},
             {"mean([1, 2])", "1.5"},
             {"median([3, 1, 2])", "2"},
             {"bitand(6, 3) + bitor(4, 1) + bitxor(5, 1) + bitnand(6, 3)", "15"},
             {"bitshl(1, 70) + bitshr(-8, 1) + bitnot(0)", "-5"},
             {"bitushr(-5, 2)", "4611686018427387902"}});
  CHECK(fails("int('1.5')"));
  CHECK(fails("int('0x10')"));
  CHECK(fails("max('a', 1)"));
  CHECK(fails("1 % 0"));
}

TEST_CASE("list and map builtins") {
  check_all(
      {{"first([]) == nil && last([1, 2]) == 2", "true"},
       {"take([1, 2, 3], 2)", "[1,2]"},
       {"reverse([1, 'a'])", "[\"a\",1]"},
       {"uniq([1, 1.0, '1', 2])", "[1,\"1\",2]"},
       {"concat([1], 2..3)", "[1,2,3]"},
       {"concat([], [])", "null"},
       {"flatten([1, [2, [3]]])", "[1,2,3]"},
       {"sort([3, 1, 2], 'desc')", "[3,2,1]"},
       {"keys({b: 1, a: 2}) | sort()", "[\"a\",\"b\"]"},
       {"toPairs({a: 1})", "[[\"a\",1]]"},
       {"fromPairs([['a', 1]]).a", "1"},
       {"get({a: 1}, 'b')", "null"},
       {"get([1], 5)", "null"},
       {"type(now()) + type(duration('1s')) + type([]) + type(nil)", "\"time.Timetime.Durationarraynil\""}});
  CHECK(run("fromPairs([['a', 1]])") == "error: json: unsupported type: map[interface {}]interface {}");
  CHECK(fails("take([1], -1)"));
  CHECK(fails("sort([1, 'a'])"));
}

TEST_CASE("JSON is Go's") {
  CHECK(run(R"(fromJSON('{"a":[1,2.0,null],"a2":"\\ud83d\\ude00"}'))") ==
        "{\"a\":[1,2,null],\"a2\":\"\U0001F600\"}");
  CHECK(run("type(fromJSON('1'))") == "\"float\"");
  CHECK(run("toJSON({b: [], a: {}})") == R"("{\n  \"a\": {},\n  \"b\": []\n}")");
  CHECK(run("toJSON('<&>')") == R"("\"\\u003c\\u0026\\u003e\"")");
  CHECK(fails("fromJSON('{')"));
  CHECK(fails("fromJSON('[1,]')"));
  CHECK(fails("fromJSON('1e999')"));
  CHECK(fails("1 / 0 - 1 / 0 == 1 ? 1 : 0.0 / 0"));
}

TEST_CASE("time") {
  check_all(
      {{"date('2023-08-14')", "\"2023-08-14T00:00:00Z\""},
       {"date('2023-08-14 13:30:00').Format('Jan _2, 3:04PM')", "\"Aug 14, 1:30PM\""},
       {"date('14.08.2023', '02.01.2006').YearDay()", "226"},
       {"date('2024-03-31T00:30:00Z').In(timezone('Europe/Zurich')).Format('15:04 MST')", "\"01:30 CET\""},
       {"date('2024-07-01 12:00', '2006-01-02 15:04', 'America/New_York').UTC()", "\"2024-07-01T16:00:00Z\""},
       {"date('2024-01-31').AddDate(0, 1, 0)", "\"2024-03-02T00:00:00Z\""},
       {"date('2024-01-02') - date('2024-01-01')", "86400000000000"},
       {"(date('2024-01-02') - date('2024-01-01')).Hours()", "24"},
       {"string(duration('1h') + duration('90s'))", "\"1h1m30s\""},
       {"string(date('2024-05-06').Weekday()) + string(date('2024-05-06').Month())", "\"MondayMay\""},
       {"date('2023-04-23T00:30:00.25+01:00')", "\"2023-04-23T00:30:00.25+01:00\""},
       {"date('2024-12-30').ISOWeek()", "2025"},
       {"map(['2024-01-01', '2024-07-01'], date(#, '2006-01-02', 'Europe/Zurich').IsDST())", "[false,true]"},
       {"'wall' in date('2024-01-01')", "false"},
       {"now() > date('2024-01-01')", "true"}});
  CHECK(fails("date('2023-02-30')"));
  CHECK(fails("duration('1d')"));
  CHECK(fails("timezone('Mars/Olympus')"));
  CHECK(fails("now(1)"));
}

TEST_CASE("durations print and parse as in Go") {
  for (const std::int64_t ns : {0L, 1L, 1'500L, 2'000'000L, 1'000'000'000L, -90'500'000'000L,
                                3'600'000'000'000L, 9'223'372'036'854'775'807L}) {
    const auto back = parse_duration(duration_text(ns));
    REQUIRE(back.ok());
    CHECK(back.value() == ns);
  }
  CHECK(duration_text(1'500) == "1.5\u00b5s");
  CHECK(duration_text(-90'500'000'000) == "-1m30.5s");
  CHECK(parse_duration("1.5h").value() == 5'400'000'000'000);
  for (const char* bad : {"", "1", "h", "1x", ".s", "9223372036854775808ns", "1 s"})
    CHECK_FALSE(parse_duration(bad).ok());
}
