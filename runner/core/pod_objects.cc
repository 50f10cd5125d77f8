#include "runner/core/pod_objects.h"

#include <array>
#include <cstdint>

#include "spec/names.h"
#include "spec/units.h"

namespace skiff::runner {
namespace {

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

KeyValues decoded(const Json& map, KeyValues into) {
  if (!map.is_object()) return into;
  for (const auto& [key, value] : map.as_object()) {
    if (!value.is_string()) continue;
    if (auto bytes = decode_base64(value.as_string())) into[key] = std::move(*bytes);
  }
  return into;
}

KeyValues plain(const Json& map, KeyValues into) {
  if (!map.is_object()) return into;
  for (const auto& [key, value] : map.as_object()) {
    if (value.is_string()) into[key] = value.as_string();
    if (value.is_number()) into[key] = value.number_text();
    if (value.is_bool()) into[key] = value.as_bool() ? "true" : "false";
  }
  return into;
}

std::map<std::string, std::string> strings_of(const Json& map, std::map<std::string, std::string> into) {
  for (auto& [key, value] : plain(map, {})) into[key] = value;
  return into;
}

/// Eight hex digits of two hashes each make the 32 of a UUID: stable, and different for every generation.
std::string uuid_of(const std::string& text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  for (const char* salt : {"a", "b", "c", "d"}) {
    std::uint32_t h = spec::fnv32a(salt + text);
    for (int i = 0; i < 8; ++i, h >>= 4) hex += kHex[h & 15U];
  }
  for (std::size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, 1, '-');
  return hex;
}

/// key of "labels['key']", empty if the path has another form.
std::optional<std::string> subscript(const std::string& path, std::string_view field) {
  const std::string prefix = "metadata." + std::string(field) + "['";
  if (!path.starts_with(prefix) || !path.ends_with("']") || path.size() < prefix.size() + 2) return {};
  return path.substr(prefix.size(), path.size() - prefix.size() - 2);
}

std::string listed(const std::map<std::string, std::string>& map) {
  std::string text;
  for (const auto& [key, value] : map) {
    if (!text.empty()) text += '\n';
    text += key + "=" + spec::quote_json(value);
  }
  return text;
}

std::string looked_up(const std::map<std::string, std::string>& map, const std::string& key) {
  const auto it = map.find(key);
  return it == map.end() ? "" : it->second;
}

std::optional<KeyValues> object_of(const ObjectLookup& lookup, const std::string& name, bool optional,
                                   std::string_view kind, KeyValues (*values)(const Json&)) {
  std::optional<Json> object = lookup ? lookup(name) : std::nullopt;
  if (object) return values(*object);
  if (optional) return std::nullopt;
  throw PodRefused{std::string(kind) + " \"" + name + "\" not found: `skiff apply -f FILE` keeps one"};
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  std::size_t padding = 0;
  std::size_t digits = 0;
  for (char c : text) {
    if (c == '\n' || c == '\r' || c == ' ') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int d = base64_digit(c);
    if (d < 0 || padding > 0) return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(d);
    ++digits;
    if ((have += 6) >= 8) out += static_cast<char>((bits >> (have -= 8)) & 0xFFU);
  }
  if (padding > 2 || (digits + padding) % 4 != 0) return std::nullopt;
  return out;
}

KeyValues config_map_values(const Json& object) {
  return decoded(object.get("binaryData"), plain(object.get("data"), {}));
}

KeyValues secret_values(const Json& object) {
  return plain(object.get("stringData"), decoded(object.get("data"), {}));
}

std::optional<KeyValues> config_map_of(const RunContext& run, const std::string& name, bool optional) {
  return object_of(run.config_map, name, optional, "configmap", config_map_values);
}

std::optional<KeyValues> config_map_data_of(const RunContext& run, const std::string& name, bool optional) {
  return object_of(run.config_map, name, optional, "configmap",
                   [](const Json& object) { return plain(object.get("data"), {}); });
}

std::optional<KeyValues> secret_of(const RunContext& run, const std::string& name, bool optional) {
  return object_of(run.secret, name, optional, "secret", secret_values);
}

std::string secret_value(const RunContext& run, const Json& selector) {
  const std::string name = selector.get_string("name");
  const std::string key = selector.get_string("key");
  const auto values = secret_of(run, name, false);
  const auto it = values->find(key);
  if (it == values->end()) throw PodRefused{"secret \"" + name + "\" does not have the key \"" + key + "\""};
  return it->second;
}

PodIdentity identity_of(const StartPod& order, const RunContext& run, const PodSpec& pod,
                        const HostFacts& host) {
  PodIdentity id;
  id.name = order.pod_name;
  id.namespace_ = run.namespace_;
  id.uid = uuid_of(run.uid + "/" + order.node_id + "/" + std::to_string(order.generation));
  id.labels = {{"workflows.argoproj.io/workflow", run.name}, {"workflows.argoproj.io/completed", "false"}};
  id.annotations = {{"workflows.argoproj.io/node-name", order.node_name},
                    {"workflows.argoproj.io/node-id", order.node_id}};
  for (const Json* metadata : {&order.spec.get("podMetadata"), &order.tmpl.get("metadata")}) {
    id.labels = strings_of(metadata->get("labels"), std::move(id.labels));
    id.annotations = strings_of(metadata->get("annotations"), std::move(id.annotations));
  }
  id.service_account = pod.spec.get_string("serviceAccountName", "default");
  id.host = &host;
  return id;
}

std::string field_value(const PodIdentity& pod, const std::string& path) {
  if (path == "metadata.name") return pod.name;
  if (path == "metadata.namespace") return pod.namespace_;
  if (path == "metadata.uid") return pod.uid;
  if (path == "metadata.labels") return listed(pod.labels);
  if (path == "metadata.annotations") return listed(pod.annotations);
  if (auto key = subscript(path, "labels")) return looked_up(pod.labels, *key);
  if (auto key = subscript(path, "annotations")) return looked_up(pod.annotations, *key);
  if (path == "spec.nodeName") return pod.host->name;
  if (path == "spec.serviceAccountName") return pod.service_account;
  if (path == "status.hostIP" || path == "status.hostIPs") return pod.host->ip;
  if (path == "status.podIP" || path == "status.podIPs") return std::string(kPodIpMark);
  throw PodRefused{"field reference \"" + path + "\" is not supported: pods have metadata.name, " +
                   "metadata.namespace, metadata.uid, metadata.labels['x'], metadata.annotations['x'], " +
                   "spec.nodeName, spec.serviceAccountName, status.hostIP and status.podIP"};
}

std::string resource_value(const Json& container, const HostFacts& host, const Json& ref) {
  const std::string resource = ref.get_string("resource");
  const std::size_t dot = resource.find('.');
  const std::string group = resource.substr(0, dot);
  const std::string name = dot == std::string::npos ? "" : resource.substr(dot + 1);
  const Json& resources = container.get("resources");
  const auto scalar = [](const Json& v) {
    return v.is_number() ? v.number_text() : v.is_string() ? v.as_string() : "";
  };
  std::string text = scalar(resources.get(group).get(name));
  if (text.empty()) text = scalar(resources.get(group == "limits" ? "requests" : "limits").get(name));
  spec::Quantity value;
  if (const auto q = spec::parse_quantity(text)) {
    value = *q;
  } else if (name == "cpu") {
    value.nano = spec::Int128{host.cpus} * 1'000'000'000;
  } else if (name == "memory") {
    value.nano = spec::Int128{host.memory} * 1'000'000'000;
  }
  spec::Int128 divisor = 1'000'000'000;
  if (const auto q = spec::parse_quantity(scalar(ref.get("divisor"))); q && q->nano > 0) divisor = q->nano;
  return std::to_string(static_cast<std::int64_t>((value.nano + divisor - 1) / divisor));
}

}  // namespace skiff::runner
