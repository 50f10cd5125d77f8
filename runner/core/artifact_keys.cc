#include "runner/core/artifact_keys.h"

#include <array>

namespace skiff::runner {
namespace {

struct Kind {
  std::string_view name;
  std::string_view bucket;  ///< its field for the bucket
  std::string_view key;     ///< and for the key
};
constexpr std::array<Kind, 8> kKinds{{{"s3", "bucket", "key"},
                                      {"gcs", "bucket", "key"},
                                      {"oss", "bucket", "key"},
                                      {"azure", "container", "blob"},
                                      {"hdfs", "", "path"},
                                      {"http", "", "url"},
                                      {"git", "", "repo"},
                                      {"artifactory", "", "url"}}};

const Kind* kind_in(const Json& holder) {
  for (const Kind& kind : kKinds) {
    if (holder.get(kind.name).is_object()) return &kind;
  }
  return nullptr;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

/// keyFormat: its tags are known only here (pod.name) or come from a ConfigMap that nobody substitutes.
std::string filled_key(std::string key, const StartPod& order, const RunContext& run) {
  replace_all(key, "{{workflow.name}}", run.name);
  replace_all(key, "{{workflow.namespace}}", run.namespace_);
  replace_all(key, "{{workflow.uid}}", run.uid);
  replace_all(key, "{{pod.name}}", order.pod_name);
  replace_all(key, "{{node.name}}", order.node_name);
  return key;
}

std::string joined(std::string_view a, std::string_view b) {
  std::string out(a);
  while (out.ends_with('/')) out.pop_back();
  while (out.starts_with('/')) out.erase(0, 1);
  return out.empty() ? std::string(b) : out + "/" + std::string(b);
}

}  // namespace

std::optional<ArtifactPlace> place_of(const Json& artifact, const Json& archive_location) {
  auto place = folder_of(artifact, archive_location);
  if (place && place->kind != "raw" && place->key.empty()) return std::nullopt;
  return place;
}

std::optional<ArtifactPlace> folder_of(const Json& artifact, const Json& archive_location) {
  if (const Json& raw = artifact.get("raw"); raw.is_object()) {
    return ArtifactPlace{"raw", "", "", raw.get_string("data")};
  }
  const Kind* kind = kind_in(artifact);
  if (kind == nullptr) return std::nullopt;
  const Json& location = artifact.get(kind->name);
  ArtifactPlace place{std::string(kind->name), kind->bucket.empty() ? "" : location.get_string(kind->bucket),
                      location.get_string(kind->key), ""};
  if (!place.bucket.empty() || kind->bucket.empty()) return place;
  // A key alone lies where the template's artifacts lie (workflow_types.go, Relocate).
  const Kind* general = kind_in(archive_location);
  if (general != nullptr && !general->bucket.empty()) {
    place.bucket = archive_location.get(general->name).get_string(general->bucket);
    if (!place.bucket.empty()) place.kind = general->name;
  }
  return place;
}

Json output_location(const Json& artifact, const Json& archive_location, const StartPod& order,
                     const RunContext& run, std::string_view file) {
  Json out = Json::object();
  if (const Kind* own = kind_in(artifact);
      own != nullptr && !artifact.get(own->name).get_string(own->key).empty()) {
    Json location = artifact.get(own->name);
    location.set(std::string(own->key), filled_key(location.get_string(own->key), order, run));
    out.set(std::string(own->name), std::move(location));
    return out;
  }
  const Kind* general = kind_in(archive_location);
  if (general == nullptr) {
    out["s3"].set("key", joined(run.name + "/" + order.pod_name, file));
    return out;
  }
  Json location = archive_location.get(general->name);
  std::string prefix = filled_key(location.get_string(general->key), order, run);
  if (prefix.empty()) prefix = run.name + "/" + order.pod_name;
  location.set(std::string(general->key), joined(prefix, file));
  out.set(std::string(general->name), std::move(location));
  return out;
}

std::string output_file(const Json& artifact) {
  const Json& archive = artifact.get("archive");
  if (archive.get("zip").is_object()) return artifact.get_string("name") + ".zip";
  if (!archive.get("none").is_object()) return artifact.get_string("name") + ".tgz";
  std::string path = artifact.get_string("path");
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const std::size_t slash = path.rfind('/');
  const std::string base = slash == std::string::npos ? path : path.substr(slash + 1);
  return base.empty() ? artifact.get_string("name") : base;
}

}  // namespace skiff::runner
