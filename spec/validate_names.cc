// Names that users give to templates, steps, tasks, parameters and artifacts: there, well-formed, given once
// (workflow/validate validateWorkflowFieldNames).
#include <fmt/format.h>

#include "spec/names.h"
#include "spec/validate_internal.h"

namespace skiff::spec::validation {

void Validator::check_one_name(std::string_view name, const Site& site, std::string_view what,
                               NameRule rule) {
  if (name.empty()) {
    error("name-required", site, fmt::format("{} has no `name`", what));
    return;
  }
  const std::string wrong = rule == NameRule::field ? check_field_name(name) : check_param_name(name);
  if (!wrong.empty()) {
    error("name-invalid", site, fmt::format("{} cannot be named `{}`: {}", what, name, wrong));
  }
}

void Validator::check_names(const Json::Array& list, const Site& site, std::string_view what, NameRule rule) {
  TextSet seen;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string name = list[i].get_string("name");
    const Site here{child_path(child_path(site.path, i), "name"), site.who};
    check_one_name(name, here, what, rule);
    if (!name.empty() && !seen.insert(name).second) {
      error("name-duplicate", here, fmt::format("{} is named `{}` like another one", what, name),
            "names must differ");
    }
  }
}

}  // namespace skiff::spec::validation
