#include "runner/core/resource_seconds.h"

#include <string_view>

#include "spec/units.h"

namespace skiff::runner {
using spec::Json;

namespace {

const ResourceCost& plain_container() {
  static const ResourceCost kPlain{{"cpu", 100}, {"memory", 1000}};
  return kPlain;
}

std::int64_t denominator(std::string_view resource) {
  if (resource == "memory") return std::int64_t{100} << 20;
  if (resource == "storage" || resource == "ephemeral-storage") return std::int64_t{10} << 30;
  return 1;
}

/// Requests over limits over 100m and 100Mi.
void add_container(ResourceCost& cost, const Json& container) {
  ResourceCost own = plain_container();
  for (const char* list : {"limits", "requests"}) {
    for (const auto& [name, amount] : container.get("resources").get_object(list)) {
      const auto quantity =
          spec::parse_quantity(amount.is_string() ? amount.as_string() : spec::to_json(amount));
      if (quantity) own[name] = quantity->milli() / denominator(name);
    }
  }
  for (const auto& [name, milli] : own) cost[name] += milli;
}

}  // namespace

ResourceCost cost_of(const Json& tmpl) {
  ResourceCost cost;
  for (const char* body : {"container", "script"}) {
    if (tmpl.get(body).is_object()) add_container(cost, tmpl.get(body));
  }
  for (const Json& c : tmpl.get("containerSet").get_array("containers")) add_container(cost, c);
  for (const Json& c : tmpl.get_array("sidecars")) add_container(cost, c);
  return cost;
}

ResourceSeconds resource_seconds(const ResourceCost& cost, std::int64_t seconds) {
  ResourceSeconds out;
  for (const auto& [name, milli] : cost.empty() ? plain_container() : cost)
    out[name] = milli * seconds / 1000;
  return out;
}

}  // namespace skiff::runner
