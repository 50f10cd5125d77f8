// Leaves that need no container: http templates (one request) and data templates (a list of artifacts,
// transformed). On a cluster an agent pod does this; here the controller's process does, on threads of its
// own, since both block.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "runner/core/event.h"
#include "runner/core/pod_context.h"
#include "store/artifacts.h"

namespace skiff::runner {

class HostSteps {
 public:
  /// `artifacts` must outlive it.
  explicit HostSteps(store::ArtifactStore& artifacts);
  /// Waits for requests under way; close() has told them to end.
  ~HostSteps();
  HostSteps(const HostSteps&) = delete;
  HostSteps& operator=(const HostSteps&) = delete;

  /// True for the templates it runs.
  [[nodiscard]] static bool takes(const Json& tmpl);
  /// True for those that should see the network as a pod sees it.
  [[nodiscard]] static bool needs_network(const Json& tmpl);
  /// Runs it to its end (workflow/executor/agent.go, workflow/data), in the network of the process
  /// `network_pid` (0: this one's). What goes wrong is a PodDone in phase error.
  [[nodiscard]] boost::asio::awaitable<PodDone> run(RunContext run, StartPod order, int network_pid);
  /// Ends a request early. From any thread.
  void stop(const std::string& run_uid, const std::string& node_id);
  void close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skiff::runner
