// The controller's HTTP interface in the shape of Argo Server's REST API, plus a few calls of our own under
// /api/v1/skiff/. Requests become calls of the controller and reads of the journal; nothing here touches a
// socket.
#pragma once

#include <functional>
#include <string>

#include "runner/controller.h"
#include "runner/http_message.h"
#include "runner/server.h"
#include "store/secrets.h"

namespace skiff::runner {

/// What the routes work on; all of it outlives the server.
struct Services {
  Controller& controller;
  docker::Engine& engine;
  store::Journal& journal;
  store::ArtifactStore& artifacts;
  store::Secrets& secrets;
  const store::Home& home;
  std::string version;         ///< of the program
  std::string build;           ///< tells two builds of one version apart
  std::function<void()> quit;  ///< asks the controller to go; called when nothing runs
  boost::asio::any_io_executor pool;
};

[[nodiscard]] Handler make_routes(Services& services);

}  // namespace skiff::runner
