#include "spec/merge.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace skiff::spec {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kMergeKeys{{
    {"templates", "name"},
    {"parameters", "name"},
    {"artifacts", "name"},
    {"volumes", "name"},
    {"imagePullSecrets", "name"},
    {"hostAliases", "ip"},
    {"initContainers", "name"},
    {"sidecars", "name"},
    {"containers", "name"},
    {"tolerations", "key"},
    {"env", "name"},
    {"ports", "containerPort"},
    {"volumeDevices", "devicePath"},
    {"volumeMounts", "mountPath"},
    {"tasks", "name"},
    {"ownerReferences", "uid"},
    {"topologySpreadConstraints", "topologyKey"},
}};

bool wants(const Json& patch, std::string_view directive) { return patch.get_string("$patch") == directive; }

Json merge_value(Json target, const Json& patch, std::string_view field);

Json merge_objects(Json target, const Json& patch) {
  if (wants(patch, "replace") || !target.is_object()) {
    Json out = Json::object();
    for (const auto& [k, v] : patch.as_object()) {
      if (k != "$patch" && !v.is_null()) out.set(k, merge_value(Json(), v, k));
    }
    return out;
  }
  for (const auto& [k, v] : patch.as_object()) {
    if (k == "$patch" || k.starts_with("$setElementOrder/") || k.starts_with("$retainKeys")) continue;
    if (v.is_null()) {
      target.erase(k);
    } else if (Json* old = target.find(k)) {
      *old = merge_value(std::move(*old), v, k);
    } else {
      target.set(k, merge_value(Json(), v, k));
    }
  }
  return target;
}

/// An element of a merged list, and where it was before.
struct Element {
  Json value;
  std::optional<std::size_t> before;
};

/// What the patch names comes in the patch's order, the rest in its own; where an element of the patch was
/// there before, those that stood before it stay there, and new ones come as early as they can (Kubernetes'
/// strategicpatch, normalizeElementOrder).
Json in_order(std::vector<Element> kept, std::vector<Element> patched) {
  Json out = Json::array();
  std::size_t k = 0;
  for (Element& p : patched) {
    for (; p.before && k < kept.size() && kept[k].before < p.before; ++k) {
      out.push_back(std::move(kept[k].value));
    }
    out.push_back(std::move(p.value));
  }
  for (; k < kept.size(); ++k) out.push_back(std::move(kept[k].value));
  return out;
}

Json merge_lists(Json target, const Json& patch, std::string_view key) {
  std::vector<Element> kept, patched;
  if (target.is_array()) {
    for (Json& e : target.as_array()) kept.push_back({std::move(e), kept.size()});
  }
  for (const Json& element : patch.as_array()) {
    const Json& id = element.get(key);
    const auto same = [&](const Element& e) { return e.value.get(key) == id; };
    if (wants(element, "replace") && id.is_null()) {
      kept.clear();
      patched.clear();
      continue;
    }
    if (wants(element, "delete")) {
      std::erase_if(kept, same);
      std::erase_if(patched, same);
      continue;
    }
    const auto old = std::find_if(kept.begin(), kept.end(), same);
    const auto twice = std::find_if(patched.begin(), patched.end(), same);
    if (!id.is_null() && twice != patched.end()) {
      twice->value = merge_objects(std::move(twice->value), element);
    } else if (!id.is_null() && old != kept.end()) {
      patched.push_back({merge_objects(std::move(old->value), element), old->before});
      kept.erase(old);
    } else {
      patched.push_back({element, std::nullopt});
    }
  }
  return in_order(std::move(kept), std::move(patched));
}

Json merge_value(Json target, const Json& patch, std::string_view field) {
  if (patch.is_object()) return merge_objects(std::move(target), patch);
  if (patch.is_array()) {
    const std::string_view key = merge_key_of(field);
    const bool keyed = !key.empty() && std::all_of(patch.as_array().begin(), patch.as_array().end(),
                                                   [](const Json& e) { return e.is_object(); });
    if (keyed) return merge_lists(std::move(target), patch, key);
  }
  return patch;
}

