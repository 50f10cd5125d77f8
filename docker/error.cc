// Names and sentences of the room's errors.
#include "docker/error.h"

#include <array>

namespace skiff::docker {

std::string_view to_string(ErrorKind kind) {
  static constexpr std::array<std::string_view, 12> kNames = {
      "not_found", "conflict", "bad_request", "unauthorized", "unsupported", "server",
      "version",   "protocol", "unreachable", "timeout",      "cancelled",   "local"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string Error::text() const {
  std::string said = message.empty() ? std::string(to_string(kind)) : message;
  return asked.empty() ? said : "cannot " + asked + ": " + said;
}

}  // namespace skiff::docker
