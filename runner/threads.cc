#include "runner/threads.h"

#include <algorithm>
#include <thread>

namespace skiff::runner {

Threads::Threads() : pool_(std::max(2U, std::thread::hardware_concurrency())) {
  const unsigned lanes = std::max(1U, std::thread::hardware_concurrency() / 4);
  for (unsigned i = 0; i < lanes; ++i) lanes_.push_back(std::make_unique<boost::asio::thread_pool>(1));
}

Threads::~Threads() = default;

boost::asio::any_io_executor Threads::lane() { return lanes_[next_++ % lanes_.size()]->get_executor(); }

boost::asio::any_io_executor Threads::pool() { return pool_.get_executor(); }

void Threads::join() {
  // A request in the pool may still ask something of a lane; with pods and controller closed, no lane waits
  // for it.
  pool_.join();
  control_.join();
  for (const auto& lane : lanes_) lane->join();
}

}  // namespace skiff::runner
