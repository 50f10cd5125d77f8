// One request and its reply on a connection of its own: dial, send, read the head, then the body piece by
// piece.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "docker/bytes.h"
#include "docker/endpoint.h"
#include "docker/error.h"
#include "docker/http.h"
#include "docker/socket.h"

namespace skiff::docker {

class Exchange {
 public:
  explicit Exchange(const boost::asio::any_io_executor& executor) : connection_(executor), reader_(false) {}

  /// Dials, sends `request` (with the bytes of `source` as its body, unless null) and reads the reply's head.
  /// `connect_limit` bounds the dialling; `limit` the rest, and what follows too until unbounded(); 0 = none.
  boost::asio::awaitable<Result<void>> begin(const Endpoint& endpoint, const Request& request,
                                             ByteSource* source, std::chrono::milliseconds connect_limit,
                                             std::chrono::milliseconds limit);
  /// Appends the next piece of the body (64 KiB at most); false at its end.
  boost::asio::awaitable<Result<bool>> read_body(std::string& into);
  /// The rest of the body; protocol error if it is longer than `limit` bytes.
  boost::asio::awaitable<Result<std::string>> read_rest(std::size_t limit);

  void unbounded() { connection_.set_deadline(std::chrono::milliseconds(0)); }
  [[nodiscard]] int status() const { return reader_.status(); }
  [[nodiscard]] std::string header(std::string_view name) const { return reader_.header(name); }
  /// Whether any of the request may have reached the engine.
  [[nodiscard]] bool sent() const { return sent_; }

 private:
  boost::asio::awaitable<Result<void>> send_source(ByteSource& source, bool chunked);
  boost::asio::awaitable<Result<void>> receive(std::string& body);

  Connection connection_;
  ReplyReader reader_;
  std::string early_;  ///< body bytes that came with the head
  std::string buffer_;
  bool sent_ = false;
};

}  // namespace skiff::docker
