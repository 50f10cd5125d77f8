// Takes away what pods leave on the engine, off everybody's path and a few at a time.
//
// In: containers, volumes and paths that nobody needs any more. What cannot be removed now is tried again a
// few times, then left to the sweep at the next start.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "docker/engine.h"
#include "runner/scope.h"

namespace skiff::runner {

/// One pod's leavings, removed in this order.
struct Leavings {
  std::vector<std::string> containers;  ///< names or ids; killed if they still run
  std::vector<std::string> volumes;
  std::vector<std::filesystem::path> paths;
  std::function<void()> afterwards;  ///< called once the containers are gone, from the janitor's strand
};

/// Safe from any strands.
class Janitor {
 public:
  Janitor(Executor lane, docker::Engine& engine);
  ~Janitor();
  Janitor(const Janitor&) = delete;
  Janitor& operator=(const Janitor&) = delete;

  void take(Leavings leavings);
  /// Returns when the debt is small enough for another pod to begin.
  [[nodiscard]] Task<void> room();
  /// Returns when nothing is left to do.
  [[nodiscard]] Task<void> settle();
  [[nodiscard]] Task<void> close();

 private:
  [[nodiscard]] Task<void> clean(Leavings leavings);
  [[nodiscard]] Task<void> remove_container(std::string id);
  [[nodiscard]] Task<void> remove_volume(std::string name);
  [[nodiscard]] Task<void> wait_below(int debt);
  Executor strand_;
  docker::Engine& engine_;
  Scope scope_;
  Notice changed_;
  Gate hands_{3};
  std::atomic<int> debt_ = 0;
};

}  // namespace skiff::runner
