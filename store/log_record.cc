// Every field of a record but the text has a fixed width, so reading one is looking at fixed places.
#include "store/log_record.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>

#include "store/error.h"

namespace skiff::store {
namespace {

// "2024-05-06T07:08:09.123456789Z stdout F "
constexpr std::size_t kTimeSize = 30;
constexpr std::size_t kHeadSize = kTimeSize + 10;
constexpr std::size_t kReadSize = std::size_t{256} << 10;

void put_digits(char* at, std::uint64_t value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

void put_time(char* at, std::int64_t time_ns) {
  using namespace std::chrono;
  const sys_time<nanoseconds> time{nanoseconds(time_ns)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss<nanoseconds> clock(time - day);
  std::memcpy(at, "0000-00-00T00:00:00.000000000Z", kTimeSize);
  put_digits(at, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  put_digits(at + 5, static_cast<unsigned>(date.month()), 2);
  put_digits(at + 8, static_cast<unsigned>(date.day()), 2);
  put_digits(at + 11, static_cast<std::uint64_t>(clock.hours().count()), 2);
  put_digits(at + 14, static_cast<std::uint64_t>(clock.minutes().count()), 2);
  put_digits(at + 17, static_cast<std::uint64_t>(clock.seconds().count()), 2);
  put_digits(at + 20, static_cast<std::uint64_t>(clock.subseconds().count()), 9);
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  using namespace std::chrono;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text[19] != '.' || text[29] != 'Z') {
    return std::nullopt;
  }
  const auto y = number(text.substr(0, 4));
  const auto mo = number(text.substr(5, 2));
  const auto d = number(text.substr(8, 2));
  const auto h = number(text.substr(11, 2));
  const auto mi = number(text.substr(14, 2));
  const auto s = number(text.substr(17, 2));
  const auto ns = number(text.substr(20, 9));
  if (!y || !mo || !d || !h || !mi || !s || !ns) return std::nullopt;
  const year_month_day date(year(static_cast<int>(*y)), month(static_cast<unsigned>(*mo)),
                            day(static_cast<unsigned>(*d)));
  // Nanoseconds since 1970 fit 64 bits up to 2262.
  if (!date.ok() || *y < 1678 || *y > 2261) return std::nullopt;
  const auto time = sys_days(date) + hours(*h) + minutes(*mi) + seconds(*s) + nanoseconds(*ns);
  return time.time_since_epoch().count();
}

}  // namespace

void format_record(std::string& to, std::int64_t time_ns, LogStream stream, bool full,
                   std::string_view text) {
  std::array<char, kHeadSize> head;
  put_time(head.data(), time_ns);
  std::memcpy(head.data() + kTimeSize, stream == LogStream::out ? " stdout " : " stderr ", 8);
  head[kHeadSize - 2] = full ? 'F' : 'P';
  head[kHeadSize - 1] = ' ';
  to.append(head.data(), head.size());
  to.append(text);
  to.push_back('\n');
}

std::optional<LogRecord> parse_record(std::string_view line) {
  if (line.size() < kHeadSize || line[kTimeSize] != ' ' || line[kHeadSize - 3] != ' ' ||
      line[kHeadSize - 1] != ' ') {
    return std::nullopt;
  }
  LogRecord record;
  const std::string_view stream = line.substr(kTimeSize + 1, 6);
  if (stream != "stdout" && stream != "stderr") return std::nullopt;
  record.stream = stream == "stdout" ? LogStream::out : LogStream::err;
  const char kind = line[kHeadSize - 2];
  if (kind != 'F' && kind != 'P') return std::nullopt;
  record.full = kind == 'F';
  const auto time = parse_time(line.substr(0, kTimeSize));
  if (!time) return std::nullopt;
  record.time_ns = *time;
  record.text = line.substr(kHeadSize);
  return record;
}

bool RecordScanner::fill() {
  if (!fd_) {
    if (!files_->stat(path_)) return false;
    fd_ = files_->open(path_, O_RDONLY, 0);
  }
  buffer_.erase(0, pos_);
  base_ += pos_;
  pos_ = 0;
  const std::size_t had = buffer_.size();
  buffer_.resize(had + kReadSize);
  ssize_t n = 0;
  do {
    n = ::pread(fd_.get(), buffer_.data() + had, kReadSize, static_cast<off_t>(base_ + had));
  } while (n < 0 && errno == EINTR);
  const int error = errno;
  buffer_.resize(had + (n > 0 ? static_cast<std::size_t>(n) : 0));
  if (n < 0) throw_errno(error, "read", path_);
  return n > 0;
}

std::optional<LogRecord> RecordScanner::next() {
  std::size_t searched = pos_;
  while (true) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end == std::string::npos) {
      const std::size_t seen = buffer_.size() - pos_;
      if (!fill()) return std::nullopt;
      searched = seen;
      continue;
    }
    const std::size_t start = pos_;
    pos_ = end + 1;
    searched = pos_;
    if (auto record = parse_record(std::string_view(buffer_).substr(start, end - start))) {
      record->offset = base_ + start;
      return record;
    }
  }
}

void RecordScanner::seek(std::uint64_t offset) {
  buffer_.clear();
  base_ = offset;
  pos_ = 0;
}

}  // namespace skiff::store
