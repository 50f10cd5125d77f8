#include "runner/submit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <stdexcept>

#include "spec/merge.h"
#include "spec/names.h"

namespace skiff::runner {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

void set_pairs(Json& metadata, std::string_view member, const Pairs& pairs) {
  if (pairs.empty()) return;
  Json& target = metadata[member];
  if (!target.is_object()) target = Json::object();
  for (const auto& [k, v] : pairs) target.set(k, v);
}

/// The given ones come first, then those of the file that were not given (overrideParameters in util.go).
void override_parameters(Json& spec, const Pairs& given) {
  if (given.empty()) return;
  Json list = Json::array();
  for (const auto& [name, value] : given) {
    Json p = Json::object();
    p.set("name", name);
    p.set("value", value);
    list.push_back(std::move(p));
  }
  for (const Json& p : spec.get("arguments").get_array("parameters")) {
    const std::string name = p.get_string("name");
    if (std::none_of(given.begin(), given.end(), [&](const auto& g) { return g.first == name; }))
      list.push_back(p);
  }
  Json& arguments = spec["arguments"];
  if (!arguments.is_object()) arguments = Json::object();
  arguments.set("parameters", std::move(list));
}

Json template_reference(const std::string& name, bool cluster) {
  Json ref = Json::object();
  ref.set("name", name);
  if (cluster) ref.set("clusterScope", true);
  return ref;
}

Json new_workflow(const std::string& generate_name) {
  Json metadata = Json::object();
  metadata.set("generateName", generate_name);
  Json w = Json::object();
  w.set("apiVersion", "argoproj.io/v1alpha1");
  w.set("kind", "Workflow");
  w.set("metadata", std::move(metadata));
  w.set("spec", Json::object());
  return w;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kKindWords{{
    {"workflowtemplate", "WorkflowTemplate"},
    {"workflowtemplates", "WorkflowTemplate"},
    {"wftmpl", "WorkflowTemplate"},
    {"wft", "WorkflowTemplate"},
    {"clusterworkflowtemplate", "ClusterWorkflowTemplate"},
    {"clusterworkflowtemplates", "ClusterWorkflowTemplate"},
    {"cwft", "ClusterWorkflowTemplate"},
    {"cwftmpl", "ClusterWorkflowTemplate"},
    {"cronworkflow", "CronWorkflow"},
    {"cronworkflows", "CronWorkflow"},
    {"cron", "CronWorkflow"},
    {"cronwf", "CronWorkflow"},
    {"cwf", "CronWorkflow"},
    {"workflow", "Workflow"},
    {"workflows", "Workflow"},
    {"wf", "Workflow"},
}};

/// Follows templateRef and workflowTemplateRef through `json` and everything it finds.
class Gatherer {
 public:
  Gatherer(const StoredLookup& lookup, const StoredNames& names, Json& found)
      : lookup_(lookup), names_(names), found_(found) {}

  void walk(const Json& json) {
    if (json.is_array()) {
      for (const Json& e : json.as_array()) walk(e);
    } else if (json.is_object()) {
      for (const auto& [key, value] : json.as_object()) {
        if ((key == "templateRef" || key == "workflowTemplateRef") && value.is_object()) add(value);
        walk(value);
      }
    }
  }

 private:
  /// A name that is only known when it runs may be any of those that are kept.
  void add(const Json& ref) {
    const std::string name = ref.get_string("name");
    const bool cluster = ref.get_bool("clusterScope");
    const std::string kind = cluster ? "ClusterWorkflowTemplate" : "WorkflowTemplate";
    if (name.find("{{") == std::string::npos) {
      add(kind, name, cluster);
    } else {
      for (const std::string& any : names_(kind)) add(kind, any, cluster);
    }
  }

  void add(const std::string& kind, const std::string& name, bool cluster) {
    const std::string key = (cluster ? "cluster/" : "namespaced/") + name;
    if (!seen_.insert(key).second) return;
    const auto object = lookup_(kind, name);
    if (!object) return;
    found_.set(key, *object);
    walk(object->get("spec"));
  }

  const StoredLookup& lookup_;
  const StoredNames& names_;
  Json& found_;
  std::set<std::string> seen_;
};

}  // namespace

void apply_options(Json& workflow, const SubmitOptions& o) {
  Json& metadata = workflow["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  if (!o.generate_name.empty()) metadata.set("generateName", o.generate_name);
  if (!o.name.empty()) metadata.set("name", o.name);
  set_pairs(metadata, "labels", o.labels);
  set_pairs(metadata, "annotations", o.annotations);
  Json& spec = workflow["spec"];
  if (!spec.is_object()) spec = Json::object();
  if (!o.entrypoint.empty()) spec.set("entrypoint", o.entrypoint);
  if (!o.service_account.empty()) spec.set("serviceAccountName", o.service_account);
  if (o.priority) spec.set("priority", *o.priority);
  override_parameters(spec, o.parameters);
}

Pairs parse_pairs(std::string_view text) {
  Pairs out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view pair = text.substr(0, comma);
    const auto eq = pair.find('=');
    if (eq == std::string_view::npos || eq == 0) {
      throw std::invalid_argument(fmt::format("`{}` is not of the form NAME=VALUE", pair));
    }
    out.emplace_back(pair.substr(0, eq), pair.substr(eq + 1));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return out;
}

std::string unquoted(std::string_view text) {
  const bool enclosed = text.size() >= 2 && text.front() == text.back();
  const std::string_view inside = enclosed ? text.substr(1, text.size() - 2) : text;
  if (enclosed && text.front() == '`' && inside.find('`') == std::string_view::npos)
    return std::string(inside);
  if (enclosed && text.front() == '\'' && inside.size() == 1 && inside != "'" && inside != "\\") {
    return std::string(inside);
  }
  if (enclosed && text.front() == '"') {
    if (const auto word = spec::parse_json(text); word && word->is_string()) return word->as_string();
  }
  return std::string(text);
}

SubmitOptions submit_options_from(const Json& json) {
  SubmitOptions o;
  o.name = json.get_string("name");
  o.generate_name = json.get_string("generateName");
  o.entrypoint = json.get_string("entryPoint");
  o.service_account = json.get_string("serviceAccount");
  o.priority = json.get_int("priority");
  o.labels = parse_pairs(json.get_string("labels"));
  o.annotations = parse_pairs(json.get_string("annotations"));
  for (const Json& p : json.get_array("parameters")) {
    const std::string text = p.is_string() ? p.as_string() : "";
    const auto eq = text.find('=');
    if (eq == std::string::npos || eq == 0) {
      throw std::invalid_argument(fmt::format("parameter `{}` is not of the form NAME=VALUE", text));
    }
    o.parameters.emplace_back(text.substr(0, eq), text.substr(eq + 1));
  }
  return o;
}

Json workflow_from(const std::string& kind, const Json& object, spec::TimePoint now) {
  const std::string name = object.get("metadata").get_string("name");
  Json w = new_workflow(name + "-");
  Json labels = Json::object();
  if (kind == "CronWorkflow") {
    w.set("spec", object.get("spec").get("workflowSpec"));
    const Json& meta = object.get("spec").get("workflowMetadata");
    if (meta.get("labels").is_object()) labels = meta.get("labels");
    if (meta.get("annotations").is_object()) w["metadata"].set("annotations", meta.get("annotations"));
    w["metadata"]["annotations"].set("workflows.argoproj.io/scheduled-time", spec::to_rfc3339(now));
    labels.set("workflows.argoproj.io/cron-workflow", name);
  } else {
    const bool cluster = kind == "ClusterWorkflowTemplate";
    w["spec"].set("workflowTemplateRef", template_reference(name, cluster));
    labels.set(cluster ? "workflows.argoproj.io/cluster-workflow-template"
                       : "workflows.argoproj.io/workflow-template",
               name);
  }
  w["metadata"].set("labels", std::move(labels));
  return w;
}

Json resubmitted(const Json& workflow) {
  const Json& old = workflow.get("metadata");
  const std::string name = old.get_string("name");
  const std::string generate = old.get_string("generateName");
  Json w = new_workflow(generate.empty() ? name + "-" : generate);
  w.set("spec", workflow.get("spec"));
  w["spec"].erase("shutdown");
  Json labels = Json::object();
  for (const auto& [k, v] : old.get_object("labels")) {
    const bool controllers = k == "workflows.argoproj.io/completed" || k == "workflows.argoproj.io/phase" ||
                             k == "workflows.argoproj.io/workflow-archiving-status" ||
                             k.starts_with("workflows.argoproj.io/creator");
    if (!controllers) labels.set(k, v);
  }
  labels.set("workflows.argoproj.io/resubmitted-from-workflow", name);
  w["metadata"].set("labels", std::move(labels));
  if (const Json& annotations = old.get("annotations"); annotations.is_object()) {
    w["metadata"].set("annotations", annotations);
  }
  return w;
}

std::string kind_of_word(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const auto& [alias, kind] : kKindWords) {
    if (alias == lower) return std::string(kind);
  }
  return "";
}

void give_free_name(Json& metadata, const std::function<std::uint64_t()>& chance,
                    const std::function<bool(const std::string& name)>& taken) {
  constexpr int kTries = 8;
  if (!metadata.get_string("name").empty()) return;
  std::string name;
  for (int i = 0; i < kTries; ++i) {
    name = spec::generated_name(metadata.get_string("generateName"), chance());
    if (!taken(name)) break;
  }
  metadata.set("name", std::move(name));
}

std::uint64_t chance() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

void give_identity(Json& workflow, std::string uid, spec::TimePoint now) {
  Json& metadata = workflow["metadata"];
  if (metadata.get_string("namespace").empty()) metadata.set("namespace", kDefaultNamespace);
  metadata.set("uid", std::move(uid));
  metadata.set("creationTimestamp", spec::to_rfc3339(now));
}

RunInput gather_input(const Json& workflow, const StoredLookup& lookup, const StoredNames& names,
                      Json config_maps) {
  RunInput input;
  input.workflow = workflow;
  input.workflow.erase("status");  // all but the nodes that a memoized resubmission brings
  if (const Json& nodes = workflow.get("status").get("nodes"); nodes.is_object()) {
    input.workflow["status"].set("nodes", nodes);
  }
  input.stored_templates = Json::object();
  input.config_maps = std::move(config_maps);
  Gatherer gatherer(lookup, names, input.stored_templates);
  const Json& ref = workflow.get("spec").get("workflowTemplateRef");
  if (ref.is_object()) {
    const bool cluster = ref.get_bool("clusterScope");
    const auto base =
        lookup(cluster ? "ClusterWorkflowTemplate" : "WorkflowTemplate", ref.get_string("name"));
    if (base) input.workflow.set("spec", spec::join_specs(workflow.get("spec"), base->get("spec")));
  }
  gatherer.walk(input.workflow.get("spec"));
  return input;
}

Json to_json(const RunInput& input) {
  Json j = Json::object();
  j.set("workflow", input.workflow);
  j.set("storedTemplates", input.stored_templates);
  j.set("configMaps", input.config_maps);
  return j;
}

RunInput run_input_from(const Json& j) {
  return {j.get("workflow"), j.get("storedTemplates"), j.get("configMaps")};
}

}  // namespace skiff::runner
