// Hooks and exit handlers of steps and tasks: started when their expression holds, awaited before what
// depends on the node goes on (workflow/controller/hooks.go, exit_handler.go).
#include <algorithm>

#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"

namespace skiff::runner {
namespace {

/// Argo's Completed: skipped and omitted nodes have no exit handler.
bool has_ended(Phase phase) { return phase == Phase::succeeded || failed_or_error(phase); }

/// An expression that must be a boolean.
bool holds(const std::string& expression, const spec::Scope& scope, std::string& error) {
  const spec::Evaluated result = spec::evaluate_expression(expression, scope);
  error = result.error;
  if (error.empty() && !result.value.is_bool()) {
    error = fmt::format("unable to cast expression result '{}' to bool", spec::to_json(result.value));
  }
  return error.empty() && result.is_true();
}

}  // namespace

/// The names that a hook of the node sees: those of its template, and the node's own status.
spec::Scope Scheduler::Impl::hook_scope(NodeIndex i) const {
  const Node& n = graph_[i];
  const Composite* boundary = composite(n.boundary);
  spec::Scope scope(boundary != nullptr ? &boundary->scope : &globals_);
  const std::string phase(spec::to_string(n.phase));
  scope.set(n.hooks->spec->prefix + n.hooks->name + ".status", phase);
  if (n.display_name() != n.hooks->name) {
    scope.set(fmt::format("{}{}.status", n.hooks->spec->prefix, n.display_name()), phase);
  }
  return scope;
}

/// Starts the hooks whose time has come. True once all that have started are done, the exit handler included.
bool Scheduler::Impl::advance_hooks(NodeIndex i) {
  Node& n = graph_[i];
  if (composite(n.boundary) == nullptr) return true;
  const std::shared_ptr<const HookSpec> spec = n.hooks->spec;
  bool open = false;
  std::uint32_t slot = 0;
  if (spec->hooks.is_object()) {
    for (const auto& [name, hook] : spec->hooks.as_object()) {
      HookState& state = n.hooks->each[slot];
      if (!state.fired) fire_hook(i, slot, name, hook);
      open = open || (state.fired && !state.done);
      ++slot;
    }
  }
  if (open) return false;
  if (!has_ended(n.phase) || spec->exit.is_null() || n.hooks->exit_later) return true;
  if (!n.hooks->exit.fired) {
    n.hooks->exit.fired = true;
    n.hooks->exit.done = !start_exit(i);
  }
  return n.hooks->exit.done;
}

void Scheduler::Impl::fire_hook(NodeIndex i, std::uint32_t slot, const std::string& name, const Json& hook) {
  Node& n = graph_[i];
  HookState& state = n.hooks->each[slot];
  Call call;
  call.name = fmt::format("{}.hooks.{}", n.name, name);
  const std::string expression = hook.get_string("expression");
  spec::Scope scope = hook_scope(i);
  std::string error = expression.empty() ? "Expression required for hook " + call.name : "";
  const bool now = error.empty() && (graph_.by_name(call.name) != kNoNode || holds(expression, scope, error));
  if (!error.empty()) {
    state.fired = state.done = true;
    return hook_error(i, error);
  }
  if (!now) return;
  state.fired = true;
  call.arguments = hook.get("arguments");
  if (has_arguments(call.arguments) && !outputs_node(n)->outputs.is_null()) {
    error = resolve_hook_arguments(call.arguments, i, scope);
  }
  if (!error.empty()) {
    state.done = true;
    return hook_error(i, error);
  }
  call.target = Target::of(hook, false);
  call.target.name.clear();
  call.base = composite(n.boundary)->prepared.resolved->inner;
  call.boundary = n.boundary;
  call.owner = {OwnerKind::hook, i, slot};
  call.hooked = true;
  call.depth = static_cast<std::uint16_t>(n.depth + 1);
  launch(std::move(call));
}

/// Starts the exit handler of a node that has ended; false if there is none to run.
bool Scheduler::Impl::start_exit(NodeIndex i) {
  Node& n = graph_[i];
  const Json& hook = n.hooks->spec->exit;
  if (!may_run(true)) return false;
  spec::Scope scope = hook_scope(i);
  if (const std::string expression = hook.get_string("expression"); !expression.empty()) {
    std::string error;
    const bool wanted = holds(expression, scope, error);
    if (!error.empty()) exit_error(i, error);
    if (!wanted) return false;
  }
  Call call;
  call.name = fmt::format("{}.onExit", n.name);
  call.arguments = hook.get("arguments");
  if (has_arguments(call.arguments)) {
    if (const std::string error = resolve_hook_arguments(call.arguments, i, scope); !error.empty()) {
      exit_error(i, error);
      return false;
    }
  }
  call.target = Target::of(hook, false);
  call.target.name.clear();
  Composite* boundary = composite(n.boundary);
  call.base = boundary->prepared.resolved->inner;
  call.boundary = n.boundary;
  call.owner = {OwnerKind::exit, i, 0};
  call.hooked = true;
  call.on_exit = true;
  call.depth = static_cast<std::uint16_t>(n.depth + 1);
  ++boundary->exits;
  launch(std::move(call));
  return true;
}

/// Gives the arguments of a hook the values it may use, the node's own outputs among them
/// (resolveExitTmplArgument). An error's message, or empty.
std::string Scheduler::Impl::resolve_hook_arguments(Json& args, NodeIndex i, spec::Scope& scope) const {
  const Node& n = graph_[i];
  const std::string prefix = n.hooks->spec->prefix + n.hooks->name + ".outputs.";
  const Json& outputs = outputs_node(n)->outputs;
  for (const Json& p : outputs.get_array("parameters")) {
    scope.set(prefix + "parameters." + p.get_string("name"), text_or_empty(p.get("value")));
  }
  for (const Json& a : outputs.get_array("artifacts")) {
    scope.set_artifact(prefix + "artifacts." + a.get_string("name"), a);
  }
  mark_absent(args, scope);
  if (auto error = spec::substitute_in_place(args, scope, spec::Unresolved::keep)) return error->message;
  return resolve_artifacts(args, scope, true);
}

void Scheduler::Impl::hook_settled(NodeIndex parent, std::uint32_t slot) {
  if (!graph_[parent].hooks) return;
  graph_[parent].hooks->each[slot].done = true;
  push(Op::fulfilled, parent);
}

void Scheduler::Impl::exit_settled(NodeIndex parent) {
  if (!graph_[parent].hooks) return;
  graph_[parent].hooks->exit.done = true;
  if (Composite* boundary = composite(graph_[parent].boundary)) --boundary->exits;
  if (graph_[parent].hooks->exit_later) {
    if (auto* dag = graph_[graph_[parent].owner.node].as<DagWork>()) --dag->loop_exits;
    return push(Op::dag_check, graph_[parent].owner.node);
  }
  push(Op::fulfilled, parent);
}

/// A hook that cannot be carried out fails the group of the step, or the task; that of a target the whole DAG
/// (dag.go executeDAG).
void Scheduler::Impl::hook_error(NodeIndex parent, const std::string& error) {
  const Owner owner = graph_[parent].owner;
  if (owner.kind == OwnerKind::step) fail_group(owner.node, error);
  if (owner.kind != OwnerKind::task) return;
  const auto* dag = graph_[owner.node].as<DagWork>();
  if (dag == nullptr || completed(graph_[owner.node].phase)) return;
  const bool target =
      std::find(dag->targets.begin(), dag->targets.end(), dag->item_task[owner.slot]) != dag->targets.end();
  if (!target || graph_[parent].phase != Phase::pending) set_phase(parent, Phase::error, error);
  if (target) fail_call(owner.node, error);
}

/// An exit handler that cannot be begun fails the group of the step; a DAG goes on without it (steps.go
/// executeStepGroup, dag.go executeDAGTask).
void Scheduler::Impl::exit_error(NodeIndex parent, const std::string& error) {
  if (graph_[parent].owner.kind == OwnerKind::step) hook_error(parent, error);
}

}  // namespace skiff::runner
