#include "runner/core/pod_resources.h"

#include <algorithm>

#include "spec/units.h"

namespace skiff::runner {
namespace {

std::optional<spec::Quantity> quantity(const Json& value) {
  if (value.is_number()) return spec::parse_quantity(value.number_text());
  if (value.is_string()) return spec::parse_quantity(value.as_string());
  return std::nullopt;
}

void ask_for_gpus(const Json& value, docker::HostConfig& config) {
  const auto q = quantity(value);
  const std::int64_t count = q ? q->value() : 0;
  if (count <= 0) return;
  docker::DeviceRequest request;
  request.count = static_cast<int>(count);
  request.capabilities = {{"gpu"}};
  config.device_requests.push_back(std::move(request));
}

std::string user_of(const Json& own, const Json& pod, const docker::ImageInfo* image) {
  const auto pick = [&](std::string_view field) {
    const auto mine = own.get_int(field);
    return mine ? mine : pod.get_int(field);
  };
  const auto user = pick("runAsUser");
  const auto group = pick("runAsGroup");
  if (!user && !group) return "";
  std::string name = user ? std::to_string(*user) : image != nullptr ? image->user : "";
  if (const std::size_t colon = name.find(':'); colon != std::string::npos) name.resize(colon);
  if (name.empty()) name = "0";
  // Kubernetes gives a user without a group the group 0; so does the engine for a user it does not know.
  if (group) name += ":" + std::to_string(*group);
  return name;
}

bool is_root(std::string user) {
  if (const std::size_t colon = user.find(':'); colon != std::string::npos) user.resize(colon);
  return user.empty() || user == "0" || user == "root";
}

void add_profiles(const Json& own, const Json& pod, std::vector<std::string>& options) {
  const auto pick = [&](std::string_view field) -> const Json& {
    return own.get(field).is_object() ? own.get(field) : pod.get(field);
  };
  if (pick("seccompProfile").get_string("type") == "Unconfined") options.emplace_back("seccomp=unconfined");
  const Json& armor = pick("appArmorProfile");
  if (armor.get_string("type") == "Unconfined") options.emplace_back("apparmor=unconfined");
  if (armor.get_string("type") == "Localhost") {
    options.push_back("apparmor=" + armor.get_string("localhostProfile"));
  }
  const Json& labels = pick("seLinuxOptions");
  for (std::string_view part : {"user", "role", "type", "level"}) {
    const std::string value = labels.get_string(part);
    if (!value.empty()) options.push_back("label=" + std::string(part) + ":" + value);
  }
}

void add_names(const Json& list, std::vector<std::string>& into) {
  if (!list.is_array()) return;
  for (const Json& e : list.as_array()) {
    if (e.is_string()) into.push_back(e.as_string());
    if (e.is_number()) into.push_back(e.number_text());
  }
}

}  // namespace

void plan_resources(const Json& container, const Json& pod_resources, docker::HostConfig& config) {
  Json limits = pod_resources.get("limits").is_object() ? pod_resources.get("limits") : Json::object();
  if (const Json& own = container.get("resources").get("limits"); own.is_object()) {
    for (const auto& [name, value] : own.as_object()) limits.set(name, value);
  }
  for (const auto& [name, value] : limits.as_object()) {
    const auto q = quantity(value);
    if (!q || q->nano <= 0) continue;
    if (name == "cpu") config.nano_cpus = std::max<std::int64_t>(q->nano_value(), 1'000'000);
    if (name == "memory") config.memory = config.memory_swap = q->value();
    if (name == "nvidia.com/gpu" || name == "amd.com/gpu") ask_for_gpus(value, config);
  }
}

void plan_security(const Json& container, const Json& pod_context, const Consent& consent,
                   const docker::ImageInfo* image, docker::ContainerSpec& spec) {
  const Json& own = container.get("securityContext");
  const std::string name = container.get_string("name");
  spec.user = user_of(own, pod_context, image);
  spec.host.privileged = own.get_bool("privileged");
  if (spec.host.privileged && !consent.privileged) {
    throw PodRefused{"container \"" + name +
                     "\" wants to be privileged, which gives it the whole host; if "
                     "you trust the workflow, submit with `--allow privileged`"};
  }
  spec.host.readonly_rootfs = own.get_bool("readOnlyRootFilesystem");
  add_names(own.get("capabilities").get("add"), spec.host.cap_add);
  add_names(own.get("capabilities").get("drop"), spec.host.cap_drop);
  const Json& escalation = own.get("allowPrivilegeEscalation");
  if (escalation.is_bool() && !escalation.as_bool()) spec.host.security_opt.emplace_back("no-new-privileges");
  add_profiles(own, pod_context, spec.host.security_opt);
  add_names(pod_context.get("supplementalGroups"), spec.host.group_add);
  if (const auto group = pod_context.get_int("fsGroup"))
    spec.host.group_add.push_back(std::to_string(*group));
  for (const Json& s : pod_context.get_array("sysctls")) {
    spec.host.sysctls[s.get_string("name")] = s.get_string("value");
  }
  const bool must_not_be_root =
      own.get("runAsNonRoot").is_bool() ? own.get_bool("runAsNonRoot") : pod_context.get_bool("runAsNonRoot");
  const bool known = !spec.user.empty() || image != nullptr;
  if (must_not_be_root && known && runs_as_root(spec, image)) {
    throw PodRefused{"container \"" + name + "\" has runAsNonRoot and " +
                     (spec.user.empty() ? "image will run as root" : "runAsUser is 0")};
  }
}

bool runs_as_root(const docker::ContainerSpec& spec, const docker::ImageInfo* image) {
  if (!spec.user.empty()) return is_root(spec.user);
  return image != nullptr && is_root(image->user);
}

}  // namespace skiff::runner
