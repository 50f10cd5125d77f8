#include "runner/pod_storage.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "runner/engine_calls.h"
#include "runner/flow.h"
#include "store/archive.h"
#include "store/files.h"

namespace skiff::runner {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStaging = "/argo/staging";

/// False where we may not: only root gives files away.
bool give_to(const fs::path& path, std::int64_t group) {
  return ::chown(path.c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(group)) == 0;
}

/// Whether what it runs names the place of its termination message: ARGO_TEMPLATE is among its environment.
bool leaves_message(const PlannedContainer& container) {
  const auto names = [&](const std::string& text) {
    return text.find(container.message_path) != std::string::npos;
  };
  const docker::ContainerSpec& spec = container.spec;
  return std::any_of(spec.env.begin(), spec.env.end(), names) ||
         std::any_of(spec.cmd.begin(), spec.cmd.end(), names);
}

/// No link on the way: a step could have laid one to a place of the host (subpath in Kubernetes' kubelet).
bool crosses_link(const fs::path& root, const std::string& relative) {
  fs::path at = root;
  for (const fs::path& part : fs::path(relative)) {
    at /= part;
    std::error_code ignored;
    if (fs::is_symlink(fs::symlink_status(at, ignored))) return true;
  }
  return false;
}

docker::Mount bind_of(const fs::path& source, const std::string& target) {
  docker::Mount mount;
  mount.type = docker::MountType::bind;
  mount.source = source.string();
  mount.target = target;
  return mount;
}

}  // namespace

void write_file(const fs::path& path, const std::string& content, unsigned mode) {
  store::Files& files = store::real_files();
  files.mkdirs(path.parent_path(), 0755);
  const store::Fd fd = files.open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  files.write(fd.get(), std::as_bytes(std::span(content)), path);
  files.chmod(path, mode);
}

PodStorage::PodStorage(PodServices& services, const PodPlan& plan, fs::path scratch, bool binds)
    : services_(services),
      plan_(plan),
      scratch_(std::move(scratch)),
      binds_(binds),
      made_(plan.volumes.size()) {}

Task<void> PodStorage::make() {
  for (std::size_t i = 0; i < plan_.volumes.size(); ++i) {
    co_await make_volume(i);
  }
  if (binds_) bind_own();
  for (const PlannedContainer& c : plan_.containers) {
    for (const PlannedMount& m : c.mounts) {
      const bool to_be_filled = plan_.volumes[m.volume].kind == VolumeKind::inputs;
      if (!m.sub_path.empty() && !to_be_filled) want_sub_path(m);
    }
  }
  if (!chores_.empty()) co_await do_chores();
}

Task<void> PodStorage::make_volume(std::size_t index) {
  const PlannedVolume& volume = plan_.volumes[index];
  if (volume.kind == VolumeKind::host) {
    made_[index] = {volume.host_path, true};
    make_host_path(volume);
    co_return;
  }
  if (volume.kind == VolumeKind::files && binds_) {
    make_files(index);
    co_return;
  }
  auto created = co_await services_.engine.create_volume(volume.volume);
  made_[index].mountpoint = need(std::move(created)).mountpoint;
  if (volume.kind == VolumeKind::scratch) open_to_all(index);
  for (const PodFile& f : volume.files) chores_.push_back({index, f.path, f.mode, false, f.content});
}

void PodStorage::make_files(std::size_t index) {
  const PlannedVolume& volume = plan_.volumes[index];
  const fs::path dir = scratch_ / volume.name;
  store::real_files().mkdirs(dir, 0755);
  for (const PodFile& f : volume.files) {
    write_file(dir / f.path, f.content, f.mode);
    if (!volume.group || give_to(dir / f.path, *volume.group)) continue;
    store::real_files().chmod(dir / f.path, f.mode | 0444);
  }
  made_[index] = {dir.string(), true};
}

