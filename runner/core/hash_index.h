// From the hash of something to its index, in 4 bytes a slot: the table of 100,000 nodes fits the processor's
// second cache. Whether it is the one that is sought, and its hash, the caller looks up in what the index is
// of.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory_resource>
#include <utility>
#include <vector>

#include "runner/core/arena.h"

namespace skiff::runner {

class HashIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  HashIndex() : slots_(kLeast, kFree, &HugePages::shared()) {}

  /// The first one for which `is(index)` holds, or kNone. `is` is asked for those whose hash may be this one.
  template <class Is>
  [[nodiscard]] std::uint32_t find(std::uint32_t hash, const Is& is) const {
    for (std::size_t at = home(hash); slots_[at] != kFree; at = next(at)) {
      if (slots_[at] == kErased || (slots_[at] & ~mask()) != (hash & ~mask())) continue;
      if (const std::uint32_t index = slots_[at] & mask(); is(index)) return index;
    }
    return kNone;
  }
  /// `hash_of` tells the hash of this index and of those that were inserted before and not erased since.
  template <class HashOf>
  void insert(std::uint32_t index, const HashOf& hash_of) {
    if ((used_ + 1) * 8 > slots_.size() * 7 || index >= slots_.size() - 2) grow(index, hash_of);
    put(index, hash_of(index));
  }
  void erase(std::uint32_t index, std::uint32_t hash);

 private:
  // A slot: the index in as many of the low bits as the table needs, above them those of the hash.
  static constexpr std::uint32_t kFree = 0xffffffff;
  static constexpr std::uint32_t kErased = kFree - 1;
  static constexpr std::size_t kLeast = 64;

  [[nodiscard]] std::uint32_t mask() const { return static_cast<std::uint32_t>(slots_.size() - 1); }
  [[nodiscard]] std::size_t home(std::uint32_t hash) const { return hash & mask(); }
  [[nodiscard]] std::size_t next(std::size_t at) const { return (at + 1) & mask(); }
  void put(std::uint32_t index, std::uint32_t hash);

  template <class HashOf>
  void grow(std::uint32_t index, const HashOf& hash_of) {
    const std::uint32_t before = mask();
    const std::size_t size = std::max(slots_.size() * 2, std::bit_ceil(std::size_t{index} + 3));
    std::pmr::vector<std::uint32_t> larger(size, kFree, slots_.get_allocator());
    const std::pmr::vector<std::uint32_t> old = std::exchange(slots_, std::move(larger));
    used_ = 0;
    for (const std::uint32_t slot : old) {
      if (slot != kFree && slot != kErased) put(slot & before, hash_of(slot & before));
    }
  }

  std::pmr::vector<std::uint32_t> slots_;  ///< a power of two
  std::size_t used_ = 0;                   ///< those erased since among them
};

}  // namespace skiff::runner
