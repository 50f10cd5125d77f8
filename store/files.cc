// The real file system behind the Files seam, and what is built from its operations.
#include "store/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "store/error.h"
#include "store/home.h"

namespace skiff::store {

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

namespace {

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::file;
  if (S_ISDIR(mode)) return FileKind::directory;
  if (S_ISLNK(mode)) return FileKind::symlink;
  return FileKind::other;
}

class RealFiles final : public Files {
 public:
  Fd open(const fs::path& path, int flags, mode_t mode) override {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd < 0) throw_errno(errno, "open", path);
    return Fd(fd);
  }

  void write(int fd, std::span<const std::byte> bytes, const fs::path& path) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw_errno(errno, "write", path);
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
  }

  void fsync(int fd, const fs::path& path) override {
    // EINVAL: a special file that knows no fsync, such as a pipe.
    if (::fsync(fd) != 0 && errno != EINVAL) throw_errno(errno, "write to the disk", path);
  }

  void sync_all(const fs::path& dir) override {
    const Fd fd = open(dir, O_RDONLY | O_DIRECTORY, 0);
    if (::syncfs(fd.get()) != 0) throw_errno(errno, "write to the disk", dir);
  }

  void rename(const fs::path& from, const fs::path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) throw_errno(errno, "rename a file to", to);
  }

  bool link(const fs::path& from, const fs::path& to) override {
    if (::link(from.c_str(), to.c_str()) == 0) return true;
    if (errno == EEXIST || errno == EPERM || errno == EOPNOTSUPP || errno == EXDEV || errno == EMLINK)
      return false;
    throw_errno(errno, "make a link at", to);
  }

  void symlink(const std::string& target, const fs::path& at) override {
    if (::symlink(target.c_str(), at.c_str()) != 0) throw_errno(errno, "make a link at", at);
  }

  bool remove(const fs::path& path) override {
    if (::remove(path.c_str()) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw_errno(errno, "remove", path);
  }

  void mkdirs(const fs::path& path, mode_t mode) override {
    if (::mkdir(path.c_str(), mode) == 0) return;
    if (errno == ENOENT && path.has_parent_path() && path.parent_path() != path) {
      mkdirs(path.parent_path(), mode);
      if (::mkdir(path.c_str(), mode) == 0) return;
    }
    struct stat st = {};
    const int error = errno;
    if (error == EEXIST && ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) return;
    throw_errno(error, "make the directory", path);
  }

  void chmod(const fs::path& path, mode_t mode) override {
    if (::chmod(path.c_str(), mode) != 0) throw_errno(errno, "change the mode of", path);
  }

  std::vector<DirEntry> list(const fs::path& dir) override;

  std::optional<FileStat> stat(const fs::path& path) override {
    struct stat st = {};
    if (::lstat(path.c_str(), &st) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
      throw_errno(errno, "look at", path);
    }
    return FileStat{kind_of(st.st_mode), static_cast<std::uint64_t>(st.st_size),
                    static_cast<mode_t>(st.st_mode & 07777), static_cast<std::int64_t>(st.st_mtime)};
  }

  std::uint64_t space(const fs::path& path) override {
    struct statvfs vfs = {};
    if (::statvfs(path.c_str(), &vfs) != 0) throw_errno(errno, "ask for the free space of", path);
    return static_cast<std::uint64_t>(vfs.f_bavail) * vfs.f_frsize;
  }
};

std::vector<DirEntry> RealFiles::list(const fs::path& dir) {
  struct Closer {
    void operator()(DIR* d) const { ::closedir(d); }
  };
  const std::unique_ptr<DIR, Closer> handle(::opendir(dir.c_str()));
  std::vector<DirEntry> entries;
  if (!handle) {
    if (errno == ENOENT || errno == ENOTDIR) return entries;
    throw_errno(errno, "list", dir);
  }
  while (const dirent* entry = ::readdir(handle.get())) {
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    FileKind kind = FileKind::other;
    switch (entry->d_type) {
      case DT_REG:
        kind = FileKind::file;
        break;
      case DT_DIR:
        kind = FileKind::directory;
        break;
      case DT_LNK:
        kind = FileKind::symlink;
        break;
      case DT_UNKNOWN:
        if (const auto st = stat(dir / name)) kind = st->kind;
        break;
      default:
        break;
    }
    entries.push_back({std::move(name), kind});
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

}  // namespace

Files& real_files() {
  static RealFiles files;
  return files;
}

void fsync_dir(Files& files, const fs::path& dir) {
  const Fd fd = files.open(dir, O_RDONLY | O_DIRECTORY, 0);
  files.fsync(fd.get(), dir);
}

void write_atomic(Files& files, const fs::path& path, std::span<const std::byte> bytes, mode_t mode) {
  const fs::path temp =
      path.parent_path() / fmt::format(".{}.{}.tmp", path.filename().string(), random_id().substr(0, 12));
  try {
    const Fd fd = files.open(temp, O_WRONLY | O_CREAT | O_EXCL, mode);
    files.write(fd.get(), bytes, path);
    files.fsync(fd.get(), path);
    files.rename(temp, path);
  } catch (const StoreError&) {
    ::unlink(temp.c_str());
    throw;
  }
  fsync_dir(files, path.parent_path());
}

void write_atomic(Files& files, const fs::path& path, std::string_view text, mode_t mode) {
  write_atomic(files, path, std::as_bytes(std::span(text.data(), text.size())), mode);
}

std::optional<std::string> read_file(Files& files, const fs::path& path, std::uint64_t max_bytes) {
  const auto st = files.stat(path);
  if (!st) return std::nullopt;
  const Fd fd = files.open(path, O_RDONLY, 0);
  std::string text;
  std::array<char, 65536> chunk;
  while (true) {
    const ssize_t n = ::read(fd.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno(errno, "read", path);
    if (n == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(n));
    if (text.size() > max_bytes) {
      throw StoreError(
          Trouble::invalid, path,
          fmt::format("{} is larger than the {} bytes that are allowed here", path.string(), max_bytes));
    }
  }
}

void remove_tree(Files& files, const fs::path& path) {
  const auto st = files.stat(path);
  if (!st) return;
  if (st->kind == FileKind::directory) {
    // A step may have left directories that their own owner cannot enter.
    if ((st->mode & 0700) != 0700) files.chmod(path, 0700);
    for (const auto& entry : files.list(path)) remove_tree(files, path / entry.name);
  }
  files.remove(path);
}

}  // namespace skiff::store
