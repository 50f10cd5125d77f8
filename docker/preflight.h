// What can be known to go wrong before a container is created, and is better bent or explained than refused.
//
// Pure: a spec and what the engine says of itself go in, the adjusted spec and sentences for people come out.
// Limits of a workflow are written for larger machines than a laptop; Docker refuses what exceeds its host.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "docker/types.h"

namespace skiff::docker {

inline constexpr std::int64_t kLeastMemory = 6LL << 20;  ///< bytes; less is a 400 at create

/// Clamps memory (6 MiB at least) and CPUs (the host's at most), and drops limits that the engine cannot
/// enforce (rootless without delegation). One warning for each change.
[[nodiscard]] std::vector<std::string> fit(ContainerSpec& spec, const EngineInfo& info);
/// Turns a request for NVIDIA GPUs into what this engine honours: its runtime's, or CDI names. Nothing if
/// that is done (or none were asked for), else why the container could not start (create would succeed, start
/// fail).
[[nodiscard]] std::optional<std::string> fit_gpus(ContainerSpec& spec, const EngineInfo& info, bool podman);
/// A hint only, for a message next to an exit code: the kernel killed something in that container for memory.
[[nodiscard]] std::string memory_hint(const ContainerState& state);

}  // namespace skiff::docker
