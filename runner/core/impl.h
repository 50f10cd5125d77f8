// The scheduler's inside. One class, its methods in one file for each part of the language; what an event
// makes final goes on a queue that is worked off before on() returns, so that nothing recurses over the
// width or length of a workflow and a transition costs the same however large the workflow is.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runner/core/arguments.h"
#include "runner/core/graph.h"
#include "runner/core/metric_set.h"
#include "runner/core/scheduler.h"
#include "runner/core/templates.h"
#include "spec/items.h"
#include "spec/tags.h"
#include "spec/workflow.h"

namespace skiff::runner {

/// A step or task with its references replaced.
struct ResolvedTask {
  Json json;
  bool when_false = false;  ///< its `when` is false for all items, the rest is not resolved
  std::string error;
};

/// The items of a loop, one task each, made when they are needed.
class Loop {
 public:
  /// `task` is resolved; items cannot be had: error().
  Loop(const ResolvedTask& task, const spec::Scope& scope);
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] std::size_t size() const { return items_.items.size(); }
  /// The task of one item, under its own name ("step(0:a)").
  [[nodiscard]] ResolvedTask task(std::size_t i) const;
  /// `task` as it was written, with the item put into its hooks.
  [[nodiscard]] Json with_hooks(Json task, std::size_t i) const;

 private:
  Json task_;
  std::string name_;
  const spec::Scope& scope_;
  spec::LoopItems items_;
  bool tagged_ = false;
  bool lenient_ = false;  ///< `when` is false whatever the item: tags may stay
  std::string error_;
};

class Scheduler::Impl {
 public:
  explicit Impl(RunInput input);

