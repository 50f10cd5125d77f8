// strconv's number readers.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace skiff::spec::expr {

/// strconv.Atoi: decimal digits with an optional sign, nothing else; nothing if it does not fit.
[[nodiscard]] std::optional<std::int64_t> parse_int(std::string_view text);
/// strconv.ParseInt(text, base, 64); base 0 takes 0x, 0b, 0o, 0 prefixes and underscores.
[[nodiscard]] std::optional<std::int64_t> parse_int(std::string_view text, int base);
/// strconv.ParseFloat(text, 64): decimal and hexadecimal floats, inf, nan, underscores between digits.
[[nodiscard]] std::optional<double> parse_float(std::string_view text);

}  // namespace skiff::spec::expr
