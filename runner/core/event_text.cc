// Events and actions as one line of text each: what tests compare and what people read in a journal.
#include <fmt/format.h>

#include "runner/core/event.h"

namespace skiff::runner {
namespace {

template <class... F>
struct Overload : F... {
  using F::operator()...;
};
template <class... F>
Overload(F...) -> Overload<F...>;

std::string with_message(std::string line, const std::string& message) {
  if (!message.empty()) line += ": " + message;
  return line;
}

std::string with_selector(std::string line, const std::string& selector) {
  if (!selector.empty()) line += " " + selector;
  return line;
}

std::string holder_name(const std::string& holder) { return holder.empty() ? "the workflow" : holder; }

std::string pod_done_text(const PodDone& e) {
  std::string line = fmt::format("PodDone {} {}", e.node_id, spec::to_string(e.phase));
  if (e.exit_code) line += fmt::format(" exit {}", *e.exit_code);
  return with_message(std::move(line), e.message);
}

std::string container_text(const ContainerChanged& e) {
  std::string line =
      fmt::format("ContainerChanged {} {} {}", e.node_id, e.container, spec::to_string(e.phase));
  if (e.exit_code) line += fmt::format(" exit {}", *e.exit_code);
  return with_message(std::move(line), e.message);
}

std::string start_text(const StartPod& a) {
  std::string line = fmt::format("StartPod {} ({})", a.node_name, a.node_id);
  if (a.generation != 0) line += fmt::format(" generation {}", a.generation);
  if (a.cause.why != Cause::Why::none) line += " cause: " + to_text(a.cause);
  return line;
}

std::string acquire_text(const AcquireLocks& a) {
  std::string line = "AcquireLocks " + holder_name(a.holder);
  for (const LockRequest& lock : a.locks) line += " " + lock.key;
  return line;
}

}  // namespace

std::string to_text(Cause cause) {
  switch (cause.why) {
    case Cause::Why::none:
      return "";
    case Cause::Why::workflow:
      return "the workflow started";
    case Cause::Why::hook:
      return "hook";
    case Cause::Why::exit_handler:
      return "exit handler";
    case Cause::Why::group:
      return fmt::format("group [{}] started", cause.number);
    case Cause::Why::dag:
      return "the DAG started";
    case Cause::Why::dependencies:
      return "its dependencies are done";
    case Cause::Why::attempt:
      return fmt::format("try {}", cause.number);
  }
  return "";
}

std::string to_text(const Event& event) {
  const Overload visit{
      [](const Begin&) -> std::string { return "Begin"; },
      [](const PodPending& e) { return with_message("PodPending " + e.node_id, e.message); },
      [](const PodRunning& e) { return "PodRunning " + e.node_id; },
      [](const PodReady& e) { return "PodReady " + e.node_id; },
      [](const PodProgress& e) { return "PodProgress " + e.node_id + " " + e.progress; },
      [](const ContainerChanged& e) { return container_text(e); },
      [](const PodDone& e) { return pod_done_text(e); },
      [](const TimerFired&) -> std::string { return "TimerFired"; },
      [](const LocksGranted& e) { return "LocksGranted " + holder_name(e.holder); },
      [](const LocksWaiting& e) { return with_message("LocksWaiting " + holder_name(e.holder), e.message); },
      [](const LocksRefused& e) { return with_message("LocksRefused " + holder_name(e.holder), e.message); },
      [](const MemoAnswer& e) { return "MemoAnswer " + e.node_id + (e.hit ? " hit" : " miss"); },
      [](const Suspend&) -> std::string { return "Suspend"; },
      [](const Resume& e) { return with_selector("Resume", e.selector); },
      [](const Stop& e) { return with_message(with_selector("Stop", e.selector), e.message); },
      [](const Terminate&) -> std::string { return "Terminate"; },
      [](const SetNodes& e) { return with_selector("SetNodes", e.selector); },
      [](const RetryWorkflow& e) { return with_selector("RetryWorkflow", e.selector); },
  };
  return std::visit(visit, event);
}

std::string to_text(const Action& action) {
  const Overload visit{
      [](const StartPod& a) { return start_text(a); },
      [](const StopPod& a) { return "StopPod " + a.node_id + (a.cause.empty() ? "" : " cause: " + a.cause); },
      [](const AcquireLocks& a) { return acquire_text(a); },
      [](const ReleaseLocks& a) { return "ReleaseLocks " + holder_name(a.holder); },
      [](const LookUpMemo& a) { return fmt::format("LookUpMemo {} {}/{}", a.node_id, a.cache, a.key); },
      [](const StoreMemo& a) { return fmt::format("StoreMemo {} {}/{}", a.node_id, a.cache, a.key); },
      [](const SetTimer& a) {
        return a.at ? "SetTimer " + spec::to_rfc3339(*a.at) : std::string("SetTimer none");
      },
      [](const Finish& a) {
        return with_message(fmt::format("Finish {}", spec::to_string(a.phase)), a.message);
      },
  };
  return std::visit(visit, action);
}

}  // namespace skiff::runner
