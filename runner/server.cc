#include "runner/server.h"

#include <sys/stat.h>

#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <mutex>
#include <optional>
#include <set>

#include <fmt/format.h>

namespace skiff::runner {
namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::awaitable;
using asio::use_awaitable;
using Socket = asio::local::stream_protocol::socket;

struct Server::State {
  asio::any_io_executor executor;
  Handler handler;
  std::optional<asio::local::stream_protocol::acceptor> acceptor;
  std::atomic<std::size_t> connections{0};
  std::mutex mutex;
  std::set<Socket*> open;  // guarded by mutex
  bool closing = false;    // guarded by mutex
};

namespace {

constexpr std::uint64_t kMaxBody = 512ull << 20;

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 409:
      return "Conflict";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

/// Reads one request; nothing if the peer left or sent no HTTP.
awaitable<std::optional<HttpRequest>> read_request(Socket& socket) {
  http::request_parser<http::string_body> parser;
  parser.body_limit(kMaxBody);
  parser.eager(true);
  std::string buffered;
  std::array<char, 16384> chunk;
  while (!parser.is_done()) {
    boost::system::error_code ec;
    auto token = asio::redirect_error(use_awaitable, ec);
    const std::size_t n = co_await socket.async_read_some(asio::buffer(chunk), token);
    if (ec) co_return std::nullopt;
    buffered.append(chunk.data(), n);
    boost::beast::error_code parse_error;
    const std::size_t used = parser.put(asio::buffer(buffered), parse_error);
    buffered.erase(0, used);
    if (parse_error && parse_error != http::error::need_more) co_return std::nullopt;
  }
  auto message = parser.release();
  HttpRequest request;
  request.method = std::string(message.method_string());
  if (!parse_target({message.target().data(), message.target().size()}, request)) co_return std::nullopt;
  for (const auto& field : message) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    request.headers[name] = std::string(field.value());
  }
  request.body = std::move(message.body());
  co_return request;
}

class ChunkedWriter : public StreamWriter {
 public:
  explicit ChunkedWriter(Socket& socket) : socket_(socket) {}
  awaitable<void> write(std::string bytes) override {
    if (bytes.empty()) co_return;
    const std::string framed = fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
    co_await asio::async_write(socket_, asio::buffer(framed), use_awaitable);
  }

 private:
  Socket& socket_;
};

/// Returns when the client has hung up.
awaitable<void> until_hangup(Socket& socket) {
  std::array<char, 256> scrap;
  boost::system::error_code ec;
  while (!ec) {
    auto token = asio::redirect_error(use_awaitable, ec);
    co_await socket.async_read_some(asio::buffer(scrap), token);
  }
}

awaitable<void> send_stream(Socket& socket, const HttpReply& reply) {
  using namespace asio::experimental::awaitable_operators;
  const std::string head = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
      reply.status, reason(reply.status), reply.content_type);
  co_await asio::async_write(socket, asio::buffer(head), use_awaitable);
  ChunkedWriter writer(socket);
  co_await (reply.stream(writer) || until_hangup(socket));
  const std::string end = "0\r\n\r\n";
  co_await asio::async_write(socket, asio::buffer(end), use_awaitable);
}

awaitable<void> send(Socket& socket, const HttpReply& reply) {
  if (reply.stream) {
    co_await send_stream(socket, reply);
    co_return;
  }
  const std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                  reply.status, reason(reply.status), reply.content_type, reply.body.size());
  const std::string whole = head + reply.body;
  co_await asio::async_write(socket, asio::buffer(whole), use_awaitable);
}

awaitable<HttpReply> answer(const Handler& handler, HttpRequest request) {
  HttpReply reply;
  std::string failure;
  try {
    reply = co_await handler(std::move(request));
  } catch (const boost::system::system_error&) {
    throw;  // the connection's end
  } catch (const std::exception& e) {
    failure = e.what();
  }
  if (!failure.empty()) reply = error_reply(500, failure);
  co_return reply;
}

awaitable<void> serve(Socket& socket, const Handler& handler) {
  auto request = co_await read_request(socket);
  if (!request) co_return;
  HttpReply reply = co_await answer(handler, std::move(*request));
  co_await send(socket, reply);
}

/// A connection in the server's register, however it ends.
template <class State>
class Registered {
 public:
  Registered(State& state, Socket& socket) : state_(state), socket_(socket) {
    const std::lock_guard lock(state_.mutex);
    if (!state_.closing) state_.open.insert(&socket_);
    welcome_ = !state_.closing;
    ++state_.connections;
  }
  ~Registered() {
    const std::lock_guard lock(state_.mutex);
    state_.open.erase(&socket_);
    --state_.connections;
  }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;
  [[nodiscard]] bool welcome() const { return welcome_; }

 private:
  State& state_;
  Socket& socket_;
  bool welcome_ = false;
};

template <class StatePtr>
awaitable<void> connection(StatePtr state, Socket socket) {
  const Registered<typename StatePtr::element_type> registered(*state, socket);
  if (!registered.welcome()) co_return;
  try {
    co_await serve(socket, state->handler);
  } catch (const std::exception&) {  // the peer left in the middle; nothing to tell and nobody to tell it
  }
}

template <class StatePtr>
awaitable<void> accept_loop(StatePtr state) {
  while (true) {
    boost::system::error_code ec;
    auto token = asio::redirect_error(use_awaitable, ec);
    const asio::any_io_executor strand = asio::make_strand(state->executor);
    Socket socket = co_await state->acceptor->async_accept(strand, token);
    if (ec == asio::error::operation_aborted || !state->acceptor->is_open()) co_return;
    if (ec) continue;
    asio::co_spawn(strand, connection(state, std::move(socket)), asio::detached);
  }
}

}  // namespace

Server::Server(asio::any_io_executor executor, Handler handler) : state_(std::make_shared<State>()) {
  state_->executor = std::move(executor);
  state_->handler = std::move(handler);
}

Server::~Server() { close(); }

void Server::listen(const std::filesystem::path& socket) {
  const auto strand = asio::make_strand(state_->executor);
  state_->acceptor.emplace(strand);
  state_->acceptor->open();
  const mode_t old = ::umask(0177);
  boost::system::error_code ec;
  state_->acceptor->bind(asio::local::stream_protocol::endpoint(socket.string()), ec);
  ::umask(old);
  if (ec) throw boost::system::system_error(ec, "cannot listen on " + socket.string());
  state_->acceptor->listen();
  asio::co_spawn(strand, accept_loop(state_), asio::detached);
}

void Server::close() {
  if (!state_->acceptor) return;
  const std::lock_guard lock(state_->mutex);
  state_->closing = true;
  const auto state = state_;
  asio::post(state_->acceptor->get_executor(), [state] {
    boost::system::error_code ignored;
    state->acceptor->close(ignored);
  });
  for (Socket* socket : state_->open) ::shutdown(socket->native_handle(), SHUT_RDWR);
}

std::size_t Server::connections() const { return state_->connections; }

}  // namespace skiff::runner
