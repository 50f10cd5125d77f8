// The nouns of the Engine API that skiff uses, as plain structs: what goes into a call and what comes out.
//
// No Boost, no JSON, no behaviour: whoever plans containers (runner/core) includes this and nothing else of
// the room. Fields left at their default are not sent, so the engine's own default holds. Names follow the
// Engine API's (https://docs.docker.com/reference/api/engine/) in our spelling.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skiff::docker {

using Labels = std::map<std::string, std::string>;
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

// ---- containers: what is asked ----

enum class MountType : std::uint8_t { bind, volume, tmpfs };

/// Sent as HostConfig.Mounts, never as Binds: a missing bind source is an error, not a new root-owned folder.
struct Mount {
  MountType type = MountType::volume;
  std::string source;  ///< host path (bind), volume name (volume; empty: anonymous), unused (tmpfs)
  std::string target;  ///< absolute path in the container
  bool read_only = false;
  std::string propagation;       ///< bind: "rprivate" (the engine's default), "rshared", "rslave" …
  bool no_copy = false;          ///< volume: do not seed it with the image's files
  std::int64_t tmpfs_size = 0;   ///< bytes; 0 = half the host's memory
  std::uint32_t tmpfs_mode = 0;  ///< permission bits; 0 = 01777
  bool operator==(const Mount&) const = default;
};

struct DeviceRequest {
  std::string driver;                                  ///< "" lets the engine choose by capability; "cdi"
  int count = 0;                                       ///< -1 = all; excludes device_ids
  std::vector<std::string> device_ids;                 ///< excludes count
  std::vector<std::vector<std::string>> capabilities;  ///< outer OR, inner AND: {{"gpu"}}
  bool operator==(const DeviceRequest&) const = default;
};

struct DeviceMapping {
  std::string path_on_host;
  std::string path_in_container;
  std::string cgroup_permissions = "rwm";
  bool operator==(const DeviceMapping&) const = default;
};

struct Ulimit {
  std::string name;
  std::int64_t soft = 0;
  std::int64_t hard = 0;
  bool operator==(const Ulimit&) const = default;
};

/// A TCP or UDP port of the container shown on a port of the host.
struct PortBinding {
  std::uint16_t container_port = 0;
  std::string protocol = "tcp";
  std::string host_ip;          ///< "" = every address
  std::uint16_t host_port = 0;  ///< 0 = the engine chooses
  bool operator==(const PortBinding&) const = default;
};

struct HostConfig {
  std::string network_mode;  ///< "bridge", "none", "host", "container:<id>", a network's name
  std::string ipc_mode;      ///< "private", "shareable", "container:<id>", "host"
  std::string pid_mode;      ///< "container:<id>", "host"
  std::string userns_mode;
  std::vector<Mount> mounts;
  std::int64_t memory = 0;       ///< bytes; the engine refuses less than 6 MiB (see preflight.h)
  std::int64_t memory_swap = 0;  ///< bytes of memory plus swap; equal to memory = no swap; -1 = unlimited
  std::int64_t memory_reservation = 0;  ///< bytes, soft limit
  std::int64_t nano_cpus = 0;           ///< 1e9 = one CPU; the engine refuses more than the host has
  std::int64_t cpu_shares = 0;          ///< relative weight, 1024 = one
  std::int64_t pids_limit = 0;
  std::int64_t shm_size = 0;  ///< bytes of /dev/shm; 0 = the engine's 64 MiB
  bool init = false;          ///< the engine's own init as PID 1: forwards signals, reaps
  bool privileged = false;
  bool readonly_rootfs = false;
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  std::vector<std::string> security_opt;  ///< "no-new-privileges", "seccomp=unconfined", "label=…"
  std::vector<std::string> group_add;
  Labels sysctls;
  std::vector<std::string> extra_hosts;  ///< "name:ip"; refused together with network_mode container:
  std::vector<std::string> dns;
  std::vector<std::string> dns_search;
  std::vector<std::string> dns_options;
  std::vector<DeviceRequest> device_requests;
  std::vector<DeviceMapping> devices;
  std::vector<Ulimit> ulimits;
  std::vector<PortBinding> ports;
  std::string runtime;        ///< "runc", "nvidia" …; "" = the engine's default
  std::string cgroup_parent;  ///< "" = the engine's default
  std::string log_driver;     ///< "" = the engine's; "none" keeps nothing (attach still works, logs do not)
  Labels log_options;
  std::optional<int> oom_score_adj;
  bool operator==(const HostConfig&) const = default;
};

