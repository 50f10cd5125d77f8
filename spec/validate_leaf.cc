// Templates that run something themselves: containers, scripts, container sets, resources (workflow/validate
// validateLeaf).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "spec/document.h"
#include "spec/validate_internal.h"

namespace skiff::spec::validation {
namespace {

constexpr std::array<std::string_view, 6> kActions{"get", "create", "apply", "delete", "replace", "patch"};

/// `{{=…}}` without its quotes is no YAML, but may well give some.
std::string without_expressions(std::string_view text) {
  std::string out;
  std::size_t from = 0;
  for_each_tag(text, [&](const Tag& tag) {
    const bool expression = tag.expression || tag.name.starts_with('=');
    if (!expression || tag.name.empty() || !tag.closed || tag.offset < from) return;
    out += text.substr(from, tag.offset - from);
    out += "expression";
    from = tag.offset + tag.raw.size() + 4;
  });
  return out += text.substr(std::min(from, text.size()));
}

bool is_reserved(std::string_view name) {
  return name == "wait" || name == "supervisor" || name.starts_with("artifact-plugin-");
}

}  // namespace

void Validator::check_image(const TemplateView& t, const Json& part, std::string_view key, const Site& site) {
  if (!text_of(part, "image").empty()) return;
  // A ClusterWorkflowTemplate's defaults do not count.
  const Json& defaults = t.base->spec->get("templateDefaults").get(key);
  if (t.base->where != Base::Where::cluster && !text_of(defaults, "image").empty()) return;
  error("image", site.at(key), fmt::format("its {} has no `image`", key),
        fmt::format("name an image here or under templateDefaults.{}", key));
}

/// Two things at one path of the container.
void Validator::check_container(const TemplateView& t, const Json& processed, const Site& site) {
  std::map<std::string, std::string> taken;
  const auto take = [&](const std::string& path, const Site& here, const std::string& by) {
    const auto [it, fresh] = taken.try_emplace(path, by);
    if (!fresh) {
      error("mount-collision", here, fmt::format("the path `{}` of {} is taken by {}", path, by, it->second));
    }
  };
  const Json& container = processed.get("container");
  const Json::Array& mounts = container.get_array("volumeMounts");
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    take(text_of(mounts[i], "mountPath"), site.at(child_path("container.volumeMounts", i)).at("mountPath"),
         fmt::format("the mount of volume `{}`", mounts[i].get_string("name")));
  }
  const Json::Array& artifacts = processed.get("inputs").get_array("artifacts");
  for (std::size_t i = 0; i < artifacts.size(); ++i) {
    const std::string path = text_of(artifacts[i], "path");
    if (path.empty()) continue;  // said already
    take(path, site.at(child_path("inputs.artifacts", i)).at("path"),
         fmt::format("the input artifact `{}`", artifacts[i].get_string("name")));
  }
  check_image(t, container, "container", site);
}

void Validator::check_container_graph(const Json::Array& containers, const Site& site) {
  std::map<std::string, std::size_t, std::less<>> index;
  for (std::size_t i = 0; i < containers.size(); ++i) index[containers[i].get_string("name")] = i;
  std::vector<std::vector<std::size_t>> before(containers.size());
  for (std::size_t i = 0; i < containers.size(); ++i) {
    for (const Json& d : containers[i].get_array("dependencies")) {
      const std::string name = d.is_string() ? d.as_string() : "";
      const auto it = index.find(name);
      if (it != index.end()) {
        before[i].push_back(it->second);
        continue;
      }
      error("container-set", site.at(child_path("containerSet.containers", i)).at("dependencies"),
            fmt::format("container `{}` depends on `{}`, which is not there",
                        containers[i].get_string("name"), name),
            did_you_mean(name, names_of(containers)));
    }
  }
  const std::vector<std::size_t> cycle = find_cycle(before);
  if (cycle.empty()) return;
  std::string path;
  for (const std::size_t i : cycle) path += fmt::format("`{}` -> ", containers[i].get_string("name"));
  path += fmt::format("`{}`", containers[cycle.front()].get_string("name"));
  error("container-set", site.at(child_path("containerSet.containers", cycle.front())).at("dependencies"),
        "containers depend on each other: " + path);
}

void Validator::check_reserved(std::string_view name, const Site& site, std::string_view what) {
  if (!is_reserved(name)) return;
  error("sidecars", site, fmt::format("{} cannot be named `{}`: the name is reserved", what, name));
}

void Validator::check_container_set(const Json& processed, const Site& site) {
  const Json& set = processed.get("containerSet");
  const Json::Array& containers = set.get_array("containers");
  const Site list = site.at("containerSet.containers");
  if (containers.empty()) {
    error("container-set", site.at("containerSet"), "its containerSet has no `containers`");
    return;
  }
  check_names(containers, list, "a container", NameRule::field);
  TextSet taken;
  const Json::Array& mounts = set.get_array("volumeMounts");
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const std::string path = text_of(mounts[i], "mountPath");
    if (taken.emplace(path).second) continue;
    error("container-set", site.at(child_path("containerSet.volumeMounts", i)).at("mountPath"),
          fmt::format("two volumes are mounted at `{}`", path));
  }
  check_container_graph(containers, site);
  const Json& outputs = processed.get("outputs");
  const bool passes = !processed.get("inputs").get_array("artifacts").empty() ||
                      !outputs.get_array("parameters").empty() || !outputs.get_array("artifacts").empty();
  if (passes && find_named(containers, "main") == nullptr) {
    error("container-set", list, "inputs and outputs of a containerSet need a container named `main`");
  }
  for (std::size_t i = 0; i < containers.size(); ++i) {
    check_reserved(containers[i].get_string("name"), {child_path(list.path, i), list.who}, "a container");
  }
}

