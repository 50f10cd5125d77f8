// DAGs: a task runs when all that it depends on has settled and its `depends` holds; a loop's items hang
// below a TaskGroup node (workflow/controller/dag.go).
#include <algorithm>

#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"
#include "spec/when.h"

namespace skiff::runner {
namespace {

bool loops(const Json& task) {
  return !task.get("withItems").empty() || !text_or_empty(task.get("withParam")).empty() ||
         task.get("withSequence").is_object();
}

bool is_target(const DagWork& work, std::uint32_t t) {
  return std::find(work.targets.begin(), work.targets.end(), t) != work.targets.end();
}

bool is_hook(const Node& n) { return n.flag && n.flag->hooked; }

}  // namespace

void Scheduler::Impl::start_dag(Prepared p) {
  const NodeIndex i = make_or_adopt(p.call, NodeType::dag, Phase::running);
  init_inputs(i, p);
  auto made = std::make_unique<DagWork>(&globals_);
  DagWork& work = *made;
  work.parallelism = p.tmpl->get_int("parallelism");
  work.fail_fast = p.tmpl->get_bool("failFast");
  add_inputs(work.scope, *p.tmpl);
  work.prepared = std::move(p);
  graph_[i].work = std::move(made);
  if (std::string error = plan_dag(work); !error.empty()) return fail_call(i, error);
  std::vector<std::uint32_t> ready;
  for (std::uint32_t t = 0; t < work.tasks.size(); ++t) {
    if (work.tasks[t].state == DagWork::State::waiting && work.tasks[t].waits == 0) ready.push_back(t);
  }
  for (const std::uint32_t t : ready) run_task(i, t);
  push(Op::dag_check, i);
}

std::uint32_t Scheduler::Impl::new_slot(DagWork& work, std::uint32_t task) {
  work.item_task.push_back(task);
  work.item_node.push_back(kNoNode);
  return static_cast<std::uint32_t>(work.item_task.size() - 1);
}

Call Scheduler::Impl::task_call(NodeIndex dag, std::uint32_t slot, const Json& task) const {
  const DagWork& work = *graph_[dag].as<DagWork>();
  Call call = call_of(dag, slot, Target::of(task, true));
  call.arguments = task.get("arguments");
  call.hook_name = work.name(work.item_task[slot]);
  return call;
}

Call Scheduler::Impl::call_of(NodeIndex dag, std::uint32_t slot, Target target) const {
  Call call;
  call.target = std::move(target);
  call.name = fmt::format("{}.{}", graph_[dag].name, call.target.name);
  call.base = graph_[dag].as<DagWork>()->prepared.resolved->inner;
  call.boundary = dag;
  call.owner = {OwnerKind::task, dag, slot};
  call.depth = static_cast<std::uint16_t>(graph_[dag].depth + 1);
  call.on_exit = graph_[dag].on_exit;
  return call;
}

/// All that the task waits for has settled.
void Scheduler::Impl::run_task(NodeIndex dag, std::uint32_t t) {
  DagWork& work = *graph_[dag].as<DagWork>();
  work.tasks[t].state = DagWork::State::running;
  ++work.open;
  if (adopting_) {
    const NodeIndex there = graph_.by_name(fmt::format("{}.{}", graph_[dag].name, work.name(t)));
    const bool group = there != kNoNode && graph_[there].type == NodeType::task_group;
    const bool skipped = there != kNoNode && graph_[there].type == NodeType::skipped;
    if ((group || skipped) && completed(graph_[there].phase)) {
      adopt(there, task_call(dag, new_slot(work, t), work.json(t)));
      return;
    }
  }
  for (std::uint32_t k = 0; k < work.dependencies.size(t); ++k) {
    const auto broken = work.broken.find(work.dependencies.at(t)[k]);
    if (broken == work.broken.end()) continue;
    const std::string error = broken->second;
    work.broken.emplace(t, error);
    return end_task_without_run(dag, t, Phase::error, error);
  }
  if (work.dependencies.size(t) != 0) {
    const std::optional<bool> run = depends_hold(work, t);
    if (!run || !*run) {
      return end_task_without_run(dag, t, Phase::omitted, "omitted: depends condition not met");
    }
  }
  launch_task(dag, t);
}

/// Its arguments, its loop, then the template.
void Scheduler::Impl::launch_task(NodeIndex dag, std::uint32_t t) {
  DagWork& work = *graph_[dag].as<DagWork>();
  if (work.tasks[t].plain) {
    Target target;
    target.task = true;
    target.name = work.name(t);
    target.template_name = work.templates[work.tasks[t].called];
    return launch(call_of(dag, new_slot(work, t), std::move(target)));
  }
  const Json& task = work.json(t);
  const ResolvedTask resolved = resolve_task(task, work.scope, true);
  if (!resolved.error.empty()) return end_task_without_run(dag, t, Phase::error, resolved.error);
  if (loops(task)) {
    const Loop loop(resolved, work.scope);
    if (!loop.error().empty()) return end_task_without_run(dag, t, Phase::error, loop.error());
    if (loop.size() == 0) return end_task_without_run(dag, t, Phase::skipped, "Skipped, empty params");
    return run_items(dag, t, loop);
  }
  run_item(dag, new_slot(work, t), resolved.json, hook_spec(task, true));
}

/// A TaskGroup node, and a node for each item below it.
void Scheduler::Impl::run_items(NodeIndex dag, std::uint32_t t, const Loop& loop) {
  DagWork& work = *graph_[dag].as<DagWork>();
  const Json& task = work.json(t);
  const std::uint32_t slot = new_slot(work, t);
  Call call = task_call(dag, slot, task);
  std::shared_ptr<const HookSpec> hooks = hook_spec(task, true);
  call.hooks = hooks;
  NodeIndex group = existing(call);
  if (group == kNoNode) {
    group = make(call, NodeType::task_group, Phase::running);
    if (!graph_[group].flag) graph_[group].flag = spec::NodeFlag{};
  } else {
    adopt(group, call);
    set_phase(group, Phase::running);
  }
  if (graph_[group].hooks) graph_[group].hooks->exit_later = true;
  std::shared_ptr<HookSpec> item_hooks;
  if (hooks && !hooks->exit.is_null()) {
    item_hooks = std::make_shared<HookSpec>(*hooks);
    item_hooks->hooks = Json();
  }
  work.tasks[t].loop = true;
  work.tasks[t].starting = true;
  for (std::size_t n = 0; n < loop.size(); ++n) {
    ++work.tasks[t].open;
    const std::uint32_t item_slot = new_slot(work, t);
    if (const ResolvedTask item = loop.task(n); item.error.empty()) {
      run_item(dag, item_slot, item.json, item_hooks);
    } else {
      make(task_call(dag, item_slot, item.json), NodeType::skipped, Phase::error, item.error);
    }
    if (graph_[dag].as<DagWork>() == nullptr || completed(graph_[dag].phase)) return;
  }
  work.tasks[t].starting = false;
  if (work.tasks[t].open == 0) finish_task_group(dag, t);
}

void Scheduler::Impl::run_item(NodeIndex dag, std::uint32_t slot, const Json& item,
                               std::shared_ptr<const HookSpec> hooks) {
  Call call = task_call(dag, slot, item);
  const NodeIndex there = existing(call);
  if (there == kNoNode) {
    const std::string text = item.get_string("when");
    const spec::WhenResult when = spec::evaluate_when(text);
    if (!when.ok() || !when.value) {
      const Phase phase = when.ok() ? Phase::skipped : Phase::error;
      if (when.ok()) call.hooks = hooks_without_run(dag, slot);
      std::string message = when.ok() ? fmt::format("when '{}' evaluated false", text) : when.error;
      const NodeIndex i = make(call, NodeType::skipped, phase, std::move(message));
      const DagWork& work = *graph_[dag].as<DagWork>();
      graph_[i].branch = inherited_phase(work, work.item_task[slot]);
      return;
    }
  }
  call.hooks = std::move(hooks);
  launch(std::move(call));
}

void Scheduler::Impl::end_task_without_run(NodeIndex dag, std::uint32_t t, Phase phase,
                                           const std::string& message) {
  DagWork& work = *graph_[dag].as<DagWork>();
  const std::uint32_t slot = new_slot(work, t);
  Call call = task_call(dag, slot, work.json(t));
  if (phase != Phase::error) call.hooks = hooks_without_run(dag, slot);
  const NodeIndex there = existing(call);
  const NodeIndex i = there == kNoNode ? make(call, NodeType::skipped, phase, message) : there;
  if (there != kNoNode) {
    adopt(there, call);
    set_phase(there, phase, message);
  }
  graph_[i].branch = inherited_phase(work, t);
}

/// The hooks of a target that was skipped or omitted: Argo looks at them all the same (executeDAG), while an
/// exit handler needs an end.
std::shared_ptr<const HookSpec> Scheduler::Impl::hooks_without_run(NodeIndex dag, std::uint32_t slot) const {
  const DagWork& work = *graph_[dag].as<DagWork>();
  const std::uint32_t t = work.item_task[slot];
  if (work.tasks[t].loop || !is_target(work, t)) return nullptr;
  const std::shared_ptr<const HookSpec> all = hook_spec(work.json(t), true);
  if (!all || all->hooks.empty()) return nullptr;
  auto out = std::make_shared<HookSpec>(*all);
  out->exit = Json();
  return out;
}

/// A new node comes after all that its task depends on, or is the first.
void Scheduler::Impl::connect_task(NodeIndex dag, std::uint32_t t, NodeIndex node) {
  const DagWork& work = *graph_[dag].as<DagWork>();
  if (work.dependencies.size(t) == 0) return add_child(dag, node);
  for (std::uint32_t k = 0; k < work.dependencies.size(t); ++k) {
    const NodeIndex dependency = work.tasks[work.dependencies.at(t)[k]].node;
    if (dependency == kNoNode) continue;
    std::vector<NodeIndex> parents;
    outbound(dependency, parents);
    for (const NodeIndex parent : parents) add_child(parent, node);
  }
}

void Scheduler::Impl::item_settled(NodeIndex dag, std::uint32_t slot) {
  auto* work = graph_[dag].as<DagWork>();
  if (work == nullptr || completed(graph_[dag].phase)) return;
  const std::uint32_t t = work->item_task[slot];
  DagWork::Task& task = work->tasks[t];
  if (!task.loop || work->item_node[slot] == task.node) return task_settled(dag, t);
  --task.open;
  if (task.open == 0 && !task.starting) finish_task_group(dag, t);
}

/// The group has the phase of its last item that did not end well.
void Scheduler::Impl::finish_task_group(NodeIndex dag, std::uint32_t t) {
  const DagWork& work = *graph_[dag].as<DagWork>();
  const NodeIndex group = work.tasks[t].node;
  Phase phase = Phase::succeeded;
  for (const NodeIndex c : graph_.children(group)) {
    if (is_hook(graph_[c])) continue;
    if (failed_or_error(graph_[c].phase)) phase = graph_[c].phase;
  }
  if (completed(graph_[group].phase)) {
    push(Op::fulfilled, group);
  } else {
    set_phase(group, phase);
  }
}

void Scheduler::Impl::task_settled(NodeIndex dag, std::uint32_t t) {
  DagWork& work = *graph_[dag].as<DagWork>();
  if (work.tasks[t].state == DagWork::State::settled) return;
  work.tasks[t].state = DagWork::State::settled;
  --work.open;
  if (work.tasks[t].referred) add_task_names(work, t);
  for (std::uint32_t k = 0; k < work.dependents.size(t); ++k) {
    const std::uint32_t d = work.dependents.at(t)[k];
    if (work.tasks[d].state != DagWork::State::waiting) continue;
    if (--work.tasks[d].waits == 0) run_task(dag, d);
  }
  const Node& n = graph_[work.tasks[t].node];
  if (n.hooks && n.hooks->exit_later) push(Op::loop_exit, work.tasks[t].node);
  if (work.open == 0 || shutdown_ != Shutdown::none) push(Op::dag_check, dag);
}

/// The exit handler of a loop as a whole, beside those of its items. Argo comes to it when it walks over the
/// DAG again after the loop's end: while what depends on the loop still runs or, for a target, the DAG
/// itself.
void Scheduler::Impl::start_loop_exit(NodeIndex group) {
  const Owner owner = graph_[group].owner;
  auto* work = graph_[owner.node].as<DagWork>();
  if (work == nullptr || completed(graph_[owner.node].phase) || work->open == 0) return;
  if (graph_[group].hooks->spec->exit.is_null()) return;
  const std::uint32_t t = work->item_task[owner.slot];
  bool visited = is_target(*work, t);
  for (std::uint32_t k = 0; k < work->dependents.size(t); ++k) {
    const DagWork::State state = work->tasks[work->dependents.at(t)[k]].state;
    visited = visited || state == DagWork::State::waiting || state == DagWork::State::running;
  }
  if (visited && start_exit(group)) ++work->loop_exits;
}

/// What the task leaves to those that follow.
void Scheduler::Impl::add_task_names(DagWork& work, std::uint32_t t) {
  const Json& task = work.json(t);
  const Node& n = graph_[work.tasks[t].node];
  const std::string prefix = "tasks." + task.get_string("name");
  if (n.type == NodeType::task_group) {
    std::vector<NodeIndex> items;
    for (const NodeIndex c : graph_.children(n)) {
      if (!is_hook(graph_[c])) items.push_back(c);
    }
    if (std::string error = aggregate(work.scope, prefix, items); !error.empty()) {
      work.broken.emplace(t, std::move(error));
    }
  }
  add_node_names(work.scope, prefix, n);
  add_absent_outputs(work.scope, prefix, n, *work.prepared.resolved->inner, task, false);
}

/// Whether the DAG has come to its end, and how.
void Scheduler::Impl::check_dag(NodeIndex dag) {
  auto* work = graph_[dag].as<DagWork>();
  if (work == nullptr || completed(graph_[dag].phase)) return;
  Phase phase = Phase::failed;
  const bool stopped = shutdown_ != Shutdown::none && !graph_[dag].on_exit && work->exits == 0;
  if (!stopped) {
    if (work->open != 0 || work->loop_exits != 0) return;
    phase = judge_dag(*work);
    if (phase == Phase::succeeded) return complete_dag(dag);
  }
  set_dag_outbound(dag);
  set_phase(dag, phase);
}

void Scheduler::Impl::set_dag_outbound(NodeIndex dag) {
  const DagWork& work = *graph_[dag].as<DagWork>();
  std::vector<NodeIndex> last;
  for (const std::uint32_t t : work.targets) {
    if (work.tasks[t].node != kNoNode) last.push_back(work.tasks[t].node);
  }
  set_outbound(dag, last);
}

void Scheduler::Impl::complete_dag(NodeIndex dag) {
  DagWork& work = *graph_[dag].as<DagWork>();
  for (const DagWork::Task& task : work.tasks) {
    if (!book_.exports()) break;
    if (task.node != kNoNode) add_global_outputs(graph_[task.node].outputs);
  }
  if (!work.broken.empty()) return fail_call(dag, work.broken.begin()->second);
  Json outputs;
  if (std::string error = template_outputs(work.tmpl(), work.scope, outputs); !error.empty()) {
    return fail_call(dag, error);
  }
  if (!outputs.is_null()) graph_[dag].outputs = std::move(outputs);
  save_memo(dag);
  set_dag_outbound(dag);
  set_phase(dag, Phase::succeeded);
}

}  // namespace skiff::runner
