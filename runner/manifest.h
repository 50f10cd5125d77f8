// The manifest of a resource template that comes as an input artifact (`manifestFrom`).
#pragma once

#include <string>

#include "runner/core/pod_context.h"
#include "store/artifacts.h"

namespace skiff::runner {

/// The text that lies at /tmp/manifest.yaml once the template's artifacts are loaded, as Argo's executor
/// finds it (workflow/executor/executor.go, StageFiles). Blocks; throws std::runtime_error, PodError or
/// StoreError that say what is missing.
[[nodiscard]] std::string load_manifest(const store::ArtifactStore& artifacts, const RunContext& run,
                                        const Json& tmpl);

}  // namespace skiff::runner