/// hostPath.type: what must be there, and what is made where it is not.
void PodStorage::make_host_path(const PlannedVolume& volume) {
  if (!services_.engine.local()) return;
  std::error_code error;
  const fs::file_status status = fs::status(volume.host_path, error);
  const std::string& type = volume.host_type;
  const auto refuse = [&](const std::string& what) {
    throw PodError("volume \"" + volume.name + "\": hostPath type check failed: " + volume.host_path +
                   " is not " + what);
  };
  if (fs::exists(status)) {
    if ((type == "Directory" || type == "DirectoryOrCreate") && !fs::is_directory(status))
      refuse("a directory");
    if ((type == "File" || type == "FileOrCreate") && !fs::is_regular_file(status)) refuse("a file");
    if (type == "Socket" && !fs::is_socket(status)) refuse("a socket file");
    if (type == "CharDevice" && !fs::is_character_file(status)) refuse("a character device");
    if (type == "BlockDevice" && !fs::is_block_file(status)) refuse("a block device");
    return;
  }
  if (type.empty() || type == "DirectoryOrCreate") {
    store::real_files().mkdirs(volume.host_path, 0755);
  } else if (type == "FileOrCreate") {
    write_file(volume.host_path, "", 0644);
  } else {
    refuse("there");
  }
}

/// The script, and files for termination messages: there from the beginning and open to every user, as the
/// kubelet makes them.
void PodStorage::bind_own() {
  if (plan_.script) {
    write_file(scratch_ / "argo-staging" / "script", *plan_.script, 0755);
    script_bound_ = true;
  }
  for (const PlannedContainer& c : plan_.containers) {
    if (leaves_message(c)) write_file(message_file(c), "", 0666);
  }
}

fs::path PodStorage::message_file(const PlannedContainer& container) const {
  return scratch_ / "argo-messages" / container.name;
}

/// An emptyDir is for everybody; with an fsGroup, what is made in it belongs to that group
/// (pkg/volume/volume_linux.go). A volume's directory is the engine's, which may or may not be ours to
/// change.
void PodStorage::open_to_all(std::size_t index) {
  const std::string& path = made_[index].mountpoint;
  const auto group = plan_.volumes[index].group;
  const unsigned mode = group ? 02777 : 0777;
  if (services_.engine.local() && !path.empty()) {
    const bool owned = !group || give_to(path, *group);
    if (owned && ::chmod(path.c_str(), mode) == 0) return;
  }
  chores_.push_back({index, "", mode, true, ""});
}

void PodStorage::want_sub_path(const PlannedMount& mount) {
  const Made& made = made_[mount.volume];
  const PlannedVolume& volume = plan_.volumes[mount.volume];
  if (made.mountpoint.empty() || !volume.volume.driver_options.empty()) {
    throw PodError("volume \"" + volume.name + "\": subPath needs a volume that is a plain directory");
  }
  if (services_.engine.local()) {
    const fs::path path = fs::path(made.mountpoint) / mount.sub_path;
    if (crosses_link(made.mountpoint, mount.sub_path)) {
      throw PodError("volume \"" + volume.name + "\": subPath \"" + mount.sub_path +
                     "\" leads over a symbolic link");
    }
    std::error_code error;
    if (fs::exists(path, error)) return;
    if (fs::create_directories(path, error) && !error) return;
  }
  if (made.bound) throw PodError("volume \"" + volume.name + "\" has no \"" + mount.sub_path + "\"");
  chores_.push_back({mount.volume, mount.sub_path, 0755, true, ""});
}

Task<std::string> PodStorage::make_filler(std::string name, std::vector<docker::Mount> mounts) {
  docker::ContainerSpec spec;
  spec.name = plan_.container_name(name);
  spec.image = plan_.containers.back().spec.image;
  spec.labels = plan_.labels;
  spec.labels[kLabelKind] = "filler";
  spec.entrypoint = {"/none"};
  spec.host.mounts = std::move(mounts);
  docker::RemoveOptions at_once;
  at_once.force = true;
  const auto cleared = co_await services_.engine.remove(spec.name, at_once);
  static_cast<void>(cleared);
  auto created = co_await services_.engine.create(spec);
  co_return need(std::move(created)).id;
}

void PodStorage::drop_filler(std::string id) {
  Leavings leavings;
  leavings.containers = {std::move(id)};
  services_.janitor.take(std::move(leavings));
}

Task<std::string> PodStorage::make_filler_for(const PlannedContainer& container) {
  std::vector<docker::Mount> mounts;
  for (const PlannedMount& m : container.mounts) {
    if (plan_.volumes[m.volume].kind != VolumeKind::inputs) {
      mounts.push_back(mount_of(m));
    } else if (mounts.empty() || mounts.back().target != kInputsPath) {
      mounts.push_back(whole_volume(m.volume, kInputsPath));
    }
  }
  return make_filler("inputs-filler", std::move(mounts));
}

