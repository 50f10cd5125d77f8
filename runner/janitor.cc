#include "runner/janitor.h"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <memory>

namespace skiff::runner {

namespace asio = boost::asio;

namespace {

constexpr int kMostDebt = 64;
constexpr int kTries = 5;
constexpr std::chrono::milliseconds kPause(400);

}  // namespace

Janitor::Janitor(Executor lane, docker::Engine& engine)
    : strand_(asio::make_strand(lane)), engine_(engine), scope_(strand_), changed_(strand_) {}

Janitor::~Janitor() = default;

void Janitor::take(Leavings leavings) {
  ++debt_;
  auto held = std::make_shared<Leavings>(std::move(leavings));
  asio::post(strand_, [this, held] { scope_.spawn(clean(std::move(*held))); });
}

Task<void> Janitor::clean(Leavings leavings) {
  {
    const Gate::Pass pass = co_await hands_.enter();
    for (const std::string& id : leavings.containers) co_await remove_container(id);
    if (leavings.afterwards) leavings.afterwards();
    for (const std::string& name : leavings.volumes) co_await remove_volume(name);
  }
  for (const std::filesystem::path& path : leavings.paths) {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  --debt_;
  changed_.notify();
}

Task<void> Janitor::remove_container(std::string id) {
  docker::RemoveOptions options;
  options.force = true;
  options.volumes = true;
  for (int i = 0; i < kTries; ++i) {
    const auto gone = co_await engine_.remove(id, options);
    if (gone.ok() || gone.is(docker::ErrorKind::not_found)) co_return;
    co_await sleep_for(kPause);
  }
}

/// A volume is "in use" until the engine has forgotten its last container, which takes a moment.
Task<void> Janitor::remove_volume(std::string name) {
  for (int i = 0; i < kTries; ++i) {
    const auto gone = co_await engine_.remove_volume(name, false);
    if (gone.ok() || gone.is(docker::ErrorKind::not_found)) co_return;
    co_await sleep_for(kPause);
  }
}

Task<void> Janitor::room() {
  if (debt_ < kMostDebt) co_return;
  co_await run_on(strand_, wait_below(kMostDebt));
}

Task<void> Janitor::settle() { co_await run_on(strand_, wait_below(1)); }

Task<void> Janitor::wait_below(int debt) {
  while (debt_ >= debt) co_await changed_.wait();
}

Task<void> Janitor::close() {
  co_await settle();
  const auto joining = [](Janitor* self) -> Task<void> { co_await self->scope_.join(); };
  co_await run_on(strand_, joining(this));
}

}  // namespace skiff::runner
