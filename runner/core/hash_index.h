// From the hash of something to its index, in 8 bytes a slot: whether it is the one that is sought, the
// caller looks up in what the index is of.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "runner/core/arena.h"

namespace skiff::runner {

class HashIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  HashIndex() : slots_(64, &HugePages::shared()) {}

  /// The first one of that hash for which `is(index)` holds, or kNone.
  template <class Is>
  [[nodiscard]] std::uint32_t find(std::uint32_t hash, const Is& is) const {
    for (std::size_t at = hash & mask(); slots_[at].index != kNone; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.hash == hash && slot.index != kErased && is(slot.index)) return slot.index;
    }
    return kNone;
  }
  void insert(std::uint32_t hash, std::uint32_t index);
  void erase(std::uint32_t hash, std::uint32_t index);

 private:
  static constexpr std::uint32_t kErased = kNone - 1;
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t index = kNone;
  };
  [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }
  void grow();

  std::pmr::vector<Slot> slots_;  ///< a power of two
  std::size_t used_ = 0;          ///< those erased since among them
};

}  // namespace skiff::runner
