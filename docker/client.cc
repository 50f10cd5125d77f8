// Negotiation and the one generic call that every method goes through.
#include "docker/client.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "docker/client_impl.h"
#include "docker/wire.h"

namespace skiff::docker {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kErrorLimit = 1U << 20U;
constexpr std::size_t kReplyLimit = 256U << 20U;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// "client version 1.55 is too new. Maximum supported API version is 1.41" and its opposite.
bool is_version_refusal(int status, std::string_view body) {
  return status == 400 && contains(body, "version") &&
         (contains(body, "too new") || contains(body, "too old"));
}

ErrorKind kind_of(int status, std::string_view message) {
  if (is_version_refusal(status, message)) return ErrorKind::version;
  switch (status) {
    case 401:
    case 403:
      return ErrorKind::unauthorized;
    case 404:
      return ErrorKind::not_found;
    case 409:
      return ErrorKind::conflict;
    case 501:
      return ErrorKind::unsupported;
    default:
      break;
  }
  // Podman answers 500 where Docker answers 409.
  const bool taken = contains(message, "is already in use") || contains(message, "name already in use");
  const bool wrong_state =
      contains(message, "container state improper") || contains(message, "is being used by");
  if (status == 500 && (taken || wrong_state)) return ErrorKind::conflict;
  // "configured logging driver does not support reading" is 501 or 500 depending on the engine's age.
  const bool no_log = contains(message, "does not support reading") || contains(message, "'none' log driver");
  if (no_log) return ErrorKind::unsupported;
  return status >= 500 ? ErrorKind::server : ErrorKind::bad_request;
}

Error version_error(const std::string& where, const std::string& what) {
  Error e;
  e.kind = ErrorKind::version;
  e.asked = "talk to the engine at " + where;
  e.message = what;
  return e;
}

}  // namespace

Error refused(const Call& call, int status, std::string_view body) {
  Error e;
  e.status = status;
  e.message = wire::read_message(body);
  if (e.message.empty()) e.message = "the engine answered with status " + std::to_string(status);
  e.kind = kind_of(status, e.message);
  e.asked = call.asked;
  return e;
}

Error in_call(Error error, const std::string& asked) {
  if (error.asked.empty()) error.asked = asked;
  return error;
}

Client::Client(Endpoint endpoint, ClientOptions options)
    : endpoint_(std::move(endpoint)), options_(std::move(options)) {}

Call Client::get(std::string asked, std::string target) const {
  Call call;
  call.asked = std::move(asked);
  call.request.target = std::move(target);
  call.limit = options_.call_timeout;
  return call;
}

Call Client::post(std::string asked, std::string target, std::string json) const {
  Call call = get(std::move(asked), std::move(target));
  call.request.method = "POST";
  if (!json.empty()) call.request.headers.emplace_back("Content-Type", "application/json");
  call.request.body = std::move(json);
  return call;
}

Call Client::erase(std::string asked, std::string target) const {
  Call call = get(std::move(asked), std::move(target));
  call.request.method = "DELETE";
  call.limit = options_.slow_timeout;
  return call;
}

asio::awaitable<Result<Reply>> Client::send(const Call& call, std::string target) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Request request = call.request;
  request.target = std::move(target);
  if (call.source != nullptr) {
    request.streamed = true;
    request.streamed_size = call.source->size();
  }
  Reply reply;
  reply.exchange = std::make_unique<Exchange>(executor);
  const Result<void> begun =
      co_await reply.exchange->begin(endpoint_, request, call.source, options_.connect_timeout, call.limit);
  if (!begun) {
    Error e = in_call(begun.error(), call.asked);
    if (e.kind == ErrorKind::unreachable) e.message += " (" + endpoint_.text() + ")";
    co_return e;
  }
  reply.status = reply.exchange->status();
  const bool good = reply.status / 100 == 2 || reply.status == 101;
  if (good) co_return reply;
  const Result<std::string> refusal = co_await reply.exchange->read_rest(kErrorLimit);
  if (!refusal) co_return in_call(refusal.error(), call.asked);
  reply.refusal = *refusal;
  reply.exchange.reset();
  co_return reply;
}

