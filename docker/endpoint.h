// Where an engine listens, and how to find one the way the docker command does.
//
// Order (cli/command/cli.go): DOCKER_HOST, DOCKER_CONTEXT, the currentContext of docker's config.json; then
// the usual sockets: the system's, the user's own (rootless), Docker Desktop's, Podman's. What was named is
// taken as it is; of the usual sockets the first that accepts a connection. Nothing found is an Error that
// lists what was tried.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "docker/error.h"

namespace skiff::docker {

enum class Transport : std::uint8_t { unix_socket, tcp, ssh };

struct Endpoint {
  Transport transport = Transport::unix_socket;
  std::string path;    ///< of the Unix socket
  std::string host;    ///< tcp: name or address; ssh: [user@]host
  std::string port;    ///< tcp, and ssh where it was given
  std::string source;  ///< what named it: "DOCKER_HOST", "context prod", "found"

  /// As a URL: unix:///var/run/docker.sock, tcp://127.0.0.1:2375, ssh://me@host.
  [[nodiscard]] std::string text() const;
  bool operator==(const Endpoint&) const = default;
};

/// unix://PATH, a bare absolute path, tcp:// and http://HOST[:2375], ssh://[USER@]HOST[:PORT]; else
/// bad_request with what to write instead.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view url);

/// What finding depends on, so that tests can give their own.
struct Surroundings {
  std::map<std::string, std::string> env;  ///< of DOCKER_*, XDG_RUNTIME_DIR
  std::filesystem::path home;
  unsigned uid = 0;
  std::filesystem::path root = "/";  ///< the usual sockets are looked up below it

  /// $DOCKER_CONFIG or ~/.docker.
  [[nodiscard]] std::filesystem::path docker_config_dir() const;
  [[nodiscard]] std::string get(const std::string& name) const;
};
[[nodiscard]] Surroundings surroundings_of_process();

/// The sockets tried when nothing names an engine, in order.
[[nodiscard]] std::vector<std::filesystem::path> usual_sockets(const Surroundings& around);
[[nodiscard]] Result<Endpoint> find_endpoint(const Surroundings& around);

}  // namespace skiff::docker
