#include <doctest/doctest.h>

#include <random>
#include <string>

#include "spec/document.h"
#include "spec/json.h"

using skiff::spec::Json;
using skiff::spec::parse_documents;
using skiff::spec::parse_json;
using skiff::spec::to_json;
using skiff::spec::to_json_value;
using skiff::spec::to_yaml;

namespace {

void check_round_trip(const Json& value) {
  const std::string yaml = to_yaml(value);
  CAPTURE(yaml);
  const auto parsed = parse_documents(yaml, "out.yaml");
  REQUIRE(parsed.diagnostics.empty());
  REQUIRE(parsed.documents.size() == 1);
  CHECK(to_json(to_json_value(parsed.documents[0].root())) == to_json(value));
}

Json wrap(const std::string& text) {
  Json value = Json::object();
  value.set("value", text);
  value.set("list", Json::Array{text, Json::Array{text}});
  return value;
}

}  // namespace

TEST_CASE("the layout is that of sigs.k8s.io/yaml") {
  const auto value = parse_json(
      R"({"kind":"Workflow","spec":{"templates":[{"name":"a","container":{"args":["x","y: z"]},"steps":[[{"name":"s"}]]}],)"
      R"("suspend":{},"on":true,"n":1.50,"none":null,"text":"a\nb\n"}})");
  REQUIRE(value);
  CHECK(to_yaml(*value) ==
        "kind: Workflow\n"
        "spec:\n"
        "  templates:\n"
        "  - name: a\n"
        "    container:\n"
        "      args:\n"
        "      - x\n"
        "      - \"y: z\"\n"
        "    steps:\n"
        "    - - name: s\n"
        "  suspend: {}\n"
        "  \"on\": true\n"
        "  \"n\": 1.50\n"
        "  none: null\n"
        "  text: |\n"
        "    a\n"
        "    b\n");
}

TEST_CASE("strings come back as the strings they were") {
  for (const char* text : {"",
                           " ",
                           "a",
                           "a b",
                           "yes",
                           "No",
                           "on",
                           "y",
                           "~",
                           "null",
                           "true",
                           "1",
                           "010",
                           "0x1F",
                           "1.0",
                           "1e3",
                           ".5",
                           "-1",
                           "-",
                           "--",
                           "---",
                           "- a",
                           "a:",
                           "a: b",
                           ":a",
                           "a #b",
                           "#a",
                           "a#b",
                           "&a",
                           "*a",
                           "!a",
                           "%a",
                           "@a",
                           "`a",
                           "|",
                           ">",
                           "'",
                           "\"",
                           "it's",
                           "say \"hi\"",
                           "both ' and \"",
                           "[a]",
                           "{a}",
                           "a]",
                           "{{inputs.parameters.x}}",
                           "=",
                           "<<",
                           "2001-01-01",
                           "12:30:45",
                           "a\n",
                           "a\nb",
                           "a\nb\n",
                           "a\n\nb\n",
                           "\na",
                           "a\n\n",
                           " a\nb",
                           "a \nb",
                           "a\tb",
                           "\ta",
                           "a\r\nb",
                           "\x01",
                           "\x7f",
                           "é",
                           "\xc2\x85",
                           "\xe2\x80\xa8",
                           "\xef\xbb\xbf",
                           "日本",
                           "?",
                           "? a",
                           ".inf",
                           ".NaN",
                           "0b1",
                           "1_000",
                           "+1",
                           "...",
                           "-.5",
                           "-a",
                           "a, b",
                           "key: |",
                           "\\",
                           "\\n",
                           "a\n  b\n c\n",
                           "#!/bin/sh\necho hi\n",
                           "a\n#b\n",
                           "trailing tab\t",
                           "\t",
                           "a\n\tb\n"}) {
    check_round_trip(wrap(text));
  }
}

TEST_CASE("keys come back too") {
  Json value = Json::object();
  for (const char* key :
       {"a", "yes", "1", "a b", "a: b", "", "-", "workflows.argoproj.io/x", "é", "'", "\"", "a\nb"}) {
    value.set(key, Json::Array{});
  }
  value.set(std::string(2000, 'k'), "long");
  check_round_trip(value);
}

TEST_CASE("random values survive") {
  std::mt19937 random(7);
  const std::string alphabet = "ab1:-#'\"\n \t{}[],&*!|>%@~.\\e?";
  const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (std::size_t n = pick(9); n > 0; --n) text += alphabet[pick(alphabet.size())];
    check_round_trip(wrap(text));
  }
}
