// Hooks and exit handlers of steps and tasks: the templates that they name and what these need. Argo finds
// out only when a hook fires, so all of this is a warning.
#include <fmt/format.h>

#include <utility>

#include "spec/validate_internal.h"

namespace skiff::spec::validation {

void Validator::warn_hook(const Json& hook, std::string_view name, const Site& site) {
  const Json& reference = hook.get("templateRef");
  const std::string called = text_of(hook, "template");
  if (has_tags(called) || tree_has_tags(reference)) return;
  const Site here{site.path, site.who.empty() ? fmt::format("hook `{}`", name)
                                              : fmt::format("{}, hook `{}`", site.who, name)};
  const bool before = std::exchange(errors_are_warnings_, true);
  bool failed = false;
  if (const auto t = resolve(hook, base_, here, &failed)) {
    // A step's `onExit` gets the arguments of the step itself.
    const Json& arguments = hook.get("arguments");
    if (name != "onExit") {
      static_cast<void>(check_supplied(*t, {&arguments}, here));
      warn_unknown_arguments(*t, arguments, here);
    }
  }
  errors_are_warnings_ = before;
}

void Validator::warn_hooks(const Json& hooks, const Site& site) {
  if (!hooks.is_object()) return;
  for (const auto& [name, hook] : hooks.as_object()) {
    if (hook.is_object()) warn_hook(hook, name, site.at(name));
  }
}

}  // namespace skiff::spec::validation
