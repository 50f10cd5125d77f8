// Tables for the validator's tests: a document, and the finding that it must or must not bring.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/validate.h"

namespace skiff::spec::testing {

/// One document with one fault. `rule` "" means that it must have no error at all.
struct LintCase {
  const char* name;
  const char* yaml;
  const char* rule;
  const char* path = "";
  std::vector<const char*> words = {};
};

inline std::string describe(const Diagnostics& list) {
  std::string out;
  for (const Diagnostic& d : list) out += d.rule + " at " + d.path + ": " + render_line(d) + "\n";
  return out;
}

inline LintResult lint_text(std::string text, const LintOptions& options = {}) {
  return lint({{"test.yaml", std::move(text)}}, options);
}

/// A Workflow around its `spec`, which is indented by nothing.
inline std::string workflow(std::string_view spec) {
  std::string out = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: t-}\nspec:\n";
  while (!spec.empty()) {
    const auto end = spec.find('\n');
    out.append("  ").append(spec.substr(0, end)).append("\n");
    spec.remove_prefix(end == std::string_view::npos ? spec.size() : end + 1);
  }
  return out;
}

inline const Diagnostic* find_rule(const Diagnostics& list, std::string_view rule,
                                   std::string_view path = "") {
  const auto it = std::find_if(list.begin(), list.end(), [&](const Diagnostic& d) {
    return d.rule == rule && (path.empty() || d.path == path);
  });
  return it == list.end() ? nullptr : &*it;
}

/// Each case's text is the spec of a Workflow; its fault must be found with that severity, and no other
/// error.
inline void check_specs(std::span<const LintCase> cases, Severity severity = Severity::error) {
  for (const LintCase& c : cases) {
    const std::string name = c.name;
    CAPTURE(name);
    const LintResult result = lint_text(workflow(c.yaml));
    const std::string all = describe(result.diagnostics);
    CAPTURE(all);
    const std::string_view rule = c.rule;
    if (rule.empty()) {
      CHECK(result.ok());
      continue;
    }
    const Diagnostic* d = find_rule(result.diagnostics, rule, c.path);
    CHECK(d != nullptr);
    if (d == nullptr) continue;
    CHECK(d->severity == severity);
    CHECK(d->mark.line >= 4);
    for (const char* word : c.words) {
      const std::string wanted = word;
      CAPTURE(wanted);
      CHECK((d->message + " " + d->hint).find(wanted) != std::string::npos);
    }
    CHECK(result.ok() == (severity != Severity::error));
    for (const Diagnostic& other : result.diagnostics) {
      const bool of_the_case = other.severity != Severity::error || other.rule == rule;
      CHECK(of_the_case);
    }
  }
}

}  // namespace skiff::spec::testing
