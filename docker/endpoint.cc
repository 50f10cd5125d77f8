// Environment, contexts, usual sockets.
#include "docker/endpoint.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "docker/wire_json.h"

namespace skiff::docker {
namespace {

namespace fs = std::filesystem;

Error problem(ErrorKind kind, std::string message) {
  Error e;
  e.kind = kind;
  e.message = std::move(message);
  e.asked = "find a Docker engine";
  return e;
}

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// "" if something accepts connections there, else why not.
std::string try_socket(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) return "path too long for a socket";
  path.native().copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::strerror(errno);
  const int rc = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int why = errno;
  ::close(fd);
  return rc == 0 ? std::string() : std::strerror(why);
}

/// host, host:port, [v6]:port.
void split_host(std::string_view text, Endpoint& e) {
  const std::size_t bracket = text.find(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  e.host = text.substr(0, colon);
  if (colon != std::string_view::npos) e.port = text.substr(colon + 1);
  if (e.host.size() > 2 && e.host.front() == '[') e.host = e.host.substr(1, e.host.size() - 2);
}

bool strip(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// The context's docker endpoint; contexts lie under meta/<hash of the name>/meta.json and carry their name.
Result<Endpoint> from_context(const Surroundings& around, const std::string& name) {
  const fs::path meta = around.docker_config_dir() / "contexts" / "meta";
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(meta, ec)) {
    rapidjson::Document d;
    if (!read::parse(slurp(entry.path() / "meta.json"), d) || read::string(d, "Name") != name) continue;
    const JsonValue& docker = read::member(read::member(d, "Endpoints"), "docker");
    Result<Endpoint> found = parse_endpoint(read::string(docker, "Host"));
    if (found) found->source = "context " + name;
    return found;
  }
  return problem(
      ErrorKind::not_found,
      fmt::format("there is no docker context \"{}\" in {}; `docker context ls` shows those that are, "
                  "`docker context use default` goes back to the local engine",
                  name, meta.string()));
}

/// The context that the user chose, "" for none; "default" is no context at all.
std::string chosen_context(const Surroundings& around) {
  std::string name = around.get("DOCKER_CONTEXT");
  rapidjson::Document d;
  if (name.empty() && read::parse(slurp(around.docker_config_dir() / "config.json"), d))
    name = read::string(d, "currentContext");
  return name == "default" ? std::string() : name;
}

Result<Endpoint> first_that_answers(const Surroundings& around) {
  std::string tried;
  for (const fs::path& path : usual_sockets(around)) {
    const std::string why = try_socket(path);
    if (why.empty()) {
      Endpoint e;
      e.path = path;
      e.source = "found";
      return e;
    }
    tried += fmt::format("\n  {}: {}", path.string(), why);
    if (why == std::strerror(EACCES)) tried += " (`sudo usermod -aG docker $USER`, then log in again)";
  }
  return problem(ErrorKind::unreachable,
                 "none answers. Tried DOCKER_HOST and the docker context (not set), then" + tried +
                     "\nStart one (`sudo systemctl start docker`), or say where it is: `export "
                     "DOCKER_HOST=unix:///path/to/docker.sock`");
}

}  // namespace

std::string Endpoint::text() const {
  const std::string at = port.empty() ? "" : ":" + port;
  switch (transport) {
    case Transport::unix_socket:
      return "unix://" + path;
    case Transport::tcp:
      return "tcp://" + (host.find(':') == std::string::npos ? host : "[" + host + "]") + at;
    case Transport::ssh:
      return "ssh://" + host + at;
  }
  return path;
}

Result<Endpoint> parse_endpoint(std::string_view url) {
  Endpoint e;
  std::string_view rest = url;
  if (strip(rest, "unix://") || (!rest.empty() && rest.front() == '/')) {
    e.path = rest;
  } else if (strip(rest, "tcp://") || strip(rest, "http://")) {
    e.transport = Transport::tcp;
    split_host(rest.substr(0, rest.find('/')), e);
    if (e.port.empty()) e.port = "2375";
  } else if (strip(rest, "ssh://")) {
    e.transport = Transport::ssh;
    split_host(rest.substr(0, rest.find('/')), e);
  } else {
    return problem(ErrorKind::bad_request,
                   fmt::format("\"{}\" is no address of an engine that can be used here; write unix:///path, "
                               "tcp://host:port or ssh://user@host",
                               url));
  }
  const bool empty =
      e.transport == Transport::unix_socket ? e.path.empty() : e.host.empty() || e.host[0] == '-';
  if (empty) return problem(ErrorKind::bad_request, fmt::format("\"{}\" names no engine", url));
  return e;
}

fs::path Surroundings::docker_config_dir() const {
  const std::string named = get("DOCKER_CONFIG");
  return named.empty() ? home / ".docker" : fs::path(named);
}

std::string Surroundings::get(const std::string& name) const {
  const auto it = env.find(name);
  return it == env.end() ? std::string() : it->second;
}

Surroundings surroundings_of_process() {
  Surroundings around;
  for (const char* name :
       {"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "XDG_RUNTIME_DIR"})
    if (const char* value = std::getenv(name)) around.env[name] = value;
  if (const char* home = std::getenv("HOME")) around.home = home;
  around.uid = ::getuid();
  return around;
}

std::vector<fs::path> usual_sockets(const Surroundings& around) {
  const std::string named = around.get("XDG_RUNTIME_DIR");
  const fs::path run =
      named.empty() ? around.root / "run/user" / std::to_string(around.uid) : fs::path(named);
  return {around.root / "var/run/docker.sock",
          run / "docker.sock",
          around.home / ".docker/run/docker.sock",
          around.home / ".docker/desktop/docker.sock",
          run / "podman/podman.sock",
          around.root / "run/podman/podman.sock"};
}

Result<Endpoint> find_endpoint(const Surroundings& around) {
  if (const std::string named = around.get("DOCKER_HOST"); !named.empty()) {
    Result<Endpoint> found = parse_endpoint(named);
    if (!found) return found;
    found->source = "DOCKER_HOST";
    const bool tls = !around.get("DOCKER_TLS_VERIFY").empty() && found->transport == Transport::tcp;
    if (tls)
      return problem(ErrorKind::unsupported,
                     "DOCKER_TLS_VERIFY is set, and TLS to an engine is not supported; use "
                     "DOCKER_HOST=ssh://user@host, or a local socket");
    return found;
  }
  if (const std::string context = chosen_context(around); !context.empty())
    return from_context(around, context);
  return first_that_answers(around);
}

}  // namespace skiff::docker
