// The environment of a pod's containers and the expansion of $(NAME) in what they run.
//
// In: a container of the PodSpec. Out: NAME=value pairs in Kubernetes' order: envFrom, env, Argo's own.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runner/core/pod_objects.h"

namespace skiff::runner {

using EnvList = std::vector<std::pair<std::string, std::string>>;

/// Everything that a container of the pod is told by its environment; the image's own comes below it.
[[nodiscard]] EnvList environment_of(const Json& container, const StartPod& order, const RunContext& run,
                                     const PodIdentity& pod);

/// Kubernetes' expansion: $(NAME) of a known name, $$ for a dollar sign; anything else stays.
[[nodiscard]] std::string expand_vars(std::string_view text, const EnvList& env);

/// Values of the Secrets that the pod's env and volumes use: what a masked log must not show.
[[nodiscard]] std::vector<std::string> secret_texts(const PodSpec& pod, const RunContext& run);

}  // namespace skiff::runner
