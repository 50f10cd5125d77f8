#include "runner/engine_watch.h"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include "runner/core/pod_plan.h"

namespace skiff::runner {

namespace asio = boost::asio;

EngineWatch::EngineWatch(Executor lane, docker::Engine& engine, std::string home_id,
                         std::string controller_id)
    : strand_(asio::make_strand(lane)),
      engine_(engine),
      home_id_(std::move(home_id)),
      controller_id_(std::move(controller_id)),
      scope_(strand_),
      since_(std::chrono::system_clock::now()) {}

EngineWatch::~EngineWatch() = default;

void EngineWatch::on_exit(const std::string& container_id, Executor strand, ExitHandler handler) {
  const std::scoped_lock lock(mutex_);
  watches_[container_id] = {std::move(strand), std::move(handler)};
  begin();
}

void EngineWatch::forget(const std::string& container_id) {
  const std::scoped_lock lock(mutex_);
  watches_.erase(container_id);
}

void EngineWatch::on_stray(StrayHandler handler) {
  const std::scoped_lock lock(mutex_);
  on_stray_ = std::move(handler);
  begin();
}

void EngineWatch::begin() {
  if (listening_) return;
  listening_ = true;
  asio::post(strand_, [this] { scope_.spawn(listen()); });
}

Task<void> EngineWatch::close() {
  const auto ending = [](EngineWatch* self) -> Task<void> {
    self->scope_.cancel();
    co_await self->scope_.join();
  };
  co_await run_on(strand_, ending(this));
}

Task<void> EngineWatch::listen() {
  constexpr std::chrono::milliseconds kPause(500);
  for (;;) {
    co_await listen_once();
    co_await sleep_for(kPause);
  }
}

Task<void> EngineWatch::listen_once() {
  docker::EventFilter filter;
  filter.types = {"container"};
  filter.events = {"die", "create"};
  filter.labels = {std::string(kLabelHome) + "=" + home_id_};
  filter.since = since_;
  auto opened = co_await engine_.events(filter);
  if (!opened.ok()) co_return;
  const std::unique_ptr<docker::EventStream> stream = std::move(opened).value();
  for (;;) {
    auto next = co_await stream->next();
    if (!next.ok() || !next->has_value()) co_return;
    const docker::Event& event = **next;
    since_ = event.time;
    if (event.action == "die") tell_exit(event);
    if (event.action == "create") tell_stray(event);
  }
}

void EngineWatch::tell_exit(const docker::Event& event) {
  const std::optional<int> code = event.exit_code();
  if (!code) return;
  const std::scoped_lock lock(mutex_);
  const auto it = watches_.find(event.id);
  if (it == watches_.end()) return;
  asio::post(it->second.strand, [handler = it->second.handler, code = *code] { handler(code); });
}

void EngineWatch::tell_stray(const docker::Event& event) {
  const auto boot = event.attributes.find(kLabelBoot);
  if (boot == event.attributes.end() || boot->second == controller_id_) return;
  StrayHandler handler;
  {
    const std::scoped_lock lock(mutex_);
    handler = on_stray_;
  }
  if (handler) handler();
}

}  // namespace skiff::runner
