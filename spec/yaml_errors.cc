// Why a text is no YAML, in words that help: looks at the lines around the place where the parser gave up.
//
// The parser knows only which token surprised it; the usual causes can be seen in the text: a tab, bare
// braces, a quote or bracket that is never closed, a second colon, an indentation that fits no line above.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "spec/lines.h"
#include "spec/readers.h"

namespace skiff::spec {

namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// The lines of one document, and the one at which the parser stopped.
struct Scene {
  const Tree& tree;
  std::vector<OutlineLine> lines;  ///< up to the end of the document, without blank lines and comments
  std::size_t at = 0;              ///< index of the line where the parser stopped
  std::size_t offset = 0;
  std::string_view message;

  const OutlineLine& line() const { return lines[at]; }
  const OutlineLine* previous() const { return at > 0 ? &lines[at - 1] : nullptr; }
  std::size_t offset_in(const OutlineLine& l, std::size_t column) const { return l.offset + column; }
};

std::optional<DocumentError> tab(const Scene& s) {
  for (std::size_t i = s.at > 0 ? s.at - 1 : 0; i <= s.at && i < s.lines.size(); ++i) {
    const auto& l = s.lines[i];
    const auto blank = l.text.substr(0, l.text.find_first_not_of(" \t"));
    const auto column = blank.find('\t');
    if (column == std::string_view::npos) continue;
    return DocumentError(l.offset + column, "tab-indentation", "a tab stands in the indentation of this line",
                         "YAML is indented with blanks only");
  }
  return std::nullopt;
}

std::optional<DocumentError> braces(const Scene& s) {
  for (std::size_t i = s.at > 0 ? s.at - 1 : 0; i <= s.at; ++i) {
    const auto& l = s.lines[i];
    if (!l.value.starts_with("{{")) continue;
    return DocumentError(l.offset + l.value_column, "unquoted-braces",
                         fmt::format("`{}` has to be quoted: bare braces are a mapping in YAML", l.value),
                         fmt::format("write \"{}\"", l.value));
  }
  return std::nullopt;
}

/// The end of a flow collection or quoted text that begins at `from`; npos if it is never closed.
std::size_t flow_end(std::string_view text, std::size_t from) {
  std::size_t depth = 0;
  char quote = '\0';
  for (std::size_t i = from; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == '\\' && quote == '"') {
        ++i;
      } else if (c == quote) {
        quote = '\0';
        if (depth == 0) return i + 1;
      }
    } else if ((c == '"' || c == '\'') && (i == from || contains(" [{,:\n", text.substr(i - 1, 1)))) {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      if (--depth == 0) return i + 1;
    }
  }
  return std::string_view::npos;
}

std::optional<DocumentError> unclosed(const Scene& s, std::size_t end) {
  const std::string_view text = std::string_view(s.tree.text()).substr(0, end);
  std::size_t covered = 0;
  for (std::size_t i = 0; i <= s.at; ++i) {
    const auto& l = s.lines[i];
    const char first = l.value.empty() ? ' ' : l.value.front();
    const std::size_t from = l.offset + l.value_column;
    if (!contains("\"'[{", std::string_view(&first, 1)) || from < covered) continue;
    const std::size_t close = flow_end(text, from);
    if (close == std::string_view::npos) {
      const bool quoted = first == '"' || first == '\'';
      return DocumentError(
          from, quoted ? "unclosed-quote" : "unclosed-bracket",
          quoted ? "this quoted text is never closed" : fmt::format("this `{}` is never closed", first),
          fmt::format("add the closing {}", quoted         ? first
                                            : first == '[' ? ']'
                                                           : '}'));
    }
    covered = close;
    auto rest = text.substr(close, text.find('\n', close) - close);
    rest = rest.substr(std::min(rest.find_first_not_of(" \t\r"), rest.size()));
    while (rest.ends_with('\r') || rest.ends_with(' ')) rest.remove_suffix(1);
    const bool comment = rest.starts_with('#');
    if (rest.empty() || comment || rest.starts_with(':') || rest.starts_with(',')) continue;
    return DocumentError(close, "text-after-value",
                         fmt::format("`{}` follows a value that ended at `{}`", rest, text[close - 1]),
                         "quote the whole value, or delete what follows");
  }
  return std::nullopt;
}

/// `{image: a command: [b]}`: one key of a flow mapping holds the next.
std::optional<DocumentError> comma(const Scene& s) {
  const auto& l = s.line();
  if (!l.value.starts_with('{') && !l.value.starts_with('[')) return std::nullopt;
  const std::size_t from = l.offset + l.value_column;
  if (s.offset <= from || s.offset > from + l.value.size()) return std::nullopt;
  const bool at_colon = l.value.substr(s.offset - from).starts_with(':');
  const std::string_view before = l.value.substr(0, s.offset - from + (at_colon ? 1 : 0));
  const std::string_view entry = before.substr(before.find_last_of("{[,") + 1);
  const std::size_t first = entry.find(": ");
  const std::size_t second = entry.rfind(':');
  if (first == std::string_view::npos || second <= first + 1) return std::nullopt;
  const std::size_t blank = entry.rfind(' ', second);
  if (blank <= first + 1) return std::nullopt;
  const std::string_view key = entry.substr(blank + 1, second - blank - 1);
  const auto at = static_cast<std::size_t>(key.data() - s.tree.text().data());
  return DocumentError(at, "missing-comma", fmt::format("a comma is missing before `{}`", key),
                       "the keys of {…} stand apart by commas; quote a value that holds `: `");
}

