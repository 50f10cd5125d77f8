#include "runner/core/arguments.h"

#include <fmt/format.h>

#include "runner/core/fields.h"

namespace skiff::runner {
namespace {

constexpr const char* kTypeLabel = "workflows.argoproj.io/configmap-type";

/// inParam.Value and ValueFrom as the argument says; what it does not say stays.
void overwrite(Json& input, const Json& argument) {
  if (auto value = text_of(argument.get("value"))) {
    input.set("value", std::move(*value));
    input.erase("valueFrom");
    return;
  }
  input.erase("value");
  input.erase("valueFrom");
  if (const Json& from = argument.get("valueFrom"); !from.is_null()) input.set("valueFrom", from);
}

/// The name or key of a configMapKeyRef, which may hold tags.
std::optional<std::string> substituted(std::string& text, const spec::Scope& scope) {
  auto done = spec::substitute_text(text, scope, spec::Unresolved::reject);
  if (done.error) return "failed to substitute configMapKeyRef: " + done.error->message;
  text = std::move(done.value);
  return std::nullopt;
}

std::optional<std::string> take_config_map(Json& input, const spec::Scope& scope, const Json& config_maps) {
  const Json from = input.get("valueFrom");
  const Json& ref = from.get("configMapKeyRef");
  std::string name = ref.get_string("name");
  std::string key = ref.get_string("key");
  if (auto error = substituted(name, scope)) return error;
  if (auto error = substituted(key, scope)) return error;
  const ConfigMapValue found = config_map_value(config_maps, name, key);
  if (found.value) {
    input.set("value", *found.value);
    return std::nullopt;
  }
  const auto fallback = text_of(from.get("default"));
  if (!fallback || !found.missing) {
    return fmt::format("unable to retrieve inputs.parameters.{} from ConfigMap: {}", input.get_string("name"),
                       found.error);
  }
  input.set("value", *fallback);
  return std::nullopt;
}

std::optional<std::string> take_parameter(Json& input, const Json::Array& arguments, const spec::Scope& scope,
                                          const Json& config_maps) {
  const std::string name = input.get_string("name");
  if (input.get("value").is_null() && !input.get("default").is_null()) {
    input.set("value", text_or_empty(input.get("default")));
  }
  if (const Json* argument = find_named(arguments, name)) {
    if (argument->get_bool(kAbsentArgument)) {
      if (input.get("value").is_null() && input.get("valueFrom").is_null()) {
        return fmt::format(
            "inputs.parameters.{}: argument references an absent optional (skipped/omitted node output with "
            "no default)",
            name);
      }
    } else {
      overwrite(input, *argument);
    }
  }
  if (input.get("valueFrom").get("configMapKeyRef").is_object()) {
    return take_config_map(input, scope, config_maps);
  }
  if (input.get("value").is_null()) return fmt::format("inputs.parameters.{} was not supplied", name);
  return std::nullopt;
}

std::optional<std::string> take_artifact(Json& input, const Json::Array& arguments) {
  const std::string name = input.get_string("name");
  const Json* argument = find_named(arguments, name);
  if (!input.get_bool("optional") && !has_location(input)) {
    if (argument == nullptr) return fmt::format("inputs.artifacts.{} was not supplied", name);
    if (!has_location(*argument)) {
      return fmt::format("inputs.artifacts.{} missing location information", name);
    }
  }
  if (argument == nullptr) return std::nullopt;
  // Whether it is optional, the argument says (common/util.go, ProcessArgs).
  Json taken = *argument;
  for (const char* own : {"path", "mode", "recurseMode"}) {
    taken.erase(own);
    if (const Json* v = input.find(own)) taken.set(own, *v);
  }
  input = std::move(taken);
  return std::nullopt;
}

/// The names that the second pass knows beyond the first.
void add_own_names(spec::Scope& scope, const Json& tmpl) {
  const Json& inputs = tmpl.get("inputs");
  const Json::Array& parameters = inputs.get_array("parameters");
  for (const Json& p : parameters) {
    if (auto value = text_of(p.get("value"))) {
      scope.set("inputs.parameters." + p.get_string("name"), std::move(*value));
    }
  }
  scope.set("inputs.parameters", parameters.empty() ? "null" : parameters_json(parameters));
  const auto add_paths = [&](const char* prefix, const Json::Array& artifacts) {
    for (const Json& a : artifacts) {
      const std::string path = a.get_string("path");
      if (!path.empty()) scope.set(prefix + a.get_string("name") + ".path", path);
    }
  };
  add_paths("inputs.artifacts.", inputs.get_array("artifacts"));
  add_paths("outputs.artifacts.", tmpl.get("outputs").get_array("artifacts"));
  for (const Json& p : tmpl.get("outputs").get_array("parameters")) {
    const std::string path = p.get("valueFrom").get_string("path");
    if (!path.empty()) scope.set("outputs.parameters." + p.get_string("name") + ".path", path);
  }
}

bool has_inputs(const Json& tmpl) { return has_arguments(tmpl.get("inputs")); }

}  // namespace

bool needs_processing(const Resolved& resolved) { return resolved.tagged || has_inputs(*resolved.json); }

Processed process_arguments(const Resolved& resolved, const Json& args, const spec::Scope& scope,
                            const Json& config_maps) {
  const bool inputs = has_inputs(*resolved.json);
  if (!inputs && !resolved.tagged) return {resolved.json, ""};
  auto tmpl = std::make_shared<Json>(*resolved.json);
  if (inputs) {
    Json& in = (*tmpl)["inputs"];
    if (Json* list = in.find("parameters"); list != nullptr && list->is_array()) {
      for (Json& p : list->as_array()) {
        if (auto error = take_parameter(p, args.get_array("parameters"), scope, config_maps)) {
          return {nullptr, std::move(*error)};
        }
      }
    }
    if (Json* list = in.find("artifacts"); list != nullptr && list->is_array()) {
      for (Json& a : list->as_array()) {
        if (auto error = take_artifact(a, args.get_array("artifacts"))) return {nullptr, std::move(*error)};
      }
    }
  }
  if (auto error = substitute_template(*tmpl, scope)) return {nullptr, std::move(*error)};
  return {std::move(tmpl), ""};
}

std::optional<std::string> substitute_template(Json& tmpl, const spec::Scope& scope) {
  if (!spec::tree_has_tags(tmpl)) return std::nullopt;
  if (auto error = spec::substitute_in_place(tmpl, scope, spec::Unresolved::keep)) {
    return std::move(error->message);
  }
  spec::Scope own(&scope);
  add_own_names(own, tmpl);
  if (auto error = spec::substitute_in_place(tmpl, own, spec::Unresolved::keep)) {
    return std::move(error->message);
  }
  return std::nullopt;
}

void mark_absent(Json& args, const spec::Scope& scope) {
  Json* list = args.find("parameters");
  if (list == nullptr || !list->is_array()) return;
  for (Json& p : list->as_array()) {
    const Json& value = p.get("value");
    if (!value.is_string() || !spec::is_absent_reference(value.as_string(), scope)) continue;
    p.erase("value");
    p.set(std::string(kAbsentArgument), true);
  }
}

ConfigMapValue config_map_value(const Json& config_maps, const std::string& name, const std::string& key) {
  const Json* map = config_maps.find(name);
  if (map == nullptr) {
    return {
        std::nullopt,
        fmt::format("ConfigMap '{}' does not exist. Please make sure it has the label {}: Parameter to be "
                    "detectable by the controller",
                    name, kTypeLabel),
        true};
  }
  if (map->get("metadata").get("labels").get_string(kTypeLabel) != "Parameter") {
    return {std::nullopt,
            fmt::format("ConfigMap '{}' needs to have the label {}: Parameter to load parameters", name,
                        kTypeLabel),
            false};
  }
  auto value = text_of(map->get("data").get(key));
  if (!value)
    return {std::nullopt, fmt::format("ConfigMap '{}' does not have the key '{}'", name, key), true};
  return {std::move(value), "", false};
}

void add_inputs(spec::Scope& scope, const Json& tmpl) {
  const Json& inputs = tmpl.get("inputs");
  for (const Json& p : inputs.get_array("parameters")) {
    scope.set("inputs.parameters." + p.get_string("name"), text_or_empty(p.get("value")));
  }
  for (const Json& a : inputs.get_array("artifacts")) {
    scope.set_artifact("inputs.artifacts." + a.get_string("name"), a);
  }
}

}  // namespace skiff::runner
