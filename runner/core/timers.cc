// Times that matter: ends of suspensions, backoffs, deadlines. The driver is asked for the earliest only.
#include "runner/core/impl.h"

namespace skiff::runner {

/// Whether the time still means something to its node.
bool Scheduler::Impl::is_due(const Timer& t) const {
  if (t.kind == TimerKind::workflow) return !past_deadline_ && !end_;
  const Node& n = graph_[t.node];
  if (n.gone || completed(n.phase)) return false;
  switch (t.kind) {
    case TimerKind::suspend: {
      const auto* work = n.as<SuspendWork>();
      return work != nullptr && work->until == t.at;
    }
    case TimerKind::backoff: {
      const auto* work = n.as<RetryWork>();
      return work != nullptr && work->wait_until == t.at;
    }
    case TimerKind::pod:
      return n.leaf.own && n.leaf.own->deadline == t.at;
    case TimerKind::pending:
      if (n.phase != Phase::pending) return false;
      return !n.leaf.ordered() || (n.leaf.own && n.leaf.own->pending_deadline == t.at);
    default:
      return false;
  }
}

void Scheduler::Impl::take(const TimerFired&) {
  timer_set_.reset();
  while (!timers_.empty() && timers_.begin()->at <= now_) {
    const Timer t = *timers_.begin();
    timers_.erase(timers_.begin());
    if (is_due(t)) fire(t);
  }
}

/// executeTemplate gives ErrTimeout to its caller: a group of steps fails at once, whatever continueOn says,
/// and the entry's is an error of the workflow (steps.go executeStepGroup, operator.go operate).
void Scheduler::Impl::pending_too_long(NodeIndex i) {
  const Owner owner = graph_[i].owner;
  if (owner.kind == OwnerKind::step && !completed(graph_[owner.node].phase)) {
    set_phase(owner.node, Phase::failed, "timeout");
  }
  if (owner.kind == OwnerKind::entry) {
    end_workflow(Phase::error, "error in entry template execution: timeout");
  }
}

void Scheduler::Impl::backoff_over(NodeIndex i) {
  auto* retry = graph_[i].as<RetryWork>();
  if (retry == nullptr || !retry->wait_until) return;  // it ended meanwhile
  retry->wait_until.reset();
  judge_attempt(i);
}

void Scheduler::Impl::fire(const Timer& t) {
  switch (t.kind) {
    case TimerKind::workflow:
      past_deadline();
      break;
    case TimerKind::suspend:
      suspend_over(t.node);
      break;
    case TimerKind::backoff:
      if (!defers(t.node)) backoff_over(t.node);
      break;
    case TimerKind::pod:
      pod_over(t.node, Phase::failed, "Pod was active on the node longer than the specified deadline",
               "deadline");
      break;
    case TimerKind::pending: {
      const std::string id = graph_.id(t.node);
      if (waiting_.erase(id) != 0) emit(ReleaseLocks{id});
      measured_.erase(t.node);  // it never ran
      pod_over(t.node, Phase::failed, "timeout", "pending timeout");
      pending_too_long(t.node);
      break;
    }
  }
}

/// Asks for the earliest time that still matters, if it is not the one asked for already.
void Scheduler::Impl::order_timer() {
  while (!timers_.empty() && !is_due(*timers_.begin())) timers_.erase(timers_.begin());
  const auto next = timers_.empty() || finished_ ? std::nullopt : std::optional(timers_.begin()->at);
  if (next == timer_set_) return;
  timer_set_ = next;
  emit(SetTimer{next});
}

}  // namespace skiff::runner
