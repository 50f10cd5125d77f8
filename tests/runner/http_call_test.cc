// What an http template's request looks like to the other side.
#include "runner/http_call.h"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <thread>
#include <vector>

using namespace skiff::runner;
using boost::asio::ip::tcp;

namespace {

/// The heads of the requests as a server sees them that gives these answers, each on a connection of its own.
std::vector<std::string> heads_of(HttpCall call, const std::vector<std::string>& answers,
                                  const std::string& path = "/x") {
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  call.url = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + path;
  std::vector<std::string> heads;
  std::thread server([&] {
    for (const std::string& answer : answers) {
      tcp::socket peer = acceptor.accept();
      std::string got;
      const std::size_t size = boost::asio::read_until(peer, boost::asio::dynamic_buffer(got), "\r\n\r\n");
      heads.push_back(got.substr(0, size));
      boost::asio::write(peer, boost::asio::buffer(answer));
    }
  });
  const std::atomic<bool> cancelled = false;
  const HttpAnswer answer = perform(call, cancelled);
  server.join();
  CHECK(answer.status == 204);
  return heads;
}

const std::string kNoContent = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";

std::string head_of(const HttpCall& call, const std::string& path = "/x") {
  return heads_of(call, {kNoContent}, path).front();
}

}  // namespace

TEST_CASE("a body has the type that the template gives it, and no other") {
  HttpCall call;
  call.method = "POST";
  call.body = "{}";
  const std::string plain = head_of(call);
  CHECK(plain.starts_with("POST /x HTTP/1.1\r\n"));
  CHECK(plain.find("Content-Length: 2\r\n") != std::string::npos);
  CHECK(plain.find("Content-Type") == std::string::npos);
  call.headers = {{"content-type", "application/json"}};
  CHECK(head_of(call).find("content-type: application/json\r\n") != std::string::npos);
}

TEST_CASE(
    "a POST that is sent elsewhere is a GET, as with Go's client; one that is to be repeated is a POST") {
  HttpCall call;
  call.method = "POST";
  call.body = "{}";
  const auto elsewhere = [](const std::string& status) {
    return "HTTP/1.1 " + status + "\r\nLocation: /y\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  };
  for (const char* status : {"301 Moved", "302 Found", "303 See Other"}) {
    const auto heads = heads_of(call, {elsewhere(status), kNoContent});
    CHECK(heads.at(0).starts_with("POST /x "));
    CHECK(heads.at(1).starts_with("GET /y "));
  }
  CHECK(heads_of(call, {elsewhere("307 Temporary"), kNoContent}).at(1).starts_with("POST /y "));
  call.body.clear();
  CHECK(head_of(call, "/a b/\xC3\xA9?q=1").starts_with("POST /a%20b/%C3%A9?q=1 "));
  CHECK(head_of(call).find("Content-Length: 0\r\n") != std::string::npos);
}
