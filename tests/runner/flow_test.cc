// A flow between a strand and a thread: everything arrives in order, whoever breaks it off ends both sides,
// and the strand goes on meanwhile.
#include "runner/flow.h"

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <system_error>

#include "store/pipe.h"

using namespace skiff;
using namespace skiff::runner;
namespace asio = boost::asio;

namespace {

constexpr std::size_t kMany = 50 * store::BoundedPipe::kBlockBytes + 77;

std::string numbered(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + (i >> 12U));
  return text;
}

void append(std::string& to, std::span<const std::byte> bytes) {
  to.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// Opened once, by any thread.
class Door {
 public:
  void open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

/// One thread for all strands: whoever blocks it stops the test.
struct Strand {
  asio::thread_pool pool{1};
  Executor strand = asio::make_strand(pool.get_executor());
  void run(Task<void> task) { asio::co_spawn(strand, std::move(task), asio::use_future).get(); }
};

Task<void> pour(Outflow& flow, const std::string& text, std::size_t piece) {
  for (std::size_t at = 0; at < text.size(); at += piece) {
    co_await flow.ready();
    flow.write(std::string_view(text).substr(at, piece));
  }
}

Task<void> pour_all(Outflow& flow, const std::string& text) {
  co_await pour(flow, text, 65536);
  co_await flow.finish(true);
}

Task<void> drink(Inflow& flow, std::string& text) {
  std::string room(100'000, '\0');
  for (;;) {
    co_await flow.ready();
    const std::size_t n = flow.read(room);
    if (n == 0) break;
    text.append(room, 0, n);
  }
}

Task<void> finish(Outflow& flow, bool whole) { co_await flow.finish(whole); }
Task<void> finish_in(Inflow& flow) { co_await flow.finish(); }

Task<void> wait_ready(Inflow& flow) { co_await flow.ready(); }

/// As a pod does: when it is stopped, the thread's end is awaited all the same.
Task<void> until_stopped(Inflow& flow, Door& waiting) {
  waiting.open();
  const std::exception_ptr stopped = co_await caught(flow.ready());
  co_await flow.finish();
  if (stopped) std::rethrow_exception(stopped);
}

}  // namespace

TEST_CASE("out: all bytes reach the work, in order, and finish waits for it") {
  Strand s;
  const std::string text = numbered(kMany);
  std::string got;
  Outflow flow(s.strand, [&](const store::Source& source) {
    for (auto bytes = source(); !bytes.empty(); bytes = source()) append(got, bytes);
  });
  s.run(pour_all(flow, text));
  CHECK(got == text);
}

TEST_CASE("in: all bytes reach the strand, from the first block to the last part") {
  Strand s;
  const std::string text = numbered(kMany);
  Inflow flow(s.strand, [&](const store::Sink& sink) {
    for (std::size_t at = 0; at < text.size(); at += 70'001)
      sink(std::as_bytes(std::span(text).subspan(at, std::min<std::size_t>(70'001, text.size() - at))));
  });
  std::string got;
  s.run(drink(flow, got));
  s.run(finish_in(flow));
  CHECK(got == text);
}

TEST_CASE("a full pipe does not hold the strand's thread") {
  Strand s;
  Door door;
  const std::string text = numbered(kMany);
  std::string got;
  Outflow flow(s.strand, [&](const store::Source& source) {
    door.pass();
    for (auto bytes = source(); !bytes.empty(); bytes = source()) append(got, bytes);
  });
  auto poured = asio::co_spawn(s.strand, pour_all(flow, text), asio::use_future);
  // The pool's only thread is free for this although nothing is read yet.
  asio::post(s.pool, [&door] { door.open(); });
  poured.get();
  CHECK(got == text);
}

TEST_CASE("what the work throws is thrown by finish, and stops the other side") {
  Strand s;
  const std::string text = numbered(kMany);
  Outflow out(s.strand, [](const store::Source& source) {
    static_cast<void>(source());
    throw std::runtime_error("disk full");
  });
  CHECK_THROWS_AS(s.run(pour(out, text, 65536)), std::system_error);
  CHECK_THROWS_WITH(s.run(finish(out, false)), "disk full");

  Inflow in(s.strand, [&](const store::Sink& sink) {
    sink(std::as_bytes(std::span(text)));
    throw std::runtime_error("no such artifact");
  });
  std::string got;
  CHECK_THROWS_WITH(s.run(drink(in, got)), "no such artifact");
  CHECK_THROWS_WITH(s.run(finish_in(in)), "no such artifact");
  CHECK(in.failed());

  Inflow at_once(s.strand, [](const store::Sink&) { throw std::runtime_error("no such artifact"); });
  s.run(wait_ready(at_once));
  CHECK(at_once.failed());
}

TEST_CASE("a work that has seen enough lets the rest go by") {
  Strand s;
  Outflow flow(s.strand, [](const store::Source& source) { static_cast<void>(source()); });
  s.run(pour_all(flow, numbered(kMany)));
}

TEST_CASE("breaking off ends the work and is no failure of it") {
  Strand s;
  bool whole = false;
  Outflow out(s.strand, [&](const store::Source& source) {
    for (auto bytes = source(); !bytes.empty(); bytes = source()) continue;
    whole = true;
  });
  s.run(pour(out, numbered(1000), 1000));
  s.run(finish(out, false));
  CHECK_FALSE(whole);

  const auto endless = [](const store::Sink& sink) {
    const std::string block = numbered(store::BoundedPipe::kBlockBytes);
    for (;;) sink(std::as_bytes(std::span(block)));
  };
  Inflow in(s.strand, endless);
  s.run(wait_ready(in));
  s.run(finish_in(in));
  const Inflow dropped(s.strand, endless);  // its destructor ends it, too
}

TEST_CASE("a cancelled coroutine waits for the thread, then says that it was cancelled") {
  Strand s;
  Door waiting;
  Door door;
  bool ended = false;
  Inflow flow(s.strand, [&](const store::Sink&) {
    door.pass();
    ended = true;
  });
  asio::cancellation_signal stop;
  std::promise<std::exception_ptr> outcome;
  asio::co_spawn(
      s.strand, until_stopped(flow, waiting),
      asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr e) { outcome.set_value(e); }));
  waiting.pass();
  asio::post(s.strand, [&stop] { stop.emit(asio::cancellation_type::terminal); });
  asio::post(s.strand, [&door] { door.open(); });
  const std::exception_ptr thrown = outcome.get_future().get();
  CHECK(ended);
  REQUIRE(thrown);
  CHECK_THROWS_AS(std::rethrow_exception(thrown), boost::system::system_error);
}
