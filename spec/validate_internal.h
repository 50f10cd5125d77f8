// The inside of the validator, shared by the validate_*.cc files; nobody else includes it.
//
// One Validator looks at one document. It walks in Argo's order (entrypoint, exit handler, then all
// templates; each template once, callers before callees) because what is known at a place depends on what was
// met before. A template is looked at as Argo does it: with the values that it gets put in place of its tags,
// stand-ins where the values are not known yet, so that only tags that nobody will ever replace are left
// over.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "spec/diagnostic.h"
#include "spec/document.h"
#include "spec/json.h"
#include "spec/tags.h"
#include "spec/validate.h"
#include "spec/validate_scope.h"

namespace skiff::spec::validation {

/// An object that holds templates: the document itself, or one that it refers to.
struct Base {
  enum class Where { local, stored, cluster };
  Where where = Where::local;
  std::string kind;
  std::string name;
  const Json* spec = nullptr;
  std::string path;  ///< of the spec within its object
  std::unordered_map<std::string_view, std::size_t> by_name;

  [[nodiscard]] bool local() const { return where == Where::local; }
};

/// A template as it was written; `json` lives as long as its base, or as the caller that holds it inline.
struct TemplateView {
  const Json* json = nullptr;
  std::string path;
  const Base* base = nullptr;
  bool is_inline = false;
  std::string who;  ///< "template `main`"

  [[nodiscard]] std::string name() const { return json->get_string("name"); }
};

/// The arguments of one call; without a list every input has a stand-in, which no check can refuse.
struct Arguments {
  const Json* json = nullptr;
  [[nodiscard]] bool stand_ins() const { return json == nullptr; }
};

/// A template with its arguments put in, or as it was written where nothing had to be replaced.
struct Processed {
  std::optional<Json> own;
  const Json* written = nullptr;
  [[nodiscard]] const Json& json() const { return own ? *own : *written; }
};

/// The member that says what a template is ("container", "dag", …), "" if there is none; `json` as written.
[[nodiscard]] std::string_view template_type(const Json& json);
/// The same after values were put in, when Argo has lost an empty list of steps.
[[nodiscard]] std::string_view processed_type(const Json& json);
[[nodiscard]] bool is_leaf_type(std::string_view type);
[[nodiscard]] bool is_pod_type(std::string_view type);
/// Argo's word for it in messages ("Steps", "DAG", "HTTP").
[[nodiscard]] std::string_view type_word(std::string_view type);
/// Whether the member is there and not null.
[[nodiscard]] bool present(const Json& object, std::string_view key);
/// The member as text: strings, numbers and booleans; "" for all else.
[[nodiscard]] std::string text_of(const Json& object, std::string_view key);
/// A tag somewhere in the text (Argo's isParameter).
[[nodiscard]] bool holds_parameter(std::string_view text);
/// The element of that name, or nullptr.
[[nodiscard]] const Json* find_named(const Json::Array& list, std::string_view name);
/// The names of a list's elements.
[[nodiscard]] std::vector<std::string_view> names_of(const Json::Array& list);
/// Go's strconv.Atoi: a sign, digits, 64 bits.
[[nodiscard]] bool is_whole_number(std::string_view text);
/// A location, or at least a key, in an artifact (v1alpha1 HasLocationOrKey).
[[nodiscard]] bool has_location_or_key(const Json& artifact);
/// Indices that form a cycle of the graph "i needs edges[i]", in that direction; empty if there is none.
[[nodiscard]] std::vector<std::size_t> find_cycle(const std::vector<std::vector<std::size_t>>& edges);
/// What is wrong with a cron schedule, in robfig/cron's words; empty if nothing is.
[[nodiscard]] std::string check_schedule(std::string_view schedule);
[[nodiscard]] bool is_time_zone(const std::string& name);

enum class NameRule { field, parameter };

class Validator {
 public:
  Validator(const Json& value, const Document* document, const TemplateLookup& lookup,
            const ValidateOptions& options);
  [[nodiscard]] Diagnostics run();

 private:
  // validate.cc: the document.
  void check_document_name(std::string_view kind);
  void check_workflow();
  void check_entrypoint(const std::string& entrypoint);
  void check_exit_handler();
  void check_every_template();
  [[nodiscard]] bool open_workflow_template_ref();
  [[nodiscard]] Json merged_arguments() const;
  void set_globals(const Json& arguments);
  void add_metadata_globals();

