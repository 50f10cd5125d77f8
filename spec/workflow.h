// The workflow language as structs, under Argo's names (pkg/apis/workflow/v1alpha1/workflow_types.go).
//
// They are decoded from Json that the strict decoder has already checked and normalised (AnyString fields are
// strings), or from a template whose tags have just been substituted. Decoding here is lenient and total: a
// field of a wrong kind reads as absent. What the runner does not look at by name stays in `raw`, so nothing
// is lost. Fields that may hold a tag until it is substituted (limits, deadlines, counts) are kept as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/json.h"

namespace skiff::spec {

struct ConfigMapKeyRef {
  std::string name;
  std::string key;
  bool optional = false;
};

struct ValueFrom {
  std::optional<std::string> path;
  std::optional<std::string> parameter;
  std::optional<std::string> expression;
  std::optional<std::string> default_value;
  std::optional<std::string> event;
  std::optional<std::string> json_path;
  std::optional<std::string> jq_filter;
  std::optional<ConfigMapKeyRef> config_map_key_ref;
  bool supplied = false;
};

struct Parameter {
  std::string name;
  std::optional<std::string> value;
  std::optional<std::string> default_value;
  std::optional<ValueFrom> value_from;
  std::vector<std::string> enum_values;
  bool has_enum = false;  ///< `enum: []` was written
  std::string global_name;
  std::string description;
};

/// An artifact; its location (`s3`, `raw`, `http` …), archive strategy and GC stay in `raw`.
struct Artifact {
  std::string name;
  std::string path;
  std::string from;
  std::string from_expression;
  std::string sub_path;
  std::string global_name;
  std::optional<int> mode;
  bool recurse_mode = false;
  bool optional = false;
  bool deleted = false;
  Json raw;

  /// The name of the location's member ("s3", "raw", "git", …); "" when there is none.
  [[nodiscard]] std::string_view location() const;
};

struct Arguments {
  std::vector<Parameter> parameters;
  std::vector<Artifact> artifacts;
  [[nodiscard]] const Parameter* parameter(std::string_view name) const;
  [[nodiscard]] const Artifact* artifact(std::string_view name) const;
};
using Inputs = Arguments;
struct Outputs : Arguments {
  std::optional<std::string> result;
  std::optional<std::string> exit_code;
};

struct TemplateRef {
  std::string name;
  std::string template_name;
  bool cluster_scope = false;
};

struct ContinueOn {
  bool error = false;
  bool failed = false;
};

struct Sequence {
  std::optional<std::string> count;
  std::optional<std::string> start;
  std::optional<std::string> end;
  std::string format;
};

struct LifecycleHook {
  std::string name;  ///< the key in `hooks`; "exit" is the exit handler
  std::string template_name;
  std::optional<TemplateRef> template_ref;
  Arguments arguments;
  std::string expression;
};

struct Template;

/// A step of a steps template or a task of a DAG (WorkflowStep, DAGTask).
struct Task {
  std::string name;
  std::string template_name;
  std::optional<TemplateRef> template_ref;
  std::vector<Template> inline_template;  ///< none or one (a vector because Template is incomplete here)
  Arguments arguments;
  std::optional<Json::Array> with_items;
  std::optional<std::string> with_param;
  std::optional<Sequence> with_sequence;
  std::string when;
  std::optional<ContinueOn> continue_on;
  std::vector<LifecycleHook> hooks;
  std::string on_exit;
  std::vector<std::string> dependencies;  ///< DAG only
  std::string depends;                    ///< DAG only
  Json raw;

