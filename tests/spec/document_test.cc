#include "spec/document.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "spec/utf8.h"

using skiff::spec::Document;
using skiff::spec::Json;
using skiff::spec::key_string;
using skiff::spec::Mark;
using skiff::spec::Node;
using skiff::spec::parse_documents;
using skiff::spec::ParsedFile;
using skiff::spec::ParseLimits;
using skiff::spec::scalar_value;
using skiff::spec::to_json;
using skiff::spec::to_json_value;

namespace {

std::string json_of(const std::string& yaml) {
  const ParsedFile parsed = parse_documents(yaml, "f.yaml");
  REQUIRE_MESSAGE(parsed.diagnostics.empty(),
                  (parsed.diagnostics.empty() ? "" : parsed.diagnostics[0].message));
  REQUIRE(parsed.documents.size() == 1);
  return to_json(to_json_value(parsed.documents[0].root()));
}

skiff::spec::Diagnostic only_finding(const std::string& yaml) {
  const ParsedFile parsed = parse_documents(yaml, "f.yaml");
  REQUIRE(parsed.diagnostics.size() == 1);
  return parsed.diagnostics[0];
}

}  // namespace

TEST_CASE("plain scalars follow YAML 1.1 as sigs.k8s.io/yaml reads it") {
  struct Row {
    const char* text;
    const char* json;
  };
  // What goyaml.v2's resolve() and Go's JSON writer make of a bare word.
  const Row rows[] = {
      {"yes", "true"},
      {"No", "false"},
      {"on", "true"},
      {"OFF", "false"},
      {"y", "true"},
      {"n", "false"},
      {"true", "true"},
      {"TRUE", "true"},
      {"tRUE", R"("tRUE")"},
      {"~", "null"},
      {"null", "null"},
      {"Null", "null"},
      {"nULL", R"("nULL")"},
      {"1", "1"},
      {"-17", "-17"},
      {"+12", "12"},
      {"010", "8"},
      {"0o17", "15"},
      {"0x1F", "31"},
      {"-0x1f", "-31"},
      {"0b101", "5"},
      {"1_000", "1000"},
      {"08", "8"},
      {"1.0", "1"},
      {"1.50", "1.5"},
      {".5", "0.5"},
      {"5.", "5"},
      {"1e3", "1000"},
      {"1E+2", "100"},
      {"1e", R"("1e")"},
      {"190:20:30", R"("190:20:30")"},
      {"2001-01-01", R"("2001-01-01")"},
      {"2001-12-14t21:59:43.10-05:00", R"("2001-12-14t21:59:43.10-05:00")"},
      {"18446744073709551615", "18446744073709551615"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"1.2.3", R"("1.2.3")"},
      {"-", R"("-")"},
      {"0x", R"("0x")"},
      {"12ab", R"("12ab")"},
      {"yess", R"("yess")"},
      {"\"yes\"", R"("yes")"},
      {"'010'", R"("010")"},
      {"!!str 010", R"("010")"},
      {"!!str yes", R"("yes")"},
      {"!!int 010", "8"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.text));
    if (std::string(row.text) == "-") continue;  // a lone dash is a list in YAML
    CHECK(json_of(fmt::format("a: {}\n", row.text)) == fmt::format("{{\"a\":{}}}", row.json));
  }
}

TEST_CASE("keys are strings, as sigs.k8s.io/yaml makes them") {
  CHECK(json_of("yes: 1\n010: 2\n1.50: 3\nplain: 4\n\"on\": 5\n") ==
        R"({"true":1,"8":2,"1.5":3,"plain":4,"on":5})");
}