  // validate_spec.cc: fields of the spec.
  void check_workflow_hooks();
  void check_pod_gc();
  void check_executor_plugins();
  void check_pod_resources(const Json& resources, const Site& site);
  void check_hook_expressions(const Json& hooks, const Site& site, bool as_error);

  // validate_cron.cc
  void check_cron();

  // validate_names.cc
  void check_names(const Json::Array& list, const Site& site, std::string_view what, NameRule rule);
  void check_one_name(std::string_view name, const Site& site, std::string_view what, NameRule rule);

  // validate_arguments.cc
  void check_arguments(const Json& arguments, const Site& site, bool values_optional, bool at_spec);
  void check_argument_parameter(const Json& parameter, const Site& site, bool values_optional, bool at_spec);
  void check_enum(const Json& parameter, const Site& site, bool values_optional);
  [[nodiscard]] bool check_supplied(const TemplateView& t, const Arguments& arguments, const Site& caller);
  void warn_unknown_arguments(const TemplateView& t, const Json& arguments, const Site& caller);

  // validate_process.cc: values put in for tags.
  [[nodiscard]] std::optional<Processed> process(const TemplateView& t, const Arguments& arguments,
                                                 const Site& caller);
  void put_inputs(Json& copy, const Arguments& arguments);
  [[nodiscard]] std::string stand_in(std::string meaning);
  [[nodiscard]] static bool is_stand_in(std::string_view text);  ///< begins with one
  [[nodiscard]] static bool holds_stand_in(std::string_view text);
  /// A step's name with a letter for each stand-in, so that the rest of it can be checked.
  [[nodiscard]] static std::string without_stand_ins(std::string_view text);
  /// The text with the tags back in place of their stand-ins, for messages.
  [[nodiscard]] std::string readable(std::string_view text) const;

  // validate_resolve.cc: from a call to the template it names.
  [[nodiscard]] std::optional<TemplateView> resolve(const Json& holder, const Base& base, const Site& site,
                                                    bool* failed);
  [[nodiscard]] std::optional<TemplateView> resolve_reference(const Json& reference, bool beside_inline,
                                                              const Site& site, bool* failed);
  [[nodiscard]] std::optional<TemplateView> resolve_name(const std::string& name, const Base& base,
                                                         const Site& site, bool* failed);
  [[nodiscard]] TemplateView resolve_inline(const Json& holder, const Base& base, const Site& site);
  [[nodiscard]] const Base* base_of(const std::string& name, bool cluster_scope);
  [[nodiscard]] TemplateView view_of(const Base& base, std::size_t index) const;
  void store_inlines(const TemplateView& t);

  // validate_template.cc
  void visit(const TemplateView& t, const Arguments& arguments, const Site& caller);
  void check_static(const TemplateView& t);
  void check_inputs(const TemplateView& t);
  void check_call(const TemplateView& t, const Arguments& arguments, const Site& caller);
  void check_processed(const TemplateView& t, const Json& processed, const Site& caller);
  void check_timeouts(const TemplateView& t, const Json& processed, const Site& caller);
  void look_inside(const TemplateView& t, const Processed& p);
  void look_inside_again(const TemplateView& t);
  void input_names(const TemplateView& t, Names& names);
  void check_metrics(const Json& processed, const Site& site);

  // validate_leaf.cc
  void check_leaf(const TemplateView& t, const Json& processed, const Names& names, const Site& site);
  void check_container(const TemplateView& t, const Json& processed, const Site& site);
  void check_image(const TemplateView& t, const Json& part, std::string_view key, const Site& site);
  void check_container_set(const Json& processed, const Site& site);
  void check_container_graph(const Json::Array& containers, const Site& site);
  void check_resource(const Json& processed, const Site& site);
  void check_deadline(const Json& processed, const Site& site);
  void check_reserved(std::string_view name, const Site& site, std::string_view what);

  // validate_artifacts.cc
  void check_artifact_path(const Json& artifact, const Site& site, std::string_view what);
  void check_artifact_location(const Json& artifact, const Site& site, std::string_view what);
  void check_hdfs(const Json& hdfs, const Site& site, std::string_view what);

