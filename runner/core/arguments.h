// From a template and the arguments of a call to the template that runs: inputs get their values, then every
// tag that can be replaced is (workflow/common/util.go, ProcessArgs and SubstituteParams).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runner/core/templates.h"
#include "spec/json.h"
#include "spec/tags.h"

namespace skiff::runner {

/// An argument in whose place the input's own default steps in; set by mark_absent().
inline constexpr std::string_view kAbsentArgument = "absent";

struct Processed {
  TemplatePtr tmpl;   ///< shared with the resolved one where nothing had to change; null with an error
  std::string error;  ///< in Argo's words
};

/// Whether the template has inputs or tags; one without runs as it is.
[[nodiscard]] bool needs_processing(const Resolved& resolved);

/// `args` is {"parameters":[…],"artifacts":[…]}; `scope` holds the globals and the names of this call
/// (pod.name, node.name, steps.name).
[[nodiscard]] Processed process_arguments(const Resolved& resolved, const Json& args,
                                          const spec::Scope& scope, const Json& config_maps);

/// The two passes over a template whose inputs have their values; an error's message, if there is one.
[[nodiscard]] std::optional<std::string> substitute_template(Json& tmpl, const spec::Scope& scope);

/// Arguments that are nothing but a reference to a skipped node's output count as not given
/// (workflow/controller/scope.go, markAbsentOptionalArgs).
void mark_absent(Json& args, const spec::Scope& scope);

/// The value of a ConfigMap's key, or an error with `found` false where the map or key is missing.
struct ConfigMapValue {
  std::optional<std::string> value;
  std::string error;
  bool missing = false;  ///< a default may step in; not so where the label is wrong
};
[[nodiscard]] ConfigMapValue config_map_value(const Json& config_maps, const std::string& name,
                                              const std::string& key);

/// Sets inputs.parameters.* and inputs.artifacts.* of a processed template (createScope).
void add_inputs(spec::Scope& scope, const Json& tmpl);

}  // namespace skiff::runner
