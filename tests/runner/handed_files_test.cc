// Files handed over by a datagram: who gets them, and what becomes of those that nobody expects.
#include "runner/handed_files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <vector>

#include "tests/store/temp_home.h"

using namespace skiff;
using namespace skiff::runner;
using store::testing::TempHome;

namespace {

const std::string kNonce = "0123456789abcdef0123456789abcdef";
const std::string kOther = "fedcba9876543210fedcba9876543210";

std::string message(const std::string& nonce, char number) { return nonce + number; }

/// As a step's init does it. The errno, 0 if it went.
int send(const std::string& path, const std::string& text, const std::vector<int>& descriptors) {
  const store::Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof to.sun_path);
  path.copy(to.sun_path, sizeof to.sun_path - 1);
  std::string bytes = text;
  iovec part{bytes.data(), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(8 * sizeof(int))> control{};
  msghdr m{};
  m.msg_name = &to;
  m.msg_namelen = sizeof to;
  m.msg_iov = &part;
  m.msg_iovlen = 1;
  if (!descriptors.empty()) {
    const std::size_t size = descriptors.size() * sizeof(int);
    m.msg_control = control.data();
    m.msg_controllen = CMSG_SPACE(size);
    cmsghdr* const c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(c), descriptors.data(), size);
  }
  return ::sendmsg(socket.get(), &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

store::Fd file_with(const TempHome& temp, const std::string& text) {
  const store::fs::path path = temp.home.path() / "file";
  store::write_atomic(store::real_files(), path, text, 0600);
  return store::real_files().open(path, O_RDONLY, 0);
}

std::string content(const store::Fd& fd) {
  std::string text(100, '\0');
  const ssize_t n = ::pread(fd.get(), text.data(), text.size(), 0);
  REQUIRE(n >= 0);
  text.resize(static_cast<std::size_t>(n));
  return text;
}

std::size_t open_descriptors() {
  std::size_t n = 0;
  for (const auto& entry : store::fs::directory_iterator("/proc/self/fd")) n += entry.exists() ? 1 : 0;
  return n;
}

}  // namespace

TEST_CASE("what an expected one sends arrives under its number, once") {
  const TempHome temp;
  HandedFiles files(temp.home);
  const std::string path = files.socket();
  REQUIRE_FALSE(path.empty());
  CHECK(files.socket() == path);
  Handover one(files, kNonce, 8);
  Handover other(files, kOther, 8);
  CHECK(send(path, message(kNonce, 3), {file_with(temp, "three").get()}) == 0);
  CHECK(send(path, message(kOther, 3), {file_with(temp, "other").get()}) == 0);
  CHECK(send(path, message(kNonce, 0), {file_with(temp, "zero").get()}) == 0);
  CHECK_FALSE(one.take(1));
  const auto three = one.take(3);
  REQUIRE(three);
  CHECK(content(*three) == "three");
  CHECK((::fcntl(three->get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK_FALSE(one.take(3));
  CHECK(content(one.take(0).value()) == "zero");
  CHECK(content(other.take(3).value()) == "other");
}

TEST_CASE("what nobody expects, and what is no plain file, is closed") {
  const TempHome temp;
  HandedFiles files(temp.home);
  const std::string path = files.socket();
  const std::size_t before = open_descriptors();
  {
    Handover expected(files, kNonce, 8);
    const store::Fd file = file_with(temp, "x");
    const store::Fd directory = store::real_files().open(temp.home.path(), O_RDONLY | O_DIRECTORY, 0);
    const store::Fd device = store::real_files().open("/dev/null", O_RDONLY, 0);
    CHECK(send(path, message(kOther, 0), {file.get()}) == 0);
    CHECK(send(path, message(kNonce, 0), {directory.get()}) == 0);
    CHECK(send(path, message(kNonce, 1), {device.get()}) == 0);
    CHECK(send(path, message(kNonce, 2), {}) == 0);
    CHECK(send(path, kNonce, {file.get()}) == 0);
    CHECK_FALSE(expected.take(0));
    CHECK(send(path, kNonce + "long", {file.get()}) == 0);
    CHECK(send(path, message(kNonce, 4), std::vector<int>(8, file.get())) == 0);
    CHECK(send(path, message(kNonce, 5), {file.get()}) == 0);
    for (const std::size_t number : {1UL, 2UL, 3UL}) CHECK_FALSE(expected.take(number));
    const store::Fd made_up = store::real_files().open("/proc/self/status", O_RDONLY, 0);
    CHECK(send(path, message(kNonce, 6), {made_up.get()}) == 0);
    CHECK(send(path, message(kNonce, 8), {file.get()}) == 0);  // beyond what is expected
    CHECK(send(path, message(kNonce, 7), {file.get()}) == 0);
    CHECK(expected.take(7));  // the last one, so all were looked at
    CHECK_FALSE(expected.take(6));
    CHECK_FALSE(expected.take(8));
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("a controller that comes after takes the socket's place; a sender to the old one is told") {
  const TempHome temp;
  const auto by_old_socket = [&](const store::Fd& socket) {
    return send("/proc/self/fd/" + std::to_string(socket.get()), message(kNonce, 0),
                {file_with(temp, "x").get()});
  };
  store::Fd old_socket;
  {
    HandedFiles first(temp.home);
    old_socket = store::Fd(::open(first.socket().c_str(), O_PATH | O_CLOEXEC));
    REQUIRE(old_socket);
    CHECK(by_old_socket(old_socket) == 0);
  }
  HandedFiles second(temp.home);
  Handover expected(second, kNonce, 8);
  CHECK(send(second.socket(), message(kNonce, 1), {file_with(temp, "y").get()}) == 0);
  CHECK(by_old_socket(old_socket) != 0);
  CHECK(content(expected.take(1).value()) == "y");
  CHECK_FALSE(expected.take(0));
}

TEST_CASE("a home without a place for the socket has none") {
  const TempHome temp;
  store::real_files().mkdirs(temp.home.outputs_socket() / "in the way", 0700);
  HandedFiles files(temp.home);
  CHECK(files.socket().empty());
  Handover expected(files, kNonce, 8);
  CHECK_FALSE(expected.take(0));
}
