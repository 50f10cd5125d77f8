// Nodes: making them, changing their phases, connecting them to their parents, and telling their owners once
// they have settled (their end and that of all their hooks).
#include <utility>

#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"

namespace skiff::runner {
namespace {

bool is_active(Phase phase) { return phase == Phase::pending || phase == Phase::running; }

/// The types that parallelism and failFast of a template look at (node_counters.go).
bool counts(NodeType type) {
  return type == NodeType::pod || type == NodeType::steps || type == NodeType::dag;
}

/// What a node shows is its name without that of the boundary and the dot; where that begins (operator.go
/// initializeNode, stepsOrDagSeparator).
std::size_t display_begin(std::string_view name, std::string_view boundary) {
  if (!name.starts_with(boundary)) return 0;
  const std::string_view rest = name.substr(boundary.size());
  std::size_t dot = 0;
  if (rest.starts_with('[')) {
    dot = 1;
    while (dot < rest.size() && rest[dot] >= '0' && rest[dot] <= '9') ++dot;
    dot = dot > 1 && dot < rest.size() && rest[dot] == ']' ? dot + 1 : 0;
  }
  return boundary.size() + (dot < rest.size() && rest[dot] == '.' ? dot + 1 : 0);
}

}  // namespace

NodeIndex Scheduler::Impl::make_named(std::string_view name, NodeType type, NodeIndex boundary, Phase phase) {
  const NodeIndex i = graph_.add(name);
  Node& n = graph_[i];
  n.boundary = boundary;
  n.type = type;
  n.phase = phase;
  any_failed_ = any_failed_ || failed_or_error(phase);
  if (type == NodeType::suspend && phase == Phase::running) ++active_suspends_;
  n.started_at = now_;
  if (boundary != kNoNode) {
    n.display_begin = static_cast<std::uint32_t>(display_begin(n.name, graph_[boundary].name));
    n.on_exit = graph_[boundary].on_exit;
  }
  if (has_progress(type)) ++progress_total_;
  if (completed(phase)) n.finished_at = now_;
  return i;
}

NodeIndex Scheduler::Impl::make(const Call& call, NodeType type, Phase phase, std::string message) {
  if (const NodeIndex there = existing(call); there != kNoNode) {
    adopt(there, call);
    return there;
  }
  const NodeIndex i = make_named(call.name, type, call.boundary, phase);
  Node& n = graph_[i];
  n.origin = graph_.origin(call.target.template_name, call.base->scope, call.target.template_ref);
  if (!message.empty()) n.say().message = std::move(message);
  if (call.hooked || call.retried) n.flag = spec::NodeFlag{call.hooked, call.retried};
  n.owner = call.owner;
  n.depth = call.depth;
  n.on_exit = call.on_exit;
  n.locked = call.locked;
  if (call.hooks && phase != Phase::error) {
    n.hooks = std::make_unique<Hooks>();
    n.hooks->spec = call.hooks;
    n.hooks->name = call.hook_name;
    n.hooks->each.resize(call.hooks->hooks.size());
  }
  if (Composite* boundary = composite(call.boundary); boundary != nullptr && call.reserved) {
    --boundary->reserved;
    if (!boundary->blocked.empty()) push(Op::drain, call.boundary);
  }
  count(i, Phase::none);
  connect(i);
  if (n.owner.kind == OwnerKind::entry) {
    entry_ = i;
    push(Op::entry);
  }
  if (n.hooks && !n.hooks->each.empty()) push(Op::hooks, i);
  if (completed(phase)) push(Op::fulfilled, i);
  return i;
}

/// The node of the call, if it has one already: it waited for a lock, or a retry of the workflow left it.
/// Nothing is looked up where that cannot be.
NodeIndex Scheduler::Impl::existing(const Call& call) const {
  if (call.node != kNoNode) return call.node;
  return adopting_ ? graph_.by_name(call.name) : kNoNode;
}

/// The node of that name (one that waited for a lock, or that a retry of the workflow left), else a new one.
NodeIndex Scheduler::Impl::make_or_adopt(const Call& call, NodeType type, Phase phase) {
  const NodeIndex i = existing(call);
  if (i == kNoNode) return make(call, type, phase);
  if (adopting_) adopt(i, call);
  graph_[i].locked = call.locked;
  if (graph_[i].phase != phase) set_phase(i, phase);
  return i;
}

/// What a node shows of the template that it runs (operator.go initializeExecutableNode).
void Scheduler::Impl::init_inputs(NodeIndex i, const Prepared& p) {
  Node& n = graph_[i];
  if (const Json& inputs = p.tmpl->get("inputs"); has_arguments(inputs)) n.say().inputs = inputs;
  if (const Json& memo = p.tmpl->get("memoize"); memo.is_object() && !n.said().memoization) {
    n.say().memoization = spec::MemoizationStatus{false, memo.get_string("key"),
                                                  memo.get("cache").get("configMap").get_string("name")};
  }
  n.memoized = n.said().memoization && !n.memo_hit();
  set_display_name(i, p);
  begin_metrics(i, p);
  graph_.touch(i);
}

void Scheduler::Impl::set_phase(NodeIndex i, Phase phase, std::string message) {
  set_message(i, std::move(message));
  set_phase(i, phase);
}

void Scheduler::Impl::set_message(NodeIndex i, std::string message) {
  if (graph_[i].said().message == message) return;
  graph_[i].say().message = std::move(message);
  graph_.touch(i);
}

void Scheduler::Impl::set_phase(NodeIndex i, Phase phase) {
  Node& n = graph_[i];
  const Phase before = n.phase;
  if (before == phase) return;
  n.phase = phase;
  any_failed_ = any_failed_ || failed_or_error(phase);
  graph_.touch(i);
  if (n.type == NodeType::suspend) {
    if (phase == Phase::running) ++active_suspends_;
    if (before == Phase::running) --active_suspends_;
  }
  count(i, before);
  if (completed(phase)) {
    const bool was_daemon = std::exchange(n.daemoned, false);
    n.finished_at = now_;
    if (was_daemon) refresh_names(i);
    if (phase == Phase::succeeded) complete_progress(i);
    if (n.pod_counted) pod_counted(i, false);
    push(Op::fulfilled, i);
  } else if (n.hooks && !n.hooks->each.empty()) {
    push(Op::hooks, i);
  }
  if (n.owner.kind == OwnerKind::entry) push(Op::entry);
}

/// A daemon is ready: it counts as fulfilled, though it runs on (NodeStatus.Fulfilled).
void Scheduler::Impl::mark_daemoned(NodeIndex i) {
  Node& n = graph_[i];
  n.daemoned = true;
  daemons_.push_back(i);
  // As long as it runs it passes on what its parents did (dag.go, assessDAGPhase).
  const DagWork* dag = n.owner.kind == OwnerKind::task ? graph_[n.owner.node].as<DagWork>() : nullptr;
  if (dag != nullptr) n.branch = inherited_phase(*dag, dag->item_task[n.owner.slot]);
  graph_.touch(i);
  set_phase(i, Phase::running);
  refresh_names(i);
  push(Op::fulfilled, i);
}

/// Keeps the boundary's counters.
void Scheduler::Impl::count(NodeIndex i, Phase before) {
  Node& n = graph_[i];
  if (!counts(n.type) || n.boundary == kNoNode) return;
  Composite* boundary = composite(n.boundary);
  if (boundary == nullptr) return;
  const bool active = is_active(n.phase);
  if (active && !n.counted) ++boundary->active_children;
  if (!active && n.counted) {
    --boundary->active_children;
    if (!boundary->blocked.empty()) push(Op::drain, n.boundary);
  }
  n.counted = active;
  if (failed_or_error(before)) --boundary->unsuccessful;
  if (failed_or_error(n.phase)) ++boundary->unsuccessful;
  if (boundary->fail_fast && boundary->unsuccessful > 0) push(Op::drain, n.boundary);
}

Composite* Scheduler::Impl::composite(NodeIndex i) const {
  return i == kNoNode ? nullptr : graph_[i].as<Composite>();
}

bool Scheduler::Impl::may_run(bool on_exit) const {
  return shutdown_ == Shutdown::none || (shutdown_ == Shutdown::stop && on_exit);
}

void Scheduler::Impl::add_child(NodeIndex parent, NodeIndex child) {
  if (!graph_[parent].children.empty() && graph_.last_child(parent) == child) return;
  if (adopting_ && !edges_.emplace(parent, child).second) return;
  graph_.add_child(parent, child);
  graph_.touch(parent);
}

/// Puts a new node where its owner expects it.
void Scheduler::Impl::connect(NodeIndex i) {
  const Owner owner = graph_[i].owner;
  switch (owner.kind) {
    case OwnerKind::step:
      add_child(owner.node, i);
      if (auto* group = graph_[owner.node].as<GroupWork>()) group->children[owner.slot] = i;
      break;
    case OwnerKind::task:
      if (auto* dag = graph_[owner.node].as<DagWork>()) {
        dag->item_node[owner.slot] = i;
        const std::uint32_t task = dag->item_task[owner.slot];
        if (dag->tasks[task].loop) {
          add_child(dag->tasks[task].node, i);
        } else {
          dag->tasks[task].node = i;
          connect_task(owner.node, task, i);
        }
      }
      break;
    case OwnerKind::hook:
      graph_[owner.node].hooks->each[owner.slot].node = i;
      add_child(owner.node, i);
      break;
    case OwnerKind::exit:
      graph_[owner.node].hooks->exit.node = i;
      add_child(owner.node, i);
      break;
    case OwnerKind::attempt:
      add_child(owner.node, i);
      break;
    case OwnerKind::workflow_hook:
      hooks_[owner.slot].node = i;
      if (entry_ != kNoNode) add_child(entry_, i);
      break;
    case OwnerKind::workflow_exit:
      exit_.node = i;
      break;
    default:
      break;
  }
}

/// The nodes that what comes next is connected to (operator.go getOutboundNodes).
void Scheduler::Impl::outbound(NodeIndex i, std::vector<NodeIndex>& out) const {
  const Node& n = graph_[i];
  switch (n.type) {
    case NodeType::pod:
    case NodeType::container:
    case NodeType::task_group: {
      // A pod leads on to the containers of its set only; what else hangs below it comes after it.
      const bool leads = n.type != NodeType::pod || n.container_set;
      bool any = false;
      for (const NodeIndex c : graph_.children(n)) {
        if (!leads) break;
        if (n.type != NodeType::task_group && graph_[c].type != NodeType::container) continue;
        outbound(c, out);
        any = true;
      }
      if (!any) out.push_back(i);
      return;
    }
    case NodeType::retry:
      if (!n.children.empty()) {
        out.push_back(graph_.last_child(i));
        return;
      }
      break;
    case NodeType::steps:
    case NodeType::dag:
      if (n.memo_hit()) {
        out.push_back(i);
        return;
      }
      break;
    case NodeType::step_group:
      break;
    default:
      out.push_back(i);
      return;
  }
  for (const NodeIndex o : n.said().outbound) outbound(o, out);
}

void Scheduler::Impl::set_outbound(NodeIndex i, const std::vector<NodeIndex>& from) {
  std::vector<NodeIndex> out;
  for (const NodeIndex f : from) outbound(f, out);
  if (!out.empty() || !graph_[i].said().outbound.empty()) graph_[i].say().outbound = std::move(out);
  graph_.touch(i);
}

/// The node has come to its end, or is a daemon that is ready. Its hooks come next.
void Scheduler::Impl::fulfilled(NodeIndex i) {
  Node& n = graph_[i];
  if (n.gone || !n.fulfilled()) return;
  end_metrics(i);
  if (n.locked) unlock(i);
  if (completed(n.phase)) {
    if (n.as<Composite>() != nullptr) kill_daemons(i);
    if (!n.pod_live) let_go(i);
  }
  if (n.hooks && !advance_hooks(i)) return;
  settle(i);
}

/// What the work of a node kept is not needed after its end.
void Scheduler::Impl::let_go(NodeIndex i) {
  graph_[i].work.reset();
  graph_[i].leaf = {};
}

void Scheduler::Impl::settle(NodeIndex i) {
  const Owner owner = graph_[i].owner;
  if (graph_[i].told && owner.kind != OwnerKind::attempt) return;
  graph_[i].told = true;
  switch (owner.kind) {
    case OwnerKind::group:
      group_done(owner.node, i);
      break;
    case OwnerKind::step:
      step_settled(owner.node);
      break;
    case OwnerKind::task:
      item_settled(owner.node, owner.slot);
      break;
    case OwnerKind::attempt:
      attempt_settled(owner.node);
      break;
    case OwnerKind::hook:
      hook_settled(owner.node, owner.slot);
      break;
    case OwnerKind::exit:
      exit_settled(owner.node);
      break;
    case OwnerKind::workflow_hook:
      hooks_[owner.slot].done = true;
      push(Op::entry);
      break;
    case OwnerKind::workflow_exit:
      exit_.done = true;
      push(Op::entry);
      break;
    case OwnerKind::entry:
      push(Op::entry);
      break;
    case OwnerKind::none:
      break;
  }
}

/// Daemons end with the template that started them, as Succeeded (exec_control.go killDaemonedChildren).
void Scheduler::Impl::kill_daemons(NodeIndex boundary) {
  std::vector<NodeIndex> kept;
  for (const NodeIndex d : daemons_) {
    const Node& n = graph_[d];
    if (n.gone || !n.daemoned) continue;
    if (n.boundary != boundary) {
      kept.push_back(d);
      continue;
    }
    if (n.pod_live)
      emit(StopPod{graph_.id(d), std::chrono::seconds(30), "the template that started the daemon is over"});
    set_phase(d, Phase::succeeded);
  }
  daemons_ = std::move(kept);
}

}  // namespace skiff::runner
