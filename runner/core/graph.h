// The nodes of a workflow and what the scheduler keeps about each while it is under way.
//
// A node is a NodeState (what it says to the world) with its owner (who is told when it has settled) and,
// while it is active, its work: the state of its type's state machine. A settled node keeps neither, so that
// memory grows by the state alone. Nodes live in a deque and know each other by index; what an event costs
// among 100,000 of them is the memory that it touches, so ids become text only for those outside.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runner/core/templates.h"
#include "spec/depends.h"
#include "spec/status.h"
#include "spec/tags.h"

namespace skiff::runner {

using spec::NodeType;
using spec::Phase;
using spec::TimePoint;

using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kNoNode = 0xffffffff;

/// Who waits for a node.
enum class OwnerKind : std::uint8_t {
  none,
  entry,          ///< the workflow, for its entrypoint
  workflow_exit,  ///< the workflow, for its exit handler
  workflow_hook,  ///< the workflow, for the hook `slot`
  group,          ///< a steps node, for one of its groups
  step,           ///< a step group, for its child `slot`
  task,           ///< a DAG, for its item `slot`
  attempt,        ///< a Retry node
  hook,           ///< the node that the hook `slot` belongs to
  exit,           ///< the node whose exit handler it is
};
struct Owner {
  OwnerKind kind = OwnerKind::none;
  NodeIndex node = kNoNode;
  std::uint32_t slot = 0;
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

/// The wish to run a template under a name (the parameters of Argo's executeTemplate).
struct Call {
  std::string name;
  Target target;
  const TemplateBase* base = nullptr;
  Json arguments;
  NodeIndex boundary = kNoNode;
  Owner owner;
  std::shared_ptr<const HookSpec> hooks;
  std::string hook_name;
  std::uint16_t depth = 0;
  bool on_exit = false;  ///< part of an exit handler, so Stop lets it run
  bool hooked = false;
  bool retried = false;
  bool locked = false;       ///< its locks were granted
  bool reserved = false;     ///< has a place in its boundary though it has no node yet
  NodeIndex node = kNoNode;  ///< made while it waited for a lock
};

/// A call whose template is ready to run.
struct Prepared {
  Call call;
  ResolvedPtr resolved;
  TemplatePtr tmpl;
};

struct Work {
  virtual ~Work() = default;
};

/// One pod or request.
struct Leaf : Work {
  struct Own {
    std::string tmpl;  ///< as text
    std::string spec;  ///< the pod fields as text, where they differ from the workflow's
  };
  TemplatePtr tmpl;  ///< what was ordered, to order it again after a restart: shared with others,
  std::unique_ptr<const Own> own;  ///< or of this node alone
  Json outputs;                    ///< the template's outputs, where one has a globalName or a value
  std::optional<TimePoint> deadline;
  std::optional<TimePoint> pending_deadline;
  bool capture_result = false;
  bool daemon = false;
  bool container_set = false;
};

struct SuspendWork : Work {
  std::optional<TimePoint> until;
};

struct RetryWork : Work {
  Prepared prepared;
  std::vector<NodeIndex> attempts;
  std::optional<TimePoint> wait_until;    ///< of a backoff
  std::optional<TimePoint> max_duration;  ///< the deadline of the next attempt
  bool queued = false;                    ///< waits for a place under the workflow's parallelism
};

/// A steps or dag template that runs: the boundary of its nodes.
struct Composite : Work {
  explicit Composite(const spec::Scope* globals) : scope(globals) {}
  Prepared prepared;
  spec::Scope scope;
  std::deque<Call> blocked;  ///< by this template's own parallelism
  std::optional<std::int64_t> parallelism;
  std::uint32_t active_children = 0;
  std::uint32_t reserved = 0;  ///< places of calls that wait for locks or the memo
  std::uint32_t active_pods = 0;
  std::uint32_t unsuccessful = 0;
  std::uint32_t exits = 0;  ///< exit handlers under way
  bool fail_fast = false;
  bool starved = false;  ///< could let one in, but the workflow is full
  [[nodiscard]] const Json& tmpl() const { return *prepared.tmpl; }
};

struct StepsWork : Composite {
  using Composite::Composite;
  std::size_t group = 0;
  NodeIndex group_node = kNoNode;
};

struct GroupWork : Work {
  struct Def {
    const Json* step = nullptr;  ///< in the steps node's template
    std::uint32_t first = 0;     ///< slot of its first child
    std::uint32_t count = 0;
    bool loop = false;
  };
  NodeIndex steps = kNoNode;
  std::vector<Def> defs;
  std::vector<NodeIndex> children;  ///< by slot; kNoNode until there is a node
  std::uint32_t open = 0;
  bool starting = true;
};

struct DagWork : Composite {
  using Composite::Composite;
  enum class State : std::uint8_t { unneeded, waiting, running, settled };
  struct Task {
    const Json* json = nullptr;
    NodeIndex node = kNoNode;
    std::uint32_t waits = 0;  ///< for so many of its dependencies
    std::uint32_t first_item = 0;
    std::uint32_t items = 0;
    std::uint32_t open = 0;  ///< items that have not settled
    State state = State::unneeded;
    bool loop = false;
    bool starting = false;
    bool referred = false;  ///< somebody uses its variables
  };
  /// Lists of tasks, one after the other.
  struct Lists {
    std::vector<std::uint32_t> begin;
    std::vector<std::uint32_t> items;
    [[nodiscard]] std::uint32_t size(std::size_t task) const { return begin[task + 1] - begin[task]; }
    [[nodiscard]] const std::uint32_t* at(std::size_t task) const { return items.data() + begin[task]; }
  };
  std::vector<Task> tasks;
  Lists dependencies;
  Lists dependents;
  std::unordered_map<std::uint32_t, spec::Depends> depends;  ///< of the tasks that have a `depends`
  std::vector<std::uint32_t> targets;
  std::vector<std::uint32_t> item_task;         ///< by slot
  std::vector<NodeIndex> item_node;             ///< by slot
  std::uint32_t open = 0;                       ///< tasks under way
  std::uint32_t loop_exits = 0;                 ///< exit handlers of whole loops under way
  std::map<std::uint32_t, std::string> broken;  ///< loops whose lists cannot be made, and what follows them
};

/// What an id says besides the workflow: a number, the hash of the node's name, and which of the nodes with
/// that number it is.
struct NodeKey {
  static constexpr std::uint16_t kRoot = 0xffff;  ///< as twin: the node whose id is the workflow's name
  std::uint32_t number = 0;
  std::uint16_t twin = 0;
  auto operator<=>(const NodeKey&) const = default;
};

struct Node {
  NodeKey key;
  Owner owner;
  NodeIndex boundary = kNoNode;
  std::unique_ptr<Work> work;
  std::unique_ptr<Hooks> hooks;
  std::uint16_t depth = 0;
  Phase branch =
      Phase::none;  ///< what a skipped or omitted node passes on to its DAG (dag.go assessDAGPhase)
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
  bool gone = false;  ///< removed by a retry of the workflow
  spec::NodeState s;
  std::vector<NodeIndex> children;
  std::vector<NodeIndex> outbound;
  int generation = 0;

