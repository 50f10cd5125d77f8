// Volumes: a mount must name one that the template or the spec has. Kubernetes says so only when the pod is
// made, so this is a warning.
#include <fmt/format.h>

#include "spec/validate_internal.h"

namespace skiff::spec::validation {
namespace {

void add_names(const Json::Array& list, std::vector<std::string_view>& out) {
  for (const Json& v : list) {
    const Json& name =
        v.is_object() && v.find("metadata") != nullptr ? v.get("metadata").get("name") : v.get("name");
    if (name.is_string()) out.push_back(name.as_string());
  }
}

}  // namespace

void Validator::warn_volumes(const TemplateView& t) {
  const Json& spec = *base_.spec;
  // A patch may bring volumes that are not written here; a library's may be those of its callers.
  if (present(*t.json, "podSpecPatch") || present(spec, "podSpecPatch")) return;
  const bool library = of_template_ && text_of(spec, "entrypoint").empty();
  if (library) return;
  std::vector<std::string_view> known;
  add_names(spec.get_array("volumes"), known);
  add_names(spec.get_array("volumeClaimTemplates"), known);
  add_names(t.json->get_array("volumes"), known);
  const std::unordered_set<std::string_view> set(known.begin(), known.end());
  const auto look = [&](const Json& part, const Site& site) {
    for (const std::string_view key : {"volumeMounts", "volumeDevices"}) {
      const Json::Array& mounts = part.get_array(key);
      for (std::size_t i = 0; i < mounts.size(); ++i) {
        const std::string name = mounts[i].get_string("name");
        if (name.empty() || has_tags(name) || set.find(name) != set.end()) continue;
        warning("volume", site.at(child_path(key, i)).at("name"),
                fmt::format("there is no volume `{}`", name), did_you_mean(name, known));
      }
    }
  };
  const Site site{t.path, t.who};
  for (const std::string_view key : {"container", "script", "containerSet"}) {
    look(t.json->get(key), site.at(key));
  }
  const auto look_all = [&](const Json& owner, std::string_view key, const Site& where) {
    const Json::Array& list = owner.get_array(key);
    for (std::size_t i = 0; i < list.size(); ++i) look(list[i], where.at(child_path(key, i)));
  };
  look_all(t.json->get("containerSet"), "containers", site.at("containerSet"));
  look_all(*t.json, "initContainers", site);
  look_all(*t.json, "sidecars", site);
}

}  // namespace skiff::spec::validation
