#include "runner/core/pod_reason.h"

#include "runner/core/pod_spec.h"

namespace skiff::runner {
namespace {

constexpr int kKilled = 137;      // SIGKILL
constexpr int kTerminated = 143;  // SIGTERM

/// "[FATAL tini (7)] exec NAME failed: REASON": the line by which docker-init says that it could not.
std::string tini_failure(std::string_view output, std::string& reason) {
  constexpr std::string_view kHead = "[FATAL tini (";
  const std::size_t at = output.rfind(kHead);
  if (at == std::string_view::npos) return "";
  std::string_view line = output.substr(at);
  line = line.substr(0, line.find('\n'));
  const std::size_t exec = line.find("exec ");
  const std::size_t failed = line.rfind(" failed: ");
  if (exec == std::string_view::npos || failed == std::string_view::npos || failed < exec + 5) return "";
  reason = line.substr(failed + 9);
  while (!reason.empty() && (reason.back() == '\r' || reason.back() == '\n')) reason.pop_back();
  return std::string(line.substr(exec + 5, failed - exec - 5));
}

/// Podman's init: "[FATAL catatonit (2)] failed to exec pid1: No such file or directory".
bool catatonit_failure(std::string_view output) {
  return output.find("failed to exec pid1: No such file or directory") != std::string_view::npos;
}

PodReason failed(const ContainerEnd& end) { return {Phase::failed, end_message(end)}; }

bool went_wrong(const ContainerEnd& end) {
  return !end.ended_by_us &&
         ((end.exit_code && *end.exit_code != 0) || (!end.exit_code && !end.message.empty()));
}

}  // namespace

std::string end_message(const ContainerEnd& end) {
  std::string text = end.name + ": " + (end.oom_killed ? "OOMKilled" : "Error");
  if (end.exit_code) text += " (exit code " + std::to_string(*end.exit_code) + ")";
  if (!end.message.empty()) text += ": " + end.message;
  return text;
}

std::string executor_message(const std::string& message) {
  ContainerEnd end;
  end.name = kMainContainer;
  end.exit_code = kExecutorFailed;
  end.message = message;
  return end_message(end);
}

std::string termination_message(std::string_view left, bool from_logs, std::string_view output) {
  constexpr std::size_t kMostBytes = 4096;
  constexpr std::size_t kMostOutput = 2048;
  constexpr int kMostLines = 80;
  if (!left.empty() || !from_logs) {
    return std::string(left.size() > kMostBytes ? left.substr(left.size() - kMostBytes) : left);
  }
  std::size_t begin = output.size() > kMostOutput ? output.size() - kMostOutput : 0;
  // A newline that ends the last line begins no other.
  std::size_t end = output.ends_with('\n') ? output.size() - 1 : output.size();
  for (int lines = 0; lines < kMostLines && end != std::string_view::npos && end > begin; ++lines) {
    end = output.rfind('\n', end - 1);
    if (end == std::string_view::npos || end < begin) break;
    if (lines + 1 == kMostLines) begin = end + 1;
  }
  return std::string(output.substr(begin));
}

PodReason reason_of(const std::vector<ContainerEnd>& ends, const std::string& outputs_error) {
  for (const ContainerEnd& end : ends) {
    if (end.stage == Stage::main && end.deleted) return {Phase::error, kPodDeleted};
  }
  for (const ContainerEnd& end : ends) {
    if (end.stage != Stage::init || !went_wrong(end)) continue;
    if (end.exit_code == kKilled || end.exit_code == kTerminated) {
      return {Phase::error,
              "Pod failed before main container starts due to PodInitializing: " + end_message(end)};
    }
    return failed(end);
  }
  for (const ContainerEnd& end : ends) {
    if (end.stage == Stage::main && went_wrong(end)) return failed(end);
  }
  if (!outputs_error.empty()) return {Phase::error, outputs_error};
  for (const ContainerEnd& end : ends) {
    // One that is asked to end must do so well or be killed by it (operator.go, inferFailedReason).
    const bool badly = end.ended_by_us && end.exit_code.value_or(0) != 0;
    if (end.stage != Stage::sidecar || (!went_wrong(end) && !badly)) continue;
    if (end.exit_code != kKilled && end.exit_code != kTerminated) return failed(end);
  }
  return {};
}

std::string command_not_found(const std::string& name, bool path) {
  return "failed to find name in PATH: exec: \"" + name + "\": " +
         (path ? "stat " + name + ": no such file or directory (executable file not found)"
               : "executable file not found in $PATH");
}

std::string command_not_permitted(const std::string& name) {
  return "failed to find name in PATH: exec: \"" + name + "\": permission denied";
}

std::string command_not_started(const std::string& name, const std::string& reason) {
  return "failed to start command: fork/exec " + name + ": " + reason;
}

std::string exec_failure(int exit_code, std::string_view output) {
  if (exit_code != 127 && exit_code != 126) return "";
  std::string reason;
  const std::string name = tini_failure(output, reason);
  if (name.empty()) {
    return catatonit_failure(output) ? "failed to find name in PATH: exec: executable file not found in $PATH"
                                     : "";
  }
  if (reason == "No such file or directory") {
    return command_not_found(name, name.find('/') != std::string::npos);
  }
  if (reason == "Permission denied") return command_not_permitted(name);
  return command_not_started(name, reason);
}

}  // namespace skiff::runner