void Validator::check_resource(const Json& processed, const Site& site) {
  const Json& resource = processed.get("resource");
  const Site here = site.at("resource");
  const std::string action = text_of(resource, "action");
  if (!is_stand_in(action) && std::find(kActions.begin(), kActions.end(), action) == kActions.end()) {
    error("resource", here.at("action"), fmt::format("`{}` is no `action` of a resource", action),
          "choose one of get, create, apply, delete, replace, patch");
  }
  if (action == "delete" || action == "get") return;
  const std::string manifest = text_of(resource, "manifest");
  const Json& from = resource.get("manifestFrom");
  if (manifest.empty() && from.is_null()) {
    error("resource", here, fmt::format("`{}` needs a `manifest` or `manifestFrom`", action));
  }
  if (!manifest.empty() && !from.is_null()) {
    error("resource", here, "both `manifest` and `manifestFrom` are given", "choose one");
  }
  if (const Json& artifact = from.get("artifact"); !artifact.is_null()) {
    const Json::Array& inputs = processed.get("inputs").get_array("artifacts");
    const std::string name = artifact.get_string("name");
    if (find_named(inputs, name) == nullptr) {
      error("resource", here.at("manifestFrom.artifact"),
            fmt::format("`manifestFrom` takes the artifact `{}`, which is no input of this template", name),
            did_you_mean(name, names_of(inputs)));
    }
  }
  if (manifest.empty() || is_stand_in(manifest)) return;
  const ParsedFile parsed = parse_documents(without_expressions(manifest), "manifest", {.json = false});
  for (const Diagnostic& d : parsed.diagnostics) {
    if (d.severity != Severity::error || d.rule == "duplicate-key" || d.rule == "merge-override" ||
        d.rule == "not-a-mapping") {
      continue;  // no matter to Argo, which reads it without a schema
    }
    error("resource", here.at("manifest"),
          fmt::format("its `manifest` is no YAML: {} (line {} of the manifest)", d.message, d.mark.line),
          d.hint);
    return;
  }
}

void Validator::check_deadline(const Json& processed, const Site& site) {
  const Json& deadline = processed.get("activeDeadlineSeconds");
  if (deadline.is_null()) return;
  const std::string text = text_of(processed, "activeDeadlineSeconds");
  const bool number = is_whole_number(text);
  const bool tag = is_stand_in(text) || (text.starts_with("{{") && text.ends_with("}}"));
  if ((number && !text.starts_with('-')) || (!number && tag)) return;
  error("active-deadline", site.at("activeDeadlineSeconds"),
        fmt::format("`activeDeadlineSeconds` must be a whole number of seconds, not `{}`", text));
}

namespace {

/// What a template takes over from the spec's podMetadata: the keys that it does not have itself.
Json inherited_metadata(const Json& of_spec, const Json& own) {
  Json out = Json::object();
  for (const char* part : {"annotations", "labels"}) {
    Json kept = Json::object();
    const Json& all = of_spec.get(part);
    if (!all.is_object()) continue;
    for (const auto& [key, value] : all.as_object()) {
      if (own.get(part).find(key) == nullptr) kept.set(key, value);
    }
    out.set(part, std::move(kept));
  }
  return out;
}

}  // namespace

void Validator::check_leaf(const TemplateView& t, const Json& processed, const Names& names,
                           const Site& site) {
  check_tags(processed, t.path, names, site);
  if (const Json& meta = t.base->spec->get("podMetadata"); !t.is_inline && tree_has_tags(meta)) {
    // Argo adds it to every template before it looks for tags.
    TemplateView with_metadata = t;
    Json copy = *t.json;
    copy.set("podMetadata", inherited_metadata(meta, t.json->get("metadata")));
    with_metadata.json = &copy;
    if (const auto p = process(with_metadata, {}, site)) {
      check_tags(p->json().get("podMetadata"), child_path(t.base->path, "podMetadata"), names, site);
    }
  }
  if (present(processed, "container")) check_container(t, processed, site);
  if (present(processed, "containerSet")) check_container_set(processed, site);
  const Json::Array& sidecars = processed.get_array("sidecars");
  for (std::size_t i = 0; i < sidecars.size(); ++i) {
    check_reserved(sidecars[i].get_string("name"), site.at(child_path("sidecars", i)), "a sidecar");
  }
  if (present(processed, "resource")) check_resource(processed, site);
  if (present(processed, "script")) check_image(t, processed.get("script"), "script", site);
  check_deadline(processed, site);
  if (present(processed, "parallelism")) {
    error("parallelism", site.at("parallelism"), "`parallelism` is for steps and dag templates only");
  }
}

}  // namespace skiff::spec::validation