struct ContainerSpec {
  std::string name;   ///< "" = the engine invents one; else see valid_container_name
  std::string image;  ///< reference or id; never pulled by create
  /// As in Kubernetes: entrypoint given and cmd empty drops the image's CMD.
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::vector<std::string> env;  ///< "NAME=value"
  std::string working_dir;
  std::string user;  ///< "uid[:gid]" or a name from the image's passwd
  std::string hostname;
  std::string domainname;
  bool tty = false;         ///< output is then one raw stream without stderr
  bool open_stdin = false;  ///< else the process reads end-of-file
  Labels labels;
  std::string stop_signal;  ///< "" = the image's, else SIGTERM; also what stop() sends before API 1.42
  std::optional<int> stop_timeout;  ///< seconds
  bool keep_healthcheck = false;    ///< else the image's HEALTHCHECK is switched off
  bool network_disabled =
      false;             ///< only `lo`, half the start time; /etc/hosts stays empty (sends mode none too)
  std::string platform;  ///< "linux/amd64"; "" = the engine's (needs API 1.41)
  HostConfig host;
  /// Aliases on the network named by host.network_mode, where that is a user-defined one.
  std::vector<std::string> network_aliases;
  bool operator==(const ContainerSpec&) const = default;
};

/// [a-zA-Z0-9][a-zA-Z0-9_.-]+, so at least two characters; anything else is a 400 at create.
[[nodiscard]] bool valid_container_name(const std::string& name);
/// `text` with every other character replaced by '-', made long enough: always valid_container_name.
[[nodiscard]] std::string container_name_from(const std::string& text);

struct Created {
  std::string id;
  std::vector<std::string> warnings;  ///< e.g. a limit that this kernel cannot enforce
};

// ---- containers: what is told ----

enum class ContainerStatus : std::uint8_t {
  created,
  running,
  paused,
  restarting,
  removing,
  exited,
  dead,
  unknown
};

struct ContainerState {
  ContainerStatus status = ContainerStatus::unknown;
  int exit_code = 0;        ///< 126/127/128 = start failed, 137 = some SIGKILL, 255 = the engine lost it
  bool oom_killed = false;  ///< a hint only: set when ANY process of the cgroup was killed, even at exit 0
  int pid = 0;              ///< on the engine's host; 0 unless running
  std::string error;        ///< why a start failed, in the engine's words
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
  std::string health;  ///< "healthy", "unhealthy", "starting"; "" without a healthcheck
};

struct MountPoint {
  std::string type;
  std::string name;    ///< of a volume
  std::string source;  ///< on the engine's host
  std::string destination;
  bool read_write = true;
};

struct NetworkAttachment {
  std::string network_id;
  std::string ip;  ///< IPv4; "" unless running
  std::string ipv6;
  std::string gateway;
  std::string mac;
};

struct ContainerInfo {
  std::string id;
  std::string name;   ///< without the leading slash
  std::string image;  ///< as asked for at create
  std::string image_id;
  std::optional<Timestamp> created;
  ContainerState state;
  std::vector<std::string> entrypoint;  ///< after the merge with the image's
  std::vector<std::string> cmd;
  std::vector<std::string> env;
  std::string working_dir;
  std::string user;
  bool tty = false;
  Labels labels;
  std::string stop_signal;
  std::string network_mode;
  std::string ipc_mode;
  std::string pid_mode;
  std::string log_driver;
  std::int64_t memory = 0;
  std::int64_t nano_cpus = 0;
  std::int64_t shm_size = 0;
  bool init = false;
  int restart_count = 0;
  std::vector<MountPoint> mounts;
  std::map<std::string, NetworkAttachment> networks;
  /// "80/tcp" → host ports.
  std::map<std::string, std::vector<PortBinding>> ports;

