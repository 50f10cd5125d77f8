// The main containers of a pod (one, or the members of a containerSet), what watches them, and how they are
// asked to end.
#include <algorithm>

#include "runner/engine_calls.h"
#include "runner/pod_life.h"
#include "store/archive.h"

namespace skiff::runner {
namespace {

constexpr std::chrono::milliseconds kProgressPeriod(3000);
/// The controller of a cluster looks at a workflow again after so long (rate_limiters.go, GetRequeueTime).
constexpr std::chrono::milliseconds kUntilSeen(10'000);
constexpr std::size_t kProgressSize = 64 * 1024;

/// "N/M" with 0 <= N <= M and M > 0 (ParseProgress).
bool is_progress(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size() || text.size() > 30) return false;
  const auto digits = [](char c) { return c >= '0' && c <= '9'; };
  const std::string n = text.substr(0, slash);
  const std::string m = text.substr(slash + 1);
  if (!std::all_of(n.begin(), n.end(), digits) || !std::all_of(m.begin(), m.end(), digits)) return false;
  return std::stoull(n) <= std::stoull(m) && std::stoull(m) > 0;
}

}  // namespace

bool PodLife::members_done() const {
  const auto mains = of_stage(Stage::main);
  return finished_.size() == mains.size();
}

Task<void> PodLife::run_members() {
  for (ContainerRun* c : of_stage(Stage::main)) scope_->spawn(run_member(*c));
  while (!members_done()) co_await changed_.wait();
}

/// True: all have succeeded. False: one has not, or the pod is to stop.
Task<bool> PodLife::await_dependencies(ContainerRun& c) {
  const auto over = [this](const std::string& name) {
    const ContainerRun* other = named(name);
    return std::find(finished_.begin(), finished_.end(), other) != finished_.end();
  };
  for (const std::string& name : c.plan().dependencies) {
    while (!over(name) && !stopping_) co_await changed_.wait();
    const ContainerRun* other = named(name);
    const auto told = told_codes_.find(name);
    const int own = over(name) && other != nullptr ? other->end().exit_code.value_or(1) : 0;
    const int code = told == told_codes_.end() ? own : told->second;
    if (code != 0) {
      // The executor's own exit code and words (cmd/argoexec/commands/emissary.go); to those who depend on
      // this one it tells the code of the first.
      told_codes_[c.name()] = code;
      c.end().exit_code = kExecutorFailed;
      c.end().message = "dependency \"" + name + "\" exited with non-zero code: " + std::to_string(code);
      co_return false;
    }
  }
  if (!stopping_ || c.started()) co_return true;
  c.end().exit_code = 143;
  co_return false;
}

Task<void> PodLife::run_member(ContainerRun& c) {
  const bool may_start = co_await await_dependencies(c);
  for (int tries = 1; may_start; ++tries) {
    co_await launch(c);
    if (c.started()) main_started(c);
    if (c.running()) co_await post_start(c);
    co_await c.wait();
    const bool over = c.end().exit_code == 0 || c.end().deleted || stopping_;
    if (over || tries >= plan_->retries.attempts) break;
    co_await sleep_for(plan_->retries.pause);
    c.forget_end();
  }
  const int code = c.end().exit_code.value_or(1);
  const bool error = code == kExecutorFailed || c.end().deleted;
  const Phase phase = code == 0 ? Phase::succeeded : error ? Phase::error : Phase::failed;
  std::string message;
  if (code != 0) message = c.end().deleted ? kContainerDeleted : end_message(c.end());
  member_changed(c, phase, message);
  finished_.push_back(&c);
  if (code != 0 && plan_->container_set && !stopping_ && !members_done()) scope_->spawn(end_others());
  changed_.notify();
}

/// Once a member of a containerSet has failed, the others end too (operator.go,
/// podHasContainerNeedingTermination).
Task<void> PodLife::end_others() {
  co_await sleep_for(kUntilSeen);
  if (!stopping_ && !members_done()) stop(plan_->grace);
}

void PodLife::member_changed(const ContainerRun& c, Phase phase, const std::string& message) {
  if (!plan_->container_set) return;
  ContainerChanged event;
  event.node_id = order_.node_id;
  event.container = c.name();
  event.phase = phase;
  event.message = message;
  event.exit_code = c.end().exit_code;
  say(std::move(event));
}

void PodLife::main_started(ContainerRun& c) {
  if (!said_running_) {
    said_running_ = true;
    say(PodRunning{order_.node_id, ip_, facts_.info.name});
    if (!sandbox_ && plan_->network == PodNetwork::sandbox && !c.adopted()) services_.sandboxes.grow();
  }
  member_changed(c, Phase::running, "");
  if (!c.running()) return;
  if (stopping_) scope_->spawn(stop_running());
  if (plan_->daemon) scope_->spawn(watch_daemon(c));
  guard_health(c);
  if (plan_->progress && c.name() == kMainContainer) scope_->spawn(watch_progress(c));
}

ProbeTarget PodLife::target_of(const ContainerRun& c) const {
  ProbeTarget target;
  target.container_id = c.id();
  for (std::string_view group : {"containers", "initContainers"}) {
    for (const Json& container : spec_.spec.get_array(group)) {
      if (container.get_string("name") == c.name()) target.container = container;
    }
  }
  if (sandbox_) target.address = {sandbox_->id, sandbox_->ip};
  return target;
}

Task<void> PodLife::watch_daemon(ContainerRun& c) {
  const ProbeTarget target = target_of(c);
  if (c.plan().startup.is_object()) co_await until_ready(services_, target, c.plan().startup);
  if (c.plan().readiness.is_object()) co_await until_ready(services_, target, c.plan().readiness);
  if (c.running() && !stopping_) say(PodReady{order_.node_id, ip_});
}

void PodLife::guard_health(ContainerRun& c) {
  if (c.plan().startup.is_object() || c.plan().liveness.is_object()) scope_->spawn(watch_health(c));
}

/// A container that does not come up or is not alive is killed; with restartPolicy Never that is its end.
Task<void> PodLife::watch_health(ContainerRun& c) {
  const ProbeTarget target = target_of(c);
  const bool up = co_await until_started(services_, target, c.plan().startup);
  if (up && !c.plan().liveness.is_object()) co_return;
  if (up) co_await until_unhealthy(services_, target, c.plan().liveness);
  if (!c.running()) co_return;
  c.end().message = up ? "liveness probe failed" : "startup probe failed";
  c.kill(c.plan().stop_signal.empty() ? "SIGTERM" : c.plan().stop_signal, *scope_);
  co_await sleep_for(plan_->grace);
  c.kill("SIGKILL", *scope_);
}

/// An init container that stays and is up: the next may begin (kuberuntime, computeInitContainerActions).
Task<bool> PodLife::goes_on_beside(ContainerRun& c) {
  if (!c.plan().restartable || !c.running()) co_return false;
  co_await post_start(c);
  const ProbeTarget target = target_of(c);
  const bool up = co_await until_started(services_, target, c.plan().startup);
  if (up || !c.running()) co_return c.running();
  c.end().message = "startup probe failed";
  c.kill("SIGKILL", *scope_);
  co_return false;
}

Task<void> PodLife::watch_progress(ContainerRun& c) {
  while (c.running()) {
    co_await sleep_for(kProgressPeriod);
    if (c.running()) co_await read_progress(c);
  }
}

Task<void> PodLife::read_progress(ContainerRun& c) {
  docker::StringSink sink(kProgressSize);
  const std::string path(kProgressPath);
  const auto got = co_await services_.engine.get_archive(c.id(), path, sink);
  if (!got.ok() || got->is_dir()) co_return;
  const auto files =
      store::read_tar(store::source_from_memory(std::as_bytes(std::span(sink.bytes()))), kProgressSize);
  if (files.empty()) co_return;
  std::string text = files.front().content;
  while (text.ends_with('\n')) text.pop_back();
  text.erase(0, text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
  if (!is_progress(text) || text == progress_) co_return;
  progress_ = text;
  say(PodProgress{order_.node_id, text});
}

Task<void> PodLife::post_start(ContainerRun& c) {
  const Json& hook = c.plan().lifecycle.get("postStart");
  if (!hook.is_object() || !c.running() || c.adopted()) co_return;
  const ProbeTarget target = target_of(c);
  const bool ok = co_await try_probe(services_, target, hook, plan_->grace);
  if (ok || !c.running()) co_return;
  // As kubelet: a hook that fails kills the container.
  c.end().message = "PostStartHookError";
  c.kill("SIGKILL", *scope_);
}

Task<void> PodLife::pre_stop(ContainerRun& c) {
  const Json& hook = c.plan().lifecycle.get("preStop");
  if (!hook.is_object() || !c.running()) co_return;
  const ProbeTarget target = target_of(c);
  const bool ok = co_await try_probe(services_, target, hook, plan_->grace);
  static_cast<void>(ok);
}

/// By the command of its annotation (workflow/signal/signal.go), its own signal, or else `usual`.
void PodLife::ask_to_end(ContainerRun& c, const std::string& usual) {
  if (!c.running()) return;
  if (!c.plan().kill_command.empty()) {
    scope_->spawn(run_kill_command(c));
  } else {
    c.kill(c.plan().stop_signal.empty() ? usual : c.plan().stop_signal, *scope_);
  }
}

/// Whether it helps is seen by the container's end: who does not go is killed after the grace period.
Task<void> PodLife::run_kill_command(ContainerRun& c) {
  constexpr std::size_t kKeep = 1024;
  docker::ExecSpec spec;
  spec.cmd = c.plan().kill_command;
  const auto result = co_await docker::run_exec(services_.engine, c.id(), spec, kKeep);
  constexpr int kCannotRun = 126;
  if (!result.ok() || (result->exit_code != kCannotRun && result->exit_code != kCannotRun + 1)) co_return;
  services_.warn(run_.uid, order_.node_id,
                 "the kill-cmd of container `" + c.name() + "` cannot be run in it: " + spec.cmd.front());
}

Task<void> PodLife::stop_running() {
  const auto mains = of_stage(Stage::main);
  for (ContainerRun* c : mains) co_await pre_stop(*c);
  for (ContainerRun* c : mains) {
    const auto image = images_.find(c->plan().spec.image);
    const bool own = image != images_.end() && !image->second.stop_signal.empty();
    ask_to_end(*c, own ? image->second.stop_signal : "SIGTERM");
  }
  const auto running = [&] {
    return std::any_of(mains.begin(), mains.end(), [](ContainerRun* c) { return c->running(); });
  };
  while (running()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(kill_at_ - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    co_await changed_.wait_for(left);
  }
  for (ContainerRun* c : mains) c->kill("SIGKILL", *scope_);
}

/// After the main containers: SIGTERM, then SIGKILL.
Task<void> PodLife::stop_sidecars() {
  std::vector<ContainerRun*> beside = of_stage(Stage::sidecar);
  for (ContainerRun* c : of_stage(Stage::init)) beside.push_back(c);
  std::erase_if(beside, [](ContainerRun* c) { return !c->running(); });
  for (ContainerRun* c : beside) {
    co_await pre_stop(*c);
    c->end().ended_by_us = true;
    ask_to_end(*c, "SIGTERM");
  }
  const auto running = [&] {
    return std::any_of(beside.begin(), beside.end(), [](ContainerRun* c) { return c->running(); });
  };
  const auto until = std::chrono::steady_clock::now() + plan_->grace;
  while (running()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    co_await changed_.wait_for(left);
  }
  for (ContainerRun* c : beside) c->kill("SIGKILL", *scope_);
}

}  // namespace skiff::runner
