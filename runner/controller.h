// The controller of a home: every workflow that runs, one scheduler each, one journal for all.
//
// It is the driver of the design: an event comes in, goes to the journal together with the rows it changes,
// and only when that is on the disk do the actions that the scheduler ordered begin; each action ends by
// posting an event. Its state lives on one strand. Events that are ready together are committed together.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "docker/engine.h"
#include "runner/core/event.h"
#include "runner/pod.h"
#include "runner/threads.h"
#include "store/artifacts.h"
#include "store/home.h"
#include "store/journal.h"

namespace skiff::runner {

/// A request that can't be granted: an HTTP status and a sentence for the user.
class RequestError : public std::runtime_error {
 public:
  RequestError(int status, const std::string& message) : std::runtime_error(message), status_(status) {}
  [[nodiscard]] int status() const { return status_; }

 private:
  int status_;
};

class Controller {
 public:
  /// All references must outlive it. `log` takes one line at a time (the controller's own log), from any
  /// thread.
  Controller(Threads& threads, docker::Engine& engine, const store::Home& home, store::Journal& journal,
             store::ArtifactStore& artifacts, PodSettings settings,
             std::function<void(const std::string&)> log);
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  /// Replays the journals of all workflows that have not ended, adopts their pods, sweeps what is left of
  /// others.
  [[nodiscard]] boost::asio::awaitable<void> recover();

  /// Begins a validated Workflow that has its identity; its name, if there is none, is made of its
  /// generateName. Returns once it is in the journal. Throws RequestError (409: the name is taken).
  [[nodiscard]] boost::asio::awaitable<void> submit(Json workflow, Consent consent);
  /// A user's command (Suspend, Resume, Stop, Terminate, SetNodes, RetryWorkflow). Returns once it is in the
  /// journal; throws RequestError with the reason where it can't apply.
  [[nodiscard]] boost::asio::awaitable<void> command(std::string uid, Event event);
  /// Removes the workflow, what still runs of it, its logs and its artifacts.
  [[nodiscard]] boost::asio::awaitable<void> remove(std::string uid);

  /// A limit has changed: who waits for a lock is asked again. From any thread.
  void look_at_locks();

  /// Returns once the workflow (empty: any) has changed after the journal's revision `after`, with
  /// `until_over` once it has ended or is gone; gives the revision of its last change.
  [[nodiscard]] boost::asio::awaitable<std::int64_t> changed(std::string uid, std::int64_t after,
                                                             bool until_over);

  /// Workflows that have not ended. From any thread.
  [[nodiscard]] std::size_t active() const;
  [[nodiscard]] Pods& pods();

  /// Lets go of everything: containers run on and are adopted by the next controller.
  [[nodiscard]] boost::asio::awaitable<void> close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skiff::runner
