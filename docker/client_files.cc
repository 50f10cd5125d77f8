// Archives: tars into and out of a container.
#include <exception>

#include "docker/base64.h"
#include "docker/client_impl.h"
#include "docker/wire.h"

namespace skiff::docker {
namespace {

std::string archive_target(const std::string& id, const std::string& path) {
  return "/containers/" + url_encode(id) + "/archive" + Query().add("path", path).text();
}

Result<PathStat> stat_of(const Exchange& exchange, const std::string& asked) {
  const std::optional<std::string> json = base64_decode(exchange.header("X-Docker-Container-Path-Stat"));
  return in_call(wire::read_path_stat(json.value_or("")), asked);
}

Result<void> pour(std::string_view bytes, ByteSink& sink, const std::string& asked) {
  try {
    sink.write(bytes);
    return {};
  } catch (const std::exception& e) {
    Error error;
    error.kind = ErrorKind::local;
    error.message = e.what();
    error.asked = asked;
    return error;
  }
}

}  // namespace

Async<PathStat> Client::get_archive(std::string id, std::string path, ByteSink& sink) {
  Call call = get("copy " + path + " from container " + id, archive_target(id, path));
  call.limit = {};
  const Result<std::unique_ptr<Exchange>> opened = co_await open_stream(call);
  if (!opened) co_return opened.error();
  Exchange& exchange = *opened.value();
  std::string bytes;
  for (;;) {
    bytes.clear();
    const Result<bool> more = co_await exchange.read_body(bytes);
    if (!more) co_return in_call(more.error(), call.asked);
    if (!*more) break;
    co_await sink.ready();
    const Result<void> poured = pour(bytes, sink, call.asked);
    if (!poured) co_return poured.error();
  }
  co_return stat_of(exchange, call.asked);
}

Async<void> Client::put_archive(std::string id, std::string path, ByteSource& source) {
  const Result<Peer> agreed = co_await peer();
  if (!agreed) co_return agreed.error();
  if (agreed->podman) {
    const Result<void> there = co_await require_directory(id, path);
    if (!there) co_return there;
  }
  Call call = get("copy files to " + path + " of container " + id, archive_target(id, path));
  call.request.method = "PUT";
  call.request.headers.emplace_back("Content-Type", "application/x-tar");
  call.limit = {};
  call.source = &source;
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return Result<void>();
}

/// Podman unpacks into nowhere and says 200: ask first.
boost::asio::awaitable<Result<void>> Client::require_directory(std::string id, std::string path) {
  const Result<PathStat> stat = co_await stat_path(id, path);
  if (!stat) co_return stat.error();
  if (stat->is_dir() || stat->is_symlink()) co_return Result<void>();
  Error e;
  e.kind = ErrorKind::bad_request;
  e.status = 400;
  e.message = path + " is not a directory";
  e.asked = "copy files to " + path + " of container " + id;
  co_return e;
}

Async<PathStat> Client::stat_path(std::string id, std::string path) {
  Call call = get("look at " + path + " of container " + id, archive_target(id, path));
  call.request.method = "HEAD";
  const Result<std::unique_ptr<Exchange>> exchange = co_await open_stream(call);
  if (exchange) co_return stat_of(*exchange.value(), call.asked);
  Error e = exchange.error();
  // A HEAD has no body and so no message.
  if (e.kind == ErrorKind::not_found) e.message = "no such container, or no such file in it";
  co_return e;
}

}  // namespace skiff::docker
