#include "runner/client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <optional>

#include "docker/http.h"
#include "runner/daemon.h"
#include "store/files.h"

namespace skiff::runner {
using spec::Json;

namespace {

/// A blocking stream socket to the controller.
class Connection {
 public:
  explicit Connection(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }

  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  /// 0: end or failure.
  std::size_t receive(std::span<char> into) const {
    while (true) {
      const ssize_t n = ::recv(fd_, into.data(), into.size(), 0);
      if (n < 0 && errno == EINTR) continue;
      return n <= 0 ? 0 : static_cast<std::size_t>(n);
    }
  }

 private:
  int fd_;
  bool connected_ = false;
};

docker::Request make_request(const std::string& method, const std::string& target, const std::string& body) {
  docker::Request request;
  request.method = method;
  request.target = target;
  request.headers = {{"Host", "skiff"}, {"Connection", "close"}, {"Content-Type", "application/json"}};
  request.body = body;
  return request;
}

[[noreturn]] void gone() {
  throw ClientError(0, "the controller went away in the middle of a call; see controller.log in SKIFF_HOME");
}

[[noreturn]] void refuse(int status, const std::string& body) {
  const auto json = spec::parse_json(body);
  throw ClientError(status, json ? json->get_string("message", body) : body);
}

/// Sends the request and feeds the body to `take` as it comes (returning false stops). Gives false if the
/// connection broke before the end. A refusal throws.
bool exchange(const std::string& socket, const docker::Request& request,
              const std::function<bool(std::string_view)>& take) {
  const Connection connection(socket);
  if (!connection.connected() || !connection.send(docker::to_text(request))) gone();
  docker::ReplyReader reader;
  std::array<char, 65536> chunk;
  std::string refusal;
  while (!reader.done()) {
    const std::size_t n = connection.receive(chunk);
    if (n == 0) {
      if (!reader.has_head()) gone();
      return reader.finish();
    }
    std::string body;
    if (!reader.feed({chunk.data(), n}, body)) throw ClientError(0, "the controller's reply is no HTTP");
    if (reader.has_head() && reader.status() != 200) {
      refusal += body;
    } else if (!body.empty() && !take(body)) {
      return true;
    }
  }
  if (reader.status() != 200) refuse(reader.status(), refusal);
  return true;
}

std::optional<Json> hello(const std::string& socket) {
  if (!Connection(socket).connected()) return std::nullopt;
  std::string body;
  try {
    exchange(socket, make_request("GET", "/api/v1/version", ""), [&](std::string_view part) {
      body += part;
      return true;
    });
  } catch (const ClientError&) {
    return std::nullopt;
  }
  return spec::parse_json(body);
}

/// The child: its own session, output to the home's log, then this program again as `controller`.
[[noreturn]] void become_controller(const store::Home& home, int ready_fd) {
  ::setsid();
  const int null = ::open("/dev/null", O_RDONLY);
  const int log = ::open(home.controller_log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  ::dup2(null, 0);
  ::dup2(log, 1);
  ::dup2(log, 2);
  const std::string fd = std::to_string(ready_fd);
  const std::string path = home.path().string();
  ::execl("/proc/self/exe", "skiff", "controller", "--home", path.c_str(), "--ready-fd", fd.c_str(),
          static_cast<char*>(nullptr));
  ::_exit(127);
}

std::string read_line(int fd) {
  std::string line;
  char c = 0;
  while (::read(fd, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

void start_controller(const store::Home& home) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
    throw ClientError(0, std::string("pipe: ") + std::strerror(errno));
  const pid_t child = ::fork();
  if (child < 0) throw ClientError(0, std::string("fork: ") + std::strerror(errno));
  if (child == 0) {
    // Twice, so that the controller is nobody's child and leaves no zombie behind.
    if (::fork() != 0) ::_exit(0);
    ::fcntl(pipe[1], F_SETFD, 0);
    become_controller(home, pipe[1]);
  }
  ::close(pipe[1]);
  ::waitpid(child, nullptr, 0);
  const std::string line = read_line(pipe[0]);
  ::close(pipe[0]);
  if (line == "ready" || line == "busy") return;
  if (line.starts_with("failed ")) throw ClientError(0, line.substr(7));
  throw ClientError(0, fmt::format("the controller did not start; see {}", home.controller_log().string()));
}

constexpr int kAttempts = 200;  // of 25 ms: a controller that is on its way in or out

Json reach(const store::Home& home) {
  for (int i = 0; i < kAttempts; ++i) {
    if (auto reply = hello(home.socket().string())) return std::move(*reply);
    start_controller(home);
    if (auto reply = hello(home.socket().string())) return std::move(*reply);
    ::poll(nullptr, 0, 25);  // "busy": the one that holds the lock is starting or stopping
  }
  throw ClientError(0, fmt::format("the controller of {} holds its lock but does not answer; see {}",
                                   home.path().string(), home.controller_log().string()));
}

/// Why the controller that answers is not the one this program would have started; "" if it is.
std::string mismatch(const Json& reply) {
  if (reply.get_string("version") != version_text() || reply.get_string("build") != build_id()) {
    return fmt::format("it is version {}, this is {}", reply.get_string("version"), version_text());
  }
  std::string reason;
  const std::string engine = engine_address(reason);
  if (!engine.empty() && engine != reply.get_string("engine")) {
    return fmt::format("it uses the engine {}, you ask for {}", reply.get_string("engine"), engine);
  }
  return "";
}

}  // namespace

Client Client::connect(const store::Home& home) {
  Json reply = reach(home);
  if (const std::string why = mismatch(reply); !why.empty()) {
    const auto active = reply.get_int("activeWorkflows").value_or(0);
    if (active > 0) {
      fmt::print(stderr,
                 "skiff: the controller of this home is another ({}); it has {} workflows to finish and is "
                 "replaced after that\n",
                 why, active);
    } else {
      const Client old(home.socket().string());
      try {
        old.post("/api/v1/skiff/quit", Json::object());
      } catch (const ClientError&) {  // gone already, or busy since a moment ago
      }
      for (int i = 0; i < kAttempts && store::HomeLock::holder(home); ++i) ::poll(nullptr, 0, 25);
      (void)reach(home);
    }
  }
  return Client(home.socket().string());
}

Json Client::call(const std::string& method, const std::string& target, const std::string& body) const {
  std::string text;
  const bool whole = exchange(socket_, make_request(method, target, body), [&](std::string_view part) {
    text += part;
    return true;
  });
  if (!whole) gone();
  auto json = spec::parse_json(text);
  if (!json) throw ClientError(0, "the controller's reply is no JSON: " + text.substr(0, 200));
  return std::move(*json);
}

Json Client::get(const std::string& target) const { return call("GET", target, ""); }
Json Client::post(const std::string& t, const Json& body) const {
  return call("POST", t, spec::to_json(body));
}
Json Client::put(const std::string& t, const Json& body) const { return call("PUT", t, spec::to_json(body)); }
Json Client::del(const std::string& target) const { return call("DELETE", target, ""); }

bool Client::stream(const std::string& target, const std::function<bool(const Json&)>& each) const {
  std::string pending;
  return exchange(socket_, make_request("GET", target, ""), [&](std::string_view part) {
    pending += part;
    std::size_t from = 0;
    for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n', from)) {
      const auto json = spec::parse_json(std::string_view(pending).substr(from, end - from));
      from = end + 1;
      if (json && !each(json->get("result"))) return false;
    }
    pending.erase(0, from);
    return true;
  });
}

void Client::download(const std::string& target, int fd) const {
  const bool whole = exchange(socket_, make_request("GET", target, ""), [&](std::string_view part) {
    while (!part.empty()) {
      const ssize_t n = ::write(fd, part.data(), part.size());
      if (n <= 0) throw ClientError(0, std::string("cannot write: ") + std::strerror(errno));
      part.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  });
  if (!whole) gone();
}

std::string Client::encode(std::string_view text) { return docker::url_encode(text); }

}  // namespace skiff::runner
