// Reply bodies about images, volumes, networks, events, pulls and the engine itself; times and versions.
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

ImageInfo image_of(const JsonValue& v) {
  ImageInfo i;
  i.id = read::string(v, "Id");
  i.tags = read::strings(v, "RepoTags");
  std::erase(i.tags, "<none>:<none>");
  i.digests = read::strings(v, "RepoDigests");
  i.size = read::integer(v, "Size");
  i.architecture = read::string(v, "Architecture");
  i.os = read::string(v, "Os");
  const JsonValue& config = read::member(v, "Config");
  i.entrypoint = read::strings(config, "Entrypoint");
  i.cmd = read::strings(config, "Cmd");
  i.env = read::strings(config, "Env");
  i.working_dir = read::string(config, "WorkingDir");
  i.user = read::string(config, "User");
  i.stop_signal = read::string(config, "StopSignal");
  i.labels = read::labels(config, "Labels");
  if (i.labels.empty()) i.labels = read::labels(v, "Labels");
  i.volumes = read::keys(config, "Volumes");
  const std::vector<std::string> test = read::strings(read::member(config, "Healthcheck"), "Test");
  i.has_healthcheck = !test.empty() && test.front() != "NONE";
  return i;
}

VolumeInfo volume_of(const JsonValue& v) {
  VolumeInfo i;
  i.name = read::string(v, "Name");
  i.driver = read::string(v, "Driver");
  i.mountpoint = read::string(v, "Mountpoint");
  i.labels = read::labels(v, "Labels");
  i.created = parse_time(read::string(v, "CreatedAt"));
  return i;
}

NetworkInfo network_of(const JsonValue& v) {
  NetworkInfo i;
  i.id = read::string(v, "Id");
  i.name = read::string(v, "Name");
  i.driver = read::string(v, "Driver");
  i.labels = read::labels(v, "Labels");
  i.containers = read::keys(v, "Containers");
  return i;
}

/// A list of `T` in the member `key` of the reply, or in the reply itself where `key` is null.
template <class T>
Result<std::vector<T>> list_of(std::string_view body, const char* key, T (*one)(const JsonValue&)) {
  Document d;
  if (!read::parse(body, d)) return malformed(body);
  const JsonValue& list = key == nullptr ? static_cast<const JsonValue&>(d) : read::member(d, key);
  std::vector<T> out;
  if (list.IsNull() && (key == nullptr || d.IsObject())) return out;
  if (!list.IsArray()) return malformed(body);
  for (const JsonValue& e : list.GetArray()) out.push_back(one(e));
  return out;
}

template <class T>
Result<T> one_of(std::string_view body, const char* required, T (*one)(const JsonValue&)) {
  Document d;
  if (!read::parse(body, d) || read::string(d, required).empty()) return malformed(body);
  return one(d);
}

bool digits(std::string_view text, std::size_t at, std::size_t n, int& out) {
  if (at + n > text.size()) return false;
  const auto [end, ec] = std::from_chars(text.data() + at, text.data() + at + n, out);
  return ec == std::errc() && end == text.data() + at + n;
}

/// ".123" as nanoseconds; moves `at` behind it.
std::int64_t fraction(std::string_view text, std::size_t& at) {
  std::int64_t nanos = 0;
  if (at >= text.size() || text[at] != '.') return 0;
  int scale = 0;
  for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
    if (scale++ < 9) nanos = nanos * 10 + (text[at] - '0');
  for (; scale < 9; ++scale) nanos *= 10;
  return nanos;
}

/// "Z" or "+02:00" as seconds east of UTC; nothing if it is neither.
std::optional<int> zone(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  int hours = 0;
  int minutes = 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  if (!digits(text, 1, 2, hours) || !digits(text, 4, 2, minutes)) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

}  // namespace

std::optional<Timestamp> parse_time(std::string_view text) {
  int y = 0;
  int mo = 0;
  int d = 0;
  int h = 0;
  int mi = 0;
  int s = 0;
  const bool shaped =
      text.size() >= 20 && text[4] == '-' && text[7] == '-' && text[13] == ':' && text[16] == ':';
  if (!shaped || !digits(text, 0, 4, y) || !digits(text, 5, 2, mo) || !digits(text, 8, 2, d))
    return std::nullopt;
  if (!digits(text, 11, 2, h) || !digits(text, 14, 2, mi) || !digits(text, 17, 2, s)) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(y), std::chrono::month(static_cast<unsigned>(mo)),
                                         std::chrono::day(static_cast<unsigned>(d))};
  // Go's zero time is year 1; nanoseconds in 64 bits reach from 1678 to 2262.
  if (!date.ok() || y < 1700 || y > 2200) return std::nullopt;
  std::size_t at = 19;
  const std::int64_t nanos = fraction(text, at);
  const std::optional<int> offset = zone(text.substr(at));
  if (!offset) return std::nullopt;
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(h) + std::chrono::minutes(mi) +
         std::chrono::seconds(s - *offset) + std::chrono::nanoseconds(nanos);
}

std::string unix_time(Timestamp time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  std::string nanos = std::to_string((time - seconds).count());
  nanos.insert(0, 9 - nanos.size(), '0');
  return std::to_string(seconds.time_since_epoch().count()) + "." + nanos;
}

std::optional<ApiVersion> parse_api_version(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  ApiVersion v;
  std::string_view minor = text.substr(dot + 1);
  minor = minor.substr(0, minor.find('.'));
  if (!digits(text, 0, dot, v.major) || !digits(minor, 0, minor.size(), v.minor)) return std::nullopt;
  return v;
}

