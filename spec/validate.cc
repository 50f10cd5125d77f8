// The walk over one document in Argo's order (workflow/validate Workflow, WorkflowTemplate, CronWorkflow).
#include "spec/validate.h"

#include <fmt/format.h>

#include "spec/schema.h"
#include "spec/validate_internal.h"

namespace skiff::spec {
namespace validation {
namespace {

constexpr std::size_t kLongestName = 63;
constexpr std::size_t kLongestCronName = 52;  ///< a time stamp is added to it

/// The Workflow that a CronWorkflow makes, as far as its checks look at it (workflow/common/convert.go).
Json workflow_of_cron(const Json& cron) {
  const Json& spec = cron.get("spec").get("workflowSpec");
  const Json& made = cron.get("spec").get("workflowMetadata");
  Json labels = made.get("labels").is_object() ? made.get("labels") : Json::object();
  labels.set("workflows.argoproj.io/cron-workflow", cron.get("metadata").get_string("name"));
  constexpr std::string_view kInstance = "workflows.argoproj.io/controller-instanceid";
  if (const Json& id = cron.get("metadata").get("labels").get(kInstance); id.is_string()) {
    labels.set(std::string(kInstance), id);
  }
  Json annotations = made.get("annotations").is_object() ? made.get("annotations") : Json::object();
  annotations.set("workflows.argoproj.io/scheduled-time", "");
  Json metadata = Json::object();
  metadata.set("labels", std::move(labels));
  metadata.set("annotations", std::move(annotations));
  Json workflow = Json::object();
  workflow.set("metadata", std::move(metadata));
  workflow.set("spec", spec);
  return workflow;
}

/// The first of each name; a name that comes again later is dropped (util MergeParameters).
Json merged_by_name(const Json::Array& own, const Json::Array& more) {
  Json out = Json::array();
  TextSet seen;
  for (const Json::Array* list : {&own, &more}) {
    for (const Json& e : *list) {
      if (seen.insert(e.get_string("name")).second) out.push_back(e);
    }
  }
  return out;
}

bool has_tagged_global_artifact(const Json& spec) {
  for (const Json& t : spec.get_array("templates")) {
    for (const Json& a : t.get("outputs").get_array("artifacts")) {
      if (holds_parameter(text_of(a, "globalName"))) return true;
    }
  }
  return false;
}

}  // namespace

Validator::Validator(const Json& value, const Document* document, const TemplateLookup& lookup,
                     const ValidateOptions& options)
    : value_(value), document_(document), lookup_(lookup), options_(options) {
  kind_ = value.get_string("kind");
  namespace_ = value.get("metadata").get_string("namespace");
  if (namespace_.empty()) namespace_ = options.default_namespace;
  of_template_ = kind_ == "WorkflowTemplate" || kind_ == "ClusterWorkflowTemplate";
  if (kind_ == "CronWorkflow") {
    workflow_ = workflow_of_cron(value);
    base_ = make_base(Base::Where::local, workflow_, kind_);
    base_.path = "spec.workflowSpec";
  } else {
    base_ = make_base(Base::Where::local, value, kind_);
    if (of_template_) base_.name.clear();  // Argo makes a nameless workflow of it
  }
}

bool Validator::allows_empty_values() const {
  if (kind_ == "CronWorkflow") return false;
  return !options_.submission || of_template_;
}

void Validator::check_document_name(std::string_view kind) {
  const std::string name = value_.get("metadata").get_string("name");
  const std::size_t limit = kind == "CronWorkflow" ? kLongestCronName : kLongestName;
  if (name.size() <= limit) return;
  error("name-length", {"metadata.name", ""},
        fmt::format("the name `{}` has {} characters; a {} may have at most {}", name, name.size(), kind,
                    limit));
}

/// False where what it names is not there, so that nothing more can be said.
bool Validator::open_workflow_template_ref() {
  const Json& reference = base_.spec->get("workflowTemplateRef");
  if (reference.is_null()) return true;
  const Site site{child_path(base_.path, "workflowTemplateRef"), ""};
  if (!base_.spec->get_array("templates").empty()) {
    error("templateref", {child_path(base_.path, "templates"), ""},
          "`templates` cannot be given beside `workflowTemplateRef`", "remove one of them");
  }
  const std::string name = reference.get_string("name");
  const bool cluster = reference.get_bool("clusterScope");
  referred_ = base_of(name, cluster);
  if (referred_ != nullptr) return true;
  const std::vector<std::string> others = lookup_.names(namespace_, cluster);
  std::string hint = did_you_mean(name, std::vector<std::string_view>(others.begin(), others.end()));
  if (hint.empty()) hint = "give its file on the command line too, or create it first";
  error("templateref", site,
        fmt::format("there is no {} `{}`{}", cluster ? "ClusterWorkflowTemplate" : "WorkflowTemplate", name,
                    cluster || namespace_.empty() ? "" : fmt::format(" in namespace `{}`", namespace_)),
        hint);
  return false;
}

Json Validator::merged_arguments() const {
  const Json& own = base_.spec->get("arguments");
  if (referred_ == nullptr) return own.is_object() ? own : Json::object();
  const Json& theirs = referred_->spec->get("arguments");
  Json out = Json::object();
  for (const std::string_view key : {"parameters", "artifacts"}) {
    out.set(std::string(key), merged_by_name(own.get_array(key), theirs.get_array(key)));
  }
  return out;
}

void Validator::add_metadata_globals() {
  const auto add_keys = [&](std::string_view prefix, const Json& map) {
    if (!map.is_object()) return;
    for (const auto& [key, value] : map.as_object()) {
      const std::string name = fmt::format("{}{}", prefix, key);
      globals_.set(name, stand_in(name));
    }
  };
  const auto add_all = [&](const Json& metadata) {
    add_keys("workflow.annotations.", metadata.get("annotations"));
    add_keys("workflow.labels.", metadata.get("labels"));
    add_keys("workflow.labels.", metadata.get("labelsFrom"));
  };
  const Json& metadata = kind_ == "CronWorkflow" ? workflow_.get("metadata") : value_.get("metadata");
  add_keys("workflow.annotations.", metadata.get("annotations"));
  add_keys("workflow.labels.", metadata.get("labels"));
  add_all(base_.spec->get("workflowMetadata"));
  if (referred_ != nullptr) add_all(referred_->spec->get("workflowMetadata"));
}

void Validator::set_globals(const Json& arguments) {
  const auto unknown = [&](std::string name) { globals_.set(name, stand_in(name)); };
  for (const std::string_view name :
       {"workflow.name", "workflow.namespace", "workflow.mainEntrypoint", "workflow.serviceAccountName",
        "workflow.uid", "workflow.status", "workflow.annotations", "workflow.annotations.json",
        "workflow.labels", "workflow.labels.json"}) {
    unknown(std::string(name));
  }
  const Json::Array& parameters = arguments.get_array("parameters");
  if (!parameters.empty()) {
    unknown("workflow.parameters");
    unknown("workflow.parameters.json");
  }
  for (const Json& p : parameters) {
    const std::string name = "workflow.parameters." + p.get_string("name");
    if (present(p, "value")) {
      globals_.set(name, text_of(p, "value"));
    } else {
      unknown(name);
    }
  }
  add_metadata_globals();
  if (present(*base_.spec, "priority")) unknown("workflow.priority");
}

void Validator::check_entrypoint(const std::string& entrypoint) {
  const Site site{child_path(base_.path, "entrypoint"), ""};
  const Json arguments = merged_arguments();
  const Arguments given = of_template_ ? Arguments{} : Arguments{&arguments};
  Json holder = Json::object();
  if (referred_ != nullptr) {
    Json reference = base_.spec->get("workflowTemplateRef");
    reference.set("template", entrypoint);
    holder.set("templateRef", std::move(reference));
  } else {
    holder.set("template", entrypoint);
  }
  bool failed = false;
  if (const auto t = resolve(holder, base_, site, &failed)) visit(*t, given, site);
}

void Validator::check_exit_handler() {
  std::string name = base_.spec->get_string("onExit");
  const bool own = !name.empty();
  if (!own && referred_ != nullptr) name = referred_->spec->get_string("onExit");
  if (name.empty()) return;
  globals_.set("workflow.failures", stand_in("workflow.failures"));
  any_global_artifact_ = has_tagged_global_artifact(*base_.spec) ||
                         (referred_ != nullptr && has_tagged_global_artifact(*referred_->spec));
  Json holder = Json::object();
  if (referred_ != nullptr) {
    Json reference = base_.spec->get("workflowTemplateRef");
    reference.set("template", name);
    holder.set("templateRef", std::move(reference));
  } else {
    holder.set("template", name);
  }
  const Site site{child_path(base_.path, own ? "onExit" : "workflowTemplateRef"), ""};
  bool failed = false;
  if (const auto t = resolve(holder, base_, site, &failed)) visit(*t, {&base_.spec->get("arguments")}, site);
}

void Validator::check_every_template() {
  const Base& base = referred_ != nullptr ? *referred_ : base_;
  const Site ref{child_path(base_.path, "workflowTemplateRef"), ""};
  for (std::size_t i = 0; i < base.spec->get_array("templates").size(); ++i) {
    const TemplateView t = view_of(base, i);
    const Site site = base.local() ? Site{t.path, ""} : ref;
    if (template_type(*t.json).empty()) {
      error("template-type", {site.path, t.who}, "it has no type",
            "give it one of container, script, containerSet, steps, dag, suspend, resource, data, http, "
            "plugin");
      continue;
    }
    store_inlines(t);
    visit(t, {}, site);
  }
}

void Validator::check_workflow() {
  if (!open_workflow_template_ref()) return;
  const Json::Array& templates = base_.spec->get_array("templates");
  const Site spec{base_.path, ""};
  check_names(templates, spec.at("templates"), "a template", NameRule::field);
  check_executor_plugins();
  const Json arguments = merged_arguments();
  check_arguments(referred_ == nullptr ? base_.spec->get("arguments") : arguments, spec.at("arguments"),
                  allows_empty_values(), true);
  set_globals(arguments);

  std::string entrypoint = base_.spec->get_string("entrypoint");
  const bool optional = of_template_ && entrypoint.empty();
  if (entrypoint.empty() && referred_ != nullptr) entrypoint = referred_->spec->get_string("entrypoint");
  if (!entrypoint.empty() && !optional) {
    check_entrypoint(entrypoint);
  } else if (!optional) {
    const std::vector<std::string_view> names = names_of(templates);
    error("entrypoint", spec, "the spec has no `entrypoint`",
          names.empty()
              ? "name the template to begin with"
              : fmt::format("name the template to begin with, such as entrypoint: {}", names.front()));
  }
  check_exit_handler();
  check_workflow_hooks();
  check_pod_gc();
  if (const Json& r = base_.spec->get("podResources"); !r.is_null()) {
    check_pod_resources(r, spec.at("podResources"));
  }
  check_every_template();
}

Diagnostics Validator::run() {
  check_document_name(kind_);
  if (kind_ == "CronWorkflow") check_cron();
  check_workflow();
  warn_all();
  if (options_.warnings_as_errors) {
    for (Diagnostic& d : found_) {
      if (d.severity == Severity::warning) d.severity = Severity::error;
    }
  }
  sort_diagnostics(found_);
  return std::move(found_);
}

}  // namespace validation

Diagnostics validate_value(const Json& value, const TemplateLookup& templates,
                           const ValidateOptions& options) {
  if (!is_workflow_kind(value.get_string("kind"))) return {};
  return validation::Validator(value, nullptr, templates, options).run();
}

Diagnostics validate(const Document& document, const TemplateLookup& templates,
                     const ValidateOptions& options) {
  if (!is_workflow_kind(document.value().get_string("kind"))) return {};
  return validation::Validator(document.value(), &document, templates, options).run();
}

}  // namespace skiff::spec
