// Finding an engine (P23): the order, contexts, usual sockets, and what is said when there is none.
#include "docker/endpoint.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/docker/scratch.h"

namespace skiff::docker {
namespace {

using test::Scratch;

/// Something that accepts connections on a path.
class Listener {
 public:
  explicit Listener(const std::filesystem::path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    std::filesystem::create_directories(path.parent_path());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(fd_, 8) == 0);
  }
  ~Listener() { ::close(fd_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  int fd_;
};

Surroundings alone(const Scratch& dir) {
  Surroundings around;
  around.home = dir.path() / "home";
  around.root = dir.path();
  around.uid = 1000;
  return around;
}

}  // namespace

TEST_CASE("P23: addresses") {
  CHECK(parse_endpoint("unix:///a/b.sock")->path == "/a/b.sock");
  CHECK(parse_endpoint("/a/b.sock")->text() == "unix:///a/b.sock");
  CHECK(parse_endpoint("tcp://localhost")->port == "2375");
  CHECK(parse_endpoint("tcp://10.0.0.1:99/")->text() == "tcp://10.0.0.1:99");
  CHECK(parse_endpoint("tcp://[::1]:99")->host == "::1");
  CHECK(parse_endpoint("tcp://[::1]:99")->text() == "tcp://[::1]:99");
  CHECK(parse_endpoint("http://h:1")->transport == Transport::tcp);
  CHECK(parse_endpoint("ssh://me@host:2222")->text() == "ssh://me@host:2222");
  for (const char* bad :
       {"", "unix://", "tcp://", "ssh://-oProxyCommand=x", "npipe:////./pipe/docker", "docker.sock"})
    CHECK(parse_endpoint(bad).is(ErrorKind::bad_request));
}

TEST_CASE("P23: DOCKER_HOST before the contexts, DOCKER_CONTEXT before the chosen one, then the sockets") {
  Scratch dir;
  Surroundings around = alone(dir);
  const Listener usual(dir.path() / "var/run/docker.sock");
  dir.write(
      "home/.docker/contexts/meta/0123/meta.json",
      R"({"Name":"prod","Metadata":{},"Endpoints":{"docker":{"Host":"tcp://prod:1","SkipTLSVerify":false}}})");
  dir.write("home/.docker/contexts/meta/4567/meta.json",
            R"({"Name":"far","Endpoints":{"docker":{"Host":"ssh://me@far"}}})");
  dir.write("home/.docker/contexts/meta/89ab/meta.json", "{broken");
  CHECK(find_endpoint(around)->path == dir.path() / "var/run/docker.sock");
  CHECK(find_endpoint(around)->source == "found");
  dir.write("home/.docker/config.json", R"({"currentContext":"prod"})");
  CHECK(find_endpoint(around)->text() == "tcp://prod:1");
  CHECK(find_endpoint(around)->source == "context prod");
  around.env["DOCKER_CONTEXT"] = "far";
  CHECK(find_endpoint(around)->text() == "ssh://me@far");
  around.env["DOCKER_CONTEXT"] = "default";
  CHECK(find_endpoint(around)->source == "found");
  around.env["DOCKER_CONTEXT"] = "absent";
  CHECK(find_endpoint(around).error().message.find("docker context ls") != std::string::npos);
  around.env["DOCKER_HOST"] = "unix:///x";
  CHECK(find_endpoint(around)->path == "/x");
  around.env["DOCKER_HOST"] = "tcp://h:2376";
  around.env["DOCKER_TLS_VERIFY"] = "1";
  CHECK(find_endpoint(around).is(ErrorKind::unsupported));
}

TEST_CASE("P23: another config directory") {
  Scratch dir;
  Surroundings around = alone(dir);
  around.env["DOCKER_CONFIG"] = (dir.path() / "cfg").string();
  dir.write("cfg/config.json", R"({"currentContext":"c"})");
  dir.write("cfg/contexts/meta/1/meta.json",
            R"({"Name":"c","Endpoints":{"docker":{"Host":"unix:///c.sock"}}})");
  CHECK(find_endpoint(around)->path == "/c.sock");
}

TEST_CASE("P23: rootless Docker and Podman are found; a dead socket is passed over") {
  Scratch dir;
  Surroundings around = alone(dir);
  std::filesystem::create_directories(dir.path() / "var/run");
  { const Listener dead(dir.path() / "var/run/docker.sock"); }
  const Listener podman(dir.path() / "run/podman/podman.sock");
  CHECK(find_endpoint(around)->path == dir.path() / "run/podman/podman.sock");
  const Listener rootless(dir.path() / "run/user/1000/docker.sock");
  CHECK(find_endpoint(around)->path == dir.path() / "run/user/1000/docker.sock");
  around.env["XDG_RUNTIME_DIR"] = (dir.path() / "xdg").string();
  const Listener xdg(dir.path() / "xdg/docker.sock");
  CHECK(find_endpoint(around)->path == dir.path() / "xdg/docker.sock");
}

TEST_CASE("P23: no engine: what was tried, and what to type") {
  Scratch dir;
  const Result<Endpoint> none = find_endpoint(alone(dir));
  REQUIRE(none.is(ErrorKind::unreachable));
  for (const auto& path : usual_sockets(alone(dir)))
    CHECK(none.error().message.find(path.string()) != std::string::npos);
  CHECK(none.error().message.find("systemctl start docker") != std::string::npos);
  CHECK(none.error().message.find("export DOCKER_HOST=") != std::string::npos);
}

}  // namespace skiff::docker
