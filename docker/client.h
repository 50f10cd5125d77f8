// The way in: an Engine (engine.h) that talks to a real Docker or Podman.
//
//   const Result<Endpoint> where = find_endpoint(surroundings_of_process());
//   const std::unique_ptr<Engine> engine = make_client(where.value(), ClientOptions());
//   const Result<void> there = co_await engine->ping();
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "docker/endpoint.h"
#include "docker/engine.h"

namespace skiff::docker {

/// What this client can speak: Docker 19.03 to 29, Podman 3 to 6.
inline constexpr ApiVersion kOldestApi{1, 40};
inline constexpr ApiVersion kNewestApi{1, 55};

struct ClientOptions {
  ClientOptions() = default;
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds call_timeout = std::chrono::seconds(60);  ///< inspect, list, kill …
  std::chrono::milliseconds slow_timeout =
      std::chrono::minutes(15);  ///< create, start, remove; stop on top of grace
  /// Where docker's config.json with the credentials lies; empty = no credentials.
  std::filesystem::path docker_config_dir;
};

/// Does not connect yet. The engine's executor-free: every call runs on its caller's executor, a shared pull
/// on that of whoever asked first (it must outlive the pull). Destroy it only after all calls and streams are
/// over.
[[nodiscard]] std::unique_ptr<Engine> make_client(Endpoint endpoint, ClientOptions options);

}  // namespace skiff::docker
