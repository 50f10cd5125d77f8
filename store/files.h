// The file system as the store uses it: a seam, so that tests can fill the disk or crash at any operation.
//
// In: paths and bytes. Out: descriptors, listings, StoreError with the path in it. Nothing else in the store
// writes a file except SQLite (journal) and libarchive's read side.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skiff::store {

namespace fs = std::filesystem;

/// A file descriptor that closes itself; -1 is none.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
  void reset();
  /// Gives the descriptor away: the caller closes it.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

enum class FileKind : std::uint8_t { file, directory, symlink, other };

struct FileStat {
  FileKind kind = FileKind::file;
  std::uint64_t bytes = 0;
  mode_t mode = 0;  ///< permission bits only
  std::int64_t mtime_s = 0;
};

struct DirEntry {
  std::string name;
  FileKind kind = FileKind::file;
};

/// Every call throws StoreError unless it says otherwise; all are safe from several threads.
class Files {
 public:
  virtual ~Files() = default;

  /// `flags` as in open(2); O_CLOEXEC is added.
  [[nodiscard]] virtual Fd open(const fs::path& path, int flags, mode_t mode) = 0;
  /// Writes all of it, or throws having written a part.
  virtual void write(int fd, std::span<const std::byte> bytes, const fs::path& path) = 0;
  virtual void fsync(int fd, const fs::path& path) = 0;
  /// Everything on the file system of `dir` to the disk: cheaper than fsync of thousands of new files.
  virtual void sync_all(const fs::path& dir) = 0;
  virtual void rename(const fs::path& from, const fs::path& to) = 0;
  /// Hard link; false if `to` exists already or the file system has no links.
  [[nodiscard]] virtual bool link(const fs::path& from, const fs::path& to) = 0;
  virtual void symlink(const std::string& target, const fs::path& at) = 0;
  /// Removes a file, a link, or an empty directory; false if there was none.
  virtual bool remove(const fs::path& path) = 0;
  /// Makes the directory and what leads to it; an existing directory is fine, its mode is left alone.
  virtual void mkdirs(const fs::path& path, mode_t mode) = 0;
  virtual void chmod(const fs::path& path, mode_t mode) = 0;
  /// Entries sorted by name, without "." and ".."; empty if the directory is not there.
  [[nodiscard]] virtual std::vector<DirEntry> list(const fs::path& dir) = 0;
  /// Does not follow a symlink at the end of the path; nothing if there is no such file.
  [[nodiscard]] virtual std::optional<FileStat> stat(const fs::path& path) = 0;
  /// Bytes an unprivileged writer may still write under `path`.
  [[nodiscard]] virtual std::uint64_t space(const fs::path& path) = 0;
};

/// The real file system.
[[nodiscard]] Files& real_files();

/// Replaces `path` as a whole or not at all, also across a power cut: temporary name beside it, fsync,
/// rename, fsync of the directory. Leaves no temporary behind when it throws.
void write_atomic(Files& files, const fs::path& path, std::span<const std::byte> bytes, mode_t mode);
void write_atomic(Files& files, const fs::path& path, std::string_view text, mode_t mode);

/// The whole file; nothing if it is not there. Throws `invalid` beyond `max_bytes`.
[[nodiscard]] std::optional<std::string> read_file(Files& files, const fs::path& path,
                                                   std::uint64_t max_bytes = std::uint64_t{64} << 20);

/// Makes a directory entry durable (after a rename or a create in it).
void fsync_dir(Files& files, const fs::path& dir);

/// Removes a file or a tree, never following links; nothing there is fine.
void remove_tree(Files& files, const fs::path& path);

}  // namespace skiff::store
