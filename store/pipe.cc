// The bounded pipe: a queue of chunks under one mutex.
#include "store/pipe.h"

#include <utility>

namespace skiff::store {

bool BoundedPipe::push(std::span<const std::byte> bytes) {
  std::unique_lock lock(mutex_);
  // An empty pipe takes a chunk of any size, or a chunk larger than the capacity would wait for ever.
  changed_.wait(lock, [&] { return abandoned_ || waiting_ == 0 || waiting_ + bytes.size() <= capacity_; });
  if (abandoned_) return false;
  if (bytes.empty()) return true;
  chunks_.emplace_back(bytes.begin(), bytes.end());
  waiting_ += bytes.size();
  changed_.notify_all();
  return true;
}

bool BoundedPipe::try_push(std::span<const std::byte> bytes) {
  const std::lock_guard lock(mutex_);
  if (abandoned_ || (waiting_ > 0 && waiting_ + bytes.size() > capacity_)) return false;
  if (bytes.empty()) return true;
  chunks_.emplace_back(bytes.begin(), bytes.end());
  waiting_ += bytes.size();
  changed_.notify_all();
  return true;
}

void BoundedPipe::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

void BoundedPipe::fail(std::exception_ptr why) {
  const std::lock_guard lock(mutex_);
  error_ = std::move(why);
  changed_.notify_all();
}

void BoundedPipe::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  changed_.notify_all();
}

Source BoundedPipe::source() {
  return [this] { return pull(); };
}

std::span<const std::byte> BoundedPipe::pull() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !chunks_.empty() || closed_ || error_; });
  if (error_) std::rethrow_exception(error_);
  if (chunks_.empty()) return {};
  current_ = std::move(chunks_.front());
  chunks_.pop_front();
  waiting_ -= current_.size();
  changed_.notify_all();
  return current_;
}

}  // namespace skiff::store
