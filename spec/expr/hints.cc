// The traps: hyphens, words of other languages, misspelt names, text against numbers.
#include "spec/expr/hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "spec/expr/builtins.h"
#include "spec/expr/natures.h"

namespace skiff::spec::expr {
namespace {

bool word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.';
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string nearest_name(std::string_view name, const Map& env) {
  std::string best;
  std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
  const auto consider = [&](const std::string& candidate) {
    const std::size_t d = edit_distance(name, candidate);
    if (d < least) {
      least = d;
      best = candidate;
    }
  };
  for (const auto& [key, value] : env) consider(key.as_string());
  for (const std::string& b : builtin_names()) consider(b);
  return best;
}

}  // namespace

std::string quoted_hyphen_path(std::string_view text, std::size_t offset) {
  if (offset >= text.size() || !word_char(text[offset])) return "";
  std::size_t begin = offset;
  std::size_t end = offset;
  while (begin > 0 && word_char(text[begin - 1])) --begin;
  while (end < text.size() && word_char(text[end])) ++end;
  const std::string_view path = text.substr(begin, end - begin);
  if (path.find('-') == std::string_view::npos || path.front() == '-' || path.back() == '-') return "";
  std::string out;
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t dot = std::min(path.find('.', from), path.size());
    const std::string_view part = path.substr(from, dot - from);
    if (part.empty()) return "";
    if (part.find('-') != std::string_view::npos && !out.empty()) {
      out += fmt::format("['{}']", part);
    } else if (part.find('-') != std::string_view::npos) {
      out = fmt::format("$env['{}']", part);
    } else {
      out += out.empty() ? std::string(part) : "." + std::string(part);
    }
    from = dot + 1;
  }
  return out;
}

std::string hint_for_unknown_name(std::string_view text, Place place, std::string_view name, const Map& env) {
  const std::string path = quoted_hyphen_path(text, place.offset);
  if (!path.empty()) return "a hyphen means minus here; write " + path;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kWords = {{
      {"null", "nil"},
      {"None", "nil"},
      {"undefined", "nil"},
      {"True", "true"},
      {"False", "false"},
      {"item", ""},
  }};
  for (const auto& [word, instead] : kWords) {
    if (name == word && !instead.empty()) return fmt::format("write {}", instead);
  }
  const std::string near = nearest_name(name, env);
  if (!near.empty()) return fmt::format("did you mean {}?", near);
  return fmt::format("if it is a text, put it in quotes: '{}'", name);
}

std::string hint_for_mismatch(std::string_view text, const Node& op, const Nature& left, const Nature& right,
                              const Map&) {
  if (op.op == Op::subtract) {
    const std::string path = quoted_hyphen_path(text, op.place.offset);
    if (!path.empty()) return "a hyphen means minus here; write " + path;
  }
  const bool compares = op.op == Op::equal || op.op == Op::not_equal || op.op == Op::less ||
                        op.op == Op::more || op.op == Op::less_equal || op.op == Op::more_equal ||
                        op.op == Op::in;
  const bool text_and_number = (is_string(left) && is_number(right)) || (is_number(left) && is_string(right));
  if (text_and_number) {
    if (!compares) return "turn the number into text with string(x), or the text into a number with asInt(x)";
    return "values of parameters are text: compare with a text, as in x == '1', or turn it into a number: "
           "asInt(x) == 1";
  }
  if ((is_string(left) && is_bool(right)) || (is_bool(left) && is_string(right))) {
    return "values of parameters are text: compare with 'true' or 'false' in quotes";
  }
  if (op.op == Op::in && is_string(right)) return "for a part of a text write: text contains 'part'";
  return "";
}

}  // namespace skiff::spec::expr
