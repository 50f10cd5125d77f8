#include "runner/core/pod_volumes.h"

#include <algorithm>
#include <filesystem>

#include "runner/core/pod_env.h"
#include "spec/names.h"
#include "spec/units.h"

namespace skiff::runner {
namespace {

constexpr unsigned kDefaultMode = 0644;

unsigned mode_of(const Json& value, unsigned fallback) {
  const auto n = value.as_int64();
  return n ? static_cast<unsigned>(*n) & 07777U : fallback;
}

std::string relative_path(const std::string& path, const std::string& what) {
  const std::filesystem::path p(path);
  const bool climbs = std::any_of(p.begin(), p.end(), [](const auto& part) { return part == ".."; });
  if (path.empty() || p.is_absolute() || climbs) {
    throw PodRefused{what + ": the path \"" + path + "\" must be relative and must not contain '..'"};
  }
  return p.lexically_normal().string();
}

/// The keys of one ConfigMap or Secret as files: all of them, or those that `items` names.
void add_keys(std::vector<PodFile>& files, const KeyValues& values, const Json& source, unsigned mode,
              const std::string& what) {
  if (!source.get("items").is_array()) {
    for (const auto& [key, value] : values) files.push_back({key, value, mode});
    return;
  }
  for (const Json& item : source.get_array("items")) {
    const std::string key = item.get_string("key");
    const auto it = values.find(key);
    if (it == values.end()) {
      if (source.get_bool("optional")) continue;
      throw PodRefused{what + " references non-existent key: " + key};
    }
    files.push_back(
        {relative_path(item.get_string("path"), what), it->second, mode_of(item.get("mode"), mode)});
  }
}

void add_config_map(std::vector<PodFile>& files, const Json& source, const RunContext& run, unsigned mode) {
  const std::string name = source.get_string("name");
  const auto values = config_map_of(run, name, source.get_bool("optional"));
  if (values) add_keys(files, *values, source, mode, "configmap \"" + name + "\"");
}

void add_secret(std::vector<PodFile>& files, const Json& source, std::string_view name_field,
                const RunContext& run, unsigned mode) {
  const std::string name = source.get_string(name_field);
  const auto values = secret_of(run, name, source.get_bool("optional"));
  if (values) add_keys(files, *values, source, mode, "secret \"" + name + "\"");
}

const Json* container_called(const PodSpec& pod, const std::string& name) {
  for (std::string_view group : {"containers", "initContainers"}) {
    for (const Json& c : pod.spec.get_array(group)) {
      if (c.get_string("name") == name) return &c;
    }
  }
  return nullptr;
}

void add_fields(std::vector<PodFile>& files, const Json& source, const PodSpec& pod,
                const PodIdentity& identity, unsigned mode) {
  for (const Json& item : source.get_array("items")) {
    PodFile file{relative_path(item.get_string("path"), "downwardAPI"), "", mode_of(item.get("mode"), mode)};
    const Json& resource = item.get("resourceFieldRef");
    if (resource.is_object()) {
      const Json* c = container_called(pod, resource.get_string("containerName", kMainContainer));
      file.content = resource_value(c != nullptr ? *c : Json(), *identity.host, resource);
    } else {
      file.content = field_value(identity, item.get("fieldRef").get_string("fieldPath"));
    }
    files.push_back(std::move(file));
  }
}

std::vector<PodFile> rendered(const Json& volume, const PodSpec& pod, const RunContext& run,
                              const PodIdentity& identity) {
  std::vector<PodFile> files;
  const auto mode = [&](const Json& source) { return mode_of(source.get("defaultMode"), kDefaultMode); };
  if (const Json& m = volume.get("configMap"); m.is_object()) add_config_map(files, m, run, mode(m));
  if (const Json& s = volume.get("secret"); s.is_object()) add_secret(files, s, "secretName", run, mode(s));
  if (const Json& d = volume.get("downwardAPI"); d.is_object()) add_fields(files, d, pod, identity, mode(d));
  const Json& projected = volume.get("projected");
  for (const Json& source : projected.get_array("sources")) {
    const unsigned m = mode(projected);
    if (const Json& c = source.get("configMap"); c.is_object()) add_config_map(files, c, run, m);
    if (const Json& s = source.get("secret"); s.is_object()) add_secret(files, s, "name", run, m);
    if (const Json& d = source.get("downwardAPI"); d.is_object()) add_fields(files, d, pod, identity, m);
  }
  return files;
}

PlannedVolume host_volume(const std::string& name, const Json& host, const RunContext& run) {
  PlannedVolume v;
  v.name = name;
  v.kind = VolumeKind::host;
  v.host_path = clean_path(host.get_string("path"), "volume \"" + name + "\"");
  v.host_type = host.get_string("type");
  const bool socket = v.host_path.ends_with("/docker.sock") || v.host_path.ends_with("/podman.sock");
  if (socket && !run.consent.docker_socket) {
    throw PodRefused{"volume \"" + name + "\" gives the step the engine's own socket " + v.host_path +
                     ", and with it the whole host; if you trust the workflow, submit with "
                     "`--allow docker-socket`"};
  }
  if (!socket && !run.consent.host_paths) {
    throw PodRefused{"volume \"" + name + "\" mounts " + v.host_path +
                     " of the host; if you trust the workflow, submit with `--allow host-path`"};
  }
  return v;
}

PlannedVolume claimed_volume(const std::string& name, const Json& claim, const StartPod& order,
                             const RunContext& run, const PodPlan& plan, std::vector<std::string>& warnings) {
  PlannedVolume v;
  v.name = name;
  v.kind = VolumeKind::engine;
  v.volume.labels = plan.labels;
  v.volume.labels.erase(kLabelNode);
  v.volume.labels.erase(kLabelGeneration);
  const std::string claim_name = claim.get_string("claimName");
  for (const Json& t : order.spec.get_array("volumeClaimTemplates")) {
    if (claim_of_template(run.name, t.get("metadata").get_string("name")) != claim_name) continue;
    v.volume.labels[kLabelLife] = "run";
    v.volume.name = docker::container_name_from("skiff-" + claim_name + "-" + run.uid.substr(0, 8));
    return v;
  }
  if (run.claim && !run.claim(claim_name)) {
    warnings.push_back(
        "persistentvolumeclaim \"" + claim_name +
        "\" is not known (`skiff apply -f FILE` makes it known): an empty volume stands for it");
  }
  v.volume.labels.erase(kLabelRun);
  v.volume.labels.erase(kLabelWorkflow);
  v.volume.labels[kLabelLife] = "claim";
  const std::string home = plan.labels.contains(kLabelHome) ? plan.labels.at(kLabelHome) : "";
  // Claims of two homes on one engine are two volumes.
  v.volume.name = docker::container_name_from("skiff-" + run.namespace_ + "-" + claim_name +
                                              (home.empty() ? "" : "-" + std::to_string(spec::fnv32a(home))));
  return v;
}

PlannedVolume nfs_volume(const std::string& name, const Json& nfs, PlannedVolume v) {
  const std::string server = nfs.get_string("server");
  v.kind = VolumeKind::engine;
  v.volume.driver = "local";
  v.volume.driver_options = {{"type", "nfs"},
                             {"o", "addr=" + server + (nfs.get_bool("readOnly") ? ",ro" : ",rw")},
                             {"device", ":" + clean_path(nfs.get_string("path"), "volume \"" + name + "\"")}};
  return v;
}

/// A volume of the engine's that lives and dies with the pod.
PlannedVolume pod_volume(const std::string& name, const PodPlan& plan) {
  PlannedVolume v;
  v.name = name;
  v.volume.name = docker::container_name_from(plan.prefix + "." + name);
  v.volume.labels = plan.labels;
  v.volume.labels[kLabelLife] = "pod";
  return v;
}

PlannedVolume volume_for(const Json& volume, const StartPod& order, const PodSpec& pod, const RunContext& run,
                         const PodIdentity& identity, const PodPlan& plan,
                         std::vector<std::string>& warnings) {
  const std::string name = volume.get_string("name");
  PlannedVolume v = pod_volume(name, plan);
  if (const Json& host = volume.get("hostPath"); host.is_object()) return host_volume(name, host, run);
  if (const Json& claim = volume.get("persistentVolumeClaim"); claim.is_object()) {
    return claimed_volume(name, claim, order, run, plan, warnings);
  }
  if (const Json& nfs = volume.get("nfs"); nfs.is_object()) return nfs_volume(name, nfs, std::move(v));
  for (std::string_view kind : {"configMap", "secret", "downwardAPI", "projected"}) {
    if (!volume.get(kind).is_object()) continue;
    v.kind = VolumeKind::files;
    v.files = rendered(volume, pod, run, identity);
    v.group = pod.spec.get("securityContext").get_int("fsGroup");
    // Who is in the group may read (pkg/volume/volume_linux.go).
    for (PodFile& f : v.files) f.mode |= v.group ? 0440 : 0;
    return v;
  }
  for (const auto& [key, value] : volume.as_object()) {
    if (key == "name" || key == "emptyDir" || key == "ephemeral" || value.is_null()) continue;
    throw PodRefused{"volume \"" + name + "\" is of kind " + key +
                     ", which only a cluster has; an emptyDir, a hostPath or a persistentVolumeClaim can "
                     "stand for it here"};
  }
  const Json& empty = volume.get("emptyDir");
  if (!empty.get("sizeLimit").is_null() && empty.get_string("medium") != "Memory") {
    const std::string text = "emptyDir.sizeLimit is not enforced: the volume may grow as large as the disk";
    if (std::find(warnings.begin(), warnings.end(), text) == warnings.end()) warnings.push_back(text);
  }
  v.group = pod.spec.get("securityContext").get_int("fsGroup");
  return v;
}

bool is_shared_memory(const Json& volume, const std::string& target) {
  return target == "/dev/shm" && volume.get("emptyDir").get_string("medium") == "Memory";
}

std::int64_t shared_memory_size(const Json& volume, const HostFacts& host) {
  const Json& limit = volume.get("emptyDir").get("sizeLimit");
  const std::string text = limit.is_string()   ? limit.as_string()
                           : limit.is_number() ? limit.number_text()
                                               : "";
  if (const auto q = spec::parse_quantity(text); q && q->value() > 0) return q->value();
  return host.memory > 0 ? host.memory / 2 : std::int64_t{1} << 30;
}

std::string directory_of(std::string_view path) { return std::filesystem::path(path).parent_path().string(); }

/// One more mount of a volume of the pod's, which is made the first time, in every container that gets
/// inputs.
void mount_into(PodPlan& plan, const std::string& volume, VolumeKind kind, const std::string& target,
                const std::string& sub_path) {
  const auto same = [&](const PlannedVolume& v) { return v.name == volume && v.kind == kind; };
  const auto found = std::find_if(plan.volumes.begin(), plan.volumes.end(), same);
  PlannedMount mount;
  mount.volume = static_cast<std::size_t>(found - plan.volumes.begin());
  mount.target = target;
  mount.sub_path = sub_path;
  mount.read_only = kind == VolumeKind::files;
  if (found == plan.volumes.end()) {
    plan.volumes.push_back(pod_volume(volume, plan));
    plan.volumes.back().kind = kind;
  }
  const auto there = [&](const PlannedMount& m) { return m.target == target; };
  for (PlannedContainer& c : plan.containers) {
    if (c.gets_inputs && std::none_of(c.mounts.begin(), c.mounts.end(), there)) c.mounts.push_back(mount);
  }
}

}  // namespace

std::string clean_path(const std::string& path, const std::string& what) {
  if (!path.starts_with('/')) throw PodRefused{what + ": \"" + path + "\" is no absolute path"};
  const std::filesystem::path p(path);
  if (std::any_of(p.begin(), p.end(), [](const auto& part) { return part == ".."; })) {
    throw PodRefused{what + ": the path \"" + path + "\" must not contain '..'"};
  }
  std::string clean = p.lexically_normal().string();
  while (clean.size() > 1 && clean.ends_with('/')) clean.pop_back();
  return clean;
}

std::string mount_path(const std::string& path, const std::string& what) {
  return clean_path(path.starts_with('/') ? path : "/" + path, what);
}

std::vector<PlannedVolume> plan_volumes(const StartPod& order, const PodSpec& pod, const RunContext& run,
                                        const PodIdentity& identity, const PodPlan& plan,
                                        std::vector<std::string>& warnings) {
  std::vector<PlannedVolume> volumes;
  for (const Json& volume : pod.spec.get_array("volumes")) {
    volumes.push_back(volume_for(volume, order, pod, run, identity, plan, warnings));
  }
  return volumes;
}

std::vector<PlannedMount> plan_mounts(const Json& container, const PodSpec& pod,
                                      const std::vector<PlannedVolume>& volumes, const HostFacts& host,
                                      const EnvList& env, docker::HostConfig& config) {
  const std::string what = "container \"" + container.get_string("name") + "\"";
  std::vector<PlannedMount> mounts;
  for (const Json& m : container.get_array("volumeMounts")) {
    const std::string name = m.get_string("name");
    const auto it =
        std::find_if(volumes.begin(), volumes.end(), [&](const auto& v) { return v.name == name; });
    if (it == volumes.end()) throw PodRefused{"volume '" + name + "' not found in workflow spec"};
    const auto index = static_cast<std::size_t>(it - volumes.begin());
    PlannedMount mount;
    mount.volume = index;
    mount.target = mount_path(m.get_string("mountPath"), what);
    const std::string expr = m.get_string("subPathExpr");
    mount.sub_path = expr.empty() ? m.get_string("subPath") : expand_vars(expr, env);
    if (!mount.sub_path.empty()) mount.sub_path = relative_path(mount.sub_path, what);
    if (mount.sub_path == ".") mount.sub_path.clear();
    mount.read_only = m.get_bool("readOnly") || it->kind == VolumeKind::files;
    const Json& volume = pod.spec.get_array("volumes")[index];
    if (is_shared_memory(volume, mount.target)) {
      config.shm_size = shared_memory_size(volume, host);
      continue;
    }
    const std::string propagation = m.get_string("mountPropagation");
    if (propagation == "HostToContainer") mount.propagation = "rslave";
    if (propagation == "Bidirectional") mount.propagation = "rshared";
    // The same place twice is one mount, as where main's mounts are mirrored onto a container's own.
    const auto same = [&](const PlannedMount& o) { return o.target == mount.target; };
    if (std::none_of(mounts.begin(), mounts.end(), same)) mounts.push_back(std::move(mount));
  }
  return mounts;
}

void mount_inputs(PodPlan& plan) {
  const auto first = std::find_if(plan.containers.begin(), plan.containers.end(),
                                  [](const auto& c) { return c.gets_inputs && c.spec.host.readonly_rootfs; });
  if (first == plan.containers.end()) return;
  plan.inputs_in_volumes = true;
  // A place below a mount of the container's own is written to there.
  for (PlannedInput& input : plan.inputs) {
    input.mounted = mount_over(first->mounts, input.path) == nullptr;
    if (input.mounted) mount_into(plan, "input-artifacts", VolumeKind::inputs, input.path, input.name);
  }
  if (plan.script) {
    mount_into(plan, "argo-staging", VolumeKind::files, directory_of(kScriptPath), "");
    plan.volumes.back().files.push_back({"script", *plan.script, 0755});
    plan.script.reset();
  }
  const auto pauses = [](const std::string& e) { return e.starts_with("ARGO_DEBUG_PAUSE_"); };
  if (plan.progress || std::any_of(first->spec.env.begin(), first->spec.env.end(), pauses)) {
    mount_into(plan, "var-run-argo", VolumeKind::scratch, directory_of(kProgressPath), "");
  }
}

const PlannedMount* mount_over(const std::vector<PlannedMount>& mounts, const std::string& path) {
  const PlannedMount* best = nullptr;
  for (const PlannedMount& m : mounts) {
    const bool over = path == m.target || m.target == "/" || path.starts_with(m.target + "/");
    if (over && (best == nullptr || m.target.size() > best->target.size())) best = &m;
  }
  return best;
}

}  // namespace skiff::runner
