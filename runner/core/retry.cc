// Retry nodes: one node stands for all tries of a template, each try is a child "name(n)" (operator.go,
// processNodeRetries).
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"
#include "spec/names.h"
#include "spec/units.h"

namespace skiff::runner {
namespace {

std::optional<std::int64_t> int_of(const std::string& text) {
  std::int64_t n = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || r.ec != std::errc() || r.ptr != text.data() + text.size()) return std::nullopt;
  return n;
}

/// The seconds between two times, which a cluster keeps to the second: asInt(lastRetry.duration) must work.
std::string seconds_text(const Node& n) {
  using std::chrono::seconds;
  if (!n.finished_at || !n.started_at) return "0";
  const auto took = std::chrono::floor<seconds>(*n.finished_at) - std::chrono::floor<seconds>(*n.started_at);
  return std::to_string(took.count());
}

/// Whether Argo takes an error of these words for one that may go away (util/errors/errors.go,
/// isTransientErr).
bool sounds_transient(const std::string& message) {
  constexpr std::array<std::string_view, 16> kWords{"unexpected error when reading response body",
                                                    "stream error when reading response body",
                                                    "Connection closed by foreign host",
                                                    "net/http: TLS handshake timeout",
                                                    "i/o timeout",
                                                    "connection timed out",
                                                    "connection reset by peer",
                                                    "http2: client connection lost",
                                                    "http2: server sent GOAWAY and closed the connection",
                                                    "request did not complete within requested timeout",
                                                    "connect: connection refused",
                                                    "invalid connection",
                                                    "client rate limiter Wait returned an error",
                                                    "etcdserver: leader changed",
                                                    "etcdserver: request timed out",
                                                    "etcdserver: too many requests"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view words) { return message.find(words) != std::string::npos; });
}

/// baseDuration * factor^(tries-1), the power cut to an integer, at most `cap` (operator.go).
spec::Nanoseconds backoff(spec::Nanoseconds base, std::int64_t factor, std::size_t tries) {
  if (factor <= 0) return base;
  const double power = std::pow(static_cast<double>(factor), static_cast<double>(tries - 1));
  const double limit = static_cast<double>(std::chrono::nanoseconds::max().count());
  if (base.count() > 0 && power > limit / static_cast<double>(base.count())) return spec::Nanoseconds::max();
  return base * static_cast<std::int64_t>(power);
}

/// A time as Go prints it with %s, in UTC and to the second.
std::string go_time(TimePoint at) {
  std::string text = spec::to_rfc3339(at);
  text.replace(text.find('T'), 1, " ");
  text.replace(text.find('Z'), 1, " +0000 UTC");
  return text;
}

std::string strategy_name(bool stop) { return stop ? "Stop" : "Terminate"; }

TimePoint later(TimePoint from, spec::Nanoseconds by) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(by);
  return ms > TimePoint::max() - from ? TimePoint::max() : from + ms;
}

}  // namespace

void Scheduler::Impl::start_retry(Prepared p) {
  const NodeIndex i = make_or_adopt(p.call, NodeType::retry, Phase::running);
  init_inputs(i, p);
  auto work = std::make_unique<RetryWork>();
  for (const NodeIndex c : graph_.children(i)) {
    const auto& flag = graph_[c].flag;
    if (flag && flag->retried) work->attempts.push_back(c);
  }
  work->prepared = std::move(p);
  // A try that a retry of the workflow has reset goes on under its own name.
  if (!work->attempts.empty() && !graph_[work->attempts.back()].fulfilled()) work->attempts.pop_back();
  const bool again = !work->attempts.empty();
  graph_[i].work = std::move(work);
  if (again) {
    judge_attempt(i);
  } else {
    next_attempt(i);
  }
}

/// What a try knows of those before it.
void Scheduler::Impl::add_retry_names(spec::Scope& scope, const RetryWork& work) const {
  scope.set("retries", std::to_string(work.attempts.size()));
  std::string exit_code = "0";
  std::string duration = "0";
  std::string status;
  std::string message;
  if (!work.attempts.empty()) {
    const Node& last = graph_[work.attempts.back()];
    exit_code = last.outputs.get_string("exitCode", "0");
    status = spec::to_string(last.phase);
    duration = seconds_text(last);
    message = last.said().message;
  }
  scope.set("lastRetry.exitCode", std::move(exit_code));
  scope.set("lastRetry.duration", std::move(duration));
  scope.set("lastRetry.status", std::move(status));
  scope.set("lastRetry.message", std::move(message));
}

