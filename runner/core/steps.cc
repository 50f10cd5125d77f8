// Steps: groups one after the other, the steps of a group in parallel (workflow/controller/steps.go).
#include <algorithm>

#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"
#include "spec/when.h"

namespace skiff::runner {
namespace {

/// A group is a plain list; Argo's JSON of a stored object may wrap it as {"steps":[…]}.
const Json::Array& steps_of(const Json& group) {
  return group.is_array() ? group.as_array() : group.get_array("steps");
}

bool continues(const Json& task, Phase phase) {
  const Json& on = task.get("continueOn");
  return (phase == Phase::error && on.get_bool("error")) || (phase == Phase::failed && on.get_bool("failed"));
}

bool loops(const Json& task) {
  return !task.get("withItems").empty() || !text_or_empty(task.get("withParam")).empty() ||
         task.get("withSequence").is_object();
}

}  // namespace

void Scheduler::Impl::start_steps(Prepared p) {
  const NodeIndex i = make_or_adopt(p.call, NodeType::steps, Phase::running);
  init_inputs(i, p);
  auto work = std::make_unique<StepsWork>(&globals_);
  work->parallelism = p.tmpl->get_int("parallelism");
  work->fail_fast = p.tmpl->get_bool("failFast");
  add_inputs(work->scope, *p.tmpl);
  work->prepared = std::move(p);
  graph_[i].work = std::move(work);
  push(Op::open_group, i);
}

/// Makes the node of the next group and begins it, or ends the steps if there is none.
void Scheduler::Impl::open_group(NodeIndex steps) {
  auto* work = graph_[steps].as<StepsWork>();
  if (work == nullptr || completed(graph_[steps].phase)) return;
  if (work->group >= work->tmpl().get_array("steps").size()) return complete_steps(steps);
  std::string name = fmt::format("{}[{}]", graph_[steps].name, work->group);
  const NodeIndex before = work->group_node;
  NodeIndex group = adopting_ ? graph_.by_name(name) : kNoNode;
  if (group == kNoNode) {
    group = make_named(std::move(name), NodeType::step_group, steps, Phase::running);
    Node& n = graph_[group];
    n.origin = graph_.origin("", work->prepared.resolved->inner->scope, Json());
    n.flag = spec::NodeFlag{};
    n.depth = graph_[steps].depth;
  }
  graph_[group].owner = {OwnerKind::group, steps, 0};
  graph_[group].told = false;
  work->group_node = group;
  if (before == kNoNode) {
    add_child(steps, group);
  } else if (graph_.children(before).empty()) {
    add_child(before, group);
  } else {
    std::vector<NodeIndex> parents;
    for (const NodeIndex c : graph_.children(before)) outbound(c, parents);
    for (const NodeIndex parent : parents) add_child(parent, group);
  }
  if (completed(graph_[group].phase)) {
    push(Op::fulfilled, group);
  } else {
    set_phase(group, Phase::running);
    start_group(group);
  }
}

void Scheduler::Impl::start_group(NodeIndex group) {
  const NodeIndex steps = graph_[group].owner.node;
  StepsWork& boundary = *graph_[steps].as<StepsWork>();
  graph_[group].work = std::make_unique<GroupWork>();
  graph_[group].as<GroupWork>()->steps = steps;
  const Json::Array& defs = steps_of(boundary.tmpl().get_array("steps")[boundary.group]);
  std::vector<ResolvedTask> resolved;
  std::vector<std::unique_ptr<Loop>> expanded;
  for (const Json& step : defs) {
    resolved.push_back(resolve_task(step, boundary.scope, false));
    if (!resolved.back().error.empty()) {
      return fail_group(group, "failed to resolve references: " + resolved.back().error);
    }
  }
  std::uint32_t slots = 0;
  for (std::size_t k = 0; k < defs.size(); ++k) {
    GroupWork::Def def{&defs[k], slots, 1, loops(defs[k])};
    expanded.push_back(def.loop ? std::make_unique<Loop>(resolved[k], boundary.scope) : nullptr);
    if (def.loop && !expanded.back()->error().empty()) return fail_group(group, expanded.back()->error());
    if (def.loop) def.count = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(expanded.back()->size()));
    slots += def.count;
    graph_[group].as<GroupWork>()->defs.push_back(def);
  }
  graph_[group].as<GroupWork>()->children.assign(slots, kNoNode);
  actions_.reserve(actions_.size() + slots);
  for (std::size_t k = 0; k < defs.size(); ++k) {
    if (!run_def(group, k, resolved[k], expanded[k].get())) return;
  }
  auto* work = graph_[group].as<GroupWork>();
  if (work == nullptr) return;
  work->starting = false;
  if (work->open == 0) finish_group(group);
}

/// Begins one step, or all items of its loop. False if the group has failed.
bool Scheduler::Impl::run_def(NodeIndex group, std::size_t k, const ResolvedTask& step, const Loop* loop) {
  auto* work = graph_[group].as<GroupWork>();
  if (work == nullptr) return false;
  const GroupWork::Def def = work->defs[k];
  if (loop == nullptr) return run_step(group, def.first, step, *def.step);
  if (loop->size() == 0) {
    ++work->open;
    Call call = step_call(group, def.first, step.json);
    make(call, NodeType::skipped, Phase::skipped, "Skipped, empty params");
    return true;
  }
  for (std::uint32_t n = 0; n < def.count; ++n) {
    const ResolvedTask item = loop->task(n);
    if (!item.error.empty()) {
      fail_group(group, item.error);
      return false;
    }
    // A step's hooks know the item, a task's do not: steps.go runs them from the expanded step.
    const bool hooked = def.step->get("hooks").is_object();
    const Json original = hooked ? loop->with_hooks(*def.step, n) : Json();
    if (!run_step(group, def.first + n, item, hooked ? original : *def.step)) return false;
  }
  return true;
}

