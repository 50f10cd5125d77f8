// The engine's events about the containers of a home, handed to whoever waits for them.
//
// "die" comes before the engine has taken the container's network and file systems down, so it is the
// earliest word of an exit. "create" tells of containers that nobody here asked for: a controller that was
// killed may have left a request behind that the engine carries out after the next controller has looked
// around.
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
class EngineWatch {
 public:
  using ExitHandler = std::function<void(int exit_code)>;
  using StrayHandler = std::function<void()>;

  EngineWatch(Executor lane, docker::Engine& engine, std::string home_id, std::string controller_id);
  ~EngineWatch();
  EngineWatch(const EngineWatch&) = delete;
  EngineWatch& operator=(const EngineWatch&) = delete;

  /// `handler` runs on `strand` when the container dies, until forget(). Listening begins with the first.
  void on_exit(const std::string& container_id, Executor strand, ExitHandler handler);
  void forget(const std::string& container_id);
  /// `handler` runs for each container of this home that another controller had the engine make since this
  /// object was made. Listening begins now.
  void on_stray(StrayHandler handler);
  [[nodiscard]] Task<void> close();

 private:
  struct Watch {
    Executor strand;
    ExitHandler handler;
  };
  /// The mutex is held.
  void begin();
  [[nodiscard]] Task<void> listen();
  [[nodiscard]] Task<void> listen_once();
  void tell_exit(const docker::Event& event);
  void tell_stray(const docker::Event& event);

  Executor strand_;
  docker::Engine& engine_;
  std::string home_id_;
  std::string controller_id_;
  Scope scope_;
  docker::Timestamp since_;  ///< of the last event that was seen
  std::mutex mutex_;         ///< guards what follows
  std::map<std::string, Watch> watches_;
  StrayHandler on_stray_;
  bool listening_ = false;
};

}  // namespace skiff::runner
