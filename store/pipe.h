// A bounded pipe between one that has bytes and one that wants them: why no tar is ever spooled to the disk.
//
// In: bytes in any pieces. Out: the same bytes as a Source, in blocks of one size. Either end may be a thread
// that waits or a coroutine that must not: that one asks first whether it would have to wait, and is called
// back when not. A block that is not full is handed over only when the writer is done. At most `blocks` wait,
// and are used again.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "store/archive.h"

namespace skiff::store {

class BoundedPipe {
 public:
  static constexpr std::size_t kBlockBytes = std::size_t{256} << 10;
  using Later = std::function<void()>;

  explicit BoundedPipe(std::size_t blocks = 4) : most_(blocks) {}

  // The writing end, used by one thread at a time.
  /// Waits for room, then takes all. False once the reader has gone: stop.
  [[nodiscard]] bool push(std::span<const std::byte> bytes);
  /// Takes all at once even if that is more than `blocks`: ask room() before. False once the reader has gone.
  [[nodiscard]] bool put(std::span<const std::byte> bytes);
  /// Whether there is room, or nobody to read; if not, `later` is called once when there is, by the reader's
  /// thread.
  [[nodiscard]] bool room(const Later& later);
  /// No more bytes will come.
  void close();
  /// The reader's next call throws `why`, whatever still waits.
  void fail(std::exception_ptr why);

  // The reading end, likewise.
  /// The next block, valid until the next call; empty at the end. Waits for it.
  [[nodiscard]] std::span<const std::byte> next();
  /// next() as a Source; the pipe must outlive it.
  [[nodiscard]] Source source();
  /// Whether next() would return or throw at once; if not, `later` is called once when it would, by the
  /// writer's thread.
  [[nodiscard]] bool ready(const Later& later);
  /// The reader will not read on; releases a waiting push.
  void abandon();

 private:
  using Block = std::vector<std::byte>;
  void append(std::span<const std::byte> bytes);
  void hand_over();
  void tell(std::unique_lock<std::mutex>& lock, Later& whom);
  [[nodiscard]] bool has_room() const { return abandoned_ || full_.size() < most_; }
  [[nodiscard]] bool has_news() const { return !full_.empty() || closed_ || error_; }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Block> full_;
  std::vector<Block> spare_;
  Later writer_;
  Later reader_;
  std::size_t most_;
  bool closed_ = false;
  bool abandoned_ = false;
  std::exception_ptr error_;
  Block filling_;  ///< the writer's alone
  Block current_;  ///< the reader's alone
};

}  // namespace skiff::store
