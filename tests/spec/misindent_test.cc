#include <doctest/doctest.h>

#include <string>

#include "spec/decode.h"

using skiff::spec::Diagnostics;
using skiff::spec::Mark;
using skiff::spec::read_documents;

namespace {

const std::string kHead = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata:\n  generateName: w-\n";

Diagnostics findings(const std::string& spec) { return read_documents(kHead + spec, "f.yaml").diagnostics; }

}  // namespace

TEST_CASE("a key beside its list item, in a text that is valid YAML") {
  const auto list =
      findings("spec:\n  entrypoint: a\n  templates:\n  - name: a\n  container:\n    image: x\n");
  REQUIRE(list.size() == 1);
  CHECK(list[0].rule == "indentation");
  CHECK(list[0].mark == Mark{9, 3});
  CHECK(list[0].message == "`container` stands beside `- name: a`, outside the list item it belongs to");
  CHECK(list[0].hint == "indent `container`, with what is below it, by 2 columns more");
}

TEST_CASE("the same mistake many times is one finding with all its lines") {
  const auto list = findings(
      "spec:\n  entrypoint: a\n  templates:\n  - name: a\n  inputs:\n    parameters:\n    - name: p\n    "
      "value: 1\n"
      "  container:\n    image: x\n  - name: b\n  dag:\n    tasks:\n    - name: t\n    template: a\n");
  REQUIRE(list.size() == 1);
  CHECK(list[0].mark == Mark{9, 3});
  CHECK(list[0].hint.find("the same goes for lines 12, 13, 16 and 19") != std::string::npos);
}

TEST_CASE("a key beside the empty key it belongs under") {
  const auto list = findings(
      "spec:\n  entrypoint: a\n  templates:\n  - name: a\n    container:\n      image: x\n      resources:\n "
      "     limits:\n"
      "        cpu: 1\n");
  REQUIRE(list.size() == 1);
  CHECK(list[0].mark == Mark{12, 7});
  CHECK(list[0].message == "`limits` stands beside `resources`, which is left empty");
}

TEST_CASE("a key too deep below one that has a value") {
  const auto list = findings(
      "spec:\n  entrypoint: a\n  arguments:\n    parameters:\n    - name: p\n        value: 1\n  "
      "templates:\n  - name: a\n"
      "    container: {image: x}\n");
  REQUIRE(list.size() == 1);
  CHECK(list[0].mark == Mark{10, 9});
  CHECK(list[0].hint.find("move it 2 columns to the left, under `name`") != std::string::npos);
}

TEST_CASE("an inner step too deep") {
  const auto list = findings(
      "spec:\n  entrypoint: a\n  templates:\n  - name: a\n    steps:\n    - - name: one\n        template: "
      "b\n"
      "        - name: two\n        template: b\n  - name: b\n    container: {image: x}\n");
  REQUIRE(list.size() == 1);
  CHECK(list[0].mark == Mark{12, 9});
  CHECK(list[0].message == "`- name` is indented deeper than the list item of line 10 that it follows");
}

TEST_CASE("a lost indentation in the second document leaves the first alone") {
  const std::string good =
      kHead + "spec:\n  entrypoint: a\n  templates:\n  - name: a\n    container: {image: x}\n";
  const auto parsed = read_documents(
      good + "---\n" + kHead + "spec:\n  templates:\n  - name: a\n  container:\n    image: x\n", "f.yaml");
  REQUIRE(parsed.diagnostics.size() == 1);
  CHECK(parsed.diagnostics[0].mark == Mark{18, 3});
}

TEST_CASE("a step beside the first of its group is where it should be") {
  const auto list = findings(
      "spec:\n  entrypoint: a\n  templates:\n    - name: a\n      steps:\n        - - name: one\n            "
      "template: b\n          - name: two\n            template: b\n            bogus: 1\n        - - name: "
      "three\n            template: b\n");
  REQUIRE(list.size() == 1);
  CHECK(list[0].rule == "unknown-field");
}

TEST_CASE("where Argo passes over unknown fields, a key at the wrong depth is a warning") {
  const auto list = findings(
      "spec:\n  entrypoint: a\n  templates:\n  - name: a\n    steps:\n    - - name: one\n        template: "
      "b\n"
      "        arguments:\n          parameters:\n          - name: p\n          value: 1\n");
  REQUIRE(list.size() == 1);
  CHECK(list[0].rule == "indentation");
  CHECK(list[0].severity == skiff::spec::Severity::warning);
}

TEST_CASE("fields that are merely unknown keep their own finding") {
  const auto list = findings("spec:\n  entrypoint: a\n  templats:\n  - name: a\n    container: {image: x}\n");
  REQUIRE(list.size() == 1);
  CHECK(list[0].rule == "unknown-field");
}

TEST_CASE("what other mistakes a document has is told beside it") {
  const auto list =
      findings("spec:\n  entrypoint: 5\n  templates:\n  - name: a\n  container:\n    image: x\n");
  REQUIRE(list.size() == 2);
  CHECK(list[0].rule == "wrong-type");
  CHECK(list[1].rule == "indentation");
}
