#include "runner/core/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

namespace skiff::runner {
namespace {

std::size_t whole_pages(std::size_t bytes) {
  return (bytes + HugePages::kPage - 1) / HugePages::kPage * HugePages::kPage;
}

}  // namespace

HugePages& HugePages::shared() {
  static HugePages pages;
  return pages;
}

void* HugePages::do_allocate(std::size_t bytes, std::size_t alignment) {
  std::pmr::memory_resource& heap = *std::pmr::new_delete_resource();
  if (bytes < kPage) return heap.allocate(bytes, alignment);
  void* at = heap.allocate(whole_pages(bytes), std::max(alignment, kPage));
  (void)madvise(at, whole_pages(bytes), MADV_HUGEPAGE);  // where there are none, small ones do
  return at;
}

void HugePages::do_deallocate(void* at, std::size_t bytes, std::size_t alignment) {
  std::pmr::memory_resource& heap = *std::pmr::new_delete_resource();
  if (bytes < kPage) return heap.deallocate(at, bytes, alignment);
  heap.deallocate(at, whole_pages(bytes), std::max(alignment, kPage));
}

std::string_view Arena::keep(std::string_view text) {
  if (text.empty()) return {};
  char* at = static_cast<char*>(blocks_.allocate(text.size(), 1));
  std::memcpy(at, text.data(), text.size());
  return {at, text.size()};
}

}  // namespace skiff::runner
