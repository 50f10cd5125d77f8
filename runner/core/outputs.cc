// Outputs: what nodes leave to others as variables, what loops leave as lists, what templates export of their
// children's, and what becomes the workflow's (operator.go buildLocalScope, processAggregateNodeOutputs,
// getTemplateOutputsFromScope).
#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"

namespace skiff::runner {
namespace {

/// Of "name(12:item)" the 12.
std::size_t loop_index(std::string_view node_name) {
  const std::size_t open = node_name.rfind('(');
  std::size_t index = 0;
  if (open == std::string_view::npos) return index;
  (void)std::from_chars(node_name.data() + open + 1, node_name.data() + node_name.size(), index);
  return index;
}

/// As Go prints a value with %v, which is what AnyString makes of an expression's result.
std::string go_print(const Json& value) {
  if (value.is_null()) return "<nil>";
  if (auto text = text_of(value)) return *text;
  std::string out = value.is_array() ? "[" : "map[";
  std::string gap;
  if (value.is_array()) {
    for (const Json& e : value.as_array()) {
      out += gap + go_print(e);
      gap = " ";
    }
    return out + "]";
  }
  std::map<std::string_view, const Json*> sorted;
  for (const auto& [k, v] : value.as_object()) sorted.emplace(k, &v);
  for (const auto& [k, v] : sorted) {
    out += fmt::format("{}{}:{}", gap, k, go_print(*v));
    gap = " ";
  }
  return out + "]";
}

/// Numbers as Go writes a float64 that it read.
Json normalised(const Json& value) {
  if (value.is_number()) return Json(value.as_double().value_or(0));
  Json out = value;
  if (out.is_array()) {
    for (Json& e : out.as_array()) e = normalised(e);
  } else if (out.is_object()) {
    for (auto& [k, v] : out.as_object()) v = normalised(v);
  }
  return out;
}

/// A JSON list of the values: as JSON if all of them are lists or maps, else as strings
/// (aggregatedJSONValueList).
std::string value_list(const std::vector<std::string>& values) {
  Json parsed = Json::array();
  Json texts = Json::array();
  bool all = true;
  for (const std::string& v : values) {
    texts.push_back(v);
    if (!all) continue;
    auto json = spec::parse_json(v);
    all = json && (json->is_array() || json->is_object());
    if (all) parsed.push_back(normalised(*json));
  }
  return go_json(all ? parsed : texts);
}

/// What Go's encoding/json says of a text that is no JSON.
std::string json_complaint(const std::string& text, const spec::JsonError& error) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "unexpected end of JSON input";
  const std::size_t at = std::min(std::max(error.offset, begin), text.size() - 1);
  return fmt::format(
      "invalid character '{}' looking for beginning of value (the result of a loop's item must be "
      "JSON; it is `{}`)",
      text[at], text.substr(0, 80));
}

/// One output parameter of a steps or dag template; an error if it has no value. `scope` without the globals.
std::string output_value(const Json& parameter, const spec::Scope& scope, std::string& out) {
  const Json& from = parameter.get("valueFrom");
  if (!from.is_object()) return "output parameters must have a valueFrom specified";
  const auto fallback = text_of(from.get("default"));
  const auto or_default = [&](std::string error) -> std::string {
    if (!fallback) return error;
    out = *fallback;
    return "";
  };
  if (const std::string expression = from.get_string("expression"); !expression.empty()) {
    const spec::Evaluated result = spec::evaluate_expression(expression, scope);
    if (!result.error.empty()) return or_default(result.error);
    if (result.value.is_null()) {
      return or_default(fmt::format("failed to evaluate expression {}", spec::quote_json(expression)));
    }
    out = go_print(result.value);
    return "";
  }
  const std::string source = from.get_string("parameter");
  if (source.empty()) return "";
  const spec::Reference ref = spec::resolve_reference(source, scope);
  if (!ref.error.empty()) return or_default(ref.error);
  if (ref.value) {
    out = go_print(*ref.value);
  } else if (ref.entry->known == spec::Known::absent) {
    return or_default(fmt::format(
        "output parameter {}: {} is an absent optional (skipped/omitted node output with no default)",
        spec::quote_json(parameter.get_string("name")), spec::quote_json(source)));
  } else {
    out = ref.entry->text;
  }
  return "";
}

}  // namespace

