// What all pods of a controller share: the engine and everything that knows more of it than one pod may.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "docker/engine.h"
#include "runner/core/pod_context.h"
#include "runner/engine_watch.h"
#include "runner/handed_files.h"
#include "runner/images.h"
#include "runner/janitor.h"
#include "runner/pod.h"
#include "runner/sandboxes.h"
#include "runner/scope.h"
#include "runner/threads.h"
#include "store/artifacts.h"
#include "store/home.h"

namespace skiff::runner {

/// The engine as it described itself.
struct EngineFacts {
  docker::EngineInfo info;
  bool podman = false;
  bool binds = false;  ///< paths of the home are paths of the engine's, as plain files
};

class PodServices {
 public:
  PodServices(Threads& threads, docker::Engine& engine, const store::Home& home,
              store::ArtifactStore& artifacts, PodSettings settings);

  Threads& threads;
  docker::Engine& engine;
  const store::Home& home;
  store::ArtifactStore& artifacts;
  PodSettings settings;
  Images images;
  Sandboxes sandboxes;
  EngineWatch watch;
  Janitor janitor;
  HandedFiles handed;
  Gate starting;
  Gate saving;  ///< artifacts read out at once: each holds a thread, and the engine's processor

  /// Asked once, and again after the engine was away.
  [[nodiscard]] Task<EngineFacts> facts();
  void forget_facts();
  /// The networks of the engine's containers can be entered: it is this machine's, and we may.
  [[nodiscard]] bool enters_networks() const;
  /// No bind of a path of the home works with this engine after all.
  void binds_do_not_work();
  /// Our program as a path of the engine's host, for containers that bind it; "" where they cannot.
  [[nodiscard]] std::string bound_program(const EngineFacts& facts);
  void use_docker_init(bool yes) { docker_init_ = yes; }
  [[nodiscard]] HostFacts host_of(const EngineFacts& facts) const;

  void warn(const std::string& run_uid, const std::string& node_id, const std::string& message);
  void on_warning(WarningSink sink);

 private:
  std::mutex mutex_;
  std::optional<EngineFacts> facts_;
  std::string program_;
  bool binds_work_ = true;
  std::atomic<bool> docker_init_ = true;
  WarningSink warning_sink_;
  std::set<std::string> warned_;  ///< "<run>/<message>": each once a run
};

}  // namespace skiff::runner
