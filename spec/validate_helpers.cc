// Small questions about templates and fields that every part of the validator asks.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "spec/validate_internal.h"

namespace skiff::spec::validation {
namespace {

/// In the order in which Argo's GetType asks (v1alpha1/workflow_types.go).
struct TypeWord {
  std::string_view key;
  std::string_view word;
  bool leaf;
  bool pod;
};
constexpr std::array<TypeWord, 10> kTypes{{
    {"container", "Container", true, true},
    {"containerSet", "ContainerSet", true, true},
    {"steps", "Steps", false, false},
    {"dag", "DAG", false, false},
    {"script", "Script", true, true},
    {"resource", "Resource", true, true},
    {"data", "Data", true, true},
    {"suspend", "Suspend", false, false},
    {"http", "HTTP", true, false},
    {"plugin", "Plugin", true, false},
}};

const TypeWord* find_type_word(std::string_view key) {
  const auto* it =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeWord& t) { return t.key == key; });
  return it == kTypes.end() ? nullptr : it;
}

bool is_tag_letter(char c, bool underscore) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         (underscore && c == '_');
}

/// `{{name.name}}` at the beginning of the text, by Argo's paramRegex.
bool begins_with_parameter(std::string_view text) {
  std::size_t i = 2;
  const std::size_t first = i;
  while (i < text.size() && is_tag_letter(text[i], false)) ++i;
  if (i == first) return false;
  while (i < text.size() && text[i] == '.') {
    const std::size_t from = ++i;
    while (i < text.size() && is_tag_letter(text[i], true)) ++i;
    if (i == from) return false;
  }
  return text.substr(i).starts_with("}}");
}

/// The path of a URL as net/url sees it, for addresses with a scheme.
std::string_view url_path(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return url.substr(0, url.find_first_of("?#"));
  const std::string_view rest = url.substr(scheme + 3);
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view path = rest.substr(slash);
  return path.substr(0, path.find_first_of("?#"));
}

bool all_set(const Json& j, std::initializer_list<std::string_view> keys) {
  return std::all_of(keys.begin(), keys.end(), [&](std::string_view k) { return !text_of(j, k).empty(); });
}

bool has_location(std::string_view kind, const Json& l) {
  if (kind == "artifactory") return all_set(l, {"url"}) && present(l, "usernameSecret");
  if (kind == "azure") return all_set(l, {"endpoint", "container", "blob"});
  if (kind == "git") return all_set(l, {"repo"});
  if (kind == "gcs") return all_set(l, {"bucket", "key"});
  if (kind == "hdfs") return !l.get_array("addresses").empty();
  if (kind == "http") return all_set(l, {"url"});
  if (kind == "oss" || kind == "s3") return all_set(l, {"bucket", "endpoint", "key"});
  if (kind == "plugin") return all_set(l, {"name", "configuration", "key"});
  return kind == "raw";
}

bool has_key(std::string_view kind, const Json& l) {
  if (kind == "artifactory" || kind == "http") return !url_path(text_of(l, "url")).empty();
  if (kind == "azure") return all_set(l, {"blob"});
  if (kind == "hdfs") return all_set(l, {"path"});
  return kind != "git" && kind != "raw" && all_set(l, {"key"});
}

}  // namespace

bool present(const Json& object, std::string_view key) { return !object.get(key).is_null(); }

std::string text_of(const Json& object, std::string_view key) {
  const Json& v = object.get(key);
  if (v.is_string()) return v.as_string();
  if (v.is_number()) return v.number_text();
  if (v.is_bool()) return v.as_bool() ? "true" : "false";
  return "";
}

std::string_view template_type(const Json& json) {
  for (const TypeWord& t : kTypes) {
    if (present(json, t.key)) return t.key;
  }
  return "";
}

std::string_view processed_type(const Json& json) {
  for (const TypeWord& t : kTypes) {
    if (t.key == "steps" ? !json.get_array(t.key).empty() : present(json, t.key)) return t.key;
  }
  return "";
}

bool is_leaf_type(std::string_view type) {
  const TypeWord* t = find_type_word(type);
  return t != nullptr && t->leaf;
}
bool is_pod_type(std::string_view type) {
  const TypeWord* t = find_type_word(type);
  return t != nullptr && t->pod;
}
std::string_view type_word(std::string_view type) {
  const TypeWord* t = find_type_word(type);
  return t == nullptr ? "untyped" : t->word;
}

bool holds_parameter(std::string_view text) {
  for (std::size_t at = text.find("{{"); at != std::string_view::npos; at = text.find("{{", at + 1)) {
    if (begins_with_parameter(text.substr(at))) return true;
  }
  return false;
}

const Json* find_named(const Json::Array& list, std::string_view name) {
  for (const Json& e : list) {
    const Json& n = e.get("name");
    if (n.is_string() && n.as_string() == name) return &e;
  }
  return nullptr;
}

std::vector<std::string_view> names_of(const Json::Array& list) {
  std::vector<std::string_view> out;
  for (const Json& e : list) {
    if (const Json& n = e.get("name"); n.is_string()) out.push_back(n.as_string());
  }
  return out;
}

bool is_whole_number(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) {
    if (text.size() < 2 || text[1] == '-' || text[1] == '+') return false;
    if (text[0] == '+') text.remove_prefix(1);
  }
  std::int64_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  return ec == std::errc{} && end == text.data() + text.size() && !text.empty();
}

std::vector<std::size_t> find_cycle(const std::vector<std::vector<std::size_t>>& edges) {
  enum class Seen : std::uint8_t { no, open, done };
  std::vector<Seen> seen(edges.size(), Seen::no);
  std::vector<std::pair<std::size_t, std::size_t>>
      path;  // node, next edge; deep graphs must not use the stack
  for (std::size_t root = 0; root < edges.size(); ++root) {
    if (seen[root] != Seen::no) continue;
    seen[root] = Seen::open;
    path.emplace_back(root, 0);
    while (!path.empty()) {
      auto& [node, next] = path.back();
      if (next == edges[node].size()) {
        seen[node] = Seen::done;
        path.pop_back();
        continue;
      }
      const std::size_t to = edges[node][next++];
      if (seen[to] == Seen::no) {
        seen[to] = Seen::open;
        path.emplace_back(to, 0);
      } else if (seen[to] == Seen::open) {
        std::vector<std::size_t> cycle;
        auto it = std::find_if(path.begin(), path.end(), [&](const auto& p) { return p.first == to; });
        for (; it != path.end(); ++it) cycle.push_back(it->first);
        return cycle;
      }
    }
  }
  return {};
}

bool has_location_or_key(const Json& artifact) {
  // The first of these is the artifact's place; others are not looked at (ArtifactLocation.Get).
  for (const std::string_view kind :
       {"artifactory", "azure", "git", "gcs", "hdfs", "http", "oss", "raw", "s3", "plugin"}) {
    if (const Json& l = artifact.get(kind); !l.is_null()) return has_location(kind, l) || has_key(kind, l);
  }
  return false;
}

}  // namespace skiff::spec::validation
