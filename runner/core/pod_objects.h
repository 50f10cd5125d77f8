// What ConfigMaps, Secrets and the pod's own fields say: the values behind env and files.
//
// In: an object's JSON or a field's path. Out: plain bytes. Errors are PodRefused, in Kubernetes' words.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "runner/core/pod_spec.h"

namespace skiff::runner {

/// Standard base64; line breaks are skipped. Nothing if it is malformed.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

using KeyValues = std::map<std::string, std::string>;

/// `data` with `binaryData` (ConfigMap) or decoded `data` with `stringData` (Secret).
[[nodiscard]] KeyValues config_map_values(const Json& object);
[[nodiscard]] KeyValues secret_values(const Json& object);

/// The object's values; nothing if it is not there and `optional`; throws PodRefused if it must be.
[[nodiscard]] std::optional<KeyValues> config_map_of(const RunContext& run, const std::string& name,
                                                     bool optional);
[[nodiscard]] std::optional<KeyValues> secret_of(const RunContext& run, const std::string& name,
                                                 bool optional);
/// `data` alone, which is all that the kubelet gives to an environment.
[[nodiscard]] std::optional<KeyValues> config_map_data_of(const RunContext& run, const std::string& name,
                                                          bool optional);
/// What a SecretKeySelector {name, key} names; throws PodRefused if it is not there.
[[nodiscard]] std::string secret_value(const RunContext& run, const Json& selector);

/// Stands in an environment value where the pod's address will be, once it has one.
inline constexpr std::string_view kPodIpMark = "\x01pod-ip\x01";

/// The pod as its own containers may ask for it (fieldRef, resourceFieldRef).
struct PodIdentity {
  std::string name;
  std::string namespace_;
  std::string uid;  ///< in the form of a UUID, a function of run, node and generation
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::string service_account;
  const HostFacts* host = nullptr;
};
[[nodiscard]] PodIdentity identity_of(const StartPod& order, const RunContext& run, const PodSpec& pod,
                                      const HostFacts& host);

/// "metadata.labels['x']", "status.podIP" …; throws PodRefused for a field that pods do not have.
[[nodiscard]] std::string field_value(const PodIdentity& pod, const std::string& path);
/// "limits.cpu" of a container, in units of `divisor`; what is not limited is the host's.
[[nodiscard]] std::string resource_value(const Json& container, const HostFacts& host, const Json& ref);

}  // namespace skiff::runner
