// The demultiplexer (P6) and the JSON splitter (P8) against streams cut at every byte.
#include "docker/frames.h"

#include <doctest/doctest.h>

#include "docker/splitter.h"

namespace skiff::docker {
namespace {

std::string frame(unsigned char type, std::string_view payload) {
  const auto n = static_cast<std::uint32_t>(payload.size());
  std::string out = {static_cast<char>(type), 0, 0, 0};
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(n >> shift & 255U);
  return out + std::string(payload);
}

std::string joined(const std::vector<OutputChunk>& chunks, StreamKind stream) {
  std::string out;
  for (const OutputChunk& chunk : chunks)
    if (chunk.stream == stream) out += chunk.bytes;
  return out;
}

const std::string kStream =
    frame(1, "out one\n") + frame(2, "err\n") + frame(1, "") + frame(3, "daemon died") + frame(0, "in") +
    frame(1, std::string("\x01\0\0\0\0\0\0\x05zero", 12)) + frame(2, "") + frame(1, "no newline");
const std::string kOut = "out one\n" + std::string("\x01\0\0\0\0\0\0\x05zero", 12) + "no newline";

}  // namespace

TEST_CASE("P6: frames may be split at every byte") {
  for (std::size_t cut = 0; cut <= kStream.size(); ++cut) {
    INFO("cut at " << cut);
    Demultiplexer frames;
    std::vector<OutputChunk> out;
    REQUIRE(frames.feed(std::string_view(kStream).substr(0, cut), out));
    REQUIRE(frames.feed(std::string_view(kStream).substr(cut), out));
    CHECK(joined(out, StreamKind::out) == kOut);
    CHECK(joined(out, StreamKind::err) == "err\n");
    CHECK(joined(out, StreamKind::system) == "daemon died");
    CHECK(joined(out, StreamKind::in) == "in");
    CHECK(frames.at_boundary());
  }
}

TEST_CASE("P6: frames may come byte by byte, and a cut inside one is noticed") {
  Demultiplexer frames;
  std::vector<OutputChunk> out;
  std::size_t boundaries = 0;
  for (const char c : kStream) {
    REQUIRE(frames.feed(std::string_view(&c, 1), out));
    boundaries += frames.at_boundary() ? 1 : 0;
  }
  CHECK(joined(out, StreamKind::out) == kOut);
  CHECK(boundaries == 8);
}

TEST_CASE("P6: a tty's stream is handed on as it is") {
  Demultiplexer frames(true);
  std::vector<OutputChunk> out;
  REQUIRE(frames.feed(kStream, out));
  REQUIRE(out.size() == 1);
  CHECK(out[0].bytes == kStream);
  CHECK(frames.at_boundary());
}

TEST_CASE("P6: a payload is not collected: a frame of 4 GB costs what came of it") {
  Demultiplexer frames;
  std::vector<OutputChunk> out;
  REQUIRE(frames.feed(std::string("\x01\0\0\0\xff\xff\xff\xff", 8) + "begin", out));
  REQUIRE(out.size() == 1);
  CHECK(out[0].bytes == "begin");
  CHECK_FALSE(frames.at_boundary());
}

TEST_CASE("P6: what is not framed is refused instead of guessed at") {
  for (const std::string& text : {std::string("hello world"), std::string("\x04\0\0\0\0\0\0\1x", 9),
                                  std::string("\x01\x01\0\0\0\0\0\1x", 9)}) {
    Demultiplexer frames;
    std::vector<OutputChunk> out;
    CHECK_FALSE(frames.feed(text, out));
    CHECK_FALSE(frames.problem().empty());
    CHECK_FALSE(frames.feed(kStream, out));
  }
}

namespace {

const std::string kObjects =
    "{\"a\":\"}{\\\"\"}\r\n{\"b\":[{},{\"c\":\"\\\\\"}]}{}\n\n\x1e{\"d\":\"\x1e\\u007d\"}\n "
    "\t{\"e\":{\"f\":{}}}";
const std::vector<std::string> kSplit = {"{\"a\":\"}{\\\"\"}", "{\"b\":[{},{\"c\":\"\\\\\"}]}", "{}",
                                         "{\"d\":\"\x1e\\u007d\"}", "{\"e\":{\"f\":{}}}"};

}  // namespace

TEST_CASE("P8: several objects in a piece, an object over several pieces, json-seq's separator") {
  for (std::size_t cut = 0; cut <= kObjects.size(); ++cut) {
    INFO("cut at " << cut);
    JsonSplitter splitter;
    std::vector<std::string> out;
    REQUIRE(splitter.feed(std::string_view(kObjects).substr(0, cut), out));
    REQUIRE(splitter.feed(std::string_view(kObjects).substr(cut), out));
    CHECK(out == kSplit);
    CHECK(splitter.at_boundary());
  }
  JsonSplitter splitter;
  std::vector<std::string> out;
  for (const char c : kObjects) REQUIRE(splitter.feed(std::string_view(&c, 1), out));
  CHECK(out == kSplit);
}

TEST_CASE("P8: an object cut short is noticed, a foreign stream and an endless object are refused") {
  for (std::size_t cut = 1; cut < kSplit[1].size(); ++cut) {
    JsonSplitter splitter;
    std::vector<std::string> out;
    REQUIRE(splitter.feed(kSplit[1].substr(0, cut), out));
    CHECK_FALSE(splitter.at_boundary());
    CHECK(out.empty());
  }
  std::vector<std::string> out;
  JsonSplitter html;
  CHECK_FALSE(html.feed("<html>", out));
  JsonSplitter small(100);
  CHECK_FALSE(small.feed("{\"a\":\"" + std::string(200, 'x'), out));
  CHECK(out.empty());
}

}  // namespace skiff::docker
