#include "runner/child.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "runner/jq.h"
#include "runner/object_path.h"
#include "runner/submit.h"
#include "spec/decode.h"
#include "spec/names.h"
#include "store/error.h"
#include "store/label_selector.h"
#include "store/sha256.h"

namespace skiff::runner {
namespace {

using Op = store::LabelCondition::Op;

Json owner_reference(const RunContext& parent) {
  Json owner = Json::object();
  owner.set("apiVersion", "argoproj.io/v1alpha1");
  owner.set("kind", "Workflow");
  owner.set("name", parent.name);
  owner.set("uid", parent.uid);
  owner.set("controller", true);
  owner.set("blockOwnerDeletion", true);
  return owner;
}

std::vector<store::LabelCondition> requirements(const char* which, const std::string& text) {
  try {
    std::vector<store::LabelCondition> found = store::parse_label_selector(text);
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    return found;
  } catch (const store::StoreError& e) {
    throw std::runtime_error(fmt::format("{} condition '{}' failed to parse: {}", which, text, e.what()));
  }
}

bool matches(const Json& object, const store::LabelCondition& r) {
  const Json* value = value_at(object, r.key);
  return store::holds(r, value == nullptr ? std::nullopt : std::optional(plain_text(*value)));
}

}  // namespace

std::string child_uid(std::string_view parent_uid, std::string_view node_id, int generation) {
  std::string hex = store::sha256_hex(fmt::format("{}/{}/{}", parent_uid, node_id, generation));
  hex[12] = '5';  // a UUID made from a name
  hex[16] = "89ab"[static_cast<unsigned char>(hex[16]) % 4];
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20, 12));
}

Json child_workflow(const StartPod& order, const RunContext& parent, const NameTaken& taken, TimePoint now) {
  const Json& resource = order.tmpl.get("resource");
  const auto parsed =
      spec::read_documents(resource.get_string("manifest"), "manifest", spec::Strictness::run);
  for (const spec::Diagnostic& d : parsed.diagnostics) {
    if (d.severity == spec::Severity::error) throw std::runtime_error("manifest: " + d.message);
  }
  if (parsed.documents.size() != 1 || parsed.documents.front().kind() != "Workflow") {
    throw std::runtime_error("the manifest is not one Argo Workflow");
  }
  Json workflow = parsed.documents.front().value();
  workflow.erase("status");
  Json& metadata = workflow["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  if (metadata.get_string("name").empty() && metadata.get_string("generateName").empty()) {
    throw std::runtime_error(
        "resource name may not be empty: give the manifest a metadata.name or generateName");
  }
  if (metadata.get_string("namespace").empty()) metadata.set("namespace", parent.namespace_);
  if (resource.get_bool("setOwnerReference")) {
    Json& owners = metadata["ownerReferences"];
    if (!owners.is_array()) owners = Json::array();
    owners.push_back(owner_reference(parent));
  }
  const std::string uid = child_uid(parent.uid, order.node_id, order.generation);
  int tries = 0;
  const auto chance = [&] {
    const std::string hash = store::sha256_hex(fmt::format("{}/{}", uid, tries++));
    return std::stoull(hash.substr(0, 16), nullptr, 16);
  };
  const std::string ns = metadata.get_string("namespace");
  give_free_name(metadata, chance, [&](const std::string& name) { return taken(ns, name); });
  give_identity(workflow, uid, now);
  return workflow;
}

Conditions::Conditions(const Json& resource)
    : success_(requirements("success", resource.get_string("successCondition"))),
      failure_(requirements("fail", resource.get_string("failureCondition"))) {}

Conditions::Judgement Conditions::judge(const Json& object) const {
  for (const store::LabelCondition& r : failure_) {
    if (matches(object, r)) {
      return {Verdict::failed, fmt::format("failure condition '{}' evaluated true", to_text(r))};
    }
  }
  const bool all = std::all_of(success_.begin(), success_.end(),
                               [&](const store::LabelCondition& r) { return matches(object, r); });
  return {all ? Verdict::succeeded : Verdict::open, ""};
}

bool Conditions::beyond_phase() const {
  const auto other = [](const store::LabelCondition& r) { return r.key != "status.phase"; };
  return std::any_of(success_.begin(), success_.end(), other) ||
         std::any_of(failure_.begin(), failure_.end(), other);
}

std::string to_text(const store::LabelCondition& r) {
  if (r.op == Op::exists) return r.key;
  if (r.op == Op::not_exists) return "!" + r.key;
  if (r.written != "in" && r.written != "notin") return r.key + r.written + r.values.front();
  std::vector<std::string> values = r.values;
  std::sort(values.begin(), values.end());
  std::string list;
  for (const std::string& v : values) list += (list.empty() ? "" : ",") + v;
  return fmt::format("{} {} ({})", r.key, r.written, list);
}

Json child_outputs(const Json& tmpl, const Json& object) {
  Json parameters = Json::array();
  for (const Json& definition : tmpl.get("outputs").get_array("parameters")) {
    const Json& from = definition.get("valueFrom");
    Json parameter = definition;
    if (const std::string path = from.get_string("jsonPath"); !path.empty()) {
      parameter.set("value", jsonpath_text(object, path));
    } else if (const std::string filter = from.get_string("jqFilter"); !filter.empty()) {
      parameter.set("value", jq_text(object, filter));
    } else {
      continue;
    }
    parameters.push_back(std::move(parameter));
  }
  Json outputs = Json::object();
  if (!parameters.empty()) outputs.set("parameters", std::move(parameters));
  return outputs;
}

}  // namespace skiff::runner
