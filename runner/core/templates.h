// Which template a step or task means: local, inline, or of a stored WorkflowTemplate.
//
// In: the workflow's spec and the stored templates it may refer to. Out: templates with templateDefaults and
// podMetadata laid in, each resolved once and shared. The base tells where names are looked up next: a
// template that came by templateRef calls templates of its own object
// (workflow/templateresolution/context.go).
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "spec/json.h"
#include "spec/workflow.h"

namespace skiff::runner {

using spec::Json;
using TemplatePtr = std::shared_ptr<const Json>;

/// What a step, a task, a hook or the workflow itself calls (Argo's TemplateReferenceHolder).
struct Target {
  bool task = false;          ///< of a DAG; decides between steps.name and tasks.name
  std::string name;           ///< of the step or task; empty for hooks and the entrypoint
  std::string template_name;  ///< in the caller's object
  Json template_ref;          ///< {"name","template","clusterScope"} or null
  TemplatePtr inline_template;

  /// Of a step, task or hook; the JSON has `template`, `templateRef` or `inline`.
  [[nodiscard]] static Target of(const Json& holder, bool task);
};

class TemplateBase;

/// A template as found, nothing substituted yet.
struct Resolved {
  TemplatePtr json;
  const TemplateBase* inner = nullptr;  ///< where the templates that it calls are looked up
  spec::TemplateType type = spec::TemplateType::none;
  bool tagged = false;   ///< "{{" occurs somewhere
  bool exports = false;  ///< "globalName" occurs somewhere
  bool steps = false;    ///< a text speaks of steps: they leave something to each other
  bool tasks = false;    ///< so do tasks
  bool timed = false;    ///< a text speaks of the workflow's running time
  std::string name;
  /// The steps and tasks of which `steps.<name>.outputs.result` or `tasks.<name>.…` occurs in it (Argo's
  /// hasOutputResultRef).
  std::set<std::string, std::less<>> results;
};
using ResolvedPtr = std::shared_ptr<const Resolved>;

/// The templates of one object, by name.
class TemplateBase {
 public:
  std::string scope;  ///< "local/<workflow>", "namespaced/<name>", "cluster/<name>"
  std::unordered_map<std::string, TemplatePtr> templates;
  Json pod_metadata;
  mutable std::unordered_map<std::string, ResolvedPtr> resolved;
};

class TemplateBook {
 public:
  struct Answer {
    ResolvedPtr resolved;  ///< null with an error
    std::string error;     ///< in Argo's words
  };

  /// `spec` is the workflow's (its templates are taken out of it); `stored` maps "namespaced/<name>" and
  /// "cluster/<name>" to objects; `repository` is laid into templates as repository.h says, where it is one.
  TemplateBook(Json& spec, const std::string& workflow_name, const Json& stored, Json repository);

  [[nodiscard]] const TemplateBase& local() const { return local_; }
  [[nodiscard]] Answer resolve(const TemplateBase& from, const Target& target) const;
  /// Whether any template that was resolved so far gives its outputs to the whole workflow.
  [[nodiscard]] bool exports() const { return exports_; }

 private:
  [[nodiscard]] const TemplateBase* stored(const Json& ref) const;
  [[nodiscard]] Answer named(const TemplateBase& base, const std::string& name, std::string missing) const;
  [[nodiscard]] ResolvedPtr finish(const TemplateBase& base, const Json& found) const;

  TemplateBase local_;
  Json defaults_;
  Json repository_;  ///< null: the store's default place
  bool archive_logs_ = false;
  std::map<std::string, TemplateBase> stored_;
  mutable bool exports_ = false;
};

}  // namespace skiff::runner
