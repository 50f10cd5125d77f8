// The variables of the whole workflow, its labels and annotations, and the pod fields that all its pods share
// (operator.go setGlobalParameters, updateWorkflowMetadata, substituteGlobalVariables).
#include <array>

#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"
#include "spec/names.h"
#include "spec/units.h"

namespace skiff::runner {
namespace {

/// Fields of the spec that are no pod's business.
constexpr std::array<std::string_view, 24> kNotForPods{"arguments",
                                                       "entrypoint",
                                                       "onExit",
                                                       "hooks",
                                                       "metrics",
                                                       "workflowMetadata",
                                                       "synchronization",
                                                       "parallelism",
                                                       "retryStrategy",
                                                       "ttlStrategy",
                                                       "podGC",
                                                       "podDisruptionBudget",
                                                       "suspend",
                                                       "shutdown",
                                                       "priority",
                                                       "activeDeadlineSeconds",
                                                       "templateDefaults",
                                                       "workflowTemplateRef",
                                                       "volumeClaimGC",
                                                       "artifactGC",
                                                       "templates",
                                                       "podPriority",
                                                       "schedule",
                                                       "executor"};

}  // namespace

void Scheduler::Impl::set_globals() {
  globals_.set("workflow.name", name_);
  globals_.set("workflow.namespace", namespace_);
  globals_.set("workflow.mainEntrypoint", spec_.get_string("entrypoint"));
  globals_.set("workflow.serviceAccountName", spec_.get_string("serviceAccountName", "default"));
  globals_.set("workflow.uid", metadata_.get_string("uid"));
  const std::string created = metadata_.get_string("creationTimestamp");
  globals_.set("workflow.creationTimestamp", created);
  globals_.set("workflow.creationTimestamp.RFC3339", created);
  if (const auto t = spec::parse_rfc3339(created)) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(t->time_since_epoch());
    globals_.set("workflow.creationTimestamp.s", std::to_string(seconds.count()));
    for (const char letter : spec::kStrftimeLetters) {
      if (auto text = spec::strftime_letter(letter, *t)) {
        globals_.set(fmt::format("workflow.creationTimestamp.{}", letter), std::move(*text));
      }
    }
  }
  if (const auto priority = spec_.get_int("priority")) {
    globals_.set("workflow.priority", std::to_string(*priority));
  }
  const Json& scheduled = metadata_.get("annotations").get("workflows.argoproj.io/scheduled-time");
  if (scheduled.is_string()) globals_.set("workflow.scheduledTime", scheduled.as_string());
}

/// An error's message, or empty.
std::string Scheduler::Impl::set_parameters() {
  const Json::Array& parameters = spec_.get("arguments").get_array("parameters");
  std::string all = parameters_json(parameters);
  globals_.set("workflow.parameters", all);
  globals_.set("workflow.parameters.json", std::move(all));
  for (const Json& p : parameters) {
    const std::string name = p.get_string("name");
    const std::string variable = "workflow.parameters." + name;
    if (auto value = text_of(p.get("value"))) {
      globals_.set(variable, std::move(*value));
      continue;
    }
    const Json& ref = p.get("valueFrom").get("configMapKeyRef");
    if (!ref.is_object()) {
      return fmt::format("either value or valueFrom must be specified in order to set global parameter {}",
                         name);
    }
    ConfigMapValue found = config_map_value(config_maps_, ref.get_string("name"), ref.get_string("key"));
    if (!found.value) found.value = text_of(p.get("valueFrom").get("default"));
    if (!found.value) {
      return fmt::format("failed to set global parameter {} from configmap with name {} and key {}: {}", name,
                         ref.get_string("name"), ref.get_string("key"), found.error);
    }
    globals_.set(variable, std::move(*found.value));
  }
  return "";
}

void Scheduler::Impl::set_labels_and_annotations() {
  const Json& own = spec_.get("workflowMetadata");
  for (const char* kind : {"labels", "annotations"}) {
    const std::string prefix = std::string("workflow.") + kind;
    const Json& map = metadata_.get(kind);
    const std::string all = map.is_object() ? go_json(map) : "null";
    globals_.set(prefix, all);
    globals_.set(prefix + ".json", all);
    const Json& from = own.get("labelsFrom");
    for (const Json* source : {&map, &own.get(kind)}) {
      if (!source->is_object()) continue;
      for (const auto& [key, value] : source->as_object()) {
        const bool later = std::string_view(kind) == "labels" && from.find(key) != nullptr;
        if (!later) globals_.set(prefix + "." + key, text_or_empty(value));
      }
    }
  }
}

