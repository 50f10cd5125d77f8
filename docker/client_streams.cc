// What outlives its call: waits, container output, events.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <iterator>

#include "docker/client_impl.h"
#include "docker/frames.h"
#include "docker/splitter.h"
#include "docker/wire.h"

namespace skiff::docker {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kWaitLimit = 1U << 20U;
constexpr auto kWatchPause = std::chrono::milliseconds(50);

Error protocol_error(std::string message, const std::string& asked) {
  Error e;
  e.kind = ErrorKind::protocol;
  e.message = std::move(message);
  e.asked = asked;
  return e;
}

class ArmedWait : public PendingWait {
 public:
  ArmedWait(std::unique_ptr<Exchange> exchange, std::string asked)
      : exchange_(std::move(exchange)), asked_(std::move(asked)) {}

  Async<WaitResult> result() override {
    const Result<std::string> body = co_await exchange_->read_rest(kWaitLimit);
    if (!body) co_return in_call(body.error(), asked_);
    // An engine that shuts down ends the reply cleanly without having said anything.
    if (body->empty()) {
      Error e = protocol_error("the engine went away while waiting", asked_);
      e.kind = ErrorKind::unreachable;
      co_return e;
    }
    co_return in_call(wire::read_wait(*body), asked_);
  }

 private:
  std::unique_ptr<Exchange> exchange_;
  std::string asked_;
};

std::string wait_target(const std::string& id, const char* condition) {
  return "/containers/" + url_encode(id) + "/wait?condition=" + condition;
}

/// Podman's next-exit hung until 2026 (podman #28514): watch until the container has been started, then wait
/// for it not to run.
class WatchedWait : public PendingWait {
 public:
  WatchedWait(Client& client, std::string id) : client_(client), id_(std::move(id)) {}

  Async<WaitResult> result() override {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::steady_timer pause(executor);
    for (;;) {
      const Result<ContainerInfo> now = co_await client_.inspect(id_);
      if (!now) co_return now.error();
      if (now->state.status != ContainerStatus::created) break;
      pause.expires_after(kWatchPause);
      co_await pause.async_wait(asio::use_awaitable);
    }
    const Call call = wait_call();
    const Result<std::string> body = co_await client_.fetch(call);
    if (!body) co_return body.error();
    co_return in_call(wire::read_wait(*body), call.asked);
  }

 private:
  [[nodiscard]] Call wait_call() const {
    Call call = client_.post("wait for container " + id_, wait_target(id_, "not-running"), "");
    call.limit = {};
    return call;
  }
  Client& client_;
  std::string id_;
};

class Output : public OutputStream {
 public:
  Output(std::unique_ptr<Exchange> exchange, bool raw, std::string asked)
      : exchange_(std::move(exchange)), frames_(raw), asked_(std::move(asked)) {}

  Async<std::optional<OutputChunk>> next() override {
    while (ready_.empty()) {
      std::string bytes;
      const Result<bool> more = co_await exchange_->read_body(bytes);
      if (!more) co_return in_call(more.error(), asked_);
      if (!*more) co_return end();
      std::vector<OutputChunk> chunks;
      if (!frames_.feed(bytes, chunks)) co_return protocol_error(frames_.problem(), asked_);
      ready_.assign(std::make_move_iterator(chunks.begin()), std::make_move_iterator(chunks.end()));
    }
    std::optional<OutputChunk> chunk = std::move(ready_.front());
    ready_.pop_front();
    co_return chunk;
  }

 private:
  [[nodiscard]] Result<std::optional<OutputChunk>> end() const {
    if (frames_.at_boundary()) return std::optional<OutputChunk>();
    Error e = protocol_error("the connection ended in the middle of the output", asked_);
    e.kind = ErrorKind::unreachable;
    return e;
  }