TEST_CASE("every node knows its place") {
  const ParsedFile parsed = parse_documents(
      "# comment\nkind: Workflow\nspec:\n  templates:\n    - name: 'a'\n      args: [x, \"yé\", z]\n",
      "f.yaml");
  REQUIRE(parsed.documents.size() == 1);
  const Document& d = parsed.documents[0];
  CHECK(d.kind() == "Workflow");
  CHECK(d.where("kind") == Mark{2, 7});
  CHECK(d.where_key("kind") == Mark{2, 1});
  CHECK(d.where("spec.templates[0].name") == Mark{5, 13});
  CHECK(d.where("spec.templates") == Mark{4, 3});
  CHECK(d.where("spec.templates[0]") == Mark{5, 7});
  CHECK(d.where("spec.templates[0].args") == Mark{6, 13});
  CHECK(d.where("spec.templates[0].args[2]") == Mark{6, 23});  // columns count characters, not bytes
  CHECK(d.where("spec.templates[0].missing.deeper") == Mark{5, 7});
  CHECK(d.where("spec.templates[7].name") == Mark{4, 3});
  CHECK(d.line(5) == "    - name: 'a'");
  CHECK(d.line(99).empty());
}

TEST_CASE("paths reach keys that hold dots") {
  const ParsedFile parsed =
      parse_documents("metadata:\n  annotations:\n    workflows.argoproj.io/title: hi\n", "f.yaml");
  const Document& d = parsed.documents.at(0);
  CHECK(d.where("metadata.annotations[\"workflows.argoproj.io/title\"]") == Mark{3, 34});
}

TEST_CASE("a node tells how it was written") {
  const ParsedFile parsed =
      parse_documents("a: x\nb: 'x'\nc: \"x\"\nd: |\n  x\ne: {}\nf:\n  - x\n", "f.yaml");
  const Node root = parsed.documents.at(0).root();
  CHECK(root.find("a")->style() == Node::Style::plain);
  CHECK(root.find("b")->style() == Node::Style::single_quoted);
  CHECK(root.find("c")->style() == Node::Style::double_quoted);
  CHECK(root.find("d")->style() == Node::Style::block);
  CHECK(root.find("d")->text() == "x\n");
  CHECK(root.find("e")->is_flow());
  CHECK_FALSE(root.find("f")->is_flow());
  CHECK_FALSE(root.find("g"));
}

TEST_CASE("an empty value stands at its key") {
  const ParsedFile parsed = parse_documents("a:\n  b:\nc: 1\n", "f.yaml");
  const Document& d = parsed.documents.at(0);
  CHECK(d.where("a.b") == Mark{2, 3});
  CHECK(d.root().find("a")->find("b")->is_null());
}

TEST_CASE("several documents; empty ones are left out; positions count over the file") {
  const ParsedFile parsed = parse_documents(
      "---\n# nothing\n---\nkind: A\n--- # second\nkind: B\n...\n---\n---\n{kind: C}\n", "f.yaml");
  CHECK(parsed.diagnostics.empty());
  REQUIRE(parsed.documents.size() == 3);
  CHECK(parsed.documents[1].kind() == "B");
  CHECK(parsed.documents[1].where("kind") == Mark{6, 7});
  CHECK(parsed.documents[2].kind() == "C");
  CHECK(parsed.documents[2].where("kind") == Mark{10, 8});
}

TEST_CASE("a malformed document costs only itself") {
  const ParsedFile parsed = parse_documents("kind: A\n---\na: [1\n---\nkind: B\n", "f.yaml");
  REQUIRE(parsed.documents.size() == 2);
  CHECK(parsed.documents[1].kind() == "B");
  REQUIRE(parsed.diagnostics.size() == 1);
  CHECK(parsed.diagnostics[0].mark == Mark{3, 4});
  CHECK(parsed.diagnostics[0].rule == "unclosed-bracket");
}

TEST_CASE("BOM and CRLF are taken; the places stay right") {
  const ParsedFile parsed = parse_documents("\xEF\xBB\xBFkind: A\r\nspec:\r\n  a: b\r\n", "f.yaml");
  REQUIRE(parsed.diagnostics.empty());
  const Document& d = parsed.documents.at(0);
  CHECK(d.where("spec.a") == Mark{3, 6});
  CHECK(d.root().find("spec")->find("a")->text() == "b");
  CHECK(d.line(2) == "spec:");
}