void Scheduler::Impl::next_attempt(NodeIndex i) {
  auto* work = graph_[i].as<RetryWork>();
  if (work == nullptr || completed(graph_[i].phase)) return;
  if (full()) {
    held_.emplace_back(i);
    return;
  }
  if (!work->attempts.empty()) attempt_metrics(i, work->attempts.back());
  Prepared p{work->prepared.call, work->prepared.resolved, work->prepared.tmpl};
  const auto number = static_cast<std::uint32_t>(work->attempts.size());
  p.call.name = fmt::format("{}({})", graph_[i].name, number);
  p.call.owner = {OwnerKind::attempt, i, number};
  p.call.hooks.reset();
  p.call.retried = true;
  p.call.locked = p.call.reserved = false;
  p.call.node = kNoNode;
  if (spec::tree_has_tags(*p.tmpl)) {
    spec::Scope scope(&globals_);
    if (is_pod_type(p.resolved->type)) {
      scope.set("pod.name", spec::pod_name(name_, p.call.name, p.resolved->name));
    }
    add_retry_names(scope, *work);
    Json tmpl = *p.tmpl;
    if (auto error = substitute_template(tmpl, scope)) return reject(p.call, *error);
    p.tmpl = std::make_shared<const Json>(std::move(tmpl));
  }
  const std::string name = p.call.name;
  dispatch(std::move(p));
  const NodeIndex attempt = graph_.by_name(name);
  work = graph_[i].as<RetryWork>();
  if (work == nullptr || attempt == kNoNode) return;
  if (work->attempts.size() == number) work->attempts.push_back(attempt);
}

void Scheduler::Impl::attempt_settled(NodeIndex i) {
  if (graph_[i].as<RetryWork>() != nullptr && !completed(graph_[i].phase)) judge_attempt(i);
}

/// The last try has ended, or is a daemon that is ready, or its backoff is over.
void Scheduler::Impl::judge_attempt(NodeIndex i) {
  auto* work = graph_[i].as<RetryWork>();
  if (work == nullptr || work->attempts.empty() || completed(graph_[i].phase)) return;
  const Node& last = graph_[work->attempts.back()];
  if (!last.fulfilled()) return;
  if (last.daemoned) {
    graph_[i].say().pod_ip = last.said().pod_ip;
    if (!graph_[i].daemoned) mark_daemoned(i);
    return;
  }
  const Verdict verdict = judge(i);
  switch (verdict.kind) {
    case Verdict::Kind::again:
      set_message(i, "");
      next_attempt(i);
      break;
    case Verdict::Kind::wait:
      work->wait_until = verdict.until;
      set_message(i, verdict.message);
      set_timer(*verdict.until, TimerKind::backoff, i);
      break;
    case Verdict::Kind::end:
      graph_[i].outputs = last.outputs;
      if (verdict.phase == Phase::succeeded) {
        set_phase(i, verdict.phase);
      } else {
        set_phase(i, verdict.phase, verdict.message);
      }
      break;
    case Verdict::Kind::error:
      fail_call(i, verdict.message);
      break;
  }
}

Scheduler::Impl::Verdict Scheduler::Impl::judge(NodeIndex i) {
  using Kind = Verdict::Kind;
  RetryWork& work = *graph_[i].as<RetryWork>();
  const Node& last = graph_[work.attempts.back()];
  if (!failed_or_error(last.phase)) return {Kind::end, Phase::succeeded, "", std::nullopt};
  if (shutdown_ != Shutdown::none) {
    return {Kind::end, last.phase,
            fmt::format("Stopped with strategy '{}'", strategy_name(shutdown_ == Shutdown::stop)),
            std::nullopt};
  }
  if (past_deadline_) {
    return {Kind::end, last.phase, "retry exceeded workflow deadline " + go_time(deadline_.value_or(now_)),
            std::nullopt};
  }
  const spec::RetryStrategy strategy = spec::retry_strategy_from(retry_strategy(*work.prepared.tmpl));
  if (strategy.backoff) {
    if (auto verdict = judge_backoff(work, strategy)) return *verdict;
  }
  if (auto verdict = judge_policy(work, strategy)) return *verdict;
  return {};
}

