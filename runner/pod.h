// The life of pods on a container engine: from a StartPod order to the PodDone that answers it.
//
// In: orders, with what is known of their run (RunContext). Out: events for the run's inbox (EventSink), the
// pod's end as the value of run(), its logs and artifacts in the store. A pod is a coroutine on a strand of
// its own, on a lane (threads.h); it owns what it touches, and speaks to the outside by events alone.
//
// A container's name is a function of run, node, generation and container, so no pod can be started twice:
// run() and adopt() are one thing, adopt() merely looks first what the engine already has of the pod.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "docker/engine.h"
#include "runner/core/event.h"
#include "runner/core/pod_context.h"
#include "runner/threads.h"
#include "store/artifacts.h"
#include "store/home.h"

namespace skiff::runner {

struct PodSettings {
  std::string controller_id;  ///< label skiff.boot: which controller process made it
  std::string version;        ///< label skiff.version
  /// Containers of other homes on the same engine are never touched; the home's path by default.
  std::string home_id;
  int max_starting = 0;       ///< containers in create/start at once; 0 = twice the engine's CPUs
  int max_sandboxes = 0;      ///< warm ones; 0 = from the engine's CPUs; -1 = no sandbox pool
  bool mask_secrets = false;  ///< replace the values of the pod's Secrets by *** in its logs
  std::chrono::seconds sandbox_idle{60};
};

/// Takes PodPending, PodRunning, PodReady, PodProgress and ContainerChanged. Called from any thread; must not
/// block and must not throw.
using EventSink = std::function<void(Event)>;

/// Says that fields of a kind are ignored, or that a limit was lowered; one call for each kind and pod.
using WarningSink = std::function<void(const std::string& node_id, const std::string& message)>;

/// What the sweep must leave alone: runs by uid.
using IsLive = std::function<bool(std::string_view run_uid)>;

class Pods {
 public:
  /// Threads, engine, home and artifacts must outlive this object.
  Pods(Threads& threads, docker::Engine& engine, const store::Home& home, store::ArtifactStore& artifacts,
       PodSettings settings);
  /// close() should have been awaited; else what still runs is cancelled without waiting.
  ~Pods();
  Pods(const Pods&) = delete;
  Pods& operator=(const Pods&) = delete;

  /// Runs the pod to its end. Never throws for anything a step or an engine may do: that is a PodDone in
  /// phase failed or error. Throws system_error(operation_aborted) after close().
  [[nodiscard]] boost::asio::awaitable<PodDone> run(RunContext run, StartPod order, EventSink sink);
  /// After a restart of the controller, for an order whose PodDone is not in the journal: goes on from
  /// wherever the pod is on the engine; starts it if nothing of it was begun. `had_started`: the journal has
  /// a PodRunning of this order, so that a main container which is gone means Error and not another start.
  [[nodiscard]] boost::asio::awaitable<PodDone> adopt(RunContext run, StartPod order, EventSink sink,
                                                      bool had_started);
  /// The PodDone of run() or adopt() is durable: what is left of the pod on the engine may go (in the
  /// background). Not before, or a crash between the two would run the step twice. From any thread.
  void release(const std::string& run_uid, const std::string& node_id);
  /// StopPod: SIGTERM, after `grace` SIGKILL; a second call may shorten the grace. The pod's run() returns
  /// with what came of it (a daemon: Succeeded). No such pod: nothing happens. From any thread.
  void stop(const std::string& run_uid, const std::string& node_id, std::chrono::seconds grace);

  /// For requests that the controller makes in a pod's place: the process, on this machine, whose network is
  /// that of a pod; 0 where there is none to be had (another machine's engine, no right to enter namespaces).
  [[nodiscard]] boost::asio::awaitable<int> network_pid();

  /// Removes what is left of runs that `is_live` denies, and sandboxes of dead controllers: containers and
  /// the volumes that lived for a pod or a workflow.
  [[nodiscard]] boost::asio::awaitable<void> sweep(IsLive is_live);
  /// `handler` is called, on any thread, when a request of a dead controller makes one more container: it is
  /// time to sweep again.
  void on_stray(std::function<void()> handler);
  /// Removes a finished run's own volumes (volumeClaimTemplates), after the containers that use them.
  [[nodiscard]] boost::asio::awaitable<void> release_volumes(std::string run_uid);
  /// Waits until every removal under way is done. For tests and for the end of a run.
  [[nodiscard]] boost::asio::awaitable<void> settle();

  void on_warning(WarningSink sink);

  /// Lets go of all pods (their containers run on, to be adopted later), finishes removals, removes warm
  /// sandboxes. Afterwards the object may be destroyed.
  [[nodiscard]] boost::asio::awaitable<void> close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skiff::runner
