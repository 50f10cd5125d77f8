// Streams: the changes of a workflow, Argo's workflow-events, logs. One JSON object a line, or server-sent
// events where the client asks for them.

#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <optional>

#include "runner/log_view.h"
#include "runner/reader.h"
#include "runner/routes_impl.h"
#include "spec/units.h"

namespace skiff::runner {
using boost::asio::awaitable;
using boost::asio::use_awaitable;
using spec::Json;

namespace {

bool wants_events(const HttpRequest& request) {
  const auto it = request.headers.find("accept");
  return it != request.headers.end() && it->second.find("text/event-stream") != std::string::npos;
}

/// {"result": value} in the form that was asked for.
std::string frame_text(std::string_view json, bool sse) {
  return fmt::format(R"({}{{"result":{}}}{})", sse ? "data: " : "", json, sse ? "\n\n" : "\n");
}
std::string frame(const Json& value, bool sse) { return frame_text(spec::to_json(value), sse); }

HttpReply stream_reply(bool sse, std::function<awaitable<void>(StreamWriter&)> body) {
  HttpReply reply;
  reply.content_type = sse ? "text/event-stream" : "application/json";
  reply.stream = std::move(body);
  return reply;
}

bool over(const store::WorkflowRow& row) { return row.finished_ms != 0; }

/// Our own: deltas of one workflow until it is over; `only_end`: a single one then, without nodes.
awaitable<void> send_changes(Services& s, StreamWriter& out, std::string uid, std::int64_t after,
                             bool only_end, bool sse) {
  while (true) {
    const auto row = s.journal.by_uid(uid);
    if (!row) co_return;
    const bool ended = over(*row);
    if (only_end ? ended : row->revision > after) {
      if (only_end) after = row->revision;
      const std::string text = frame_text(changes_text(s.journal, *row, after), sse);
      co_await out.write(text);
    }
    if (ended) co_return;
    after = row->revision;
    co_await s.controller.changed(uid, after, only_end);
  }
}

awaitable<HttpReply> changes(Services& s, const HttpRequest& request, const Captures& at) {
  const store::WorkflowRow row = require_workflow(s, at[0], at[1]);
  const bool sse = wants_events(request);
  const std::int64_t after = std::strtoll(request.param("after", "-1").c_str(), nullptr, 10);
  const bool only_end = request.param("only") == "end";
  co_return stream_reply(sse, [&s, uid = row.uid, after, only_end, sse](StreamWriter& out) {
    return send_changes(s, out, uid, after, only_end, sse);
  });
}

Json watch_event(std::string_view type, Json object) {
  Json j = Json::object();
  j.set("type", type);
  j.set("object", std::move(object));
  return j;
}

/// Argo's watch: whole objects of all workflows of a namespace, or of the one that the field selector names.
awaitable<void> send_watch(Services& s, StreamWriter& out, std::string ns, std::string name, bool sse) {
  std::int64_t seen = -1, told = -1;
  std::map<std::string, bool> known;
  while (true) {
    store::WorkflowFilter filter;
    if (ns != "-") filter.ns = ns;
    if (!name.empty()) filter.name = name;
    std::int64_t newest = seen;
    for (const store::WorkflowRow& row : s.journal.list(filter)) {
      newest = std::max(newest, row.revision);
      if (row.revision <= seen) continue;
      const bool old = std::exchange(known[row.uid], true);
      const std::string text =
          frame(watch_event(old ? "MODIFIED" : "ADDED", workflow_object(s.journal, row, true)), sse);
      co_await out.write(text);
    }
    // What was told is written before the list is read again; a newer change elsewhere must not end the wait.
    seen = std::max(newest, told);
    told = co_await s.controller.changed("", seen, false);
  }
}

awaitable<HttpReply> watch(Services& s, const HttpRequest& request, const Captures& at) {
  const std::string selector = request.param("listOptions.fieldSelector");
  constexpr std::string_view kPrefix = "metadata.name=";
  const std::string name = selector.starts_with(kPrefix) ? selector.substr(kPrefix.size()) : "";
  const bool sse = wants_events(request);
  co_return stream_reply(
      sse, [&s, ns = at[0], name, sse](StreamWriter& out) { return send_watch(s, out, ns, name, sse); });
}

Json entry_json(const LogEntry& e) {
  Json j = Json::object();
  j.set("content", e.content);
  j.set("podName", e.pod_name);
  j.set("nodeName", e.node_name);
  j.set("container", e.container);
  j.set("stream", e.stream == store::LogStream::out ? "stdout" : "stderr");
  j.set("timeNs", e.time_ns);
  return j;
}

/// While it is followed, looks for news each 100 ms: log files grow without the journal knowing.
awaitable<void> send_logs(Services& s, StreamWriter& out, std::string uid, LogQuery query, bool follow,
                          bool sse) {
  LogView view(s.home, s.journal, uid, std::move(query));
  const auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer pause(executor);
  while (true) {
    const auto row = s.journal.by_uid(uid);
    const bool last = !follow || !row || over(*row);
    std::vector<LogEntry> entries = view.next(last);
    while (!entries.empty()) {
      std::string text;
      for (const LogEntry& e : entries) text += frame(entry_json(e), sse);
      co_await out.write(std::move(text));
      entries = view.next(last);
    }
    if (last) co_return;
    pause.expires_after(std::chrono::milliseconds(100));
    co_await pause.async_wait(use_awaitable);
  }
}

/// A whole number of the query; nothing where it is not given.
std::optional<std::int64_t> number_of(const HttpRequest& request, const std::string& name) {
  const std::string text = request.param(name);
  if (text.empty()) return std::nullopt;
  std::int64_t n = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), n);
  if (r.ec != std::errc() || r.ptr != text.data() + text.size() || n < 0) {
    throw RequestError(400, fmt::format("{}={}: give a whole number", name, text));
  }
  return n;
}

