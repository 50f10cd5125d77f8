// Outputs of templates, and what they make known to the steps and tasks after them (workflow/validate
// validateOutputs, addOutputsToScope).
#include <fmt/format.h>

#include <array>

#include "spec/names.h"
#include "spec/validate_internal.h"

namespace skiff::spec::validation {
namespace {

std::vector<std::string_view> sources_of(const Json& value_from) {
  std::vector<std::string_view> out;
  for (const std::string_view key : {"path", "jqFilter", "jsonPath", "parameter", "expression"}) {
    if (!text_of(value_from, key).empty()) out.push_back(key);
  }
  if (present(value_from, "supplied")) out.push_back("supplied");
  return out;
}

/// What the type of a template demands of valueFrom; "" if it is there.
std::string demanded_source(const Json& value_from, std::string_view type) {
  const auto has = [&](std::string_view key) { return !text_of(value_from, key).empty(); };
  if (type == "container" || type == "containerSet" || type == "script") {
    return has("path") ? "" : "`valueFrom.path`";
  }
  if (type == "resource")
    return has("jqFilter") || has("jsonPath") ? "" : "`valueFrom.jqFilter` or `jsonPath`";
  if (type == "steps" || type == "dag") {
    return has("parameter") || has("expression") ? "" : "`valueFrom.parameter` or `expression`";
  }
  return "";
}

bool has_result(const Json& t) {
  for (const std::string_view key : {"container", "script", "data", "http", "plugin"}) {
    if (present(t, key)) return true;
  }
  return find_named(t.get("containerSet").get_array("containers"), "main") != nullptr;
}

}  // namespace

void Validator::check_global_name(const Json& output, const Site& site, std::string_view what) {
  const std::string name = text_of(output, "globalName");
  if (name.empty() || holds_parameter(name)) return;
  if (const std::string wrong = check_param_name(name); !wrong.empty()) {
    error("outputs", site.at("globalName"),
          fmt::format("the `globalName` of {} cannot be `{}`: {}", what, name, wrong));
  }
}

void Validator::check_output_artifact(const Json& artifact, bool leaf, const Site& site) {
  const std::string what = fmt::format("the output artifact `{}`", artifact.get_string("name"));
  if (leaf) {
    check_artifact_path(artifact, site, what);
  } else if (!text_of(artifact, "path").empty()) {
    error("outputs", site.at("path"),
          fmt::format("{} has a `path`, which only templates that run containers may have", what),
          "take it from a step or task with `from`");
  }
  check_global_name(artifact, site, what);
}

void Validator::check_output_parameter(const Json& parameter, std::string_view type, const Site& site) {
  const std::string what = fmt::format("the output parameter `{}`", parameter.get_string("name"));
  const Json& from = parameter.get("valueFrom");
  const bool value = present(parameter, "value");
  if (value && !from.is_null()) {
    error("outputs", site, fmt::format("{} has both `value` and `valueFrom`", what), "choose one");
  }
  if (!value && from.is_null()) {
    error("outputs", site, fmt::format("{} has neither `value` nor `valueFrom`", what));
  }
  check_global_name(parameter, site, what);
  if (from.is_null()) return;
  const Site here = site.at("valueFrom");
  const std::vector<std::string_view> sources = sources_of(from);
  if (!value && sources.size() > 1) {
    error("outputs", here, fmt::format("{} has several sources: `{}`", what, fmt::join(sources, "`, `")),
          "choose one");
  }
  if (const std::string wanted = demanded_source(from, type); !wanted.empty()) {
    error("outputs", here, fmt::format("{} of a {} template needs {}", what, type_word(type), wanted));
  } else if (!value && sources.empty()) {
    error("outputs", here, fmt::format("the `valueFrom` of {} has no source", what),
          "give it path, jqFilter, jsonPath, parameter, expression or supplied");
  }
}

void Validator::check_outputs(const Json& processed, const Names& names, const Site& site) {
  const Json& outputs = processed.get("outputs");
  if (!outputs.is_object()) return;
  const Site here = site.at("outputs");
  const std::string_view type = processed_type(processed);
  const Json::Array& parameters = outputs.get_array("parameters");
  const Json::Array& artifacts = outputs.get_array("artifacts");
  check_names(parameters, here.at("parameters"), "an output parameter", NameRule::parameter);
  check_names(artifacts, here.at("artifacts"), "an output artifact", NameRule::parameter);
  if (type == "steps" || type == "dag") check_tags(outputs, here.path, names, site);
  for (std::size_t i = 0; i < artifacts.size(); ++i) {
    check_output_artifact(artifacts[i], is_leaf_type(type), here.at(child_path("artifacts", i)));
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    check_output_parameter(parameters[i], type, here.at(child_path("parameters", i)));
  }
}

/// `node` is "steps.<name>" or "tasks.<name>"; without a template only a run can tell which one it is.
void Validator::add_outputs(const std::optional<TemplateView>& t, const std::string& node, bool aggregate,
                            Names& names) {
  for (const std::string_view of : {".id", ".startedAt", ".finishedAt", ".hostNodeName"}) {
    names.add(node + std::string(of));
  }
  if (!t) return;
  const Json& json = *t->json;
  const std::string_view type = template_type(json);
  if (json.get_bool("daemon")) names.add(node + ".ip");
  const bool collected = aggregate && (type == "script" || type == "containerSet");
  if (has_result(json) || collected) {
    names.add(node + ".outputs.result");
    names.add(node + ".exitCode");
  }
  const auto add = [&](std::string_view key, std::string_view below, Names::Any any) {
    for (const Json& output : json.get("outputs").get_array(key)) {
      names.add(fmt::format("{}.outputs.{}.{}", node, key, output.get_string("name")));
      const std::string global = text_of(output, "globalName");
      if (global.empty()) continue;
      if (holds_parameter(global)) {
        names.allow(any);
        continue;
      }
      const std::string name = fmt::format("workflow.outputs.{}.{}", below, global);
      names.add(name);
      if (!errors_are_warnings_) globals_.set(name, stand_in(name));
    }
  };
  add("parameters", "parameters", Names::Any::global_parameter);
  add("artifacts", "artifacts", Names::Any::global_artifact);
  if (aggregate) names.add(node + ".outputs.parameters");
}

}  // namespace skiff::spec::validation
