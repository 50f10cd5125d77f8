// See scripted.h. Blocking sockets and threads: nothing of what is tested.
#include "tests/docker/scripted.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

namespace skiff::docker::test {
namespace {

int listen_unix(const std::string& path, int backlog) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(fd, backlog) == 0);
  return fd;
}

int listen_tcp(int backlog, std::string& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(fd, backlog) == 0);
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port = std::to_string(ntohs(address.sin_port));
  return fd;
}

/// False at the connection's end.
bool read_more(int fd, std::string& into) {
  std::array<char, 65536> buffer{};
  const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (n > 0) into.append(buffer.data(), static_cast<std::size_t>(n));
  return n > 0;
}

/// The body of a request in `text` from `at` on, once all of it is there.
std::optional<std::string> whole_body(const std::string& text, std::size_t at, const Heard& request) {
  if (request.header("Transfer-Encoding") != "chunked") {
    const std::size_t length = std::strtoul(request.header("Content-Length").c_str(), nullptr, 10);
    if (text.size() < at + length) return std::nullopt;
    return text.substr(at, length);
  }
  std::string body;
  for (;;) {
    const std::size_t line = text.find("\r\n", at);
    if (line == std::string::npos) return std::nullopt;
    const std::size_t size = std::strtoul(text.c_str() + at, nullptr, 16);
    if (text.size() < line + 2 + size + 2) return std::nullopt;
    if (size == 0) return body;
    body += text.substr(line + 2, size);
    at = line + 2 + size + 2;
  }
}

std::optional<Heard> read_request(int fd, bool with_body) {
  std::string text;
  std::size_t end = std::string::npos;
  while ((end = text.find("\r\n\r\n")) == std::string::npos)
    if (!read_more(fd, text)) return std::nullopt;
  Heard request;
  request.method = text.substr(0, text.find(' '));
  request.target = text.substr(request.method.size() + 1, text.find(" HTTP/") - request.method.size() - 1);
  request.head = text.substr(text.find("\r\n") + 2, end - text.find("\r\n"));
  if (!with_body) return request;
  std::optional<std::string> body;
  while (!(body = whole_body(text, end + 4, request)))
    if (!read_more(fd, text)) return std::nullopt;
  request.body = *body;
  return request;
}

std::string route(const Heard& request) {
  std::string path = request.target.substr(0, request.target.find('?'));
  if (path.substr(0, 2) == "/v" && path.find('/', 1) != std::string::npos && std::isdigit(path[2]) != 0)
    path = path.substr(path.find('/', 1));
  return request.method + " " + path;
}

}  // namespace

std::string Heard::header(const std::string& name) const {
  const std::size_t at = head.find(name + ": ");
  if (at == std::string::npos) return "";
  return head.substr(at + name.size() + 2, head.find("\r\n", at) - at - name.size() - 2);
}

void Peer::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void Peer::send_bytewise(std::string_view bytes) const {
  for (std::size_t i = 0; i < bytes.size(); ++i) send(bytes.substr(i, 1));
}

void Peer::reply(int status, std::string_view body) const {
  send("HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Length: " + std::to_string(body.size()) +
       "\r\n\r\n" + std::string(body));
}

void Peer::await_close() const {
  std::string ignored;
  while (read_more(fd_, ignored)) {
  }
}

ScriptedServer::ScriptedServer(bool tcp, int backlog) {
  if (tcp) {
    endpoint_.transport = Transport::tcp;
    endpoint_.host = "127.0.0.1";
    listener_ = listen_tcp(backlog, endpoint_.port);
  } else {
    endpoint_.path = (dir_.path() / "engine.sock").string();
    listener_ = listen_unix(endpoint_.path, backlog);
  }
  on("GET /_ping", [](const Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK");
  });
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

void ScriptedServer::on(const std::string& what, Handler handler) {
  const std::lock_guard lock(mutex_);
  handlers_[what] = std::move(handler);
}

std::vector<std::string> ScriptedServer::heard() const {
  const std::lock_guard lock(mutex_);
  return heard_;
}

void ScriptedServer::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    ++connections_;
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void ScriptedServer::serve(int fd) {
  const std::optional<Heard> request = read_request(fd, reading_ == Reading::whole);
  if (request) {
    Handler handler;
    {
      const std::lock_guard lock(mutex_);
      if (request->target != "/_ping") heard_.push_back(request->method + " " + request->target);
      const auto it = handlers_.find(route(*request));
      if (it != handlers_.end()) handler = it->second;
    }
    const Peer peer(fd, *request);
    if (handler)
      handler(peer);
    else
      peer.reply(404, R"({"message":"page not found"})");
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_, fd);
  ::close(fd);
}

std::string stream_head(const std::string& content_type) {
  return "HTTP/1.1 200 OK\r\nContent-Type: " + content_type + "\r\n\r\n";
}

}  // namespace skiff::docker::test