/// From when on: our own nanoseconds, Kubernetes' sinceSeconds, or its sinceTime (as text, or as the message
/// that Argo Server's query spells out).
std::int64_t since_of(const HttpRequest& request) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  if (const auto ns = number_of(request, "skiff.sinceNs")) return *ns;
  if (const auto seconds = number_of(request, "logOptions.sinceSeconds")) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::int64_t now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    return *seconds > now_ns / kSecond ? 0 : now_ns - *seconds * kSecond;
  }
  const auto nanos = number_of(request, "logOptions.sinceTime.nanos").value_or(0);
  if (const auto seconds = number_of(request, "logOptions.sinceTime.seconds"))
    return *seconds * kSecond + nanos;
  const std::string text = request.param("logOptions.sinceTime");
  if (text.empty()) return 0;
  const auto at = spec::parse_rfc3339(text);
  if (!at) throw RequestError(400, "logOptions.sinceTime: give a time such as 2024-05-01T10:00:00Z");
  return at->time_since_epoch().count();
}

LogQuery query_of(const HttpRequest& request) {
  LogQuery q;
  q.node = request.param("podName", request.param("skiff.node"));
  q.container = request.param("logOptions.container");
  q.grep = request.param("grep");
  if (const auto tail = number_of(request, "logOptions.tailLines")) {
    q.tail = static_cast<std::uint64_t>(*tail);
  }
  q.since_ns = since_of(request);
  q.timestamps = request.param("logOptions.timestamps") == "true";
  q.previous = request.param("logOptions.previous") == "true";
  return q;
}

awaitable<HttpReply> log(Services& s, const HttpRequest& request, const Captures& at) {
  const store::WorkflowRow row = require_workflow(s, at[0], at[1]);
  LogQuery query = query_of(request);
  if (at.size() > 2) query.node = at[2];
  const bool sse = wants_events(request);
  const bool follow = request.param("logOptions.follow") == "true";
  const LogView check(s.home, s.journal, row.uid, query);  // names and expressions are refused before the 200
  co_return stream_reply(sse, [&s, uid = row.uid, query, follow, sse](StreamWriter& out) {
    return send_logs(s, out, uid, query, follow, sse);
  });
}

}  // namespace

void add_stream_routes(std::vector<RouteEntry>& table) {
  table.push_back({"GET", "/api/v1/skiff/changes/{}/{}", changes});
  table.push_back({"GET", "/api/v1/workflow-events/{}", watch});
  table.push_back({"GET", "/api/v1/workflows/{}/{}/log", log});
  table.push_back({"GET", "/api/v1/workflows/{}/{}/{}/log", log});
}

}  // namespace skiff::runner
