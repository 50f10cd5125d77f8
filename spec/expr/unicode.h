// UTF-8 and the few Unicode properties that Go's strings and unicode packages ask for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace skiff::spec::expr {

inline constexpr char32_t kRuneError = 0xFFFD;

struct Rune {
  char32_t value = 0;
  std::size_t size = 0;  ///< bytes; 1 for a byte that is no UTF-8 (value is kRuneError then), 0 at the end
};

/// The rune at the start of `s`, as utf8.DecodeRuneInString.
[[nodiscard]] Rune decode_rune(std::string_view s);
/// The last rune of `s`, as utf8.DecodeLastRuneInString.
[[nodiscard]] Rune decode_last_rune(std::string_view s);
/// Appends; a surrogate or a value beyond U+10FFFF becomes U+FFFD.
void append_rune(std::string& out, char32_t r);
[[nodiscard]] std::size_t rune_count(std::string_view s);
[[nodiscard]] bool valid_utf8(std::string_view s);
/// Replaces every byte that is no UTF-8 by U+FFFD.
[[nodiscard]] std::string to_valid_utf8(std::string_view s);

[[nodiscard]] bool is_letter(char32_t r);  ///< category L
[[nodiscard]] bool is_digit(char32_t r);   ///< category Nd
[[nodiscard]] bool is_space(char32_t r);   ///< unicode.IsSpace
[[nodiscard]] bool is_upper(char32_t r);
[[nodiscard]] bool is_lower(char32_t r);
[[nodiscard]] char32_t upper_rune(char32_t r);
[[nodiscard]] char32_t lower_rune(char32_t r);
/// strings.ToUpper, ToLower, TrimSpace.
[[nodiscard]] std::string upper(std::string_view s);
[[nodiscard]] std::string lower(std::string_view s);
[[nodiscard]] std::string_view trim_space(std::string_view s);
/// strings.Trim(s, cutset).
[[nodiscard]] std::string_view trim(std::string_view s, std::string_view cutset);
/// strings.TrimLeft, TrimRight.
[[nodiscard]] std::string_view trim_left(std::string_view s, std::string_view cutset);
[[nodiscard]] std::string_view trim_right(std::string_view s, std::string_view cutset);

}  // namespace skiff::spec::expr
