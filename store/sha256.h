// SHA-256, for the checksums of artifacts and for short names made from long paths.
//
// In: bytes in any number of pieces. Out: 64 lowercase hex digits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace skiff::store {

class Sha256 {
 public:
  void update(std::span<const std::byte> bytes);
  /// Ends the computation; the object is spent afterwards.
  [[nodiscard]] std::string hex();

 private:
  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, 64> block_{};
  std::size_t filled_ = 0;
  std::uint64_t total_ = 0;
};

[[nodiscard]] std::string sha256_hex(std::string_view text);

}  // namespace skiff::store
