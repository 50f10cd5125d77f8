// What an http template's request looks like to the other side.
#include "runner/http_call.h"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <thread>

using namespace skiff::runner;
using boost::asio::ip::tcp;

namespace {

/// The head of the request as a server sees it, in one text.
std::string head_of(HttpCall call) {
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  call.url = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/x";
  std::string got;
  std::thread server([&] {
    tcp::socket peer = acceptor.accept();
    const std::size_t size = boost::asio::read_until(peer, boost::asio::dynamic_buffer(got), "\r\n\r\n");
    got.resize(size);
    boost::asio::write(peer, boost::asio::buffer(std::string("HTTP/1.1 204 No Content\r\n\r\n")));
  });
  const std::atomic<bool> cancelled = false;
  const HttpAnswer answer = perform(call, cancelled);
  server.join();
  CHECK(answer.status == 204);
  return got;
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
