// Metrics of templates and of the workflow: when they are emitted, and what their tags may speak of
// (operator.go computeMetrics and executeTemplate; steps.go prepareMetricScope).
#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"
#include "runner/core/resource_seconds.h"
#include "spec/names.h"
#include "spec/when.h"

namespace skiff::runner {
namespace {

/// More different complaints than these help nobody.
constexpr std::size_t kMostErrors = 20;

bool is_realtime(const Json& metric) { return metric.get("gauge").get_bool("realtime"); }

}  // namespace

/// The node runs a template with metrics: they are emitted when it comes to its end. Those that show how long
/// it has been running begin now.
void Scheduler::Impl::begin_metrics(NodeIndex i, const Prepared& p) {
  if (!p.resolved->json->get("metrics").is_object() || p.call.retried || graph_[i].memo_hit()) return;
  const auto [it, fresh] =
      measured_.emplace(i, Measured{p.resolved, p.tmpl, p.call.target.name, p.call.target.task});
  if (fresh) template_metrics(i, Measured(it->second), true);
}

void Scheduler::Impl::end_metrics(NodeIndex i) {
  const auto it = measured_.find(i);
  if (it == measured_.end()) return;
  const Measured measured = std::move(it->second);
  measured_.erase(it);
  template_metrics(i, measured, false);
}

/// A try has failed and another one follows; the last one counts as its Retry node.
void Scheduler::Impl::attempt_metrics(NodeIndex retry, NodeIndex attempt) {
  const auto it = measured_.find(retry);
  if (it != measured_.end()) template_metrics(attempt, Measured(it->second), false);
}

/// As written, with what is known now: Argo processes the template again each time.
void Scheduler::Impl::template_metrics(NodeIndex i, const Measured& of, bool realtime_only) {
  spec::Scope call(&globals_);
  call.set("node.name", std::string(graph_[i].name));
  call.set(of.task ? "tasks.name" : "steps.name", of.name);
  if (is_pod_type(of.resolved->type)) {
    call.set("pod.name", spec::pod_name(name_, graph_[i].name, of.resolved->name));
  }
  add_inputs(call, *of.tmpl);
  Json metrics = of.resolved->json->get("metrics");
  (void)spec::substitute_in_place(metrics, call, spec::Unresolved::keep);
  spec::Scope scope(&call);
  add_metric_names(scope, i, *of.tmpl);
  emit_metrics(
      metrics, scope,
      [&](std::string_view variable) -> std::optional<Elapsed> {
        const Node& n = graph_[i];
        if (variable != "duration") return std::nullopt;
        return Elapsed{n.started_at.value_or(now_), n.finished_at};
      },
      realtime_only);
}

/// `i` is the entry's node, or none at the workflow's beginning.
void Scheduler::Impl::workflow_metrics(NodeIndex i) {
  const Json& metrics = spec_.get("metrics");
  if (!metrics.is_object()) return;
  Target target;
  target.template_name = spec_.get_string("entrypoint");
  const TemplateBook::Answer entry = book_.resolve(book_.local(), target);
  spec::Scope scope(&globals_);
  add_metric_names(scope, i, entry.resolved ? *entry.resolved->json : Json());
  emit_metrics(
      metrics, scope,
      [&](std::string_view variable) -> std::optional<Elapsed> {
        if (variable == "workflow.duration") return Elapsed{started_at_, finished_at_};
        if (variable != "duration" || i == kNoNode) return std::nullopt;
        return Elapsed{graph_[i].started_at, graph_[i].finished_at};
      },
      i == kNoNode);
}

void Scheduler::Impl::emit_metrics(const Json& metrics, const spec::Scope& scope, const Clocks& clocks,
                                   bool realtime_only) {
  for (const Json& metric : metrics.get_array("prometheus")) {
    if (realtime_only && !is_realtime(metric)) continue;
    const std::string error = emit_metric(metric, scope, clocks);
    const auto& known = metric_errors_;
    if (error.empty() || known.size() >= kMostErrors) continue;
    if (std::find(known.begin(), known.end(), error) == known.end()) metric_errors_.push_back(error);
  }
}

/// What is wrong with it, or "".
std::string Scheduler::Impl::emit_metric(const Json& metric, const spec::Scope& scope, const Clocks& clocks) {
  const std::string name = metric.get_string("name");
  if (metric.get_string("help").empty()) {
    return fmt::format("metric '{}' must contain a help string under 'help: ' field", name);
  }
  const auto ready = spec::substitute(metric, scope, spec::Unresolved::reject);
  if (ready.error) {
    return fmt::format("unable to substitute parameters for metric '{}': {}", name, ready.error->message);
  }
  const spec::WhenResult when = spec::evaluate_when(ready.value.get_string("when"));
  if (!when.ok()) {
    return fmt::format("unable to compute 'when' clause for metric '{}': {}", name, when.error);
  }
  if (!when.value) return "";
  std::string error;
  if (is_realtime(metric)) {
    const std::string value = metric.get("gauge").get_string("value");
    const std::string_view variable = spec::lone_name(value);
    if (variable.empty()) return "real time metrics can only be used with metric variables";
    const std::optional<Elapsed> elapsed = clocks(variable);
    if (!elapsed) return fmt::format("'{}' is not available as a real time metric", variable);
    error = metrics_.follow(ready.value, *elapsed);
  } else {
    error = metrics_.add(ready.value);
  }
  if (error.empty()) return "";
  return fmt::format("could not construct metric '{}': {}", ready.value.get_string("name"), error);
}

/// The names that only metrics have; of no node, as before the first one.
void Scheduler::Impl::add_metric_names(spec::Scope& scope, NodeIndex i, const Json& tmpl) const {
  scope.set("duration", "0");
  scope.set("status", "Pending");
  scope.set("resourcesDuration.cpu", "0");
  scope.set("resourcesDuration.memory", "0");
  if (i == kNoNode) return;
  const Node& n = graph_[i];
  const TimePoint from = n.started_at.value_or(now_);
  const auto took = n.finished_at.value_or(now_) - from;
  scope.set("duration", fmt::format("{:f}", std::chrono::duration<double>(took).count()));
  if (n.phase != Phase::none) scope.set("status", std::string(spec::to_string(n.phase)));
  if (!n.children.empty()) scope.set("retries", std::to_string(graph_.children(i).list().size() - 1));
  for (const Json& p : n.said().inputs.get_array("parameters")) {
    scope.set("inputs.parameters." + p.get_string("name"), text_or_empty(p.get("value")));
  }
  for (const Json& p : n.outputs.get_array("parameters")) {
    scope.set("outputs.parameters." + p.get_string("name"), text_or_empty(p.get("value")));
  }
  if (const auto result = text_of(n.outputs.get("result"))) scope.set("outputs.result", *result);
  if (const auto code = text_of(n.outputs.get("exitCode"))) scope.set("exitCode", *code);
  if (n.type == NodeType::pod && completed(n.phase)) {
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(took).count();
    for (const auto& [resource, seconds] : resource_seconds(cost_of(tmpl), whole)) {
      scope.set("resourcesDuration." + resource, std::to_string(seconds));
    }
  }
}

}  // namespace skiff::runner