  /// The first IPv4 address of any network; "" if it has none.
  [[nodiscard]] std::string ip() const;
};

struct ContainerSummary {
  std::string id;
  std::string name;  ///< the first, without the leading slash
  std::string image;
  std::string image_id;
  ContainerStatus status = ContainerStatus::unknown;
  Labels labels;
  std::optional<Timestamp> created;
};

struct ContainerFilter {
  std::vector<std::string> labels;  ///< "key" or "key=value"; all must match
  std::vector<std::string> names;   ///< regular expressions on "/name"
  std::vector<std::string> ids;
  bool all = true;  ///< false: running ones only
};

/// next_exit: arm it before start. not_running: at once if it does not run. removed: once it is gone.
enum class WaitCondition : std::uint8_t { not_running, next_exit, removed };

struct WaitResult {
  int exit_code = 0;
  /// Not empty: the engine's waiting failed and exit_code means nothing; ask inspect.
  std::string error;
};

/// Whether a call changed anything: starting what runs, stopping or removing what is gone is `already`.
enum class Effect : std::uint8_t { done, already };

struct RemoveOptions {
  bool force = false;    ///< kill it first
  bool volumes = false;  ///< its anonymous volumes too
};

// ---- output ----

enum class StreamKind : std::uint8_t {
  in,
  out,
  err,
  system
};  ///< system: the engine's own error text (type 3)

struct OutputChunk {
  StreamKind stream = StreamKind::out;
  std::string bytes;  ///< any length, cut anywhere
  bool operator==(const OutputChunk&) const = default;
};

struct LogOptions {
  bool out = true;
  bool err = true;
  bool follow = false;
  bool timestamps = false;
  std::optional<Timestamp> since;
  std::optional<Timestamp> until;
  std::optional<std::int64_t> tail;  ///< lines; nothing = all
};

struct ExecSpec {
  std::vector<std::string> cmd;
  std::vector<std::string> env;
  std::string working_dir;
  std::string user;
  bool tty = false;
  bool privileged = false;
};

struct ExecState {
  bool running = false;
  std::optional<int> exit_code;  ///< nothing while it runs; 126/127 = could not be started
  int pid = 0;
};

/// The end of an exec that ran to its end, with the last bytes of both streams.
struct ExecResult {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// ---- files ----

struct PathStat {
  std::string name;  ///< the last part of the path
  std::int64_t size = 0;
  std::uint32_t mode = 0;  ///< Go's os.FileMode: type in the high bits, permissions in the low nine
  std::optional<Timestamp> mtime;
  std::string link_target;  ///< of a symbolic link

