// The reply reader against every way a reply can be cut: split in two at every byte, byte by byte, truncated
// at every byte, and not HTTP at all.
#include "docker/http.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace skiff::docker {
namespace {

struct Sample {
  const char* name;
  std::string text;
  int status;
  std::string body;
  bool ends_by_itself;  ///< else the connection's end is the reply's
  bool head = false;
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> kSamples = {
      {"fixed length",
       "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nContent-Type: application/json\r\n\r\nhello world", 200,
       "hello world", true},
      {"chunked",
       "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n "
       "\r\n0a;ext=1\r\n0123456789\r\n0\r\nX-Trailer: "
       "yes\r\n\r\n",
       201, "hello 0123456789", true},
      {"up to the end",
       "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nraw \r\n\r\n bytes", 200,
       "raw \r\n\r\n bytes", false},
      {"hijacked",
       "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: "
       "Upgrade\r\nUpgrade: "
       "tcp\r\n\r\nHTTP/1.1 is not special here",
       101, "HTTP/1.1 is not special here", false},
      {"no content", "HTTP/1.1 204 No Content\r\nApi-Version: 1.41\r\n\r\n", 204, "", true},
      {"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", true},
      {"not found", "HTTP/1.1 404 Not Found\r\nContent-Length: 17\r\n\r\n{\"message\":\"no\"}\n", 404,
       "{\"message\":\"no\"}\n", true},
      {"answer to HEAD",
       "HTTP/1.1 200 OK\r\nContent-Length: 500\r\nX-Docker-Container-Path-Stat: e30=\r\n\r\n", 200, "", true,
       true},
      {"continue first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200,
       "ok", true},
      {"no reason phrase", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, "", true},
  };
  return kSamples;
}

void check_whole(const Sample& sample, ReplyReader& reader, const std::string& body) {
  CHECK(reader.has_head());
  CHECK(reader.status() == sample.status);
  CHECK(body == sample.body);
  CHECK(reader.done() == sample.ends_by_itself);
  CHECK(reader.finish());
  CHECK(reader.done());
}

}  // namespace

TEST_CASE("a reply may be split at every byte") {
  for (const Sample& sample : samples())
    for (std::size_t cut = 0; cut <= sample.text.size(); ++cut) {
      INFO(sample.name << " cut at " << cut);
      ReplyReader reader(sample.head);
      std::string body;
      REQUIRE(reader.feed(sample.text.substr(0, cut), body));
      REQUIRE(reader.feed(sample.text.substr(cut), body));
      check_whole(sample, reader, body);
    }
}

TEST_CASE("a reply may come byte by byte") {
  for (const Sample& sample : samples()) {
    INFO(sample.name);
    ReplyReader reader(sample.head);
    std::string body;
    for (const char c : sample.text) REQUIRE(reader.feed(std::string_view(&c, 1), body));
    check_whole(sample, reader, body);
  }
}

TEST_CASE("a reply cut short is never taken for a whole one") {
  for (const Sample& sample : samples())
    for (std::size_t cut = 0; cut < sample.text.size(); ++cut) {
      INFO(sample.name << " truncated at " << cut);
      ReplyReader reader(sample.head);
      std::string body;
      REQUIRE(reader.feed(sample.text.substr(0, cut), body));
      const bool whole = reader.finish();
      // Without a length the end of the connection is the end of the body, wherever it comes.
      CHECK(whole == (!sample.ends_by_itself && reader.has_head()));
      if (!whole) CHECK_FALSE(reader.problem().empty());
      CHECK(sample.body.substr(0, body.size()) == body);
    }
}

TEST_CASE("what is no HTTP is refused, and stays refused") {
  for (const std::string& text :
       {std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n"), std::string("HTTP/1.1 abc OK\r\n\r\n"),
        std::string("HTTP/9.9 200 OK\r\n\r\n"), std::string("\x16\x03\x01\x02"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")}) {
    INFO(text);
    ReplyReader reader;
    std::string body;
    CHECK_FALSE(reader.feed(text + std::string(16, 'x'), body));
    CHECK_FALSE(reader.problem().empty());
    CHECK_FALSE(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", body));
    CHECK_FALSE(reader.finish());
  }
}

TEST_CASE("headers without end are refused") {
  ReplyReader reader;
  std::string body;
  bool good = reader.feed("HTTP/1.1 200 OK\r\n", body);
  for (int i = 0; good && i < 100000; ++i)
    good = reader.feed("X-Filler: 0123456789012345678901234567890123456789\r\n", body);
  CHECK_FALSE(good);
}

TEST_CASE("a body larger than any buffer passes through unchanged") {
  std::string payload;
  for (int i = 0; payload.size() < (3U << 20U); ++i) payload += std::to_string(i);
  const std::string text =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(payload.size()) + "\r\n\r\n" + payload;
  ReplyReader reader;
  std::string body;
  REQUIRE(reader.feed(text, body));
  CHECK(reader.done());
  CHECK(body == payload);
}

TEST_CASE("headers are found whatever their case") {
  ReplyReader reader;
  std::string body;
  REQUIRE(reader.feed("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\r\n", body));
  CHECK(reader.header("API-VERSION") == "1.41");
  CHECK(reader.header("absent").empty());
}

TEST_CASE("requests are written as the engine expects them") {
  Request request;
  request.target = "/_ping";
  CHECK(to_text(request) == "GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n");
  request.method = "POST";
  request.target = "/v1.41/containers/x/attach?stream=1";
  request.upgrade = true;
  CHECK(
      to_text(request) ==
      "POST /v1.41/containers/x/attach?stream=1 HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: "
      "tcp\r\nContent-Length: 0\r\n\r\n");
  request = Request();
  request.method = "PUT";
  request.target = "/x";
  request.streamed = true;
  CHECK(to_text(request).find("Transfer-Encoding: chunked\r\n\r\n") != std::string::npos);
  request.streamed_size = 7;
  CHECK(to_text(request).find("Content-Length: 7\r\n\r\n") != std::string::npos);
  CHECK(chunk_text("hello world 16by") == "10\r\nhello world 16by\r\n");
  CHECK(chunk_text("") == "0\r\n\r\n");
}

TEST_CASE("names and queries are encoded") {
  CHECK(url_encode("a b/c?d&e=f%") == "a%20b%2Fc%3Fd%26e%3Df%25");
  CHECK(url_encode_path("ghcr.io/a/b:1") == "ghcr.io/a/b:1");
  CHECK(url_encode("\xc3\xa4") == "%C3%A4");
  CHECK(Query().add("path", "/a b").add_if(false, "x", "y").add("t", "1").text() == "?path=%2Fa%20b&t=1");
}

}  // namespace skiff::docker
