// Paths of a home, the lock that elects its controller, and a socket path that fits.
#include "store/home.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <sstream>

#include "store/error.h"
#include "store/sha256.h"

namespace skiff::store {
namespace {

constexpr std::size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;
constexpr const char* kSocketName = "controller.sock";
constexpr const char* kSocketRecord = "controller.sock.path";

std::string env(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

fs::path user_home() {
  if (const std::string home = env("HOME"); !home.empty()) return home;
  if (const passwd* user = ::getpwuid(::getuid()); user != nullptr && user->pw_dir != nullptr)
    return user->pw_dir;
  throw StoreError(Trouble::not_found, "",
                   "no home directory is known for this user; set SKIFF_HOME to a directory");
}

// Others who can write here could swap the socket or the database.
void require_private(const fs::path& path, mode_t forbidden) {
  struct stat st = {};
  if (::stat(path.c_str(), &st) != 0) throw_errno(errno, "look at", path);
  if (st.st_uid != ::geteuid() && ::geteuid() != 0) {
    throw StoreError(Trouble::denied, path,
                     fmt::format("{} belongs to user {}, not to you; set SKIFF_HOME to a directory of yours",
                                 path.string(), st.st_uid));
  }
  if ((st.st_mode & forbidden) != 0) {
    throw StoreError(Trouble::denied, path,
                     fmt::format("{} is open to other users (mode {:o}); type: chmod 700 {}", path.string(),
                                 st.st_mode & 07777, path.string()));
  }
}

fs::path short_socket_dir(const fs::path& home) {
  const std::string runtime = env("XDG_RUNTIME_DIR");
  const std::string id = sha256_hex(home.string()).substr(0, 16);
  const fs::path in_runtime = fs::path(runtime) / ("skiff-" + id);
  if (!runtime.empty() && runtime.front() == '/' && ::access(runtime.c_str(), W_OK) == 0 &&
      (in_runtime / kSocketName).string().size() <= kMaxSocketPath) {
    return in_runtime;
  }
  return fmt::format("/tmp/skiff-{}-{}", ::geteuid(), id);
}

// /tmp is everybody's: the directory must be a real one, ours, and closed, or somebody is waiting for us
// there.
void make_short_dir(const fs::path& dir) {
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) throw_errno(errno, "make the directory", dir);
  struct stat st = {};
  if (::lstat(dir.c_str(), &st) != 0) throw_errno(errno, "look at", dir);
  if (!S_ISDIR(st.st_mode) || st.st_uid != ::geteuid() || (st.st_mode & 077) != 0) {
    throw StoreError(
        Trouble::denied, dir,
        fmt::format("{} is not a private directory of yours, so no socket is made there; remove it, or "
                    "set SKIFF_HOME to a shorter path",
                    dir.string()));
  }
}

LockHolder parse_holder(const std::string& text) {
  LockHolder holder;
  std::istringstream in(text);
  std::string key;
  std::string value;
  while (in >> key >> value) {
    if (key == "pid") holder.pid = static_cast<pid_t>(std::atoi(value.c_str()));
    if (key == "boot") holder.boot_id = value;
    if (key == "version") holder.version = value;
    if (key == "since_ms") holder.since_ms = std::atoll(value.c_str());
  }
  return holder;
}

struct flock whole_file(short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

fs::path Home::default_path() {
  if (const std::string home = env("SKIFF_HOME"); !home.empty()) return fs::absolute(home).lexically_normal();
  // The XDG specification: a relative path there is to be ignored.
  if (const std::string data = env("XDG_DATA_HOME"); !data.empty() && data.front() == '/') {
    return fs::path(data) / "skiff";
  }
  return user_home() / ".local" / "share" / "skiff";
}

Home Home::open(const fs::path& path, Files& files) {
  files.mkdirs(path, 0700);
  std::error_code ignored;
  fs::path real = fs::canonical(path, ignored);
  const Home home(ignored ? fs::absolute(path).lexically_normal() : std::move(real));
  require_private(home.path(), 0022);
  for (const auto& dir : {home.artifacts(), home.logs(), home.secrets(), home.run(), home.metrics()})
    files.mkdirs(dir, 0700);
  require_private(home.secrets(), 0077);
  return home;
}

fs::path Home::socket() const {
  fs::path plain = path_ / kSocketName;
  if (plain.string().size() <= kMaxSocketPath) return plain;
  if (auto recorded = read_file(real_files(), path_ / kSocketRecord, 4096); recorded && !recorded->empty()) {
    if (recorded->back() == '\n') recorded->pop_back();
    if (recorded->size() <= kMaxSocketPath) return *recorded;
  }
  return short_socket_dir(path_) / kSocketName;
}

fs::path Home::prepare_socket(Files& files) const {
  fs::path path = path_ / kSocketName;
  if (path.string().size() > kMaxSocketPath) {
    const fs::path dir = short_socket_dir(path_);
    make_short_dir(dir);
    path = dir / kSocketName;
    write_atomic(files, path_ / kSocketRecord, path.string() + "\n", 0600);
  }
  files.remove(path);
  return path;
}

std::optional<HomeLock> HomeLock::try_acquire(const Home& home, LockHolder self) {
  const fs::path path = home.lock_file();
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) throw_errno(errno, "open", path);
  // An open file description's lock: unlike flock(2) it can be asked about without being taken.
  struct flock lock = whole_file(F_WRLCK);
  if (::fcntl(fd.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) return std::nullopt;
    throw_errno(errno, "lock", path);
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::string text =
      fmt::format("pid {}\nboot {}\nversion {}\nsince_ms {}\n", ::getpid(),
                  self.boot_id.empty() ? "-" : self.boot_id, self.version.empty() ? "-" : self.version,
                  std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  if (::ftruncate(fd.get(), 0) != 0) throw_errno(errno, "write", path);
  const ssize_t written = ::pwrite(fd.get(), text.data(), text.size(), 0);
  if (written != static_cast<ssize_t>(text.size())) throw_errno(written < 0 ? errno : ENOSPC, "write", path);
  return HomeLock(std::move(fd));
}

std::optional<LockHolder> HomeLock::holder(const Home& home) {
  const fs::path path = home.lock_file();
  const Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT) return std::nullopt;
    throw_errno(errno, "open", path);
  }
  struct flock lock = whole_file(F_WRLCK);
  if (::fcntl(fd.get(), F_OFD_GETLK, &lock) != 0) throw_errno(errno, "ask for the lock of", path);
  if (lock.l_type == F_UNLCK) return std::nullopt;
  std::array<char, 512> text{};
  const ssize_t n = ::pread(fd.get(), text.data(), text.size(), 0);
  return parse_holder(std::string(text.data(), n > 0 ? static_cast<std::size_t>(n) : 0));
}

std::string random_id() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw_errno(errno, "read", "/dev/urandom");
  }
  std::string text;
  for (const unsigned char byte : bytes) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  return text;
}

}  // namespace skiff::store
