// Limits and security of a pod's containers as an engine's HostConfig.
//
// In: a container of the PodSpec and the pod-level securityContext. Out: fields of docker::ContainerSpec.
#pragma once

#include "runner/core/pod_plan.h"

namespace skiff::runner {

/// limits → NanoCpus, Memory (without swap) and GPUs, as they are written: what the host can give is for
/// docker::fit to say. Where the container has no limit of its own, the pod's as a whole bounds it.
void plan_resources(const Json& container, const Json& pod_resources, docker::HostConfig& config);

/// securityContext of the container over the pod's. `image` may be nullptr (not known). Throws PodRefused for
/// what needs consent, and for runAsNonRoot where the user is root.
void plan_security(const Json& container, const Json& pod_context, const Consent& consent,
                   const docker::ImageInfo* image, docker::ContainerSpec& spec);

/// True where a container of this spec and image runs as uid 0 for sure.
[[nodiscard]] bool runs_as_root(const docker::ContainerSpec& spec, const docker::ImageInfo* image);

}  // namespace skiff::runner
