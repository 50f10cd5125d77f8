// UTF-8: what is well-formed, and what stands for the rest.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace skiff::spec {

/// The length of the well-formed sequence at `at`, which is in `s`; 0 if there is none.
[[nodiscard]] std::size_t utf8_length(std::string_view s, std::size_t at);

/// The text with U+FFFD for each byte that belongs to no well-formed sequence, as Go's encoding/json writes
/// it.
[[nodiscard]] std::string valid_utf8(std::string text);

}  // namespace skiff::spec
