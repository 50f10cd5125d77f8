// One connection to an engine: a byte stream over a Unix socket, TCP or ssh, with an optional deadline.
//
// Bound to the executor of the coroutine that opens it, which must be a strand or run by one thread: the
// deadline fires there. Destroying it closes it. Failures are Results: unreachable, timeout (the deadline),
// cancelled.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "docker/endpoint.h"
#include "docker/error.h"

namespace skiff::docker {

class Connection {
 public:
  explicit Connection(const boost::asio::any_io_executor& executor);
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;

  boost::asio::awaitable<Result<void>> open(const Endpoint& endpoint);
  /// 0 = the peer closed.
  boost::asio::awaitable<Result<std::size_t>> read_some(std::span<char> into);
  boost::asio::awaitable<Result<void>> write(std::string_view bytes);
  /// After `limit` from now everything pending and later fails with kind timeout; 0 takes the deadline away.
  void set_deadline(std::chrono::milliseconds limit);
  void close();

 private:
  struct State;
  std::shared_ptr<State> s_;
};

}  // namespace skiff::docker