  std::vector<Action> on(const Event& event, TimePoint now);
  [[nodiscard]] std::vector<Action> outstanding() const;
  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] std::optional<spec::NodeStatus> node(std::string_view id) const;
  [[nodiscard]] std::optional<std::string> next_changed() { return graph_.next_changed(); }
  [[nodiscard]] Json commanded() const;
  [[nodiscard]] bool suspended() const { return !finished_ && (suspended_ || active_suspends_ > 0); }
  [[nodiscard]] Json status() const;
  [[nodiscard]] std::vector<std::string> node_ids() const;
  [[nodiscard]] const Json& metadata() const { return metadata_; }
  [[nodiscard]] std::string metrics_text(TimePoint now) const { return metrics_.text(now); }
  [[nodiscard]] std::string refuse(const Event& command) const;

 private:
  enum class Op : std::uint8_t {
    fulfilled,
    hooks,
    entry,
    drain,
    drain_all,
    dag_check,
    loop_exit,
    open_group,
    conclude
  };
  enum class TimerKind : std::uint8_t { suspend, backoff, pod, pending, workflow };
  /// What would begin something while the workflow is suspended; the last one is a retry node whose backoff
  /// is over.
  using Deferred = std::variant<LocksGranted, MemoAnswer, NodeIndex>;
  struct Timer {
    TimePoint at;
    TimerKind kind;
    NodeIndex node;
    auto operator<=>(const Timer&) const = default;
  };
  /// What a node runs that has metrics.
  struct Measured {
    ResolvedPtr resolved;
    TemplatePtr tmpl;
    std::string name;  ///< of the step or task
    bool task = false;
  };
  /// What a realtime gauge may show, by the variable's name.
  using Clocks = std::function<std::optional<Elapsed>(std::string_view variable)>;
  enum class Shutdown : std::uint8_t { none, stop, terminate };

  // scheduler.cc: events in, the queue
  void take(const Begin&);
  void take(const PodPending& e);
  void take(const PodRunning& e);
  void take(const PodReady& e);
  void take(const PodProgress& e);
  void take(const ContainerChanged& e);
  void take(const PodDone& e);
  void take(const TimerFired&);
  void take(const LocksGranted& e);
  void take(const LocksWaiting& e);
  void take(const LocksRefused& e);
  void take(const MemoAnswer& e);
  void take(const Suspend&);
  void take(const Resume& e);
  void take(const Stop& e);
  void take(const Terminate&);
  void take(const SetNodes& e);
  void take(const RetryWorkflow& e);
  void push(Op op, NodeIndex node = kNoNode) { queue_.emplace_back(op, node); }
  void work_off();
  void perform(Op op, NodeIndex node);
  void emit(Action action) { actions_.push_back(std::move(action)); }

  // nodes.cc: nodes, their phases, who is connected to whom
  NodeIndex make(const Call& call, NodeType type, Phase phase, std::string message = "");
  NodeIndex make_named(std::string_view name, NodeType type, NodeIndex boundary, Phase phase);
  [[nodiscard]] NodeIndex existing(const Call& call) const;
  NodeIndex make_or_adopt(const Call& call, NodeType type, Phase phase);
  void init_inputs(NodeIndex i, const Prepared& p);
  void set_phase(NodeIndex i, Phase phase);
  void set_phase(NodeIndex i, Phase phase, std::string message);
  void set_message(NodeIndex i, std::string message);
  void mark_daemoned(NodeIndex i);
  void count(NodeIndex i, Phase before);
  void connect(NodeIndex i);
  void add_child(NodeIndex parent, NodeIndex child);
  void outbound(NodeIndex i, std::vector<NodeIndex>& out) const;
  void set_outbound(NodeIndex i, const std::vector<NodeIndex>& from);
  void fulfilled(NodeIndex i);
  void settle(NodeIndex i);
  void kill_daemons(NodeIndex boundary);
  void let_go(NodeIndex i);
  [[nodiscard]] Composite* composite(NodeIndex i) const;
  [[nodiscard]] const Node* outputs_node(const Node& n) const;
  [[nodiscard]] bool may_run(bool on_exit) const;

  // call.cc: from the wish to run a template to the node that does (operator.go executeTemplate)
  void launch(Call call);
  bool adopt(NodeIndex i, const Call& call);
  void reject(const Call& call, const std::string& error, bool tell_owner = true);
  void owner_error(NodeIndex i, const std::string& error);
  void fail_call(NodeIndex i, const std::string& error);
  [[nodiscard]] std::string display_name_error(const Prepared& p) const;
  void set_display_name(NodeIndex i, const Prepared& p);
  void synchronize(Prepared p);
  void memoize(Prepared p);
  void start(Prepared p);
  void dispatch(Prepared p);
  [[nodiscard]] spec::Scope call_scope(const Call& call, const Resolved& resolved) const;
  [[nodiscard]] Json retry_strategy(const Json& tmpl) const;
  [[nodiscard]] NodeType node_type(const Prepared& p) const;
  void begin_waiting(NodeIndex i);
  void save_memo(NodeIndex i);
  void unlock(NodeIndex i);

  // limits.cc: parallelism and failFast (operator.go checkParallelism)
  bool hold_back(Call& call, NodeIndex existing);
  void check_fail_fast(NodeIndex boundary);
  void drain(NodeIndex boundary);
  void drain_all();
  [[nodiscard]] bool full() const;
  [[nodiscard]] static bool crowded(const Composite& boundary);
  void keep_waiting(const std::string& id, Prepared p);
  void pod_counted(NodeIndex i, bool active);

  // leaf.cc, containers.cc: pods and requests
  void start_leaf(Prepared p);
  [[nodiscard]] std::string unsupported(const Prepared& p) const;
  void order_pod(NodeIndex i, const Prepared& p);
  void set_deadlines(NodeIndex i, const Json& tmpl);
  [[nodiscard]] StartPod start_pod(NodeIndex i, SharedJson tmpl) const;
  [[nodiscard]] Cause cause_of(const Node& n) const;
  [[nodiscard]] SharedJson ordered_template(NodeIndex i) const;
  void pod_over(NodeIndex i, Phase phase, std::string message, std::string cause);
  void take_outputs(NodeIndex i, const PodDone& e);
  [[nodiscard]] SharedJson exit_code_alone(int code);
  void make_containers(NodeIndex i, const Json& tmpl);
  void end_containers(NodeIndex i, const std::string& message);

  // suspend.cc
  void start_suspend(Prepared p);
  void suspend_over(NodeIndex i);
  bool default_outputs(NodeIndex i, std::string& error);

  // retry.cc
  struct Verdict {
    enum class Kind : std::uint8_t { again, end, wait, error } kind = Kind::again;
    Phase phase = Phase::none;
    std::string message;
    std::optional<TimePoint> until;
  };
  void start_retry(Prepared p);
  void next_attempt(NodeIndex i);
  void attempt_settled(NodeIndex i);
  void judge_attempt(NodeIndex i);
  [[nodiscard]] Verdict judge(NodeIndex i);
  [[nodiscard]] std::optional<Verdict> judge_backoff(RetryWork& work, const spec::RetryStrategy& strategy);
  [[nodiscard]] std::optional<Verdict> judge_policy(const RetryWork& work,
                                                    const spec::RetryStrategy& strategy) const;
  void attempt_error(NodeIndex i, NodeIndex attempt, const std::string& error);
  void add_retry_names(spec::Scope& scope, const RetryWork& work) const;

  // resolve.cc: references of steps and tasks
  [[nodiscard]] ResolvedTask resolve_task(const Json& task, const spec::Scope& scope, bool dag) const;
  [[nodiscard]] std::string resolve_artifacts(Json& arguments, const spec::Scope& scope,
                                              bool any_error) const;
  [[nodiscard]] std::string resolve_artifact(const Json& artifact, const spec::Scope& scope, Json& out) const;
  [[nodiscard]] std::shared_ptr<const HookSpec> hook_spec(const Json& task, bool dag) const;

  // steps.cc
  void start_steps(Prepared p);
  void open_group(NodeIndex steps);
  void start_group(NodeIndex group);
  bool run_def(NodeIndex group, std::size_t def, const ResolvedTask& step, const Loop* loop);
  [[nodiscard]] Call step_call(NodeIndex group, std::uint32_t slot, const Json& step) const;
  bool run_step(NodeIndex group, std::uint32_t slot, const ResolvedTask& step, const Json& original);
  void step_settled(NodeIndex group);
  void finish_group(NodeIndex group);
  void group_done(NodeIndex steps, NodeIndex group);
  void complete_steps(NodeIndex steps);
  void fail_group(NodeIndex group, const std::string& error);
  [[nodiscard]] std::string add_step_outputs(StepsWork& work, NodeIndex group);

  // dag.cc, dag_plan.cc
  void start_dag(Prepared p);
  [[nodiscard]] std::string plan_dag(DagWork& work) const;
  void run_task(NodeIndex dag, std::uint32_t task);
  void launch_task(NodeIndex dag, std::uint32_t task);
  void run_items(NodeIndex dag, std::uint32_t task, const Loop& loop);
  void run_item(NodeIndex dag, std::uint32_t slot, const Json& item, std::shared_ptr<const HookSpec> hooks);
  void finish_task_group(NodeIndex dag, std::uint32_t task);
  [[nodiscard]] Call call_of(NodeIndex dag, std::uint32_t slot, Target target) const;
  [[nodiscard]] Call task_call(NodeIndex dag, std::uint32_t slot, const Json& task) const;
  std::uint32_t new_slot(DagWork& work, std::uint32_t task);
  [[nodiscard]] std::shared_ptr<const HookSpec> hooks_without_run(NodeIndex dag, std::uint32_t slot) const;
  void end_task_without_run(NodeIndex dag, std::uint32_t task, Phase phase, const std::string& message);
  void connect_task(NodeIndex dag, std::uint32_t task, NodeIndex node);
  void item_settled(NodeIndex dag, std::uint32_t slot);
  void task_settled(NodeIndex dag, std::uint32_t task);
  void start_loop_exit(NodeIndex group);
  [[nodiscard]] std::optional<bool> depends_hold(const DagWork& work, std::uint32_t task) const;
  [[nodiscard]] Phase inherited_phase(const DagWork& work, std::uint32_t task) const;
  void set_dag_outbound(NodeIndex dag);
  void add_task_names(DagWork& work, std::uint32_t task);
  void check_dag(NodeIndex dag);
  void complete_dag(NodeIndex dag);
  [[nodiscard]] Phase judge_dag(const DagWork& work) const;

  // hooks.cc
  bool advance_hooks(NodeIndex i);
  [[nodiscard]] spec::Scope hook_scope(NodeIndex i) const;
  void fire_hook(NodeIndex i, std::uint32_t slot, const std::string& name, const Json& hook);
  bool start_exit(NodeIndex i);
  void hook_settled(NodeIndex parent, std::uint32_t slot);
  void exit_settled(NodeIndex parent);
  void hook_error(NodeIndex parent, const std::string& error);
  void exit_error(NodeIndex parent, const std::string& error);
  [[nodiscard]] std::string resolve_hook_arguments(Json& args, NodeIndex i, spec::Scope& scope) const;

  // outputs.cc
  [[nodiscard]] static spec::Scope without_globals(const spec::Scope& scope);
  void add_node_names(spec::Scope& scope, const std::string& prefix, const Node& n) const;
  void refresh_names(NodeIndex i);
  void add_absent_outputs(spec::Scope& scope, const std::string& prefix, const Node& n,
                          const TemplateBase& base, const Json& task, bool artifacts) const;
  [[nodiscard]] std::string aggregate(spec::Scope& scope, const std::string& prefix,
                                      std::vector<NodeIndex> nodes) const;
  [[nodiscard]] std::string template_outputs(const Json& tmpl, const spec::Scope& scope, Json& out) const;
  void add_global_outputs(const Json& outputs);

  // workflow.cc, globals.cc
  void start_workflow();
  void launch_entry();
  void entry_changed();
  bool advance_workflow_hooks();
  bool advance_workflow_exit();
  void launch_workflow_hook(std::uint32_t slot, const std::string& name, const Json& hook, OwnerKind kind);
  void set_duration();
  [[nodiscard]] AcquireLocks own_locks() const;
  [[nodiscard]] std::string invalid_own_locks() const;
  [[nodiscard]] AcquireLocks lock_order(const std::string& holder, const Prepared& p) const;
  [[nodiscard]] static LookUpMemo memo_order(const std::string& id, const Prepared& p);
  void end_workflow(Phase phase, std::string message);
  void conclude();
  void mark_deleted_artifacts();
  void set_globals();
  [[nodiscard]] std::string set_parameters();
  [[nodiscard]] std::string set_workflow_metadata();
  void set_labels_and_annotations();
  void set_label(const std::string& key, const std::string& value);
  void set_runtime_globals();
  [[nodiscard]] std::string failures_json() const;
  [[nodiscard]] Json pod_fields() const;
  [[nodiscard]] std::string pod_fields_for(NodeIndex boundary) const;

  // metrics.cc
  void begin_metrics(NodeIndex i, const Prepared& p);
  void end_metrics(NodeIndex i);
  void workflow_metrics(NodeIndex i);
  void attempt_metrics(NodeIndex retry, NodeIndex attempt);
  void template_metrics(NodeIndex i, const Measured& of, bool realtime_only);
  void emit_metrics(const Json& metrics, const spec::Scope& scope, const Clocks& clocks, bool realtime_only);
  [[nodiscard]] std::string emit_metric(const Json& metric, const spec::Scope& scope, const Clocks& clocks);
  void add_metric_names(spec::Scope& scope, NodeIndex i, const Json& tmpl) const;

  // progress.cc
  void count_progress(NodeIndex i, const std::string& progress);
  void complete_progress(NodeIndex i);
  [[nodiscard]] static std::pair<std::int64_t, std::int64_t> parse_progress(std::string_view text);

  // timers.cc
  void set_timer(TimePoint at, TimerKind kind, NodeIndex node = kNoNode) { timers_.insert({at, kind, node}); }
  void fire(const Timer& timer);
  void pending_too_long(NodeIndex i);
  [[nodiscard]] bool is_due(const Timer& timer) const;
  void order_timer();

  // control.cc, retry_workflow.cc
  void shut_down_node(NodeIndex i);
  void shut_down(Shutdown how);
  void set_suspended_node(NodeIndex i, const SetNodes& values);
  [[nodiscard]] std::vector<NodeIndex> suspended_nodes(const std::string& selector) const;
  void past_deadline();
  void resume_all(const std::string& message);
  [[nodiscard]] bool defers(Deferred event);
  void take_deferred();
  void backoff_over(NodeIndex retry);
  [[nodiscard]] std::string refuse_resume() const;
  [[nodiscard]] std::string refuse_retry(const RetryWorkflow& e) const;
  void reset_for_retry(const RetryWorkflow& e);
  void load_nodes(const Json& nodes);
  void apply_reset(const std::set<NodeIndex>& reset, const std::set<NodeIndex>& remove);
  void restart(const RetryWorkflow& e);

  // What was submitted.
  Json metadata_;
  Json spec_;  ///< without templates; tags of the globals replaced
  Json config_maps_;
  Json repository_;      ///< as status shows it; null without one
  std::string refusal_;  ///< why it must not run
  std::string name_;
  std::string namespace_;
  bool uses_duration_ = false;
  TemplateBook book_;
  SharedJson pod_fields_;
  bool tagged_volumes_ = false;

  // Where the workflow stands.
  Graph graph_;
  spec::Scope globals_;
  TimePoint now_{};
  std::deque<std::pair<Op, NodeIndex>> queue_;
  std::vector<Action> actions_;
  std::vector<Deferred> deferred_;           ///< what came while it was suspended
  std::map<std::string, Prepared> waiting_;  ///< for locks or the memo, by node id
  std::set<std::string> memo_asked_;         ///< of those, the ones whose memo is looked up
  std::deque<std::variant<Call, Prepared, NodeIndex>>
      held_;                       ///< by the workflow's parallelism; Retry nodes by index
  std::deque<NodeIndex> starved_;  ///< boundaries with calls that the workflow has no place for
  std::set<Timer> timers_;
  std::optional<TimePoint> timer_set_;
  std::vector<NodeIndex> daemons_;
  std::uint32_t active_pods_ = 0;
  std::uint32_t live_pods_ = 0;
  std::int64_t progress_done_ = 0;
  std::int64_t progress_total_ = 0;
  Shutdown shutdown_ = Shutdown::none;
  bool begun_ = false;
  bool suspended_ = false;
  std::size_t active_suspends_ = 0;  ///< suspended nodes that wait
  bool past_deadline_ = false;
  bool any_failed_ = false;      ///< some node, at some time
  bool waits_for_lock_ = false;  ///< the workflow's own
  bool locked_ = false;
  bool adopting_ = false;                            ///< a retry walks over nodes that are there
  std::set<std::pair<NodeIndex, NodeIndex>> edges_;  ///< parent and child that it found
  std::string phase_;
  std::string message_;
  std::optional<TimePoint> started_at_;
  std::optional<TimePoint> finished_at_;
  std::optional<TimePoint> deadline_;
  std::map<int, SharedJson> exit_codes_;    ///< outputs that are nothing but an exit code
  Json outputs_;                            ///< of the workflow
  std::map<NodeIndex, Measured> measured_;  ///< nodes that have yet to emit their metrics
  MetricSet metrics_;
  std::vector<std::string> metric_errors_;
  NodeIndex entry_ = kNoNode;
  std::vector<HookState> hooks_;
  HookState exit_;
  std::optional<Finish> end_;  ///< decided; comes when nothing runs any more
  bool finished_ = false;
};

}  // namespace skiff::runner
