// Single flight for pulls: whoever wants an image that is being pulled joins that pull.
//
// The pull itself runs as a coroutine of its own on the first caller's executor, so that a caller who is
// cancelled does not end it for the others; when the last caller has left it is cancelled. Thread-safe.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "docker/engine.h"

namespace skiff::docker {

class Pulls {
 public:
  using Work = std::function<boost::asio::awaitable<Result<void>>(PullObserver)>;

  Pulls();
  ~Pulls();
  /// Runs `work` unless a pull of `key` is under way; returns that pull's end. `observer` hears of it from
  /// now on.
  boost::asio::awaitable<Result<void>> join(std::string key, Work work, PullObserver observer);

 private:
  struct Flight;
  struct Registry;
  static boost::asio::awaitable<void> fly(std::shared_ptr<Registry> registry, std::shared_ptr<Flight> flight,
                                          Work work);

  std::shared_ptr<Registry> registry_;
};

}  // namespace skiff::docker
