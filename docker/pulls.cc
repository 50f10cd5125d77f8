// Waiters sleep on a timer that never expires; the end of the flight, or their own cancellation, wakes them.
#include "docker/pulls.h"

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>
#include <vector>

namespace skiff::docker {

namespace asio = boost::asio;

namespace {

struct Waiter {
  Waiter(const asio::any_io_executor& executor, PullObserver watching)
      : timer(executor, asio::steady_timer::time_point::max()), observer(std::move(watching)) {}
  asio::steady_timer timer;
  PullObserver observer;
};

}  // namespace

struct Pulls::Flight {
  explicit Flight(std::string k, asio::any_io_executor e) : key(std::move(k)), executor(std::move(e)) {}
  const std::string key;
  const asio::any_io_executor executor;
  asio::cancellation_signal cancel;  ///< emitted on `executor` only
  std::vector<std::shared_ptr<Waiter>> waiters;
  std::optional<Result<void>> end;
};

struct Pulls::Registry {
  std::mutex mutex;  ///< guards all flights, too
  std::map<std::string, std::shared_ptr<Flight>> flights;

  void forget(const std::shared_ptr<Flight>& flight) {
    const auto it = flights.find(flight->key);
    if (it != flights.end() && it->second == flight) flights.erase(it);
  }
  void tell(Flight& flight, const PullProgress& progress) {
    const std::lock_guard lock(mutex);
    for (const auto& waiter : flight.waiters)
      if (waiter->observer) waiter->observer(progress);
  }
  void land(const std::shared_ptr<Flight>& flight, Result<void> end) {
    const std::lock_guard lock(mutex);
    flight->end = std::move(end);
    forget(flight);
    for (const auto& waiter : flight->waiters)
      asio::post(waiter->timer.get_executor(), [waiter] { waiter->timer.cancel(); });
  }
  /// The last to leave before the end gives the pull up.
  void leave(const std::shared_ptr<Flight>& flight, const std::shared_ptr<Waiter>& waiter) {
    const std::lock_guard lock(mutex);
    std::erase(flight->waiters, waiter);
    if (!flight->waiters.empty() || flight->end) return;
    forget(flight);
    asio::post(flight->executor, [flight] { flight->cancel.emit(asio::cancellation_type::terminal); });
  }
};

namespace {

/// Leaves the flight however the waiting ends: result, cancellation, or a destroyed frame.
template <class Leave>
class Ticket {
 public:
  explicit Ticket(Leave leave) : leave_(std::move(leave)) {}
  ~Ticket() { leave_(); }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

 private:
  Leave leave_;
};

Error gave_up() {
  Error e;
  e.kind = ErrorKind::cancelled;
  e.message = "given up";
  return e;
}

}  // namespace

Pulls::Pulls() : registry_(std::make_shared<Registry>()) {}
Pulls::~Pulls() = default;

asio::awaitable<void> Pulls::fly(std::shared_ptr<Registry> registry, std::shared_ptr<Flight> flight,
                                 Work work) {
  std::optional<Result<void>> end;
  try {
    const PullObserver tell = [registry, flight](const PullProgress& p) { registry->tell(*flight, p); };
    const Result<void> result = co_await work(tell);
    end = result;
  } catch (const std::exception& e) {
    Error error = gave_up();
    error.message = e.what();
    end = error;
  }
  registry->land(flight, *end);
}

asio::awaitable<Result<void>> Pulls::join(std::string key, Work work, PullObserver observer) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto registry = registry_;
  const auto waiter = std::make_shared<Waiter>(executor, std::move(observer));
  std::shared_ptr<Flight> flight;
  {
    const std::lock_guard lock(registry->mutex);
    auto& slot = registry->flights[key];
    const bool first = !slot;
    if (first) slot = std::make_shared<Flight>(key, executor);
    flight = slot;
    flight->waiters.push_back(waiter);
    if (first)
      asio::co_spawn(executor, fly(registry, flight, std::move(work)),
                     asio::bind_cancellation_slot(flight->cancel.slot(), asio::detached));
  }
  const Ticket ticket([registry, flight, waiter] { registry->leave(flight, waiter); });
  const auto [woken] = co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  static_cast<void>(woken);
  const std::lock_guard lock(registry->mutex);
  if (flight->end) co_return *flight->end;
  co_return gave_up();
}

}  // namespace skiff::docker