/// What outputs and artifacts of a steps or dag template are resolved in: of the workflow they see its
/// outputs only (workflow/controller/scope.go, resolveParameter and resolveArtifact).
spec::Scope Scheduler::Impl::without_globals(const spec::Scope& scope) {
  spec::Scope local;
  for (const auto& [name, entry] : scope.visible()) {
    if (name.starts_with("workflow.") && !name.starts_with("workflow.outputs.")) continue;
    if (entry->known == spec::Known::text) local.set(std::string(name), entry->text);
    if (entry->known == spec::Known::absent) local.set_absent(std::string(name));
    if (entry->known == spec::Known::artifact) local.set_artifact(std::string(name), entry->artifact);
  }
  return local;
}

/// Outputs are those of the last try; hooks are no tries (possiblyGetRetryChildNode).
const Node* Scheduler::Impl::outputs_node(const Node& n) const {
  if (n.type != NodeType::retry || n.memo_hit()) return &n;
  const Node* last = &n;
  for (const NodeIndex c : graph_.children(n)) {
    const Node& child = graph_[c];
    if (!child.flag || !child.flag->hooked) last = &child;
  }
  return last;
}

void Scheduler::Impl::add_node_names(spec::Scope& scope, const std::string& prefix, const Node& node) const {
  const Node& n = *outputs_node(node);
  scope.set(prefix + ".id", graph_.id(n));
  if (n.started_at) scope.set(prefix + ".startedAt", spec::to_rfc3339(*n.started_at));
  if (n.finished_at) scope.set(prefix + ".finishedAt", spec::to_rfc3339(*n.finished_at));
  if (!n.said().pod_ip.empty()) scope.set(prefix + ".ip", n.said().pod_ip);
  if (n.phase != Phase::none) scope.set(prefix + ".status", std::string(spec::to_string(n.phase)));
  if (n.host_node_name != nullptr && !n.host_node_name->empty()) {
    scope.set(prefix + ".hostNodeName", *n.host_node_name);
  }
  if (auto result = text_of(n.outputs.get("result")))
    scope.set(prefix + ".outputs.result", std::move(*result));
  if (auto code = text_of(n.outputs.get("exitCode"))) scope.set(prefix + ".exitCode", std::move(*code));
  for (const Json& p : n.outputs.get_array("parameters")) {
    if (auto value = text_of(p.get("value"))) {
      scope.set(prefix + ".outputs.parameters." + p.get_string("name"), std::move(*value));
    }
  }
  for (const Json& a : n.outputs.get_array("artifacts")) {
    scope.set_artifact(prefix + ".outputs.artifacts." + a.get_string("name"), a);
  }
}

/// A daemon has ended, or is back after a retry, when others have been told of it already: what comes next
/// sees it as it is now (steps.go and dag.go make their scopes anew each time).
void Scheduler::Impl::refresh_names(NodeIndex i) {
  if (graph_[i].owner.kind == OwnerKind::attempt) i = graph_[i].owner.node;
  const Node& n = graph_[i];
  Composite* boundary = composite(n.boundary);
  if (!n.told || boundary == nullptr) return;
  if (n.owner.kind == OwnerKind::step) {
    const std::string step(n.name.substr(graph_[n.owner.node].name.size() + 1));
    if (step.find('(') == std::string::npos) add_node_names(boundary->scope, "steps." + step, n);
  } else if (n.owner.kind == OwnerKind::task) {
    const auto& dag = static_cast<const DagWork&>(*boundary);
    const DagWork::Task& task = dag.tasks[dag.item_task[n.owner.slot]];
    if (task.referred && !task.loop) {
      add_node_names(boundary->scope, fmt::format("tasks.{}", dag.name(dag.item_task[n.owner.slot])), n);
    }
  }
}

/// The declared outputs of a node that was skipped or omitted: the default, or known to be absent (scope.go,
/// addSkippedNodeOutputsToScope).
void Scheduler::Impl::add_absent_outputs(spec::Scope& scope, const std::string& prefix, const Node& n,
                                         const TemplateBase& base, const Json& task, bool artifacts) const {
  if (!n.outputs.is_null() || (n.phase != Phase::skipped && n.phase != Phase::omitted)) return;
  const TemplateBook::Answer answer = book_.resolve(base, Target::of(task, false));
  if (!answer.resolved) return;
  const Json& outputs = answer.resolved->json->get("outputs");
  for (const Json& p : outputs.get_array("parameters")) {
    const std::string name = prefix + ".outputs.parameters." + p.get_string("name");
    if (auto fallback = text_of(p.get("valueFrom").get("default"))) {
      scope.set(name, std::move(*fallback));
    } else {
      scope.set_absent(name);
    }
  }
  if (!outputs.get("result").is_null()) scope.set_absent(prefix + ".outputs.result");
  if (!artifacts) return;
  for (const Json& a : outputs.get_array("artifacts")) {
    scope.set_artifact(prefix + ".outputs.artifacts." + a.get_string("name"), Json::object());
  }
}

