// sprig as expressions call it: Go's argument types, and the corners where a text tool goes its own way.
#include <doctest/doctest.h>

#include <string>

#include "spec/expr/environment.h"
#include "spec/expr/go_json.h"
#include "spec/expr/program.h"
#include "spec/expr/sprig.h"

using skiff::spec::expr::encode_json;
using skiff::spec::expr::evaluate;
using skiff::spec::expr::make_environment;
using skiff::spec::expr::sprig_functions;

namespace {

/// The result as JSON, or "error: " and the message.
std::string run(std::string_view text) {
  const auto result = evaluate(text, make_environment({}, true));
  if (!result.ok()) return "error: " + result.error().message;
  const auto json = encode_json(result.value());
  return json.ok() ? json.value() : "error: " + json.error().message;
}

void expect(std::string_view text, std::string_view want) {
  INFO(text);
  CHECK(run(text) == want);
}

bool fails(std::string_view text) {
  INFO(text);
  return run(text).starts_with("error: ");
}

}  // namespace

TEST_CASE("all 209 names are there") { CHECK(sprig_functions().as_map().size() == 209); }

TEST_CASE("argument types are Go's: no conversion, nil is the zero value") {
  CHECK(fails("sprig.repeat(2.0, 'a')"));
  CHECK(fails("sprig.repeat('2', 'a')"));
  CHECK(fails("sprig.upper(1)"));
  CHECK(fails("sprig.upper('a', 'b')"));
  CHECK(fails("sprig.derivePassword(1, 'long', 'p', 'u', 's')"));
  CHECK(fails("sprig.htpasswd('u', 'p', 'sha')"));
  expect("sprig.upper(nil)", "\"\"");
  expect("sprig.derivePassword(nil, 'pin', 'password', 'user', 'example.com') matches '^[0-9]{4}$'", "true");
}

TEST_CASE("texts") {
  expect("sprig.snakecase('HTTP20xOK')", "\"http_20x_ok\"");
  expect("sprig.kebabcase('Bld4Floor3rd')", "\"bld4-floor-3rd\"");
  expect("sprig.camelcase('_complex__case_ GOLANG')", "\"_Complex_Case_Golang\"");
  expect("sprig.title(\"don't stop\")", "\"Don'T Stop\"");
  expect("sprig.cat(' a ', nil, 'b', 1)", "\" a  b 1\"");
  expect("sprig.quote('a\"b', nil, 1)", R"("\"a\\\"b\" \"1\"")");
  expect("sprig.abbrevboth(5, 10, '1234 5678 9123')", "\"...5678...\"");
  expect("sprig.wrapWith(4, '|', 'abcdefghij')", "\"abcd|efgh|ij\"");
  expect("sprig.replace('', '-', 'ab')", "\"-a-b-\"");
  expect("sprig.splitList('', 'né')", R"(["n","é"])");
  expect("sprig.splitn(',', 2, 'a,b,c')", R"({"_0":"a","_1":"b,c"})");
  CHECK(fails("sprig.substr(2, 1, 'abc')"));
  CHECK(fails("sprig.repeat(1000000000, 'x')"));
}

TEST_CASE("numbers are cast as spf13/cast does") {
  expect("sprig.int('010')", "8");
  expect("sprig.int('0x1F')", "31");
  expect("sprig.int('3.9')", "3");
  expect("sprig.int('1e3')", "0");
  expect("sprig.atoi('042')", "42");
  expect("sprig.toDecimal(777)", "511");
  expect("sprig.addf(0.1, 0.2)", "0.3");
  expect("sprig.divf(10, 3)", "3.3333333333333335");
  expect("sprig.mulf('2.4', 10, '4', 1.2)", "115.2");
  expect("sprig.round(-2.5, 0)", "-3");
  expect("sprig.seq(2, -2)", "\"2 1 0 -1 -2\"");
  expect("sprig.untilStep(5, 0, -2)", "[5,3,1]");
  CHECK(fails("sprig.div(1, 0)"));
  CHECK(fails("sprig.divf(1, 0)"));
  CHECK(fails("sprig.until(100000000)"));
}

TEST_CASE("lists and dicts keep Go's nil and types") {
  expect("sprig.rest([])", "null");
  expect("sprig.reverse([])", "[]");
  expect("sprig.concat([])", "null");
  expect("sprig.first(b'ab')", "97");
  expect("sprig.uniq([1, 1, '1', 1.0, [1], [1]])", "[1,\"1\",1,[1]]");
  expect("sprig.has(1, [1.0])", "false");
  expect("sprig.chunk(2, [1, 2, 3])", "[[1,2],[3]]");
  expect("sprig.dict(1, 2, 'a')", R"({"1":2,"a":""})");
  expect("sprig.dig('a', 'b', 'none', {'a': {'b': 1}})", "1");
  expect("sprig.merge({'a': '', 'd': {'x': 1}}, {'a': 'y', 'd': {'x': 2, 'z': 3}})",
         R"({"a":"y","d":{"x":1,"z":3}})");
  expect("sprig.typeOf(sprig.chunk(1, [1]))", "\"[][]interface {}\"");
  CHECK(fails("sprig.first(nil)"));
  CHECK(fails("sprig.slice([1], 2)"));
}

