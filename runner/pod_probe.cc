#include "runner/pod_probe.h"

#include <algorithm>
#include <charconv>

#include "runner/engine_calls.h"

namespace skiff::runner {
namespace {

constexpr std::size_t kKeep = 16 * 1024;

std::chrono::milliseconds seconds(const Json& probe, std::string_view field, int fallback) {
  return std::chrono::seconds(std::max<std::int64_t>(probe.get_int(field).value_or(fallback), 0));
}

/// A number, or the name of one of the container's ports; 0 if it is neither.
int port_of(const Json& port, const Json& container) {
  if (const auto n = port.as_int64()) return static_cast<int>(*n);
  if (!port.is_string()) return 0;
  const std::string& text = port.as_string();
  int n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error == std::errc() && end == text.data() + text.size()) return n;
  for (const Json& p : container.get_array("ports")) {
    if (p.get_string("name") == text) return static_cast<int>(p.get_int("containerPort").value_or(0));
  }
  return 0;
}

std::string http_request(const Json& get, const std::string& host, int port) {
  std::string path = get.get_string("path", "/");
  if (!path.starts_with('/')) path.insert(0, "/");
  std::string text = "GET " + path + " HTTP/1.1\r\n";
  bool has_host = false;
  for (const Json& h : get.get_array("httpHeaders")) {
    text += h.get_string("name") + ": " + h.get_string("value") + "\r\n";
    has_host = has_host || h.get_string("name") == "Host";
  }
  if (!has_host) text += "Host: " + host + ":" + std::to_string(port) + "\r\n";
  return text + "User-Agent: kube-probe/skiff\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

/// "HTTP/1.1 204 No Content" → 204.
int status_of(const std::string& answer) {
  if (!answer.starts_with("HTTP/1.") || answer.size() < 12) return 0;
  int status = 0;
  std::from_chars(answer.data() + 9, answer.data() + 12, status);
  return status;
}

Task<bool> try_exec(PodServices& services, ProbeTarget target, Json exec) {
  docker::ExecSpec spec;
  for (const Json& word : exec.get_array("command"))
    spec.cmd.push_back(word.is_string() ? word.as_string() : "");
  auto result = co_await docker::run_exec(services.engine, target.container_id, spec, kKeep);
  if (!result.ok() && means_away(result.error())) throw EngineAway(result.error());
  co_return result.ok() && result->exit_code == 0;
}

}  // namespace

ProbeTimes times_of(const Json& probe) {
  ProbeTimes t;
  t.initial_delay = seconds(probe, "initialDelaySeconds", 0);
  t.period =
      std::max<std::chrono::milliseconds>(seconds(probe, "periodSeconds", 10), std::chrono::seconds(1));
  t.timeout =
      std::max<std::chrono::milliseconds>(seconds(probe, "timeoutSeconds", 1), std::chrono::seconds(1));
  t.failures = static_cast<int>(std::max<std::int64_t>(probe.get_int("failureThreshold").value_or(3), 1));
  t.successes = static_cast<int>(std::max<std::int64_t>(probe.get_int("successThreshold").value_or(1), 1));
  return t;
}

Task<bool> try_probe(PodServices& services, ProbeTarget target, Json action,
                     std::chrono::milliseconds timeout) {
  if (action.get("exec").is_object()) co_return co_await try_exec(services, target, action.get("exec"));
  const Json& get = action.get("httpGet");
  const Json& how = get.is_object()                       ? get
                    : action.get("tcpSocket").is_object() ? action.get("tcpSocket")
                                                          : action.get("grpc");
  const int port = port_of(how.get("port"), target.container);
  std::string host = how.get_string("host");
  if (host.empty()) host = target.address.ip;
  if (port == 0 || target.address.sandbox_id.empty()) co_return false;
  // TLS inside the pod is not ours to check: that somebody listens has to do.
  const bool http = get.is_object() && get.get_string("scheme", "HTTP") == "HTTP";
  std::vector<std::string> args;
  args.emplace_back(http ? "talk" : "tcp");
  args.push_back(host);
  args.push_back(std::to_string(port));
  args.push_back(std::to_string(timeout.count()));
  if (http) args.push_back(http_request(get, host, port));
  const auto result = co_await services.sandboxes.run_tool(target.address.sandbox_id, args);
  if (!http) co_return result.exit_code == 0;
  const int status = status_of(result.out);
  co_return status >= 200 && status < 400;
}

Task<void> until_ready(PodServices& services, ProbeTarget target, Json probe) {
  const ProbeTimes times = times_of(probe);
  co_await sleep_for(times.initial_delay);
  for (int good = 0;;) {
    const bool ok = co_await try_probe(services, target, probe, times.timeout);
    good = ok ? good + 1 : 0;
    if (good >= times.successes) co_return;
    co_await sleep_for(times.period);
  }
}

Task<bool> until_started(PodServices& services, ProbeTarget target, Json probe) {
  if (!probe.is_object()) co_return true;
  const ProbeTimes times = times_of(probe);
  co_await sleep_for(times.initial_delay);
  for (int bad = 0; bad < times.failures; ++bad) {
    if (bad > 0) co_await sleep_for(times.period);
    const bool ok = co_await try_probe(services, target, probe, times.timeout);
    if (ok) co_return true;
  }
  co_return false;
}

Task<void> until_unhealthy(PodServices& services, ProbeTarget target, Json probe) {
  const ProbeTimes times = times_of(probe);
  co_await sleep_for(times.initial_delay);
  for (int bad = 0;;) {
    const bool ok = co_await try_probe(services, target, probe, times.timeout);
    bad = ok ? 0 : bad + 1;
    if (bad >= times.failures) co_return;
    co_await sleep_for(times.period);
  }
}

}  // namespace skiff::runner
