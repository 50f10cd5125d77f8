// A generic stream socket serves all three transports; ssh is a child process on the other end of a socket
// pair.
#include "docker/socket.h"

#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <vector>

extern char** environ;

namespace skiff::docker {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
constexpr auto kQuiet = asio::as_tuple(asio::use_awaitable);

Error unreachable(const std::string& why) {
  Error e;
  e.kind = ErrorKind::unreachable;
  e.message = why;
  return e;
}

/// `ssh host docker system dial-stdio` with its stdin and stdout on one end of a socket pair; returns the
/// other end. The shell starts it in the background and ends, so that no child of ours is left to be waited
/// for.
int dial_ssh(const Endpoint& endpoint) {
  std::array<int, 2> fd{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd.data()) != 0) return -1;
  std::vector<std::string> words = {"/bin/sh", "-c", R"("$@" <&3 >&3 3>&- 2>/dev/null &)", "sh", "ssh"};
  if (!endpoint.port.empty()) words.insert(words.end(), {"-p", endpoint.port});
  words.insert(words.end(),
               {"-o", "ConnectTimeout=30", "--", endpoint.host, "docker", "system", "dial-stdio"});
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fd[1], 3);
  pid_t pid = 0;
  const int rc = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(fd[1]);
  int status = 0;
  if (rc == 0) ::waitpid(pid, &status, 0);
  if (rc == 0) return fd[0];
  ::close(fd[0]);
  return -1;
}

}  // namespace

struct Connection::State {
  explicit State(const asio::any_io_executor& executor) : socket(executor), deadline(executor) {}

  [[nodiscard]] Error failure(const error_code& ec) const {
    if (expired) {
      Error e = unreachable("the engine did not answer in time");
      e.kind = ErrorKind::timeout;
      return e;
    }
    Error e = unreachable(ec.message());
    if (ec == asio::error::operation_aborted) e.kind = ErrorKind::cancelled;
    return e;
  }

  asio::generic::stream_protocol::socket socket;
  asio::steady_timer deadline;
  bool expired = false;
};

Connection::Connection(const asio::any_io_executor& executor) : s_(std::make_shared<State>(executor)) {}
Connection::~Connection() { close(); }
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

namespace {

using Socket = asio::generic::stream_protocol::socket;

/// A full listen queue refuses a Unix connect with EAGAIN, which Asio takes for "in progress": the socket
/// then is not connected. Dial again a little later.
asio::awaitable<error_code> connect_unix(Socket& socket, const std::string& path) {
  const asio::local::stream_protocol::endpoint target(path);
  asio::steady_timer pause(socket.get_executor());
  error_code ec;
  for (int attempt = 0; attempt < 200; ++attempt) {
    const auto [failed] = co_await socket.async_connect(target, kQuiet);
    ec = failed;
    if (!ec) static_cast<void>(socket.remote_endpoint(ec));
    if (ec != asio::error::not_connected && ec != asio::error::try_again) co_return ec;
    error_code ignored;
    socket.close(ignored);
    pause.expires_after(std::chrono::milliseconds(10));
    const auto [interrupted] = co_await pause.async_wait(kQuiet);
    if (interrupted) co_return interrupted;
  }
  co_return ec;
}

asio::awaitable<error_code> connect_tcp(Socket& socket, const Endpoint& endpoint) {
  asio::ip::tcp::resolver resolver(socket.get_executor());
  const auto [failed, found] = co_await resolver.async_resolve(endpoint.host, endpoint.port, kQuiet);
  error_code ec = failed;
  if (!ec && found.empty()) ec = asio::error::host_not_found;
  if (ec) co_return ec;
  for (const auto& entry : found) {
    const Socket::endpoint_type target = entry.endpoint();
    error_code ignored;
    socket.close(ignored);
    const auto [refused] = co_await socket.async_connect(target, kQuiet);
    ec = refused;
    if (!ec || ec == asio::error::operation_aborted) break;
  }
  if (!ec) socket.set_option(asio::ip::tcp::no_delay(true), ec);
  co_return ec;
}

error_code connect_ssh(Socket& socket, const Endpoint& endpoint) {
  error_code ec;
  const int fd = dial_ssh(endpoint);
  if (fd < 0) return error_code(errno, boost::system::system_category());
  socket.assign(asio::generic::stream_protocol(AF_UNIX, 0), fd, ec);
  return ec;
}

}  // namespace

asio::awaitable<Result<void>> Connection::open(const Endpoint& endpoint) {
  error_code ec;
  if (endpoint.transport == Transport::unix_socket) {
    if (endpoint.path.size() >= 108) co_return unreachable("the socket's path is too long: " + endpoint.path);
    ec = co_await connect_unix(s_->socket, endpoint.path);
  } else if (endpoint.transport == Transport::tcp) {
    ec = co_await connect_tcp(s_->socket, endpoint);
  } else {
    ec = connect_ssh(s_->socket, endpoint);
  }
  if (ec) co_return s_->failure(ec);
  co_return Result<void>();
}

asio::awaitable<Result<std::size_t>> Connection::read_some(std::span<char> into) {
  const asio::mutable_buffer buffer(into.data(), into.size());
  const auto [ec, n] = co_await s_->socket.async_read_some(buffer, kQuiet);
  if (ec == asio::error::eof) co_return std::size_t{0};
  if (ec) co_return s_->failure(ec);
  co_return n;
}

asio::awaitable<Result<void>> Connection::write(std::string_view bytes) {
  const asio::const_buffer buffer(bytes.data(), bytes.size());
  const auto [ec, n] = co_await asio::async_write(s_->socket, buffer, kQuiet);
  if (ec) co_return s_->failure(ec);
  co_return Result<void>();
}

void Connection::set_deadline(std::chrono::milliseconds limit) {
  // Setting the expiry also cancels the wait before; its handler may be on its way and looks at the expiry.
  s_->deadline.expires_at(asio::steady_timer::time_point::max());
  if (limit.count() == 0) return;
  s_->deadline.expires_after(limit);
  s_->deadline.async_wait([weak = std::weak_ptr<State>(s_)](const error_code& ec) {
    const std::shared_ptr<State> state = weak.lock();
    if (ec || !state || state->deadline.expiry() > asio::steady_timer::clock_type::now()) return;
    state->expired = true;
    error_code ignored;
    state->socket.close(ignored);
  });
}

void Connection::close() {
  if (!s_) return;
  error_code ignored;
  s_->socket.close(ignored);
  set_deadline(std::chrono::milliseconds(0));
}

}  // namespace skiff::docker
