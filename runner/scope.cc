#include "runner/scope.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cassert>

namespace skiff::runner {

namespace asio = boost::asio;
using asio::use_awaitable;

namespace {

constexpr auto kOutcome = asio::as_tuple(use_awaitable);

bool is_cancellation(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& e) {
    return e.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

/// notify() and cancellation both end the timer's wait; only the latter is for the coroutine.
void throw_if_cancelled(const asio::cancellation_state& state) {
  if (state.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
}

Task<void> call_it(std::function<void()> work) {
  work();
  co_return;
}

}  // namespace

Notice::Notice(const Executor& strand) : timer_(strand, asio::steady_timer::time_point::max()) {}

Task<void> Notice::wait() {
  co_await timer_.async_wait(kOutcome);
  const auto state = co_await asio::this_coro::cancellation_state;
  throw_if_cancelled(state);
}

Task<bool> Notice::wait_for(std::chrono::milliseconds most) {
  // A timer of its own: the shared one stays at "never" for other waiters. Both are stopped by whoever is
  // first, or the watcher would stay as work that its thread waits for; it is a handler, not a coroutine, so
  // nothing has to be joined.
  const auto executor = co_await asio::this_coro::executor;
  auto limit = std::make_shared<asio::steady_timer>(executor, most);
  auto notified = std::make_shared<bool>(false);
  auto stop = std::make_shared<asio::cancellation_signal>();
  const auto watcher = [limit, notified, stop](const boost::system::error_code&) {
    *notified = true;
    limit->cancel();
  };
  timer_.async_wait(asio::bind_cancellation_slot(stop->slot(), watcher));
  co_await limit->async_wait(kOutcome);
  const bool told = *notified;
  if (!told) stop->emit(asio::cancellation_type::terminal);
  const auto state = co_await asio::this_coro::cancellation_state;
  throw_if_cancelled(state);
  co_return told;
}

Scope::Scope(Executor strand) : strand_(std::move(strand)), changed_(strand_) {}

Scope::~Scope() { assert(children_.empty()); }

void Scope::spawn(Task<void> child) { begin(std::move(child), false); }

void Scope::spawn_leader(Task<void> child) { begin(std::move(child), true); }

void Scope::begin(Task<void> child, bool leads) {
  const auto at = children_.emplace(children_.end());
  at->leads = leads;
  asio::co_spawn(
      strand_, run(std::move(child), at),
      asio::bind_cancellation_slot(at->stop.slot(), [this, at](const std::exception_ptr&) { ended(at); }));
}

/// A child's end in asio's eyes must not meet a cancellation: co_spawn's own last await would throw, and the
/// end would never be told (Boost 1.81, co_spawn_entry_point).
Task<void> Scope::run(Task<void> child, std::list<Child>::iterator at) {
  std::exception_ptr error;
  try {
    co_await std::move(child);
  } catch (...) {
    error = std::current_exception();
  }
  if (error) failed(error);
  if (at->leads) cancel();
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
}

void Scope::failed(const std::exception_ptr& error) {
  if (failure_ || is_cancellation(error)) return;
  failure_ = error;
  cancel();
}

void Scope::ended(std::list<Child>::iterator child) {
  children_.erase(child);
  changed_.notify();
}

void Scope::cancel() {
  // A signal may end its child at once and so change the list.
  std::vector<std::list<Child>::iterator> all;
  for (auto it = children_.begin(); it != children_.end(); ++it) all.push_back(it);
  for (const auto& child : all) {
    const auto still = [&] {
      for (auto it = children_.begin(); it != children_.end(); ++it) {
        if (it == child) return true;
      }
      return false;
    };
    if (still()) child->stop.emit(asio::cancellation_type::terminal);
  }
}

Task<void> Scope::join() {
  const auto before = co_await asio::this_coro::cancellation_state;
  const bool cancelled = before.cancelled() != asio::cancellation_type::none;
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  while (!children_.empty()) co_await changed_.wait();
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  if (cancelled) throw boost::system::system_error(asio::error::operation_aborted);
  if (failure_) std::rethrow_exception(failure_);
}

Task<void> run_on(Executor executor, Task<void> work) {
  co_await asio::co_spawn(executor, std::move(work),
                          asio::bind_cancellation_slot(asio::cancellation_slot(), use_awaitable));
}

Task<void> offload(Executor pool, std::function<void()> work) {
  co_await run_on(pool, call_it(std::move(work)));
}

Task<void> sleep_for(std::chrono::milliseconds time) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, time);
  co_await timer.async_wait(use_awaitable);
}

struct Gate::Waiter {
  explicit Waiter(const Executor& e) : executor(e), timer(e, asio::steady_timer::time_point::max()) {}
  Executor executor;
  asio::steady_timer timer;
  bool admitted = false;  ///< guarded by the gate's mutex
  bool gone = false;
};

Task<Gate::Pass> Gate::enter() {
  const auto executor = co_await asio::this_coro::executor;
  auto waiter = std::make_shared<Waiter>(executor);
  {
    const std::scoped_lock lock(mutex_);
    if (free_ > 0 && waiting_.empty()) {
      --free_;
      waiter->admitted = true;
    } else {
      waiting_.push_back(waiter);
    }
  }
  for (;;) {
    {
      const std::scoped_lock lock(mutex_);
      if (waiter->admitted) break;
    }
    co_await waiter->timer.async_wait(kOutcome);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() == asio::cancellation_type::none) continue;
    bool admitted = false;
    {
      const std::scoped_lock lock(mutex_);
      waiter->gone = true;
      admitted = waiter->admitted;
    }
    if (admitted) leave();
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  co_return Pass(this);
}

void Gate::leave() {
  const std::scoped_lock lock(mutex_);
  ++free_;
  admit();
}

void Gate::resize(int limit, int previous) {
  const std::scoped_lock lock(mutex_);
  free_ += limit - previous;
  admit();
}

/// The lock is held. The waiter's timer belongs to its strand: wake it there.
void Gate::admit() {
  while (free_ > 0 && !waiting_.empty()) {
    const std::shared_ptr<Waiter> next = std::move(waiting_.front());
    waiting_.pop_front();
    if (next->gone) continue;
    --free_;
    next->admitted = true;
    asio::post(next->executor, [next] { next->timer.cancel(); });
  }
}

}  // namespace skiff::runner
