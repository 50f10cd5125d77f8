// From a template to the pod that Kubernetes would be given: Argo's createWorkflowPod without what is its own
// executor (workflow/controller/workflowpod.go, build).
//
// In: the order. Out: a PodSpec as JSON under Kubernetes' names, podSpecPatch already applied. The later
// steps of planning read nothing but this, so a patch reaches everything.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "runner/core/event.h"
#include "runner/core/pod_context.h"

namespace skiff::runner {

inline constexpr std::string_view kMainContainer = "main";
inline constexpr std::string_view kScriptPath = "/argo/staging/script";
inline constexpr std::string_view kProgressPath = "/var/run/argo/progress";

/// Why no pod can be made of an order: shown to the user as the node's message, phase Error.
class PodRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct PodSpec {
  Json spec;  ///< PodSpec; the volumes are those that a container mounts
  /// Names of the main containers, in their order: "main", or the members of a containerSet.
  std::vector<std::string> mains;
  bool container_set = false;
  /// Containers that see the input artifacts: main and those with mirrorVolumeMounts.
  std::vector<std::string> mirrors;
};

/// The pod of a container, script or containerSet template. Throws PodRefused.
[[nodiscard]] PodSpec pod_spec_of(const StartPod& order, const RunContext& run);

/// One image that a pod needs.
struct WantedImage {
  std::string reference;
  std::string policy;  ///< "Always", "IfNotPresent", "Never"; "" = IfNotPresent
};
/// Each reference once, in the order in which they are needed.
[[nodiscard]] std::vector<WantedImage> images_of(const PodSpec& pod);

/// `"<workflow>-<claim>"`: the claim that a volumeClaimTemplate makes for a run (operator.go, createPVCs).
[[nodiscard]] std::string claim_of_template(const std::string& workflow, const std::string& claim);

}  // namespace skiff::runner
