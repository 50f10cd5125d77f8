#include "runner/core/templates.h"

#include "runner/core/fields.h"
#include "runner/core/repository.h"
#include "spec/merge.h"
#include "spec/tags.h"

namespace skiff::runner {
namespace {

void fill(TemplateBase& base, Json* templates) {
  if (templates == nullptr || !templates->is_array()) return;
  for (Json& t : templates->as_array()) {
    std::string name = t.get_string("name");
    base.templates.emplace(std::move(name), std::make_shared<const Json>(std::move(t)));
  }
}

/// Labels and annotations of the object for templates that don't set them (addPodMetadata).
void add_pod_metadata(Json& tmpl, const Json& pod_metadata) {
  for (const char* kind : {"annotations", "labels"}) {
    for (const auto& [key, value] : pod_metadata.get_object(kind)) {
      Json& own = tmpl["metadata"][kind];
      if (own.find(key) == nullptr) own.set(key, value);
    }
  }
}

/// templateDefaults without the bodies of other types (mergedTemplateDefaultsInto).
Json defaults_for(const Json& defaults, spec::TemplateType type) {
  Json out = defaults;
  for (const char* body : {"container", "containerSet", "steps", "dag", "script", "resource", "data",
                           "suspend", "http", "plugin"}) {
    if (spec::to_string(type) != body) out.erase(body);
  }
  return out;
}

/// The name that ends right before `end`: in `…tasks.NAME` or `…tasks['NAME']`. In double quotes Argo does
/// not see it (operator.go, generateOutputResultRegex: it searches the template's JSON, where they are
/// escaped).
std::string name_before(std::string_view text, std::size_t end) {
  const std::string_view head = text.substr(0, end);
  std::string_view name;
  std::string_view left;
  if (head.ends_with("']")) {
    const std::size_t close = head.size() - 2;
    const std::size_t open = close == 0 ? std::string_view::npos : head.rfind('\'', close - 1);
    if (open == std::string_view::npos) return "";
    name = head.substr(open + 1, close - open - 1);
    left = head.substr(0, open);
    if (!left.ends_with('[')) return "";
    left.remove_suffix(1);
  } else {
    const std::size_t dot = head.rfind('.');
    if (dot == std::string_view::npos) return "";
    name = head.substr(dot + 1);
    left = head.substr(0, dot);
  }
  return left.ends_with("steps") || left.ends_with("tasks") ? std::string(name) : "";
}

void survey_text(std::string_view text, Resolved& out) {
  constexpr std::string_view kResult = ".outputs.result";
  const auto speaks_of = [text](std::string_view word) { return text.find(word) != std::string_view::npos; };
  out.tagged = out.tagged || spec::has_tags(text);
  out.tasks = out.tasks || speaks_of("tasks");
  if (text.size() < kResult.size()) return;
  out.timed = out.timed || speaks_of("workflow.duration");
  for (std::size_t at = text.find(kResult); at != std::string_view::npos; at = text.find(kResult, at + 1)) {
    out.results.insert(name_before(text, at));
  }
}

/// What there is to know of a template's texts, found in one walk: a DAG may have 100,000 tasks.
void survey(const Json& json, Resolved& out) {
  if (json.is_string()) {
    out.steps = out.steps || json.as_string().find("steps") != std::string::npos;
    return survey_text(json.as_string(), out);
  }
  if (json.is_array()) {
    for (const Json& e : json.as_array()) survey(e, out);
  } else if (json.is_object()) {
    for (const auto& [key, value] : json.as_object()) {
      if (key == "globalName") out.exports = true;
      if (key != "tasks") survey_text(key, out);
      survey(value, out);
    }
  }
}

}  // namespace

Target Target::of(const Json& holder, bool task) {
  Target t;
  t.task = task;
  t.name = holder.get_string("name");
  t.template_name = holder.get_string("template");
  if (const Json& ref = holder.get("templateRef"); ref.is_object()) t.template_ref = ref;
  if (const Json& body = holder.get("inline"); body.is_object()) {
    t.inline_template = std::make_shared<const Json>(body);
  }
  return t;
}

TemplateBook::TemplateBook(Json& spec, const std::string& workflow_name, const Json& stored, Json repository)
    : repository_(std::move(repository)), archive_logs_(spec.get_bool("archiveLogs")) {
  // An executed template's spec has no name of its own in Argo (setExecWorkflow).
  local_.scope = "local/" + (spec.get("workflowTemplateRef").is_object() ? std::string() : workflow_name);
  local_.pod_metadata = spec.get("podMetadata");
  defaults_ = spec.get("templateDefaults");
  fill(local_, spec.find("templates"));
  spec.erase("templates");
  if (!stored.is_object()) return;
  for (const auto& [key, object] : stored.as_object()) {
    TemplateBase& base = stored_[key];
    base.scope = key;
    base.pod_metadata = object.get("spec").get("podMetadata");
    Json templates = object.get("spec").get("templates");
    fill(base, &templates);
  }
}

const TemplateBase* TemplateBook::stored(const Json& ref) const {
  const std::string key =
      (ref.get_bool("clusterScope") ? "cluster/" : "namespaced/") + ref.get_string("name");
  const auto it = stored_.find(key);
  return it == stored_.end() ? nullptr : &it->second;
}

TemplateBook::Answer TemplateBook::resolve(const TemplateBase& from, const Target& target) const {
  if (target.template_ref.is_object()) {
    const std::string name = target.template_ref.get_string("name");
    const TemplateBase* base = stored(target.template_ref);
    if (base == nullptr) return {nullptr, "workflow template " + name + " not found"};
    const std::string wanted = target.template_ref.get_string("template");
    return named(*base, wanted, "template " + wanted + " not found in workflow template " + name);
  }
  if (target.inline_template) {
    ResolvedPtr found = finish(from, *target.inline_template);
    if (found->type == spec::TemplateType::none) return {nullptr, "template '' type is unknown"};
    return {std::move(found), ""};
  }
  if (target.template_name.empty()) return {nullptr, "failed to get a template"};
  return named(from, target.template_name, "template " + target.template_name + " not found");
}

TemplateBook::Answer TemplateBook::named(const TemplateBase& base, const std::string& name,
                                         std::string missing) const {
  ResolvedPtr& slot = base.resolved[name];
  if (!slot) {
    const auto it = base.templates.find(name);
    if (it == base.templates.end()) {
      base.resolved.erase(name);
      return {nullptr, std::move(missing)};
    }
    slot = finish(base, *it->second);
  }
  if (slot->type == spec::TemplateType::none) return {nullptr, "template '" + name + "' type is unknown"};
  return {slot, ""};
}

ResolvedPtr TemplateBook::finish(const TemplateBase& base, const Json& found) const {
  auto out = std::make_shared<Resolved>();
  out->inner = &base;
  out->type = template_type(found);
  out->name = found.get_string("name");
  const bool plain = defaults_.is_null() && base.pod_metadata.is_null() && repository_.is_null();
  if (const auto it = base.templates.find(out->name);
      plain && it != base.templates.end() && it->second.get() == &found) {
    out->json = it->second;
  } else {
    Json tmpl = found;
    add_pod_metadata(tmpl, base.pod_metadata);
    if (defaults_.is_object()) tmpl = spec::strategic_merge(defaults_for(defaults_, out->type), tmpl);
    if (!repository_.is_null()) lay_repository(tmpl, out->type, repository_, archive_logs_);
    out->json = std::make_shared<const Json>(std::move(tmpl));
  }
  survey(*out->json, *out);
  exports_ = exports_ || out->exports;
  return out;
}

}  // namespace skiff::runner
