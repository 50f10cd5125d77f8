// What containers print, as it comes: one append-only file for each container and attempt.
//
// In: chunks of stdout and stderr with a time. Out: whole lines, byte for byte as they were printed.
// A record is a line of text in the form that Kubernetes' container runtimes use (CRI logging format):
//
//     2024-05-06T07:08:09.123456789Z stdout F the text without its newline\n
//     2024-05-06T07:08:09.123456789Z stderr P a piece that goes on in the next record of stderr\n
//
// F ends a line, P does not. A record is appended by one write(2), so kill -9 can tear only the last one;
// readers overlook it and the next writer cuts it off.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/home.h"

namespace skiff::store {

enum class LogStream : std::uint8_t { out, err };

/// logs/<uid>/<node>/<container>.<attempt>.log; attempt 0 is <container>.log. Throws `invalid` for names with
/// '/'.
[[nodiscard]] fs::path log_path(const Home& home, std::string_view uid, std::string_view node,
                                std::string_view container, int attempt);

/// One log file of a workflow, as found by list_logs().
struct LogFile {
  std::string node;
  std::string container;
  int attempt = 0;
  fs::path path;
};
/// All logs of a workflow, sorted by node, container, attempt.
[[nodiscard]] std::vector<LogFile> list_logs(const Home& home, std::string_view uid,
                                             Files& files = real_files());
/// Removes all logs of a workflow.
void remove_logs(const Home& home, std::string_view uid, Files& files = real_files());

/// Appends to one log. For one thread at a time; readers may read meanwhile.
class LogWriter {
 public:
  /// Opens or continues the file (a torn last record is cut off). Directories are made, 0700; the file is
  /// 0600.
  explicit LogWriter(fs::path path, Files& files = real_files());

  /// `bytes` may hold many lines, halves of lines, and zero bytes. Nothing is held back in memory.
  void append(LogStream stream, std::int64_t time_ns, std::string_view bytes);

  /// Bytes of that stream's content already in the file: after a restart, what to skip of the engine's own
  /// log.
  [[nodiscard]] std::uint64_t bytes_of(LogStream stream) const {
    return content_[static_cast<std::size_t>(stream)];
  }
  /// Of the last record; 0 for a new file.
  [[nodiscard]] std::int64_t last_time_ns() const { return last_time_ns_; }

 private:
  void resume();
  fs::path path_;
  Files* files_;
  Fd fd_;
  std::string buffer_;
  std::array<std::uint64_t, 2> content_{};
  std::int64_t last_time_ns_ = 0;
};

struct LogLine {
  std::int64_t time_ns = 0;  ///< of its first piece
  LogStream stream = LogStream::out;
  std::string text;        ///< without the newline
  bool terminated = true;  ///< false where the container never wrote the newline (or the line exceeds 1 MiB)
};

/// Where a reader stands, for a later one to go on from without losing or repeating a line.
struct LogPosition {
  std::uint64_t next = 0;     ///< records before this offset have been read
  std::uint64_t pending = 0;  ///< lines still unfinished at `next` begin here or later; never beyond `next`
};

struct LogRange {
  std::int64_t since_ns = std::numeric_limits<std::int64_t>::min();  ///< lines from this time on
  std::optional<std::uint64_t> tail;  ///< only the last n lines of what is there now
  std::optional<LogPosition> from;    ///< of an earlier reader; excludes `tail`
};

/// Reads whole lines. To follow a log: next() until it yields nothing, wait for news, next() again.
class LogReader {
 public:
  /// A file that is not there yet reads as empty, and may come later.
  explicit LogReader(fs::path path, LogRange range = {}, Files& files = real_files());
  ~LogReader();
  LogReader(LogReader&&) noexcept;
  LogReader& operator=(LogReader&&) noexcept;

  /// The next whole line; nothing at the (present) end.
  [[nodiscard]] std::optional<LogLine> next();
  /// At the end of a finished log: the unterminated rest of each stream, one a call.
  [[nodiscard]] std::optional<LogLine> rest();
  [[nodiscard]] LogPosition position() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Lines of several finished or growing logs, ordered by time, those of one log in their own order. `visit`
/// gets the index of the log and the line; returning false stops. `range.tail` is meant for each log.
void merge_logs(const std::vector<fs::path>& logs, const LogRange& range,
                const std::function<bool(std::size_t, const LogLine&)>& visit, Files& files = real_files());

/// The content of one stream, or of both in the order of arrival (`stream` empty), byte for byte, up to
/// `max_bytes`; for `outputs.result` and `archiveLogs`.
[[nodiscard]] std::string read_stream(const fs::path& path, std::optional<LogStream> stream,
                                      std::uint64_t max_bytes, Files& files = real_files());

}  // namespace skiff::store
