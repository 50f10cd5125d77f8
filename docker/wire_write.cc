// Request bodies: ContainerSpec and the smaller specs as the Engine API spells them.
#include <algorithm>

#include "docker/wire.h"
#include "docker/wire_json.h"

namespace skiff::docker::wire {
namespace {

const char* mount_type(MountType type) {
  switch (type) {
    case MountType::bind:
      return "bind";
    case MountType::volume:
      return "volume";
    case MountType::tmpfs:
      return "tmpfs";
  }
  return "volume";
}

void write_mount(JsonText& w, const Mount& m) {
  w.begin().string("Type", mount_type(m.type)).string("Source", m.source).string("Target", m.target);
  w.boolean("ReadOnly", m.read_only);
  if (m.type == MountType::bind && !m.propagation.empty())
    w.begin("BindOptions").string("Propagation", m.propagation).end();
  if (m.type == MountType::volume && m.no_copy) w.begin("VolumeOptions").boolean("NoCopy", true).end();
  if (m.type == MountType::tmpfs && (m.tmpfs_size != 0 || m.tmpfs_mode != 0))
    w.begin("TmpfsOptions").integer("SizeBytes", m.tmpfs_size).integer("Mode", m.tmpfs_mode).end();
  w.end();
}

void write_device_request(JsonText& w, const DeviceRequest& d) {
  w.begin().string("Driver", d.driver).strings("DeviceIDs", d.device_ids);
  if (d.device_ids.empty()) w.integer("Count", d.count);
  if (!d.capabilities.empty()) {
    w.key("Capabilities").array();
    for (const auto& all_of : d.capabilities) {
      w.array();
      for (const std::string& c : all_of) w.text(c);
      w.end_array();
    }
    w.end_array();
  }
  w.end();
}

void write_devices(JsonText& w, const HostConfig& h) {
  if (!h.device_requests.empty()) {
    w.begin_array("DeviceRequests");
    for (const DeviceRequest& d : h.device_requests) write_device_request(w, d);
    w.end_array();
  }
  if (h.devices.empty()) return;
  w.begin_array("Devices");
  for (const DeviceMapping& d : h.devices)
    w.begin()
        .string("PathOnHost", d.path_on_host)
        .string("PathInContainer", d.path_in_container)
        .string("CgroupPermissions", d.cgroup_permissions)
        .end();
  w.end_array();
}

void write_limits(JsonText& w, const HostConfig& h) {
  w.integer("Memory", h.memory).integer("MemorySwap", h.memory_swap);
  w.integer("MemoryReservation", h.memory_reservation);
  w.integer("NanoCpus", h.nano_cpus).integer("CpuShares", h.cpu_shares).integer("PidsLimit", h.pids_limit);
  w.integer("ShmSize", h.shm_size);
  if (h.oom_score_adj) w.integer_always("OomScoreAdj", *h.oom_score_adj);
  if (h.ulimits.empty()) return;
  w.begin_array("Ulimits");
  for (const Ulimit& u : h.ulimits)
    w.begin().string("Name", u.name).integer_always("Soft", u.soft).integer_always("Hard", u.hard).end();
  w.end_array();
}

void write_security(JsonText& w, const HostConfig& h) {
  w.boolean("Privileged", h.privileged).boolean("ReadonlyRootfs", h.readonly_rootfs).boolean("Init", h.init);
  w.strings("CapAdd", h.cap_add).strings("CapDrop", h.cap_drop).strings("SecurityOpt", h.security_opt);
  w.strings("GroupAdd", h.group_add).labels("Sysctls", h.sysctls).string("UsernsMode", h.userns_mode);
}

std::string port_key(const PortBinding& p) { return std::to_string(p.container_port) + "/" + p.protocol; }

void write_ports(JsonText& w, const HostConfig& h) {
  if (h.ports.empty()) return;
  std::map<std::string, std::vector<const PortBinding*>> by_port;
  for (const PortBinding& p : h.ports) by_port[port_key(p)].push_back(&p);
  w.begin("PortBindings");
  for (const auto& [port, bindings] : by_port) {
    w.begin_array(port.c_str());
    for (const PortBinding* b : bindings)
      w.begin()
          .string("HostIp", b->host_ip)
          .string("HostPort", b->host_port == 0 ? "" : std::to_string(b->host_port))
          .end();
    w.end_array();
  }
  w.end();
}

void write_host(JsonText& w, const ContainerSpec& spec) {
  const HostConfig& h = spec.host;
  w.begin("HostConfig");
  w.string("NetworkMode", spec.network_disabled ? "none" : h.network_mode);
  w.string("IpcMode", h.ipc_mode).string("PidMode", h.pid_mode);
  w.string("Runtime", h.runtime).string("CgroupParent", h.cgroup_parent);
  write_limits(w, h);
  write_security(w, h);
  w.strings("ExtraHosts", h.extra_hosts);
  w.strings("Dns", h.dns).strings("DnsSearch", h.dns_search).strings("DnsOptions", h.dns_options);
  if (!h.mounts.empty()) {
    w.begin_array("Mounts");
    for (const Mount& m : h.mounts) write_mount(w, m);
    w.end_array();
  }
  write_devices(w, h);
  write_ports(w, h);
  if (!h.log_driver.empty())
    w.begin("LogConfig").string("Type", h.log_driver).labels("Config", h.log_options).end();
  w.end();
}

/// `["a","b"]` for a Dockerfile instruction in exec form.
std::string exec_form(const std::vector<std::string>& words) {
  JsonText w;
  w.array();
  for (const std::string& word : words) w.text(word);
  return w.end_array().str();
}

/// A value in double quotes as the Dockerfile parser reads it back.
std::string dockerfile_quote(std::string_view value) {
  // Podman keeps the quotes, so only what needs them gets them.
  const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./:,@+").find(c) != std::string_view::npos;
  });
  if (plain && !value.empty()) return std::string(value);
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == '$') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string write_container(const ContainerSpec& spec) {
  JsonText w;
  w.begin().string("Image", spec.image).strings("Entrypoint", spec.entrypoint).strings("Cmd", spec.cmd);
  w.strings("Env", spec.env).string("WorkingDir", spec.working_dir).string("User", spec.user);
  w.string("Hostname", spec.hostname).string("Domainname", spec.domainname);
  w.boolean("Tty", spec.tty).boolean("OpenStdin", spec.open_stdin);
  w.labels("Labels", spec.labels).string("StopSignal", spec.stop_signal);
  if (spec.stop_timeout) w.integer_always("StopTimeout", *spec.stop_timeout);
  w.boolean("NetworkDisabled", spec.network_disabled);
  if (!spec.keep_healthcheck) w.begin("Healthcheck").strings("Test", {"NONE"}).end();
  if (!spec.host.ports.empty()) {
    w.begin("ExposedPorts");
    std::map<std::string, bool> once;
    for (const PortBinding& p : spec.host.ports)
      if (once.emplace(port_key(p), true).second) w.begin(port_key(p).c_str()).end();
    w.end();
  }
  write_host(w, spec);
  if (!spec.network_aliases.empty()) {
    w.begin("NetworkingConfig").begin("EndpointsConfig").begin(spec.host.network_mode.c_str());
    w.strings("Aliases", spec.network_aliases).end().end().end();
  }
  return w.end().str();
}

