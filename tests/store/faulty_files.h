// A file system that fails, or dies, at its n-th change. Reads are never disturbed.
//
// In: which change (counted from 0) and how. Out: the real file system up to there.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "store/error.h"
#include "store/files.h"

namespace skiff::store::testing {

enum class Fault {
  full,         ///< ENOSPC, at every change from the n-th on
  io,           ///< EIO, once
  short_write,  ///< half of a write, then ENOSPC; other changes work
  crash,        ///< _exit(kCrashStatus): for a forked child
};
inline constexpr int kCrashStatus = 42;

class FaultyFiles final : public Files {
 public:
  FaultyFiles(Fault fault, int at) : fault_(fault), at_(at) {}
  /// Changes seen so far: when this is at most `at`, the fault never came.
  [[nodiscard]] int changes() const { return count_; }

  Fd open(const fs::path& path, int flags, mode_t mode) override {
    if ((flags & O_CREAT) != 0) step("open", path);
    return real_.open(path, flags, mode);
  }
  void write(int fd, std::span<const std::byte> bytes, const fs::path& path) override {
    if (count_ == at_ && fault_ == Fault::short_write) {
      ++count_;
      real_.write(fd, bytes.first(bytes.size() / 2), path);
      throw_errno(ENOSPC, "write", path);
    }
    step("write", path);
    real_.write(fd, bytes, path);
  }
  void fsync(int fd, const fs::path& path) override {
    step("sync", path);
    real_.fsync(fd, path);
  }
  void sync_all(const fs::path& dir) override {
    step("sync", dir);
    real_.sync_all(dir);
  }
  void rename(const fs::path& from, const fs::path& to) override {
    step("rename", to);
    real_.rename(from, to);
  }
  bool link(const fs::path& from, const fs::path& to) override {
    step("link", to);
    return real_.link(from, to);
  }
  void symlink(const std::string& target, const fs::path& at) override {
    step("link", at);
    real_.symlink(target, at);
  }
  bool remove(const fs::path& path) override {
    step("remove", path);
    return real_.remove(path);
  }
  void mkdirs(const fs::path& path, mode_t mode) override {
    step("make the directory", path);
    real_.mkdirs(path, mode);
  }
  void chmod(const fs::path& path, mode_t mode) override {
    step("chmod", path);
    real_.chmod(path, mode);
  }
  std::vector<DirEntry> list(const fs::path& dir) override { return real_.list(dir); }
  std::optional<FileStat> stat(const fs::path& path) override { return real_.stat(path); }
  std::uint64_t space(const fs::path& path) override { return real_.space(path); }

 private:
  void step(const char* doing, const fs::path& path) {
    const int now = count_++;
    if (now == at_ && fault_ == Fault::crash) ::_exit(kCrashStatus);
    if (now == at_ && fault_ == Fault::io) throw_errno(EIO, doing, path);
    // A full disk still lets files be removed and synced.
    const bool needs_space = std::string_view(doing) != "remove" && std::string_view(doing) != "sync";
    if (now >= at_ && fault_ == Fault::full && needs_space) throw_errno(ENOSPC, doing, path);
  }

  Files& real_ = real_files();
  Fault fault_;
  int at_;
  int count_ = 0;
};

}  // namespace skiff::store::testing
