// The scheduler of one workflow: a pure state machine. Events in, actions out; no clock, no I/O, no
// randomness.
//
// It never waits, so it is never cancelled. Its state is a fold over the journal: a new Scheduler with the
// same RunInput, given the same events with the same times, is in the same state; that is how a restart
// recovers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/core/event.h"
#include "spec/json.h"
#include "spec/status.h"

namespace skiff::runner {

/// Everything about a run that is known when it is submitted; kept in the journal beside the events.
struct RunInput {
  /// The Workflow object: metadata with name, namespace, uid and creationTimestamp; spec merged with its
  /// workflowTemplateRef and with `-p`, `--entrypoint` and labels applied. Of its `status`: nodes are adopted
  /// (see resubmit.h), artifactRepositoryRef is the resolved repository (repository.h), phase Error with a
  /// message refuses the run.
  Json workflow;
  /// Stored templates it may refer to: "namespaced/<name>" or "cluster/<name>" -> the object's JSON.
  Json stored_templates;
  /// ConfigMaps of the namespace for parameters and semaphores: name -> the object's JSON.
  Json config_maps;
};

class Scheduler {
 public:
  explicit Scheduler(RunInput input);
  ~Scheduler();
  Scheduler(Scheduler&&) noexcept;
  Scheduler& operator=(Scheduler&&) noexcept;

  /// Takes in one event. The actions are in the order in which they should begin. Events that no longer fit
  /// (a PodDone of a node that has ended) are ignored.
  [[nodiscard]] std::vector<Action> on(const Event& event, TimePoint now);

  /// After a replay: what should be under way now and has not reported back (pods, lock requests, the timer).
  [[nodiscard]] std::vector<Action> outstanding() const;

  [[nodiscard]] bool finished() const;
  /// The node as it is now; nothing if there is none of that id.
  [[nodiscard]] std::optional<spec::NodeStatus> node(std::string_view id) const;
  /// The id of a node that has changed since it was last told, or that is gone; nothing if there is no more.
  [[nodiscard]] std::optional<std::string> next_changed();
  /// Argo's `status` without `nodes`: phase, startedAt, finishedAt, message, progress, outputs, conditions ….
  [[nodiscard]] Json status() const;
  /// What commands have made of the spec: {"suspend": true, "shutdown": "Stop"}, as `argo suspend` and `stop`
  /// write it; members that are not set are not there.
  [[nodiscard]] Json commanded() const;
  /// It runs, and nothing more happens until somebody resumes it, or a suspended node of it.
  [[nodiscard]] bool suspended() const;
  /// All node ids in the order of their making.
  [[nodiscard]] std::vector<std::string> node_ids() const;
  /// Metadata may change while it runs (labels phase and completed, workflowMetadata, labelsFrom).
  [[nodiscard]] const Json& metadata() const;
  /// The metrics that it and its templates have emitted, as Prometheus reads them; "" without any.
  [[nodiscard]] std::string metrics_text(TimePoint now) const;
  /// Why a command (Resume, Stop with a selector, SetNodes, RetryWorkflow) can't apply now; "" when it can.
  [[nodiscard]] std::string refuse(const Event& command) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skiff::runner
