#include "runner/pod_logs.h"

#include <algorithm>
#include <chrono>

namespace skiff::runner {
namespace {

constexpr std::size_t kTail = 8 * 1024;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Appends, and lets go of the front once it is twice too long: each byte is moved at most once.
bool append_end(std::string& text, std::string_view bytes, std::size_t most) {
  text += bytes;
  if (text.size() <= 2 * most) return false;
  text.erase(0, text.size() - most);
  return true;
}

}  // namespace

Masker::Masker(std::vector<std::string> texts) : texts_(std::move(texts)) {}

std::string Masker::take(std::string_view bytes) {
  held_ += bytes;
  std::string out;
  std::size_t i = 0;
  while (i < held_.size()) {
    const std::string_view here = std::string_view(held_).substr(i);
    const auto full =
        std::find_if(texts_.begin(), texts_.end(), [&](const auto& t) { return here.starts_with(t); });
    if (full != texts_.end()) {
      out += "***";
      i += full->size();
      continue;
    }
    const bool may_become = std::any_of(texts_.begin(), texts_.end(), [&](const std::string& t) {
      return here.size() < t.size() && std::string_view(t).starts_with(here);
    });
    if (may_become) break;
    out += held_[i++];
  }
  held_.erase(0, i);
  return out;
}

std::string Masker::rest() { return std::exchange(held_, {}); }

OutputKeeper::OutputKeeper(std::filesystem::path log, bool keep_result, std::vector<std::string> secrets)
    : path_(std::move(log)), keep_result_(keep_result), mask_{Masker(secrets), Masker(secrets)} {}

void OutputKeeper::take(const docker::OutputChunk& chunk) {
  const bool err = chunk.stream == docker::StreamKind::err || chunk.stream == docker::StreamKind::system;
  if (keep_result_ && !err) cut_ |= append_end(result_, chunk.bytes, kMaxResult + 1);
  const auto stream = err ? store::LogStream::err : store::LogStream::out;
  Masker& mask = mask_[err ? 1 : 0];
  if (mask.idle()) {
    show(stream, chunk.bytes);
  } else {
    show(stream, mask.take(chunk.bytes));
  }
}

void OutputKeeper::show(store::LogStream stream, std::string_view bytes) {
  append_end(tail_, bytes, kTail);
  write(stream, bytes);
}

void OutputKeeper::write(store::LogStream stream, std::string_view bytes) {
  std::uint64_t& skip = skip_[static_cast<std::size_t>(stream)];
  const auto known = static_cast<std::size_t>(std::min<std::uint64_t>(skip, bytes.size()));
  skip -= known;
  bytes.remove_prefix(known);
  if (bytes.empty() || !trouble_.empty()) return;
  try {
    if (!log_) log_.emplace(path_);
    log_->append(stream, now_ns(), bytes);
  } catch (const std::exception& e) {
    trouble_ = e.what();
  }
}

void OutputKeeper::from_the_start() {
  result_.clear();
  tail_.clear();
  cut_ = false;
  std::error_code ignored;
  if (!log_ && !std::filesystem::exists(path_, ignored)) return;
  try {
    if (!log_) log_.emplace(path_);
    skip_[0] = log_->bytes_of(store::LogStream::out);
    skip_[1] = log_->bytes_of(store::LogStream::err);
  } catch (const std::exception& e) {
    trouble_ = e.what();
  }
}

void OutputKeeper::finish() {
  show(store::LogStream::out, mask_[0].rest());
  show(store::LogStream::err, mask_[1].rest());
}

std::string OutputKeeper::result() const {
  std::string text = result_;
  if (text.ends_with('\n')) text.pop_back();
  if (text.size() > kMaxResult) text.erase(0, text.size() - kMaxResult);
  return text;
}

}  // namespace skiff::runner
