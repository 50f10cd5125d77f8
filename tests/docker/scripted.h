// A server that says exactly what a test wants an engine to say, over a real socket.
//
// Every request is answered by the handler of its method and path (without the /vX.YZ before it and the query
// behind it), on a thread of its own, one request a connection. /_ping names API 1.41 unless a handler says
// otherwise.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "docker/client.h"
#include "tests/docker/scratch.h"

namespace skiff::docker::test {

struct Heard {
  std::string method;
  std::string target;  ///< as it came, with version and query
  std::string head;    ///< all header lines
  std::string body;

  [[nodiscard]] std::string header(const std::string& name) const;
};

/// The server's end of one connection, given to a handler; closed when the handler returns.
class Peer {
 public:
  Peer(int fd, Heard heard) : request(std::move(heard)), fd_(fd) {}
  void send(std::string_view bytes) const;
  void send_bytewise(std::string_view bytes) const;
  /// A whole reply with Content-Length.
  void reply(int status, std::string_view body) const;
  /// Reads until the client closed; what it sent is thrown away.
  void await_close() const;

  const Heard request;

 private:
  int fd_;
};

class ScriptedServer {
 public:
  using Handler = std::function<void(const Peer&)>;

  enum class Reading { whole, head_only };
  explicit ScriptedServer(bool tcp = false, int backlog = 64);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  /// `what` as "POST /containers/x/start". Before the first request, or from within a handler.
  void on(const std::string& what, Handler handler);
  /// Do not read bodies: answer as soon as the head is there.
  void answer_early() { reading_ = Reading::head_only; }
  [[nodiscard]] Endpoint endpoint() const { return endpoint_; }
  [[nodiscard]] std::unique_ptr<Engine> client() const { return make_client(endpoint_, ClientOptions()); }
  /// All requests so far as "METHOD target", pings left out.
  [[nodiscard]] std::vector<std::string> heard() const;
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void accept_all();
  void serve(int fd);

  Scratch dir_;
  Endpoint endpoint_;
  int listener_ = -1;
  std::atomic<int> connections_ = 0;
  std::atomic<Reading> reading_ = Reading::whole;
  mutable std::mutex mutex_;
  std::map<std::string, Handler> handlers_;
  std::vector<std::string> heard_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// "HTTP/1.1 200 OK" and headers for a body that ends with the connection.
[[nodiscard]] std::string stream_head(const std::string& content_type = "application/json");

}  // namespace skiff::docker::test
