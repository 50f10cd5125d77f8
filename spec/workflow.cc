#include "spec/workflow.h"

#include <algorithm>
#include <array>

namespace skiff::spec {
namespace {

/// A scalar as text: parameters and int-or-string fields come as either.
std::optional<std::string> text_of(const Json& j) {
  switch (j.kind()) {
    case Json::Kind::string:
      return j.as_string();
    case Json::Kind::number:
      return j.number_text();
    case Json::Kind::boolean:
      return j.as_bool() ? "true" : "false";
    case Json::Kind::null:
      return std::nullopt;
    default:
      return to_json(j);
  }
}
std::optional<std::string> text_at(const Json& j, std::string_view key) { return text_of(j.get(key)); }
std::string text_or_empty(const Json& j, std::string_view key) { return text_at(j, key).value_or(""); }

std::optional<bool> bool_at(const Json& j, std::string_view key) {
  const Json& v = j.get(key);
  return v.is_bool() ? std::optional(v.as_bool()) : std::nullopt;
}

template <class T, class F>
std::vector<T> list_from(const Json& j, std::string_view key, F convert) {
  std::vector<T> out;
  for (const Json& e : j.get_array(key)) out.push_back(convert(e));
  return out;
}

std::vector<std::string> texts(const Json& j, std::string_view key) {
  return list_from<std::string>(j, key, [](const Json& e) { return text_of(e).value_or(""); });
}

std::vector<std::pair<std::string, std::string>> text_map(const Json& j, std::string_view key) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [k, v] : j.get_object(key)) out.emplace_back(k, text_of(v).value_or(""));
  return out;
}

ConfigMapKeyRef config_map_key_ref_from(const Json& j) {
  return {j.get_string("name"), j.get_string("key"), j.get_bool("optional")};
}

ValueFrom value_from_from(const Json& j) {
  ValueFrom v;
  v.path = text_at(j, "path");
  v.parameter = text_at(j, "parameter");
  v.expression = text_at(j, "expression");
  v.default_value = text_at(j, "default");
  v.event = text_at(j, "event");
  v.json_path = text_at(j, "jsonPath");
  v.jq_filter = text_at(j, "jqFilter");
  if (const Json& ref = j.get("configMapKeyRef"); ref.is_object()) {
    v.config_map_key_ref = config_map_key_ref_from(ref);
  }
  v.supplied = !j.get("supplied").is_null();
  return v;
}

std::optional<TemplateRef> template_ref_from(const Json& j) {
  if (!j.is_object()) return std::nullopt;
  return TemplateRef{j.get_string("name"), j.get_string("template"), j.get_bool("clusterScope")};
}

Dag dag_from(const Json& j) {
  Dag d;
  d.target = j.get_string("target");
  d.fail_fast = bool_at(j, "failFast");
  d.tasks = list_from<Task>(j, "tasks", task_from);
  return d;
}

/// A parallel group is a plain list; Argo's JSON of a stored object may also wrap it as {"steps":[…]}.
std::vector<Task> group_from(const Json& j) {
  if (j.is_object()) return list_from<Task>(j, "steps", task_from);
  std::vector<Task> out;
  if (!j.is_array()) return out;
  for (const Json& e : j.as_array()) out.push_back(task_from(e));
  return out;
}

constexpr std::array<std::pair<TemplateType, std::string_view>, 10> kTypes{{
    {TemplateType::container, "container"},
    {TemplateType::container_set, "containerSet"},
    {TemplateType::script, "script"},
    {TemplateType::resource, "resource"},
    {TemplateType::steps, "steps"},
    {TemplateType::dag, "dag"},
    {TemplateType::suspend, "suspend"},
    {TemplateType::data, "data"},
    {TemplateType::http, "http"},
    {TemplateType::plugin, "plugin"},
}};

template <class Pairs>
const std::string* find_text(const Pairs& pairs, std::string_view key) {
  for (const auto& [k, v] : pairs) {
    if (k == key) return &v;
  }
  return nullptr;
}

template <class List>
auto find_named(const List& list, std::string_view name) -> const typename List::value_type* {
  const auto it = std::find_if(list.begin(), list.end(), [&](const auto& e) { return e.name == name; });
  return it == list.end() ? nullptr : &*it;
}

}  // namespace

std::string_view Artifact::location() const {
  for (std::string_view kind :
       {"s3", "raw", "http", "git", "artifactory", "gcs", "oss", "azure", "hdfs", "plugin"}) {
    if (raw.get(kind).is_object()) return kind;
  }
  return "";
}

