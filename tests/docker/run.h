// Lets a test call coroutines as if they were functions: one io_context, run until the call is over.
//
// Streams stay usable between calls, since they live on the same context. A call that does not end in time
// fails the test instead of hanging it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

namespace skiff::docker::test {

class Runner {
 public:
  boost::asio::io_context& context() { return context_; }

  /// The coroutine's result; throws what it threw, or std::runtime_error after `limit`.
  template <class T>
  T operator()(boost::asio::awaitable<T> work, std::chrono::milliseconds limit = std::chrono::seconds(60)) {
    std::optional<T> result;
    std::exception_ptr thrown;
    boost::asio::co_spawn(context_, std::move(work), [&](std::exception_ptr e, T value) {
      thrown = e;
      if (!e) result.emplace(std::move(value));
    });
    pump(limit, [&] { return result || thrown; });
    if (thrown) std::rethrow_exception(thrown);
    if (!result) throw std::runtime_error("the call did not end in time");
    return std::move(*result);
  }

  /// Starts something to run beside the calls that follow.
  template <class T, class Then>
  void beside(boost::asio::awaitable<T> work, Then then) {
    boost::asio::co_spawn(context_, std::move(work), std::move(then));
  }

  /// Runs what is under way until `done()` or the time is over; returns done().
  template <class Done>
  bool pump(std::chrono::milliseconds limit, Done done) {
    const auto until = std::chrono::steady_clock::now() + limit;
    context_.restart();
    while (!done() && std::chrono::steady_clock::now() < until && context_.run_one_until(until) > 0) {
    }
    return done();
  }

 private:
  boost::asio::io_context context_{1};
};

}  // namespace skiff::docker::test
