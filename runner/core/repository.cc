#include "runner/core/repository.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <vector>

#include "spec/document.h"

namespace skiff::runner {
namespace {

constexpr std::string_view kDefaultMap = "artifact-repositories";
constexpr std::string_view kDefaultKey = "workflows.argoproj.io/default-artifact-repository";

/// In the order in which Argo looks for them (artifact_repository_types.go, Get).
struct Kind {
  std::string_view name;
  std::string_view format;  ///< its field for the format of keys
  std::string_view key;     ///< and the location's field for the key
};
constexpr std::array<Kind, 5> kKinds{{{"azure", "blobNameFormat", "blob"},
                                      {"gcs", "keyFormat", "key"},
                                      {"hdfs", "pathFormat", "path"},
                                      {"oss", "keyFormat", "key"},
                                      {"s3", "keyFormat", "key"}}};

/// What one ConfigMap has to say: a repository, an error that ends the search, or neither.
struct Look {
  Json status;
  std::string error;
};

Look look_into(const Json& ref, const std::string& ns, const ConfigMapLookup& lookup) {
  std::string name = ref.get_string("configMap");
  if (name.empty()) name = kDefaultMap;
  const std::optional<Json> map = lookup(ns, name);
  if (!map) return {};
  std::string key = ref.get_string("key");
  if (key.empty()) key = map->get("metadata").get("annotations").get_string(kDefaultKey);
  const Json* text = map->get("data").find(key);
  if (text == nullptr || !text->is_string()) return {};
  const spec::ParsedFile parsed = spec::parse_documents(text->as_string(), name + "." + key);
  const bool whole = parsed.documents.size() == 1 && parsed.documents.front().root().is_mapping() &&
                     !spec::has_errors(parsed.diagnostics);
  if (!whole) {
    const std::string written =
        fmt::format("{}/{}#{}", ns, ref.get_string("configMap"), ref.get_string("key"));
    const std::string why =
        parsed.diagnostics.empty() ? "it is not a mapping" : parsed.diagnostics.front().message;
    return {Json(), fmt::format("error getting config map for artifact repository ref \"{0}\": failed to "
                                "unmarshall config map key \"{1}\" for artifact repository ref \"{0}\": {2}",
                                written, key, why)};
  }
  Look out;
  out.status.set("configMap", name);
  out.status.set("key", key);
  out.status.set("namespace", ns);
  out.status.set("artifactRepository", spec::to_json_value(parsed.documents.front().root()));
  return out;
}

bool keeps_artifacts(spec::TemplateType type) {
  using spec::TemplateType;
  return type == TemplateType::container || type == TemplateType::script ||
         type == TemplateType::container_set || type == TemplateType::data || type == TemplateType::resource;
}

bool has_location(const Json& location) {
  for (const Kind& kind : kKinds) {
    if (!location.get(kind.name).get_string(kind.key).empty()) return true;
  }
  return !location.get("artifactory").get_string("url").empty();
}

}  // namespace

ResolvedRepository resolve_repository(const Json& ref, const RepositorySearch& search,
                                      const ConfigMapLookup& lookup) {
  ResolvedRepository out;
  std::vector<std::string> namespaces{search.workflow_namespace};
  if (ref.is_object()) namespaces.push_back(search.controller_namespace);
  for (const std::string& ns : namespaces) {
    Look look = look_into(ref, ns, lookup);
    if (look.status.is_null() && look.error.empty()) continue;
    return {std::move(look.status), std::move(look.error)};
  }
  if (!ref.is_object()) {
    out.status.set("default", true);
    out.status.set("artifactRepository", search.fallback.is_object() ? search.fallback : Json::object());
    return out;
  }
  out.error = fmt::format("failed to find any artifact repository for artifact repository ref \"{}#{}\"",
                          ref.get_string("configMap"), ref.get_string("key"));
  return out;
}

Json archive_location_of(const Json& repository) {
  for (const Kind& kind : kKinds) {
    if (!repository.get(kind.name).is_object()) continue;
    Json location = repository.get(kind.name);
    std::string format = location.get_string(kind.format);
    if (format.empty()) {
      format = "{{workflow.name}}/{{pod.name}}";
      std::string prefix = location.get_string("keyPrefix");
      while (prefix.ends_with('/')) prefix.pop_back();
      if (!prefix.empty()) format = prefix + "/" + format;
    }
    location.erase(kind.format);
    location.erase("keyPrefix");
    location.set(std::string(kind.key), std::move(format));
    Json out = Json::object();
    out.set(std::string(kind.name), std::move(location));
    return out;
  }
  return {};
}

void lay_repository(Json& tmpl, spec::TemplateType type, const Json& repository, bool archive_logs) {
  if (!keeps_artifacts(type)) return;
  const bool on = repository.get_bool("archiveLogs");  // the controller's word is the last
  const Json& own = tmpl.get("archiveLocation");
  const Json& own_logs = own.get("archiveLogs");
  const bool logs = on || (own_logs.is_bool() ? own_logs.as_bool() : archive_logs);
  if (has_location(own)) {
    if (on) tmpl["archiveLocation"].set("archiveLogs", true);
    return;
  }
  const bool artifacts = !tmpl.get("inputs").get_array("artifacts").empty() ||
                         !tmpl.get("outputs").get_array("artifacts").empty() || tmpl.get("data").is_object();
  if (!logs && !artifacts) return;
  Json location = archive_location_of(repository);
  if (location.is_null()) {
    if (!on) return;
    location = own.is_object() ? own : Json::object();
  }
  location.set("archiveLogs", logs);
  tmpl.set("archiveLocation", std::move(location));
}

}  // namespace skiff::runner
