// What goes into a pod's containers before they start: the script and the input artifacts, in one archive.
#pragma once

#include <string>

#include "runner/core/pod_plan.h"
#include "runner/pod_services.h"
#include "store/archive.h"
#include "store/files.h"

namespace skiff::runner {

/// A spooled tar with everything; entries have absolute meanings ("/tmp/x" is "tmp/x").
struct InputArchive {
  store::Fd spool;
  bool empty = true;
};

/// Reads or fetches the artifacts and writes the archive; on the pool, for artifacts may be large. What is
/// fetched comes through the network of process `network_pid` (0: this machine's). Throws PodError in the
/// words of Argo's executor (workflow/executor/executor.go, loadArtifact).
[[nodiscard]] Task<InputArchive> pack_inputs(PodServices& services, const PodPlan& plan,
                                             const RunContext& run, const StartPod& order, bool with_script,
                                             int network_pid);

/// Puts it into a created container. Throws EngineAway, PodError.
[[nodiscard]] Task<void> put_inputs(PodServices& services, std::string container,
                                    const InputArchive& archive);

/// The store's key of a place: buckets of remote stores are directories of the local one.
[[nodiscard]] std::string store_key(const RunContext& run, const std::string& kind, const std::string& bucket,
                                    const std::string& key);

/// How an artifact is packed: its `archive`.
[[nodiscard]] store::Archiving archiving_of(const Json& artifact);

}  // namespace skiff::runner