const Parameter* Arguments::parameter(std::string_view name) const { return find_named(parameters, name); }
const Artifact* Arguments::artifact(std::string_view name) const { return find_named(artifacts, name); }
const LifecycleHook* Task::hook(std::string_view name_) const { return find_named(hooks, name_); }
const Task* Dag::task(std::string_view name) const { return find_named(tasks, name); }
const Template* WorkflowSpec::find_template(std::string_view name) const {
  return find_named(templates, name);
}
const std::string* Metadata::label(std::string_view key) const { return find_text(labels, key); }
const std::string* Metadata::annotation(std::string_view key) const { return find_text(annotations, key); }

std::string_view to_string(TemplateType type) {
  for (const auto& [t, name] : kTypes) {
    if (t == type) return name;
  }
  return "";
}

bool Template::is_pod() const {
  return type == TemplateType::container || type == TemplateType::container_set ||
         type == TemplateType::script || type == TemplateType::resource || type == TemplateType::data;
}

Parameter parameter_from(const Json& j) {
  Parameter p;
  p.name = j.get_string("name");
  p.value = text_at(j, "value");
  p.default_value = text_at(j, "default");
  if (const Json& v = j.get("valueFrom"); v.is_object()) p.value_from = value_from_from(v);
  p.has_enum = j.get("enum").is_array();
  p.enum_values = texts(j, "enum");
  p.global_name = j.get_string("globalName");
  p.description = text_or_empty(j, "description");
  return p;
}

Artifact artifact_from(const Json& j) {
  Artifact a;
  a.name = j.get_string("name");
  a.path = j.get_string("path");
  a.from = j.get_string("from");
  a.from_expression = j.get_string("fromExpression");
  a.sub_path = j.get_string("subPath");
  a.global_name = j.get_string("globalName");
  if (const auto mode = j.get_int("mode")) a.mode = static_cast<int>(*mode);
  a.recurse_mode = j.get_bool("recurseMode");
  a.optional = j.get_bool("optional");
  a.deleted = j.get_bool("deleted");
  a.raw = j;
  return a;
}

Arguments arguments_from(const Json& j) {
  Arguments a;
  a.parameters = list_from<Parameter>(j, "parameters", parameter_from);
  a.artifacts = list_from<Artifact>(j, "artifacts", artifact_from);
  return a;
}

Outputs outputs_from(const Json& j) {
  Outputs o;
  static_cast<Arguments&>(o) = arguments_from(j);
  o.result = text_at(j, "result");
  o.exit_code = text_at(j, "exitCode");
  return o;
}

std::vector<LifecycleHook> hooks_from(const Json& j) {
  std::vector<LifecycleHook> out;
  if (!j.is_object()) return out;
  for (const auto& [name, v] : j.as_object()) {
    LifecycleHook h;
    h.name = name;
    h.template_name = v.get_string("template");
    h.template_ref = template_ref_from(v.get("templateRef"));
    h.arguments = arguments_from(v.get("arguments"));
    h.expression = v.get_string("expression");
    out.push_back(std::move(h));
  }
  return out;
}

Task task_from(const Json& j) {
  Task t;
  t.name = j.get_string("name");
  t.template_name = j.get_string("template");
  t.template_ref = template_ref_from(j.get("templateRef"));
  if (const Json& inl = j.get("inline"); inl.is_object()) t.inline_template.push_back(template_from(inl));
  t.arguments = arguments_from(j.get("arguments"));
  if (const Json& items = j.get("withItems"); items.is_array()) t.with_items = items.as_array();
  t.with_param = text_at(j, "withParam");
  if (const Json& s = j.get("withSequence"); s.is_object()) {
    t.with_sequence =
        Sequence{text_at(s, "count"), text_at(s, "start"), text_at(s, "end"), s.get_string("format")};
  }
  t.when = text_or_empty(j, "when");
  if (const Json& c = j.get("continueOn"); c.is_object()) {
    t.continue_on = ContinueOn{c.get_bool("error"), c.get_bool("failed")};
  }
  t.hooks = hooks_from(j.get("hooks"));
  t.on_exit = j.get_string("onExit");
  t.dependencies = texts(j, "dependencies");
  t.depends = j.get_string("depends");
  t.raw = j;
  return t;
}

RetryStrategy retry_strategy_from(const Json& j) {
  RetryStrategy r;
  r.limit = text_at(j, "limit");
  r.retry_policy = j.get_string("retryPolicy");
  r.expression = j.get_string("expression");
  if (const Json& b = j.get("backoff"); b.is_object()) {
    r.backoff = Backoff{text_or_empty(b, "duration"), text_or_empty(b, "factor"),
                        text_or_empty(b, "maxDuration"), text_or_empty(b, "cap")};
  }
  return r;
}

