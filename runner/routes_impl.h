// The groups of routes, each in a file of its own. A route gets the request and the parts of the path that
// its pattern left open.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runner/routes.h"

namespace skiff::runner {

using Captures = std::vector<std::string>;
using Route =
    std::function<boost::asio::awaitable<HttpReply>(Services&, const HttpRequest&, const Captures&)>;

struct RouteEntry {
  std::string_view method;
  std::string_view pattern;  ///< "/api/v1/workflows/{}/{}": {} captures one segment
  Route route;
};

void add_workflow_routes(std::vector<RouteEntry>& table);  ///< routes_workflows.cc
void add_stream_routes(std::vector<RouteEntry>& table);    ///< routes_streams.cc
void add_object_routes(std::vector<RouteEntry>& table);    ///< routes_objects.cc
void add_sync_routes(std::vector<RouteEntry>& table);      ///< routes_sync.cc

/// The body as JSON; throws RequestError 400.
[[nodiscard]] spec::Json body_of(const HttpRequest& request);
/// The row of a workflow; throws RequestError 404 with a did-you-mean of what to type.
[[nodiscard]] store::WorkflowRow require_workflow(Services& s, const std::string& ns,
                                                  const std::string& name);

}  // namespace skiff::runner
