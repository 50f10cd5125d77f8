// Logs: what a container printed comes back byte for byte, whatever the chunks and whoever died.
#include "store/logs.h"

#include <doctest/doctest.h>

#include <fstream>
#include <random>

#include "store/log_record.h"
#include "tests/store/faulty_files.h"
#include "tests/store/temp_home.h"

using namespace skiff::store;
using namespace skiff::store::testing;

namespace {

constexpr std::int64_t kTime = 1'714'979'289'123'456'789;  // 2024-05-06T07:08:09.123456789Z

std::vector<std::string> all_lines(const fs::path& path, LogRange range = {}) {
  LogReader reader(path, range);
  std::vector<std::string> lines;
  while (auto line = reader.next()) lines.push_back(line->text);
  while (auto line = reader.rest()) lines.push_back(line->text + "~");
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a record is what Kubernetes' runtimes write") {
  std::string text;
  format_record(text, kTime, LogStream::err, true, "hello");
  format_record(text, kTime + 1, LogStream::out, false, "");
  CHECK(text ==
        "2024-05-06T07:08:09.123456789Z stderr F hello\n"
        "2024-05-06T07:08:09.123456790Z stdout P \n");
  const auto record = parse_record("2024-05-06T07:08:09.123456789Z stderr F hello");
  REQUIRE(record);
  CHECK(record->time_ns == kTime);
  CHECK(record->text == "hello");
  for (const char* bad :
       {"", "x", "2024-05-06T07:08:09.123456789Z stdin_ F hello",
        "2024-13-06T07:08:09.123456789Z stderr F hello", "2024-05-06T07:08:09.123456789Z stderr X hello",
        "2024-05-06T07:08:09.12345678xZ stderr F hello"}) {
    CHECK_FALSE(parse_record(bad));
  }
  std::string early;
  format_record(early, -1, LogStream::out, true, "");
  CHECK(early.starts_with("1969-12-31T23:59:59.999999999Z"));
}

TEST_CASE("halves of lines are put together by stream and never interleaved") {
  TempHome temp;
  const fs::path path = log_path(temp.home, "uid", "node", "main", 0);
  LogWriter writer(path);
  writer.append(LogStream::out, kTime, "one\ntw");
  writer.append(LogStream::err, kTime + 1, "err");
  writer.append(LogStream::out, kTime + 2, "o\n\nthree");
  writer.append(LogStream::err, kTime + 3, "or\n");
  LogReader reader(path);
  auto line = reader.next();
  REQUIRE(line);
  CHECK(line->text == "one");
  line = reader.next();
  REQUIRE(line);
  CHECK(line->text == "two");
  CHECK(line->time_ns == kTime);
  CHECK(reader.next()->text.empty());
  line = reader.next();
  REQUIRE(line);
  CHECK(line->text == "error");
  CHECK(line->stream == LogStream::err);
  CHECK_FALSE(reader.next());
  // Followed: the rest of the line comes later.
  writer.append(LogStream::out, kTime + 4, "!\n");
  CHECK(reader.next()->text == "three!");
  writer.append(LogStream::out, kTime + 5, "no newline");
  CHECK_FALSE(reader.next());
  line = reader.rest();
  REQUIRE(line);
  CHECK(line->text == "no newline");
  CHECK_FALSE(line->terminated);
  CHECK_FALSE(reader.rest());
}

TEST_CASE("any bytes in any chunks come back as they were") {
  TempHome temp;
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    const fs::path path = log_path(temp.home, "uid", "node", "main", round);
    std::string printed[2];
    LogWriter writer(path);
    for (int chunk = 0; chunk < 200; ++chunk) {
      std::string bytes(random() % 50, ' ');
      // Few values, so that newlines, zeros and what looks like records are frequent.
      for (char& c : bytes) c = "\n\0ab \r\xff\x80"[random() % 8];
      const auto stream = static_cast<LogStream>(random() % 2);
      writer.append(stream, kTime + chunk, bytes);
      printed[static_cast<int>(stream)] += bytes;
    }
    CHECK(read_stream(path, LogStream::out, 1 << 20) == printed[0]);
    CHECK(read_stream(path, LogStream::err, 1 << 20) == printed[1]);
    CHECK(read_stream(path, LogStream::out, 10) == printed[0].substr(0, 10));
    CHECK(writer.bytes_of(LogStream::out) == printed[0].size());
    std::string joined[2];
    LogReader reader(path);
    while (auto line = reader.next()) joined[static_cast<int>(line->stream)] += line->text + "\n";
    while (auto line = reader.rest()) joined[static_cast<int>(line->stream)] += line->text;
    CHECK(joined[0] == printed[0]);
    CHECK(joined[1] == printed[1]);
  }
}

TEST_CASE("a file torn at any byte is read up to there and continued") {
  TempHome temp;
  const fs::path path = log_path(temp.home, "uid", "node", "main", 0);
  LogWriter(path).append(LogStream::out, kTime, "first\nsecond\nthird\n");
  const auto whole = read_file(real_files(), path);
  REQUIRE(whole);
  for (std::size_t size = 0; size <= whole->size(); ++size) {
    write_atomic(real_files(), path, whole->substr(0, size), 0600);
    const auto records =
        static_cast<std::size_t>(std::count(whole->begin(), whole->begin() + static_cast<long>(size), '\n'));
    CHECK(all_lines(path).size() == records);
    LogWriter again(path);
    CHECK(again.bytes_of(LogStream::out) == std::string("first\nsecond\nthird\n")
                                                    .find(records == 0   ? "first"
                                                          : records == 1 ? "second"
                                                          : records == 2 ? "third"
                                                                         : "") +
                                                (records == 3 ? 19U : 0U));
    CHECK(again.last_time_ns() == (records == 0 ? 0 : kTime));
    again.append(LogStream::out, kTime + 9, "after\n");
    const auto lines = all_lines(path);
    REQUIRE(lines.size() == records + 1);
    CHECK(lines.back() == "after");
  }
}