  template <class T>
  [[nodiscard]] T* as() const {
    return dynamic_cast<T*>(work.get());
  }
};

/// From keys to nodes: a flat table that answers without looking at the nodes themselves.
class IdTable {
 public:
  IdTable() : slots_(64) {}
  [[nodiscard]] NodeIndex find(NodeKey key) const;
  void insert(NodeKey key, NodeIndex node);
  void erase(NodeKey key);

 private:
  struct Slot {
    std::uint32_t number = 0;
    NodeIndex node = kNoNode;
    std::uint16_t twin = 0;
    bool used = false;  ///< by a node that may have been erased since
  };
  void grow();

  std::vector<Slot> slots_;  ///< a power of two
  std::size_t used_ = 0;
};

class Graph {
 public:
  explicit Graph(std::string workflow) : workflow_(std::move(workflow)) {}
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  Node& operator[](NodeIndex i) { return nodes_[i]; }
  const Node& operator[](NodeIndex i) const { return nodes_[i]; }
  [[nodiscard]] NodeIndex size() const { return static_cast<NodeIndex>(nodes_.size()); }

  /// A new node of that name.
  NodeIndex add(std::string name);
  [[nodiscard]] NodeIndex by_id(std::string_view id) const;
  [[nodiscard]] NodeIndex by_name(std::string_view name) const;
  /// The id that a node of that name has or would get. Argo's hash of 32 bits is not unique among 100,000
  /// nodes: a later one that collides gets "-1" … appended.
  [[nodiscard]] std::string id_of(std::string_view name) const;
  [[nodiscard]] std::string id(const Node& node) const { return text_of(node.key); }
  [[nodiscard]] std::string id(NodeIndex i) const { return id(nodes_[i]); }
  void remove(NodeIndex i);
  /// The node as the world sees it, with the ids of those around it.
  [[nodiscard]] spec::NodeStatus status(NodeIndex i) const;
  /// Connects it as a status says that came from outside; ids that are unknown are left out.
  void link(NodeIndex i, const spec::NodeStatus& status);

  void touch(NodeIndex i);
  [[nodiscard]] std::vector<std::string> take_changed();

 private:
  /// The key of that name's node, if there is one, else the first that is free.
  [[nodiscard]] NodeKey key_of(std::string_view name) const;
  /// Nothing if it is no id of this workflow.
  [[nodiscard]] std::optional<NodeKey> key_from(std::string_view id) const;
  [[nodiscard]] std::string text_of(NodeKey key) const;

  std::string workflow_;
  std::deque<Node> nodes_;
  IdTable by_id_;
  std::map<NodeKey, int> generations_;  ///< of removed nodes
  std::vector<NodeIndex> changed_;
  std::vector<std::string> removed_;
};

}  // namespace skiff::runner
