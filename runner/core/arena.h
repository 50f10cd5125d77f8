// Where the nodes of a workflow live: memory that grows in blocks, ever larger ones, and is given back as a
// whole. What an event costs among 100,000 nodes is the memory that it touches, and how the processor finds
// it: blocks of megabytes lie on huge pages, small workflows have small blocks.
#pragma once

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <string_view>
#include <utility>
#include <vector>

namespace skiff::runner {

/// Large pieces are aligned to huge pages and made of them where the kernel has them to give.
class HugePages : public std::pmr::memory_resource {
 public:
  static constexpr std::size_t kPage = std::size_t{2} << 20;
  /// It has no state: one serves all.
  [[nodiscard]] static HugePages& shared();

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override;
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }
};

class Arena {
 public:
  /// A copy that lives as long as the arena.
  [[nodiscard]] std::string_view keep(std::string_view text);
  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t alignment) {
    return blocks_.allocate(bytes, alignment);
  }

 private:
  std::pmr::monotonic_buffer_resource blocks_{&HugePages::shared()};
};

/// A list that only grows and whose elements stay where they are; its memory is the arena's.
template <class T>
class Chunks {
 public:
  explicit Chunks(Arena& arena) : arena_(&arena) {}
  Chunks(const Chunks&) = delete;
  Chunks& operator=(const Chunks&) = delete;
  ~Chunks() {
    for (std::size_t i = 0; i < size_; ++i) std::destroy_at(&(*this)[i]);
  }

  T& operator[](std::size_t i) { return chunks_[i / kChunk][i % kChunk]; }
  const T& operator[](std::size_t i) const { return chunks_[i / kChunk][i % kChunk]; }
  [[nodiscard]] std::size_t size() const { return size_; }

  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (size_ == chunks_.size() * kChunk) {
      chunks_.push_back(static_cast<T*>(arena_->allocate(kChunk * sizeof(T), alignof(T))));
    }
    T& made = *std::construct_at(&(*this)[size_], std::forward<Args>(args)...);
    ++size_;
    return made;
  }

 private:
  static constexpr std::size_t kChunk = 64;

  Arena* arena_;
  std::vector<T*> chunks_;
  std::size_t size_ = 0;
};

}  // namespace skiff::runner
