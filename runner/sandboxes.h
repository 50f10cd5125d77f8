// Sandboxes: containers of a few KB that own a pod's network (and IPC, for pods of several containers).
//
// Making one costs what half of a container's life costs on today's engines, so a few are made ahead and used
// again: a pod borrows one and gives it back when its containers have ended. What a pod may have changed in
// it (open sockets, /etc/hosts, IPC) is looked for; a sandbox that is not as new is thrown away.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "docker/engine.h"
#include "runner/core/pod_context.h"
#include "runner/scope.h"

namespace skiff::runner {

struct Sandbox {
  std::string name;
  std::string id;
  std::string ip;
  int pid = 0;  ///< on the engine's host
  /// Size and time of /etc/hosts when it was new.
  docker::PathStat hosts;
  bool special = false;  ///< made to measure for one pod
};

/// How a sandbox comes back.
enum class After : std::uint8_t {
  reuse,    ///< nothing was done that outlives the containers
  discard,  ///< its IPC was joined, or somebody could change the network itself
};

struct SandboxSettings {
  std::string home_id;
  std::string controller_id;
  std::string version;
  int most = 0;  ///< 0: chosen from the engine's CPUs; below 0: none are kept warm
  std::chrono::seconds idle{60};
};

/// Safe from any strands.
class Sandboxes {
 public:
  Sandboxes(Executor lane, docker::Engine& engine, SandboxSettings settings);
  ~Sandboxes();
  Sandboxes(const Sandboxes&) = delete;
  Sandboxes& operator=(const Sandboxes&) = delete;

  /// A warm one; where some are under way, a moment is waited: of many pods at once most find one that comes
  /// back. Nothing if none does; then a network of the pod's own costs less than another sandbox.
  [[nodiscard]] Task<std::optional<Sandbox>> take_warm();
  /// A warm one, or one made now. Throws EngineAway, docker::EngineFailure, PodError.
  [[nodiscard]] Task<Sandbox> take();
  /// One with hosts, resolver, host name or sysctls of its own, from `owner`.
  [[nodiscard]] Task<Sandbox> make_special(docker::ContainerSpec owner);
  /// After a restart: the sandbox that a pod's containers are in; nothing if it is gone.
  [[nodiscard]] Task<std::optional<Sandbox>> rejoin(std::string name);
  void give_back(Sandbox sandbox, After after);
  /// A pod that found none has begun: one more is made in the background for those that follow, up to the
  /// limit.
  void grow();
  /// The engine restarted: what was warm may be dead.
  void forget_idle();
  /// Sandboxes that are in use or kept; sweeping must leave them alone.
  [[nodiscard]] bool knows(const std::string& name) const;

  /// Runs the sandbox's program beside the pod: args after its name, e.g. {"tcp", ip, port, "1000"}.
  [[nodiscard]] Task<docker::ExecResult> run_tool(std::string id, std::vector<std::string> args);

  /// Waits for what is being made or removed. For tests.
  [[nodiscard]] Task<void> settle();
  /// Removes the warm ones; those in use are left to their pods.
  [[nodiscard]] Task<void> close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skiff::runner
