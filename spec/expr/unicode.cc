// UTF-8 by hand; letters and digits through RE2's Unicode tables; case through the C library's C.UTF-8.
#include "spec/expr/unicode.h"

#include <locale.h>
#include <re2/re2.h>
#include <wctype.h>

#include <array>

namespace skiff::spec::expr {
namespace {

unsigned byte_at(std::string_view s, std::size_t i) { return static_cast<unsigned char>(s[i]); }

bool matches(const RE2& pattern, char32_t r) {
  std::string text;
  append_rune(text, r);
  return RE2::FullMatch(text, pattern);
}

locale_t utf8_locale() {
  static const locale_t loc = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return loc;
}

template <class F>
std::string map_runes(std::string_view s, F&& f) {
  std::string out;
  out.reserve(s.size());
  while (!s.empty()) {
    const Rune r = decode_rune(s);
    append_rune(out, f(r.value));
    s.remove_prefix(r.size);
  }
  return out;
}

bool in_set(std::string_view set, char32_t r) {
  while (!set.empty()) {
    const Rune c = decode_rune(set);
    if (c.value == r) return true;
    set.remove_prefix(c.size);
  }
  return false;
}

template <class F>
std::string_view trim_left_if(std::string_view s, F&& f) {
  while (!s.empty()) {
    const Rune r = decode_rune(s);
    if (!f(r.value)) break;
    s.remove_prefix(r.size);
  }
  return s;
}

template <class F>
std::string_view trim_right_if(std::string_view s, F&& f) {
  while (!s.empty()) {
    const Rune r = decode_last_rune(s);
    if (!f(r.value)) break;
    s.remove_suffix(r.size);
  }
  return s;
}

}  // namespace

Rune decode_rune(std::string_view s) {
  if (s.empty()) return {kRuneError, 0};
  const unsigned b0 = byte_at(s, 0);
  if (b0 < 0x80) return {b0, 1};
  const std::size_t n = b0 >= 0xF0 ? 4 : b0 >= 0xE0 ? 3 : 2;
  if (b0 < 0xC2 || b0 > 0xF4 || s.size() < n) return {kRuneError, 1};
  char32_t r = b0 & (0xFFU >> (n + 1));
  for (std::size_t i = 1; i < n; ++i) {
    if ((byte_at(s, i) & 0xC0U) != 0x80U) return {kRuneError, 1};
    r = (r << 6U) | (byte_at(s, i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (r < kLeast[n] || r > 0x10FFFF || (r >= 0xD800 && r <= 0xDFFF)) return {kRuneError, 1};
  return {r, n};
}

Rune decode_last_rune(std::string_view s) {
  if (s.empty()) return {kRuneError, 0};
  for (std::size_t n = 1; n <= 4 && n <= s.size(); ++n) {
    if ((byte_at(s, s.size() - n) & 0xC0U) == 0x80U) continue;
    const Rune r = decode_rune(s.substr(s.size() - n));
    if (r.size == n) return r;
    break;
  }
  return {kRuneError, 1};
}

void append_rune(std::string& out, char32_t r) {
  if (r > 0x10FFFF || (r >= 0xD800 && r <= 0xDFFF)) r = kRuneError;
  const auto put = [&out](char32_t b) { out += static_cast<char>(static_cast<unsigned char>(b)); };
  if (r < 0x80) {
    put(r);
  } else if (r < 0x800) {
    put(0xC0U | (r >> 6U));
    put(0x80U | (r & 0x3FU));
  } else if (r < 0x10000) {
    put(0xE0U | (r >> 12U));
    put(0x80U | ((r >> 6U) & 0x3FU));
    put(0x80U | (r & 0x3FU));
  } else {
    put(0xF0U | (r >> 18U));
    put(0x80U | ((r >> 12U) & 0x3FU));
    put(0x80U | ((r >> 6U) & 0x3FU));
    put(0x80U | (r & 0x3FU));
  }
}

std::size_t rune_count(std::string_view s) {
  std::size_t n = 0;
  while (!s.empty()) {
    s.remove_prefix(decode_rune(s).size);
    ++n;
  }
  return n;
}

bool valid_utf8(std::string_view s) {
  while (!s.empty()) {
    const Rune r = decode_rune(s);
    if (r.value == kRuneError && r.size == 1) return false;
    s.remove_prefix(r.size);
  }
  return true;
}

std::string to_valid_utf8(std::string_view s) {
  return map_runes(s, [](char32_t r) { return r; });
}

bool is_letter(char32_t r) {
  if (r < 0x80) return (r | 0x20U) >= 'a' && (r | 0x20U) <= 'z';
  static const RE2 pattern("\\pL");
  return matches(pattern, r);
}

bool is_digit(char32_t r) {
  if (r < 0x80) return r >= '0' && r <= '9';
  static const RE2 pattern("\\p{Nd}");
  return matches(pattern, r);
}

bool is_space(char32_t r) {
  if (r < 0x100) return (r >= 9 && r <= 13) || r == ' ' || r == 0x85 || r == 0xA0;
  return r == 0x1680 || (r >= 0x2000 && r <= 0x200A) || r == 0x2028 || r == 0x2029 || r == 0x202F ||
         r == 0x205F || r == 0x3000;
}

bool is_upper(char32_t r) {
  if (r < 0x80) return r >= 'A' && r <= 'Z';
  static const RE2 pattern("\\p{Lu}");
  return matches(pattern, r);
}

bool is_lower(char32_t r) {
  if (r < 0x80) return r >= 'a' && r <= 'z';
  static const RE2 pattern("\\p{Ll}");
  return matches(pattern, r);
}

char32_t upper_rune(char32_t r) {
  if (r < 0x80) return r >= 'a' && r <= 'z' ? r - 32 : r;
  return static_cast<char32_t>(towupper_l(static_cast<wint_t>(r), utf8_locale()));
}

char32_t lower_rune(char32_t r) {
  if (r < 0x80) return r >= 'A' && r <= 'Z' ? r + 32 : r;
  return static_cast<char32_t>(towlower_l(static_cast<wint_t>(r), utf8_locale()));
}

std::string upper(std::string_view s) { return map_runes(s, upper_rune); }
std::string lower(std::string_view s) { return map_runes(s, lower_rune); }

std::string_view trim_space(std::string_view s) { return trim_right_if(trim_left_if(s, is_space), is_space); }

std::string_view trim_left(std::string_view s, std::string_view cutset) {
  return trim_left_if(s, [&](char32_t r) { return in_set(cutset, r); });
}

std::string_view trim_right(std::string_view s, std::string_view cutset) {
  return trim_right_if(s, [&](char32_t r) { return in_set(cutset, r); });
}

std::string_view trim(std::string_view s, std::string_view cutset) {
  return trim_right(trim_left(s, cutset), cutset);
}

}  // namespace skiff::spec::expr
