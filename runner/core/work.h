// What is under way in a node: calls that wait, pods that run, groups, tries, steps and DAGs that have not
// come to their end. Dropped when the node has ended.
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

struct HookSpec;

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

/// The state of a type's state machine.
struct Work {
  enum class Kind : std::uint8_t { suspend, retry, group, steps, dag };
  explicit Work(Kind k) : kind(k) {}
  virtual ~Work() = default;
  const Kind kind;
};

/// One pod or request.
struct Leaf {
  /// What few of them have.
  struct Own {
    std::string tmpl;  ///< what was ordered, as text
    std::string spec;  ///< the pod fields as text, where they differ from the workflow's
    Json outputs;      ///< the template's outputs, where one has a globalName or a value
    std::optional<TimePoint> deadline;
    std::optional<TimePoint> pending_deadline;
  };
  TemplatePtr tmpl;          ///< what was ordered, to order it again after a restart: shared with others,
  std::unique_ptr<Own> own;  ///< or of this node alone
  bool capture_result = false;
  bool daemon = false;

  [[nodiscard]] bool ordered() const { return tmpl || own; }
  [[nodiscard]] const Own& said() const;
  [[nodiscard]] Own& say();
};

struct SuspendWork : Work {
  SuspendWork() : Work(Kind::suspend) {}
  static bool is(Kind k) { return k == Kind::suspend; }
  std::optional<TimePoint> until;
};

struct RetryWork : Work {
  RetryWork() : Work(Kind::retry) {}
  static bool is(Kind k) { return k == Kind::retry; }
  Prepared prepared;
  std::vector<NodeIndex> attempts;
  std::optional<TimePoint> wait_until;    ///< of a backoff
  std::optional<TimePoint> max_duration;  ///< the deadline of the next attempt
  bool queued = false;                    ///< waits for a place under the workflow's parallelism
};

/// A steps or dag template that runs: the boundary of its nodes.
struct Composite : Work {
  Composite(Kind k, const spec::Scope* globals) : Work(k), scope(globals) {}
  static bool is(Kind k) { return k == Kind::steps || k == Kind::dag; }
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
  explicit StepsWork(const spec::Scope* globals) : Composite(Kind::steps, globals) {}
  static bool is(Kind k) { return k == Kind::steps; }
  std::size_t group = 0;
  NodeIndex group_node = kNoNode;
};

struct GroupWork : Work {
  GroupWork() : Work(Kind::group) {}
  static bool is(Kind k) { return k == Kind::group; }
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
  explicit DagWork(const spec::Scope* globals) : Composite(Kind::dag, globals) {}
  static bool is(Kind k) { return k == Kind::dag; }
  enum class State : std::uint8_t { unneeded, waiting, running, settled };
  struct Task {
    NodeIndex node = kNoNode;
    std::uint32_t waits = 0;        ///< for so many of its dependencies
    std::uint32_t open = 0;         ///< items that have not settled
    std::uint32_t name = 0;         ///< where its name begins among the names
    std::uint32_t called : 26 = 0;  ///< which of the templates it calls, if it is plain
    State state : 2 = State::unneeded;
    bool loop : 1 = false;
    bool starting : 1 = false;
    bool referred : 1 = false;  ///< somebody uses its variables
    bool plain : 1 = false;     ///< nothing but a name, a template and dependencies, without tags
  };
  /// Lists of tasks, one after the other.
  struct Lists {
    std::vector<std::uint32_t> begin;
    std::vector<std::uint32_t> items;
    [[nodiscard]] std::uint32_t size(std::size_t task) const { return begin[task + 1] - begin[task]; }
    [[nodiscard]] const std::uint32_t* at(std::size_t task) const { return items.data() + begin[task]; }
  };
  [[nodiscard]] std::string_view name(std::uint32_t task) const {
    const std::size_t end = task + 1 < tasks.size() ? tasks[task + 1].name : names.size();
    return std::string_view(names).substr(tasks[task].name, end - tasks[task].name);
  }
  [[nodiscard]] const Json& json(std::uint32_t task) const { return (*described)[task]; }

  std::vector<Task> tasks;
  const Json::Array* described = nullptr;  ///< the tasks as the template has them
  std::string names;                       ///< of the tasks, one after the other
  std::vector<std::string> templates;      ///< that plain tasks call
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

}  // namespace skiff::runner
