#include "runner/core/pod_env.h"

#include <algorithm>
#include <set>

namespace skiff::runner {
namespace {

/// Linux limits one string of the environment to 128 KiB.
constexpr std::size_t kMaxEnvValue = 131'000;

void put(EnvList& env, const std::string& name, std::string value) {
  const auto it = std::find_if(env.begin(), env.end(), [&](const auto& e) { return e.first == name; });
  if (it != env.end()) {
    it->second = std::move(value);
  } else {
    env.emplace_back(name, std::move(value));
  }
}

void add_from(EnvList& env, const Json& source, const RunContext& run) {
  const Json& map = source.get("configMapRef");
  const Json& secret = source.get("secretRef");
  const Json& ref = map.is_object() ? map : secret;
  const auto values = map.is_object()
                          ? config_map_data_of(run, ref.get_string("name"), ref.get_bool("optional"))
                          : secret_of(run, ref.get_string("name"), ref.get_bool("optional"));
  if (!values) return;
  for (const auto& [key, value] : *values) put(env, source.get_string("prefix") + key, value);
}

std::optional<std::string> key_of(const Json& ref, bool secret, const RunContext& run) {
  const std::string name = ref.get_string("name");
  const std::string key = ref.get_string("key");
  const bool optional = ref.get_bool("optional");
  const auto values = secret ? secret_of(run, name, optional) : config_map_data_of(run, name, optional);
  if (!values) return std::nullopt;
  if (const auto it = values->find(key); it != values->end()) return it->second;
  if (optional) return std::nullopt;
  throw PodRefused{"couldn't find key " + key + " in " + (secret ? "Secret " : "ConfigMap ") +
                   run.namespace_ + "/" + name};
}

std::optional<std::string> value_from(const Json& from, const Json& container, const RunContext& run,
                                      const PodIdentity& pod) {
  if (const Json& r = from.get("configMapKeyRef"); r.is_object()) return key_of(r, false, run);
  if (const Json& r = from.get("secretKeyRef"); r.is_object()) return key_of(r, true, run);
  if (const Json& r = from.get("fieldRef"); r.is_object()) return field_value(pod, r.get_string("fieldPath"));
  if (const Json& r = from.get("resourceFieldRef"); r.is_object()) {
    return resource_value(container, *pod.host, r);
  }
  throw PodRefused{"an env entry of container \"" + container.get_string("name") +
                   "\" has a valueFrom that is none of configMapKeyRef, secretKeyRef, fieldRef, "
                   "resourceFieldRef"};
}

/// What Argo tells every container (workflow/controller/workflowpod.go, build).
void add_argo(EnvList& env, const Json& container, const StartPod& order, const RunContext& run,
              const PodIdentity& pod) {
  Json simplified = order.tmpl;
  if (Json* inputs = simplified.find("inputs")) inputs->erase("parameters");
  std::string text = spec::to_json(simplified);
  put(env, "ARGO_CONTAINER_NAME", container.get_string("name"));
  put(env, "ARGO_NODE_ID", order.node_id);
  put(env, "ARGO_POD_NAME", pod.name);
  put(env, "ARGO_POD_UID", pod.uid);
  put(env, "ARGO_WORKFLOW_NAME", run.name);
  put(env, "ARGO_WORKFLOW_UID", run.uid);
  put(env, "ARGO_INCLUDE_SCRIPT_OUTPUT", order.capture_result ? "true" : "false");
  put(env, "ARGO_DEADLINE", "0001-01-01T00:00:00Z");
  put(env, "ARGO_PROGRESS_FILE", std::string(kProgressPath));
  if (text.size() < kMaxEnvValue) put(env, "ARGO_TEMPLATE", std::move(text));
}

void refuse_nul(const EnvList& env, const Json& container) {
  for (const auto& [name, value] : env) {
    if (value.find('\0') == std::string::npos) continue;
    throw PodRefused{"env " + name + " of container \"" + container.get_string("name") +
                     "\" has a NUL byte in its value, which no environment can hold: mount the ConfigMap or "
                     "Secret as a volume instead"};
  }
}

void collect(const Json& ref, std::string_view name_field, const RunContext& run,
             std::set<std::string>& texts) {
  if (!ref.is_object()) return;
  const auto values = secret_of(run, ref.get_string(name_field), true);
  if (!values) return;
  const std::string key = ref.get_string("key");
  for (const auto& [k, value] : *values) {
    if (!key.empty() && key != k) continue;
    // As it stands in a file, and as a shell prints it.
    const std::size_t end = value.find_last_not_of("\r\n");
    texts.insert(value.substr(0, end == std::string::npos ? 0 : end + 1));
  }
}

}  // namespace

std::string expand_vars(std::string_view text, const EnvList& env) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
    } else if (text[i + 1] == '$') {
      out += '$';
      ++i;
    } else if (const std::size_t end = text.find(')', i);
               text[i + 1] == '(' && end != std::string_view::npos) {
      const std::string_view name = text.substr(i + 2, end - i - 2);
      const auto it = std::find_if(env.begin(), env.end(), [&](const auto& e) { return e.first == name; });
      if (it != env.end()) {
        out += it->second;
      } else {
        out += text.substr(i, end - i + 1);
      }
      i = end;
    } else {
      out += '$';
    }
  }
  return out;
}

EnvList environment_of(const Json& container, const StartPod& order, const RunContext& run,
                       const PodIdentity& pod) {
  EnvList env;
  for (const Json& source : container.get_array("envFrom")) add_from(env, source, run);
  for (const Json& entry : container.get_array("env")) {
    const Json& from = entry.get("valueFrom");
    std::optional<std::string> value;
    if (from.is_object()) {
      value = value_from(from, container, run, pod);
    } else {
      value = expand_vars(entry.get_string("value"), env);
    }
    if (value) put(env, entry.get_string("name"), std::move(*value));
  }
  refuse_nul(env, container);
  add_argo(env, container, order, run, pod);
  return env;
}

std::vector<std::string> secret_texts(const PodSpec& pod, const RunContext& run) {
  std::set<std::string> texts;
  for (std::string_view group : {"initContainers", "containers"}) {
    for (const Json& c : pod.spec.get_array(group)) {
      for (const Json& e : c.get_array("env"))
        collect(e.get("valueFrom").get("secretKeyRef"), "name", run, texts);
      for (const Json& e : c.get_array("envFrom")) collect(e.get("secretRef"), "name", run, texts);
    }
  }
  for (const Json& v : pod.spec.get_array("volumes")) {
    collect(v.get("secret"), "secretName", run, texts);
    for (const Json& s : v.get("projected").get_array("sources"))
      collect(s.get("secret"), "name", run, texts);
  }
  std::vector<std::string> list;
  for (const std::string& t : texts) {
    if (t.size() >= 4) list.push_back(t);
  }
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return list;
}

}  // namespace skiff::runner
