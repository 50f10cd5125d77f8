// One template: what can be said of it as written, what with its values, and what is inside.
//
// Rules: workflow/validate validateTemplate, validateInputs. The inside is looked at once for each name in an
// object, with the values of the call that comes first.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "spec/validate_internal.h"

namespace skiff::spec::validation {
namespace {

/// Calls nested deeper than this are left to the walk over all templates.
constexpr int kDeepest = 200;

constexpr std::array<std::string_view, 4> kRetryPolicies{"Always", "OnFailure", "OnError",
                                                         "OnTransientError"};

/// Values with control characters, which may not stand in JSON as Argo writes it.
bool has_odd_values(const Json& arguments) {
  const auto odd = [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u == 0x7f || (u < 0x20 && c != '\n' && c != '\t' && c != '\r');
  };
  const Json::Array& list = arguments.get_array("parameters");
  return std::any_of(list.begin(), list.end(), [&](const Json& p) {
    const std::string text = text_of(p, "value");
    return std::any_of(text.begin(), text.end(), odd);
  });
}

std::string scope_key(const TemplateView& t) {
  // Joined as Argo joins them (templateresolution GetTemplateScope, getTemplateID).
  const std::string_view where = t.base->local()                        ? "local"
                                 : t.base->where == Base::Where::stored ? "namespaced"
                                                                        : "cluster";
  return fmt::format("{}/{}{}", where, t.base->name, t.name());
}

}  // namespace

void Validator::check_inputs(const TemplateView& t) {
  const Json& inputs = t.json->get("inputs");
  const Site site{child_path(t.path, "inputs"), t.who};
  const Json::Array& artifacts = inputs.get_array("artifacts");
  check_names(inputs.get_array("parameters"), site.at("parameters"), "an input parameter",
              NameRule::parameter);
  check_names(artifacts, site.at("artifacts"), "an input artifact", NameRule::parameter);
  const bool leaf = is_leaf_type(template_type(*t.json));
  for (std::size_t i = 0; i < artifacts.size(); ++i) {
    const Json& a = artifacts[i];
    const Site here = site.at(child_path("artifacts", i));
    const std::string what = fmt::format("the input artifact `{}`", a.get_string("name"));
    if (leaf) {
      check_artifact_path(a, here, what);
    } else if (!text_of(a, "path").empty()) {
      error("input-artifacts", here.at("path"),
            fmt::format("{} has a `path`, which only templates that run containers may have", what));
    }
    if (!text_of(a, "from").empty()) {
      error("input-artifacts", here.at("from"),
            fmt::format("{} has `from`, which belongs to arguments", what),
            "the caller says where it comes from");
    }
    check_artifact_location(a, here, what);
  }
}

/// What does not depend on the call; said once however often the template is called.
void Validator::check_static(const TemplateView& t) {
  const std::string key = fmt::format("{}/{}", static_cast<int>(t.base->where), t.base->name) + t.path;
  if (!static_checked_.insert(key).second) return;
  const Site site{t.path, t.who};
  std::vector<std::string_view> types;
  for (const std::string_view type : {"container", "containerSet", "script", "resource", "steps", "dag",
                                      "suspend", "data", "http", "plugin"}) {
    if (present(*t.json, type)) types.push_back(type);
  }
  if (types.size() > 1) {
    error("template-type", site, fmt::format("it has several types: `{}`", fmt::join(types, "`, `")),
          "choose one");
  }
  const std::string_view type = template_type(*t.json);
  if (const Json& r = t.json->get("podResources"); !r.is_null()) {
    const Site here = site.at("podResources");
    if (type == "http" || type == "plugin") {
      error("pod-resources", here,
            fmt::format("`podResources` means nothing for {} templates, which have no pod of their own",
                        type_word(type)));
    } else {
      check_pod_resources(r, here);
    }
  }
  check_inputs(t);
  const Json::Array& first = t.json->get_array("initContainers");
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i].get_string("name").empty()) {
      error("init-containers", site.at(child_path("initContainers", i)),
            "all `initContainers` need a `name`");
    }
  }
  const std::string policy = text_of(t.json->get("retryStrategy"), "retryPolicy");
  if (!policy.empty() &&
      std::find(kRetryPolicies.begin(), kRetryPolicies.end(), policy) == kRetryPolicies.end()) {
    const std::string hint =
        did_you_mean(policy, std::vector<std::string_view>(kRetryPolicies.begin(), kRetryPolicies.end()));
    error("retry-policy", site.at("retryStrategy.retryPolicy"),
          fmt::format("`{}` is no `retryPolicy`", policy),
          hint.empty() ? "choose one of Always, OnFailure, OnError, OnTransientError" : hint);
  }
}

