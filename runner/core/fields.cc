#include "runner/core/fields.h"

#include <array>

namespace skiff::runner {
namespace {

struct Location {
  std::string_view kind;
  std::string_view key;  ///< the field that makes it a location
};
/// In the order in which Argo looks (ArtifactLocation.Get).
constexpr std::array<Location, 10> kLocations{{{"artifactory", "url"},
                                               {"azure", "blob"},
                                               {"git", "repo"},
                                               {"gcs", "key"},
                                               {"hdfs", "path"},
                                               {"http", "url"},
                                               {"oss", "key"},
                                               {"raw", ""},
                                               {"s3", "key"},
                                               {"plugin", "key"}}};

const Location* location_of(const Json& artifact) {
  for (const Location& l : kLocations) {
    if (artifact.get(l.kind).is_object()) return &l;
  }
  return nullptr;
}

/// path.Join(key, sub) of Go for plain paths: one slash between, "." and empty parts dropped.
std::string join_path(std::string_view key, std::string_view sub) {
  std::string joined(key);
  joined += '/';
  joined += sub;
  std::string out;
  std::size_t at = 0;
  while (at <= joined.size()) {
    const std::size_t end = std::min(joined.find('/', at), joined.size());
    const std::string_view part = std::string_view(joined).substr(at, end - at);
    if (!part.empty() && part != ".") {
      if (!out.empty() || key.starts_with('/')) out += '/';
      out += part;
    }
    at = end + 1;
  }
  return out;
}

}  // namespace

std::optional<std::string> text_of(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::string:
      return value.as_string();
    case Json::Kind::number:
      return value.number_text();
    case Json::Kind::boolean:
      return value.as_bool() ? "true" : "false";
    default:
      return std::nullopt;
  }
}

std::string text_or_empty(const Json& value) { return text_of(value).value_or(""); }

const Json* find_named(const Json::Array& list, std::string_view name) {
  for (const Json& element : list) {
    const Json& n = element.get("name");
    if (n.is_string() && n.as_string() == name) return &element;
  }
  return nullptr;
}

spec::TemplateType template_type(const Json& tmpl) {
  using enum spec::TemplateType;
  constexpr std::array<std::pair<std::string_view, spec::TemplateType>, 10> kBodies{
      {{"container", container},
       {"containerSet", container_set},
       {"steps", steps},
       {"dag", dag},
       {"script", script},
       {"resource", resource},
       {"data", data},
       {"suspend", suspend},
       {"http", http},
       {"plugin", plugin}}};
  for (const auto& [field, type] : kBodies) {
    const Json& body = tmpl.get(field);
    if (body.is_object() || body.is_array()) return type;
  }
  return none;
}

bool is_pod_type(spec::TemplateType type) {
  using enum spec::TemplateType;
  return type == container || type == container_set || type == script || type == resource || type == data;
}

bool has_location(const Json& artifact) {
  const Location* l = location_of(artifact);
  if (l == nullptr) return false;
  return l->key.empty() || !artifact.get(l->kind).get_string(l->key).empty();
}

std::optional<Json> with_sub_path(const Json& artifact, const std::string& sub) {
  const Location* l = location_of(artifact);
  if (l == nullptr || l->key.empty() || l->kind == "git") return std::nullopt;
  Json out = artifact;
  Json& place = out[l->kind];
  place.set(std::string(l->key), join_path(place.get_string(l->key), sub));
  return out;
}

std::string parameters_json(const Json::Array& parameters) {
  static constexpr std::array<const char*, 7> kOrder{"name",       "default", "value",      "valueFrom",
                                                     "globalName", "enum",    "description"};
  Json list = Json::array();
  for (const Json& p : parameters) {
    Json one = Json::object();
    for (const char* field : kOrder) {
      const Json& v = p.get(field);
      if (v.is_null() || (v.is_array() && v.empty())) continue;
      const bool scalar = v.is_number() || v.is_bool();
      one.set(field, scalar ? Json(text_or_empty(v)) : v);
    }
    list.push_back(std::move(one));
  }
  return spec::to_json(list, {.escape_html = true});
}

std::string go_json(const Json& value) {
  return spec::to_json(value, {.escape_html = true, .sort_keys = true});
}

bool has_arguments(const Json& arguments) {
  return !arguments.get("parameters").empty() || !arguments.get("artifacts").empty();
}

bool has_outputs(const Json& outputs) {
  return has_arguments(outputs) || !outputs.get("result").is_null() || !outputs.get("exitCode").is_null();
}

bool mentions_workflow(std::string_view text) { return text.find("workflow") != std::string_view::npos; }

}  // namespace skiff::runner
