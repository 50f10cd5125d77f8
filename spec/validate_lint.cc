// Files to findings: parse, decode and validate several files together (cmd/argo/lint).
#include <algorithm>

#include <fmt/format.h>

#include "spec/decode.h"
#include "spec/schema.h"
#include "spec/validate.h"

namespace skiff::spec {
namespace {

struct Pending {
  const Document* document;
  LintedObject object;
  bool decoded = true;  ///< its tree has the right shape, so that it can be validated
};

/// Findings before the next document of the file belong to this one.
void mark_errors(const ParsedFile& file, std::vector<Pending*>& of_file) {
  for (const Diagnostic& d : file.diagnostics) {
    if (d.severity != Severity::error) continue;
    Pending* owner = nullptr;
    for (Pending* p : of_file) {
      if (p->document->root().mark() <= d.mark) owner = p;
    }
    if (owner == nullptr) continue;
    owner->object.ok = false;
    // What has a wrong type reads as absent; more findings would only repeat it in other words.
    if (d.rule == "wrong-type") owner->decoded = false;
  }
}

bool wanted(const LintOptions& options, std::string_view kind) {
  if (!is_workflow_kind(kind)) return false;
  return options.kinds.empty() ||
         std::find(options.kinds.begin(), options.kinds.end(), kind) != options.kinds.end();
}

/// What Argo passes over: keys given twice in documents that are not its own, and what is none
/// (common/parse.go); documents of kinds that are not wanted (cmd/argo/lint). It is told all the same.
void forgive_others(ParsedFile& file, const LintOptions& options) {
  for (Diagnostic& d : file.diagnostics) {
    if (d.severity != Severity::error) continue;
    const Document* owner = nullptr;
    for (const Document& document : file.documents) {
      if (document.root().mark() <= d.mark) owner = &document;
    }
    const bool twice = d.rule == "duplicate-key" || d.rule == "merge-override";
    const bool foreign = owner != nullptr && !is_workflow_kind(owner->kind());
    const bool unwanted =
        owner != nullptr && !foreign && !wanted(options, owner->kind()) && d.rule != "wrong-type";
    if ((foreign && twice) || unwanted || d.rule == "not-a-mapping") d.severity = Severity::warning;
  }
}

void register_templates(const std::vector<ParsedFile>& files, DocumentTemplates& templates,
                        Diagnostics& diagnostics) {
  for (const ParsedFile& file : files) {
    for (const Document& d : file.documents) {
      if (!d.value().is_object() || templates.add(d.value())) continue;
      diagnostics.push_back(d.diagnostic(Severity::error, "duplicate-template", "metadata.name",
                                         fmt::format("there is another {} named `{}`", d.kind(), d.name()),
                                         "give only one of them, or name one differently"));
    }
  }
}

}  // namespace

bool DocumentTemplates::add(const Json& value) {
  const std::string kind = value.get_string("kind");
  const Json& metadata = value.get("metadata");
  if (kind == "ClusterWorkflowTemplate") {
    return values_.emplace(Key{"*", metadata.get_string("name")}, &value).second;
  }
  if (kind != "WorkflowTemplate") return true;
  const std::string own = metadata.get_string("namespace");
  return values_.emplace(Key{own.empty() ? default_namespace_ : own, metadata.get_string("name")}, &value)
      .second;
}

const Json* DocumentTemplates::find(std::string_view namespace_name, std::string_view name) const {
  const auto it = values_.find(Key{namespace_name, name});
  return it == values_.end() ? nullptr : it->second;
}

const Json* DocumentTemplates::workflow_template(std::string_view namespace_name,
                                                 std::string_view name) const {
  if (const Json* own = find(namespace_name, name)) return own;
  return next_ == nullptr ? nullptr : next_->workflow_template(namespace_name, name);
}

const Json* DocumentTemplates::cluster_workflow_template(std::string_view name) const {
  if (const Json* own = find("*", name)) return own;
  return next_ == nullptr ? nullptr : next_->cluster_workflow_template(name);
}

std::vector<std::string> DocumentTemplates::names(std::string_view namespace_name, bool cluster_scope) const {
  std::vector<std::string> out;
  if (next_ != nullptr) out = next_->names(namespace_name, cluster_scope);
  const std::string_view wanted_namespace = cluster_scope ? "*" : namespace_name;
  for (const auto& [key, value] : values_) {
    if (key.first == wanted_namespace) out.push_back(key.second);
  }
  return out;
}

LintResult lint(const std::vector<LintFile>& files, const LintOptions& options) {
  LintResult result;
  std::vector<ParsedFile> parsed;
  parsed.reserve(files.size());
  for (const LintFile& f : files) {
    parsed.push_back(read_documents(f.text, f.name));
    forgive_others(parsed.back(), options);
  }

  DocumentTemplates templates(options.store, options.default_namespace);
  register_templates(parsed, templates, result.diagnostics);
  ValidateOptions rules;
  rules.warnings_as_errors = options.warnings_as_errors;
  rules.default_namespace = options.default_namespace;
  for (const ParsedFile& file : parsed) {
    std::vector<Pending> pending;
    for (const Document& d : file.documents) {
      if (wanted(options, d.kind())) pending.push_back({&d, {d.file(), d.kind(), d.name(), true}, true});
    }
    std::vector<Pending*> of_file;
    for (Pending& p : pending) of_file.push_back(&p);
    mark_errors(file, of_file);
    result.diagnostics.insert(result.diagnostics.end(), file.diagnostics.begin(), file.diagnostics.end());
    for (Pending& p : pending) {
      if (p.decoded && p.document->value().is_object()) {
        const Diagnostics found = validate(*p.document, templates, rules);
        p.object.ok = p.object.ok && !has_errors(found);
        result.diagnostics.insert(result.diagnostics.end(), found.begin(), found.end());
      }
      result.objects.push_back(std::move(p.object));
    }
  }
  if (result.objects.empty() && !has_errors(result.diagnostics)) {
    Diagnostic d;
    d.rule = "nothing-to-lint";
    d.message =
        "there is nothing to lint: no Workflow, WorkflowTemplate, ClusterWorkflowTemplate or CronWorkflow";
    if (!files.empty()) d.file = files.front().name;
    result.diagnostics.push_back(std::move(d));
  }
  sort_diagnostics(result.diagnostics);
  return result;
}

}  // namespace skiff::spec
