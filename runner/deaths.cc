#include "runner/deaths.h"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include "runner/core/pod_plan.h"

namespace skiff::runner {

namespace asio = boost::asio;

Deaths::Deaths(Executor pool, docker::Engine& engine, std::string home_id)
    : strand_(asio::make_strand(pool)), engine_(engine), home_id_(std::move(home_id)), scope_(strand_) {}

Deaths::~Deaths() = default;

void Deaths::watch(const std::string& container_id, Executor strand, Handler handler) {
  const std::scoped_lock lock(mutex_);
  watches_[container_id] = {std::move(strand), std::move(handler)};
  if (listening_) return;
  listening_ = true;
  asio::post(strand_, [this] { scope_.spawn(listen()); });
}

void Deaths::forget(const std::string& container_id) {
  const std::scoped_lock lock(mutex_);
  watches_.erase(container_id);
}

Task<void> Deaths::close() {
  const auto ending = [](Deaths* self) -> Task<void> {
    self->scope_.cancel();
    co_await self->scope_.join();
  };
  co_await run_on(strand_, ending(this));
}

Task<void> Deaths::listen() {
  constexpr std::chrono::milliseconds kPause(500);
  std::optional<docker::Timestamp> since;
  for (;;) {
    co_await listen_once(since);
    co_await sleep_for(kPause);
  }
}

Task<void> Deaths::listen_once(std::optional<docker::Timestamp>& since) {
  docker::EventFilter filter;
  filter.types = {"container"};
  filter.events = {"die"};
  filter.labels = {std::string(kLabelHome) + "=" + home_id_};
  filter.since = since;
  auto opened = co_await engine_.events(filter);
  if (!opened.ok()) co_return;
  const std::unique_ptr<docker::EventStream> stream = std::move(opened).value();
  for (;;) {
    auto next = co_await stream->next();
    if (!next.ok() || !next->has_value()) co_return;
    since = (**next).time;
    tell(**next);
  }
}

void Deaths::tell(const docker::Event& event) {
  const std::optional<int> code = event.exit_code();
  if (!code) return;
  const std::scoped_lock lock(mutex_);
  const auto it = watches_.find(event.id);
  if (it == watches_.end()) return;
  asio::post(it->second.strand, [handler = it->second.handler, code = *code] { handler(code); });
}

}  // namespace skiff::runner
