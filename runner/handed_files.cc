#include "runner/handed_files.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>

#include "store/error.h"

namespace skiff::runner {
namespace {

constexpr std::size_t kNonceBytes = 32;
/// A datagram is in the queue before its sender tells of it; only a stranger can hold the receiver up for
/// long.
constexpr std::chrono::milliseconds kPatience(200);

/// Of known size, as those of proc and its like are not.
bool is_plain_file(int fd) {
  struct stat st {};
  struct statfs system {};
  if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || ::fstatfs(fd, &system) != 0) return false;
  const std::array<long, 5> made_up = {PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
                                       DEBUGFS_MAGIC};
  return std::find(made_up.begin(), made_up.end(), static_cast<long>(system.f_type)) == made_up.end();
}

struct Datagram {
  std::string nonce;
  std::size_t number = 0;
  store::Fd file;
};

/// The next one; without a file where it is none of ours. Nothing: the socket is shut.
std::optional<Datagram> receive(int socket) {
  constexpr std::size_t kMostDescriptors = 4;  // one is expected; what else fits is closed
  std::array<unsigned char, kNonceBytes + 2> text{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control{};
  iovec part{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (size < 0 && errno != EINTR) return std::nullopt;
  Datagram out;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); size >= 0 && c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = 0; CMSG_LEN(at + sizeof(int)) <= c->cmsg_len; at += sizeof(int)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + at, sizeof fd);
      out.file = store::Fd(fd);
    }
  }
  if (size != kNonceBytes + 1 || !out.file || !is_plain_file(out.file.get())) out.file.reset();
  out.nonce.assign(text.begin(), text.begin() + kNonceBytes);
  out.number = text[kNonceBytes];
  return out;
}

/// Bound by way of the directory's descriptor: the path may be longer than a socket's address.
store::Fd open_socket(const store::fs::path& path) {
  store::real_files().mkdirs(path.parent_path(), 0700);
  const store::Fd directory(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  store::Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!directory || !socket) return {};
  const std::string name = path.filename().string();
  if (::unlinkat(directory.get(), name.c_str(), 0) != 0 && errno != ENOENT) return {};
  const std::string way = "/proc/self/fd/" + std::to_string(directory.get()) + "/" + name;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  way.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  // Steps run as any user; nobody else of this machine comes through the directory.
  constexpr mode_t kAnybody = 0666;
  if (::fchmodat(directory.get(), name.c_str(), kAnybody, 0) != 0) return {};
  return socket;
}

}  // namespace

/// Outlives its owner as long as the receiver is busy with a stranger.
struct HandedFiles::State {
  struct Expected {
    std::size_t count = 0;
    std::map<std::size_t, store::Fd> came;
  };

  void receive_all() {
    while (std::optional<Datagram> datagram = receive(socket.get())) {
      const std::scoped_lock lock(mutex);
      if (over) return;
      const auto sender = expected.find(datagram->nonce);
      if (!datagram->file || sender == expected.end() || datagram->number >= sender->second.count) continue;
      std::swap(sender->second.came[datagram->number], datagram->file);
      changed.notify_all();
    }
  }

  std::mutex mutex;  ///< guards all but the socket, which stays as it is once there is a path
  std::condition_variable changed;
  bool opened = false;
  bool over = false;
  std::string path;
  store::Fd socket;
  std::map<std::string, Expected> expected;
};

HandedFiles::HandedFiles(const store::Home& home) : home_(home), state_(std::make_shared<State>()) {}

HandedFiles::~HandedFiles() {
  const std::scoped_lock lock(state_->mutex);
  state_->over = true;
  if (state_->socket) ::shutdown(state_->socket.get(), SHUT_RDWR);
}

std::string HandedFiles::socket() {
  const std::scoped_lock lock(state_->mutex);
  if (std::exchange(state_->opened, true)) return state_->path;
  try {
    const store::fs::path path = home_.outputs_socket();
    state_->socket = open_socket(path);
    if (!state_->socket) return "";
    std::thread([state = state_] { state->receive_all(); }).detach();
    state_->path = path.string();
  } catch (const std::exception&) {
    state_->socket.reset();  // no room for it, no thread: the engine will be asked
  }
  return state_->path;
}

void HandedFiles::give_up() {
  const std::scoped_lock lock(state_->mutex);
  state_->path.clear();
}

void HandedFiles::expect(const std::string& nonce, std::size_t count) {
  const std::scoped_lock lock(state_->mutex);
  state_->expected[nonce].count = count;
}

void HandedFiles::forget(const std::string& nonce) {
  State::Expected gone;  // closed without the lock
  const std::scoped_lock lock(state_->mutex);
  if (auto sender = state_->expected.extract(nonce)) gone = std::move(sender.mapped());
}

std::optional<store::Fd> HandedFiles::take(const std::string& nonce, std::size_t number) {
  std::unique_lock lock(state_->mutex);
  const auto came = [&] {
    const auto sender = state_->expected.find(nonce);
    return sender != state_->expected.end() && sender->second.came.contains(number);
  };
  if (!state_->socket || !state_->changed.wait_for(lock, kPatience, came)) return std::nullopt;
  return std::move(state_->expected.at(nonce).came.extract(number).mapped());
}

}  // namespace skiff::runner
