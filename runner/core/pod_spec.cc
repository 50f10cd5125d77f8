#include "runner/core/pod_spec.h"

#include <algorithm>
#include <set>
#include <utility>

#include "spec/document.h"
#include "spec/merge.h"

namespace skiff::runner {
namespace {

/// Fields of a template that go into the pod as they are; the template's win over the workflow's.
constexpr std::string_view kTemplateOverSpec[] = {
    "securityContext", "nodeSelector",      "affinity",           "tolerations",
    "schedulerName",   "priorityClassName", "serviceAccountName", "automountServiceAccountToken",
};
/// Fields of the workflow's spec that go into the pod as they are.
constexpr std::string_view kFromSpec[] = {"imagePullSecrets", "hostNetwork", "dnsPolicy", "dnsConfig"};

Json without(Json object, std::initializer_list<std::string_view> keys) {
  for (std::string_view key : keys) object.erase(key);
  return object;
}

void append_all(Json& list, const Json::Array& more) {
  for (const Json& e : more) list.push_back(e);
}

Json script_container(const Json& script) {
  Json main = without(script, {"source"});
  if (!script.get_string("source").empty()) {
    Json args = main.get("args").is_array() ? main.get("args") : Json::array();
    args.push_back(kScriptPath);
    main.set("args", std::move(args));
  }
  return main;
}

Json main_containers(const Json& tmpl) {
  Json list = Json::array();
  if (const Json& set = tmpl.get("containerSet"); set.is_object()) {
    for (Json c : set.get_array("containers")) {
      Json mounts = c.get("volumeMounts").is_array() ? c.get("volumeMounts") : Json::array();
      append_all(mounts, set.get_array("volumeMounts"));
      c.set("volumeMounts", std::move(mounts));
      list.push_back(std::move(c));
    }
    return list;
  }
  const bool script = tmpl.get("script").is_object();
  Json main = script ? script_container(tmpl.get("script")) : tmpl.get("container");
  if (!main.is_object()) {
    throw PodRefused{"template \"" + tmpl.get_string("name") + "\" is no container, script or containerSet"};
  }
  main.set("name", kMainContainer);
  list.push_back(std::move(main));
  return list;
}

const Json* container_named(const Json& list, std::string_view name) {
  for (const Json& c : list.as_array()) {
    if (c.get_string("name") == name) return &c;
  }
  return nullptr;
}

/// mirrorVolumeMounts: main's mounts come after the container's own.
Json helper_container(Json c, const Json* main, std::vector<std::string>& mirrors) {
  if (c.get_bool("mirrorVolumeMounts") && main != nullptr) {
    Json mounts = c.get("volumeMounts").is_array() ? c.get("volumeMounts") : Json::array();
    append_all(mounts, main->get_array("volumeMounts"));
    c.set("volumeMounts", std::move(mounts));
    mirrors.push_back(c.get_string("name"));
  }
  return without(std::move(c), {"mirrorVolumeMounts"});
}

const Json* volume_named(const Json::Array& volumes, const std::string& name) {
  const auto it = std::find_if(volumes.begin(), volumes.end(),
                               [&](const Json& v) { return v.get_string("name") == name; });
  return it == volumes.end() ? nullptr : &*it;
}

Json volume_of(const std::string& name, const StartPod& order, const RunContext& run) {
  if (const Json* v = volume_named(order.tmpl.get_array("volumes"), name)) return *v;
  if (const Json* v = volume_named(order.spec.get_array("volumes"), name)) return *v;
  for (const Json& claim : order.spec.get_array("volumeClaimTemplates")) {
    if (claim.get("metadata").get_string("name") != name) continue;
    Json volume = Json::object();
    volume.set("name", name);
    volume["persistentVolumeClaim"].set("claimName", claim_of_template(run.name, name));
    return volume;
  }
  throw PodRefused{"volume '" + name + "' not found in workflow spec"};
}

void add_volumes(Json& pod, const StartPod& order, const RunContext& run) {
  std::set<std::string> known;
  Json volumes = Json::array();
  for (std::string_view group : {"initContainers", "containers"}) {
    for (const Json& c : pod.get_array(group)) {
      for (const Json& mount : c.get_array("volumeMounts")) {
        const std::string name = mount.get_string("name");
        if (known.insert(name).second) volumes.push_back(volume_of(name, order, run));
      }
    }
  }
  pod.set("volumes", std::move(volumes));
}

Json parse_patch(const std::string& text) {
  if (auto json = spec::parse_json(text); json && json->is_object()) return *json;
  // The marker: what begins with a brace would be taken for JSON, and a patch may be YAML in flow style.
  const spec::ParsedFile file = spec::parse_documents("---\n" + text, "podSpecPatch");
  if (file.documents.size() == 1 && file.documents[0].root().is_mapping()) {
    return spec::to_json_value(file.documents[0].root());
  }
  throw PodRefused{"invalid podSpecPatch: it is no object in YAML or JSON: " + text};
}

/// The workflow's patch first, then the template's, as Argo.
void apply_patches(Json& pod, const StartPod& order) {
  for (const SharedJson* from : {&order.spec, &order.tmpl}) {
    const std::string patch = from->get_string("podSpecPatch");
    if (!patch.empty()) pod = spec::strategic_merge(std::move(pod), parse_patch(patch));
  }
  // Argo's own containers, which a patch may name, do not exist here.
  for (std::string_view group : {"initContainers", "containers"}) {
    if (Json* list = pod.find(group); list != nullptr && list->is_array()) {
      std::erase_if(list->as_array(), [](const Json& c) {
        const std::string name = c.get_string("name");
        return c.get_string("image").empty() && (name == "init" || name == "wait" || name == "supervisor");
      });
    }
  }
}

}  // namespace

std::string claim_of_template(const std::string& workflow, const std::string& claim) {
  return workflow + "-" + claim;
}

PodSpec pod_spec_of(const StartPod& order, const RunContext& run) {
  PodSpec out;
  Json& pod = out.spec;
  pod = Json::object();
  Json containers = main_containers(order.tmpl);
  out.container_set = order.tmpl.get("containerSet").is_object();
  for (const Json& c : containers.as_array()) out.mains.push_back(c.get_string("name"));
  const Json* found = container_named(containers, kMainContainer);
  const Json main = found != nullptr ? *found : Json();
  const Json* mirrored = found != nullptr ? &main : nullptr;

  Json inits = Json::array();
  for (const Json& c : order.tmpl.get_array("initContainers")) {
    inits.push_back(helper_container(c, mirrored, out.mirrors));
  }
  for (const Json& c : order.tmpl.get_array("sidecars")) {
    containers.push_back(helper_container(c, mirrored, out.mirrors));
  }
  pod.set("initContainers", std::move(inits));
  pod.set("containers", std::move(containers));
  add_volumes(pod, order, run);

  for (std::string_view key : kFromSpec) {
    if (const Json& v = order.spec.get(key); !v.is_null()) pod.set(std::string(key), v);
  }
  for (std::string_view key : kTemplateOverSpec) {
    const Json& own = order.tmpl.get(key);
    const Json& general = order.spec.get(key);
    if (!own.is_null()) {
      pod.set(std::string(key), own);
    } else if (!general.is_null()) {
      pod.set(std::string(key), general);
    }
  }
  const Json& resources = order.tmpl.get("podResources");
  const Json& general = order.spec.get("podResources");
  if (!resources.is_null() || !general.is_null()) {
    pod.set("resources", resources.is_null() ? general : resources);
  }
  Json aliases = Json::array();
  append_all(aliases, order.spec.get_array("hostAliases"));
  append_all(aliases, order.tmpl.get_array("hostAliases"));
  pod.set("hostAliases", std::move(aliases));
  apply_patches(pod, order);
  return out;
}

std::vector<WantedImage> images_of(const PodSpec& pod) {
  std::vector<WantedImage> images;
  for (std::string_view group : {"initContainers", "containers"}) {
    for (const Json& c : pod.spec.get_array(group)) {
      const std::string reference = c.get_string("image");
      const auto same = [&](const WantedImage& w) { return w.reference == reference; };
      if (reference.empty()) {
        throw PodRefused{"container \"" + c.get_string("name") + "\" has no image"};
      }
      if (std::none_of(images.begin(), images.end(), same)) {
        images.push_back({reference, c.get_string("imagePullPolicy")});
      }
    }
  }
  return images;
}

}  // namespace skiff::runner
