// Volumes of a pod: which engine volumes, host paths and rendered files stand for its volumes and mounts.
#pragma once

#include <string>
#include <vector>

#include "runner/core/pod_objects.h"
#include "runner/core/pod_plan.h"

namespace skiff::runner {

/// All volumes of the PodSpec, in its order. Throws PodRefused for what needs a cluster or consent.
[[nodiscard]] std::vector<PlannedVolume> plan_volumes(const StartPod& order, const PodSpec& pod,
                                                      const RunContext& run, const PodIdentity& identity,
                                                      const PodPlan& plan,
                                                      std::vector<std::string>& warnings);

/// The mounts of one container; sets shm_size where an emptyDir of medium Memory lies at /dev/shm.
[[nodiscard]] std::vector<PlannedMount> plan_mounts(
    const Json& container, const PodSpec& pod, const std::vector<PlannedVolume>& volumes,
    const HostFacts& host, const std::vector<std::pair<std::string, std::string>>& env,
    docker::HostConfig& config);

/// "/a//b/./c" → "/a/b/c"; throws PodRefused if it climbs out of "/" or is not absolute.
[[nodiscard]] std::string clean_path(const std::string& path, const std::string& what);

/// The same, for what a pod has mounted: a relative path begins at "/" (the kubelet's makeMounts).
[[nodiscard]] std::string mount_path(const std::string& path, const std::string& what);

/// A root that is read-only can't be written into, by the engine either: where a container that gets the
/// inputs has one, they come through mounts, as all inputs do on a cluster (workflowpod.go,
/// addInputArtifactsVolumes), and so do the script and the place of the progress file. After containers and
/// inputs are planned.
void mount_inputs(PodPlan& plan);

/// The mount under which `path` lies, the deepest first; nullptr if none (common.FindOverlappingVolume).
[[nodiscard]] const PlannedMount* mount_over(const std::vector<PlannedMount>& mounts,
                                             const std::string& path);

}  // namespace skiff::runner
