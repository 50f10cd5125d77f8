// Images: inspect, pull, import.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "docker/auth.h"
#include "docker/base64.h"
#include "docker/client_impl.h"
#include "docker/splitter.h"
#include "docker/wire.h"

namespace skiff::docker {
namespace {

namespace asio = boost::asio;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Inside a 200 the registry's status is lost; its words remain.
ErrorKind kind_of_pull(std::string_view message) {
  for (const std::string_view sign :
       {"unauthorized", "denied", "authentication required", "no basic auth credentials"})
    if (contains(message, sign)) return ErrorKind::unauthorized;
  for (const std::string_view sign :
       {"not found", "manifest unknown", "no matching manifest", "does not exist"})
    if (contains(message, sign)) return ErrorKind::not_found;
  return ErrorKind::server;
}

Error pull_failure(const std::string& message, const std::string& asked) {
  Error e;
  e.kind = kind_of_pull(message);
  e.status = 200;
  e.message = message;
  e.asked = asked;
  return e;
}

/// Reads a stream of progress objects to its end: errors come in the middle of it, under HTTP 200.
asio::awaitable<Result<void>> follow(Exchange& exchange, std::string asked, PullObserver observer) {
  JsonSplitter splitter;
  std::string failure;
  for (;;) {
    std::string bytes;
    const Result<bool> more = co_await exchange.read_body(bytes);
    if (!more) co_return in_call(more.error(), asked);
    if (!*more) break;
    std::vector<std::string> objects;
    const bool clean = splitter.feed(bytes, objects);
    for (const std::string& object : objects) {
      const Result<wire::PullLine> line = wire::read_pull_line(object);
      if (!line) co_return in_call(line.error(), asked);
      if (!line->error.empty() && failure.empty()) failure = line->error;
      if (line->error.empty() && observer) observer(line->progress);
    }
    if (!clean) failure = splitter.problem();
    if (!clean) break;
  }
  if (!failure.empty()) co_return pull_failure(failure, asked);
  if (!splitter.at_boundary()) co_return pull_failure("the engine's report broke off", asked);
  co_return Result<void>();
}

/// Off the caller's executor: a helper may ask a keyring and take its time.
asio::awaitable<Result<std::optional<Credentials>>> look_up(std::filesystem::path dir, std::string registry) {
  co_return find_credentials(dir, registry);
}

}  // namespace

Async<ImageInfo> Client::inspect_image(std::string reference) {
  const Call call = get("inspect image " + reference, "/images/" + url_encode_path(reference) + "/json");
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return in_call(wire::read_image(*body), call.asked);
}

Async<std::vector<ImageInfo>> Client::list_images(const std::vector<std::string>& labels) {
  Query query;
  query.add_if(!labels.empty(), "filters", wire::write_filters({{"label", labels}}));
  const Call call = get("list images", "/images/json" + query.text());
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return in_call(wire::read_images(*body), call.asked);
}

Async<void> Client::pull(std::string reference, const PullOptions& options, PullObserver observer) {
  const ImageName name = parse_image(reference);
  const std::string key = name.repository + " " + name.tag + " " + options.platform + " " + options.auth_json;
  const Pulls::Work work = [this, reference, options](PullObserver tell) {
    return pull_once(reference, options, std::move(tell));
  };
  co_return co_await pulls_.join(key, work, observer);
}

asio::awaitable<Result<void>> Client::pull_once(std::string reference, PullOptions options,
                                                PullObserver observer) {
  std::string auth = options.auth_json;
  std::string helper_problem;
  if (auth.empty() && !options_.docker_config_dir.empty()) {
    asio::awaitable<Result<std::optional<Credentials>>> asking =
        look_up(options_.docker_config_dir, parse_image(reference).registry);
    // Cancellation must not reach it: in Boost 1.81 the end of a coroutine that never waited would be lost.
    auto uncancelled = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
    const Result<std::optional<Credentials>> found =
        co_await asio::co_spawn(asio::system_executor(), std::move(asking), std::move(uncancelled));
    if (!found) helper_problem = found.error().text();
    if (found && found->has_value()) auth = auth_json(found.value().value());
  }
  Result<void> end = co_await pull_as(reference, options.platform, auth, observer);
  // Credentials that the registry no longer takes must not stand before a public image.
  const bool stale = end.is(ErrorKind::unauthorized) && !auth.empty() && options.auth_json.empty();
  if (stale) {
    const Result<void> without = co_await pull_as(reference, options.platform, "", observer);
    if (without) co_return without;
  }
  if (end || helper_problem.empty()) co_return end;
  Error e = end.error();
  e.message += " (" + helper_problem + ")";
  co_return e;
}

asio::awaitable<Result<void>> Client::pull_as(std::string reference, std::string platform, std::string auth,
                                              PullObserver observer) {
  const ImageName name = parse_image(reference);
  Query query;
  query.add("fromImage", name.repository).add("tag", name.tag);
  query.add_if(!platform.empty(), "platform", platform);
  Call call = post("pull image " + reference, "/images/create" + query.text(), "");
  call.limit = {};
  if (!auth.empty()) call.request.headers.emplace_back("X-Registry-Auth", base64url(auth));
  const Result<std::unique_ptr<Exchange>> opened = co_await open_stream(call);
  if (!opened) {
    // Docker answers a registry's refusal with 500 or 404 and its words.
    Error e = opened.error();
    if (e.status >= 400 && kind_of_pull(e.message) == ErrorKind::unauthorized)
      e.kind = ErrorKind::unauthorized;
    co_return e;
  }
  Exchange& exchange = *opened.value();
  co_return co_await follow(exchange, call.asked, observer);
}

Async<std::string> Client::import_image(ByteSource& tar, const ImportSpec& spec) {
  const ImageName name = parse_image(spec.reference);
  Query query;
  // The tag inside `repo`: Podman 4 does not read the parameter `tag` here.
  query.add("fromSrc", "-").add("repo", name.repository + ":" + name.tag);
  query.add_if(!spec.message.empty(), "message", spec.message);
  for (const std::string& change : wire::import_changes(spec)) query.add("changes", change);
  Call call = post("import image " + spec.reference, "/images/create" + query.text(), "");
  call.request.headers.emplace_back("Content-Type", "application/x-tar");
  call.limit = {};
  call.source = &tar;
  const Result<std::unique_ptr<Exchange>> opened = co_await open_stream(call);
  if (!opened) co_return opened.error();
  Exchange& exchange = *opened.value();
  const PullObserver nobody;
  const Result<void> end = co_await follow(exchange, call.asked, nobody);
  if (!end) co_return end.error();
  const Result<ImageInfo> made = co_await inspect_image(spec.reference);
  if (!made) co_return made.error();
  co_return made->id;
}

Async<void> Client::tag_image(std::string reference, std::string new_reference) {
  const ImageName name = parse_image(new_reference);
  Query query;
  query.add("repo", name.repository).add("tag", name.tag);
  const std::string target = "/images/" + url_encode_path(reference) + "/tag" + query.text();
  const Call call = post("tag image " + reference + " as " + new_reference, target, "");
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return Result<void>();
}

Async<Effect> Client::remove_image(std::string reference, bool force) {
  Query query;
  query.add_if(force, "force", "1");
  const Call call =
      erase("remove image " + reference, "/images/" + url_encode_path(reference) + query.text());
  const std::vector<int> gone(1, 404);
  co_return co_await change(call, gone);
}

}  // namespace skiff::docker
