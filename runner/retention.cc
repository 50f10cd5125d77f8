#include "runner/retention.h"

#include <algorithm>

#include "runner/core/artifact_keys.h"
#include "runner/pod_inputs.h"

namespace skiff::runner {
namespace {

void add(std::vector<std::string>& keys, const std::string& key) {
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
}

/// Places that are not ours to empty.
bool elsewhere(const std::string& kind) {
  return kind == "raw" || kind == "http" || kind == "git" || kind == "artifactory";
}

void sort_in(ArtifactFates& fates, const Json& artifact, const std::string& general, const RunContext& run) {
  const auto place = place_of(artifact, Json());
  if (!place || elsewhere(place->kind)) return;
  const std::string own = artifact.get("artifactGC").get_string("strategy");
  const std::string strategy = own.empty() ? general : own;
  const std::string key = store_key(run, place->kind, place->bucket, place->key);
  const bool ours = key.starts_with(run.namespace_ + "/" + run.name + "/");
  if (strategy == "Never") {
    fates.some_stay = true;
  } else if (!strategy.empty() || ours) {
    add(fates.on_deletion, key);
    if (strategy == "OnWorkflowCompletion") add(fates.on_completion, key);
  }
}

}  // namespace

std::optional<spec::TimePoint> expiry_of(const Json& workflow_spec, spec::Phase phase,
                                         spec::TimePoint finished) {
  const Json& ttl = workflow_spec.get("ttlStrategy");
  if (!ttl.is_object()) return std::nullopt;
  std::optional<std::int64_t> seconds;  // an Error is neither: only secondsAfterCompletion means it
  if (phase == spec::Phase::failed) seconds = ttl.get_int("secondsAfterFailure");
  if (phase == spec::Phase::succeeded) seconds = ttl.get_int("secondsAfterSuccess");
  if (!seconds) seconds = ttl.get_int("secondsAfterCompletion");
  if (!seconds) return std::nullopt;
  return finished + std::chrono::seconds(*seconds);
}

ArtifactFates fates_of(const Json& workflow_spec, const std::vector<spec::NodeStatus>& nodes,
                       const RunContext& run) {
  const std::string general = workflow_spec.get("artifactGC").get_string("strategy");
  ArtifactFates fates;
  fates.some_stay = general == "Never";
  for (const spec::NodeStatus& n : nodes) {
    if (n.memoization && n.memoization->hit) continue;  // another workflow's
    for (const Json& artifact : n.outputs.get_array("artifacts")) sort_in(fates, artifact, general, run);
  }
  return fates;
}

}  // namespace skiff::runner
