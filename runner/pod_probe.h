// Kubernetes' probes and hooks of a running container: exec in the container, HTTP and TCP from inside the
// pod's network, by the program of its sandbox, so that it does not matter where the engine's network is.
#pragma once

#include <string>

#include "runner/pod_services.h"

namespace skiff::runner {

/// Where a pod is, for those who talk to it.
struct PodAddress {
  std::string sandbox_id;  ///< "" if it has none: then HTTP and TCP probes go from our own network
  std::string ip;
};

struct ProbeTarget {
  std::string container_id;
  Json container;  ///< for named ports
  PodAddress address;
};

/// How often and how patiently a probe asks (Kubernetes' defaults).
struct ProbeTimes {
  std::chrono::milliseconds initial_delay{0};
  std::chrono::milliseconds period{10'000};
  std::chrono::milliseconds timeout{1000};
  int failures = 3;
  int successes = 1;
};
[[nodiscard]] ProbeTimes times_of(const Json& probe);

/// One try. `action` has exec, httpGet, tcpSocket or grpc. Throws EngineAway.
[[nodiscard]] Task<bool> try_probe(PodServices& services, ProbeTarget target, Json action,
                                   std::chrono::milliseconds timeout);
/// Returns when the probe has succeeded often enough.
[[nodiscard]] Task<void> until_ready(PodServices& services, ProbeTarget target, Json probe);
/// True when the probe, if there is one, has succeeded; false when it has failed too often in a row before.
[[nodiscard]] Task<bool> until_started(PodServices& services, ProbeTarget target, Json probe);
/// Returns when the probe has failed too often in a row.
[[nodiscard]] Task<void> until_unhealthy(PodServices& services, ProbeTarget target, Json probe);

}  // namespace skiff::runner
