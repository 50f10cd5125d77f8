// Images that pods need: whether they are there and what their configs say, pulled once for all who wait.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "docker/engine.h"
#include "runner/core/pod_spec.h"
#include "runner/scope.h"

namespace skiff::runner {

/// "Pulling image alpine:3 (12 MB of 40 MB)"; called on the thread that reads the pull.
using PullNews = std::function<void(const std::string&)>;

/// Safe from any strands.
class Images {
 public:
  explicit Images(docker::Engine& engine) : engine_(engine) {}

  /// The image's config; pulls it where the policy says so. `auth_json`: see docker::PullOptions. Throws
  /// PodError in Kubernetes' words (ErrImageNeverPull, ErrImagePull), EngineAway.
  [[nodiscard]] Task<docker::ImageInfo> ensure(WantedImage wanted, std::string auth_json, PullNews news);
  /// The engine said that it has no such image after all.
  void forget(const std::string& reference);

 private:
  [[nodiscard]] Task<docker::ImageInfo> pull(WantedImage wanted, std::string auth_json, PullNews news);
  void keep(const std::string& reference, const docker::ImageInfo& info);
  docker::Engine& engine_;
  std::mutex mutex_;
  std::map<std::string, docker::ImageInfo> known_;
};

/// The credentials for an image's registry out of imagePullSecrets (kubernetes.io/dockerconfigjson or
/// dockercfg); "" if none fits.
[[nodiscard]] std::string auth_from_secrets(const std::vector<std::string>& names, const ObjectLookup& secret,
                                            const std::string& image);

/// The registry's host in a reference: "docker.io" for "alpine:3" and "library/alpine".
[[nodiscard]] std::string registry_of(const std::string& image);

}  // namespace skiff::runner