  [[nodiscard]] bool loops() const { return with_items || with_param || with_sequence; }
  [[nodiscard]] const LifecycleHook* hook(std::string_view name) const;
};

struct Dag {
  std::string target;
  std::optional<bool> fail_fast;
  std::vector<Task> tasks;
  [[nodiscard]] const Task* task(std::string_view name) const;
};

struct Backoff {
  std::string duration;
  std::string factor;  ///< int or tag; "" when absent
  std::string max_duration;
  std::string cap;
};

struct RetryStrategy {
  std::optional<std::string> limit;  ///< int or tag; absent means no limit
  std::string retry_policy;          ///< "" when absent: OnFailure, or Always with an expression
  std::string expression;
  std::optional<Backoff> backoff;
};

struct MutexRef {
  std::string name;
  std::string namespace_;
  bool database = false;
};
struct SemaphoreRef {
  std::optional<ConfigMapKeyRef> config_map_key_ref;
  std::string namespace_;
  std::string database_key;
};
struct Synchronization {
  std::vector<MutexRef> mutexes;
  std::vector<SemaphoreRef> semaphores;
};

struct Memoize {
  std::string key;
  std::string max_age;
  std::string cache_name;  ///< cache.configMap.name
};

enum class TemplateType : unsigned char {
  none,
  container,
  container_set,
  script,
  resource,
  steps,
  dag,
  suspend,
  data,
  http,
  plugin
};
[[nodiscard]] std::string_view to_string(TemplateType type);  ///< the field's name: "containerSet"

struct Template {
  std::string name;
  TemplateType type = TemplateType::none;
  Inputs inputs;
  Outputs outputs;
  std::vector<std::vector<Task>> steps;
  std::optional<Dag> dag;
  std::optional<std::string> suspend_duration;  ///< of a suspend template; "" is not set
  std::optional<RetryStrategy> retry_strategy;
  std::optional<Synchronization> synchronization;
  std::optional<Memoize> memoize;
  std::string active_deadline_seconds;  ///< int or tag; "" when absent
  std::string timeout;
  std::string pending_timeout;
  std::optional<std::int64_t> parallelism;
  std::optional<bool> fail_fast;
  bool daemon = false;
  Json raw;  ///< the whole template, pod part included

  /// Runs as a pod (container, script, containerSet, data, resource) or as one request (http, plugin).
  [[nodiscard]] bool is_leaf() const { return type != TemplateType::steps && type != TemplateType::dag; }
  [[nodiscard]] bool is_pod() const;
};

struct WorkflowTemplateRef {
  std::string name;
  bool cluster_scope = false;
};

struct WorkflowSpec {
  std::string entrypoint;
  Arguments arguments;
  std::vector<Template> templates;
  std::optional<WorkflowTemplateRef> workflow_template_ref;
  std::string on_exit;
  std::vector<LifecycleHook> hooks;
  std::optional<std::int64_t> parallelism;
  std::optional<std::int64_t> active_deadline_seconds;
  std::optional<std::int64_t> priority;
  std::optional<RetryStrategy> retry_strategy;
  std::optional<Synchronization> synchronization;
  std::string shutdown;  ///< "", "Stop" or "Terminate"
  bool suspend = false;
  Json raw;

  [[nodiscard]] const Template* find_template(std::string_view name) const;
};

struct Metadata {
  std::string name;
  std::string generate_name;
  std::string namespace_;
  std::string uid;
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::pair<std::string, std::string>> annotations;
  Json raw;

  [[nodiscard]] const std::string* label(std::string_view key) const;
  [[nodiscard]] const std::string* annotation(std::string_view key) const;
};

/// A Workflow, WorkflowTemplate or ClusterWorkflowTemplate. For a CronWorkflow, `spec` is spec.workflowSpec.
struct Workflow {
  std::string api_version;
  std::string kind;
  Metadata metadata;
  WorkflowSpec spec;
  Json raw;  ///< the whole object, `status` included where the text had one
};

[[nodiscard]] Parameter parameter_from(const Json& json);
[[nodiscard]] Artifact artifact_from(const Json& json);
[[nodiscard]] Arguments arguments_from(const Json& json);
[[nodiscard]] Outputs outputs_from(const Json& json);
[[nodiscard]] Task task_from(const Json& json);
[[nodiscard]] RetryStrategy retry_strategy_from(const Json& json);
[[nodiscard]] Synchronization synchronization_from(const Json& json);
[[nodiscard]] std::vector<LifecycleHook> hooks_from(const Json& json);
[[nodiscard]] Template template_from(const Json& json);
[[nodiscard]] WorkflowSpec workflow_spec_from(const Json& json);
[[nodiscard]] Metadata metadata_from(const Json& json);
[[nodiscard]] Workflow workflow_from(const Json& json);

/// Back to Argo's JSON, only the fields above (no `raw` needed): for inputs and outputs of a node.
[[nodiscard]] Json to_json(const Parameter& parameter);
[[nodiscard]] Json to_json(const Arguments& arguments);

}  // namespace skiff::spec
