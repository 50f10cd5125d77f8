// What `lint` and `submit` say about documents: Argo's own rules as errors, what Argo misses as warnings.
//
// In: decoded documents (decode.h) and the stored templates that they may refer to. Out: findings with their
// places. The verdict is that of `argo lint` v4.1.2 (workflow/validate/validate.go): a document has an error
// here exactly where Argo refuses it; but all errors are said at once, and a warning never makes a document
// fail unless it is asked for. Pure: no files, no clock.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/diagnostic.h"
#include "spec/document.h"
#include "spec/json.h"

namespace skiff::spec {

/// Where `templateRef` and `workflowTemplateRef` find what they name. Values are decoded objects.
class TemplateLookup {
 public:
  virtual ~TemplateLookup() = default;
  /// The WorkflowTemplate of that namespace and name, or nullptr; the value must outlive the validation.
  [[nodiscard]] virtual const Json* workflow_template(std::string_view namespace_name,
                                                      std::string_view name) const = 0;
  /// The ClusterWorkflowTemplate of that name, or nullptr.
  [[nodiscard]] virtual const Json* cluster_workflow_template(std::string_view name) const = 0;
  /// The names there are, for did-you-mean.
  [[nodiscard]] virtual std::vector<std::string> names(std::string_view namespace_name,
                                                       bool cluster_scope) const = 0;
};

/// The templates among the documents of a command line; what is not there is asked of `next`, if given.
class DocumentTemplates : public TemplateLookup {
 public:
  /// Templates that name no namespace are in `default_namespace`.
  explicit DocumentTemplates(const TemplateLookup* next = nullptr, std::string default_namespace = "")
      : next_(next), default_namespace_(std::move(default_namespace)) {}
  /// Takes WorkflowTemplates and ClusterWorkflowTemplates and passes over all else. The value is not owned.
  /// False if there is one of that name already (which Argo refuses).
  bool add(const Json& value);

  [[nodiscard]] const Json* workflow_template(std::string_view namespace_name,
                                              std::string_view name) const override;
  [[nodiscard]] const Json* cluster_workflow_template(std::string_view name) const override;
  [[nodiscard]] std::vector<std::string> names(std::string_view namespace_name,
                                               bool cluster_scope) const override;

 private:
  using Key = std::pair<std::string, std::string>;  ///< namespace ("*" for the cluster), name
  [[nodiscard]] const Json* find(std::string_view namespace_name, std::string_view name) const;
  std::map<Key, const Json*> values_;
  const TemplateLookup* next_;
  std::string default_namespace_;
};

struct ValidateOptions {
  /// True for `submit`: the workflow's arguments need values. CronWorkflows always need them.
  bool submission = false;
  bool warnings_as_errors = false;  ///< `--strict=error`
  /// The namespace of documents that name none.
  std::string default_namespace;
};

/// Findings about one decoded document, sorted. Kinds that lint passes over have none.
[[nodiscard]] Diagnostics validate(const Document& document, const TemplateLookup& templates,
                                   const ValidateOptions& options = {});
/// The same for an object without a text (stored, or made by `submit --from`): findings have paths only.
[[nodiscard]] Diagnostics validate_value(const Json& value, const TemplateLookup& templates,
                                         const ValidateOptions& options = {});

struct LintFile {
  std::string name;  ///< as findings should show it
  std::string text;
};

struct LintOptions {
  bool warnings_as_errors = false;
  /// Kinds to lint; the others are passed over, but serve references. Empty means all four.
  std::vector<std::string> kinds;
  std::string default_namespace;
  /// Templates beyond those of the files (the store's, unless `--offline`); may be null.
  const TemplateLookup* store = nullptr;
};

/// One document that was linted.
struct LintedObject {
  std::string file;
  std::string kind;
  std::string name;
  bool ok = true;
};

struct LintResult {
  Diagnostics diagnostics;  ///< sorted
  std::vector<LintedObject> objects;
  /// Something was linted and nothing has an error.
  [[nodiscard]] bool ok() const { return !objects.empty() && !has_errors(diagnostics); }
};

/// Parses, decodes and validates files together: a reference may point into any of them. Nothing to lint at
/// all is an error of its own ("nothing-to-lint").
[[nodiscard]] LintResult lint(const std::vector<LintFile>& files, const LintOptions& options = {});

}  // namespace skiff::spec