void Validator::check_timeouts(const TemplateView& t, const Json& processed, const Site& caller) {
  const std::string_view type = processed_type(processed);
  const Site site{t.path, t.who};
  const auto refuse = [&](std::string_view field) {
    error("timeout", site.at(field),
          fmt::format("`{}` is for templates that run something themselves, not for {}", field,
                      type_word(type)),
          "put it on the templates that it calls, or use activeDeadlineSeconds of the spec");
  };
  const std::string timeout = text_of(processed, "timeout");
  if (!timeout.empty() && !is_leaf_type(type)) refuse("timeout");
  if (is_leaf_type(type) && is_whole_number(timeout)) {
    const bool written = text_of(*t.json, "timeout") == timeout;
    error("timeout", written ? site.at("timeout") : caller,
          fmt::format("the `timeout` `{}`{} has no unit", timeout, written ? "" : " of " + t.who),
          fmt::format("write `{}s`", timeout));
  }
  if (!text_of(processed, "pendingTimeout").empty() && !is_leaf_type(type)) refuse("pendingTimeout");
}

void Validator::check_processed(const TemplateView& t, const Json& processed, const Site& caller) {
  const std::string_view type = processed_type(processed);
  if (!t.json->get_array("resourceClaims").empty() && !is_pod_type(type)) {
    error("resource-claims", {child_path(t.path, "resourceClaims"), t.who},
          fmt::format("`resourceClaims` need a pod, which {} templates do not make", type_word(type)));
  }
  check_timeouts(t, processed, caller);
}

/// A call with real values after the template was looked at with stand-ins: only what values can change.
void Validator::check_call(const TemplateView& t, const Arguments& arguments, const Site& caller) {
  if (!check_supplied(t, arguments, caller)) return;
  if (arguments.stand_ins()) return;
  warn_unknown_arguments(t, *arguments.json, caller);
  if (has_odd_values(*arguments.json)) static_cast<void>(process(t, arguments, caller));
  const Json& timeout = t.json->get("timeout");
  if (!timeout.is_string() || !has_tags(timeout.as_string())) return;
  Json part = Json::object();
  for (const std::string_view key : {"inputs", "timeout", "suspend", "steps", "dag"}) {
    if (present(*t.json, key)) {
      part.set(std::string(key), key == "inputs" || key == "timeout" ? t.json->get(key) : Json::object());
    }
  }
  TemplateView small = t;
  small.json = &part;
  if (const auto p = process(small, arguments, caller); p && is_whole_number(text_of(p->json(), "timeout"))) {
    error("timeout", caller,
          fmt::format("the `timeout` of {} becomes `{}`, which has no unit", t.who,
                      text_of(p->json(), "timeout")),
          "pass it with a unit, such as 30s");
  }
}

void Validator::input_names(const TemplateView& t, Names& names) {
  const Json& inputs = t.json->get("inputs");
  const Json::Array& parameters = inputs.get_array("parameters");
  for (const Json& p : parameters) names.add("inputs.parameters." + p.get_string("name"));
  if (!parameters.empty()) names.add("inputs.parameters");
  const std::string_view type = template_type(*t.json);
  for (const Json& a : inputs.get_array("artifacts")) {
    const std::string name = "inputs.artifacts." + a.get_string("name");
    if (is_leaf_type(type)) names.add(name + ".path");
    names.add(name);
  }
  if (is_pod_type(type)) names.add("pod.name");
  if (any_global_artifact_) names.allow(Names::Any::global_artifact);
}

void Validator::look_inside(const TemplateView& t, const Processed& p) {
  const Json& json = p.json();
  const Site site{t.path, t.who};
  Names names;
  input_names(t, names);
  const std::string_view type = processed_type(json);
  if (type == "steps") {
    check_steps(t, json, names, site);
  } else if (type == "dag") {
    check_dag(t, json, names, site);
  } else {
    check_leaf(t, json, names, site);
  }
  check_outputs(json, names, site);
  if (const Json& l = json.get("archiveLocation"); l.is_object()) {
    check_artifact_location(l, site.at("archiveLocation"), "the `archiveLocation`");
  }
  check_metrics(json, site);
}

/// An inline template that Argo passes over, as it knows the unnamed ones of an object by one name only.
void Validator::look_inside_again(const TemplateView& t) {
  const bool before = std::exchange(errors_are_warnings_, true);
  if (const std::optional<Processed> p = process(t, {}, {t.path, t.who})) look_inside(t, *p);
  errors_are_warnings_ = before;
}

void Validator::visit(const TemplateView& t, const Arguments& arguments, const Site& caller) {
  if (errors_are_warnings_ && !t.is_inline) return;
  if (depth_ >= kDeepest) return;
  ++depth_;
  const bool deep = !errors_are_warnings_ && looked_inside_.insert(scope_key(t)).second;
  const bool supplied = check_supplied(t, arguments, caller);
  // With stand-ins again there is nothing new to find in a template that has a place of its own.
  const bool again = deep || t.is_inline || !arguments.stand_ins();
  const std::optional<Processed> p =
      again ? process(t, supplied ? arguments : Arguments{}, caller) : std::nullopt;

  const bool leaving = !t.base->local() && !elsewhere_;
  if (leaving) elsewhere_ = Elsewhere{caller.path, caller.who.empty() ? "" : caller.who + ": "};
  check_static(t);
  if (p) check_processed(t, p->json(), caller);
  if (p && deep) look_inside(t, *p);
  if (t.is_inline && !deep && t.base->local()) look_inside_again(t);
  if (leaving) elsewhere_.reset();
  --depth_;
}

}  // namespace skiff::spec::validation
