// Go's strings package where the standard library has no equal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skiff::spec::expr {

/// strings.SplitN, or SplitAfterN with `keep`: at most n parts, all for n < 0; an empty separator splits into
/// runes. For n == 0 Go's result is a nil slice: the caller sees to that.
[[nodiscard]] std::vector<std::string> split(std::string_view s, std::string_view separator,
                                             std::int64_t n = -1, bool keep = false);
/// strings.Count.
[[nodiscard]] std::size_t count(std::string_view s, std::string_view part);
/// strings.Replace; all for n < 0.
[[nodiscard]] std::string replace(std::string_view s, std::string_view from, std::string_view to,
                                  std::int64_t n = -1);

}  // namespace skiff::spec::expr
