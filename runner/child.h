// Workflow of workflows: what a `resource` template that creates an Argo Workflow means. Pure: the order and
// its workflow in, the child's object, the verdict over it and the outputs read from it out. What the
// controller does with them is in child_runs.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/core/event.h"
#include "runner/core/pod_context.h"
#include "store/rows.h"

namespace skiff::runner {

/// Whether there is a workflow of that name.
using NameTaken = std::function<bool(const std::string& ns, const std::string& name)>;

/// The child's uid: a function of the node and its generation, so that a controller that begins again finds
/// the child it made, and no node ever makes two.
[[nodiscard]] std::string child_uid(std::string_view parent_uid, std::string_view node_id, int generation);

/// The Workflow of the manifest with its identity: uid, namespace (the parent's, where it has none), the name
/// (of a generateName: of those that the uid leads to the first that is not taken), creationTimestamp, and
/// the owner reference if the template asks for it. Throws std::runtime_error for a manifest that is no
/// Workflow.
[[nodiscard]] Json child_workflow(const StartPod& order, const RunContext& parent, const NameTaken& taken,
                                  TimePoint now);

/// What successCondition and failureCondition say of an object (workflow/executor/resource.go,
/// matchConditions): one requirement of the failure met is a failure, all of the success are needed.
class Conditions {
 public:
  enum class Verdict : std::uint8_t { open, succeeded, failed };
  struct Judgement {
    Verdict verdict = Verdict::open;
    std::string message;
  };

  /// Of `resource` in a template; throws std::runtime_error in Argo's words for one that can't be read.
  explicit Conditions(const Json& resource);

  [[nodiscard]] Judgement judge(const Json& object) const;
  /// Something else than the phase is looked at.
  [[nodiscard]] bool beyond_phase() const;
  /// Nothing is waited for: the step is over as soon as the object is there.
  [[nodiscard]] bool none() const { return success_.empty() && failure_.empty(); }

 private:
  std::vector<store::LabelCondition> success_;
  std::vector<store::LabelCondition> failure_;
};

/// A requirement as Kubernetes prints it: "status.phase in (Error,Failed)".
[[nodiscard]] std::string to_text(const store::LabelCondition& requirement);

/// The template's output parameters read from the object (SaveResourceParameters). Throws
/// std::runtime_error for a jsonPath or jqFilter that can't be read.
[[nodiscard]] Json child_outputs(const Json& tmpl, const Json& object);

}  // namespace skiff::runner