TEST_CASE("aliases repeat, merges fill in") {
  CHECK(json_of("a: &x {p: 1}\nb: *x\n") == R"({"a":{"p":1},"b":{"p":1}})");
  CHECK(json_of("a: &x {p: 1}\nb:\n  <<: *x\n  q: 2\n") == R"({"a":{"p":1},"b":{"p":1,"q":2}})");
  CHECK(json_of("a: &x {p: 1}\nc: &y {r: 3}\nb:\n  <<: [*x, *y]\n") ==
        R"({"a":{"p":1},"c":{"r":3},"b":{"p":1,"r":3}})");
  CHECK(json_of("a:\n  \"<<\": 1\n") == R"({"a":{"<<":1}})");
}

TEST_CASE("what Argo's strict decoder refuses in a mapping") {
  const auto twice = only_finding("a: 1\nb: 2\na: 3\n");
  CHECK(twice.rule == "duplicate-key");
  CHECK(twice.mark == Mark{3, 1});
  CHECK(only_finding("a: &x {p: 1}\nb:\n  <<: *x\n  p: 2\n").rule == "merge-override");
  CHECK(only_finding("b:\n  <<: 7\n").rule == "bad-merge");
  CHECK(only_finding("? [a]\n: 1\n").rule == "key-not-a-string");
}

TEST_CASE("duplicates are found in large mappings too") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += fmt::format("k{}: {}\n", i, i);
  const auto d = only_finding(text + "k40: again\n");
  CHECK(d.rule == "duplicate-key");
  CHECK(d.mark == Mark{101, 1});
}

TEST_CASE("U+FFFD stands for what is no UTF-8, byte for byte") {
  CHECK(skiff::spec::valid_utf8("a\xC3\xA9\xF0\x9F\x98\x80") == "a\xC3\xA9\xF0\x9F\x98\x80");
  CHECK(skiff::spec::valid_utf8("\xFF\xFEx") == "\xEF\xBF\xBD\xEF\xBF\xBDx");
  CHECK(skiff::spec::valid_utf8("x\xC3") == "x\xEF\xBF\xBD");
  CHECK(skiff::spec::valid_utf8("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("the escapes of YAML stand for whole characters") {
  const auto tagged = parse_documents("a: !\"b\\_\"\n", "f.yaml");
  REQUIRE(tagged.documents.size() == 1);
  CHECK(to_json_value(tagged.documents[0].root()).get_string("a") == "b\xC2\xA0");
  const auto parsed = parse_documents("a: \"\\N|\\_|\\L|\\P|\\x85|\\xE9\\N\xC2\xA0\"\n", "f.yaml");
  REQUIRE(parsed.documents.size() == 1);
  CHECK(to_json_value(parsed.documents[0].root()).get_string("a") ==
        "\xC2\x85|\xC2\xA0|\xE2\x80\xA8|\xE2\x80\xA9|\xC2\x85|\xC3\xA9\xC2\x85\xC2\xA0");
}

TEST_CASE("malformed YAML is explained in our words") {
  struct Row {
    const char* text;
    const char* rule;
    Mark mark;
  };
  const Row rows[] = {
      {"a:\n\tb: 1\n", "tab-indentation", {2, 1}},
      {"a: 'never\nb: 1\n", "unclosed-quote", {1, 4}},
      {"a: \"never", "unclosed-quote", {1, 4}},
      {"a: {b: 1\nc: 2\n", "unclosed-bracket", {1, 4}},
      {"- n: m\n  a: {b: x:1 c: [d]}\n", "missing-comma", {2, 14}},
      {"a: [1] x\n", "text-after-value", {1, 7}},
      {"image: {{inputs.parameters.image}}\n", "unquoted-braces", {1, 8}},
      {"image: {{inputs.parameters.image}}:latest\n", "unquoted-braces", {1, 8}},
      {"args: [ {{item}} ]\n", "unquoted-braces", {1, 9}},
      {"a: b: c\n", "unquoted-colon", {1, 5}},
      {"schedule: * * * * *\n", "unknown-alias", {1, 11}},
      {"a: *nowhere\n", "unknown-alias", {1, 4}},
      {"a: @b\n", "reserved-character", {1, 4}},
      {"a:\n    b: 1\n  c: 2\n", "indentation", {3, 3}},
      {"a: &x [*x]\n", "recursive-alias", {1, 8}},
      {"   a:\n , b\n", "indentation", {2, 2}},
      {"a: \"\\q\"\n", "bad-escape", {1, 5}},
      {"just text\n", "not-a-mapping", {1, 1}},
      {"a: \x01\n", "control-character", {1, 4}},
      {"a: \xff\n", "not-utf8", {1, 4}},
      {"    a: 1\nb: 2\n", "indentation", {2, 1}},
      {"a: 1\nb:\n  c: 2\n  suspend\n", "missing-colon", {4, 3}},
      {"{\"a\" 1}", "json-syntax", {1, 6}},
      {"{\"a\": \"x}", "unclosed-quote", {1, 7}},
      {"{\"a\": \"\\q\"}", "json-syntax", {1, 7}},
      {"{\"a\": 1, \"a\": 2}", "duplicate-key", {1, 10}},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.text));
    const auto d = only_finding(row.text);
    CHECK(d.rule == row.rule);
    CHECK(d.mark.line == row.mark.line);
    CHECK(d.mark.column == row.mark.column);
    CHECK_FALSE(d.message.empty());
  }
}

