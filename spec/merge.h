// Strategic merge patch, as Kubernetes applies it (apimachinery, strategicpatch): objects merge by field,
// lists whose elements have a merge key (templates, parameters, env by name; volumeMounts by mountPath …)
// merge by element, all other lists are replaced. Argo uses it for workflowTemplateRef, templateDefaults,
// workflowDefaults and podSpecPatch.
#pragma once

#include <string_view>

#include "spec/json.h"

namespace skiff::spec {

/// `target` with `patch` laid over it: the patch wins. A null in the patch deletes; "$patch": "replace" and
/// "delete" are honoured. Elements of the patch that are new are appended.
[[nodiscard]] Json strategic_merge(Json target, const Json& patch);

/// The key by which the elements of a list field merge ("name" for env); "" where the list is replaced.
[[nodiscard]] std::string_view merge_key_of(std::string_view field);

/// The spec that runs when a Workflow refers to a template: the user's spec over the template's (over
/// defaults); hooks and labelsFrom are not merged field by field, a parameter or artifact comes from one
/// place only (workflow/util/merge.go, JoinWorkflowSpec).
[[nodiscard]] Json join_specs(const Json& workflow_spec, const Json& template_spec);

}  // namespace skiff::spec