TEST_CASE("regular expressions follow Go where matches are empty") {
  expect("sprig.regexReplaceAll('a*', 'baac', 'x')", "\"xbxcx\"");
  expect("sprig.regexReplaceAll('a(x*)b', '-ab-axxb-', '${1}W$$')", "\"-W$-xxW$-\"");
  expect("sprig.regexReplaceAll('a(x*)b', '-ab-', '$1W')", "\"--\"");
  expect("sprig.regexSplit('a', 'banana', 2)", R"(["b","nana"])");
  expect("sprig.regexFindAll('x', 'abc', -1)", "null");
  expect("sprig.regexMatch('[', 'x')", "false");
  CHECK(fails("sprig.regexFind('[', 'x')"));
}

TEST_CASE("texts as numbers, and what Go does at the edges") {
  expect("sprig.int('1_000') + sprig.int('0x_1F')", "1031");
  expect("sprig.float64('1_0.5_0')", "10.5");
  expect("sprig.int('1__0')", "0");
  expect("sprig.atoi('9223372036854775808')", "9223372036854775807");
  expect("sprig.atoi('-99999999999999999999')", "-9223372036854775808");
  expect("sprig.atoi('9223372036854775808x')", "0");
  expect("sprig.chunk(-3, ['b', 'a', 'c'])", "[]");
  expect("sprig.chunk(-3, ['b'])", "[[\"b\"]]");
  CHECK(fails("sprig.chunk(-2, [1, 2, 3, 4])"));
  CHECK(fails("sprig.deepCopy(nil)"));
}

TEST_CASE("versions") {
  expect("sprig.semver('v1.2')", "\"1.2.0\"");
  expect("sprig.semver('1.2.3-beta.2').Compare(sprig.semver('1.2.3-beta.11'))", "-1");
  expect("sprig.semver('1.2.3-rc.1').IncPatch().String()", "\"1.2.3\"");
  expect("sprig.semverCompare('1.0 - 2.0', '1.5.0')", "true");
  expect("sprig.semverCompare('^0.2', '0.3.0')", "false");
  expect("sprig.semverCompare('~1.2 || >=3', '3.1.0')", "true");
  expect("sprig.semverCompare('>1.0', '1.5.0-beta')", "false");
  expect("sprig.semverCompare('>1.0-0', '1.5.0-beta')", "true");
  CHECK(fails("sprig.semverCompare('bad', '1.2.3')"));
}

TEST_CASE("checksums, codes and what is not available") {
  expect("sprig.sha256sum('abc')", "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"");
  expect("sprig.adler32sum('abc')", "\"38600999\"");
  expect("sprig.b32dec(sprig.b32enc('coffee'))", "\"coffee\"");
  expect("sprig.b64dec('not base64!')", "\"illegal base64 data at input byte 3\"");
  expect("sprig.b64dec('YWJjZA')", "\"illegal base64 data at input byte 4\"");
  expect("sprig.b64dec('YQ=x')", "\"illegal base64 data at input byte 2\"");
  expect("sprig.decryptAES('key', sprig.encryptAES('key', 'text'))", "\"text\"");
  expect("sprig.bcrypt('x') matches '^\\\\$2a\\\\$10\\\\$.{53}$'", "true");
  expect("sprig.genCA('a', 1)", "error: sprig.genCA is not available here");
  CHECK(fails("sprig.env('HOME')"));
}

TEST_CASE("paths, URLs and dates") {
  expect("sprig.clean('/a/../../b/./c//')", "\"/b/c\"");
  expect("sprig.base('')", "\".\"");
  expect("sprig.urlJoin(sprig.urlParse('http://u:p%20w@[::1]:80/a b?q#f'))",
         "\"http://u:p%20w@[::1]:80/a%20b?q#f\"");
  CHECK(fails("sprig.urlParse('http://h:port/')"));
  expect("sprig.dateInZone('2006-01-02 15:04 MST', 0, 'America/New_York')", "\"1969-12-31 19:00 EST\"");
  expect("sprig.duration(95)", "\"0s\"");
  expect("sprig.durationRound('2400h10m5s')", "\"3mo\"");
  expect("sprig.toDate('2006-01-02', 'garbage')", "\"0001-01-01T00:00:00Z\"");
  CHECK(fails("sprig.mustToDate('2006-01-02', 'garbage')"));
}
