// The threads of a controller: lanes, on which coroutines take turns, and a pool for what blocks.
//
// A lane is one thread with a scheduler of its own: its handlers share no lock with others, and no second
// thread is woken for each event. A pod, and each service, stays on the lane it was given, the controller has
// one for itself; what would hold a lane up (a commit, a file written whole, a request that reads thousands
// of rows) belongs into the pool.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <vector>

namespace skiff::runner {

class Threads {
 public:
  /// A lane for the pods for every four processors, one for the controller, a pool of two threads at least.
  Threads();
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  /// The pods' lanes in turn. From any thread.
  [[nodiscard]] boost::asio::any_io_executor lane();
  /// The controller's: a long history that is replayed there holds no pod up.
  [[nodiscard]] boost::asio::any_io_executor control() { return control_.get_executor(); }
  [[nodiscard]] boost::asio::any_io_executor pool();
  /// Returns when no work is left anywhere.
  void join();

 private:
  boost::asio::thread_pool control_{1};
  std::vector<std::unique_ptr<boost::asio::thread_pool>> lanes_;
  std::atomic<std::size_t> next_{0};
  boost::asio::thread_pool pool_;
};

}  // namespace skiff::runner
