// Artifacts that lie elsewhere: a file behind a URL, a Git repository. They are fetched for the step that
// takes them in, and not kept.
//
// In: the artifact's JSON, the run's Secrets. Out: a file or a directory on the store's disk. Semantics are
// Argo's (workflow/artifacts/http, workflow/artifacts/git).
#pragma once

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "runner/core/pod_context.h"

namespace skiff::runner {

/// A name for a file or a directory that goes with this object, whatever was put there.
class TemporaryPath {
 public:
  explicit TemporaryPath(std::filesystem::path path) : path_(std::move(path)) {}
  ~TemporaryPath() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryPath(const TemporaryPath&) = delete;
  TemporaryPath& operator=(const TemporaryPath&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// True for an artifact at an http, artifactory or git location.
[[nodiscard]] bool is_fetched(const Json& artifact);

/// Brings the artifact to `into`, which must not exist; blocks. The network is that of process `network_pid`,
/// 0: this machine's. Throws PodError; StoreError `not_found` where the server says 404; PodRefused for a
/// Secret that is not there.
void fetch_artifact(const RunContext& run, const Json& artifact, const std::filesystem::path& into,
                    int network_pid);

}  // namespace skiff::runner
