// SKIFF_HOME: where everything that survives lies, with which modes, and who may run a controller on it.
//
// In: the environment. Out: paths that exist, the election of one controller, the path of its socket.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "store/files.h"

namespace skiff::store {

/// Paths of one home. Cheap to copy.
class Home {
 public:
  /// $SKIFF_HOME, else $XDG_DATA_HOME/skiff, else ~/.local/share/skiff (the user database where HOME is
  /// unset).
  [[nodiscard]] static fs::path default_path();
  /// Makes the directories (0700) where they are missing; refuses a home that others may write into.
  [[nodiscard]] static Home open(const fs::path& path, Files& files = real_files());

  [[nodiscard]] const fs::path& path() const { return path_; }
  [[nodiscard]] fs::path database() const { return path_ / "skiff.db"; }
  [[nodiscard]] fs::path artifacts() const { return path_ / "artifacts"; }
  [[nodiscard]] fs::path logs() const { return path_ / "logs"; }
  /// What the metrics of a workflow were at its end, for Prometheus: metrics/<uid>.prom.
  [[nodiscard]] fs::path metrics_file(std::string_view uid) const {
    return metrics() / (std::string(uid) + ".prom");
  }
  [[nodiscard]] fs::path metrics() const { return path_ / "metrics"; }
  /// Files of mode 0600: secrets/<namespace>/<name>.json (store/secrets.h).
  [[nodiscard]] fs::path secrets() const { return path_ / "secrets"; }
  /// Scratch of running pods, e.g. run/<uid>/<node>/configmap-x; the controller empties what nobody uses.
  [[nodiscard]] fs::path run() const { return path_ / "run"; }
  /// Programs that containers bind.
  [[nodiscard]] fs::path programs() const { return path_ / "lib"; }
  /// The socket to which containers hand outputs over (runner/handed_files.h), in a directory of its own.
  [[nodiscard]] fs::path outputs_socket() const { return path_ / "outputs" / "socket"; }
  [[nodiscard]] fs::path lock_file() const { return path_ / "controller.lock"; }
  /// What the controller itself has to say (its stderr).
  [[nodiscard]] fs::path controller_log() const { return path_ / "controller.log"; }
  /// The controller's socket as a client finds it: controller.sock in the home, or, where that is longer than
  /// a Unix socket's 107 bytes, the short path recorded by prepare_socket().
  [[nodiscard]] fs::path socket() const;
  /// For the controller before bind(2): removes a dead socket file (call only while holding HomeLock), makes
  /// the short directory (0700, ours, checked) if one is needed, records it in the home, and returns the
  /// path.
  [[nodiscard]] fs::path prepare_socket(Files& files = real_files()) const;

 private:
  explicit Home(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

/// Who runs the controller of a home.
struct LockHolder {
  pid_t pid = 0;              ///< 0 while the holder has not yet written its name
  std::string boot_id;        ///< of the controller's process, made by it at its start
  std::string version;        ///< of the program
  std::int64_t since_ms = 0;  ///< since the epoch
};

/// The election: whoever has this is the controller of the home. Freed by the kernel when the process dies.
class HomeLock {
 public:
  /// Nothing if another process holds it. `self.pid` and `self.since_ms` are filled in.
  [[nodiscard]] static std::optional<HomeLock> try_acquire(const Home& home, LockHolder self);
  /// The holder, without disturbing the election; nothing if there is none.
  [[nodiscard]] static std::optional<LockHolder> holder(const Home& home);

 private:
  explicit HomeLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

/// 32 hex digits from the kernel's random source: ids of controllers, temporary names.
[[nodiscard]] std::string random_id();

}  // namespace skiff::store
