// A bounded pipe between a thread that has bytes and one that wants them: the way around a spool file.
//
// In: chunks pushed by one thread. Out: the same bytes as a Source for another. At most `capacity` bytes
// wait; a push that does not fit blocks until there is room.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <span>
#include <vector>

#include "store/archive.h"

namespace skiff::store {

class BoundedPipe {
 public:
  explicit BoundedPipe(std::size_t capacity) : capacity_(capacity) {}

  /// Blocks while full. False once the reader has gone: stop pushing.
  [[nodiscard]] bool push(std::span<const std::byte> bytes);
  /// Takes what fits at once, for callers that may not block; false if it is full or the reader has gone.
  [[nodiscard]] bool try_push(std::span<const std::byte> bytes);
  /// No more bytes will come.
  void close();
  /// The reader's next call throws `why`.
  void fail(std::exception_ptr why);
  /// The reader will not read on; releases a blocked push.
  void abandon();
  /// The reading end; the pipe must outlive it.
  [[nodiscard]] Source source();

 private:
  [[nodiscard]] std::span<const std::byte> pull();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<std::byte>> chunks_;
  std::vector<std::byte> current_;
  std::size_t waiting_ = 0;
  std::size_t capacity_;
  bool closed_ = false;
  bool abandoned_ = false;
  std::exception_ptr error_;
};

}  // namespace skiff::store
