// HTTP over a Unix socket: takes connections, reads one request from each, hands it to the routes, writes the
// reply.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>

#include "runner/http_message.h"

namespace skiff::runner {

using Handler = std::function<boost::asio::awaitable<HttpReply>(HttpRequest)>;

class Server {
 public:
  /// Each connection runs on a strand of its own over `executor`.
  Server(boost::asio::any_io_executor executor, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Listens on a Unix socket of mode 0600. Throws system_error if it can't be bound.
  void listen(const std::filesystem::path& socket);
  /// Takes no more connections and closes those that are open.
  void close();
  /// Connections being served now; for the decision to go when idle. From any thread.
  [[nodiscard]] std::size_t connections() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the connections' coroutines, which may outlive the Server
};

}  // namespace skiff::runner