Call Scheduler::Impl::step_call(NodeIndex group, std::uint32_t slot, const Json& step) const {
  const NodeIndex steps = graph_[group].as<GroupWork>()->steps;
  const StepsWork& boundary = *graph_[steps].as<StepsWork>();
  Call call;
  call.target = Target::of(step, false);
  call.name = fmt::format("{}.{}", graph_[group].name, call.target.name);
  call.base = boundary.prepared.resolved->inner;
  call.arguments = step.get("arguments");
  call.boundary = steps;
  call.owner = {OwnerKind::step, group, slot};
  call.hook_name = call.target.name;
  call.depth = static_cast<std::uint16_t>(graph_[steps].depth + 1);
  call.on_exit = graph_[steps].on_exit;
  return call;
}

/// False if the group has failed.
bool Scheduler::Impl::run_step(NodeIndex group, std::uint32_t slot, const ResolvedTask& step,
                               const Json& original) {
  ++graph_[group].as<GroupWork>()->open;
  Call call = step_call(group, slot, step.json);
  const spec::WhenResult when = spec::evaluate_when(step.json.get_string("when"));
  if (!when.ok()) {
    make(call, NodeType::skipped, Phase::error, when.error);
    fail_group(group, when.error);
    return false;
  }
  if (!when.value) {
    make(call, NodeType::skipped, Phase::skipped,
         fmt::format("when '{}' evaluated false", step.json.get_string("when")));
    return true;
  }
  call.hooks = hook_spec(original, false);
  launch(std::move(call));
  return graph_[group].as<GroupWork>() != nullptr && !completed(graph_[group].phase);
}

void Scheduler::Impl::step_settled(NodeIndex group) {
  auto* work = graph_[group].as<GroupWork>();
  if (work == nullptr || completed(graph_[group].phase)) return;
  --work->open;
  if (work->open == 0 && !work->starting) finish_group(group);
}

void Scheduler::Impl::finish_group(NodeIndex group) {
  const GroupWork& work = *graph_[group].as<GroupWork>();
  for (const GroupWork::Def& def : work.defs) {
    for (std::uint32_t slot = def.first; slot < def.first + def.count; ++slot) {
      const NodeIndex child = work.children[slot];
      if (child == kNoNode) continue;
      const Phase phase = graph_[child].phase;
      if (!failed_or_error(phase) || continues(*def.step, phase)) continue;
      return set_phase(group, Phase::failed, fmt::format("child '{}' failed", graph_.id(child)));
    }
  }
  set_phase(group, Phase::succeeded);
}

void Scheduler::Impl::fail_group(NodeIndex group, const std::string& error) {
  if (!completed(graph_[group].phase)) set_phase(group, Phase::error, error);
}

/// A group has ended: on to the next, or the steps have failed. A child's Error is Failed here.
void Scheduler::Impl::group_done(NodeIndex steps, NodeIndex group) {
  auto* work = graph_[steps].as<StepsWork>();
  if (work == nullptr || completed(graph_[steps].phase)) return;
  if (failed_or_error(graph_[group].phase)) {
    set_outbound(steps, graph_.children(group).list());
    return set_phase(steps, Phase::failed, graph_[group].said().message);
  }
  if (std::string error = add_step_outputs(*work, group); !error.empty()) return fail_call(steps, error);
  ++work->group;
  push(Op::open_group, steps);
}

/// What the steps of a group leave to those that follow.
std::string Scheduler::Impl::add_step_outputs(StepsWork& work, NodeIndex group) {
  const Prepared& p = work.prepared;
  if (p.tmpl == p.resolved->json && !p.resolved->steps) return "";
  const std::string group_name(graph_[group].name);
  for (const Json& step : steps_of(work.tmpl().get_array("steps")[work.group])) {
    const std::string name = step.get_string("name");
    const std::string prefix = "steps." + name;
    const NodeIndex child = graph_.by_name(group_name + "." + name);
    if (child != kNoNode) {
      add_node_names(work.scope, prefix, graph_[child]);
      add_absent_outputs(work.scope, prefix, graph_[child], *work.prepared.resolved->inner, step, true);
      continue;
    }
    std::vector<NodeIndex> items;
    const std::string begin = group_name + "." + name + "(";
    for (const NodeIndex c : graph_.children(group)) {
      if (graph_[c].type == NodeType::skipped) continue;
      if (graph_[c].name.starts_with(begin)) items.push_back(c);
    }
    if (std::string error = aggregate(work.scope, prefix, items); !error.empty()) return error;
    add_node_names(work.scope, prefix, graph_[group]);
  }
  return "";
}

void Scheduler::Impl::complete_steps(NodeIndex steps) {
  auto* work = graph_[steps].as<StepsWork>();
  if (work->group_node != kNoNode) set_outbound(steps, graph_.children(work->group_node).list());
  Json outputs;
  if (std::string error = template_outputs(work->tmpl(), work->scope, outputs); !error.empty()) {
    return fail_call(steps, error);
  }
  if (!outputs.is_null()) {
    graph_[steps].outputs = std::move(outputs);
    add_global_outputs(graph_[steps].outputs);
  }
  save_memo(steps);
  set_phase(steps, Phase::succeeded);
}

}  // namespace skiff::runner
