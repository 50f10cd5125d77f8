// Arguments: of the workflow, of steps and tasks; and whether a call gives a template all its inputs.
//
// Rules: workflow/validate validateArguments, workflow/common ProcessArgs.
#include <fmt/format.h>

#include <algorithm>

#include "spec/validate_internal.h"

namespace skiff::spec::validation {
namespace {

/// After a value was put in, Argo no longer tells an empty list from an absent one; at the spec it does.
bool has_enum(const Json& parameter, bool at_spec) {
  const Json& e = parameter.get("enum");
  return e.is_array() && (at_spec || !e.empty());
}

bool has_value_source(const Json& value_from) {
  return present(value_from, "configMapKeyRef") || !text_of(value_from, "event").empty() ||
         present(value_from, "supplied");
}

bool has_output_source(const Json& value_from) {
  for (const std::string_view key : {"path", "jsonPath", "parameter", "expression"}) {
    if (!text_of(value_from, key).empty()) return true;
  }
  return false;
}

}  // namespace

void Validator::check_enum(const Json& parameter, const Site& site, bool values_optional) {
  const std::string name = parameter.get_string("name");
  const Json::Array& allowed = parameter.get_array("enum");
  if (allowed.empty()) {
    error("arguments-enum", site.at("enum"), fmt::format("the `enum` of parameter `{}` is empty", name),
          "list the values it may take, or remove `enum`");
    return;
  }
  if (!present(parameter, "value")) {
    if (values_optional) return;
    error("arguments-enum", site, fmt::format("parameter `{}` has an `enum` but no `value`", name));
    return;
  }
  const std::string value = text_of(parameter, "value");
  const bool listed = std::any_of(allowed.begin(), allowed.end(), [&](const Json& e) {
    return (e.is_string() ? e.as_string() : e.is_number() ? e.number_text() : to_json(e)) == value;
  });
  if (listed) return;
  std::vector<std::string_view> texts;
  for (const Json& e : allowed) {
    if (e.is_string()) texts.push_back(e.as_string());
  }
  error("arguments-enum", site.at("value"),
        fmt::format("`{}` is not in the `enum` of parameter `{}`", value, name), did_you_mean(value, texts));
}

void Validator::check_argument_parameter(const Json& parameter, const Site& site, bool values_optional,
                                         bool at_spec) {
  const std::string name = parameter.get_string("name");
  const Json& from = parameter.get("valueFrom");
  if (from.is_null() && !present(parameter, "value") && !values_optional) {
    error("arguments", site, fmt::format("the argument `{}` has neither `value` nor `valueFrom`", name),
          at_spec ? fmt::format("give it a value, here or with -p {}=…", name) : "");
  }
  if (!from.is_null() && (!has_value_source(from) || has_output_source(from))) {
    error("arguments-valuefrom", site.at("valueFrom"),
          fmt::format("the `valueFrom` of argument `{}` must be `configMapKeyRef`, `event` or `supplied`",
                      name),
          has_output_source(from) ? "the outputs of a step are passed with value: \"{{…}}\""
                                  : "`default` alone is no source; write it as `value`");
  }
  if (has_enum(parameter, at_spec)) check_enum(parameter, site, values_optional);
}

void Validator::check_arguments(const Json& arguments, const Site& site, bool values_optional, bool at_spec) {
  const Json::Array& parameters = arguments.get_array("parameters");
  const Json::Array& artifacts = arguments.get_array("artifacts");
  check_names(parameters, site.at("parameters"), "a parameter argument", NameRule::parameter);
  check_names(artifacts, site.at("artifacts"), "an artifact argument", NameRule::parameter);
  const bool before = errors_are_warnings_;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    check_argument_parameter(parameters[i], site.at(child_path("parameters", i)), values_optional, at_spec);
    // Argo looks at nothing more after an enum that may be without a value (validateArgumentsValues).
    if (values_optional && has_enum(parameters[i], at_spec) && !present(parameters[i], "value")) {
      errors_are_warnings_ = errors_are_warnings_ || !parameters[i].get_array("enum").empty();
    }
  }
  for (std::size_t i = 0; i < artifacts.size(); ++i) {
    const Json& a = artifacts[i];
    const Site here = site.at(child_path("artifacts", i));
    const std::string name = a.get_string("name");
    const bool from = !text_of(a, "from").empty();
    if (!from && !has_location_or_key(a)) {
      error("arguments", here,
            fmt::format("the artifact argument `{}` has neither `from` nor a location", name),
            present(a, "fromExpression") ? "`fromExpression` is for outputs; here give `from`"
                                         : "give it `from`, or a place such as `raw`, `http` or `s3`");
    }
    if (from && !text_of(a, "fromExpression").empty()) {
      error("arguments", here,
            fmt::format("the artifact argument `{}` has both `from` and `fromExpression`", name),
            "choose one");
    }
  }
  errors_are_warnings_ = before;
}

namespace {

/// The value or the source an input ends up with (overwriteWithDefaultParams, overwriteWithArguments).
bool gets_value(const Json& input, const Json* argument) {
  const auto from_config_map = [](const Json& p) { return present(p.get("valueFrom"), "configMapKeyRef"); };
  if (argument == nullptr) {
    return present(input, "value") || present(input, "default") || from_config_map(input);
  }
  return present(*argument, "value") || from_config_map(*argument);
}

}  // namespace

bool Validator::check_supplied(const TemplateView& t, const Arguments& arguments, const Site& caller) {
  if (arguments.stand_ins()) return true;
  const Json& inputs = t.json->get("inputs");
  const Json::Array& parameters = arguments.json->get_array("parameters");
  const Json::Array& artifacts = arguments.json->get_array("artifacts");
  bool good = true;
  const auto missing = [&](std::string_view what, const std::string& name, const std::string& hint) {
    good = false;
    error("inputs-supplied", caller,
          fmt::format("{} needs {} `{}`, which nobody supplies", t.who, what, name), hint);
  };
  for (const Json& input : inputs.get_array("parameters")) {
    const std::string name = input.get_string("name");
    if (name.empty() || gets_value(input, find_named(parameters, name))) continue;
    missing("the input parameter", name,
            fmt::format("add `{}` to the arguments, or give the input a `default`", name));
  }
  for (const Json& input : inputs.get_array("artifacts")) {
    const std::string name = input.get_string("name");
    if (name.empty() || input.get_bool("optional") || has_location_or_key(input)) continue;
    if (find_named(artifacts, name) != nullptr) continue;
    missing("the input artifact", name,
            fmt::format("add `{}` to the arguments, or make the input `optional`", name));
  }
  return good;
}

void Validator::warn_unknown_arguments(const TemplateView& t, const Json& arguments, const Site& caller) {
  const Json& inputs = t.json->get("inputs");
  const auto look = [&](std::string_view key, std::string_view what) {
    const Json::Array& given = arguments.get_array(key);
    if (given.empty()) return;
    const std::vector<std::string_view> known = names_of(inputs.get_array(key));
    const std::unordered_set<std::string_view> set(known.begin(), known.end());
    for (std::size_t i = 0; i < given.size(); ++i) {
      const std::string name = given[i].get_string("name");
      if (name.empty() || has_tags(name) || set.find(name) != set.end()) continue;
      warning("unknown-argument",
              {child_path(child_path(child_path(caller.path, "arguments"), key), i), caller.who},
              fmt::format("{} has no input {} `{}`", t.who, what, name), did_you_mean(name, known));
    }
  };
  look("parameters", "parameter");
  look("artifacts", "artifact");
}

}  // namespace skiff::spec::validation
