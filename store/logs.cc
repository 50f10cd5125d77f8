// Writing logs: where they lie, and one append for whatever arrives.
#include "store/logs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <tuple>

#include "store/error.h"
#include "store/log_record.h"

namespace skiff::store {
namespace {

constexpr std::string_view kSuffix = ".log";
// A burst of output is written in pieces of this size: memory stays bounded.
constexpr std::size_t kFlushSize = std::size_t{1} << 20;

void require_plain(std::string_view name) {
  const bool plain = !name.empty() && name != "." && name != ".." &&
                     name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
  if (!plain)
    throw StoreError(Trouble::invalid, "", fmt::format("'{}' can't be a part of a log's file name", name));
}

}  // namespace

fs::path log_path(const Home& home, std::string_view uid, std::string_view node, std::string_view container,
                  int attempt) {
  for (const auto name : {uid, node, container}) require_plain(name);
  const std::string file = attempt > 0 ? fmt::format("{}.{}{}", container, attempt, kSuffix)
                                       : fmt::format("{}{}", container, kSuffix);
  return home.logs() / uid / node / file;
}

std::vector<LogFile> list_logs(const Home& home, std::string_view uid, Files& files) {
  require_plain(uid);
  std::vector<LogFile> logs;
  const fs::path root = home.logs() / uid;
  for (const auto& node : files.list(root)) {
    for (const auto& entry : files.list(root / node.name)) {
      if (!entry.name.ends_with(kSuffix)) continue;
      LogFile log{node.name, entry.name.substr(0, entry.name.size() - kSuffix.size()), 0,
                  root / node.name / entry.name};
      const std::size_t dot = log.container.rfind('.');
      if (dot != std::string::npos) {
        const char* end = log.container.data() + log.container.size();
        const auto parsed = std::from_chars(log.container.data() + dot + 1, end, log.attempt);
        if (parsed.ec == std::errc() && parsed.ptr == end) log.container.resize(dot);
      }
      logs.push_back(std::move(log));
    }
  }
  std::sort(logs.begin(), logs.end(), [](const LogFile& a, const LogFile& b) {  // "main.1.log" < "main.log"
    return std::tie(a.node, a.container, a.attempt) < std::tie(b.node, b.container, b.attempt);
  });
  return logs;
}

void remove_logs(const Home& home, std::string_view uid, Files& files) {
  require_plain(uid);
  remove_tree(files, home.logs() / uid);
}

LogWriter::LogWriter(fs::path path, Files& files) : path_(std::move(path)), files_(&files) {
  files.mkdirs(path_.parent_path(), 0700);
  fd_ = files.open(path_, O_RDWR | O_CREAT | O_APPEND, 0600);
  resume();
}

void LogWriter::resume() {
  const auto st = files_->stat(path_);
  if (!st || st->bytes == 0) return;
  RecordScanner scanner(path_, *files_);
  while (const auto record = scanner.next()) {
    content_[static_cast<std::size_t>(record->stream)] += record->text.size() + (record->full ? 1 : 0);
    last_time_ns_ = record->time_ns;
  }
  if (scanner.offset() < st->bytes && ::ftruncate(fd_.get(), static_cast<off_t>(scanner.offset())) != 0) {
    throw_errno(errno, "cut off the torn end of", path_);
  }
}

void LogWriter::append(LogStream stream, std::int64_t time_ns, std::string_view bytes) {
  const off_t before = ::lseek(fd_.get(), 0, SEEK_END);
  std::uint64_t added = 0;
  try {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const bool full = end != std::string_view::npos;
      const std::string_view text = bytes.substr(0, end);
      format_record(buffer_, time_ns, stream, full, text);
      added += text.size() + (full ? 1 : 0);
      bytes.remove_prefix(text.size() + (full ? 1 : 0));
      if (bytes.empty() || buffer_.size() >= kFlushSize) {
        files_->write(fd_.get(), std::as_bytes(std::span(buffer_)), path_);
        buffer_.clear();
      }
    }
  } catch (const StoreError&) {
    // Half a record must not swallow the next one's head.
    buffer_.clear();
    if (before >= 0 && ::ftruncate(fd_.get(), before) != 0)
      throw_errno(errno, "cut off the torn end of", path_);
    throw;
  }
  content_[static_cast<std::size_t>(stream)] += added;
  last_time_ns_ = time_ns;
}

}  // namespace skiff::store
