// The bounded pipe: a queue of full blocks under one mutex; what is being filled or read is outside of it.
#include "store/pipe.h"

#include <algorithm>
#include <utility>

namespace skiff::store {

bool BoundedPipe::push(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return has_room(); });
      if (abandoned_) return false;
    }
    const std::size_t n = std::min(bytes.size(), kBlockBytes - filling_.size());
    append(bytes.first(n));
    bytes = bytes.subspan(n);
  }
  return true;
}

bool BoundedPipe::put(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t n = std::min(bytes.size(), kBlockBytes - filling_.size());
    append(bytes.first(n));
    bytes = bytes.subspan(n);
  }
  const std::lock_guard lock(mutex_);
  return !abandoned_;
}

void BoundedPipe::append(std::span<const std::byte> bytes) {
  if (filling_.capacity() < kBlockBytes) {
    const std::lock_guard lock(mutex_);
    if (!spare_.empty()) {
      filling_ = std::move(spare_.back());
      spare_.pop_back();
      filling_.clear();
    }
  }
  filling_.reserve(kBlockBytes);
  filling_.insert(filling_.end(), bytes.begin(), bytes.end());
  if (filling_.size() == kBlockBytes) hand_over();
}

void BoundedPipe::hand_over() {
  std::unique_lock lock(mutex_);
  if (!abandoned_) full_.push_back(std::move(filling_));
  filling_ = Block();
  tell(lock, reader_);
}

/// Wakes whoever waits at the other end; a callback is called without the lock.
void BoundedPipe::tell(std::unique_lock<std::mutex>& lock, Later& whom) {
  const Later later = std::exchange(whom, Later());
  changed_.notify_all();
  lock.unlock();
  if (later) later();
}

bool BoundedPipe::room(const Later& later) {
  const std::lock_guard lock(mutex_);
  if (has_room()) return true;
  writer_ = later;
  return false;
}

void BoundedPipe::close() {
  std::unique_lock lock(mutex_);
  if (!filling_.empty() && !abandoned_) full_.push_back(std::move(filling_));
  filling_ = Block();
  closed_ = true;
  tell(lock, reader_);
}

void BoundedPipe::fail(std::exception_ptr why) {
  std::unique_lock lock(mutex_);
  error_ = std::move(why);
  tell(lock, reader_);
}

std::span<const std::byte> BoundedPipe::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return has_news(); });
  if (error_) std::rethrow_exception(error_);
  if (current_.capacity() > 0) spare_.push_back(std::exchange(current_, Block()));
  if (full_.empty()) return {};
  current_ = std::move(full_.front());
  full_.pop_front();
  tell(lock, writer_);
  return current_;
}

Source BoundedPipe::source() {
  return [this] { return next(); };
}

bool BoundedPipe::ready(const Later& later) {
  const std::lock_guard lock(mutex_);
  if (has_news()) return true;
  reader_ = later;
  return false;
}

void BoundedPipe::abandon() {
  std::unique_lock lock(mutex_);
  abandoned_ = true;
  full_.clear();
  tell(lock, writer_);
}

}  // namespace skiff::store