std::string write_exec(const ExecSpec& spec) {
  JsonText w;
  w.begin().boolean_always("AttachStdout", true).boolean_always("AttachStderr", true);
  w.strings("Cmd", spec.cmd).strings("Env", spec.env).string("WorkingDir", spec.working_dir);
  w.string("User", spec.user).boolean("Tty", spec.tty).boolean("Privileged", spec.privileged);
  return w.end().str();
}

std::string write_exec_start(bool tty) {
  return JsonText().begin().boolean_always("Detach", false).boolean_always("Tty", tty).end().str();
}

std::string write_volume(const VolumeSpec& spec) {
  JsonText w;
  w.begin().string("Name", spec.name).string("Driver", spec.driver);
  return w.labels("DriverOpts", spec.driver_options).labels("Labels", spec.labels).end().str();
}

std::string write_network(const NetworkSpec& spec) {
  JsonText w;
  w.begin().string("Name", spec.name).boolean_always("CheckDuplicate", true).string("Driver", spec.driver);
  return w.boolean("Internal", spec.internal).labels("Labels", spec.labels).end().str();
}

std::string write_connect(const std::string& container, const std::vector<std::string>& aliases) {
  JsonText w;
  w.begin().string("Container", container);
  if (!aliases.empty()) w.begin("EndpointConfig").strings("Aliases", aliases).end();
  return w.end().str();
}

std::string write_disconnect(const std::string& container, bool force) {
  return JsonText().begin().string("Container", container).boolean_always("Force", force).end().str();
}

std::string write_filters(const std::map<std::string, std::vector<std::string>>& filters) {
  JsonText w;
  w.begin();
  for (const auto& [key, values] : filters) w.strings(key.c_str(), values);
  return w.end().str();
}

std::vector<std::string> import_changes(const ImportSpec& spec) {
  std::vector<std::string> changes;
  if (!spec.entrypoint.empty()) changes.push_back("ENTRYPOINT " + exec_form(spec.entrypoint));
  if (!spec.cmd.empty()) changes.push_back("CMD " + exec_form(spec.cmd));
  if (!spec.working_dir.empty()) changes.push_back("WORKDIR " + spec.working_dir);
  if (!spec.user.empty()) changes.push_back("USER " + spec.user);
  for (const std::string& e : spec.env) {
    const std::size_t eq = e.find('=');
    const std::string value = eq == std::string::npos ? std::string() : e.substr(eq + 1);
    changes.push_back("ENV " + e.substr(0, eq) + "=" + dockerfile_quote(value));
  }
  for (const auto& [key, value] : spec.labels)
    changes.push_back("LABEL " + dockerfile_quote(key) + "=" + dockerfile_quote(value));
  return changes;
}

}  // namespace skiff::docker::wire
