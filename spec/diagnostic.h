// What is wrong with a user's file, and where: the one form in which every check of the language speaks.
//
// In: findings of the parser, the decoder, the validator. Out: text for people (the source line with a
// caret), one line for scripts, JSON, and SARIF 2.1.0 for code hosts. Findings are data and are never thrown.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spec/json.h"

namespace skiff::spec {

enum class Severity : std::uint8_t { error, warning, note };

/// "error", "warning" or "note".
[[nodiscard]] std::string_view to_string(Severity severity);

/// A place in a text; both count from 1, columns in Unicode characters. Line 0 means "the file as a whole".
struct Mark {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  auto operator<=>(const Mark&) const = default;
};

struct Diagnostic {
  Severity severity = Severity::error;
  std::string rule;     ///< short and stable, in kebab-case: "unknown-field", "wrong-type", "dag-cycle"
  std::string message;  ///< one line; names and values of the document stand in `backquotes`
  std::string file;
  Mark mark;
  std::string path;  ///< "spec.templates[2].dag.tasks[0].depends"; may be empty
  std::string hint;  ///< what to type next; may be empty
  bool operator==(const Diagnostic&) const = default;
};

using Diagnostics = std::vector<Diagnostic>;

[[nodiscard]] bool has_errors(const Diagnostics& list);

/// Sorts by file, place and severity, and drops findings that are equal in every part.
void sort_diagnostics(Diagnostics& list);

struct RenderStyle {
  bool color = false;  ///< ANSI colours
};

/// `file:line:col: error: message`, the source line, a caret, the hint; ends with a newline.
/// `source` is the text of the file, or empty where it is not at hand.
[[nodiscard]] std::string render(const Diagnostic& d, std::string_view source, RenderStyle style = {});

/// `file:line:col: error: message (hint)`, without a newline: for `-o simple` and for logs.
[[nodiscard]] std::string render_line(const Diagnostic& d);

/// A list of objects with severity, rule, message, file, line, column, path, hint (absent where empty).
[[nodiscard]] Json diagnostics_to_json(const Diagnostics& list);

/// A SARIF 2.1.0 log with one run of the tool `skiff`.
[[nodiscard]] Json diagnostics_to_sarif(const Diagnostics& list, std::string_view tool_version);

/// `path` and a member's key: "spec" + "entrypoint"; keys that hold dots or brackets come as `a["b.c"]`.
[[nodiscard]] std::string child_path(std::string_view path, std::string_view key);
/// `path` and a position: "spec.templates[2]".
[[nodiscard]] std::string child_path(std::string_view path, std::size_t index);

}  // namespace skiff::spec
