// A node: what the scheduler knows of one step, task, group or try.
//
// What an event reads and writes comes first and lies together. What most nodes share (the template that they
// run, the host, an exit code of 0) is kept once; what few have to say is in remarks of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/core/shared_json.h"
#include "runner/core/work.h"
#include "spec/status.h"

namespace skiff::runner {

using spec::NodeType;
using spec::Phase;

/// The template that nodes run, under the names that they show of it.
struct Origin {
  std::string template_name;
  std::string template_scope;  ///< "local/<workflow>", "namespaced/<name>", "cluster/<name>"
  Json template_ref;           ///< {"name","template","clusterScope"} or null
};

/// What few nodes have to say.
struct Remarks {
  std::string message;
  std::string display_name;             ///< where it is not the end of the name
  std::optional<std::string> progress;  ///< where it is not that of one thing to do
  std::string pod_ip;
  std::string waiting_lock;
  Json inputs;
  std::optional<spec::MemoizationStatus> memoization;
  std::vector<NodeIndex> outbound;
};

/// The hooks of a step or task as its template has them.
struct HookSpec {
  std::string prefix;  ///< "steps." or "tasks."
  Json hooks;          ///< name -> hook, the exit handler left out; null if there are none
  Json exit;           ///< the exit handler with its arguments, or null
};
struct HookState {
  NodeIndex node = kNoNode;
  bool fired = false;
  bool done = false;
};
/// The hooks of one node.
struct Hooks {
  std::shared_ptr<const HookSpec> spec;
  std::string name;  ///< of the step or task, for steps.<name>.…
  std::vector<HookState> each;
  HookState exit;
  bool exit_later = false;  ///< of a loop's group: its exit handler runs beside what comes after the loop
};

/// What an id says besides the workflow: a number, the hash of the node's name, and which of the nodes with
/// that number it is.
struct NodeKey {
  static constexpr std::uint16_t kRoot = 0xffff;  ///< as twin: the node whose id is the workflow's name
  std::uint32_t number = 0;
  std::uint16_t twin = 0;
  auto operator<=>(const NodeKey&) const = default;
};

/// The children of a node, linked through the graph's edges.
struct Children {
  static constexpr std::uint32_t kNone = 0xffffffff;
  std::uint32_t first = kNone;
  std::uint32_t last = kNone;
  [[nodiscard]] bool empty() const { return first == kNone; }
};

/// A time or none, in the space of a time.
class Moment {
 public:
  Moment() = default;
  Moment(TimePoint at) : at_(at) {}
  Moment(const std::optional<TimePoint>& at) : at_(at.value_or(kNever)) {}
  explicit operator bool() const { return at_ != kNever; }
  TimePoint operator*() const { return at_; }
  operator std::optional<TimePoint>() const { return *this ? std::optional(at_) : std::nullopt; }
  [[nodiscard]] TimePoint value_or(TimePoint other) const { return *this ? at_ : other; }
  void reset() { at_ = kNever; }

 private:
  static constexpr TimePoint kNever = TimePoint::min();
  TimePoint at_ = kNever;
};

/// Whether it has something to do itself, of which it may tell how much is done.
[[nodiscard]] bool has_progress(NodeType type);

/// In three lines of the cache.
struct alignas(64) Node {
  NodeKey key;
  Owner owner;
  NodeIndex boundary = kNoNode;
  NodeType type = NodeType::pod;
  Phase phase = Phase::none;
  Phase branch =
      Phase::none;  ///< what a skipped or omitted node passes on to its DAG (dag.go assessDAGPhase)
  bool daemoned = false;
  bool on_exit = false;
  bool pod_live = false;  ///< ordered, and not reported done
  bool told = false;      ///< its owner knows that it has settled
  bool locked = false;    ///< holds locks
  bool container_set = false;
  bool counted = false;      ///< among its boundary's active children
  bool pod_counted = false;  ///< among the active pods
  bool transient = false;    ///< its error may be retried by OnTransientError
  bool memoized = false;     ///< its outputs are to be kept
  bool changed = false;
  bool gone = false;      ///< removed by a retry of the workflow
  bool all_done = false;  ///< its progress is 1/1, where remarks have none
  std::optional<spec::NodeFlag> flag;
  std::uint16_t depth = 0;
  int generation = 0;
  std::unique_ptr<Work> work;  ///< while it is active
  Leaf leaf;                   ///< of a pod or request that was ordered
  SharedJson outputs;          ///< Argo's, as in spec::NodeStatus
  std::unique_ptr<Remarks> remarks;
  Moment started_at;
  Moment finished_at;
  const std::string* host_node_name = nullptr;  ///< the graph's
  std::unique_ptr<Hooks> hooks;
  Children children;
  const Origin* origin = nullptr;   ///< the graph's; none of a group
  std::string_view name;            ///< "wf[0].step(0:item)"; the graph's
  std::uint32_t display_begin = 0;  ///< where in the name what it shows begins

  template <class T>
  [[nodiscard]] T* as() const {
    return work && T::is(work->kind) ? static_cast<T*>(work.get()) : nullptr;
  }
  [[nodiscard]] const Remarks& said() const;
  [[nodiscard]] Remarks& say();
  [[nodiscard]] bool memo_hit() const { return said().memoization && said().memoization->hit; }
  [[nodiscard]] std::string_view display_name() const;
  [[nodiscard]] std::string_view progress() const;  ///< "1/2"; "" of what has nothing to do itself
  /// Argo's NodeStatus.Fulfilled: completed, or daemoned and past Pending.
  [[nodiscard]] bool fulfilled() const {
    return spec::completed(phase) || (daemoned && phase != Phase::pending);
  }
};

}  // namespace skiff::runner