  [[nodiscard]] bool is_dir() const { return (mode & 0x80000000U) != 0; }
  [[nodiscard]] bool is_symlink() const { return (mode & 0x08000000U) != 0; }
  [[nodiscard]] std::uint32_t permissions() const { return mode & 0777U; }
};

// ---- images ----

struct ImageInfo {
  std::string id;
  std::vector<std::string> tags;
  std::vector<std::string> digests;  ///< "name@sha256:…"
  std::int64_t size = 0;
  std::string architecture;
  std::string os;
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::vector<std::string> env;
  std::string working_dir;
  std::string user;
  std::string stop_signal;
  Labels labels;
  std::vector<std::string> volumes;  ///< paths declared by VOLUME
  bool has_healthcheck = false;
};

/// One line of a pull as the engine reports it; a whole pull is many of these.
struct PullProgress {
  std::string layer;   ///< short layer id; "" for what concerns the whole image
  std::string status;  ///< "Downloading", "Extracting", "Pull complete" …
  std::int64_t current = 0;
  std::optional<std::int64_t> total;  ///< absent where the engine has none; then current may count seconds
  std::string units;                  ///< "" = bytes, "s" = seconds
};

struct PullOptions {
  std::string platform;  ///< "linux/arm64"; "" = the engine's own
  /// The JSON of an auth config to send instead of what docker's config.json holds, e.g. from an
  /// imagePullSecret.
  std::string auth_json;
};

/// How a tar of a root file system becomes an image.
struct ImportSpec {
  std::string reference;  ///< "name:tag"
  std::string message;    ///< kept in the image's history
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::vector<std::string> env;
  std::string working_dir;
  std::string user;
  Labels labels;
};

// ---- volumes and networks ----

struct VolumeSpec {
  std::string name;  ///< "" = the engine invents one
  std::string driver;
  Labels driver_options;
  Labels labels;
};

struct VolumeInfo {
  std::string name;
  std::string driver;
  std::string mountpoint;  ///< on the engine's host
  Labels labels;
  std::optional<Timestamp> created;
};

struct NetworkSpec {
  std::string name;
  std::string driver;  ///< "" = bridge
  bool internal = false;
  Labels labels;
};

struct NetworkInfo {
  std::string id;
  std::string name;
  std::string driver;
  Labels labels;
  std::vector<std::string> containers;  ///< ids that are attached now; only from inspect
};

// ---- the engine itself ----

/// A dotted API version, e.g. 1.41.
struct ApiVersion {
  int major = 0;
  int minor = 0;
  auto operator<=>(const ApiVersion&) const = default;
  [[nodiscard]] std::string text() const { return std::to_string(major) + "." + std::to_string(minor); }
};

struct EngineVersion {
  std::string name;     ///< "Docker Engine", "Podman Engine" …
  std::string version;  ///< "20.10.24"
  ApiVersion api;       ///< the newest it speaks
  ApiVersion min_api;   ///< the oldest it accepts
  ApiVersion used;      ///< what this client and it agreed on
  std::string os;
  std::string arch;
  std::string kernel;
  bool podman = false;
};

struct EngineInfo {
  std::string id;
  std::string name;  ///< the host's
  std::string operating_system;
  std::string os_type;
  std::string architecture;
  std::string root_dir;
  std::string storage_driver;
  std::string cgroup_driver;
  std::string cgroup_version;
  int cpus = 0;
  std::int64_t memory = 0;   ///< bytes
  bool memory_limit = true;  ///< false: memory limits are recorded, not enforced
  bool swap_limit = true;
  bool cpu_limit = true;
  bool pids_limit = true;
  bool rootless = false;
  bool selinux = false;
  std::vector<std::string> runtimes;
  std::string default_runtime;
  std::vector<std::string> cdi_devices;  ///< from API 1.50; "nvidia.com/gpu=0" …
  std::vector<std::string> security_options;
  std::vector<std::string> warnings;
};

// ---- events ----

struct EventFilter {
  std::vector<std::string> types;   ///< "container", "image", "volume", "network"; none = all
  std::vector<std::string> events;  ///< "die", "start", "destroy" …; none = all
  std::vector<std::string> labels;  ///< "key" or "key=value"; all must match
  std::optional<Timestamp> since;   ///< replays what the engine still remembers (at most 256 events)
};

/// A hint, never the truth: the engine drops events for a slow listener. Confirm by wait or inspect.
struct Event {
  std::string type;    ///< "container"
  std::string action;  ///< "die"
  std::string id;      ///< of the actor
  Labels attributes;   ///< its labels, plus "name", "image", "exitCode" …
  Timestamp time{};

  /// The exit code of a container's "die".
  [[nodiscard]] std::optional<int> exit_code() const;
};

}  // namespace skiff::docker