std::optional<DocumentError> colon(const Scene& s) {
  const auto& l = s.line();
  const auto second = l.value.find(": ");
  if (!l.key.empty() && second != std::string_view::npos && !contains("\"'[{|>", l.value.substr(0, 1))) {
    return DocumentError(l.offset + l.value_column + second, "unquoted-colon",
                         fmt::format("a second `: ` stands in the value of `{}`", l.key),
                         fmt::format("quote the value: {}: \"{}\"", l.key, l.value));
  }
  const OutlineLine* above = s.previous();
  if (!l.key.empty() && above != nullptr && !above->key.empty() && !above->value.empty() &&
      l.column > above->column && !contains("|>", above->value.substr(0, 1))) {
    return DocumentError(l.offset + l.column, "indentation",
                         fmt::format("`{}` is indented deeper than `{}` above it, which already has a value",
                                     l.key, above->key),
                         fmt::format("move it {} to the left, under `{}`",
                                     count_columns(l.column - above->column), above->key));
  }
  return std::nullopt;
}

std::optional<DocumentError> reserved(const Scene& s) {
  const auto& l = s.line();
  if (contains(s.message, "escape")) {
    const auto slash = s.tree.text().rfind('\\', s.offset);
    return DocumentError(slash == std::string::npos ? s.offset : slash, "bad-escape",
                         "this escape after `\\` does not exist in double quotes",
                         "in single quotes a `\\` is an ordinary character");
  }
  if (contains(s.message, "anchor is not defined") || contains(s.message, "alias")) {
    const std::size_t at = l.value.starts_with("*") ? l.offset + l.value_column : s.offset;
    return DocumentError(at, "unknown-alias", "`*` names an anchor that was not set before it",
                         l.value.starts_with("*") ? fmt::format("quote the value: \"{}\"", l.value)
                                                  : "set the anchor with &name, or quote the text");
  }
  if (!l.value.empty() && contains("@`%*&!", l.value.substr(0, 1))) {
    return DocumentError(l.offset + l.value_column, "reserved-character",
                         fmt::format("a value cannot begin with `{}` in YAML", l.value.front()),
                         fmt::format("quote it: \"{}\"", l.value));
  }
  return std::nullopt;
}

std::optional<DocumentError> indentation(const Scene& s) {
  const auto& l = s.line();
  std::optional<std::size_t> fitting;
  for (std::size_t i = s.at; i-- > 0;) {
    if (s.lines[i].indent > l.indent) continue;
    if (s.lines[i].indent == l.indent) fitting = i;
    if (s.lines[i].column == l.indent && s.lines[i].dashes > 0) return std::nullopt;
    break;
  }
  if (!fitting && (s.at == 0 || l.indent == 0)) return std::nullopt;
  if (!fitting) {
    return DocumentError(
        l.offset + l.indent, "indentation",
        fmt::format("this line is indented by {}, which fits no line above it", count_columns(l.indent)),
        "give it the indentation of the line beside which it belongs");
  }
  const auto& peer = s.lines[*fitting];
  if (l.dashes > 0 && peer.dashes == 0) {
    return DocumentError(l.offset + l.indent, "indentation",
                         fmt::format("a list item stands here beside the key `{}`", peer.key),
                         "indent the item below the key it belongs to");
  }
  if (l.dashes == 0 && peer.dashes > 0) {
    return DocumentError(
        l.offset + l.indent, "indentation", "a key stands here beside a list item",
        fmt::format("indent it by {} to make it part of the item", count_columns(peer.column - peer.indent)));
  }
  return std::nullopt;
}

}  // namespace

DocumentError explain_yaml_error(const Tree& tree, std::size_t begin, std::size_t end, std::size_t offset,
                                 std::string_view parser_message) {
  Scene scene{tree, outline(tree.text(), begin, end), 0, offset, parser_message};
  if (!scene.lines.empty()) {
    const auto after = std::ranges::upper_bound(scene.lines, offset, {}, &OutlineLine::offset);
    scene.at = after == scene.lines.begin() ? 0 : static_cast<std::size_t>(after - scene.lines.begin()) - 1;
    if (auto e = tab(scene)) return *e;
    if (auto e = braces(scene)) return *e;
    if (auto e = unclosed(scene, end)) return *e;
    if (auto e = reserved(scene)) return *e;
    if (auto e = comma(scene)) return *e;
    if (auto e = colon(scene)) return *e;
    if (auto e = indentation(scene)) return *e;
  }
  return DocumentError(offset, "yaml-syntax", "the text is no valid YAML from here on",
                       "look for an unquoted special character or an indentation that does not fit");
}

}  // namespace skiff::spec
