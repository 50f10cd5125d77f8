// Documents of Argo 3 rewritten to the spelling of Argo 4, as `argo convert` does
// (workflow/convert/legacy_types.go).
#include <array>

#include "spec/decode.h"

namespace skiff::spec {

namespace {

/// Puts the lone value of `singular` at the end of the list `plural`.
bool pluralise(Json& owner, std::string_view singular, std::string_view plural, bool replaces) {
  const Json* lone = owner.find(singular);
  if (lone == nullptr) return false;
  Json value = *lone;
  owner.erase(singular);
  const bool empty = value.is_null() || (value.is_string() && value.as_string().empty());
  if (empty) return true;
  Json& all = owner[plural];
  if (!all.is_array() || replaces) all = Json::array();
  all.push_back(std::move(value));
  return true;
}

bool convert_synchronization(Json& owner) {
  Json* sync = owner.find("synchronization");
  if (sync == nullptr) return false;
  bool changed = pluralise(*sync, "semaphore", "semaphores", false);
  changed = pluralise(*sync, "mutex", "mutexes", false) || changed;
  return changed;
}

bool convert_template(Json& tmpl);

/// A step's or task's `onExit` becomes its exit hook, which means the same (workflow_types.go GetExitHook).
bool convert_call(Json& call) {
  bool changed = false;
  if (const Json* on_exit = call.find("onExit"); on_exit != nullptr && on_exit->is_string()) {
    Json hook = Json::object();
    hook.set("template", on_exit->as_string());
    call.erase("onExit");
    call["hooks"].set("exit", std::move(hook));
    changed = true;
  }
  if (Json* inlined = call.find("inline"); inlined != nullptr)
    changed = convert_template(*inlined) || changed;
  return changed;
}

bool convert_calls(Json* calls) {
  if (calls == nullptr || !calls->is_array()) return false;
  bool changed = false;
  for (Json& call : calls->as_array())
    changed = (call.is_array() ? convert_calls(&call) : convert_call(call)) || changed;
  return changed;
}

bool convert_template(Json& tmpl) {
  if (!tmpl.is_object()) return false;
  bool changed = convert_synchronization(tmpl);
  for (const std::string_view gone : {"priority", "podPriority"}) changed = tmpl.erase(gone) || changed;
  changed = convert_calls(tmpl.find("steps")) || changed;
  if (Json* dag = tmpl.find("dag"); dag != nullptr) changed = convert_calls(dag->find("tasks")) || changed;
  return changed;
}

bool convert_spec(Json& spec) {
  if (!spec.is_object()) return false;
  bool changed = convert_synchronization(spec);
  changed = spec.erase("podPriority") || changed;
  if (Json* defaults = spec.find("templateDefaults"); defaults != nullptr) {
    changed = convert_template(*defaults) || changed;
  }
  if (Json* templates = spec.find("templates"); templates != nullptr && templates->is_array()) {
    for (Json& tmpl : templates->as_array()) changed = convert_template(tmpl) || changed;
  }
  return changed;
}

}  // namespace

bool convert_to_current(Json& value) {
  Json* spec = value.find("spec");
  if (spec == nullptr || !spec->is_object()) return false;
  const std::string kind = value.get_string("kind");
  if (kind == "CronWorkflow") {
    bool changed = pluralise(*spec, "schedule", "schedules", true);
    if (Json* inner = spec->find("workflowSpec"); inner != nullptr) changed = convert_spec(*inner) || changed;
    return changed;
  }
  if (kind != "Workflow" && kind != "WorkflowTemplate" && kind != "ClusterWorkflowTemplate") return false;
  return convert_spec(*spec);
}

}  // namespace skiff::spec
