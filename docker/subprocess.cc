// posix_spawn, three pipes, one poll loop.
#include "docker/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

extern char** environ;

namespace skiff::docker {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kKeep = 1U << 20U;

Error failure(const std::string& program, const std::string& why) {
  Error e;
  e.kind = ErrorKind::local;
  e.message = why;
  e.asked = "run " + program;
  return e;
}

/// Both ends of a connected pair of sockets: unlike a pipe, writing to one whose reader is gone need not
/// raise SIGPIPE.
class Pair {
 public:
  Pair() {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd_.data()) != 0) fd_ = {-1, -1};
  }
  ~Pair() { close_ours(), close_theirs(); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  [[nodiscard]] bool good() const { return fd_[0] >= 0; }
  [[nodiscard]] int ours() const { return fd_[0]; }
  [[nodiscard]] int theirs() const { return fd_[1]; }
  void close_ours() { close_one(fd_[0]); }
  void close_theirs() { close_one(fd_[1]); }

 private:
  static void close_one(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
  std::array<int, 2> fd_{-1, -1};
};

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  return out;
}

int spawn(const std::vector<std::string>& argv, const std::vector<std::string>& environment, const Pair& in,
          const Pair& out, const Pair& err, pid_t& pid) {
  std::vector<char*> words = pointers_to(argv);
  words.push_back(nullptr);
  std::vector<char*> variables = pointers_to(environment);  // the first of a name counts
  for (char** v = environ; *v != nullptr; ++v) variables.push_back(*v);
  variables.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.theirs(), 0);
  posix_spawn_file_actions_adddup2(&actions, out.theirs(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.theirs(), 2);
  const int rc = ::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  return rc;
}

/// Takes what is there; false at the end of the stream.
bool take(int fd, std::string& into) {
  std::array<char, 4096> buffer{};
  const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (n > 0 && into.size() < kKeep) into.append(buffer.data(), static_cast<std::size_t>(n));
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/// Feeds and drains until both output streams ended; false when the time is over.
bool converse(Pair& in, Pair& out, Pair& err, std::string_view input, Clock::time_point until,
              ProcessEnd& end) {
  while (out.good() || err.good()) {
    std::array<pollfd, 3> fds{
        {{input.empty() ? -1 : in.ours(), POLLOUT, 0}, {out.ours(), POLLIN, 0}, {err.ours(), POLLIN, 0}}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return false;
    if (::poll(fds.data(), fds.size(), static_cast<int>(left)) <= 0) continue;
    if (fds[0].revents != 0) {
      const ssize_t n = ::send(in.ours(), input.data(), input.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      input = n > 0 ? input.substr(static_cast<std::size_t>(n)) : std::string_view();
    }
    if (input.empty() && in.good()) in.close_ours();
    if (fds[1].revents != 0 && !take(out.ours(), end.out)) out.close_ours();
    if (fds[2].revents != 0 && !take(err.ours(), end.err)) err.close_ours();
  }
  return true;
}

}  // namespace

Result<ProcessEnd> run_process(const std::vector<std::string>& argv, std::string_view input,
                               std::chrono::milliseconds limit, const std::vector<std::string>& environment) {
  Pair in;
  Pair out;
  Pair err;
  if (!in.good() || !out.good() || !err.good()) return failure(argv.front(), std::strerror(errno));
  pid_t pid = 0;
  if (const int rc = spawn(argv, environment, in, out, err, pid); rc != 0)
    return failure(argv.front(), std::strerror(rc));
  in.close_theirs();
  out.close_theirs();
  err.close_theirs();
  if (input.empty()) in.close_ours();
  ProcessEnd end;
  const bool in_time = converse(in, out, err, input, Clock::now() + limit, end);
  if (!in_time) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return failure(argv.front(), "it did not end in time");
  end.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return end;
}

}  // namespace skiff::docker