/// The lists that a loop's items make together, in their order, which is not that of the nodes once a retry
/// of the workflow has made some of them anew (operator.go, loopNodes); an error if a result is no JSON.
std::string Scheduler::Impl::aggregate(spec::Scope& scope, const std::string& prefix,
                                       std::vector<NodeIndex> nodes) const {
  if (nodes.empty()) return "";
  std::stable_sort(nodes.begin(), nodes.end(), [&](NodeIndex a, NodeIndex b) {
    return loop_index(graph_[a].name) < loop_index(graph_[b].name);
  });
  Json results = Json::array();
  Json parameters = Json::array();
  std::map<std::string, std::vector<std::string>> by_name;
  for (const NodeIndex i : nodes) {
    const Node& n = graph_[i];
    if (n.outputs.is_null() || n.phase != Phase::succeeded) continue;
    Json one = Json::object();
    for (const Json& p : n.outputs.get_array("parameters")) {
      std::string value = text_or_empty(p.get("value"));
      by_name[p.get_string("name")].push_back(value);
      one.set(p.get_string("name"), std::move(value));
    }
    if (!one.empty()) parameters.push_back(std::move(one));
    if (const auto result = text_of(n.outputs.get("result"))) {
      spec::JsonError error;
      auto json = spec::parse_json(*result, &error);
      if (!json) return json_complaint(*result, error);
      results.push_back(std::move(*json));
    }
  }
  scope.set(prefix + ".outputs.result", spec::to_json(results, {.escape_html = true}));
  scope.set(prefix + ".outputs.parameters", go_json(parameters));
  for (const auto& [name, values] : by_name)
    scope.set(prefix + ".outputs.parameters." + name, value_list(values));
  return "";
}

/// The outputs of a steps or dag template, null if it declares none.
std::string Scheduler::Impl::template_outputs(const Json& tmpl, const spec::Scope& scope, Json& out) const {
  const Json& declared = tmpl.get("outputs");
  if (!has_outputs(declared)) return "";
  out = Json::object();
  for (const Json& p : declared.get_array("parameters")) {
    std::string value;
    const Json& from = p.get("valueFrom");
    const bool global =
        mentions_workflow(from.get_string("expression")) || mentions_workflow(from.get_string("parameter"));
    std::string error =
        global ? output_value(p, without_globals(scope), value) : output_value(p, scope, value);
    if (!error.empty()) return error;
    Json made = p;
    made.erase("valueFrom");
    made.set("value", std::move(value));
    out["parameters"].push_back(std::move(made));
  }
  for (const Json& a : declared.get_array("artifacts")) {
    if (a.get_string("from").empty() && a.get_string("fromExpression").empty()) continue;
    Json found;
    if (std::string error = resolve_artifact(a, scope, found); !error.empty()) {
      if (a.get_bool("optional") && error.find("Unable to resolve") != std::string::npos) continue;
      return "unable to resolve outputs from scope: " + error;
    }
    found.set("name", a.get_string("name"));
    out["artifacts"].push_back(std::move(found));
  }
  return "";
}

/// Exports what has a globalName as an output of the workflow; the last one wins.
void Scheduler::Impl::add_global_outputs(const Json& outputs) {
  const auto put = [this](const char* kind, const std::string& name, Json value) {
    Json& list = outputs_[kind];
    if (list.is_null()) list = Json::array();
    for (Json& old : list.as_array()) {
      if (old.get_string("name") == name) {
        old = std::move(value);
        return;
      }
    }
    list.push_back(std::move(value));
  };
  for (const Json& p : outputs.get_array("parameters")) {
    const std::string name = p.get_string("globalName");
    const auto value = text_of(p.get("value"));
    if (name.empty() || !value) continue;
    globals_.set("workflow.outputs.parameters." + name, *value);
    Json global = Json::object();
    global.set("name", name);
    global.set("value", *value);
    put("parameters", name, std::move(global));
  }
  for (const Json& a : outputs.get_array("artifacts")) {
    const std::string name = a.get_string("globalName");
    if (name.empty()) continue;
    Json global = a;
    global.set("name", name);
    global.erase("globalName");
    global.erase("path");
    globals_.set_artifact("workflow.outputs.artifacts." + name, global);
    put("artifacts", name, std::move(global));
  }
}

}  // namespace skiff::runner
