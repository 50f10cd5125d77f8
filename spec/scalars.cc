// What an unquoted word of YAML is: null, boolean, number or string, by the rules that Argo's decoder
// follows.
//
// Argo reads YAML through sigs.k8s.io/yaml, whose parser is go-yaml v2: YAML 1.1 words (yes, on, y), Go's
// integer literals (0x1F, 0b11, 0o17, 010 is octal, 1_000), floats, no sexagesimals, and dates that stay
// strings. The result goes through JSON, where 1.0 and 1 are the same number.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "spec/tree.h"

namespace skiff::spec {

namespace {

template <std::size_t N>
bool is_any(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, text) != words.end();
}

constexpr std::array<std::string_view, 11> kTrue{"y",    "Y",    "yes", "Yes", "YES", "true",
                                                 "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalse{"n",     "N",     "no",  "No",  "NO", "false",
                                                  "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};
constexpr std::string_view kLongTag = "tag:yaml.org,2002:";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t count_digits(std::string_view s, std::size_t from) {
  std::size_t i = from;
  while (i < s.size() && is_digit(s[i])) ++i;
  return i - from;
}

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool looks_like_float(std::string_view s) {
  std::size_t i = !s.empty() && (s[0] == '-' || s[0] == '+') ? 1 : 0;
  const std::size_t whole = count_digits(s, i);
  i += whole;
  if (i < s.size() && s[i] == '.') {
    const std::size_t fraction = count_digits(s, i + 1);
    if (whole == 0 && fraction == 0) return false;
    i += 1 + fraction;
  } else if (whole == 0) {
    return false;
  }
  if (i < s.size() && (s[i] == 'e' || s[i] == 'E')) {
    ++i;
    if (i < s.size() && (s[i] == '-' || s[i] == '+')) ++i;
    const std::size_t exponent = count_digits(s, i);
    if (exponent == 0) return false;
    i += exponent;
  }
  return i == s.size();
}

/// Go's strconv.ParseInt(s, 0, 64), else ParseUint: the base comes from the prefix.
std::optional<Json> parse_integer(std::string_view s) {
  bool negative = false;
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) {
    negative = s[0] == '-';
    s.remove_prefix(1);
  }
  int base = 10;
  if (s.size() > 1 && s[0] == '0') {
    const char mark = static_cast<char>(s[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    s.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
  }
  if (s.empty()) return std::nullopt;
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), magnitude, base);
  if (error != std::errc() || end != s.data() + s.size()) return std::nullopt;
  if (!negative) return Json(magnitude);
  if (magnitude > std::uint64_t{1} << 63u) return std::nullopt;
  return Json(static_cast<std::int64_t>(~magnitude + 1));
}

std::optional<Json> parse_float(std::string_view s) {
  if (!looks_like_float(s)) return std::nullopt;
  const double value = std::strtod(std::string(s).c_str(), nullptr);
  if (!std::isfinite(value)) return std::nullopt;
  return Json(value);
}

/// YYYY-…: go-yaml takes dates for timestamps, which come out as the strings that they were.
bool looks_like_date(std::string_view s) { return count_digits(s, 0) == 4 && s.size() > 4 && s[4] == '-'; }

Json number_or_string(std::string_view text) {
  const char c = text.front();
  if (c == '.') {
    if (auto n = parse_float(text)) return *n;
    return text;
  }
  if ((!is_digit(c) && c != '-' && c != '+') || looks_like_date(text)) return text;
  std::string plain(text);
  std::erase(plain, '_');
  if (auto n = parse_integer(plain)) return *n;
  if (auto n = parse_float(plain)) return *n;
  return text;
}

Json resolve_plain(std::string_view text) {
  if (is_any(text, kNull)) return nullptr;
  if (is_any(text, kTrue)) return true;
  if (is_any(text, kFalse)) return false;
  return number_or_string(text);
}

Json json_literal(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return Json::number(std::string(text));
}

}  // namespace

Json scalar_value(const Node& node) {
  if (!node.is_scalar()) return nullptr;
  const std::string_view text = node.text();
  if (!node.tag().empty()) {
    const std::string_view tag = node.tag();
    const bool standard = tag.starts_with(kLongTag);
    const std::string_view type = standard ? tag.substr(kLongTag.size()) : std::string_view();
    if (!standard || type == "str" || type == "binary" || type == "timestamp") return text;
    return resolve_plain(text);
  }
  if (node.style() != Node::Style::plain) return text;
  if (node.is_json()) return json_literal(text);
  return resolve_plain(text);
}

std::string key_string(const Node& key) {
  const Json value = scalar_value(key);
  switch (value.kind()) {
    case Json::Kind::string:
      return value.as_string();
    case Json::Kind::boolean:
      return value.as_bool() ? "true" : "false";
    case Json::Kind::number:
      return value.number_text();
    default:
      return std::string(key.text());
  }
}

Json to_json_value(const Node& node) {
  if (node.is_sequence()) {
    Json::Array items;
    items.reserve(node.size());
    for (std::size_t i = 0; i < node.size(); ++i) items.push_back(to_json_value(node.item(i)));
    return items;
  }
  if (node.is_mapping()) {
    Json::Object members;
    members.reserve(node.size());
    for (std::size_t i = 0; i < node.size(); ++i) {
      members.emplace_back(key_string(node.key(i)), to_json_value(node.value(i)));
    }
    return members;
  }
  return scalar_value(node);
}

}  // namespace skiff::spec
