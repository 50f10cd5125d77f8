// What a pod's end means: from how its containers ended to a phase and a message, as Argo infers it
// (workflow/controller/operator.go, inferFailedReason).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/core/event.h"
#include "runner/core/pod_plan.h"

namespace skiff::runner {

struct ContainerEnd {
  std::string name;
  Stage stage = Stage::main;
  std::optional<int> exit_code;  ///< nothing: it did not end by itself, or never started
  bool started = false;
  bool oom_killed = false;
  bool deleted = false;      ///< somebody removed it while it ran
  bool ended_by_us = false;  ///< its end was asked for
  std::string message;       ///< why it did not start, or what it left as a termination message
};

struct PodReason {
  Phase phase = Phase::succeeded;
  std::string message;
};

/// "main: Error (exit code 1): …" of one container.
[[nodiscard]] std::string end_message(const ContainerEnd& end);

/// Argo's words for a pod, and for a container of a containerSet, that somebody removed (operator.go,
/// podReconciliation and markAllContainersDeleted).
inline constexpr const char* kPodDeleted = "pod deleted";
inline constexpr const char* kContainerDeleted = "container deleted";

/// What the kubelet takes for a container's message: the end of what it left as one, else, with
/// FallbackToLogsOnError, the end of its output (pkg/kubelet/kuberuntime, getTerminationMessage).
[[nodiscard]] std::string termination_message(std::string_view left, bool from_logs, std::string_view output);

/// In Argo's order: init containers, main ones, what went wrong with the outputs, sidecars. `outputs_error`
/// is "" if they were saved.
[[nodiscard]] PodReason reason_of(const std::vector<ContainerEnd>& ends, const std::string& outputs_error);

/// The exit code of a step whose work could not be begun or watched: that of Argo's executor itself, not of
/// the step's command (cmd/argoexec/main.go).
inline constexpr int kExecutorFailed = 64;
/// The pod's message where the executor itself failed in main, which then ends with that code.
[[nodiscard]] std::string executor_message(const std::string& message);

// Why a command could not be run, in the words of Argo's executor (cmd/argoexec/commands/emissary.go).
// `path`: it was named by its path, not looked up.
[[nodiscard]] std::string command_not_found(const std::string& name, bool path);
[[nodiscard]] std::string command_not_permitted(const std::string& name);
[[nodiscard]] std::string command_not_started(const std::string& name, const std::string& reason);

/// What the engine's init says on stderr when it cannot run the command, in the words of Argo's executor; ""
/// if the output says no such thing.
[[nodiscard]] std::string exec_failure(int exit_code, std::string_view output);

}  // namespace skiff::runner