asio::awaitable<Result<Peer>> Client::negotiate() {
  Call call = get("reach the engine", "/_ping");
  Result<Reply> reply = co_await send(call, "/_ping");
  if (!reply) co_return reply.error();
  if (!reply->exchange) co_return refused(call, reply->status, reply->refusal);
  Peer peer;
  peer.podman = !reply->exchange->header("Libpod-API-Version").empty();
  const std::string said = reply->exchange->header("Api-Version");
  const std::optional<ApiVersion> theirs = wire::parse_api_version(said);
  if (!theirs) {
    Error e = version_error(endpoint_.text(),
                            "what listens there is no Docker engine: its /_ping names no API version");
    e.kind = ErrorKind::protocol;
    co_return e;
  }
  peer.theirs = *theirs;
  peer.used = std::min(peer.theirs, kNewestApi);
  if (peer.used < kOldestApi)
    co_return version_error(endpoint_.text(), "it speaks API " + said + ", and " + kOldestApi.text() +
                                                  " is needed: update it to Docker 19.03 or newer");
  co_return peer;
}

asio::awaitable<Result<Peer>> Client::peer() {
  std::optional<Peer> known;
  {
    const std::lock_guard lock(mutex_);
    known = peer_;
  }
  if (known) co_return *known;
  const Result<Peer> found = co_await negotiate();
  if (!found) co_return found;
  const std::lock_guard lock(mutex_);
  peer_ = *found;
  co_return found;
}

asio::awaitable<Result<Reply>> Client::open(const Call& call) {
  ApiVersion refused_version;
  for (int attempt = 0;; ++attempt) {
    const Result<Peer> agreed = co_await peer();
    if (!agreed) co_return agreed.error();
    // The engine was replaced by one of another age: agree anew, once.
    if (attempt > 0 && agreed->used == refused_version)
      co_return version_error(endpoint_.text(), "it no longer accepts API " + refused_version.text() +
                                                    ": update this program or the engine");
    const std::string target = "/v" + agreed->used.text() + call.request.target;
    Result<Reply> reply = co_await send(call, target);
    if (!reply || attempt > 0 || !is_version_refusal(reply->status, reply->refusal)) co_return reply;
    if (call.source != nullptr && !call.source->rewind()) co_return reply;
    refused_version = agreed->used;
    const std::lock_guard lock(mutex_);
    peer_.reset();
  }
}

asio::awaitable<Result<std::unique_ptr<Exchange>>> Client::open_stream(const Call& call) {
  Result<Reply> reply = co_await open(call);
  if (!reply) co_return reply.error();
  if (!reply->exchange) co_return refused(call, reply->status, reply->refusal);
  co_return std::move(reply->exchange);
}

asio::awaitable<Result<std::string>> Client::fetch(const Call& call) {
  const Result<std::unique_ptr<Exchange>> exchange = co_await open_stream(call);
  if (!exchange) co_return exchange.error();
  Result<std::string> body = co_await exchange.value()->read_rest(kReplyLimit);
  co_return in_call(std::move(body), call.asked);
}

asio::awaitable<Result<Effect>> Client::change(const Call& call, const std::vector<int>& fine) {
  Result<Reply> reply = co_await open(call);
  if (!reply) co_return reply.error();
  const bool already =
      reply->status == 304 || std::find(fine.begin(), fine.end(), reply->status) != fine.end();
  if (!reply->exchange && !already) co_return refused(call, reply->status, reply->refusal);
  if (already) co_return Effect::already;
  const Result<std::string> rest = co_await reply->exchange->read_rest(kReplyLimit);
  if (!rest) co_return in_call(rest.error(), call.asked);
  co_return Effect::done;
}

Async<void> Client::ping() {
  const Result<Peer> found = co_await negotiate();
  if (!found) co_return found.error();
  const std::lock_guard lock(mutex_);
  peer_ = *found;
  co_return Result<void>();
}

Async<EngineVersion> Client::version() {
  const Call call = get("ask the engine's version", "/version");
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  Result<EngineVersion> version = in_call(wire::read_version(*body), call.asked);
  if (!version) co_return version;
  const Result<Peer> agreed = co_await peer();
  if (!agreed) co_return agreed.error();
  version->used = agreed->used;
  co_return version;
}

Async<EngineInfo> Client::info() {
  const Call call = get("ask about the engine", "/info");
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return in_call(wire::read_info(*body), call.asked);
}

std::unique_ptr<Engine> make_client(Endpoint endpoint, ClientOptions options) {
  return std::make_unique<Client>(std::move(endpoint), std::move(options));
}

}  // namespace skiff::docker
