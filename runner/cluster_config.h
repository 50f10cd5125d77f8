// What a cluster's administrator sets: the ConfigMap `workflow-controller-configmap`, kept with `skiff
// apply`, and what of it means something without a cluster (config/config.go). Pure: maps come through a
// lookup.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runner/core/repository.h"
#include "runner/core/scheduler.h"
#include "spec/json.h"

namespace skiff::runner {

inline constexpr std::string_view kControllerConfig = "workflow-controller-configmap";

struct ClusterConfig {
  std::string ns = "argo";            ///< where it is kept: the controller's namespace
  Json values;                        ///< under Argo's names; an object, empty without a ConfigMap
  std::string error;                  ///< the ConfigMap cannot be read; `values` is empty then
  std::vector<std::string> warnings;  ///< keys that nobody knows, or that have no effect here

  /// A limit of the configuration; 0 if it is not set.
  [[nodiscard]] std::int64_t limit(std::string_view name) const;
};

/// Reads the ConfigMap's data: an item for each key, or all of it in an item `config` (config/controller.go,
/// parseConfigMap).
[[nodiscard]] ClusterConfig parse_cluster_config(const Json& config_map);
/// The one in namespace argo, else in default; without any, the defaults.
[[nodiscard]] ClusterConfig find_cluster_config(const ConfigMapLookup& lookup);

/// Lays workflowDefaults under a workflow that refers to no template (operator.go setExecWorkflow).
void apply_workflow_defaults(Json& workflow, const ClusterConfig& config);

/// What the configuration adds to a run: defaults under a workflowTemplateRef, the artifact repository, and
/// why it may not run at all.
void apply_cluster_config(RunInput& input, const ClusterConfig& config, const ConfigMapLookup& lookup);

}  // namespace skiff::runner
