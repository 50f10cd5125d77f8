// What becomes of a workflow that has ended: how long it is kept (ttlStrategy), and which of its artifacts
// go, and when (artifactGC). Pure: its spec and nodes in, a time and keys of the store out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runner/core/pod_context.h"
#include "spec/status.h"

namespace skiff::runner {

/// When a workflow that ended so at `finished` is to be deleted; nothing if it stays
/// (workflow/gccontroller/gc_controller.go).
[[nodiscard]] std::optional<spec::TimePoint> expiry_of(const Json& workflow_spec, spec::Phase phase,
                                                       spec::TimePoint finished);

/// Keys of the store, each once.
struct ArtifactFates {
  std::vector<std::string> on_completion;
  /// To be removed with the workflow: all but those that are to stay. Places of other buckets only where a
  /// strategy says so.
  std::vector<std::string> on_deletion;
  bool some_stay = false;  ///< a strategy Never was given
};

/// Sorts the output artifacts by the strategy of each, or the workflow's. Without any, what lies in the
/// default place goes with the workflow, and what lies elsewhere stays.
[[nodiscard]] ArtifactFates fates_of(const Json& workflow_spec, const std::vector<spec::NodeStatus>& nodes,
                                     const RunContext& run);

}  // namespace skiff::runner
