// config.json, credential helpers, image references.
#include "docker/auth.h"

#include <fstream>
#include <iterator>

#include "docker/base64.h"
#include "docker/subprocess.h"
#include "docker/wire_json.h"

namespace skiff::docker {
namespace {

constexpr std::string_view kHub = "docker.io";
constexpr const char* kHubKey = "https://index.docker.io/v1/";
constexpr auto kHelperLimit = std::chrono::seconds(60);

/// "https://ghcr.io/v1/" → "ghcr.io": old files keep whole URLs.
std::string_view host_of(std::string_view key) {
  if (const std::size_t scheme = key.find("://"); scheme != std::string_view::npos)
    key.remove_prefix(scheme + 3);
  return key.substr(0, key.find('/'));
}

std::optional<Credentials> entry_credentials(const JsonValue& entry, const std::string& key) {
  Credentials c;
  c.server = key;
  c.identity_token = read::string(entry, "identitytoken");
  c.username = read::string(entry, "username");
  c.password = read::string(entry, "password");
  const std::optional<std::string> pair = base64_decode(read::string(entry, "auth"));
  if (const std::size_t colon = pair ? pair->find(':') : std::string::npos; colon != std::string::npos) {
    c.username = pair->substr(0, colon);
    c.password = pair->substr(colon + 1);
    while (!c.password.empty() && c.password.back() == '\0') c.password.pop_back();
  }
  if (c.username.empty() && c.identity_token.empty()) return std::nullopt;
  return c;
}

std::optional<Credentials> from_auths(const JsonValue& config, const std::string& registry) {
  const std::string key = auth_key(registry);
  const JsonValue& auths = read::member(config, "auths");
  if (auto exact = entry_credentials(read::member(auths, key.c_str()), key)) return exact;
  for (const std::string& name : read::keys(config, "auths"))
    if (host_of(name) == host_of(key))
      if (auto found = entry_credentials(read::member(auths, name.c_str()), key)) return found;
  return std::nullopt;
}

Result<std::optional<Credentials>> ask_helper(const std::string& name, const std::string& key) {
  const std::string program = "docker-credential-" + name;
  const Result<ProcessEnd> end = run_process({program, "get"}, key, kHelperLimit);
  if (!end) return end.error();
  if (end->status != 0) {
    // The helpers' protocol says "not found" in words, on stdout.
    if (end->out.find("credentials not found") != std::string::npos) return std::optional<Credentials>();
    Error e;
    e.kind = ErrorKind::local;
    e.asked = "get credentials for " + key + " from " + program;
    e.message = "it ended with status " + std::to_string(end->status) + ": " + end->out + end->err;
    return e;
  }
  rapidjson::Document d;
  if (!read::parse(end->out, d) || !d.IsObject()) {
    Error e;
    e.kind = ErrorKind::local;
    e.asked = "get credentials for " + key + " from " + program;
    e.message = "its answer is no JSON object";
    return e;
  }
  Credentials c;
  c.server = key;
  c.username = read::string(d, "Username");
  c.password = read::string(d, "Secret");
  if (c.username == "<token>") {
    c.identity_token = c.password;
    c.username.clear();
    c.password.clear();
  }
  return std::optional<Credentials>(c);
}

}  // namespace

ImageName parse_image(std::string_view reference) {
  ImageName name;
  const std::size_t slash = reference.find('/');
  const std::string_view first =
      slash == std::string_view::npos ? std::string_view() : reference.substr(0, slash);
  const bool has_registry = first.find('.') != std::string_view::npos ||
                            first.find(':') != std::string_view::npos || first == "localhost";
  name.registry = has_registry ? first : kHub;
  if (name.registry == "index.docker.io") name.registry = kHub;
  const std::size_t at = reference.find('@');
  std::string_view rest = reference.substr(0, at);
  const std::size_t last = rest.rfind('/');
  const std::size_t colon = rest.find(':', last == std::string_view::npos ? 0 : last);
  name.repository = rest.substr(0, colon);
  name.tag = at != std::string_view::npos      ? reference.substr(at + 1)
             : colon != std::string_view::npos ? rest.substr(colon + 1)
                                               : std::string_view("latest");
  if (name.tag.empty()) name.tag = "latest";
  return name;
}

std::string auth_key(const std::string& registry) { return registry == kHub ? kHubKey : registry; }

std::optional<Credentials> credentials_in(std::string_view config_json, const std::string& registry) {
  rapidjson::Document d;
  if (!read::parse(config_json, d)) return std::nullopt;
  return from_auths(d, registry);
}

Result<std::optional<Credentials>> find_credentials(const std::filesystem::path& config_dir,
                                                    const std::string& registry) {
  std::ifstream in(config_dir / "config.json", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  rapidjson::Document d;
  if (text.empty() || !read::parse(text, d)) return std::optional<Credentials>();
  const std::string key = auth_key(registry);
  const JsonValue& helpers = read::member(d, "credHelpers");
  std::string helper = read::string(helpers, key.c_str());
  if (helper.empty()) helper = read::string(helpers, registry.c_str());
  if (helper.empty()) helper = read::string(d, "credsStore");
  if (!helper.empty()) {
    Result<std::optional<Credentials>> found = ask_helper(helper, key);
    if (!found || found->has_value()) return found;
  }
  return from_auths(d, registry);
}

std::string auth_json(const Credentials& c) {
  JsonText w;
  w.begin().string("username", c.username).string("password", c.password);
  return w.string("identitytoken", c.identity_token).string("serveraddress", c.server).end().str();
}

}  // namespace skiff::docker