Task<void> PodStorage::do_chores() {
  std::vector<docker::Mount> mounts;
  for (const Chore& chore : chores_) {
    docker::Mount mount = whole_volume(chore.volume, "/v" + std::to_string(chore.volume));
    const auto same = [&](const docker::Mount& m) { return m.target == mount.target; };
    if (std::none_of(mounts.begin(), mounts.end(), same)) mounts.push_back(std::move(mount));
  }
  const std::string id = co_await make_filler("filler", std::move(mounts));
  const std::exception_ptr stopped = co_await caught(put_chores(id));
  drop_filler(id);
  if (stopped) std::rethrow_exception(stopped);
}

Task<void> PodStorage::put_chores(std::string filler) {
  std::vector<Chore> wanted;
  for (const Chore& chore : chores_) {
    if (chore.directory && !chore.path.empty()) {
      const std::string path = "/v" + std::to_string(chore.volume) + "/" + chore.path;
      const auto there = co_await services_.engine.stat_path(filler, path);
      if (there.ok() && there->is_symlink()) {
        throw PodError("volume \"" + plan_.volumes[chore.volume].name + "\": subPath \"" + chore.path +
                       "\" leads over a symbolic link");
      }
      if (there.ok()) continue;
    }
    wanted.push_back(chore);
  }
  if (wanted.empty()) co_return;
  const std::string tar = tar_of(wanted);
  docker::StringSource source(tar);
  auto put = co_await services_.engine.put_archive(filler, "/", source);
  need(put);
}

std::string PodStorage::tar_of(const std::vector<Chore>& chores) const {
  std::string tar;
  const store::Sink sink = [&tar](std::span<const std::byte> bytes) {
    tar.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  store::TarWriter writer(sink);
  for (const Chore& chore : chores) {
    const std::string root = "v" + std::to_string(chore.volume);
    const std::string path = chore.path.empty() ? root : root + "/" + chore.path;
    const auto group = plan_.volumes[chore.volume].group;
    const bool of_group = chore.path.empty() || !chore.directory;
    writer.set_owner(0, of_group ? static_cast<gid_t>(group.value_or(0)) : 0);
    if (chore.directory) {
      writer.add_directory(path, chore.mode);
    } else {
      writer.add_file(path, chore.mode, chore.content);
    }
  }
  writer.finish();
  return tar;
}

docker::Mount PodStorage::whole_volume(std::size_t index, const std::string& target) const {
  docker::Mount mount;
  mount.source = plan_.volumes[index].volume.name;
  mount.target = target;
  mount.no_copy = true;
  return mount;
}

docker::Mount PodStorage::mount_of(const PlannedMount& planned) const {
  const Made& made = made_[planned.volume];
  docker::Mount mount = whole_volume(planned.volume, planned.target);
  if (made.bound || !planned.sub_path.empty()) {
    const fs::path root = made.mountpoint;
    mount = bind_of(planned.sub_path.empty() ? root : root / planned.sub_path, planned.target);
    mount.propagation = planned.propagation;
  }
  mount.read_only = planned.read_only;
  return mount;
}

std::vector<docker::Mount> PodStorage::mounts_of(const PlannedContainer& container) const {
  std::vector<docker::Mount> mounts;
  for (const PlannedMount& m : container.mounts) mounts.push_back(mount_of(m));
  for (const auto& [path, file] : inputs_) {
    if (container.gets_inputs) mounts.push_back(bind_of(file, path));
  }
  if (binds_ && leaves_message(container)) {
    mounts.push_back(bind_of(message_file(container), container.message_path));
  }
  if (script_bound_ && container.name == kMainContainer) {
    mounts.push_back(bind_of(scratch_ / "argo-staging", kStaging));
  }
  return mounts;
}

std::vector<std::string> PodStorage::pod_volumes() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < plan_.volumes.size(); ++i) {
    const PlannedVolume& v = plan_.volumes[i];
    const auto life = v.volume.labels.find(kLabelLife);
    const bool of_pod = life != v.volume.labels.end() && life->second == "pod";
    if (of_pod && v.kind != VolumeKind::host && !made_[i].bound) names.push_back(v.volume.name);
  }
  return names;
}

}  // namespace skiff::runner
