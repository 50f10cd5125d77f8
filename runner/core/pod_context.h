// What a pod must know besides its order: its run, the objects of its namespace, the host it will run on,
// and what the user consented to. Plain values that the pure planning of pods takes in.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "docker/types.h"
#include "spec/json.h"

namespace skiff::runner {

using spec::Json;

/// Finds an object of the run's namespace by its name; nothing if there is none. Called from any thread.
using ObjectLookup = std::function<std::optional<Json>(const std::string& name)>;

/// What steps may do only with the user's consent (design: security).
struct Consent {
  bool privileged = false;     ///< privileged containers, host namespaces
  bool host_paths = false;     ///< hostPath volumes
  bool docker_socket = false;  ///< the engine's own socket inside a step
};

struct RunContext {
  std::string name;
  std::string namespace_;
  std::string uid;
  Json metadata;  ///< labels and annotations of the workflow
  Consent consent;
  ObjectLookup config_map;
  ObjectLookup secret;
  ObjectLookup claim;
};

/// The engine's host, as far as limits and names depend on it.
struct HostFacts {
  std::string name = "docker";  ///< spec.nodeName
  std::string ip = "127.0.0.1";
  int cpus = 0;               ///< 0: unknown, nothing is clamped
  std::int64_t memory = 0;    ///< bytes; 0: unknown
  bool docker_init = true;    ///< the engine has an init to put before a container's process
  std::string home_id;        ///< label skiff.home
  std::string controller_id;  ///< label skiff.boot
  std::string skiff_version;  ///< label skiff.version
};

using ImageConfigs = std::map<std::string, docker::ImageInfo>;  ///< by the reference that the pod asks for

}  // namespace skiff::runner