  std::unique_ptr<Exchange> exchange_;
  Demultiplexer frames_;
  std::deque<OutputChunk> ready_;
  std::string asked_;
};

class Events : public EventStream {
 public:
  explicit Events(std::unique_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

  Async<std::optional<Event>> next() override {
    while (ready_.empty()) {
      std::string bytes;
      const Result<bool> more = co_await exchange_->read_body(bytes);
      if (!more) co_return in_call(more.error(), "follow the engine's events");
      if (!*more) co_return std::optional<Event>();
      std::vector<std::string> objects;
      if (!splitter_.feed(bytes, objects))
        co_return protocol_error(splitter_.problem(), "follow the engine's events");
      ready_.assign(objects.begin(), objects.end());
    }
    const Result<Event> event = wire::read_event(ready_.front());
    ready_.pop_front();
    if (!event) co_return event.error();
    co_return std::optional<Event>(*event);
  }

 private:
  std::unique_ptr<Exchange> exchange_;
  JsonSplitter splitter_;
  std::deque<std::string> ready_;
};

const char* condition_name(WaitCondition condition) {
  switch (condition) {
    case WaitCondition::not_running:
      return "not-running";
    case WaitCondition::next_exit:
      return "next-exit";
    case WaitCondition::removed:
      return "removed";
  }
  return "not-running";
}

}  // namespace

Async<std::unique_ptr<PendingWait>> Client::arm_wait(std::string id, WaitCondition condition) {
  const Result<Peer> agreed = co_await peer();
  if (!agreed) co_return agreed.error();
  if (agreed->podman && condition == WaitCondition::next_exit) {
    const Result<ContainerInfo> there = co_await inspect(id);
    if (!there) co_return there.error();
    std::unique_ptr<PendingWait> watched = std::make_unique<WatchedWait>(*this, id);
    co_return watched;
  }
  Call call = post("wait for container " + id, wait_target(id, condition_name(condition)), "");
  call.limit = {};
  Result<std::unique_ptr<Exchange>> exchange = co_await open_stream(call);
  if (!exchange) co_return exchange.error();
  std::unique_ptr<PendingWait> armed = std::make_unique<ArmedWait>(std::move(exchange.value()), call.asked);
  co_return armed;
}

/// The container's own configuration tells: engines before API 1.42 name both kinds of stream alike.
boost::asio::awaitable<Result<bool>> Client::has_tty(std::string id) {
  {
    const std::lock_guard lock(mutex_);
    if (with_tty_.count(id) != 0) co_return true;
    if (without_tty_.count(id) != 0) co_return false;
  }
  const Result<ContainerInfo> info = co_await inspect(id);
  if (!info) co_return info.error();
  co_return info->tty;
}

Async<std::unique_ptr<OutputStream>> Client::attach(std::string id) {
  const Result<bool> tty = co_await has_tty(id);
  if (!tty) co_return tty.error();
  const std::string target = "/containers/" + url_encode(id) + "/attach?stream=1&stdout=1&stderr=1";
  Call call = post("attach to container " + id, target, "");
  call.limit = {};
  call.request.upgrade = true;
  Result<std::unique_ptr<Exchange>> exchange = co_await open_stream(call);
  if (!exchange) co_return exchange.error();
  std::unique_ptr<OutputStream> output =
      std::make_unique<Output>(std::move(exchange.value()), tty.value(), call.asked);
  co_return output;
}

Async<std::unique_ptr<OutputStream>> Client::logs(std::string id, const LogOptions& options) {
  const Result<bool> tty = co_await has_tty(id);
  if (!tty) co_return tty.error();
  Query query;
  query.add("stdout", options.out ? "1" : "0").add("stderr", options.err ? "1" : "0");
  query.add_if(options.follow, "follow", "1").add_if(options.timestamps, "timestamps", "1");
  if (options.since) query.add("since", wire::unix_time(*options.since));
  if (options.until) query.add("until", wire::unix_time(*options.until));
  if (options.tail) query.add("tail", std::to_string(*options.tail));
  Call call =
      get("read the log of container " + id, "/containers/" + url_encode(id) + "/logs" + query.text());
  call.limit = {};
  Result<std::unique_ptr<Exchange>> exchange = co_await open_stream(call);
  if (!exchange) co_return exchange.error();
  std::unique_ptr<OutputStream> output =
      std::make_unique<Output>(std::move(exchange.value()), tty.value(), call.asked);
  co_return output;
}

Async<std::unique_ptr<OutputStream>> Client::start_exec(std::string exec_id) {
  bool tty = false;
  {
    const std::lock_guard lock(mutex_);
    tty = with_tty_.erase(exec_id) != 0;
    without_tty_.erase(exec_id);
  }
  Call call =
      post("run process " + exec_id, "/exec/" + url_encode(exec_id) + "/start", wire::write_exec_start(tty));
  call.limit = {};
  call.request.upgrade = true;
  Result<std::unique_ptr<Exchange>> exchange = co_await open_stream(call);
  if (!exchange) co_return exchange.error();
  std::unique_ptr<OutputStream> output =
      std::make_unique<Output>(std::move(exchange.value()), tty, call.asked);
  co_return output;
}

Async<std::unique_ptr<EventStream>> Client::events(const EventFilter& filter) {
  const std::string filters =
      wire::write_filters({{"type", filter.types}, {"event", filter.events}, {"label", filter.labels}});
  Query query;
  query.add_if(filters != "{}", "filters", filters);
  if (filter.since) query.add("since", wire::unix_time(*filter.since));
  Call call = get("follow the engine's events", "/events" + query.text());
  call.limit = {};
  Result<std::unique_ptr<Exchange>> exchange = co_await open_stream(call);
  if (!exchange) co_return exchange.error();
  std::unique_ptr<EventStream> stream = std::make_unique<Events>(std::move(exchange.value()));
  co_return stream;
}

Async<void> drain(OutputStream& stream, const std::function<void(const OutputChunk&)>& sink) {
  for (;;) {
    const Result<std::optional<OutputChunk>> chunk = co_await stream.next();
    if (!chunk) co_return chunk.error();
    if (!chunk->has_value()) co_return Result<void>();
    sink(chunk.value().value());
  }
}

Async<ExecResult> run_exec(Engine& engine, std::string id, const ExecSpec& spec, std::size_t keep) {
  const Result<std::string> exec = co_await engine.create_exec(id, spec);
  if (!exec) co_return exec.error();
  const std::string& exec_id = exec.value();
  const Result<std::unique_ptr<OutputStream>> stream = co_await engine.start_exec(exec_id);
  if (!stream) co_return stream.error();
  ExecResult result;
  const std::function<void(const OutputChunk&)> collect = [&result, keep](const OutputChunk& chunk) {
    std::string& text = chunk.stream == StreamKind::out ? result.out : result.err;
    text += chunk.bytes;
    if (text.size() > keep) text.erase(0, text.size() - keep);
  };
  const Result<void> drained = co_await drain(*stream.value(), collect);
  if (!drained) co_return drained.error();
  const Result<ExecState> state = co_await engine.inspect_exec(exec_id);
  if (!state) co_return state.error();
  result.exit_code = state->exit_code.value_or(255);
  co_return result;
}

}  // namespace skiff::docker
