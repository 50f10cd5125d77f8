// From a call to the template that it names: in the same object, in another one, or written in place.
//
// Rules: workflow/validate validateTemplateHolder, workflow/templateresolution/context.go. Argo keeps
// templates of other objects in the workflow's status while it validates, and finds them there by name
// afterwards; so do we.
#include <fmt/format.h>

#include "spec/validate_internal.h"

namespace skiff::spec::validation {
namespace {

/// Anything between braces that is no expression.
bool has_plain_tag(const Json& reference) {
  bool found = false;
  for_each_tag_in(reference, [&](const Tag& tag) { found = found || !tag.expression; });
  return found;
}

std::vector<std::string_view> template_names(const Base& base) {
  std::vector<std::string_view> out;
  for (const auto& [name, index] : base.by_name) out.push_back(name);
  return out;
}

std::string base_word(const Base& base) { return base.kind + " `" + base.name + "`"; }

}  // namespace

Base Validator::make_base(Base::Where where, const Json& object, std::string kind) const {
  Base b;
  b.where = where;
  b.kind = std::move(kind);
  b.name = object.get("metadata").get_string("name");
  b.spec = &object.get("spec");
  b.path = "spec";
  const Json::Array& templates = b.spec->get_array("templates");
  for (std::size_t i = 0; i < templates.size(); ++i) {
    if (const Json& n = templates[i].get("name"); n.is_string()) b.by_name.try_emplace(n.as_string(), i);
  }
  return b;
}

const Base* Validator::base_of(const std::string& name, bool cluster_scope) {
  const auto key = std::make_pair(cluster_scope, name);
  if (const auto it = bases_.find(key); it != bases_.end()) return &it->second;
  const Json* object =
      cluster_scope ? lookup_.cluster_workflow_template(name) : lookup_.workflow_template(namespace_, name);
  if (object == nullptr) return nullptr;
  Base base = make_base(cluster_scope ? Base::Where::cluster : Base::Where::stored, *object,
                        cluster_scope ? "ClusterWorkflowTemplate" : "WorkflowTemplate");
  base.name = name;
  return &bases_.emplace(key, std::move(base)).first->second;
}

TemplateView Validator::view_of(const Base& base, std::size_t index) const {
  const Json& json = base.spec->get_array("templates")[index];
  TemplateView v;
  v.json = &json;
  v.path = child_path(child_path(base.path, "templates"), index);
  v.base = &base;
  v.who = fmt::format("template `{}`", json.get_string("name"));
  if (!base.local()) v.who += " of " + base_word(base);
  return v;
}

/// Steps of stored objects that hold a template in place are stored by their names, before any value is put
/// in.
void Validator::store_inlines(const TemplateView& t) {
  if (t.base->local() || !inlines_stored_.insert(fmt::format("{}/{}", base_word(*t.base), t.path)).second)
    return;
  const auto store = [&](const Json& task, const std::string& path) {
    if (!present(task, "inline")) return;
    const std::string name = task.get_string("name");
    TemplateView v;
    v.json = &task.get("inline");
    v.path = child_path(path, "inline");
    v.base = t.base;
    v.is_inline = true;
    v.who = fmt::format("{}, inline template of `{}`", t.who, name);
    stored_inlines_.try_emplace(fmt::format("{}/inline/{}", base_word(*t.base), name), std::move(v));
  };
  const Json::Array& groups = t.json->get_array("steps");
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (!groups[g].is_array()) continue;
    const Json::Array& group = groups[g].as_array();
    const std::string path = child_path(child_path(t.path, "steps"), g);
    for (std::size_t s = 0; s < group.size(); ++s) store(group[s], child_path(path, s));
  }
  const Json::Array& tasks = t.json->get("dag").get_array("tasks");
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    store(tasks[i], child_path(child_path(child_path(t.path, "dag"), "tasks"), i));
  }
}

TemplateView Validator::resolve_inline(const Json& holder, const Base& base, const Site& site) {
  TemplateView v;
  v.json = &holder.get("inline");
  v.path = child_path(site.path, "inline");
  v.base = &base;
  v.is_inline = true;
  v.who = site.who + ", inline template";
  if (base.local()) return v;
  const std::string key = fmt::format("{}/inline/{}", base_word(base), holder.get_string("name"));
  if (const auto it = stored_inlines_.find(key); it != stored_inlines_.end()) return it->second;
  kept_.push_back(*v.json);
  v.json = &kept_.back();
  stored_inlines_.emplace(key, v);
  return v;
}

