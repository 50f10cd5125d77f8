// Paths and places of artifacts (v1alpha1 Artifact.CleanPath, workflow/validate validateArtifactLocation,
// workflow/artifacts/hdfs).
#include <fmt/format.h>

#include "spec/validate_internal.h"

namespace skiff::spec::validation {
namespace {

/// Go's filepath.Clean.
std::string clean_path(std::string_view path) {
  const bool rooted = path.starts_with('/');
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!rooted) {
      parts.push_back(part);
    }
  }
  std::string out = rooted ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) out.append(i == 0 ? "" : "/").append(parts[i]);
  return out.empty() ? "." : out;
}

/// "/safe/x/../../y" leaves the directory before its first "..".
bool leaves_its_directory(const std::string& path) {
  std::string_view safe;
  if (const auto inside = path.find("/../"); inside != std::string::npos) {
    safe = std::string_view(path).substr(0, inside);
  } else if (path.size() >= 3 && path[path.size() - 3] == '/') {
    // Argo's expression is `/..$`, where a dot is any character; the last three are cut whatever they are.
    safe = std::string_view(path).substr(0, path.size() - 3);
  }
  if (safe.empty()) return false;
  const std::string cleaned = clean_path(path);
  const std::string prefix = std::string(safe) + "/";
  return !cleaned.starts_with(prefix) || cleaned.size() <= prefix.size();
}

}  // namespace

void Validator::check_artifact_path(const Json& artifact, const Site& site, std::string_view what) {
  const std::string path = text_of(artifact, "path");
  if (path.empty()) {
    error("artifact-path", site, fmt::format("{} has no `path`", what),
          "say where in the container the file or directory is");
  } else if (leaves_its_directory(path)) {
    error("artifact-path", site.at("path"), fmt::format("{} leaves its directory by `..`: `{}`", what, path));
  }
}

void Validator::check_hdfs(const Json& hdfs, const Site& site, std::string_view what) {
  const auto need = [&](std::initializer_list<std::string_view> fields, std::string_view because) {
    for (const std::string_view f : fields) {
      if (!text_of(hdfs, f).empty() || hdfs.get(f).is_object()) continue;
      error("input-artifacts", site, fmt::format("{} needs `hdfs.{}` with `{}`", what, f, because));
    }
  };
  if (hdfs.get_array("addresses").empty()) {
    error("input-artifacts", site, fmt::format("{} needs `addresses` under `hdfs`", what),
          "name its namenodes, such as addresses: [namenode:8020]");
  }
  if (!text_of(hdfs, "path").starts_with('/')) {
    error("input-artifacts", site.at("path"), fmt::format("the hdfs `path` of {} must begin with '/'", what));
  }
  const bool cache = present(hdfs, "krbCCacheSecret");
  const bool keytab = present(hdfs, "krbKeytabSecret");
  if (text_of(hdfs, "hdfsUser").empty() && !cache && !keytab) {
    error("input-artifacts", site,
          fmt::format("{} needs one of `hdfsUser`, `krbCCacheSecret`, `krbKeytabSecret` under `hdfs`", what));
  }
  if (keytab) {
    need({"krbServicePrincipalName", "krbConfigConfigMap", "krbUsername", "krbRealm"}, "krbKeytabSecret");
  } else if (cache) {
    need({"krbServicePrincipalName", "krbConfigConfigMap"}, "krbCCacheSecret");
  }
}

void Validator::check_artifact_location(const Json& artifact, const Site& site, std::string_view what) {
  if (const Json& git = artifact.get("git"); !git.is_null() && text_of(git, "repo").empty()) {
    error("input-artifacts", site.at("git"), fmt::format("{} comes from git without a `repo`", what));
  }
  if (const Json& hdfs = artifact.get("hdfs"); !hdfs.is_null()) check_hdfs(hdfs, site.at("hdfs"), what);
}

}  // namespace skiff::spec::validation
