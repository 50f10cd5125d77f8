// Reply bodies about containers, exec, paths, waits, and the scalars; resources and the engine itself are in
// wire_read_more.cc.
#include <algorithm>
#include <charconv>

#include "docker/wire.h"
#include "docker/wire_json.h"

namespace skiff::docker::wire {
namespace {

using rapidjson::Document;

Error malformed(std::string_view body) {
  Error e;
  e.kind = ErrorKind::protocol;
  e.message = "the engine's answer is not what its API describes: " + std::string(body.substr(0, 200));
  return e;
}

std::string without_slash(std::string name) {
  return !name.empty() && name.front() == '/' ? name.substr(1) : name;
}

int small(const JsonValue& v, const char* key) {
  return static_cast<int>(std::clamp<std::int64_t>(read::integer(v, key), INT32_MIN, INT32_MAX));
}

/// A member that is a list of words, or (older engines and Podman, of entrypoint and cmd) one string.
std::vector<std::string> words(const JsonValue& v, const char* key) {
  std::vector<std::string> list = read::strings(v, key);
  const std::string one = read::string(v, key);
  if (list.empty() && !one.empty()) list.push_back(one);
  return list;
}

ContainerState read_state(const JsonValue& v) {
  ContainerState s;
  s.status = parse_status(read::string(v, "Status"));
  s.exit_code = small(v, "ExitCode");
  s.oom_killed = read::boolean(v, "OOMKilled");
  s.pid = small(v, "Pid");
  s.error = read::string(v, "Error");
  s.started_at = parse_time(read::string(v, "StartedAt"));
  s.finished_at = parse_time(read::string(v, "FinishedAt"));
  s.health = read::string(read::member(v, "Health"), "Status");
  if (s.health == "none") s.health.clear();
  return s;
}

void read_config(const JsonValue& v, ContainerInfo& c) {
  c.image = read::string(v, "Image");
  c.entrypoint = words(v, "Entrypoint");
  c.cmd = words(v, "Cmd");
  c.env = read::strings(v, "Env");
  c.working_dir = read::string(v, "WorkingDir");
  c.user = read::string(v, "User");
  c.tty = read::boolean(v, "Tty");
  c.labels = read::labels(v, "Labels");
  c.stop_signal = read::string(v, "StopSignal");
}

void read_host(const JsonValue& v, ContainerInfo& c) {
  c.network_mode = read::string(v, "NetworkMode");
  c.ipc_mode = read::string(v, "IpcMode");
  c.pid_mode = read::string(v, "PidMode");
  c.log_driver = read::string(read::member(v, "LogConfig"), "Type");
  c.memory = read::integer(v, "Memory");
  c.nano_cpus = read::integer(v, "NanoCpus");
  c.shm_size = read::integer(v, "ShmSize");
  c.init = read::boolean(v, "Init");
}

std::vector<PortBinding> read_bindings(const JsonValue& v, std::string_view port) {
  std::vector<PortBinding> out;
  if (!v.IsArray()) return out;
  for (const JsonValue& e : v.GetArray()) {
    PortBinding b;
    const std::size_t slash = std::min(port.find('/'), port.size());
    std::from_chars(port.data(), port.data() + slash, b.container_port);
    if (slash < port.size()) b.protocol = port.substr(slash + 1);
    b.host_ip = read::string(e, "HostIp");
    const std::string host_port = read::string(e, "HostPort");
    std::from_chars(host_port.data(), host_port.data() + host_port.size(), b.host_port);
    out.push_back(b);
  }
  return out;
}

NetworkAttachment read_attachment(const JsonValue& v) {
  NetworkAttachment a;
  a.network_id = read::string(v, "NetworkID");
  a.ip = read::string(v, "IPAddress");
  a.ipv6 = read::string(v, "GlobalIPv6Address");
  a.gateway = read::string(v, "Gateway");
  a.mac = read::string(v, "MacAddress");
  return a;
}

void read_network_settings(const JsonValue& v, ContainerInfo& c) {
  for (const std::string& name : read::keys(v, "Networks"))
    c.networks[name] = read_attachment(read::member(read::member(v, "Networks"), name.c_str()));
  if (c.networks.empty() && !read::string(v, "IPAddress").empty()) c.networks["default"] = read_attachment(v);
  for (const std::string& port : read::keys(v, "Ports"))
    c.ports[port] = read_bindings(read::member(read::member(v, "Ports"), port.c_str()), port);
}

void read_mounts(const JsonValue& v, ContainerInfo& c) {
  if (!v.IsArray()) return;
  for (const JsonValue& e : v.GetArray()) {
    MountPoint m;
    m.type = read::string(e, "Type");
    m.name = read::string(e, "Name");
    m.source = read::string(e, "Source");
    m.destination = read::string(e, "Destination");
    m.read_write = read::boolean(e, "RW", true);
    c.mounts.push_back(std::move(m));
  }
}

}  // namespace

std::string read_message(std::string_view body) {
  Document d;
  if (!read::parse(body, d) || !d.IsObject()) {
    const std::size_t end = body.find_last_not_of(" \r\n\t");
    return std::string(body.substr(0, end == std::string_view::npos ? 0 : end + 1).substr(0, 4096));
  }
  const std::string message = read::string(d, "message");
  return message.empty() ? read::string(d, "cause") : message;
}

Result<std::string> read_id(std::string_view body, const char* key) {
  Document d;
  if (!read::parse(body, d) || read::string(d, key).empty()) return malformed(body);
  return read::string(d, key);
}

Result<Created> read_created(std::string_view body) {
  Document d;
  if (!read::parse(body, d) || read::string(d, "Id").empty()) return malformed(body);
  return Created{read::string(d, "Id"), read::strings(d, "Warnings")};
}

Result<ContainerInfo> read_container(std::string_view body) {
  Document d;
  if (!read::parse(body, d) || read::string(d, "Id").empty()) return malformed(body);
  ContainerInfo c;
  c.id = read::string(d, "Id");
  c.name = without_slash(read::string(d, "Name"));
  c.image_id = read::string(d, "Image");
  c.created = parse_time(read::string(d, "Created"));
  c.restart_count = small(d, "RestartCount");
  c.state = read_state(read::member(d, "State"));
  read_config(read::member(d, "Config"), c);
  read_host(read::member(d, "HostConfig"), c);
  read_network_settings(read::member(d, "NetworkSettings"), c);
  read_mounts(read::member(d, "Mounts"), c);
  return c;
}

Result<std::vector<ContainerSummary>> read_containers(std::string_view body) {
  Document d;
  if (!read::parse(body, d) || !(d.IsArray() || d.IsNull())) return malformed(body);
  std::vector<ContainerSummary> out;
  if (d.IsNull()) return out;
  for (const JsonValue& e : d.GetArray()) {
    ContainerSummary c;
    c.id = read::string(e, "Id");
    const std::vector<std::string> names = read::strings(e, "Names");
    if (!names.empty()) c.name = without_slash(names.front());
    c.image = read::string(e, "Image");
    c.image_id = read::string(e, "ImageID");
    c.status = parse_status(read::string(e, "State"));
    c.labels = read::labels(e, "Labels");
    if (const std::int64_t at = read::integer(e, "Created"); at != 0)
      c.created = Timestamp(std::chrono::seconds(at));
    out.push_back(std::move(c));
  }
  return out;
}

Result<WaitResult> read_wait(std::string_view body) {
  Document d;
  if (!read::parse(body, d) || !read::member(d, "StatusCode").IsInt64()) return malformed(body);
  WaitResult w;
  w.exit_code = small(d, "StatusCode");
  const JsonValue& error = read::member(d, "Error");
  w.error = read::string(error, "Message");
  if (error.IsObject() && w.error.empty() && !error.ObjectEmpty() && !error.HasMember("Message"))
    w.error = "the engine's wait failed without a reason";
  return w;
}

Result<ExecState> read_exec(std::string_view body) {
  Document d;
  if (!read::parse(body, d) || !d.IsObject()) return malformed(body);
  ExecState s;
  s.running = read::boolean(d, "Running");
  s.pid = small(d, "Pid");
  if (!s.running && read::member(d, "ExitCode").IsInt64()) s.exit_code = small(d, "ExitCode");
  return s;
}

Result<PathStat> read_path_stat(std::string_view body) {
  Document d;
  if (!read::parse(body, d) || !d.IsObject()) return malformed(body);
  PathStat s;
  s.name = read::string(d, "name");
  s.size = read::integer(d, "size");
  s.mode = static_cast<std::uint32_t>(read::integer(d, "mode"));
  s.mtime = parse_time(read::string(d, "mtime"));
  s.link_target = read::string(d, "linkTarget");
  return s;
}

ContainerStatus parse_status(std::string_view text) {
  static constexpr std::pair<std::string_view, ContainerStatus> kNames[] = {
      {"created", ContainerStatus::created},
      {"configured", ContainerStatus::created},
      {"initialized", ContainerStatus::created},
      {"running", ContainerStatus::running},
      {"stopping", ContainerStatus::running},
      {"paused", ContainerStatus::paused},
      {"restarting", ContainerStatus::restarting},
      {"removing", ContainerStatus::removing},
      {"exited", ContainerStatus::exited},
      {"stopped", ContainerStatus::exited},
      {"dead", ContainerStatus::dead}};
  for (const auto& [name, status] : kNames)
    if (name == text) return status;
  return ContainerStatus::unknown;
}

}  // namespace skiff::docker::wire
