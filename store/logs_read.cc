// Reading logs: pieces put together to lines, several logs to one by time.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "store/log_record.h"
#include "store/logs.h"

namespace skiff::store {
namespace {

// A container that prints no newline must not fill our memory.
constexpr std::size_t kMaxLine = std::size_t{1} << 20;

}  // namespace

struct LogReader::State {
  State(fs::path path, LogRange wanted, Files& files) : range(wanted), scanner(std::move(path), files) {
    if (range.from) {
      scanner.seek(range.from->pending);
      resume_at = range.from->next;
    } else if (range.tail) {
      const std::uint64_t total = count_lines();
      to_skip = total > *range.tail ? total - *range.tail : 0;
      scanner.seek(0);
      pending = {};
    }
  }

  struct Pending {
    std::optional<LogLine> line;
    std::uint64_t offset = 0;
  };

  /// One record further: a whole line, if it ended one. `ended` is false at the end of the file.
  std::optional<LogLine> advance(bool& ended) {
    const auto record = scanner.next();
    ended = !record;
    if (!record) return std::nullopt;
    Pending& open = pending[static_cast<std::size_t>(record->stream)];
    if (!open.line) {
      open.line = LogLine{record->time_ns, record->stream, {}, true};
      open.offset = record->offset;
    }
    open.line->text.append(record->text);
    if (!record->full && open.line->text.size() < kMaxLine) return std::nullopt;
    open.line->terminated = record->full;
    return std::exchange(open.line, std::nullopt);
  }

  /// A line to show, or one that an earlier reader has shown, or that `tail` or `since` leave out.
  bool wanted(const LogLine& line) {
    if (scanner.offset() <= resume_at) return false;
    if (to_skip > 0) {
      --to_skip;
      return false;
    }
    return line.time_ns >= range.since_ns;
  }

  std::uint64_t count_lines() {
    std::uint64_t total = 0;
    for (bool ended = false; !ended;) {
      if (advance(ended)) ++total;
    }
    for (const auto& open : pending) total += open.line ? 1 : 0;
    return total;
  }

  LogRange range;
  RecordScanner scanner;
  std::array<Pending, 2> pending;
  std::uint64_t resume_at = 0;
  std::uint64_t to_skip = 0;
};

LogReader::LogReader(fs::path path, LogRange range, Files& files)
    : state_(std::make_unique<State>(std::move(path), range, files)) {}
LogReader::~LogReader() = default;
LogReader::LogReader(LogReader&&) noexcept = default;
LogReader& LogReader::operator=(LogReader&&) noexcept = default;

std::optional<LogLine> LogReader::next() {
  for (bool ended = false; !ended;) {
    auto line = state_->advance(ended);
    if (line && state_->wanted(*line)) return line;
  }
  return std::nullopt;
}

std::optional<LogLine> LogReader::rest() {
  auto& [first, second] = state_->pending;
  const bool second_is_older = second.line && (!first.line || second.offset < first.offset);
  auto line = std::exchange(second_is_older ? second.line : first.line, std::nullopt);
  if (!line) return std::nullopt;
  line->terminated = false;
  const bool left_out = line->time_ns < state_->range.since_ns || state_->to_skip > 0;
  if (state_->to_skip > 0) --state_->to_skip;
  return left_out ? rest() : line;
}

LogPosition LogReader::position() const {
  LogPosition position{state_->scanner.offset(), state_->scanner.offset()};
  for (const auto& open : state_->pending) {
    if (open.line) position.pending = std::min(position.pending, open.offset);
  }
  return position;
}

void merge_logs(const std::vector<fs::path>& logs, const LogRange& range,
                const std::function<bool(std::size_t, const LogLine&)>& visit, Files& files) {
  struct Head {
    LogReader reader;
    std::optional<LogLine> line;
    std::size_t index;
    void advance() {
      line = reader.next();
      if (!line) line = reader.rest();
    }
  };
  const auto later = [](const Head& a, const Head& b) {
    return std::pair(a.line->time_ns, a.index) > std::pair(b.line->time_ns, b.index);
  };
  std::vector<Head> heap;
  for (std::size_t i = 0; i < logs.size(); ++i) {
    Head head{LogReader(logs[i], range, files), std::nullopt, i};
    head.advance();
    if (head.line) heap.push_back(std::move(head));
  }
  std::make_heap(heap.begin(), heap.end(), later);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    Head& head = heap.back();
    if (!visit(head.index, *head.line)) return;
    head.advance();
    if (head.line) {
      std::push_heap(heap.begin(), heap.end(), later);
    } else {
      heap.pop_back();
    }
  }
}

std::string read_stream(const fs::path& path, std::optional<LogStream> stream, std::uint64_t max_bytes,
                        Files& files) {
  RecordScanner scanner(path, files);
  std::string content;
  while (content.size() < max_bytes) {
    const auto record = scanner.next();
    if (!record) break;
    if (stream && record->stream != *stream) continue;
    content.append(record->text);
    if (record->full) content.push_back('\n');
  }
  if (content.size() > max_bytes) content.resize(max_bytes);
  return content;
}

}  // namespace skiff::store
