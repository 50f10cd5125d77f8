// The workflow as a whole: its beginning, its entrypoint, its hooks and exit handler, and the phase that it
// ends in (operator.go operate, markWorkflowPhase).
#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"

namespace skiff::runner {
namespace {

std::string_view strategy_name(bool stop) { return stop ? "Stop" : "Terminate"; }

}  // namespace

void Scheduler::Impl::take(const Begin&) {
  if (begun_) return;
  begun_ = true;
  if (!refusal_.empty()) return end_workflow(Phase::error, refusal_);
  set_globals();
  set_labels_and_annotations();
  if (spec_.get("workflowTemplateRef").is_object()) {
    const Json& ref = spec_.get("workflowTemplateRef");
    set_label(ref.get_bool("clusterScope") ? "workflows.argoproj.io/cluster-workflow-template"
                                           : "workflows.argoproj.io/workflow-template",
              ref.get_string("name"));
  }
  std::string error = set_parameters();
  if (!error.empty()) return end_workflow(Phase::failed, "failed to set global parameters: " + error);
  if (auto wrong = spec::substitute_in_place(spec_, globals_, spec::Unresolved::keep)) {
    return end_workflow(Phase::error, wrong->message);
  }
  error = set_parameters();  // a parameter's value may have held a tag
  if (error.empty()) error = set_workflow_metadata();
  if (!error.empty()) return end_workflow(Phase::error, error);
  set_label("workflows.argoproj.io/completed", "false");
  suspended_ = spec_.get_bool("suspend");
  if (const Json& locks = spec_.get("synchronization"); locks.is_object()) {
    phase_ = "Pending";
    set_label("workflows.argoproj.io/phase", phase_);
    waits_for_lock_ = true;
    if (const std::string why = invalid_own_locks(); !why.empty()) {
      return take(LocksRefused{"", why});
    }
    if (AcquireLocks order = own_locks(); !order.locks.empty()) return emit(std::move(order));
  }
  start_workflow();
}

/// Everything it waited for is there: it runs.
void Scheduler::Impl::start_workflow() {
  waits_for_lock_ = false;
  phase_ = "Running";
  message_.clear();
  set_label("workflows.argoproj.io/phase", phase_);
  metadata_["annotations"].set("workflows.argoproj.io/pod-name-format", "v2");
  if (!started_at_) started_at_ = now_;
  set_runtime_globals();
  if (const auto seconds = spec_.get_int("activeDeadlineSeconds")) {
    deadline_ = std::chrono::floor<std::chrono::seconds>(*started_at_) + std::chrono::seconds(*seconds);
    set_timer(*deadline_, TimerKind::workflow);
    if (*deadline_ <= now_) past_deadline_ = true;
  }
  workflow_metrics(kNoNode);
  pod_fields_ = pod_fields();
  tagged_volumes_ = spec::tree_has_tags(pod_fields_);
  if (spec_.get("hooks").is_object()) hooks_.resize(spec_.get("hooks").size());
  push(Op::open_group);
}

void Scheduler::Impl::launch_entry() {
  Call call;
  call.name = name_;
  call.target.template_name = spec_.get_string("entrypoint");
  call.base = &book_.local();
  call.arguments = spec_.get("arguments");
  call.owner = {OwnerKind::entry, kNoNode, 0};
  call.depth = 1;
  launch(std::move(call));
}

/// The entry node has changed, or a hook or the exit handler is done: on with what comes after.
void Scheduler::Impl::entry_changed() {
  if (end_ || entry_ == kNoNode) return;
  if (graph_[entry_].daemoned && !completed(graph_[entry_].phase)) kill_daemons(kNoNode);
  set_runtime_globals();
  if (!advance_workflow_hooks()) return;
  const Node& entry = graph_[entry_];
  if (end_ || !completed(entry.phase) || !graph_[entry_].told) return;
  if (!advance_workflow_exit() || end_) return;
  kill_daemons(kNoNode);
  workflow_metrics(entry_);
  const bool stopped = failed_or_error(entry.phase) && shutdown_ != Shutdown::none;
  const std::string message =
      stopped ? fmt::format("Stopped with strategy '{}'", strategy_name(shutdown_ == Shutdown::stop))
              : entry.said().message;
  if (failed_or_error(entry.phase)) return end_workflow(entry.phase, message);
  const NodeIndex exit = exit_.node;
  if (exit != kNoNode && failed_or_error(graph_[exit].phase)) {
    return end_workflow(graph_[exit].phase, graph_[exit].said().message);
  }
  end_workflow(Phase::succeeded, "");
}

/// True once all hooks that have started are done.
bool Scheduler::Impl::advance_workflow_hooks() {
  bool open = false;
  std::uint32_t slot = 0;
  const Json& hooks = spec_.get("hooks");
  if (!hooks.is_object()) return true;
  for (const auto& [name, hook] : hooks.as_object()) {
    HookState& state = hooks_[slot];
    if (name != "exit" && !state.fired) {
      const spec::Evaluated result = spec::evaluate_expression(hook.get_string("expression"), globals_);
      std::string error = result.error;
      if (hook.get_string("expression").empty()) {
        error = fmt::format("Expression required for hook {}.hooks.{}", name_, name);
      } else if (error.empty() && !result.value.is_bool()) {
        error = fmt::format("unable to cast expression result '{}' to bool", spec::to_json(result.value));
      }
      const std::string node_name = fmt::format("{}.hooks.{}", name_, name);
      if (!error.empty()) {
        state.fired = state.done = true;
        if (!completed(graph_[entry_].phase)) set_phase(entry_, Phase::error, error);
      } else if (result.is_true() || graph_.by_name(node_name) != kNoNode) {
        state.fired = true;
        launch_workflow_hook(slot, node_name, hook, OwnerKind::workflow_hook);
      }
    }
    open = open || (state.fired && !state.done);
    ++slot;
  }
  return !open;
}

/// True if there is no exit handler to wait for.
bool Scheduler::Impl::advance_workflow_exit() {
  if (exit_.done) return true;
  if (exit_.fired) return false;
  const std::string on_exit = spec_.get_string("onExit");
  Json hook;
  if (!on_exit.empty()) {
    hook.set("template", on_exit);
  } else {
    hook = spec_.get("hooks").get("exit");
  }
  if (hook.is_null() || !may_run(true)) return true;
  if (!has_arguments(hook.get("arguments"))) hook.set("arguments", spec_.get("arguments"));
  exit_.fired = true;
  launch_workflow_hook(0, name_ + ".onExit", hook, OwnerKind::workflow_exit);
  return exit_.done;
}

void Scheduler::Impl::launch_workflow_hook(std::uint32_t slot, const std::string& name, const Json& hook,
                                           OwnerKind kind) {
  Call call;
  call.name = name;
  call.target = Target::of(hook, false);
  call.target.name.clear();
  call.base = &book_.local();
  call.arguments = hook.get("arguments");
  call.owner = {kind, kNoNode, slot};
  call.hooked = true;
  call.on_exit = kind == OwnerKind::workflow_exit;
  call.depth = 1;
  launch(std::move(call));
}

/// It is decided how the workflow ends. It is over when nothing of it runs any more.
void Scheduler::Impl::end_workflow(Phase phase, std::string message) {
  if (end_) return;
  end_ = Finish{phase, std::move(message)};
  held_.clear();
  for (const auto& [holder, prepared] : waiting_) {
    if (!memo_asked_.contains(holder)) emit(ReleaseLocks{holder});
  }
  waiting_.clear();
  memo_asked_.clear();
  measured_.clear();
  push(Op::conclude);
}

void Scheduler::Impl::conclude() {
  if (!end_ || finished_ || live_pods_ != 0) return;
  for (NodeIndex i = 0; i < graph_.size(); ++i) {
    Node& n = graph_[i];
    let_go(i);
    n.hooks.reset();
    if (n.gone || completed(n.phase)) continue;
    const bool entry_error = i == entry_ && end_->phase == Phase::error;
    n.phase = entry_error ? Phase::error : Phase::failed;
    n.say().message = entry_error ? "Workflow operation error" : "the workflow ended before this node did";
    n.finished_at = now_;
    if (n.locked) unlock(i);
    graph_.touch(i);
  }
  mark_deleted_artifacts();
  finished_ = true;
  finished_at_ = now_;
  if (!started_at_) started_at_ = now_;
  phase_ = spec::to_string(end_->phase);
  message_ = end_->message;
  set_label("workflows.argoproj.io/phase", phase_);
  set_label("workflows.argoproj.io/completed", "true");
  queue_.clear();
  if (locked_) emit(ReleaseLocks{""});
  locked_ = false;
  emit(*end_);
}

/// Artifacts that go with the workflow's completion say so (workflow/controller/artifact_gc.go); whoever
/// hears of the end removes them. Those of a memo hit are another workflow's.
void Scheduler::Impl::mark_deleted_artifacts() {
  const std::string general = spec_.get("artifactGC").get_string("strategy");
  for (NodeIndex i = 0; i < graph_.size(); ++i) {
    Node& n = graph_[i];
    if (n.gone || n.outputs.get_array("artifacts").empty() || n.memo_hit()) continue;
    Json outputs = n.outputs;
    bool any = false;
    for (Json& artifact : outputs.find("artifacts")->as_array()) {
      const std::string own = artifact.get("artifactGC").get_string("strategy");
      if ((own.empty() ? general : own) != "OnWorkflowCompletion" || artifact.get("raw").is_object())
        continue;
      artifact.set("deleted", true);
      any = true;
    }
    if (!any) continue;
    n.outputs = std::move(outputs);
    graph_.touch(i);
  }
}

Json Scheduler::Impl::status() const {
  Json out = Json::object();
  if (!phase_.empty()) out.set("phase", phase_);
  out.set("startedAt", started_at_ ? Json(spec::to_rfc3339(*started_at_)) : Json());
  out.set("finishedAt", finished_at_ ? Json(spec::to_rfc3339(*finished_at_)) : Json());
  out.set("progress", fmt::format("{}/{}", progress_done_, progress_total_));
  if (!message_.empty()) out.set("message", message_);
  if (!outputs_.is_null()) out.set("outputs", outputs_);
  if (!repository_.is_null()) out.set("artifactRepositoryRef", repository_);
  Json conditions = Json::array();
  const auto condition = [&](const char* type, bool value) {
    Json c = Json::object();
    c.set("type", type);
    c.set("status", value ? "True" : "False");
    conditions.push_back(std::move(c));
  };
  condition("PodRunning", active_pods_ != 0);
  if (finished_) condition("Completed", true);
  if (!metric_errors_.empty()) {
    condition("MetricsError", true);
    conditions.as_array().back().set("message", fmt::format("{}", fmt::join(metric_errors_, ", ")));
  }
  out.set("conditions", std::move(conditions));
  if (spec_.get("workflowTemplateRef").is_object()) {
    Json stored = spec_;
    for (const char* big : {"arguments", "hooks", "volumes"}) {
      if (!finished_) stored.erase(big);
    }
    out.set("storedWorkflowTemplateSpec", std::move(stored));
  }
  return out;
}

}  // namespace skiff::runner
