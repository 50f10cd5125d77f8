// The engine's "die" events, handed to whoever waits for a container's end: they come before the engine has
// taken the container's network and file systems down, so they are the earliest word of an exit.
//
// Hints: the engine may drop events, so nobody relies on them alone; but a code that came is the code.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "docker/engine.h"
#include "runner/scope.h"

namespace skiff::runner {

/// Safe from any strands.
class Deaths {
 public:
  using Handler = std::function<void(int exit_code)>;

  Deaths(Executor pool, docker::Engine& engine, std::string home_id);
  ~Deaths();
  Deaths(const Deaths&) = delete;
  Deaths& operator=(const Deaths&) = delete;

  /// `handler` runs on `strand` when the container dies, until forget(). Listening begins with the first.
  void watch(const std::string& container_id, Executor strand, Handler handler);
  void forget(const std::string& container_id);
  [[nodiscard]] Task<void> close();

 private:
  struct Watch {
    Executor strand;
    Handler handler;
  };
  [[nodiscard]] Task<void> listen();
  [[nodiscard]] Task<void> listen_once(std::optional<docker::Timestamp>& since);
  void tell(const docker::Event& event);

  Executor strand_;
  docker::Engine& engine_;
  std::string home_id_;
  Scope scope_;
  std::mutex mutex_;
  std::map<std::string, Watch> watches_;
  bool listening_ = false;
};

}  // namespace skiff::runner
