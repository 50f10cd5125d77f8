// What is read out of a pod's main container when it has ended: output parameters, artifacts, logs as
// artifacts (workflow/executor/executor.go, SaveParameters, SaveArtifacts, SaveLogs).
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "runner/container_run.h"
#include "runner/core/pod_plan.h"
#include "runner/pod_services.h"

namespace skiff::runner {

struct SavedOutputs {
  Json outputs = Json();  ///< parameters and artifacts that were really produced; null if none
  std::string error;      ///< the first thing that went wrong; the rest is saved all the same
  /// What Argo's executor fails of in the container itself, which then ends with its exit code 64; "" else.
  std::string executor_error;
  std::vector<std::string> warnings;  ///< optional artifacts that are not there, sockets left out …
};

/// Logs to be kept as artifacts: container name and log file.
using LogFiles = std::vector<std::pair<std::string, std::filesystem::path>>;

/// `main` is the exited container, "" if it never started (then only logs are saved); `told` are files that
/// its init has told of or handed over, and the engine need not be asked for. Throws EngineAway.
[[nodiscard]] Task<SavedOutputs> save_outputs(PodServices& services, const PodPlan& plan,
                                              const RunContext& run, const StartPod& order, std::string main,
                                              ToldOutputs told, const LogFiles& logs);

}  // namespace skiff::runner
