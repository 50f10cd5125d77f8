// What goes into a pod's containers before they start: the script and the input artifacts, in one archive
// that is made while the engine unpacks it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "runner/core/pod_plan.h"
#include "runner/flow.h"
#include "runner/pod_services.h"
#include "store/archive.h"

namespace skiff::runner {

/// Files of this machine by the path in the container at which they are bound.
using BoundInputs = std::map<std::string, std::filesystem::path>;

/// Inputs that arrive as one plain file, unpacked below `directory` to be bound into the containers: inputs
/// are mounts on a cluster too, so that none can be removed or replaced (workflowpod.go,
/// addInputArtifactsVolumes). What is there already stays as it is: a step may have it. Left to the archive:
/// directories, what has to be fetched, what lies on a volume, and what cannot be had, for it to say so. To
/// be left out where the engine binds nothing of ours.
[[nodiscard]] Task<BoundInputs> unpack_inputs(PodServices& services, const PodPlan& plan,
                                              const RunContext& run, const StartPod& order,
                                              std::filesystem::path directory);

/// A tar with everything else, on its way; entries have absolute meanings ("/tmp/x" is "tmp/x").
struct InputArchive {
  std::unique_ptr<Inflow> flow;
  bool empty = true;
};

/// Fetches artifacts and begins to write the archive; returns when its first bytes are there. What is fetched
/// comes through the network of process `network_pid` (0: this machine's). All that is given must outlive the
/// archive. Throws PodError in the words of Argo's executor (workflow/executor/executor.go, loadArtifact).
[[nodiscard]] Task<InputArchive> pack_inputs(PodServices& services, const PodPlan& plan,
                                             const RunContext& run, const StartPod& order,
                                             const BoundInputs& bound, bool with_script, int network_pid);

/// Puts it into a created container, once. Throws EngineAway, PodError.
[[nodiscard]] Task<void> put_inputs(PodServices& services, std::string container,
                                    const InputArchive& archive);

/// The store's key of a place: buckets of remote stores are directories of the local one.
[[nodiscard]] std::string store_key(const RunContext& run, const std::string& kind, const std::string& bucket,
                                    const std::string& key);

/// How an artifact is packed: its `archive`.
[[nodiscard]] store::Archiving archiving_of(const Json& artifact);

}  // namespace skiff::runner