Synchronization synchronization_from(const Json& j) {
  Synchronization s;
  const auto mutex = [](const Json& m) {
    return MutexRef{m.get_string("name"), m.get_string("namespace"), m.get_bool("database")};
  };
  const auto semaphore = [](const Json& m) {
    SemaphoreRef r;
    if (const Json& ref = m.get("configMapKeyRef"); ref.is_object()) {
      r.config_map_key_ref = config_map_key_ref_from(ref);
    }
    r.namespace_ = m.get_string("namespace");
    r.database_key = m.get("database").get_string("key");
    return r;
  };
  s.mutexes = list_from<MutexRef>(j, "mutexes", mutex);
  s.semaphores = list_from<SemaphoreRef>(j, "semaphores", semaphore);
  return s;
}

Template template_from(const Json& j) {
  Template t;
  t.name = j.get_string("name");
  for (const auto& [type, key] : kTypes) {
    const Json& v = j.get(key);
    if (v.is_object() || v.is_array()) {
      t.type = type;
      break;
    }
  }
  t.inputs = arguments_from(j.get("inputs"));
  t.outputs = outputs_from(j.get("outputs"));
  for (const Json& group : j.get_array("steps")) t.steps.push_back(group_from(group));
  if (const Json& d = j.get("dag"); d.is_object()) t.dag = dag_from(d);
  t.suspend_duration = text_at(j.get("suspend"), "duration");
  if (const Json& r = j.get("retryStrategy"); r.is_object()) t.retry_strategy = retry_strategy_from(r);
  if (const Json& s = j.get("synchronization"); s.is_object()) t.synchronization = synchronization_from(s);
  if (const Json& m = j.get("memoize"); m.is_object()) {
    t.memoize = Memoize{m.get_string("key"), text_or_empty(m, "maxAge"),
                        m.get("cache").get("configMap").get_string("name")};
  }
  t.active_deadline_seconds = text_or_empty(j, "activeDeadlineSeconds");
  t.timeout = text_or_empty(j, "timeout");
  t.pending_timeout = text_or_empty(j, "pendingTimeout");
  t.parallelism = j.get_int("parallelism");
  t.fail_fast = bool_at(j, "failFast");
  t.daemon = j.get_bool("daemon");
  t.raw = j;
  return t;
}

WorkflowSpec workflow_spec_from(const Json& j) {
  WorkflowSpec s;
  s.entrypoint = j.get_string("entrypoint");
  s.arguments = arguments_from(j.get("arguments"));
  s.templates = list_from<Template>(j, "templates", template_from);
  if (const Json& r = j.get("workflowTemplateRef"); r.is_object()) {
    s.workflow_template_ref = WorkflowTemplateRef{r.get_string("name"), r.get_bool("clusterScope")};
  }
  s.on_exit = j.get_string("onExit");
  s.hooks = hooks_from(j.get("hooks"));
  s.parallelism = j.get_int("parallelism");
  s.active_deadline_seconds = j.get_int("activeDeadlineSeconds");
  s.priority = j.get_int("priority");
  if (const Json& r = j.get("retryStrategy"); r.is_object()) s.retry_strategy = retry_strategy_from(r);
  if (const Json& y = j.get("synchronization"); y.is_object()) s.synchronization = synchronization_from(y);
  s.shutdown = j.get_string("shutdown");
  s.suspend = j.get_bool("suspend");
  s.raw = j;
  return s;
}

Metadata metadata_from(const Json& j) {
  Metadata m;
  m.name = j.get_string("name");
  m.generate_name = j.get_string("generateName");
  m.namespace_ = j.get_string("namespace");
  m.uid = j.get_string("uid");
  m.labels = text_map(j, "labels");
  m.annotations = text_map(j, "annotations");
  m.raw = j;
  return m;
}

Workflow workflow_from(const Json& j) {
  Workflow w;
  w.api_version = j.get_string("apiVersion");
  w.kind = j.get_string("kind");
  w.metadata = metadata_from(j.get("metadata"));
  const Json& spec = j.get("spec");
  w.spec = workflow_spec_from(w.kind == "CronWorkflow" ? spec.get("workflowSpec") : spec);
  w.raw = j;
  return w;
}

Json to_json(const Parameter& p) {
  Json j = Json::object();
  j.set("name", p.name);
  if (p.default_value) j.set("default", *p.default_value);
  if (p.value) j.set("value", *p.value);
  if (!p.global_name.empty()) j.set("globalName", p.global_name);
  if (!p.description.empty()) j.set("description", p.description);
  if (p.has_enum) {
    Json e = Json::array();
    for (const auto& v : p.enum_values) e.push_back(v);
    j.set("enum", std::move(e));
  }
  return j;
}

Json to_json(const Arguments& a) {
  Json j = Json::object();
  if (!a.parameters.empty()) {
    Json list = Json::array();
    for (const auto& p : a.parameters) list.push_back(to_json(p));
    j.set("parameters", std::move(list));
  }
  if (!a.artifacts.empty()) {
    Json list = Json::array();
    for (const auto& art : a.artifacts) list.push_back(art.raw);
    j.set("artifacts", std::move(list));
  }
  return j;
}

}  // namespace skiff::spec
