#include "runner/images.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "runner/core/pod_objects.h"
#include "runner/engine_calls.h"

namespace skiff::runner {
namespace {

/// Adds up the layers of one pull; says something new at most five times a second.
class PullText {
 public:
  PullText(std::string image, PullNews news) : image_(std::move(image)), news_(std::move(news)) {}

  void take(const docker::PullProgress& p) {
    if (p.layer.empty() || !p.units.empty() || !p.total || p.status != "Downloading") return;
    layers_[p.layer] = {p.current, *p.total};
    const auto now = std::chrono::steady_clock::now();
    if (now - said_ < std::chrono::milliseconds(200)) return;
    said_ = now;
    std::int64_t done = 0;
    std::int64_t all = 0;
    for (const auto& [layer, sizes] : layers_) {
      done += sizes.first;
      all += sizes.second;
    }
    news_(fmt::format("Pulling image {} ({} MB of {} MB)", image_, done / 1'000'000, all / 1'000'000));
  }

 private:
  std::string image_;
  PullNews news_;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> layers_;
  std::chrono::steady_clock::time_point said_;
};

/// "https://index.docker.io/v1/" and its likes are docker.io.
std::string normal_registry(std::string key) {
  for (std::string_view scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) key.erase(0, scheme.size());
  }
  key = key.substr(0, key.find('/'));
  return key == "index.docker.io" || key == "registry-1.docker.io" ? "docker.io" : key;
}

std::string auth_entry(const Json& auths, const std::string& registry) {
  if (!auths.is_object()) return "";
  for (const auto& [key, entry] : auths.as_object()) {
    if (normal_registry(key) != registry) continue;
    Json auth = Json::object();
    auth.set("username", entry.get_string("username"));
    auth.set("password", entry.get_string("password"));
    if (const auto both = decode_base64(entry.get_string("auth"));
        both && both->find(':') != std::string::npos) {
      auth.set("username", both->substr(0, both->find(':')));
      auth.set("password", both->substr(both->find(':') + 1));
    }
    auth.set("serveraddress", key);
    return spec::to_json(auth);
  }
  return "";
}

}  // namespace

Task<docker::ImageInfo> Images::ensure(WantedImage wanted, std::string auth_json, PullNews news) {
  const bool always = wanted.policy == "Always";
  if (!always) {
    const std::scoped_lock lock(mutex_);
    if (const auto it = known_.find(wanted.reference); it != known_.end()) co_return it->second;
  }
  auto found = co_await engine_.inspect_image(wanted.reference);
  if (!found.ok() && !found.is(docker::ErrorKind::not_found)) static_cast<void>(need(found));
  if (found.ok() && !always) {
    keep(wanted.reference, *found);
    co_return std::move(*found);
  }
  if (!found.ok() && wanted.policy == "Never") {
    throw PodError("ErrImageNeverPull: container image \"" + wanted.reference +
                   "\" is not present with pull policy of Never");
  }
  std::exception_ptr refused;
  try {
    co_return co_await pull(wanted, auth_json, news);
  } catch (const PodError&) {
    refused = std::current_exception();
  }
  // Always means "the newest there is"; away from the registry that is the one which is here.
  if (!found.ok()) std::rethrow_exception(refused);
  keep(wanted.reference, *found);
  co_return std::move(*found);
}

Task<docker::ImageInfo> Images::pull(WantedImage wanted, std::string auth_json, PullNews news) {
  news("Pulling image " + wanted.reference);
  docker::PullOptions options;
  options.auth_json = std::move(auth_json);
  const auto text = std::make_shared<PullText>(wanted.reference, news);
  const docker::PullObserver observer = [text](const docker::PullProgress& p) { text->take(p); };
  const auto pulled = co_await engine_.pull(wanted.reference, options, observer);
  if (!pulled.ok()) {
    if (pulled.is(docker::ErrorKind::unreachable)) throw EngineAway(pulled.error());
    const bool transient = pulled.is(docker::ErrorKind::timeout) || pulled.is(docker::ErrorKind::server);
    throw PodError(
        "ErrImagePull: failed to pull image \"" + wanted.reference + "\": " + pulled.error().message,
        transient);
  }
  auto found = co_await engine_.inspect_image(wanted.reference);
  auto info = need(std::move(found));
  keep(wanted.reference, info);
  co_return info;
}

void Images::keep(const std::string& reference, const docker::ImageInfo& info) {
  const std::scoped_lock lock(mutex_);
  known_[reference] = info;
}

void Images::forget(const std::string& reference) {
  const std::scoped_lock lock(mutex_);
  known_.erase(reference);
}

std::string registry_of(const std::string& image) {
  const std::size_t slash = image.find('/');
  if (slash == std::string::npos) return "docker.io";
  const std::string head = image.substr(0, slash);
  const bool host = head.find_first_of(".:") != std::string::npos || head == "localhost";
  return host ? normal_registry(head) : "docker.io";
}

std::string auth_from_secrets(const std::vector<std::string>& names, const ObjectLookup& secret,
                              const std::string& image) {
  const std::string registry = registry_of(image);
  for (const std::string& name : names) {
    const auto object = secret ? secret(name) : std::nullopt;
    if (!object) continue;
    const KeyValues values = secret_values(*object);
    if (const auto it = values.find(".dockerconfigjson"); it != values.end()) {
      const auto config = spec::parse_json(it->second);
      const std::string auth = config ? auth_entry(config->get("auths"), registry) : "";
      if (!auth.empty()) return auth;
    }
    if (const auto it = values.find(".dockercfg"); it != values.end()) {
      const auto config = spec::parse_json(it->second);
      const std::string auth = config ? auth_entry(*config, registry) : "";
      if (!auth.empty()) return auth;
    }
  }
  return "";
}

}  // namespace skiff::runner
