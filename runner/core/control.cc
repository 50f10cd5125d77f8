// The user's hand on a running workflow: suspend, resume, stop, terminate, set; and the workflow's deadline,
// which ends its pods as a stop does (exec_control.go, workflow/util/util.go).
#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"
#include "runner/core/selector.h"

namespace skiff::runner {
namespace {

template <class... F>
struct Overload : F... {
  using F::operator()...;
};
template <class... F>
Overload(F...) -> Overload<F...>;

const char* strategy_name(bool stop) { return stop ? "Stop" : "Terminate"; }

bool is_suspended(const Node& n) {
  return !n.gone && n.type == NodeType::suspend && n.phase == Phase::running;
}

/// Why the outputs cannot be given to the node; empty if they can.
std::string refuse_outputs(const Node& node, const Json& values) {
  if (!values.is_object() || values.empty()) return "";
  if (node.outputs.is_null()) {
    return "cannot set output parameters because node is not expecting any raw parameters";
  }
  for (const auto& [name, value] : values.as_object()) {
    const Json* p = find_named(node.outputs.get_array("parameters"), name);
    if (p == nullptr) return fmt::format("node is not expecting output parameter '{}'", name);
    if (p->get("valueFrom").find("supplied") == nullptr) {
      return fmt::format(
          "cannot set output parameter '{}' because it does not use valueFrom.raw or it was already set",
          name);
    }
  }
  return "";
}

}  // namespace

// --------------------------------------------------------------------------------- stop, terminate

void Scheduler::Impl::take(const Stop& e) {
  if (!e.selector.empty()) {
    take(SetNodes{e.selector, "Failed", e.message, Json()});
    return;
  }
  shut_down(Shutdown::stop);
}

void Scheduler::Impl::take(const Terminate&) { shut_down(Shutdown::terminate); }

void Scheduler::Impl::shut_down(Shutdown how) {
  if (finished_ || end_ || shutdown_ == Shutdown::terminate) return;
  shutdown_ = how;
  suspended_ = false;
  // One that is only stopped waits on: then its nodes fail, and its exit handler runs.
  if (waits_for_lock_ && how == Shutdown::stop) return;
  if (waits_for_lock_) {
    waits_for_lock_ = false;
    emit(ReleaseLocks{""});
    return end_workflow(Phase::failed,
                        fmt::format("Stopped with strategy '{}'", strategy_name(how == Shutdown::stop)));
  }
  const NodeIndex count = graph_.size();
  for (NodeIndex i = 0; i < count; ++i) shut_down_node(i);
  take_deferred();
}

void Scheduler::Impl::shut_down_node(NodeIndex i) {
  Node& n = graph_[i];
  if (n.gone || may_run(n.on_exit)) return;
  if (n.as<DagWork>() != nullptr) push(Op::dag_check, i);
  if (n.fulfilled()) return;
  const char* how = strategy_name(shutdown_ == Shutdown::stop);
  const std::string stopped = fmt::format("Stopped with strategy '{}'", how);
  if (is_suspended(n) || n.type == NodeType::http || n.type == NodeType::plugin) {
    return pod_over(i, Phase::failed, stopped, "the workflow is stopped");
  }
  if (n.pod_live) {
    return pod_over(i, Phase::failed, fmt::format("workflow shutdown with strategy:  {}", how),
                    "the workflow is stopped");
  }
  if (n.phase == Phase::pending && !n.said().waiting_lock.empty()) {
    if (waiting_.erase(graph_.id(i)) != 0) emit(ReleaseLocks{graph_.id(i)});
    return set_phase(i, Phase::failed, stopped);
  }
  if (auto* retry = n.as<RetryWork>(); retry != nullptr && retry->wait_until) {
    retry->wait_until.reset();
    n.outputs = graph_[retry->attempts.back()].outputs;
    set_phase(i, Phase::failed, stopped);
  }
}

/// The workflow's activeDeadlineSeconds are over: what runs ends, exit handlers excepted.
void Scheduler::Impl::past_deadline() {
  past_deadline_ = true;
  constexpr const char* kOver = "Step exceeded its deadline";
  const NodeIndex count = graph_.size();
  for (NodeIndex i = 0; i < count; ++i) {
    Node& n = graph_[i];
    if (n.gone || n.on_exit || n.fulfilled()) continue;
    if (n.pod_live || is_suspended(n)) {
      pod_over(i, Phase::failed, kOver, "the workflow's deadline is over");
    } else if (n.phase == Phase::pending && !n.said().waiting_lock.empty()) {
      if (waiting_.erase(graph_.id(i)) != 0) emit(ReleaseLocks{graph_.id(i)});
      set_phase(i, Phase::failed, kOver);
    } else if (auto* retry = n.as<RetryWork>(); retry != nullptr && retry->wait_until) {
      retry->wait_until.reset();
      judge_attempt(i);
    }
  }
}

Json Scheduler::Impl::commanded() const {
  Json out = Json::object();
  if (suspended_) out.set("suspend", true);
  if (shutdown_ != Shutdown::none) out.set("shutdown", strategy_name(shutdown_ == Shutdown::stop));
  return out;
}

// --------------------------------------------------------------------------------- suspend, resume

void Scheduler::Impl::take(const Suspend&) { suspended_ = !finished_ && !end_; }

void Scheduler::Impl::take(const Resume& e) {
  if (!e.selector.empty()) {
    take(SetNodes{e.selector, "Succeeded", e.message, e.output_parameters});
    return;
  }
  resume_all(e.message);
}

/// Whether the event is kept until the workflow is resumed: it would begin something.
bool Scheduler::Impl::defers(Deferred event) {
  if (!suspended_ || end_) return false;
  deferred_.push_back(std::move(event));
  return true;
}

void Scheduler::Impl::take_deferred() {
  for (const Deferred& event : std::exchange(deferred_, {})) {
    std::visit(Overload{[this](const auto& e) { take(e); }, [this](NodeIndex retry) { backoff_over(retry); }},
               event);
  }
}

void Scheduler::Impl::resume_all(const std::string& message) {
  suspended_ = false;
  take_deferred();
  const NodeIndex count = graph_.size();
  for (NodeIndex i = 0; i < count; ++i) {
    if (!is_suspended(graph_[i])) continue;
    std::string error;
    if (!default_outputs(i, error)) continue;
    const std::string& before = graph_[i].said().message;
    set_phase(i, Phase::succeeded, before.empty() ? message : before + "; " + message);
  }
}

std::vector<NodeIndex> Scheduler::Impl::suspended_nodes(const std::string& text) const {
  std::vector<NodeIndex> out;
  const NodeSelector selector(text);
  if (!selector.error().empty()) return out;
  for (NodeIndex i = 0; i < graph_.size(); ++i) {
    if (is_suspended(graph_[i]) && selector.matches(graph_.status(i))) out.push_back(i);
  }
  return out;
}

void Scheduler::Impl::take(const SetNodes& e) {
  for (const NodeIndex i : suspended_nodes(e.selector)) set_suspended_node(i, e);
}

/// A suspend node gets what the user gives it (updateSuspendedNode).
void Scheduler::Impl::set_suspended_node(NodeIndex i, const SetNodes& e) {
  Node& n = graph_[i];
  if (!refuse_outputs(n, e.output_parameters).empty()) return;
  if (e.output_parameters.is_object()) {
    Json outputs = n.outputs;
    for (const auto& [name, value] : e.output_parameters.as_object()) {
      for (Json& p : outputs.find("parameters")->as_array()) {
        if (p.get_string("name") != name) continue;
        p.set("value", text_or_empty(value));
        p.erase("valueFrom");
      }
    }
    n.outputs = std::move(outputs);
    add_global_outputs(n.outputs);
    graph_.touch(i);
  }
  if (!e.message.empty()) set_message(i, e.message);
  if (const Phase phase = spec::phase_from(e.phase); phase != Phase::none) set_phase(i, phase);
}

// ---------------------------------------------------------------------------------------- refusals

/// In Argo's words (workflow/util/util.go). What is over or not suspended may be resumed: nothing happens.
std::string Scheduler::Impl::refuse(const Event& command) const {
  const auto over = [this] {
    return finished_ ? fmt::format("cannot shutdown a completed workflow: workflow: {}, namespace: {}",
                                   spec::quote_json(name_), spec::quote_json(namespace_))
                     : std::string();
  };
  const auto nodes = [this](const std::string& selector, const Json& outputs) -> std::string {
    const NodeSelector parsed(selector);
    if (!parsed.error().empty()) return parsed.error();
    const std::vector<NodeIndex> picked = suspended_nodes(selector);
    if (picked.empty()) {
      return fmt::format(
          "currently, set only targets suspend nodes: no suspend nodes matching nodeFieldSelector: {}",
          selector);
    }
    for (const NodeIndex i : picked) {
      if (std::string why = refuse_outputs(graph_[i], outputs); !why.empty()) return why;
    }
    return "";
  };
  const Overload visit{
      [&](const Suspend&) { return finished_ ? std::string("cannot suspend completed workflows") : ""; },
      [&](const Terminate&) { return over(); },
      [&](const Stop& e) { return e.selector.empty() ? over() : nodes(e.selector, Json()); },
      [&](const Resume& e) {
        return e.selector.empty() ? refuse_resume() : nodes(e.selector, e.output_parameters);
      },
      [&](const SetNodes& e) -> std::string {
        if (e.selector.empty()) {
          return "'set' currently only targets suspend nodes, use a node field selector to target them";
        }
        if (!e.phase.empty() && spec::phase_from(e.phase) == Phase::none) {
          return fmt::format("`{}` is no phase of a node; write Succeeded, Failed or Error", e.phase);
        }
        return nodes(e.selector, e.output_parameters);
      },
      [&](const RetryWorkflow& e) { return refuse_retry(e); },
      [](const auto&) { return std::string(); },
  };
  return std::visit(visit, command);
}

/// Outputs without a value or default keep a suspend node from being resumed.
std::string Scheduler::Impl::refuse_resume() const {
  for (NodeIndex i = 0; i < graph_.size(); ++i) {
    if (!is_suspended(graph_[i])) continue;
    for (const Json& p : graph_[i].outputs.get_array("parameters")) {
      const Json& from = p.get("valueFrom");
      if (from.find("supplied") == nullptr || !from.get("default").is_null()) continue;
      return fmt::format("raw output parameter '{}' has not been set and does not have a default value",
                         p.get_string("name"));
    }
  }
  return "";
}

}  // namespace skiff::runner
