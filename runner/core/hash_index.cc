#include "runner/core/hash_index.h"

#include <utility>

namespace skiff::runner {

void HashIndex::insert(std::uint32_t hash, std::uint32_t index) {
  if ((used_ + 1) * 4 > slots_.size() * 3) grow();
  std::size_t at = hash & mask();
  while (slots_[at].index != kNone) at = (at + 1) & mask();
  slots_[at] = {hash, index};
  ++used_;
}

void HashIndex::erase(std::uint32_t hash, std::uint32_t index) {
  for (std::size_t at = hash & mask(); slots_[at].index != kNone; at = (at + 1) & mask()) {
    if (slots_[at].index == index) slots_[at].index = kErased;
  }
}

void HashIndex::grow() {
  std::pmr::vector<Slot> larger(slots_.size() * 2, slots_.get_allocator());
  const std::pmr::vector<Slot> old = std::exchange(slots_, std::move(larger));
  used_ = 0;
  for (const Slot& slot : old) {
    if (slot.index != kNone && slot.index != kErased) insert(slot.hash, slot.index);
  }
}

}  // namespace skiff::runner
