// Steps templates, and loops of steps and tasks (workflow/validate validateSteps, addItemsToScope).
#include <fmt/format.h>

#include "spec/validate_internal.h"

namespace skiff::spec::validation {
namespace {

bool has_exit_hook(const Json& task) {
  return present(task.get("hooks"), "exit") || !text_of(task, "onExit").empty();
}

/// The text without the tags that Argo has replaced by the time it looks at a call.
std::string without_known_tags(std::string_view text) {
  std::string out;
  std::size_t from = 0;
  for_each_tag(text, [&](const Tag& tag) {
    if (!tag.closed || !(tag.name.starts_with("workflow.") || tag.name.starts_with("inputs."))) return;
    out += text.substr(from, tag.offset - from);
    from = tag.offset + tag.raw.size() + 4;
  });
  return out += text.substr(from);
}

/// Argo looks for the end of a tag in all that follows it in the call's JSON, whatever field that is; two
/// objects that end together will do.
bool closed_further_on(const Json& task, std::size_t parameter) {
  if (present(task, "hooks")) return true;
  bool ends_in_object = true;  // the arguments themselves
  for (const char* field : {"templateRef", "dependencies", "withItems", "withParam", "withSequence", "when",
                            "continueOn", "onExit", "depends"}) {
    const Json& value = task.get(field);
    const bool empty = value.is_null() || (value.is_string() && value.as_string().empty()) ||
                       (value.is_array() && value.as_array().empty());
    if (!empty) ends_in_object = value.is_object();
  }
  if (ends_in_object) return true;
  std::string rest = to_json(task.get("withItems"));
  const Json::Array& given = task.get("arguments").get_array("parameters");
  for (std::size_t i = parameter + 1; i < given.size(); ++i) {
    rest += without_known_tags(text_of(given[i], "value"));
  }
  rest += without_known_tags(text_of(task, "withParam")) + without_known_tags(text_of(task, "when"));
  return rest.find("}}") != std::string::npos;
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
  const Json::Array& given = task.get("arguments").get_array("parameters");
  for (std::size_t i = 0; i < given.size(); ++i) {
    for_each_tag(text_of(given[i], "value"), [&](const Tag& tag) {
      if (tag.closed || !tag.name.starts_with("item}") || closed_further_on(task, i)) return;
      error("template-syntax", site.at(child_path("arguments.parameters", i)).at("value"),
            "`{{item}` is not closed by `}}`");
    });
  }
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
