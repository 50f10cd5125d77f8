#include "spec/status.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <charconv>

namespace skiff::spec {
namespace {

constexpr std::array<std::string_view, 8> kPhases{"",        "Pending", "Running", "Succeeded",
                                                  "Skipped", "Failed",  "Error",   "Omitted"};
constexpr std::array<std::string_view, 11> kTypes{"Pod",     "Container", "Steps", "StepGroup",
                                                  "DAG",     "TaskGroup", "Retry", "Skipped",
                                                  "Suspend", "HTTP",      "Plugin"};

void set_text(Json& j, const char* key, const std::string& value) {
  if (!value.empty()) j.set(key, value);
}

void set_time(Json& j, const char* key, const std::optional<TimePoint>& t) {
  if (t)
    j.set(key, to_rfc3339(*t));
  else
    j.set(key, nullptr);
}

void set_list(Json& j, const char* key, const std::vector<std::string>& list) {
  if (list.empty()) return;
  Json out = Json::array();
  for (const auto& s : list) out.push_back(s);
  j.set(key, std::move(out));
}

std::vector<std::string> read_list(const Json& j, std::string_view key) {
  std::vector<std::string> out;
  for (const Json& e : j.get_array(key)) {
    if (e.is_string()) out.push_back(e.as_string());
  }
  return out;
}

std::optional<TimePoint> read_time(const Json& j, std::string_view key) {
  // 2026-01-31T23:59:59Z, as they are written; ten thousand nodes have twenty thousand of them.
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
  const Json* value = j.find(key);
  if (value == nullptr || !value->is_string() || value->as_string().size() < kForm.size())
    return std::nullopt;
  const std::string& s = value->as_string();
  std::array<int, 6> parts{};
  std::size_t part = 0;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = s[i] >= '0' && s[i] <= '9';
    if (digit != (kForm[i] == 'd') || (!digit && s[i] != kForm[i])) return std::nullopt;
    if (digit) {
      parts[part] = 10 * parts[part] + (s[i] - '0');
    } else {
      ++part;
    }
  }
  const std::chrono::year_month_day date{std::chrono::year(parts[0]),
                                         std::chrono::month(static_cast<unsigned>(parts[1])),
                                         std::chrono::day(static_cast<unsigned>(parts[2]))};
  if (!date.ok()) return std::nullopt;
  return TimePoint(std::chrono::sys_days(date)) + std::chrono::hours(parts[3]) +
         std::chrono::minutes(parts[4]) + std::chrono::seconds(parts[5]);
}

}  // namespace

std::string_view to_string(Phase phase) { return kPhases[static_cast<std::size_t>(phase)]; }

Phase phase_from(std::string_view name) {
  for (std::size_t i = 0; i < kPhases.size(); ++i) {
    if (kPhases[i] == name) return static_cast<Phase>(i);
  }
  return Phase::none;
}

bool completed(Phase phase) { return phase >= Phase::succeeded; }
bool failed_or_error(Phase phase) { return phase == Phase::failed || phase == Phase::error; }

std::string_view to_string(NodeType type) { return kTypes[static_cast<std::size_t>(type)]; }

std::optional<NodeType> node_type_from(std::string_view name) {
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i] == name) return static_cast<NodeType>(i);
  }
  return std::nullopt;
}

std::string to_rfc3339(TimePoint t) {
  return fmt::format(
      "{:%Y-%m-%dT%H:%M:%SZ}",
      fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(t))));
}

Json to_json(const NodeStatus& n) {
  Json j = Json::object();
  j.set("id", n.id);
  j.set("name", n.name);
  j.set("displayName", n.display_name);
  j.set("type", to_string(n.type));
  set_text(j, "templateName", n.template_name);
  if (!n.template_ref.is_null()) j.set("templateRef", n.template_ref);
  set_text(j, "templateScope", n.template_scope);
  if (n.phase != Phase::none) j.set("phase", to_string(n.phase));
  set_text(j, "boundaryID", n.boundary_id);
  set_text(j, "message", n.message);
  set_time(j, "startedAt", n.started_at);
  set_time(j, "finishedAt", n.finished_at);
  set_text(j, "progress", n.progress);
  set_text(j, "podIP", n.pod_ip);
  set_text(j, "hostNodeName", n.host_node_name);
  if (n.daemoned) j.set("daemoned", true);
  if (!n.inputs.is_null()) j.set("inputs", n.inputs);
  if (!n.outputs.is_null()) j.set("outputs", n.outputs);
  set_list(j, "children", n.children);
  set_list(j, "outboundNodes", n.outbound_nodes);
  if (n.node_flag) {
    Json flag = Json::object();
    if (n.node_flag->hooked) flag.set("hooked", true);
    if (n.node_flag->retried) flag.set("retried", true);
    j.set("nodeFlag", std::move(flag));
  }
  if (n.memoization) {
    Json m = Json::object();
    m.set("hit", n.memoization->hit);
    m.set("key", n.memoization->key);
    m.set("cacheName", n.memoization->cache_name);
    j.set("memoizationStatus", std::move(m));
  }
  if (!n.waiting_lock.empty()) {
    Json s = Json::object();
    s.set("waiting", n.waiting_lock);
    j.set("synchronizationStatus", std::move(s));
  }
  return j;
}

NodeStatus node_status_from(const Json& j) {
  NodeStatus n;
  n.id = j.get_string("id");
  n.name = j.get_string("name");
  n.display_name = j.get_string("displayName");
  n.type = node_type_from(j.get_string("type")).value_or(NodeType::pod);
  n.template_name = j.get_string("templateName");
  n.template_ref = j.get("templateRef");
  n.template_scope = j.get_string("templateScope");
  n.phase = phase_from(j.get_string("phase"));
  n.boundary_id = j.get_string("boundaryID");
  n.message = j.get_string("message");
  n.started_at = read_time(j, "startedAt");
  n.finished_at = read_time(j, "finishedAt");
  n.progress = j.get_string("progress");
  n.pod_ip = j.get_string("podIP");
  n.host_node_name = j.get_string("hostNodeName");
  n.daemoned = j.get_bool("daemoned");
  n.inputs = j.get("inputs");
  n.outputs = j.get("outputs");
  n.children = read_list(j, "children");
  n.outbound_nodes = read_list(j, "outboundNodes");
  if (const Json* f = j.find("nodeFlag"))
    n.node_flag = NodeFlag{f->get_bool("hooked"), f->get_bool("retried")};
  if (const Json* m = j.find("memoizationStatus")) {
    n.memoization = MemoizationStatus{m->get_bool("hit"), m->get_string("key"), m->get_string("cacheName")};
  }
  if (const Json* s = j.find("synchronizationStatus")) n.waiting_lock = s->get_string("waiting");
  return n;
}

}  // namespace skiff::spec
