// Fields of the spec beside its templates: hooks, clean-up of pods, executor plugins, pod resources.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "spec/names.h"
#include "spec/validate_internal.h"

namespace skiff::spec::validation {
namespace {

constexpr std::array<std::string_view, 4> kStrategies{"OnPodCompletion", "OnPodSuccess",
                                                      "OnWorkflowCompletion", "OnWorkflowSuccess"};

/// What Kubernetes finds wrong with a label selector; "" if nothing.
std::string check_selector(const Json& selector) {
  for (const auto& [key, value] : selector.get_object("matchLabels")) {
    if (const std::string wrong = check_label_key(key); !wrong.empty()) {
      return fmt::format("the key `{}`: {}", key, wrong);
    }
    if (const std::string wrong = check_label_value(value.is_string() ? value.as_string() : "");
        !wrong.empty()) {
      return fmt::format("the value of `{}`: {}", key, wrong);
    }
  }
  for (const Json& e : selector.get_array("matchExpressions")) {
    const std::string key = e.get_string("key");
    const std::string op = e.get_string("operator");
    const Json::Array& values = e.get_array("values");
    const bool list = op == "In" || op == "NotIn";
    if (!list && op != "Exists" && op != "DoesNotExist") return fmt::format("`{}` is no operator", op);
    if (list && values.empty()) return fmt::format("`{}` of `{}` needs values", op, key);
    if (!list && !values.empty()) return fmt::format("`{}` of `{}` takes no values", op, key);
    if (const std::string wrong = check_label_key(key); !wrong.empty()) {
      return fmt::format("the key `{}`: {}", key, wrong);
    }
    for (const Json& v : values) {
      const std::string wrong = check_label_value(v.is_string() ? v.as_string() : "");
      if (!wrong.empty()) return fmt::format("a value of `{}`: {}", key, wrong);
    }
  }
  return "";
}

}  // namespace

void Validator::check_hook_expressions(const Json& hooks, const Site& site, bool as_error) {
  if (!hooks.is_object()) return;
  for (const auto& [name, hook] : hooks.as_object()) {
    if (name == "exit" || !text_of(hook, "expression").empty()) continue;
    const Site here = site.at(name);
    const std::string message = fmt::format("the hook `{}` has no `expression`", name);
    const std::string hint = "say when it runs, or name it `exit`";
    if (as_error) {
      error("hooks", here, message, hint);
    } else {
      warning("hooks", here, message, hint);
    }
  }
}

void Validator::check_workflow_hooks() {
  check_hook_expressions(base_.spec->get("hooks"), {child_path(base_.path, "hooks"), ""}, true);
}

void Validator::check_pod_gc() {
  const Json& gc = base_.spec->get("podGC");
  const Site site{child_path(base_.path, "podGC"), ""};
  const std::string strategy = text_of(gc, "strategy");
  if (!strategy.empty() && std::find(kStrategies.begin(), kStrategies.end(), strategy) == kStrategies.end()) {
    const std::vector<std::string_view> known(kStrategies.begin(), kStrategies.end());
    const std::string hint = did_you_mean(strategy, known);
    error("pod-gc", site.at("strategy"), fmt::format("`{}` is no strategy of podGC", strategy),
          hint.empty() ? fmt::format("choose one of {}", fmt::join(known, ", ")) : hint);
  }
  if (const std::string wrong = check_selector(gc.get("labelSelector")); !wrong.empty()) {
    error("pod-gc", site.at("labelSelector"), "the labelSelector of podGC is no selector: " + wrong);
  }
}

/// workflow/validate validateExecutorPlugins, pkg/plugins/spec.
void Validator::check_executor_plugins() {
  const Json::Array& plugins = base_.spec->get_array("executorPlugins");
  for (std::size_t i = 0; i < plugins.size(); ++i) {
    const Site site{child_path(child_path(base_.path, "executorPlugins"), i), ""};
    const std::string name = plugins[i].get("metadata").get_string("name");
    if (name.empty()) {
      error("executor-plugins", site, "one of `executorPlugins` has no `metadata.name`", "give it a name");
    }
    const Json& container = plugins[i].get("spec").get("sidecar").get("container");
    const Site here = site.at("spec.sidecar.container");
    const auto need = [&](std::string_view what, bool there) {
      if (there) return;
      error("executor-plugins", here,
            fmt::format("the container of `{}` in executorPlugins needs {}", name, what));
    };
    need("at least one of `ports`", !container.get_array("ports").empty());
    need("resources `requests`", present(container.get("resources"), "requests"));
    need("resources `limits`", present(container.get("resources"), "limits"));
    need("a `securityContext`", present(container, "securityContext"));
  }
}

void Validator::check_pod_resources(const Json& resources, const Site& site) {
  if (!resources.get_array("claims").empty()) {
    error("pod-resources", site.at("claims"), "`podResources` cannot have `claims`");
  }
  for (const std::string_view list : {"limits", "requests"}) {
    for (const auto& [name, amount] : resources.get_object(list)) {
      if (name == "cpu" || name == "memory" || name.starts_with("hugepages-")) continue;
      error("pod-resources", {child_path(site.at(list).path, name), site.who},
            fmt::format(
                "`podResources` cannot hold `{}`: only cpu, memory and hugepages-* count for a whole pod",
                name),
            "give it to the container");
    }
  }
}

}  // namespace skiff::spec::validation
