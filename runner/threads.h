// The threads of a controller: lanes, on which coroutines take turns, and a pool for what blocks.
//
// A lane is one thread with a scheduler of its own: its handlers share no lock with others, and no second
// thread is woken for each event. A pod, and each service, stays on the lane it was given; what would hold a
// lane up (a commit, a file written whole, a request that reads thousands of rows) belongs into the pool.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <vector>

namespace skiff::runner {

class Threads {
 public:
  /// A lane for every four processors, and a pool of one thread a processor, two at least.
  Threads();
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  /// The lanes in turn. From any thread.
  [[nodiscard]] boost::asio::any_io_executor lane();
  [[nodiscard]] boost::asio::any_io_executor pool();
  /// Returns when no work is left anywhere.
  void join();

 private:
  std::vector<std::unique_ptr<boost::asio::thread_pool>> lanes_;
  std::atomic<std::size_t> next_{0};
  boost::asio::thread_pool pool_;
};

}  // namespace skiff::runner
