// How the runner reads an engine's answers: a value, an error of the step, or an engine that is away.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "docker/error.h"

namespace skiff::runner {

/// The engine does not answer (or its answer was cut short): nothing is known of what was asked. Whoever
/// catches this waits for the engine and reconciles by names.
class EngineAway : public std::runtime_error {
 public:
  explicit EngineAway(const docker::Error& error) : std::runtime_error(error.text()) {}
};

/// The pod cannot go on; the text becomes the node's message, phase Error.
class PodError : public std::runtime_error {
 public:
  explicit PodError(const std::string& message, bool transient = false)
      : std::runtime_error(message), transient_(transient) {}
  [[nodiscard]] bool transient() const { return transient_; }

 private:
  bool transient_;
};

[[nodiscard]] inline bool means_away(const docker::Error& error) {
  using docker::ErrorKind;
  return error.kind == ErrorKind::unreachable || error.kind == ErrorKind::timeout ||
         error.kind == ErrorKind::protocol;
}

/// Throws EngineAway or docker::EngineFailure if there is no value.
template <class T>
[[nodiscard]] T need(docker::Result<T> result) {
  if (!result.ok() && means_away(result.error())) throw EngineAway(result.error());
  return std::move(result).value();
}
inline void need(const docker::Result<void>& result) {
  if (!result.ok() && means_away(result.error())) throw EngineAway(result.error());
  result.value();
}

}  // namespace skiff::runner
