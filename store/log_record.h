// The record of a log file: its text form, and a scanner over a file of them. Internal to logs*.cc.
//
// In: a path. Out: records, wherever the file has whole ones; lines that are none are passed over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/files.h"
#include "store/logs.h"

namespace skiff::store {

struct LogRecord {
  std::int64_t time_ns = 0;
  LogStream stream = LogStream::out;
  bool full = true;          ///< ends its line
  std::string_view text;     ///< valid until the scanner's next call
  std::uint64_t offset = 0;  ///< of the record in the file
};

/// Appends the record's text form to `to`.
void format_record(std::string& to, std::int64_t time_ns, LogStream stream, bool full, std::string_view text);
/// `line` without its newline; nothing if it is no record.
[[nodiscard]] std::optional<LogRecord> parse_record(std::string_view line);

class RecordScanner {
 public:
  RecordScanner(fs::path path, Files& files) : path_(std::move(path)), files_(&files) {}
  /// The next whole record; nothing at the present end (later calls look again).
  [[nodiscard]] std::optional<LogRecord> next();
  /// Where the next record begins.
  [[nodiscard]] std::uint64_t offset() const { return base_ + pos_; }
  void seek(std::uint64_t offset);

 private:
  bool fill();
  fs::path path_;
  Files* files_;
  Fd fd_;
  std::string buffer_;
  std::uint64_t base_ = 0;  ///< file offset of buffer_[0]
  std::size_t pos_ = 0;
};

}  // namespace skiff::store
