// Credentials for pulling, as the docker command keeps them: config.json and its helpers, to X-Registry-Auth.
//
// Order for a registry: `credHelpers` (a helper for that registry), `credsStore` (one for all), `auths` (in
// the file). Helpers are programs docker-credential-NAME that get the registry on stdin. Docker Hub's key is
// https://index.docker.io/v1/ everywhere.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "docker/error.h"

namespace skiff::docker {

struct Credentials {
  std::string username;
  std::string password;
  std::string identity_token;  ///< instead of both (a helper answers with the user name "<token>")
  std::string server;          ///< the key they were found under
  bool operator==(const Credentials&) const = default;
};

/// An image reference taken apart; `tag` is "latest" where neither tag nor digest was given.
struct ImageName {
  std::string registry;    ///< "docker.io", "ghcr.io", "localhost:5000"
  std::string repository;  ///< with the registry, as the user wrote it: what `fromImage` wants
  std::string tag;         ///< or the digest "sha256:…": what `tag` wants
};
[[nodiscard]] ImageName parse_image(std::string_view reference);

/// The registry's key in config.json.
[[nodiscard]] std::string auth_key(const std::string& registry);
/// What the text of a config.json (or of a Kubernetes .dockerconfigjson) holds under `auths`.
[[nodiscard]] std::optional<Credentials> credentials_in(std::string_view config_json,
                                                        const std::string& registry);
/// Asks files and helpers; blocks while a helper runs. Nothing found is no error; a helper that does not run
/// is one.
[[nodiscard]] Result<std::optional<Credentials>> find_credentials(const std::filesystem::path& config_dir,
                                                                  const std::string& registry);
/// The JSON that X-Registry-Auth carries, before base64url.
[[nodiscard]] std::string auth_json(const Credentials& credentials);

}  // namespace skiff::docker