TEST_CASE("what is no JSON may be YAML, as Argo reads it") {
  CHECK(json_of("{\"a\": [1, 2,],}") == R"({"a":[1,2]})");
  CHECK(json_of("{a: b} # said\n") == R"({"a":"b"})");
  const ParsedFile two = parse_documents("{\"a\": 1}\n---\n{\"b\": 2}\n", "f.json");
  CHECK(two.diagnostics.empty());
  CHECK(two.documents.size() == 2);
}

TEST_CASE("JSON keeps its literals and its places") {
  const ParsedFile parsed =
      parse_documents("{\n  \"a\": [1.0, 1e2, true, null, \"\\u00e9\\n\"],\n  \"b\": {}\n}\n", "f.json");
  REQUIRE(parsed.diagnostics.empty());
  const Document& d = parsed.documents.at(0);
  CHECK(to_json(to_json_value(d.root())) == "{\"a\":[1.0,1e2,true,null,\"é\\n\"],\"b\":{}}");
  CHECK(d.where("a[2]") == Mark{2, 19});
  CHECK(d.where_key("b") == Mark{3, 3});
}

TEST_CASE("expansion and nesting bombs meet limits") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += fmt::format("a{}: &a{}\n", i, i);
    for (int k = 0; k < 10; ++k) bomb += fmt::format("  - *a{}\n", i - 1);
  }
  CHECK(only_finding(bomb).rule == "alias-bomb");
  CHECK(only_finding("a: " + std::string(5000, '[') + "\n").rule == "too-deep");
  CHECK(only_finding("{\"a\": " + std::string(5000, '[')).rule == "too-deep");
  std::string chain = "a0: &a0 [x]\n";
  for (int i = 1; i < 400; ++i) chain += fmt::format("a{}: &a{} [*a{}]\n", i, i, i - 1);
  CHECK(only_finding(chain).rule == "too-deep");
  ParseLimits small;
  small.bytes = 3;
  const ParsedFile parsed = parse_documents("a: b\n", "f.yaml", small);
  REQUIRE(parsed.diagnostics.size() == 1);
  CHECK(parsed.diagnostics[0].rule == "too-large");
}

TEST_CASE("documents share their tree and can be copied away") {
  Document kept;
  {
    ParsedFile parsed =
        parse_documents("metadata: {name: n, namespace: ns}\nkind: K\napiVersion: v\n", "f.yaml");
    kept = parsed.documents.at(0);
  }
  CHECK(kept.name() == "n");
  CHECK(kept.namespace_name() == "ns");
  CHECK(kept.api_version() == "v");
  CHECK(kept.file() == "f.yaml");
}