TEST_CASE("tail, since and a position select lines") {
  TempHome temp;
  const fs::path path = log_path(temp.home, "uid", "node", "main", 0);
  LogWriter writer(path);
  for (int i = 0; i < 10; ++i) writer.append(LogStream::out, kTime + i, std::to_string(i) + "\n");
  writer.append(LogStream::err, kTime + 10, "open");
  LogRange range;
  range.tail = 3;
  CHECK(all_lines(path, range) == Lines{"8", "9", "open~"});
  range.tail = 0;
  CHECK(all_lines(path, range).empty());
  range.tail = 100;
  CHECK(all_lines(path, range).size() == 11);
  range = {};
  range.since_ns = kTime + 8;
  CHECK(all_lines(path, range) == Lines{"8", "9", "open~"});
  CHECK(all_lines(temp.home.logs() / "none").empty());
}

TEST_CASE("a reader goes on where another stood, between halves of lines too") {
  TempHome temp;
  const fs::path path = log_path(temp.home, "uid", "node", "main", 0);
  LogWriter writer(path);
  std::mt19937 random(3);
  std::vector<std::string> expected;
  std::vector<std::string> got;
  std::optional<LogPosition> position;
  for (int i = 0; i < 300; ++i) {
    const auto stream = static_cast<LogStream>(random() % 2);
    writer.append(stream, kTime + i, std::to_string(i) + (random() % 3 == 0 ? "\n" : ""));
    if (random() % 4 != 0) continue;
    LogRange range;
    range.from = position;
    LogReader reader(path, range);
    while (auto line = reader.next()) got.push_back(line->text);
    position = reader.position();
  }
  LogRange range;
  range.from = position;
  LogReader last(path, range);
  while (auto line = last.next()) got.push_back(line->text);
  LogReader whole(path);
  while (auto line = whole.next()) expected.push_back(line->text);
  CHECK(got == expected);
}

TEST_CASE("several logs are merged by time, each in its own order") {
  TempHome temp;
  const fs::path a = log_path(temp.home, "uid", "a", "main", 0);
  const fs::path b = log_path(temp.home, "uid", "b", "main", 2);
  LogWriter(a).append(LogStream::out, kTime, "a0\n");
  LogWriter(a).append(LogStream::out, kTime + 10, "a1\na2\nrest");
  LogWriter(b).append(LogStream::out, kTime + 5, "b0\n");
  LogWriter(b).append(LogStream::out, kTime + 20, "b1\n");
  Lines lines;
  merge_logs({a, b, temp.home.logs() / "none"}, {}, [&](std::size_t i, const LogLine& line) {
    CHECK(line.text[0] == (line.text == "rest" ? 'r' : i == 0 ? 'a' : 'b'));
    lines.push_back(line.text);
    return true;
  });
  CHECK(lines == Lines{"a0", "b0", "a1", "a2", "rest", "b1"});
  int visited = 0;
  merge_logs({a, b}, {}, [&](std::size_t, const LogLine&) { return ++visited < 2; });
  CHECK(visited == 2);

  const auto logs = list_logs(temp.home, "uid");
  REQUIRE(logs.size() == 2);
  CHECK(logs[0].node == "a");
  CHECK(logs[0].attempt == 0);
  CHECK(logs[1].container == "main");
  CHECK(logs[1].attempt == 2);
  CHECK(logs[1].path == b);
  remove_logs(temp.home, "uid");
  CHECK(list_logs(temp.home, "uid").empty());
}

TEST_CASE("the logs of a container come in the order of its attempts") {
  TempHome temp;
  for (const int attempt : {10, 2, 0}) {
    LogWriter(log_path(temp.home, "uid", "node", "main", attempt)).append(LogStream::out, kTime, "x\n");
  }
  std::vector<int> attempts;
  for (const auto& log : list_logs(temp.home, "uid")) attempts.push_back(log.attempt);
  CHECK(attempts == std::vector<int>{0, 2, 10});
}

TEST_CASE("a full disk leaves whole records, and the next append is clean") {
  TempHome temp;
  const fs::path path = log_path(temp.home, "uid", "node", "main", 0);
  // Changes: mkdirs, open, first write, second write (halved).
  FaultyFiles files(Fault::short_write, 3);
  LogWriter writer(path, files);
  writer.append(LogStream::out, kTime, "first\n");
  CHECK(error_of([&] { writer.append(LogStream::out, kTime, "second\n"); }).trouble() == Trouble::no_space);
  CHECK(all_lines(path) == Lines{"first"});
  writer.append(LogStream::out, kTime, "third\n");
  CHECK(all_lines(path) == Lines{"first", "third"});
  CHECK(read_stream(path, std::nullopt, 1000) == "first\nthird\n");
}

TEST_CASE("names can't leave the directory of logs") {
  TempHome temp;
  for (const char* name : {"", "..", "a/b"}) {
    CHECK(error_of([&] { static_cast<void>(log_path(temp.home, "uid", name, "main", 0)); }).trouble() ==
          Trouble::invalid);
  }
}

TEST_CASE("a line without end is handed out in pieces") {
  TempHome temp;
  const fs::path path = log_path(temp.home, "uid", "node", "main", 0);
  LogWriter writer(path);
  const std::string piece(300'000, 'x');
  for (int i = 0; i < 10; ++i) writer.append(LogStream::out, kTime + i, piece);
  LogReader reader(path);
  const auto line = reader.next();
  REQUIRE(line);
  CHECK_FALSE(line->terminated);
  CHECK(line->text.size() < 2'000'000);
}
