// Events to the payload that the journal keeps, and back. Absent members read as their defaults, so that an
// older journal can be replayed.
#include "runner/core/event.h"

namespace skiff::runner {
namespace {

template <class... F>
struct Overload : F... {
  using F::operator()...;
};
template <class... F>
Overload(F...) -> Overload<F...>;

/// A JSON object that leaves out what is empty.
class Payload {
 public:
  Payload& text(const char* key, const std::string& value) {
    if (!value.empty()) json_.set(key, value);
    return *this;
  }
  Payload& json(const char* key, const Json& value) {
    if (!value.is_null()) json_.set(key, value);
    return *this;
  }
  Payload& flag(const char* key, bool value) {
    if (value) json_.set(key, true);
    return *this;
  }
  Payload& number(const char* key, std::optional<int> value) {
    if (value) json_.set(key, *value);
    return *this;
  }
  Payload& phase(Phase value) { return text("phase", std::string(spec::to_string(value))); }
  operator Json() { return std::move(json_); }

 private:
  Json json_ = Json::object();
};

std::optional<int> int_at(const Json& j, std::string_view key) {
  const auto n = j.get_int(key);
  return n ? std::optional(static_cast<int>(*n)) : std::nullopt;
}

Json pairs_json(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json out;
  for (const auto& [name, value] : pairs) {
    Json pair = Json::array();
    pair.push_back(name);
    pair.push_back(value);
    out.push_back(std::move(pair));
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> pairs_at(const Json& j, std::string_view key) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Json& pair : j.get_array(key)) {
    if (!pair.is_array() || pair.size() != 2) continue;
    const Json::Array& both = pair.as_array();
    if (both[0].is_string() && both[1].is_string())
      out.emplace_back(both[0].as_string(), both[1].as_string());
  }
  return out;
}

PodDone pod_done_from(const Json& j) {
  PodDone e;
  e.node_id = j.get_string("node");
  e.phase = spec::phase_from(j.get_string("phase"));
  e.message = j.get_string("message");
  e.exit_code = int_at(j, "exitCode");
  e.outputs = j.get("outputs");
  e.transient = j.get_bool("transient");
  e.refused = j.get_bool("refused");
  return e;
}

std::optional<Event> pod_event_from(std::string_view kind, const Json& j) {
  const std::string node = j.get_string("node");
  if (kind == "PodPending") return PodPending{node, j.get_string("message")};
  if (kind == "PodRunning") return PodRunning{node, j.get_string("ip"), j.get_string("host")};
  if (kind == "PodReady") return PodReady{node, j.get_string("ip")};
  if (kind == "PodProgress") return PodProgress{node, j.get_string("progress")};
  if (kind == "PodDone") return pod_done_from(j);
  if (kind == "ContainerChanged") {
    return ContainerChanged{node, j.get_string("container"), spec::phase_from(j.get_string("phase")),
                            j.get_string("message"), int_at(j, "exitCode")};
  }
  if (kind == "MemoAnswer") return MemoAnswer{node, j.get_bool("hit"), j.get("outputs")};
  return std::nullopt;
}

std::optional<Event> command_from(std::string_view kind, const Json& j) {
  const std::string selector = j.get_string("selector");
  if (kind == "Suspend") return Suspend{};
  if (kind == "Terminate") return Terminate{};
  if (kind == "Resume") return Resume{selector, j.get("outputParameters"), j.get_string("message")};
  if (kind == "Stop") return Stop{selector, j.get_string("message")};
  if (kind == "SetNodes") {
    return SetNodes{selector, j.get_string("phase"), j.get_string("message"), j.get("outputParameters")};
  }
  if (kind == "RetryWorkflow") {
    return RetryWorkflow{j.get_bool("restartSuccessful"), selector, pairs_at(j, "parameters")};
  }
  return std::nullopt;
}

}  // namespace

std::string_view kind_of(const Event& event) {
  static constexpr std::string_view kNames[] = {
      "Begin",   "PodPending", "PodRunning",   "PodReady",     "PodProgress",  "ContainerChanged",
      "PodDone", "TimerFired", "LocksGranted", "LocksWaiting", "LocksRefused", "MemoAnswer",
      "Suspend", "Resume",     "Stop",         "Terminate",    "SetNodes",     "RetryWorkflow"};
  static_assert(std::size(kNames) == std::variant_size_v<Event>);
  return kNames[event.index()];
}

Json to_json(const Event& event) {
  const Overload visit{
      [](const PodPending& e) -> Json {
        return Payload().text("node", e.node_id).text("message", e.message);
      },
      [](const PodRunning& e) -> Json {
        return Payload().text("node", e.node_id).text("ip", e.pod_ip).text("host", e.host_node_name);
      },
      [](const PodReady& e) -> Json { return Payload().text("node", e.node_id).text("ip", e.pod_ip); },
      [](const PodProgress& e) -> Json {
        return Payload().text("node", e.node_id).text("progress", e.progress);
      },
      [](const ContainerChanged& e) -> Json {
        return Payload()
            .text("node", e.node_id)
            .text("container", e.container)
            .phase(e.phase)
            .text("message", e.message)
            .number("exitCode", e.exit_code);
      },
      [](const PodDone& e) -> Json {
        return Payload()
            .text("node", e.node_id)
            .phase(e.phase)
            .text("message", e.message)
            .number("exitCode", e.exit_code)
            .json("outputs", e.outputs)
            .flag("transient", e.transient)
            .flag("refused", e.refused);
      },
      [](const LocksGranted& e) -> Json { return Payload().text("holder", e.holder); },
      [](const LocksWaiting& e) -> Json {
        return Payload().text("holder", e.holder).text("message", e.message).text("lock", e.lock);
      },
      [](const LocksRefused& e) -> Json {
        return Payload().text("holder", e.holder).text("message", e.message);
      },
      [](const MemoAnswer& e) -> Json {
        return Payload().text("node", e.node_id).flag("hit", e.hit).json("outputs", e.outputs);
      },
      [](const Resume& e) -> Json {
        return Payload()
            .text("selector", e.selector)
            .json("outputParameters", e.output_parameters)
            .text("message", e.message);
      },
      [](const Stop& e) -> Json { return Payload().text("selector", e.selector).text("message", e.message); },
      [](const SetNodes& e) -> Json {
        return Payload()
            .text("selector", e.selector)
            .text("phase", e.phase)
            .text("message", e.message)
            .json("outputParameters", e.output_parameters);
      },
      [](const RetryWorkflow& e) -> Json {
        return Payload()
            .flag("restartSuccessful", e.restart_successful)
            .text("selector", e.selector)
            .json("parameters", pairs_json(e.parameters));
      },
      [](const auto&) -> Json { return Json::object(); },
  };
  return std::visit(visit, event);
}

std::optional<Event> event_from(std::string_view kind, const Json& payload) {
  if (kind == "Begin") return Begin{};
  if (kind == "TimerFired") return TimerFired{};
  const std::string holder = payload.get_string("holder");
  if (kind == "LocksGranted") return LocksGranted{holder};
  if (kind == "LocksWaiting") {
    return LocksWaiting{holder, payload.get_string("message"), payload.get_string("lock")};
  }
  if (kind == "LocksRefused") return LocksRefused{holder, payload.get_string("message")};
  if (auto event = pod_event_from(kind, payload)) return event;
  return command_from(kind, payload);
}

}  // namespace skiff::runner
