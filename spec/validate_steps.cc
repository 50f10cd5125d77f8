// Steps templates, and loops of steps and tasks (workflow/validate validateSteps, addItemsToScope).
#include <fmt/format.h>

#include "spec/validate_internal.h"

namespace skiff::spec::validation {
namespace {

bool has_exit_hook(const Json& task) {
  return present(task.get("hooks"), "exit") || !text_of(task, "onExit").empty();
}

}  // namespace

/// What `{{item…}}` may be. In a steps template this stays known for the steps after it, as in Argo.
void Validator::check_loop(const Json& task, Names& names, const Site& site) {
  const Json::Array& items = task.get_array("withItems");
  const bool param = !text_of(task, "withParam").empty();
  const Json& sequence = task.get("withSequence");
  if ((items.empty() ? 0 : 1) + (param ? 1 : 0) + (sequence.is_null() ? 0 : 1) > 1) {
    error("loops", site, "it has more than one of withItems, withParam and withSequence", "choose one");
  }
  for (const Json& item : items) {
    for (std::size_t i = 0; item.is_array() && i < item.size(); ++i) names.add(fmt::format("item.[{}]", i));
    if (!item.is_object()) continue;
    for (const auto& [key, value] : item.as_object()) names.add("item." + key);
  }
  if (param) names.allow(Names::Any::item);
  if (present(sequence, "count") && present(sequence, "end")) {
    error("loops", site.at("withSequence"), "withSequence has both `count` and `end`", "choose one");
  }
}

void Validator::check_step(const TemplateView& t, const Json& step, Names& names, const Site& site) {
  const std::string name = step.get_string("name");
  const std::string node = "steps." + name;
  names.add(node + ".status");
  check_loop(step, names, site);
  check_arguments(step.get("arguments"), site.at("arguments"), false, false);

  bool failed = false;
  const std::optional<TemplateView> called = resolve(step, *t.base, site, &failed);
  if (failed) names.pardon(node + ".");
  if (called) visit(*called, {}, site);
  if (has_exit_hook(step)) add_outputs(called, node, false, names);
  check_hook_expressions(step.get("hooks"), site.at("hooks"), true);

  Names own(&names);
  for (const Json& p : step.get("inline").get("inputs").get_array("parameters")) {
    own.add("inputs.parameters." + p.get_string("name"));
  }
  check_tags(step, site.path, own, site);
  const bool aggregate = !step.get_array("withItems").empty() || !text_of(step, "withParam").empty();
  add_outputs(called, node, aggregate, names);
  if (called) check_call(*called, {&step.get("arguments")}, site);
}

void Validator::check_steps(const TemplateView& t, const Json& processed, Names& names, const Site& site) {
  if (present(processed, "activeDeadlineSeconds")) {
    error("active-deadline", site.at("activeDeadlineSeconds"),
          "`activeDeadlineSeconds` is for templates that run something themselves",
          "put it on the templates that it calls, or on the spec");
  }
  TextSet seen;
  const Json::Array& groups = processed.get_array("steps");
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const Json::Array& group = groups[g].is_array() ? groups[g].as_array() : groups[g].get_array("steps");
    for (std::size_t s = 0; s < group.size(); ++s) {
      const std::string name = group[s].get_string("name");
      const Site here{child_path(child_path(child_path(t.path, "steps"), g), s),
                      fmt::format("{}, step `{}`", t.who, name)};
      const Site naming{here.at("name").path, t.who};
      if (name.empty()) {
        error("name-required", naming, fmt::format("a step of `steps[{}]` has no `name`", g));
      } else {
        if (!seen.insert(name).second) {
          error("name-duplicate", naming, fmt::format("a step is named `{}` like another one", name),
                "names must differ in all of a template's groups");
        }
        check_one_name(without_stand_ins(name), naming, "a step", NameRule::field);
      }
      check_step(t, group[s], names, here);
    }
  }
}

}  // namespace skiff::spec::validation