void Scheduler::Impl::set_label(const std::string& key, const std::string& value) {
  metadata_["labels"].set(key, value);
}

/// spec.workflowMetadata becomes labels and annotations. An error's message, or empty.
std::string Scheduler::Impl::set_workflow_metadata() {
  const Json own = spec_.get("workflowMetadata");
  if (!own.is_object()) return "";
  spec::Scope updated;
  const auto put = [&](const char* kind, const std::string& key, const std::string& value) {
    metadata_[kind].set(key, value);
    const std::string variable = std::string("workflow.") + kind + "." + key;
    globals_.set(variable, value);
    updated.set(variable, value);
  };
  for (const char* kind : {"labels", "annotations"}) {
    if (!own.get(kind).is_object()) continue;
    for (const auto& [key, v] : own.get(kind).as_object()) {
      const std::string value = text_or_empty(v);
      const std::string wrong = std::string_view(kind) == "labels" ? spec::check_label_value(value) : "";
      if (!wrong.empty())
        return fmt::format("invalid label value \"{}\" for label \"{}\": {}", value, key, wrong);
      put(kind, key, value);
    }
  }
  if (own.get("labelsFrom").is_object()) {
    for (const auto& [key, from] : own.get("labelsFrom").as_object()) {
      const std::string expression = from.get_string("expression");
      const spec::Evaluated result = spec::evaluate_expression(expression, globals_);
      if (!result.error.empty()) {
        return fmt::format("failed to evaluate label \"{}\" expression \"{}\": {}", key, expression,
                           result.error);
      }
      if (!result.value.is_string()) {
        return fmt::format(
            "failed to evaluate label \"{}\" expression \"{}\" evaluted to {} but must be a string", key,
            expression, spec::to_json(result.value));
      }
      const std::string wrong = spec::check_label_value(result.value.as_string());
      if (!wrong.empty()) {
        return fmt::format("invalid label value \"{}\" for label \"{}\" and expression \"{}\": {}",
                           result.value.as_string(), key, expression, wrong);
      }
      put("labels", key, result.value.as_string());
    }
  }
  if (auto error = spec::substitute_in_place(spec_, updated, spec::Unresolved::keep)) return error->message;
  return "";
}

/// What changes while the workflow runs; set before anybody may ask.
void Scheduler::Impl::set_runtime_globals() {
  set_duration();
  Phase phase = entry_ == kNoNode ? Phase::running : graph_[entry_].phase;
  if (phase == Phase::skipped || phase == Phase::omitted) phase = Phase::succeeded;
  globals_.set("workflow.status", std::string(spec::to_string(phase)));
  globals_.set("workflow.failures", spec::quote_json(failures_json()));
}

void Scheduler::Impl::set_duration() {
  const auto since = now_ - started_at_.value_or(now_);
  globals_.set("workflow.duration", fmt::format("{:f}", static_cast<double>(since.count()) / 1000.0));
}

/// What failed, as JSON; "null" if nothing did.
std::string Scheduler::Impl::failures_json() const {
  Json list;
  for (NodeIndex i = 0; any_failed_ && i < graph_.size(); ++i) {
    const Node& n = graph_[i];
    if (n.gone || !failed_or_error(n.phase)) continue;
    const std::string tmpl = n.origin->template_ref.is_object()
                                 ? n.origin->template_ref.get_string("template")
                                 : n.origin->template_name;
    Json one = Json::object();
    one.set("displayName", n.display_name());
    one.set("message", n.said().message);
    one.set("templateName", tmpl);
    one.set("phase", spec::to_string(n.phase));
    one.set("podName", spec::pod_name(name_, n.name, tmpl));
    one.set("finishedAt", n.finished_at ? Json(spec::to_rfc3339(*n.finished_at)) : Json());
    list.push_back(std::move(one));
  }
  return spec::to_json(list, {.escape_html = true});
}

Json Scheduler::Impl::pod_fields() const {
  Json out = spec_;
  for (const std::string_view field : kNotForPods) out.erase(field);
  return out;
}

/// The pod fields as text with the names of the boundary and those around it put in: volumes may speak of
/// outputs of steps (substituteParamsInVolumes).
std::string Scheduler::Impl::pod_fields_for(NodeIndex boundary) const {
  Json out = pod_fields_;
  for (NodeIndex b = boundary; b != kNoNode; b = graph_[b].boundary) {
    const Composite* work = composite(b);
    if (work != nullptr) (void)spec::substitute_in_place(out, work->scope, spec::Unresolved::keep);
  }
  return spec::to_json(out);
}

}  // namespace skiff::runner
