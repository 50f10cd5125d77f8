// What a pod took of the machine, as Argo counts it: requests times running time (util/resource/duration.go).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "spec/json.h"

namespace skiff::runner {

/// Seconds by resource; a second of memory is one of 100Mi, of ephemeral-storage one of 10Gi.
using ResourceSeconds = std::map<std::string, std::int64_t>;
/// What a second of a pod costs, in thousandths of those.
using ResourceCost = std::map<std::string, std::int64_t>;

/// The cost of all containers of a template; empty where it has none.
[[nodiscard]] ResourceCost cost_of(const spec::Json& tmpl);
/// Of an empty cost: as for one container that asks for nothing.
[[nodiscard]] ResourceSeconds resource_seconds(const ResourceCost& cost, std::int64_t seconds);

}  // namespace skiff::runner
