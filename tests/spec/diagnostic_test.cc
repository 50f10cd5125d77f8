#include "spec/diagnostic.h"

#include <doctest/doctest.h>

using skiff::spec::child_path;
using skiff::spec::Diagnostic;
using skiff::spec::Diagnostics;
using skiff::spec::diagnostics_to_json;
using skiff::spec::diagnostics_to_sarif;
using skiff::spec::render;
using skiff::spec::render_line;
using skiff::spec::Severity;
using skiff::spec::sort_diagnostics;
using skiff::spec::to_json;

namespace {

Diagnostic sample() {
  return {Severity::error,
          "unknown-field",
          "unknown field `imag` in Container",
          "a.yaml",
          {2, 3},
          "spec.templates[0].container.imag",
          "did you mean `image`?"};
}

}  // namespace

TEST_CASE("a finding is shown with its line, a caret and a hint") {
  CHECK(render(sample(), "one\n  imag: x\n") ==
        "a.yaml:2:3: error: unknown field `imag` in Container\n"
        " 2 |   imag: x\n"
        "   |   ^~~~\n"
        "   at spec.templates[0].container.imag\n"
        "   hint: did you mean `image`?\n");
}

TEST_CASE("the caret stands right behind tabs and wide characters") {
  Diagnostic d{Severity::warning, "r", "m", "f", {1, 5}, "", ""};
  CHECK(render(d, "é\té x: y\n") == "f:1:5: warning: m\n 1 | é\té x: y\n   |  \t  ^\n");
}

TEST_CASE("long lines are cut around the place") {
  const std::string line = std::string(500, 'a') + " here " + std::string(500, 'b');
  const std::string text = render({Severity::error, "r", "m", "f", {1, 502}, "", ""}, line);
  CHECK(text.find("here") != std::string::npos);
  CHECK(text.find("^~~~") != std::string::npos);
  CHECK(text.size() < 500);
}

TEST_CASE("a place beyond the text does no harm") {
  CHECK(render({Severity::error, "r", "m", "f", {99, 1}, "", ""}, "a\n") == "f:99:1: error: m\n");
  CHECK(render({Severity::note, "r", "m", "f", {1, 99}, "", ""}, "a") ==
        "f:1:99: note: m\n 1 | a\n   |  ^\n");
  CHECK(render({Severity::note, "r", "m", "f", {0, 0}, "", ""}, "a") == "f: note: m\n");
}

TEST_CASE("one line for scripts") {
  CHECK(render_line(sample()) ==
        "a.yaml:2:3: error: unknown field `imag` in Container (did you mean `image`?)");
}

TEST_CASE("findings are sorted by place; equal ones are one") {
  Diagnostic late = sample();
  late.mark = {9, 1};
  Diagnostic warning = sample();
  warning.severity = Severity::warning;
  Diagnostics list{late, warning, sample(), sample()};
  sort_diagnostics(list);
  REQUIRE(list.size() == 3);
  CHECK(list[0] == sample());
  CHECK(list[1] == warning);
  CHECK(list[2] == late);
}

TEST_CASE("JSON and SARIF") {
  const Diagnostics list{sample(), {Severity::warning, "other", "m", "b.yaml", {0, 0}, "", ""}};
  CHECK(
      to_json(diagnostics_to_json(list)) ==
      R"([{"severity":"error","rule":"unknown-field","message":"unknown field `imag` in Container",)"
      R"("file":"a.yaml","line":2,"column":3,"path":"spec.templates[0].container.imag",)"
      R"("hint":"did you mean `image`?"},{"severity":"warning","rule":"other","message":"m","file":"b.yaml"}])");
  const auto sarif = diagnostics_to_sarif(list, "1.2");
  CHECK(sarif.get_string("version") == "2.1.0");
  const auto& run = sarif.get_array("runs").at(0);
  CHECK(run.find_path({"tool", "driver"})->get_string("version") == "1.2");
  CHECK(run.find_path({"tool", "driver"})->get_array("rules").size() == 2);
  const auto& result = run.get_array("results").at(0);
  CHECK(result.get_string("ruleId") == "unknown-field");
  CHECK(result.get_int("ruleIndex") == 1);
  CHECK(result.get_string("level") == "error");
  CHECK(result.get_array("locations").at(0).find_path({"physicalLocation", "region"})->get_int("startLine") ==
        2);
  CHECK_FALSE(
      run.get_array("results").at(1).get_array("locations").at(0).find_path({"physicalLocation", "region"}));
}

TEST_CASE("paths") {
  CHECK(child_path("", "spec") == "spec");
  CHECK(child_path("spec", "templates") == "spec.templates");
  CHECK(child_path("spec.templates", std::size_t{2}) == "spec.templates[2]");
  CHECK(child_path("metadata.labels", "a.b/c") == "metadata.labels[\"a.b/c\"]");
}
