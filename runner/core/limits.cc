// How much may run at once: the workflow's parallelism counts pods, a template's its active children; and
// failFast of a template, which lets nothing new begin after a failure (operator.go, checkParallelism).
#include "runner/core/impl.h"

namespace skiff::runner {
namespace {

constexpr const char* kFailFast = "template has failed or errored children and failFast enabled";

}  // namespace

bool Scheduler::Impl::full() const {
  const auto limit = spec_.get_int("parallelism");
  return limit && active_pods_ >= *limit;
}

bool Scheduler::Impl::crowded(const Composite& boundary) {
  return boundary.parallelism && boundary.active_children + boundary.reserved >= *boundary.parallelism;
}

/// A call waits for locks or the memo; it keeps its place in the boundary.
void Scheduler::Impl::keep_waiting(const std::string& id, Prepared p) {
  Composite* boundary = composite(p.call.boundary);
  if (boundary != nullptr && !p.call.reserved && existing(p.call) == kNoNode) {
    ++boundary->reserved;
    p.call.reserved = true;
  }
  waiting_.insert_or_assign(id, std::move(p));
}

/// Queues the call if it has to wait for a place.
bool Scheduler::Impl::hold_back(Call& call, NodeIndex existing) {
  if (full()) {
    held_.emplace_back(std::move(call));
    return true;
  }
  Composite* boundary = existing == kNoNode ? composite(call.boundary) : nullptr;
  if (boundary == nullptr) return false;
  const bool failing = boundary->fail_fast && boundary->unsuccessful > 0;
  if (!failing && !crowded(*boundary)) return false;
  const NodeIndex where = call.boundary;
  boundary->blocked.push_back(std::move(call));
  if (failing) check_fail_fast(where);
  return true;
}

/// With failFast, a boundary fails as soon as none of its pods is active any more.
void Scheduler::Impl::check_fail_fast(NodeIndex i) {
  const Composite* boundary = composite(i);
  if (boundary == nullptr || completed(graph_[i].phase)) return;
  if (!boundary->fail_fast || boundary->unsuccessful == 0 || boundary->active_pods != 0) return;
  if (const auto* steps = graph_[i].as<StepsWork>(); steps != nullptr && steps->group_node != kNoNode) {
    graph_[steps->group_node].told = true;
    set_phase(steps->group_node, Phase::failed, kFailFast);
  }
  set_phase(i, Phase::failed, kFailFast);
}

/// Something of this boundary has ended: lets in what waits.
void Scheduler::Impl::drain(NodeIndex i) {
  Composite* boundary = composite(i);
  if (boundary == nullptr) return;
  if (boundary->fail_fast && boundary->unsuccessful > 0) return check_fail_fast(i);
  while ((boundary = composite(i)) != nullptr && !boundary->blocked.empty()) {
    if (crowded(*boundary)) return;
    if (boundary->fail_fast && boundary->unsuccessful > 0) return;
    if (full()) {
      if (!boundary->starved) starved_.push_back(i);
      boundary->starved = true;
      return;
    }
    Call call = std::move(boundary->blocked.front());
    boundary->blocked.pop_front();
    launch(std::move(call));
  }
}

/// A pod has ended: lets in what waits for a place in the workflow.
void Scheduler::Impl::drain_all() {
  while (!held_.empty() && !full()) {
    std::variant<Call, Prepared, NodeIndex> next = std::move(held_.front());
    held_.pop_front();
    if (auto* call = std::get_if<Call>(&next)) {
      launch(std::move(*call));
    } else if (auto* prepared = std::get_if<Prepared>(&next)) {
      start(std::move(*prepared));
    } else {
      next_attempt(std::get<NodeIndex>(next));
    }
  }
  while (!starved_.empty() && !full()) {
    const NodeIndex i = starved_.front();
    starved_.pop_front();
    if (Composite* boundary = composite(i)) boundary->starved = false;
    drain(i);
  }
}

void Scheduler::Impl::pod_counted(NodeIndex i, bool active) {
  Node& n = graph_[i];
  if (n.pod_counted == active) return;
  n.pod_counted = active;
  Composite* boundary = composite(n.boundary);
  if (active) {
    ++active_pods_;
    if (boundary != nullptr) ++boundary->active_pods;
    return;
  }
  --active_pods_;
  if (boundary != nullptr) {
    --boundary->active_pods;
    if (boundary->fail_fast && boundary->unsuccessful > 0) push(Op::drain, n.boundary);
    if (!boundary->blocked.empty()) push(Op::drain, n.boundary);
  }
  if (!held_.empty() || !starved_.empty()) push(Op::drain_all);
}

}  // namespace skiff::runner
