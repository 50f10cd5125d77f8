// Suspend templates: nodes that wait for a time or for a person (operator.go executeSuspend).
#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"
#include "spec/units.h"

namespace skiff::runner {
namespace {

/// An input whose value is a parameter in JSON lends its enum to the form (resolveInputFieldsForSuspendNode).
void take_enums(Json& inputs) {
  Json* list = inputs.find("parameters");
  if (list == nullptr) return;
  for (Json& p : list->as_array()) {
    const auto parsed = spec::parse_json(p.get_string("value"));
    if (!parsed) continue;
    const Json::Array& values = parsed->get_array("enum");
    if (values.empty()) continue;
    p.set("enum", parsed->get("enum"));
    if (p.get("default").is_null()) p.set("default", values.front());
  }
}

/// The outputs that somebody has to supply; an input of the same name lends its default.
Json raw_outputs(const Json& tmpl) {
  Json list;
  for (Json p : tmpl.get("outputs").get_array("parameters")) {
    if (p.get("valueFrom").find("supplied") == nullptr) continue;
    if (p.get("valueFrom").get("default").is_null()) {
      const Json* input = find_named(tmpl.get("inputs").get_array("parameters"), p.get_string("name"));
      if (input != nullptr && !input->get("default").is_null()) {
        p["valueFrom"].set("default", input->get("default"));
      }
    }
    list.push_back(std::move(p));
  }
  if (list.is_null()) return Json();
  Json out = Json::object();
  out.set("parameters", std::move(list));
  return out;
}

}  // namespace

void Scheduler::Impl::start_suspend(Prepared p) {
  const bool fresh = existing(p.call) == kNoNode;
  const NodeIndex i = make_or_adopt(p.call, NodeType::suspend, Phase::pending);
  init_inputs(i, p);
  Node& n = graph_[i];
  if (!n.said().inputs.is_null()) take_enums(n.say().inputs);
  if (fresh || n.outputs.is_null()) n.outputs = raw_outputs(*p.tmpl);
  auto work = std::make_unique<SuspendWork>();
  if (const std::string text = text_or_empty(p.tmpl->get("suspend").get("duration")); !text.empty()) {
    std::string error;
    const auto duration = spec::parse_duration(text, &error);
    if (!duration) return fail_call(i, error);
    work->until =
        n.started_at.value_or(now_) + std::chrono::duration_cast<std::chrono::milliseconds>(*duration);
    set_timer(*work->until, TimerKind::suspend, i);
  }
  n.work = std::move(work);
  if (!may_run(p.call.on_exit)) {
    const char* strategy = shutdown_ == Shutdown::stop ? "Stop" : "Terminate";
    return set_phase(i, Phase::failed, fmt::format("Stopped with strategy '{}'", strategy));
  }
  if (past_deadline_ && !p.call.on_exit) return set_phase(i, Phase::failed, "Step exceeded its deadline");
  set_phase(i, Phase::running);
}

/// Its time has come.
void Scheduler::Impl::suspend_over(NodeIndex i) {
  std::string error;
  if (!default_outputs(i, error)) return fail_call(i, error);
  set_phase(i, Phase::succeeded);
}

/// Outputs that nobody supplied take their defaults (util.go OverrideOutputParametersWithDefault).
bool Scheduler::Impl::default_outputs(NodeIndex i, std::string& error) {
  Json outputs = graph_[i].outputs;
  Json* list = outputs.find("parameters");
  if (list == nullptr) return true;
  for (Json& p : list->as_array()) {
    const Json& from = p.get("valueFrom");
    if (from.find("supplied") == nullptr) continue;
    if (from.get("default").is_null()) {
      error = fmt::format("raw output parameter '{}' has not been set and does not have a default value",
                          p.get_string("name"));
      return false;
    }
    std::string value = text_or_empty(from.get("default"));
    p.set("value", std::move(value));
    p.erase("valueFrom");
  }
  graph_[i].outputs = std::move(outputs);
  graph_.touch(i);
  return true;
}

}  // namespace skiff::runner
