// From an order to what an engine is asked for: the containers of a pod, their volumes, what goes in before
// and what is read out after. Pure: everything it depends on is an argument, so that a plan can be compared.
//
// In: the PodSpec, the run, the host, the images' configs. Out: a PodPlan, or PodRefused thrown with the text
// that becomes the node's message. The driver (runner/pod) fills in what only the engine knows: the sandbox,
// where volumes are mounted, the pod's address.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "docker/types.h"
#include "runner/core/event.h"
#include "runner/core/pod_context.h"
#include "runner/core/pod_spec.h"

namespace skiff::runner {

// Labels of everything that skiff makes on an engine.
inline constexpr const char* kLabelHome = "skiff.home";
inline constexpr const char* kLabelRun = "skiff.run";
inline constexpr const char* kLabelWorkflow = "skiff.workflow";
inline constexpr const char* kLabelNamespace = "skiff.namespace";
inline constexpr const char* kLabelNode = "skiff.node";
inline constexpr const char* kLabelGeneration = "skiff.generation";
inline constexpr const char* kLabelContainer = "skiff.container";
inline constexpr const char* kLabelBoot = "skiff.boot";
inline constexpr const char* kLabelVersion = "skiff.version";
inline constexpr const char* kLabelSandbox = "skiff.sandbox";  ///< the name of the sandbox it joined
inline constexpr const char* kLabelLife = "skiff.life";        ///< of a volume: "pod", "run" or "claim"
inline constexpr const char* kLabelKind = "skiff.kind";        ///< of a container: "pod", "sandbox", "filler"

/// Where the inputs volume lies while it is filled (workflow/common/common.go, ExecutorArtifactBaseDir).
inline constexpr const char* kInputsPath = "/argo/inputs/artifacts";

enum class VolumeKind : std::uint8_t {
  scratch,  ///< lives and dies with the pod; anybody may write
  inputs,   ///< the same, but filled with input artifacts before a container is made; mounted in parts
  files,    ///< rendered ConfigMaps, Secrets and pod fields; read-only
  engine,   ///< a claim: a named volume that outlives the pod
  host,     ///< a path of the engine's host
};

struct PodFile {
  std::string path;  ///< relative, no ".."
  std::string content;
  unsigned mode = 0644;
  bool operator==(const PodFile&) const = default;
};

struct PlannedVolume {
  std::string name;  ///< as mounts call it
  VolumeKind kind = VolumeKind::scratch;
  docker::VolumeSpec volume;  ///< to be made, unless kind is host
  std::string host_path;
  std::string host_type;              ///< hostPath.type
  std::optional<std::int64_t> group;  ///< fsGroup, of scratch and files: what is in it belongs to this group
  std::vector<PodFile> files;
};

struct PlannedMount {
  std::size_t volume = 0;  ///< index in PodPlan::volumes
  std::string target;
  std::string sub_path;  ///< relative, made if it is missing
  bool read_only = false;
  std::string propagation;
};

enum class Stage : std::uint8_t { init, sidecar, main };

struct PlannedContainer {
  Stage stage = Stage::main;
  std::string name;            ///< in the pod
  docker::ContainerSpec spec;  ///< complete but for mounts and the network
  std::vector<PlannedMount> mounts;
  std::vector<std::string> dependencies;  ///< containerSet: others that must have succeeded
  bool gets_inputs = false;
  bool as_root = true;       ///< its process surely runs as uid 0
  bool restartable = false;  ///< an init container with restartPolicy Always: runs beside the others
  Json readiness;            ///< probes and hooks as in Kubernetes; null if none
  Json startup;
  Json liveness;
  Json lifecycle;
  std::string message_path;               ///< where it leaves its termination message; absolute
  bool message_from_logs = false;         ///< terminationMessagePolicy: FallbackToLogsOnError
  std::vector<std::string> kill_command;  ///< what ends it instead of a signal; {} = a signal
  std::string stop_signal;                ///< lifecycle.stopSignal; "" = the image's or SIGTERM
};

struct PlannedInput {
  std::string name;
  std::string path;
  Json artifact;         ///< as in the template, with its location
  bool mounted = false;  ///< a part of the inputs volume is mounted at its path

  /// Where it is unpacked: at its path, or in the inputs volume of whoever fills it.
  [[nodiscard]] std::string destination() const {
    return mounted ? std::string(kInputsPath) + "/" + name : path;
  }
};

struct PlannedParameter {
  std::string name;
  std::string path;
  std::optional<std::string> fallback;  ///< valueFrom.default
  Json parameter;                       ///< as in the template
};

struct PlannedArtifact {
  std::string name;
  std::string path;
  bool optional = false;
  Json artifact;     ///< as in the template
  Json location;     ///< what becomes of it in the node's outputs: {"s3":{"key":"…"}}
  std::string file;  ///< the last part of a key that nobody gave
};

struct ContainerRetries {
  int attempts = 1;
  std::chrono::milliseconds pause{0};
};

/// How the pod comes to its network.
enum class PodNetwork : std::uint8_t {
  sandbox,  ///< any warm sandbox will do
  own,      ///< hosts, resolver or host name of its own: a sandbox made to measure, or the container's own
  host,
};

struct PodPlan {
  std::string pod_name;
  std::string prefix;     ///< of all names on the engine: a function of run, node and generation
  docker::Labels labels;  ///< of every container and volume
  PodNetwork network = PodNetwork::sandbox;
  /// Hosts, resolver and sysctls for PodNetwork::own; the pod's host name for any network that is not shared.
  docker::ContainerSpec network_owner;
  bool shares_ipc = false;  ///< several containers: they see one another's IPC
  bool needs_ip = false;    ///< kPodIpMark occurs
  std::vector<PlannedVolume> volumes;
  std::vector<PlannedContainer> containers;  ///< init, then sidecars, then main ones
  std::optional<std::string> script;         ///< the source that lies at kScriptPath
  bool progress = false;                     ///< somebody mentions the progress file
  std::vector<PlannedInput> inputs;
  /// A root is read-only: what goes into the pod reaches it in volumes, filled before containers are made.
  bool inputs_in_volumes = false;
  std::vector<PlannedParameter> out_parameters;
  std::vector<PlannedArtifact> out_artifacts;
  std::optional<Json> log_location;  ///< archiveLogs: where "<container>-logs" goes, without its file name
  ContainerRetries retries;          ///< of a containerSet
  bool container_set = false;
  bool capture_result = false;
  bool daemon = false;
  std::chrono::seconds grace{30};
  std::vector<std::string> pull_secrets;  ///< names of Secrets
  std::vector<std::string> warnings;      ///< one for each kind of thing that is ignored or lowered

  [[nodiscard]] std::string container_name(const std::string& container) const {
    return prefix + "." + container;
  }
};

/// Throws PodRefused.
[[nodiscard]] PodPlan plan_pod(const StartPod& order, const PodSpec& pod, const RunContext& run,
                               const HostFacts& host, const ImageConfigs& images);

/// The beginning of all names of a pod; known without a plan, so that adoption can look for it.
[[nodiscard]] std::string pod_prefix(const StartPod& order, const RunContext& run);
[[nodiscard]] docker::Labels pod_labels(const StartPod& order, const RunContext& run, const HostFacts& host);

}  // namespace skiff::runner
