#include "runner/routes.h"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "runner/reader.h"
#include "runner/routes_impl.h"
#include "store/error.h"

namespace skiff::runner {
using boost::asio::awaitable;
using spec::Json;

namespace {

bool match(std::string_view pattern, const std::vector<std::string>& path, Captures& captures) {
  std::size_t at = 0;
  pattern.remove_prefix(1);
  while (!pattern.empty()) {
    const auto slash = pattern.find('/');
    const std::string_view part = pattern.substr(0, slash);
    if (at >= path.size()) return false;
    if (part == "{}") {
      captures.push_back(path[at]);
    } else if (part != path[at]) {
      return false;
    }
    ++at;
    if (slash == std::string_view::npos) break;
    pattern.remove_prefix(slash + 1);
  }
  return at == path.size();
}

awaitable<HttpReply> version_route(Services& s, const HttpRequest&, const Captures&) {
  Json j = Json::object();
  j.set("version", s.version);
  j.set("build", s.build);
  j.set("home", s.home.path().string());
  j.set("pid", static_cast<std::int64_t>(::getpid()));
  j.set("activeWorkflows", static_cast<std::uint64_t>(s.controller.active()));
  j.set("engine", s.engine.where());
  co_return json_reply(j);
}

awaitable<HttpReply> info_route(Services&, const HttpRequest&, const Captures&) {
  Json j = Json::object();
  j.set("managedNamespace", "");
  j.set("links", Json::array());
  j.set("columns", Json::array());
  j.set("modals", Json::object());
  j.set("navColor", "");
  co_return json_reply(j);
}

awaitable<HttpReply> user_route(Services&, const HttpRequest&, const Captures&) {
  co_return json_reply(Json::object());
}

awaitable<HttpReply> quit_route(Services& s, const HttpRequest&, const Captures&) {
  if (s.controller.active() > 0) {
    throw RequestError(409, fmt::format("{} workflows are running", s.controller.active()));
  }
  s.quit();
  co_return json_reply(Json::object());
}

awaitable<HttpReply> dispatch(Services& s, const std::vector<RouteEntry>& table, HttpRequest request) {
  Captures captures;
  for (const RouteEntry& entry : table) {
    captures.clear();
    if (entry.method != request.method || !match(entry.pattern, request.path, captures)) continue;
    HttpReply reply;
    try {
      reply = co_await entry.route(s, request, captures);
    } catch (const RequestError& e) {
      reply = error_reply(e.status(), e.what());
    } catch (const std::invalid_argument& e) {
      reply = error_reply(400, e.what());
    } catch (const store::StoreError& e) {
      reply = error_reply(e.trouble() == store::Trouble::not_found ? 404 : 500, e.what());
    }
    co_return reply;
  }
  co_return error_reply(404, "no such call: " + request.method);
}

}  // namespace

Json body_of(const HttpRequest& request) {
  spec::JsonError error;
  auto json = spec::parse_json(request.body.empty() ? "{}" : request.body, &error);
  if (!json)
    throw RequestError(400, fmt::format("the body is no JSON (offset {}): {}", error.offset, error.message));
  return std::move(*json);
}

store::WorkflowRow require_workflow(Services& s, const std::string& ns, const std::string& name) {
  auto row = find_workflow(s.journal, ns, name);
  if (row) return *row;
  if (name == "@latest")
    throw RequestError(404, "no workflow has been submitted yet; begin with: skiff submit FILE");
  throw RequestError(
      404, fmt::format("workflows.argoproj.io \"{}\" not found; see what is there: skiff list", name));
}

Handler make_routes(Services& services) {
  auto table = std::make_unique<std::vector<RouteEntry>>();
  table->push_back({"GET", "/api/v1/version", version_route});
  table->push_back({"GET", "/api/v1/info", info_route});
  table->push_back({"GET", "/api/v1/userinfo", user_route});
  table->push_back({"POST", "/api/v1/skiff/quit", quit_route});
  add_workflow_routes(*table);
  add_stream_routes(*table);
  add_object_routes(*table);
  add_sync_routes(*table);
  const std::shared_ptr<const std::vector<RouteEntry>> routes = std::move(table);
  return [routes, &services](HttpRequest request) { return dispatch(services, *routes, std::move(request)); };
}

}  // namespace skiff::runner
