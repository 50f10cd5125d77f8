#include "runner/core/hash_index.h"

namespace skiff::runner {

void HashIndex::put(std::uint32_t index, std::uint32_t hash) {
  std::size_t at = home(hash);
  while (slots_[at] != kFree) at = next(at);
  slots_[at] = index | (hash & ~mask());
  ++used_;
}

void HashIndex::erase(std::uint32_t index, std::uint32_t hash) {
  for (std::size_t at = home(hash); slots_[at] != kFree; at = next(at)) {
    if (slots_[at] != kErased && (slots_[at] & mask()) == index) slots_[at] = kErased;
  }
}

}  // namespace skiff::runner
