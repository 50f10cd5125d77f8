// Structured concurrency on one strand: coroutines that must not outlive what they work for, and the small
// things they wait for. Everything here belongs to one strand and has no locks, except offload() and Gate.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

namespace skiff::runner {

template <class T>
using Task = boost::asio::awaitable<T>;
using Executor = boost::asio::any_io_executor;

/// "Something has changed, look again": waiters test their condition in a loop around wait().
class Notice {
 public:
  explicit Notice(const Executor& strand);
  /// Returns after the next notify(); throws operation_aborted if the awaiting coroutine is cancelled.
  [[nodiscard]] Task<void> wait();
  /// The same, or after `most`. True if it was notified.
  [[nodiscard]] Task<bool> wait_for(std::chrono::milliseconds most);
  void notify() { timer_.cancel(); }

 private:
  boost::asio::steady_timer timer_;
};

/// Children of one strand. A child's failure cancels its siblings; join() hands it on.
class Scope {
 public:
  explicit Scope(Executor strand);
  /// All children must have ended: await join() first.
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  void spawn(Task<void> child);
  /// The child for whose sake the others are there: when it has ended, they are asked to end too.
  void spawn_leader(Task<void> child);
  /// Asks all present children to end.
  void cancel();
  /// Waits until all have ended, also while the awaiting coroutine itself is being cancelled. Throws the
  /// first failure (being cancelled is none).
  [[nodiscard]] Task<void> join();
  [[nodiscard]] bool empty() const { return children_.empty(); }
  /// The first failure so far, if any; join() would throw it.
  [[nodiscard]] const std::exception_ptr& failure() const { return failure_; }

 private:
  struct Child {
    boost::asio::cancellation_signal stop;
    bool leads = false;
  };
  void begin(Task<void> child, bool leads);
  [[nodiscard]] Task<void> run(Task<void> child, std::list<Child>::iterator at);
  void ended(std::list<Child>::iterator child);
  void failed(const std::exception_ptr& error);
  Executor strand_;
  std::list<Child> children_;
  std::exception_ptr failure_;
  Notice changed_;
};

/// Runs `work` on another executor to its end, also while the awaiting coroutine is being cancelled; throws
/// what it throws. (A coroutine that is cancelled before it ever waited never tells asio's co_spawn of its
/// end, in Boost 1.81: cancellation must not reach it.)
[[nodiscard]] Task<void> run_on(Executor executor, Task<void> work);

/// Runs blocking work on the pool while the caller's strand goes on; throws what it throws.
[[nodiscard]] Task<void> offload(Executor pool, std::function<void()> work);

[[nodiscard]] Task<void> sleep_for(std::chrono::milliseconds time);

/// At most `limit` holders at once, first come first served; from any strands.
class Gate {
 public:
  explicit Gate(int limit) : free_(limit) {}

  /// Leaves when it is destroyed.
  class Pass {
   public:
    Pass() = default;
    explicit Pass(Gate* gate) : gate_(gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&& other) noexcept {
      if (this != &other) {
        leave();
        gate_ = std::exchange(other.gate_, nullptr);
      }
      return *this;
    }
    ~Pass() { leave(); }
    [[nodiscard]] bool holds() const { return gate_ != nullptr; }
    void leave() {
      if (gate_ != nullptr) std::exchange(gate_, nullptr)->leave();
    }

   private:
    Gate* gate_ = nullptr;
  };

  [[nodiscard]] Task<Pass> enter();
  /// Widens or narrows it; who is inside stays.
  void resize(int limit, int previous);

 private:
  struct Waiter;
  void leave();
  void admit();
  std::mutex mutex_;
  int free_;
  std::deque<std::shared_ptr<Waiter>> waiting_;
};

}  // namespace skiff::runner