std::optional<Scheduler::Impl::Verdict> Scheduler::Impl::judge_backoff(RetryWork& work,
                                                                       const spec::RetryStrategy& strategy) {
  using Kind = Verdict::Kind;
  const spec::Backoff& b = *strategy.backoff;
  const Node& last = graph_[work.attempts.back()];
  const auto wrong = [](std::string message) { return Verdict{Kind::error, {}, std::move(message), {}}; };
  std::string error;
  std::optional<TimePoint> limit;
  if (!b.max_duration.empty()) {
    const auto max = spec::parse_duration(b.max_duration, &error);
    if (!max) return wrong(error);
    limit = later(*graph_[work.attempts.front()].started_at, *max);
    if (now_ >= *limit) return Verdict{Kind::end, last.phase, "Max duration limit exceeded", {}};
  }
  if (b.duration.empty()) return wrong("no base duration specified for retryStrategy");
  const auto base = spec::parse_duration(b.duration, &error);
  if (!base) return wrong(error);
  const auto factor = int_of(b.factor);
  if (!b.factor.empty() && !factor) return wrong(fmt::format("backoff.factor `{}` is no integer", b.factor));
  spec::Nanoseconds wait = backoff(*base, factor.value_or(0), work.attempts.size());
  if (!b.cap.empty()) {
    const auto cap = spec::parse_duration(b.cap, &error);
    if (!cap) return wrong(error);
    wait = std::min(wait, *cap);
  }
  const TimePoint until = later(*last.finished_at, wait);
  if (limit && until > *limit) {
    return Verdict{Kind::end, last.phase, "Backoff would exceed max duration limit", {}};
  }
  const auto tries = static_cast<std::int64_t>(work.attempts.size());
  if (now_ < until && strategy.limit && tries <= int_of(*strategy.limit).value_or(0)) {
    return Verdict{Kind::wait, {}, "Backoff for " + spec::long_duration(wait), until};
  }
  work.max_duration = limit;
  return std::nullopt;
}

std::optional<Scheduler::Impl::Verdict> Scheduler::Impl::judge_policy(
    const RetryWork& work, const spec::RetryStrategy& strategy) const {
  using Kind = Verdict::Kind;
  const Node& last = graph_[work.attempts.back()];
  std::string policy = strategy.retry_policy;
  if (policy.empty()) policy = strategy.expression.empty() ? "OnFailure" : "Always";
  const bool transient =
      policy == "OnTransientError" && (last.transient || sounds_transient(last.said().message));
  const bool on_failed = policy == "Always" || policy == "OnFailure" || transient;
  const bool on_error = policy == "Always" || policy == "OnError" || transient;
  if (policy != "Always" && policy != "OnFailure" && policy != "OnError" && policy != "OnTransientError") {
    return Verdict{Kind::error, {}, policy + " is not a valid RetryPolicy", {}};
  }
  if ((last.phase == Phase::failed && !on_failed) || (last.phase == Phase::error && !on_error)) {
    return Verdict{Kind::end, last.phase, last.said().message, {}};
  }
  const auto tries = static_cast<std::int64_t>(work.attempts.size());
  if (strategy.limit) {
    const auto limit = int_of(*strategy.limit);
    if (!limit) {
      return Verdict{
          Kind::error, {}, fmt::format("retryStrategy.limit `{}` is no integer", *strategy.limit), {}};
    }
    if (tries > *limit) return Verdict{Kind::end, last.phase, "No more retries left", {}};
  }
  if (!strategy.expression.empty()) {
    spec::Scope scope;
    scope.set("retries", std::to_string(tries - 1));
    scope.set("lastRetry.exitCode", last.outputs.get_string("exitCode", "-1"));
    scope.set("lastRetry.status", std::string(spec::to_string(last.phase)));
    scope.set("lastRetry.duration", seconds_text(last));
    scope.set("lastRetry.message", last.said().message);
    const spec::Evaluated result = spec::evaluate_expression(strategy.expression, scope);
    if (!result.error.empty()) return Verdict{Kind::error, {}, result.error, {}};
    if (!result.value.is_bool()) {
      return Verdict{Kind::error, {}, "unable to cast expression result to bool: " + strategy.expression, {}};
    }
    if (!result.is_true()) {
      return Verdict{Kind::end, last.phase, "retryStrategy.expression evaluated to false", {}};
    }
  }
  return std::nullopt;
}

/// A try could not be carried out. Where errors are not retried, the call fails with it.
void Scheduler::Impl::attempt_error(NodeIndex i, NodeIndex attempt, const std::string& error) {
  auto* work = graph_[i].as<RetryWork>();
  if (work == nullptr || completed(graph_[i].phase)) return;
  const spec::RetryStrategy strategy = spec::retry_strategy_from(retry_strategy(*work->prepared.tmpl));
  std::string policy = strategy.retry_policy;
  if (policy.empty()) policy = strategy.expression.empty() ? "OnFailure" : "Always";
  if (work->attempts.empty() || work->attempts.back() != attempt) work->attempts.push_back(attempt);
  if (policy == "Always" || policy == "OnError" || policy == "OnTransientError") return;
  graph_[attempt].told = true;
  graph_[i].outputs = graph_[attempt].outputs;
  fail_call(i, error);
}

}  // namespace skiff::runner
