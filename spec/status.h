// The status of a workflow and of its nodes, under Argo's names (pkg/apis/workflow/v1alpha1, NodeStatus and
// WorkflowStatus), and their JSON as Argo writes it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/json.h"

namespace skiff::spec {

/// Wall-clock time in ms; what a scheduler is given as "now" and what the journal keeps.
using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;

enum class Phase : std::uint8_t { none, pending, running, succeeded, skipped, failed, error, omitted };
[[nodiscard]] std::string_view to_string(Phase phase);  ///< "Succeeded"; "" for none
[[nodiscard]] Phase phase_from(std::string_view name);  ///< none for an unknown name
/// Succeeded, Skipped, Failed, Error or Omitted. A daemoned node counts as fulfilled too: see NodeStatus.
[[nodiscard]] bool completed(Phase phase);
[[nodiscard]] bool failed_or_error(Phase phase);

enum class NodeType : std::uint8_t {
  pod,
  container,
  steps,
  step_group,
  dag,
  task_group,
  retry,
  skipped,
  suspend,
  http,
  plugin
};
[[nodiscard]] std::string_view to_string(NodeType type);  ///< "Pod", "StepGroup", "DAG", …
[[nodiscard]] std::optional<NodeType> node_type_from(std::string_view name);

struct NodeFlag {
  bool hooked = false;
  bool retried = false;
};

struct MemoizationStatus {
  bool hit = false;
  std::string key;
  std::string cache_name;
};

/// What a node says of itself. Inputs and outputs are kept as Argo's JSON
/// (`{"parameters":[…],"artifacts":[…],"result":"…","exitCode":"0"}`); null when a node has none. Absent is
/// not the same as empty: a parameter that was never set has no entry.
struct NodeStatus {
  std::string id;  ///< "<workflow>-<fnv32a of name>"; the root's is the workflow's name
  std::string boundary_id;
  std::vector<std::string> children;
  std::vector<std::string> outbound_nodes;
  NodeType type = NodeType::pod;
  Phase phase = Phase::none;
  bool daemoned = false;
  std::optional<NodeFlag> node_flag;
  std::optional<TimePoint> started_at;
  std::optional<TimePoint> finished_at;
  std::string message;
  std::string progress;  ///< "1/2"
  std::string host_node_name;
  Json outputs;
  std::string name;          ///< "wf[0].step(0:item)"
  std::string display_name;  ///< "step(0:item)"
  std::string template_name;
  std::string template_scope;  ///< "local/<workflow>", "namespaced/<name>", "cluster/<name>"
  Json template_ref;           ///< {"name","template","clusterScope"} or null
  Json inputs;
  std::string pod_ip;
  std::string waiting_lock;  ///< synchronizationStatus.waiting
  std::optional<MemoizationStatus> memoization;

  /// Argo's NodeStatus.Fulfilled: completed, or daemoned and past Pending.
  [[nodiscard]] bool fulfilled() const { return completed(phase) || (daemoned && phase != Phase::pending); }
};

/// RFC 3339 in UTC with whole seconds, as Kubernetes writes times.
[[nodiscard]] std::string to_rfc3339(TimePoint t);
[[nodiscard]] Json to_json(const NodeStatus& node);
/// Reads what to_json wrote; unknown members are ignored.
[[nodiscard]] NodeStatus node_status_from(const Json& json);

}  // namespace skiff::spec
