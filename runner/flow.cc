#include "runner/flow.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "store/pipe.h"

namespace skiff::runner {

namespace asio = boost::asio;

namespace {

/// The other side has gone: ends the work, and is nobody's failure.
class BrokenOff : public std::runtime_error {
 public:
  BrokenOff() : std::runtime_error("the transfer was broken off") {}
};

}  // namespace

Task<std::exception_ptr> caught(Task<void> work) {
  std::exception_ptr error;
  try {
    co_await std::move(work);
  } catch (...) {
    error = std::current_exception();
  }
  if (error) co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  co_return error;
}

class FlowState : public std::enable_shared_from_this<FlowState> {
 public:
  explicit FlowState(const Executor& strand) : strand_(strand), changed_(strand) {}

  void start(std::function<void()> work) {
    thread_ = std::thread([this, work = std::move(work)] {
      try {
        work();
      } catch (const BrokenOff&) {
        broken_ = true;
      } catch (...) {
        error_ = std::current_exception();
        broken_ = true;
      }
      if (broken_) {
        // The reader of an Inflow learns of it by its read, the writer of an Outflow by its write.
        pipe.fail(error_ ? error_ : std::make_exception_ptr(BrokenOff()));
        pipe.abandon();
      }
      over_ = true;
      wake_later()();
    });
  }

  /// A call for the thread: looks again on the strand, if there is still somebody.
  [[nodiscard]] store::BoundedPipe::Later wake_later() {
    return [strand = strand_, weak = weak_from_this()] {
      asio::post(strand, [weak] {
        if (const auto self = weak.lock()) self->changed_.notify();
      });
    };
  }

  Task<void> room() {
    const store::BoundedPipe::Later later = wake_later();
    while (!pipe.room(later)) co_await changed_.wait();
  }

  Task<void> news() {
    const store::BoundedPipe::Later later = wake_later();
    while (!pipe.ready(later)) co_await changed_.wait();
  }

  /// To its end: the work must not be left alone with what it refers to.
  Task<void> ended() {
    co_await run_on(strand_, until_over());
    thread_.join();
    if (error_) std::rethrow_exception(error_);
  }

  void break_off() {
    if (!thread_.joinable()) return;
    pipe.fail(std::make_exception_ptr(BrokenOff()));
    pipe.abandon();
    thread_.join();
  }

  Task<void> until_over() {
    while (!over_) co_await changed_.wait();
  }

  [[nodiscard]] bool broken() const { return broken_; }

  store::BoundedPipe pipe;

 private:
  Executor strand_;
  Notice changed_;
  std::atomic<bool> broken_ = false;
  std::atomic<bool> over_ = false;
  std::exception_ptr error_;  ///< the thread's until it is over
  std::thread thread_;
};

namespace {

/// A thread that does not outlive the coroutine which it works for.
class Aside {
 public:
  Aside(const Executor& strand, const std::function<void(const std::atomic<bool>&)>& work)
      : state_(std::make_shared<FlowState>(strand)) {
    state_->start([this, &work] { work(interrupted_); });
  }
  ~Aside() {
    interrupted_ = true;
    state_->break_off();
  }
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

  Task<void> over() { co_await state_->until_over(); }
  Task<void> ended() {
    interrupted_ = true;
    co_await state_->ended();
  }

 private:
  std::shared_ptr<FlowState> state_;
  std::atomic<bool> interrupted_ = false;
};

}  // namespace

Task<void> on_a_thread(std::function<void(const std::atomic<bool>&)> work) {
  const Executor strand = co_await asio::this_coro::executor;
  Aside aside(strand, work);
  const std::exception_ptr stopped = co_await caught(aside.over());
  const std::exception_ptr failed = co_await caught(aside.ended());
  if (stopped) std::rethrow_exception(stopped);
  if (failed) std::rethrow_exception(failed);
}

Outflow::Outflow(const Executor& strand, std::function<void(const store::Source&)> work)
    : state_(std::make_shared<FlowState>(strand)) {
  state_->start([state = state_.get(), work = std::move(work)] {
    work(state->pipe.source());
    state->pipe.abandon();
  });
}

Outflow::~Outflow() { state_->break_off(); }

Task<void> Outflow::ready() { co_await state_->room(); }

void Outflow::write(std::string_view bytes) {
  const bool taken = state_->pipe.put(std::as_bytes(std::span(bytes)));
  if (!taken && state_->broken()) throw std::system_error(std::make_error_code(std::errc::broken_pipe));
}

Task<void> Outflow::finish(bool whole) {
  if (whole) {
    state_->pipe.close();
  } else {
    state_->pipe.fail(std::make_exception_ptr(BrokenOff()));
  }
  co_await state_->ended();
}

Inflow::Inflow(const Executor& strand, std::function<void(const store::Sink&)> work)
    : state_(std::make_shared<FlowState>(strand)) {
  state_->start([state = state_.get(), work = std::move(work)] {
    work([state](std::span<const std::byte> bytes) {
      if (!state->pipe.push(bytes)) throw BrokenOff();
    });
    state->pipe.close();
  });
}

Inflow::~Inflow() { state_->break_off(); }

Task<void> Inflow::ready() {
  if (left_.empty()) co_await state_->news();
}

bool Inflow::failed() const { return state_->broken(); }

std::size_t Inflow::read(std::span<char> into) {
  if (left_.empty()) left_ = state_->pipe.next();
  const std::size_t n = std::min(into.size(), left_.size());
  std::memcpy(into.data(), left_.data(), n);
  left_ = left_.subspan(n);
  return n;
}

Task<void> Inflow::finish() {
  state_->pipe.abandon();
  co_await state_->ended();
}

}  // namespace skiff::runner