bool has_value(const Json& parameter) {
  return !parameter.get("value").is_null() || !parameter.get("default").is_null() ||
         !parameter.get("valueFrom").is_null();
}

const Json* named(const Json::Array& list, const std::string& name) {
  const auto it =
      std::find_if(list.begin(), list.end(), [&](const Json& e) { return e.get_string("name") == name; });
  return it == list.end() ? nullptr : &*it;
}

const Json::Array& arguments_of(const Json& spec, std::string_view list) {
  return spec.get("arguments").get_array(list);
}

std::string_view location_of(const Json& artifact) {
  for (std::string_view kind :
       {"s3", "raw", "http", "git", "artifactory", "gcs", "oss", "azure", "hdfs", "plugin"}) {
    if (artifact.get(kind).is_object()) return kind;
  }
  return "";
}

/// The user's artifact replaces the template's, but keeps what both keep in the same kind of store.
Json override_artifact(const Json& merged, const Json& user) {
  const std::string_view kind = location_of(user);
  if (kind.empty() || !merged.get(kind).is_object()) return user;
  Json out = user;
  out.set(std::string(kind), merged.get(kind));
  return out;
}

/// value, default and valueFrom of one parameter never come from two places.
void settle_arguments(Json& merged, const Json& workflow_spec, const Json& template_spec) {
  Json* arguments = merged.find("arguments");
  if (arguments == nullptr) return;
  const auto each = [&](std::string_view list, auto&& settle) {
    Json* elements = arguments->find(list);
    if (elements == nullptr || !elements->is_array()) return;
    for (Json& e : elements->as_array()) {
      const std::string name = e.get_string("name");
      const Json* from = named(arguments_of(workflow_spec, list), name);
      if (from == nullptr || (list == "parameters" && !has_value(*from))) {
        from = named(arguments_of(template_spec, list), name);
      }
      if (from != nullptr) settle(e, *from);
    }
  };
  each("parameters", [](Json& e, const Json& from) {
    if (has_value(e) && has_value(from)) e = Json(from);
  });
  each("artifacts", [](Json& e, const Json& from) { e = override_artifact(e, from); });
}

/// Takes `spec.<outer>.<inner>` out of the merge; `restore` lays the user's entries over the template's
/// whole.
void merge_whole(Json& merged, const Json& user, const Json& base, std::string_view outer,
                 std::string_view inner) {
  const auto at = [&](const Json& spec) -> const Json& {
    return inner.empty() ? spec.get(outer) : spec.get(outer).get(inner);
  };
  if (!at(user).is_object() && !at(base).is_object()) return;
  Json out = at(user).is_object() ? at(user) : Json::object();
  if (at(base).is_object()) {
    for (const auto& [k, v] : at(base).as_object()) {
      if (out.find(k) == nullptr) out.set(k, v);
    }
  }
  if (inner.empty()) {
    merged.set(std::string(outer), std::move(out));
  } else {
    merged[outer].set(std::string(inner), std::move(out));
  }
}

}  // namespace

std::string_view merge_key_of(std::string_view field) {
  for (const auto& [name, key] : kMergeKeys) {
    if (name == field) return key;
  }
  return "";
}

Json strategic_merge(Json target, const Json& patch) { return merge_value(std::move(target), patch, ""); }

Json join_specs(const Json& workflow_spec, const Json& template_spec) {
  Json merged = strategic_merge(template_spec, workflow_spec);
  merge_whole(merged, workflow_spec, template_spec, "hooks", "");
  merge_whole(merged, workflow_spec, template_spec, "workflowMetadata", "labelsFrom");
  if (const Json* suspend = workflow_spec.find("suspend")) {
    merged.set("suspend", *suspend);
  } else {
    merged.erase("suspend");
  }
  settle_arguments(merged, workflow_spec, template_spec);
  return merged;
}

}  // namespace skiff::spec
