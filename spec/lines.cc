// The outline of a text, line by line.
#include "spec/lines.h"

#include <fmt/format.h>

#include <algorithm>

namespace skiff::spec {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trim_right(std::string_view s) {
  while (!s.empty() && (is_blank(s.back()) || s.back() == '\r')) s.remove_suffix(1);
  return s;
}

/// Cuts a comment off: a `#` after a blank and outside quotes.
std::string_view without_comment(std::string_view s) {
  char quote = '\0';
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (quote != '\0') {
      if (s[i] == quote) quote = '\0';
    } else if ((s[i] == '"' || s[i] == '\'') &&
               (i == 0 || is_blank(s[i - 1]) || s[i - 1] == '[' || s[i - 1] == ',')) {
      quote = s[i];
    } else if (s[i] == '#' && (i == 0 || is_blank(s[i - 1]))) {
      return trim_right(s.substr(0, i));
    }
  }
  return trim_right(s);
}

/// Where the key of `key: value` ends; npos if the text has no key.
std::size_t key_end(std::string_view s) {
  if (s.empty()) return std::string_view::npos;
  std::size_t i = 0;
  if (s[0] == '"' || s[0] == '\'') {
    i = s.find(s[0], 1);
    if (i == std::string_view::npos) return i;
    ++i;
  } else if (s[0] == '{' || s[0] == '[' || s[0] == '|' || s[0] == '>') {
    return std::string_view::npos;
  }
  for (; i < s.size(); ++i) {
    if (s[i] == ':' && (i + 1 == s.size() || is_blank(s[i + 1]))) return i;
    if (s[i] == '#' && i > 0 && is_blank(s[i - 1])) break;
  }
  return std::string_view::npos;
}

OutlineLine read_line(std::string_view text, std::size_t offset) {
  OutlineLine line;
  line.offset = offset;
  line.text = trim_right(text);
  line.indent = std::min(line.text.find_first_not_of(" \t"), line.text.size());
  std::size_t at = line.indent;
  while (at < line.text.size() && line.text[at] == '-' &&
         (at + 1 == line.text.size() || is_blank(line.text[at + 1]))) {
    ++line.dashes;
    ++at;
    while (at < line.text.size() && is_blank(line.text[at])) ++at;
  }
  line.column = at;
  std::string_view rest = line.text.substr(at);
  if (const auto end = key_end(rest); end != std::string_view::npos) {
    line.key = rest.substr(0, end);
    at += end + 1;
    while (at < line.text.size() && is_blank(line.text[at])) ++at;
    rest = line.text.substr(at);
  }
  line.value = without_comment(rest);
  line.value_column = at;
  return line;
}

bool opens_block(std::string_view value) { return value.starts_with('|') || value.starts_with('>'); }

}  // namespace

std::vector<OutlineLine> outline(std::string_view text, std::size_t begin, std::size_t end) {
  std::vector<OutlineLine> lines;
  std::size_t block_indent = std::string_view::npos;  // lines deeper than this belong to a block scalar
  for (std::size_t at = begin; at < end;) {
    const std::size_t stop = std::min(text.find('\n', at), end);
    const std::string_view raw = text.substr(at, stop - at);
    const std::size_t here = at;
    at = stop + 1;
    const std::size_t indent = raw.find_first_not_of(" \t\r");
    if (indent == std::string_view::npos || raw[indent] == '#') continue;
    if (block_indent != std::string_view::npos && indent > block_indent) continue;
    block_indent = std::string_view::npos;
    if (raw.starts_with("---") || raw.starts_with("...")) continue;
    lines.push_back(read_line(raw, here));
    const OutlineLine& line = lines.back();
    if (opens_block(line.value)) block_indent = line.indent;
  }
  return lines;
}

std::string count_columns(std::size_t n) { return fmt::format("{} {}", n, n == 1 ? "column" : "columns"); }

}  // namespace skiff::spec
