// strconv's number readers, by std::from_chars.
#include "spec/expr/numbers.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

namespace skiff::spec::expr {
namespace {

char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_digit(char c, bool hex) {
  return (c >= '0' && c <= '9') || (hex && fold(c) >= 'a' && fold(c) <= 'f');
}

/// Underscores may only stand between digits, or between a base's prefix and a digit.
bool underscores_fit(std::string_view s, bool prefixed, bool hex) {
  bool after_digit = prefixed;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '_') {
      if (!after_digit || i + 1 >= s.size() || !is_digit(s[i + 1], hex)) return false;
      after_digit = false;
    } else {
      after_digit = is_digit(s[i], hex);
    }
  }
  return true;
}

std::string without_underscores(std::string_view s) {
  std::string out(s);
  std::erase(out, '_');
  return out;
}

std::optional<double> special(std::string_view s) {
  std::string low;
  for (const char c : s) low += fold(c);
  if (low == "inf" || low == "infinity") return std::numeric_limits<double>::infinity();
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_int(std::string_view text) { return parse_int(text, 10); }

std::optional<std::int64_t> parse_int(std::string_view text, int base) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string digits(text);
  if (base == 0) {
    base = 10;
    bool prefixed = false;
    if (text.size() >= 3 && text[0] == '0' &&
        std::string_view("xXbBoO").find(text[1]) != std::string_view::npos) {
      base = fold(text[1]) == 'x' ? 16 : fold(text[1]) == 'b' ? 2 : 8;
      text.remove_prefix(2);
      prefixed = true;
    } else if (text.size() >= 2 && text[0] == '0') {
      base = 8;
      text.remove_prefix(1);
      prefixed = true;
    }
    if (!underscores_fit(text, prefixed, base == 16)) return std::nullopt;
    digits = without_underscores(text);
  }
  std::uint64_t n = 0;
  const char* end = digits.data() + digits.size();
  const auto r = std::from_chars(digits.data(), end, n, base);
  if (r.ec != std::errc() || r.ptr != end) return std::nullopt;
  const std::uint64_t most = std::uint64_t{1} << 63U;
  if (n > most || (n == most && !negative)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - n : n);
}

std::optional<double> parse_float(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const double sign = negative ? -1 : 1;
  if (const auto v = special(text)) return sign * *v;
  if (text.size() == 3 && fold(text[0]) == 'n' && fold(text[1]) == 'a' && fold(text[2]) == 'n') {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const bool hex = text.size() > 2 && text[0] == '0' && fold(text[1]) == 'x';
  if (hex) {
    text.remove_prefix(2);
    if (text.find_first_of("pP") == std::string_view::npos) return std::nullopt;
  }
  if (!underscores_fit(text, hex, hex)) return std::nullopt;
  const std::string clean = without_underscores(text);
  if (clean.empty() || !(is_digit(clean[0], hex) || clean[0] == '.')) return std::nullopt;
  double d = 0;
  const char* end = clean.data() + clean.size();
  const auto r =
      std::from_chars(clean.data(), end, d, hex ? std::chars_format::hex : std::chars_format::general);
  if (r.ptr != end) return std::nullopt;
  if (r.ec == std::errc::result_out_of_range) {
    d = std::strtod((hex ? "0x" + clean : clean).c_str(), nullptr);
    if (std::isinf(d)) return std::nullopt;
    return sign * d;
  }
  if (r.ec != std::errc()) return std::nullopt;
  return sign * d;
}

}  // namespace skiff::spec::expr