std::optional<TemplateView> Validator::resolve_name(const std::string& name, const Base& base,
                                                    const Site& site, bool* failed) {
  if (const auto it = base.by_name.find(name); it != base.by_name.end()) {
    return view_of(base, it->second);
  }
  if (base.local()) {
    if (const auto it = stored_by_name_.find(name); it != stored_by_name_.end()) return it->second;
  }
  *failed = true;
  error("undefined-template", site,
        fmt::format("there is no template `{}`{}", name, base.local() ? "" : " in " + base_word(base)),
        guess(name, [&] { return template_names(base); }));
  return std::nullopt;
}

std::optional<TemplateView> Validator::resolve_reference(const Json& reference, bool beside_inline,
                                                         const Site& site, bool* failed) {
  const std::string name = reference.get_string("name");
  const std::string wanted = reference.get_string("template");
  const bool cluster = reference.get_bool("clusterScope");
  const Site here{child_path(site.path, "templateRef"), site.who};
  *failed = true;
  if (name.empty()) {
    error("templateref", here, "`templateRef` needs the `name` of a WorkflowTemplate");
    return std::nullopt;
  }
  if (wanted.empty()) {
    error("templateref", here,
          fmt::format("`templateRef` to `{}` needs the name of a `template` in it", name));
    return std::nullopt;
  }
  if (has_plain_tag(reference)) {  // known at run time only
    *failed = false;
    return std::nullopt;
  }
  const Base* base = base_of(name, cluster);
  if (base != nullptr && beside_inline) {  // Argo takes the object for the base, and the template in place
    *failed = false;
    return std::nullopt;
  }
  if (base == nullptr) {
    const std::vector<std::string> others = lookup_.names(namespace_, cluster);
    std::string hint = did_you_mean(name, std::vector<std::string_view>(others.begin(), others.end()));
    if (hint.empty()) hint = "give its file on the command line too, or create it first";
    error("templateref", here,
          fmt::format("there is no {} `{}`{}", cluster ? "ClusterWorkflowTemplate" : "WorkflowTemplate", name,
                      cluster || namespace_.empty() ? "" : fmt::format(" in namespace `{}`", namespace_)),
          hint);
    return std::nullopt;
  }
  const auto it = base->by_name.find(wanted);
  if (it == base->by_name.end()) {
    if (holds_stand_in(wanted)) {
      *failed = false;  // a name that is put together at run time
      return std::nullopt;
    }
    error("templateref", here, fmt::format("{} has no template `{}`", base_word(*base), wanted),
          guess(wanted, [&] { return template_names(*base); }));
    return std::nullopt;
  }
  *failed = false;
  TemplateView v = view_of(*base, it->second);
  stored_by_name_.try_emplace(wanted, v);
  return v;
}

/// Nothing and `failed` where it names no template; nothing alone where only a run can tell.
std::optional<TemplateView> Validator::resolve(const Json& holder, const Base& base, const Site& site,
                                               bool* failed) {
  *failed = false;
  const bool reference = present(holder, "templateRef");
  const std::string name = holder.get_string("template");
  std::optional<TemplateView> v;
  if (reference && !name.empty()) {
    *failed = true;
    error("templateref", site.at("templateRef"),
          fmt::format("both `template` (`{}`) and `templateRef` are given", name), "choose one");
    return std::nullopt;
  }
  // Argo looks the name up even where an inline template then takes its place.
  // The words of a site are empty for a field of the spec that holds the name itself.
  if (!name.empty()) v = resolve_name(name, base, site.who.empty() ? site : site.at("template"), failed);
  if (*failed) return std::nullopt;
  const bool in_place = present(holder, "inline");
  if (reference) {
    v = resolve_reference(holder.get("templateRef"), in_place, site, failed);
    if (*failed) return std::nullopt;
  }
  if (in_place) {
    v = resolve_inline(holder, base, site);
  } else if (name.empty() && !reference) {
    *failed = true;
    error("undefined-template", site, "it calls no template",
          "give it `template`, `templateRef` or `inline`");
    return std::nullopt;
  }
  if (!v) return std::nullopt;
  store_inlines(*v);
  if (template_type(*v->json).empty()) {
    *failed = true;
    error(
        "template-type", {v->base->local() ? v->path : site.path, v->who}, "it has no type",
        "give it one of container, script, containerSet, steps, dag, suspend, resource, data, http, plugin");
    return std::nullopt;
  }
  return v;
}

}  // namespace skiff::spec::validation