  // validate_outputs.cc
  void check_outputs(const Json& processed, const Names& names, const Site& site);
  void check_output_artifact(const Json& artifact, bool leaf, const Site& site);
  void check_output_parameter(const Json& parameter, std::string_view type, const Site& site);
  void check_global_name(const Json& output, const Site& site, std::string_view what);
  void add_outputs(const std::optional<TemplateView>& t, const std::string& node, bool aggregate,
                   Names& names);

  // validate_steps.cc, validate_dag.cc
  void check_steps(const TemplateView& t, const Json& processed, Names& names, const Site& site);
  void check_step(const TemplateView& t, const Json& step, Names& names, const Site& site);
  void check_loop(const Json& task, Names& names, const Site& site);
  void check_dag(const TemplateView& t, const Json& processed, Names& names, const Site& site);
  friend class DagCheck;

  // validate_tags.cc
  void check_tags(const Json& tree, const std::string& path, const Names& names, const Site& site);
  void check_text_tags(std::string_view text, const std::string& path, const Names& names, const Site& site);
  [[nodiscard]] bool is_known(std::string_view name, const Names& names) const;
  [[nodiscard]] std::string unresolved_hint(std::string_view name, const Names& names) const;

  // validate_warnings.cc, validate_volumes.cc, validate_hooks.cc, validate_metrics.cc: what Argo does not
  // look at.
  void warn_all();
  void warn_tree(const Json& tree, std::string& path, const Site& site);
  void warn_expression(std::string_view text, const std::string& path, const Site& site);
  void warn_template(const TemplateView& t);
  void warn_task(const Json& task, const Site& site);
  void warn_item_without_loop(const Json& task, const Site& site);
  void warn_durations(const Json& json, const Site& site);
  void warn_duration(const Json& object, std::string_view key, const Site& site, bool bare_seconds);
  void warn_unused_templates();
  void warn_volumes(const TemplateView& t);
  void warn_outputs(const Json& json, const Site& site);
  void warn_metrics(const Json& holder, const Site& site, bool of_workflow);
  void warn_metric(const Json& metric, const Site& site, bool of_workflow);
  void warn_workflow_metrics(const Site& spec);
  void warn_hooks(const Json& hooks, const Site& site);
  void warn_hook(const Json& hook, std::string_view name, const Site& site);

  // validate_report.cc
  /// did_you_mean, as long as there are few findings: looking through all names is dear in a big document.
  [[nodiscard]] std::string guess(std::string_view word,
                                  const std::function<std::vector<std::string_view>()>& names) const;
  void report(Severity severity, std::string rule, const std::string& path, const std::string& message,
              std::string hint);
  void error(std::string rule, const Site& site, const std::string& message, std::string hint = "");
  void warning(std::string rule, const Site& site, const std::string& message, std::string hint = "");

  [[nodiscard]] Base make_base(Base::Where where, const Json& object, std::string kind) const;
  [[nodiscard]] bool allows_empty_values() const;

  const Json& value_;
  const Document* document_;
  const TemplateLookup& lookup_;
  const ValidateOptions& options_;
  std::string kind_;
  std::string namespace_;
  Json workflow_;             ///< of a CronWorkflow: the Workflow it would make
  bool of_template_ = false;  ///< the document is a WorkflowTemplate or a ClusterWorkflowTemplate
  Base base_;
  const Base* referred_ = nullptr;  ///< what workflowTemplateRef names

  Scope globals_;
  bool any_global_artifact_ = false;
  std::map<std::string, std::string> stand_in_of_;  ///< variable to stand-in
  std::vector<std::string> meanings_;               ///< by the stand-in's number
  std::map<std::pair<bool, std::string>, Base> bases_;
  std::unordered_set<std::string> looked_inside_;
  std::unordered_set<std::string> static_checked_;
  std::map<std::string, TemplateView> stored_inlines_;
  std::map<std::string, TemplateView> stored_by_name_;
  std::unordered_set<std::string> inlines_stored_;
  std::unordered_set<std::string> told_tags_;  ///< path and name; an inline template is looked at twice
  std::deque<Json> kept_;
  int depth_ = 0;

  /// Set while a template of another object is looked at: its findings are told where it was called.
  struct Elsewhere {
    std::string path;
    std::string prefix;
  };
  std::optional<Elsewhere> elsewhere_;
  bool errors_are_warnings_ = false;  ///< while something is looked at that Argo passes over
  mutable int guesses_left_ = 100;
  Diagnostics found_;
};

}  // namespace skiff::spec::validation