Result<ImageInfo> read_image(std::string_view body) { return one_of<ImageInfo>(body, "Id", image_of); }
Result<std::vector<ImageInfo>> read_images(std::string_view body) {
  return list_of<ImageInfo>(body, nullptr, image_of);
}
Result<VolumeInfo> read_volume(std::string_view body) { return one_of<VolumeInfo>(body, "Name", volume_of); }
Result<std::vector<VolumeInfo>> read_volumes(std::string_view body) {
  return list_of<VolumeInfo>(body, "Volumes", volume_of);
}
Result<NetworkInfo> read_network(std::string_view body) {
  return one_of<NetworkInfo>(body, "Id", network_of);
}
Result<std::vector<NetworkInfo>> read_networks(std::string_view body) {
  return list_of<NetworkInfo>(body, nullptr, network_of);
}

Result<EngineVersion> read_version(std::string_view body) {
  Document d;
  if (!read::parse(body, d) || read::string(d, "Version").empty()) return malformed(body);
  EngineVersion v;
  v.version = read::string(d, "Version");
  v.api = parse_api_version(read::string(d, "ApiVersion")).value_or(ApiVersion{});
  v.min_api = parse_api_version(read::string(d, "MinAPIVersion")).value_or(ApiVersion{});
  v.os = read::string(d, "Os");
  v.arch = read::string(d, "Arch");
  v.kernel = read::string(d, "KernelVersion");
  v.name = "Docker Engine";
  const JsonValue& components = read::member(d, "Components");
  if (components.IsArray())
    for (const JsonValue& c : components.GetArray())
      if (read::string(c, "Name") == "Podman Engine") v.podman = true;
  if (v.podman) v.name = "Podman Engine";
  return v;
}

Result<EngineInfo> read_info(std::string_view body) {
  Document d;
  if (!read::parse(body, d) || !d.IsObject()) return malformed(body);
  EngineInfo i;
  i.id = read::string(d, "ID");
  i.name = read::string(d, "Name");
  i.operating_system = read::string(d, "OperatingSystem");
  i.os_type = read::string(d, "OSType");
  i.architecture = read::string(d, "Architecture");
  i.root_dir = read::string(d, "DockerRootDir");
  i.storage_driver = read::string(d, "Driver");
  i.cgroup_driver = read::string(d, "CgroupDriver");
  i.cgroup_version = read::string(d, "CgroupVersion");
  i.cpus = static_cast<int>(read::integer(d, "NCPU"));
  i.memory = read::integer(d, "MemTotal");
  i.memory_limit = read::boolean(d, "MemoryLimit", true);
  i.swap_limit = read::boolean(d, "SwapLimit", true);
  i.cpu_limit = read::boolean(d, "CpuCfsQuota", read::boolean(d, "CPUCfsQuota", true));
  i.pids_limit = read::boolean(d, "PidsLimit", true);
  i.runtimes = read::keys(d, "Runtimes");
  i.default_runtime = read::string(d, "DefaultRuntime");
  i.security_options = read::strings(d, "SecurityOptions");
  i.warnings = read::strings(d, "Warnings");
  for (const std::string& option : i.security_options) {
    i.rootless = i.rootless || option.find("rootless") != std::string::npos;
    i.selinux = i.selinux || option.find("selinux") != std::string::npos;
  }
  const JsonValue& devices = read::member(d, "DiscoveredDevices");
  if (devices.IsArray())
    for (const JsonValue& e : devices.GetArray())
      if (read::string(e, "Source") == "cdi") i.cdi_devices.push_back(read::string(e, "ID"));
  return i;
}

Result<Event> read_event(std::string_view object) {
  Document d;
  if (!read::parse(object, d) || !d.IsObject()) return malformed(object);
  Event e;
  e.type = read::string(d, "Type");
  e.action = read::string(d, "Action");
  if (e.action.empty()) e.action = read::string(d, "status");
  const JsonValue& actor = read::member(d, "Actor");
  e.id = read::string(actor, "ID");
  if (e.id.empty()) e.id = read::string(d, "id");
  e.attributes = read::labels(actor, "Attributes");
  // Podman spells the exit code its own way.
  if (const auto it = e.attributes.find("containerExitCode"); it != e.attributes.end())
    e.attributes.emplace("exitCode", it->second);
  if (e.type == "container" && e.action == "died") e.action = "die";
  const std::int64_t nanos = read::integer(d, "timeNano");
  e.time = nanos != 0 ? Timestamp(std::chrono::nanoseconds(nanos))
                      : Timestamp(std::chrono::seconds(read::integer(d, "time")));
  return e;
}

Result<PullLine> read_pull_line(std::string_view object) {
  Document d;
  if (!read::parse(object, d) || !d.IsObject()) return malformed(object);
  PullLine line;
  // `error` is the older spelling, gone from newer engines; `errorDetail` may come without a message.
  line.error = read::string(read::member(d, "errorDetail"), "message");
  if (line.error.empty()) line.error = read::string(d, "error");
  if (line.error.empty() && read::member(d, "errorDetail").IsObject())
    line.error = "the engine reported a failure without a reason";
  line.progress.layer = read::string(d, "id");
  line.progress.status = read::string(d, "status");
  if (line.progress.status.empty()) line.progress.status = read::string(d, "stream");
  const JsonValue& detail = read::member(d, "progressDetail");
  line.progress.current = read::integer(detail, "current");
  line.progress.units = read::string(detail, "units");
  if (const std::int64_t total = read::integer(detail, "total"); total > 0) line.progress.total = total;
  return line;
}

}  // namespace skiff::docker::wire
