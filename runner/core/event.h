// What the scheduler is told (Event) and what it orders (Action).
//
// An Event is a fact that has happened: it is in the journal, with its time, before the scheduler sees it,
// and replaying the journal gives the same state again. An Action is one thing to do in the world; doing it
// ends in posting an Event. Both are plain values with a JSON form (events, for the journal) and a one-line
// text form (for tests and for `skiff get --events`), e.g. `StartPod wf[0].hello (wf-123) cause: group [0]
// started`.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runner/core/shared_json.h"
#include "spec/json.h"
#include "spec/status.h"

namespace skiff::runner {

using spec::Json;
using spec::Phase;
using spec::TimePoint;

// ---------------------------------------------------------------------------------------------- events

/// One of several containers of a pod (containerSet) changed its state.
struct ContainerChanged {
  std::string node_id;  ///< of the pod
  std::string container;
  Phase phase = Phase::running;
  std::string message;
  std::optional<int> exit_code;
};

/// The pod is on its way but not running: "Pulling image alpine:3 (12 MB of 40 MB)".
struct PodPending {
  std::string node_id;
  std::string message;
};

/// The main container has started.
struct PodRunning {
  std::string node_id;
  std::string pod_ip;
  std::string host_node_name;
};

/// A daemon's pod passed its readiness probe (or has none and runs).
struct PodReady {
  std::string node_id;
  std::string pod_ip;
};

struct PodProgress {
  std::string node_id;
  std::string progress;  ///< "N/M"
};

/// The pod (or request) has ended and its outputs are saved.
struct PodDone {
  std::string node_id;
  Phase phase = Phase::succeeded;  ///< succeeded; failed: the container said no; error: the world did
  std::string message;             ///< "" when succeeded
  std::optional<int> exit_code;    ///< of main
  /// Argo's outputs:
  /// {"parameters":[{"name","value"}],"artifacts":[{"name","path","s3":{"key"}}],"result":"…"}; only what was
  /// really produced. exitCode is not in here.
  Json outputs;
  bool transient = false;  ///< an error that retryPolicy OnTransientError may retry
  bool refused = false;    ///< no such pod can be made (its spec is invalid): the call itself has failed
};

/// The time that SetTimer asked for has come (or passed).
struct TimerFired {};

struct LocksGranted {
  std::string holder;  ///< node id, or "" for the workflow itself
};
/// Still queued: the text Argo shows, "Waiting for ns/Mutex/name lock. Lock status: 0/1".
struct LocksWaiting {
  std::string holder;
  std::string message;
  std::string lock;  ///< "ns/Mutex/name"
};
/// The lock can't be had at all (e.g. its ConfigMap is missing): the holder ends in Error.
struct LocksRefused {
  std::string holder;
  std::string message;
};

struct MemoAnswer {
  std::string node_id;
  bool hit = false;
  Json outputs;
};

/// The user's commands. `selector` is Argo's node field selector; empty means the workflow.
struct Suspend {};
struct Resume {
  std::string selector;
  Json output_parameters;  ///< object name -> value, or null
  std::string message;
};
struct Stop {
  std::string selector;
  std::string message;
};
struct Terminate {};
/// `node set`: phase, message and output parameters of the suspend nodes that the selector picks.
struct SetNodes {
  std::string selector;
  std::string phase;  ///< "" leaves it
  std::string message;
  Json output_parameters;
};
/// `retry` of a finished workflow: failed nodes run again (workflow/util/util.go, FormulateRetryWorkflow).
struct RetryWorkflow {
  bool restart_successful = false;
  std::string selector;
  std::vector<std::pair<std::string, std::string>> parameters;
};

/// The first event: the workflow begins.
struct Begin {};

using Event = std::variant<Begin, PodPending, PodRunning, PodReady, PodProgress, ContainerChanged, PodDone,
                           TimerFired, LocksGranted, LocksWaiting, LocksRefused, MemoAnswer, Suspend, Resume,
                           Stop, Terminate, SetNodes, RetryWorkflow>;

// --------------------------------------------------------------------------------------------- actions

/// Why a pod starts, small enough to be part of 100,000 orders at once.
struct Cause {
  enum class Why : std::uint8_t { none, workflow, hook, exit_handler, group, dag, dependencies, attempt };
  Why why = Why::none;
  std::uint32_t number = 0;  ///< of the group or try
};
[[nodiscard]] std::string to_text(Cause cause);

/// Run one leaf: a pod (container, script, containerSet, data, resource) or a request (http, plugin).
struct StartPod {
  std::string node_id;
  std::string node_name;
  std::string pod_name;  ///< Argo's v2 name: "<workflow>-<template>-<fnv>"
  int generation = 0;    ///< grows when `retry` runs the same node again; part of the containers' names
  /// The template with every tag replaced, inputs resolved: parameters have values, artifacts a location.
  SharedJson tmpl;
  /// The pod fields of the workflow's spec after substitution (volumes, podSpecPatch, securityContext,
  /// hostAliases, imagePullSecrets, dnsConfig, archiveLogs, podMetadata, volumeClaimTemplates, …).
  SharedJson spec;
  bool capture_result = false;  ///< somebody refers to outputs.result
  bool daemon = false;          ///< ends with the enclosing template, not by itself
  Cause cause;
};

/// Ask the pod's processes to end: SIGTERM, after `grace` SIGKILL. PodDone follows.
struct StopPod {
  std::string node_id;
  std::chrono::seconds grace{30};
  std::string cause;
};

struct LockRequest {
  std::string
      key;  ///< "ns/Mutex/name", "ns/ConfigMap/name/key" or "ns/Database/key" (workflow/sync/lock_name.go)
  bool mutex = true;
  Json semaphore;  ///< {"configMap","key"} or {"database"}: where the limit is written; null for a mutex
};
/// All of them or none. LocksGranted, LocksWaiting (any number) or LocksRefused follow.
struct AcquireLocks {
  std::string holder;
  std::int64_t priority = 0;
  std::vector<LockRequest> locks;
};
struct ReleaseLocks {
  std::string holder;
};

struct LookUpMemo {
  std::string node_id;
  std::string cache;
  std::string key;
  std::optional<std::chrono::milliseconds> max_age;
};
struct StoreMemo {
  std::string node_id;
  std::string cache;
  std::string key;
  Json outputs;
};

/// Post TimerFired at this time; the newest SetTimer replaces the one before. Absent: no timer.
struct SetTimer {
  std::optional<TimePoint> at;
};

/// The workflow is over; nothing of it runs any more.
struct Finish {
  Phase phase = Phase::succeeded;
  std::string message;
};

using Action =
    std::variant<StartPod, StopPod, AcquireLocks, ReleaseLocks, LookUpMemo, StoreMemo, SetTimer, Finish>;

[[nodiscard]] std::string to_text(const Event& event);
[[nodiscard]] std::string to_text(const Action& action);
/// `kind` is the struct's name ("PodDone"); together with the payload it is what the journal keeps.
[[nodiscard]] std::string_view kind_of(const Event& event);
[[nodiscard]] Json to_json(const Event& event);
[[nodiscard]] std::optional<Event> event_from(std::string_view kind, const Json& payload);

}  // namespace skiff::runner
