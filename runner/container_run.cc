#include "runner/container_run.h"

#include <algorithm>

#include "docker/preflight.h"
#include "runner/engine_calls.h"

namespace skiff::runner {

using docker::ContainerStatus;
using docker::ErrorKind;

namespace {

/// How long output may lag behind the exit; the engine itself waits 2 s for it.
constexpr std::chrono::milliseconds kOutputGrace(3000);
/// How often a container is looked at whose output ended but whose end nobody told.
constexpr std::chrono::milliseconds kWatchdog(10'000);
constexpr int kKilled = 137;
/// How long another container may stand in the way of ours by its name.
constexpr std::chrono::seconds kNameTaken(60);
constexpr std::chrono::milliseconds kInitGrace(300);

bool is_over(ContainerStatus s) { return s == ContainerStatus::exited || s == ContainerStatus::dead; }

/// "OCI runtime create failed: … exec: \"x\": executable file not found in $PATH: unknown" → from "exec:" on.
std::string start_message(const std::string& text) {
  std::string out = text;
  const std::size_t exec = out.find("exec: \"");
  if (exec != std::string::npos) out.erase(0, exec);
  for (std::string_view tail : {": unknown", "\n"}) {
    if (out.ends_with(tail)) out.resize(out.size() - tail.size());
  }
  return out;
}

}  // namespace

ContainerRun::ContainerRun(PodServices& services, Executor strand, const PlannedContainer& plan,
                           OutputKeeper output, Notice& changed)
    : services_(services),
      strand_(std::move(strand)),
      plan_(plan),
      output_(std::move(output)),
      changed_(changed),
      labels_(plan.spec.labels) {
  end_.name = plan.name;
  end_.stage = plan.stage;
}

ContainerRun::~ContainerRun() {
  *alive_ = false;
  if (!id_.empty()) services_.watch.forget(id_);
}

/// To its end even if the pod is stopped meanwhile: a container that nobody knows would stay.
Task<void> ContainerRun::create(docker::ContainerSpec spec) {
  co_await run_on(strand_, make(std::move(spec)));
}

Task<void> ContainerRun::make(docker::ContainerSpec spec) {
  docker::RemoveOptions unforced;  // it may be starting at this moment
  unforced.volumes = true;
  const auto until = std::chrono::steady_clock::now() + kNameTaken;
  for (;;) {
    auto created = co_await services_.engine.create(spec);
    if (created.ok()) {
      id_ = created->id;
      labels_ = spec.labels;
      co_return;
    }
    if (means_away(created.error())) throw EngineAway(created.error());
    if (created.is(ErrorKind::not_found)) services_.images.forget(spec.image);
    const bool wait = created.is(ErrorKind::conflict) && std::chrono::steady_clock::now() < until;
    if (!wait) throw docker::EngineFailure(created.error());
    // The name is taken by ourselves, before a crash: what has started counts, what has not is made anew.
    // While the engine is still making it, the name is taken but there is no such container yet.
    const bool taken_up = co_await adopt();
    if (taken_up) co_return;
    const auto removed = co_await services_.engine.remove(spec.name, unforced);
    if (!removed.ok()) co_await sleep_for(std::chrono::milliseconds(200));
  }
}

Task<bool> ContainerRun::adopt() {
  auto found = co_await services_.engine.inspect(plan_.spec.name);
  if (found.is(ErrorKind::not_found)) co_return false;
  const docker::ContainerInfo info = need(std::move(found));
  const bool failed_before = info.state.status == ContainerStatus::created && info.state.exit_code != 0;
  if (info.state.status == ContainerStatus::created && !failed_before) co_return false;
  id_ = info.id;
  labels_ = info.labels;
  adopted_ = true;
  started_ = true;
  if (failed_before) {
    end_.exit_code = never_ran(info.state.exit_code);
    end_.message = start_message(info.state.error);
    drained_ = true;
  } else if (is_over(info.state.status)) {
    end_.exit_code = info.state.exit_code;
    end_.oom_killed = info.state.oom_killed && info.state.exit_code == kKilled;
  }
  end_.started = true;
  co_return true;
}

void ContainerRun::resume(Scope& scope) {
  if (drained_) return;
  output_.from_the_start();
  if (!ended()) {
    services_.watch.on_exit(id_, strand_, [this, alive = alive_, start = starts_](int code) {
      if (*alive && start == starts_) on_exit(code);
    });
    scope.spawn(watch_adopted());
  }
  scope.spawn(follow_logs());
}

Task<void> ContainerRun::watch_adopted() {
  auto armed = co_await services_.engine.arm_wait(id_, docker::WaitCondition::not_running);
  co_await watch(need(std::move(armed)));
}

/// Following may lose a last line without its newline (docker-engine P4): read once more when it is over.
Task<void> ContainerRun::follow_logs() {
  if (!ended()) co_await read_logs(true);
  while (!ended()) co_await changed_.wait();
  output_.from_the_start();
  co_await read_logs(false);
  drained();
}

Task<void> ContainerRun::read_logs(bool follow) {
  docker::LogOptions options;
  options.follow = follow;
  auto opened = co_await services_.engine.logs(id_, options);
  if (!opened.ok()) {
    if (means_away(opened.error())) throw EngineAway(opened.error());
    co_return;
  }
  const std::unique_ptr<docker::OutputStream> stream = std::move(opened).value();
  for (;;) {
    auto next = co_await stream->next();
    if (!next.ok() || !next->has_value()) co_return;
    output_.take(**next);
  }
}

Task<void> ContainerRun::start(Scope& scope) {
  if (adopted_) {
    resume(scope);
    co_return;
  }
  ++starts_;
  auto attached = co_await services_.engine.attach(id_);
  auto stream = need(std::move(attached));
  auto armed = co_await services_.engine.arm_wait(id_, docker::WaitCondition::next_exit);
  auto pending = need(std::move(armed));
  services_.watch.on_exit(id_, strand_, [this, alive = alive_, start = starts_](int code) {
    if (*alive && start == starts_) on_exit(code);
  });
  drained_ = false;
  scope.spawn(drain(std::move(stream)));
  starting_ = true;
  const auto result = co_await services_.engine.start(id_);
  starting_ = false;
  started_at_ = std::chrono::steady_clock::now();
  if (!result.ok()) {
    if (means_away(result.error())) throw EngineAway(result.error());
    pending.reset();
    co_await explain_failed_start(result.error());
    co_return;
  }
  started_ = true;
  end_.started = true;
  scope.spawn(watch(std::move(pending)));
  changed_.notify();
}

/// The code of a command that the engine could not start; Argo's executor starts all but init containers.
int ContainerRun::never_ran(int engine_code) const {
  return plan_.stage == Stage::init ? engine_code : kExecutorFailed;
}

Task<void> ContainerRun::explain_failed_start(docker::Error error) {
  const auto info = co_await services_.engine.inspect(id_);
  end_.message = start_message(error.message);
  if (info.ok() && info->state.exit_code != 0) {
    end_.exit_code = never_ran(info->state.exit_code);
    end_.started = true;
  }
  failed_to_start_ = true;
  drained_ = true;
  changed_.notify();
}

Task<void> ContainerRun::drain(std::unique_ptr<docker::OutputStream> stream) {
  const int start = starts_;
  for (;;) {
    auto next = co_await stream->next();
    if (!next.ok() && means_away(next.error())) throw EngineAway(next.error());
    if (!next.ok() || !next->has_value()) break;
    output_.take(**next);
  }
  if (start == starts_) drained();
}

void ContainerRun::drained() {
  output_.finish();
  drained_ = true;
  changed_.notify();
}

Task<void> ContainerRun::watch(std::unique_ptr<docker::PendingWait> pending) {
  const int start = starts_;
  auto result = co_await pending->result();
  // A member of a containerSet may have been started again meanwhile: this was the end before.
  if (ended() || start != starts_) co_return;
  if (result.ok() && result->error.empty()) {
    on_exit(result->exit_code);
    co_return;
  }
  if (!result.ok() && means_away(result.error())) throw EngineAway(result.error());
  co_await ask();
}

/// The engine's own word on whether it has ended.
Task<void> ContainerRun::ask() {
  auto found = co_await services_.engine.inspect(id_);
  if (found.is(ErrorKind::not_found)) {
    end_.message = "the container was removed while it ran";
    on_exit(kKilled);
    co_return;
  }
  const docker::ContainerInfo info = need(std::move(found));
  if (is_over(info.state.status) && !ended()) on_exit(info.state.exit_code);
}

void ContainerRun::on_exit(int code) {
  if (end_.exit_code) return;
  end_.exit_code = code;
  services_.watch.forget(id_);
  changed_.notify();
}

Task<void> ContainerRun::wait() {
  while (!ended()) {
    const bool told = co_await changed_.wait_for(kWatchdog);
    if (!told && drained_ && !ended()) co_await ask();
  }
  const auto until = std::chrono::steady_clock::now() + kOutputGrace;
  while (!drained_) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    co_await changed_.wait_for(left);
  }
  co_await settle_end();
}

/// What the exit code alone does not say. An inspect waits until the engine has taken the container down:
/// only where it may tell something.
Task<void> ContainerRun::settle_end() {
  const int code = end_.exit_code.value_or(0);
  if (code == 0 || failed_to_start_) co_return;
  const std::string cannot_run = plan_.stage == Stage::init ? "" : exec_failure(code, output_.tail());
  if (!cannot_run.empty() && end_.message.empty()) {
    end_.message = cannot_run;
    end_.exit_code = kExecutorFailed;
  }
  if (code != kKilled || end_.ended_by_us) co_return;
  const auto info = co_await services_.engine.inspect(id_);
  if (info.ok()) end_.oom_killed = info->state.oom_killed;
}

void ContainerRun::forget_end() {
  adopted_ = false;
  started_ = false;
  starting_ = false;
  failed_to_start_ = false;
  const std::string name = end_.name;
  end_ = ContainerEnd();
  end_.name = name;
  end_.stage = plan_.stage;
}

void ContainerRun::kill(const std::string& signal, Scope& scope) {
  if (running()) scope.spawn(send_signal(signal));
}

Task<void> ContainerRun::send_signal(std::string signal) {
  // An init that has only just been executed may not have its handlers yet, and PID 1 loses what it has none
  // for.
  const auto age = std::chrono::steady_clock::now() - started_at_;
  if (age < kInitGrace)
    co_await sleep_for(std::chrono::duration_cast<std::chrono::milliseconds>(kInitGrace - age));
  if (ended()) co_return;
  const auto sent = co_await services_.engine.kill(id_, signal);
  static_cast<void>(sent);  // it has ended meanwhile, or its end is told by other means
}

}  // namespace skiff::runner
