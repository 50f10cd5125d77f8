// The rows of the journal as values: what the controller writes and what list, get and watch read back.
//
// JSON travels as text here: the store neither parses nor prints it, except labels, which are indexed.
// Times are milliseconds since the epoch; 0 means "not yet".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skiff::store {

/// One thing that happened to a workflow. (uid, seq) is unique; seq counts from 1 without gaps and is given
/// out by the one who owns the workflow.
struct EventRow {
  std::string uid;
  std::int64_t seq = 0;
  std::int64_t at_ms = 0;
  std::string kind;     ///< e.g. "pod.finished"
  std::string payload;  ///< JSON text
};

/// What list and watch show of a workflow, without its object.
struct WorkflowRow {
  std::string uid;
  std::string ns;
  std::string name;
  std::string phase;  ///< "", Pending, Running, Succeeded, Failed, Error
  std::int64_t created_ms = 0;
  std::int64_t started_ms = 0;
  std::int64_t finished_ms = 0;
  std::string message;
  std::string progress;                       ///< "3/5"
  std::map<std::string, std::string> labels;  ///< of metadata
  std::string summary;        ///< JSON text: anything else a list line wants (parameters, priority…)
  std::int64_t last_seq = 0;  ///< of its events; filled by reads, ignored by writes
  std::int64_t revision = 0;  ///< of its last change; filled by reads, ignored by writes
};

/// The present NodeStatus of one node.
struct NodeRow {
  std::string uid;
  std::string node_id;
  std::string json;
  std::int64_t revision = 0;  ///< of its last change; ignored by writes
};

/// A stored object that is no Workflow: WorkflowTemplate, ClusterWorkflowTemplate (ns empty), CronWorkflow,
/// ConfigMap, PersistentVolumeClaim. Never a Secret: those are files (store/secrets.h).
struct ObjectRow {
  std::string kind;
  std::string ns;
  std::string name;
  std::string json;
  std::int64_t created_ms = 0;
  std::int64_t revision = 0;  ///< ignored by writes
};

/// A memoized success (template `memoize`), scoped like Argo's ConfigMap caches.
struct MemoRow {
  std::string ns;
  std::string cache;
  std::string key;
  std::string node_id;
  std::string outputs;  ///< JSON text
  std::int64_t created_ms = 0;
  std::int64_t last_hit_ms = 0;
};

/// A held mutex or semaphore slot.
struct LockRow {
  std::string lock;    ///< e.g. "default/Mutex/name"
  std::string holder;  ///< "<namespace>/<workflow>/<node id>"
  std::string uid;
  std::int64_t acquired_ms = 0;
};

/// A stored artifact of a node: its key and checksum.
struct ArtifactRow {
  std::string uid;
  std::string node_id;
  std::string name;
  std::string key;
  std::string sha256;
  std::int64_t bytes = 0;
  std::string info;  ///< JSON text: anything else
};

/// One condition of a label selector: key in values, key notin values, key, !key.
struct LabelCondition {
  enum class Op : std::uint8_t { in, not_in, exists, not_exists, greater, less };
  std::string key;
  Op op = Op::exists;
  std::vector<std::string> values;  ///< of greater and less: one integer
  std::string written;              ///< the operator as it was written: "=", "==", "notin"
};
/// Reads "a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1" as Kubernetes does; throws StoreError `invalid` naming
/// the place.
[[nodiscard]] std::vector<LabelCondition> parse_label_selector(const std::string& text);

/// What to list; everything by default. Newest first (by creation, then by the order they were stored).
struct WorkflowFilter {
  std::optional<std::string> ns;
  std::vector<std::string> phases;  ///< any of these; empty: all. "" is a workflow not yet started.
  std::vector<LabelCondition> labels;
  std::string name_prefix;
  std::optional<std::string> name;
  std::optional<bool> completed;                  ///< has a finish time or not
  std::optional<std::int64_t> created_from_ms;    ///< --since: created then or later
  std::optional<std::int64_t> finished_until_ms;  ///< --older: finished then or before
  std::int64_t limit = 0;                         ///< 0: all
  std::int64_t offset = 0;
};

}  // namespace skiff::store
