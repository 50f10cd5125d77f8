// Base64 in the two alphabets the Engine API uses, always with padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skiff::docker {

/// RFC 4648 §5 ('-', '_') with padding: what X-Registry-Auth wants; the ordinary alphabet is silently ignored
/// there.
[[nodiscard]] std::string base64url(std::string_view bytes);
/// Either alphabet, padding optional; nothing if the text is no base64.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

}  // namespace skiff::docker
