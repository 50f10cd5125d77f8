// Reading templates as the JSON they are: the few questions that the scheduler asks about parameters,
// artifacts and text fields. Templates stay JSON here because a node must not cost more than it needs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spec/json.h"
#include "spec/workflow.h"

namespace skiff::runner {

using spec::Json;

/// A scalar as text (int-or-string fields come as either); nothing for null, lists and objects.
[[nodiscard]] std::optional<std::string> text_of(const Json& value);
[[nodiscard]] std::string text_or_empty(const Json& value);

/// The element whose "name" it is, or nullptr.
[[nodiscard]] const Json* find_named(const Json::Array& list, std::string_view name);

/// Argo's Template.GetType: which of the bodies it has.
[[nodiscard]] spec::TemplateType template_type(const Json& tmpl);
/// Runs as a pod (container, script, containerSet, data, resource).
[[nodiscard]] bool is_pod_type(spec::TemplateType type);

/// Argo's HasLocationOrKey.
[[nodiscard]] bool has_location(const Json& artifact);
/// The artifact with `sub` appended to its key; nothing if its location has no key.
[[nodiscard]] std::optional<Json> with_sub_path(const Json& artifact, const std::string& sub);

/// As Go's encoding/json writes a list of parameters (field order, escapes): {{inputs.parameters}},
/// {{workflow.parameters}}.
[[nodiscard]] std::string parameters_json(const Json::Array& parameters);
/// As Go writes a map: sorted keys, < > & escaped.
[[nodiscard]] std::string go_json(const Json& value);

/// Whether the text may speak of `workflow.…`.
[[nodiscard]] bool mentions_workflow(std::string_view text);

/// Whether it is an arguments or inputs object with at least one parameter or artifact.
[[nodiscard]] bool has_arguments(const Json& arguments);
/// Argo's HasOutputs, for the outputs of a template.
[[nodiscard]] bool has_outputs(const Json& outputs);

}  // namespace skiff::runner
