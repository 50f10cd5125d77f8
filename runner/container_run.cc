#include "runner/container_run.h"

#include <algorithm>

#include "docker/preflight.h"
#include "runner/engine_calls.h"
#include "store/archive.h"

namespace skiff::runner {

using docker::ContainerStatus;
using docker::ErrorKind;

namespace {

/// How long output may lag behind the exit; the engine itself waits 2 s for it.
constexpr std::chrono::milliseconds kOutputGrace(3000);
/// How often a container is looked at whose output ended but whose end nobody told.
constexpr std::chrono::milliseconds kWatchdog(2'000);
constexpr int kKilled = 137;
/// How long another container may stand in the way of ours by its name.
constexpr std::chrono::seconds kNameTaken(60);
constexpr std::chrono::milliseconds kInitGrace(300);
/// A larger file is no termination message.
constexpr std::size_t kMostMessage = 256 * 1024;

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
      has_init(spec.labels, spec.entrypoint, spec.cmd);
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
  has_init(info.labels, info.entrypoint, info.cmd);
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

void ContainerRun::has_init(const docker::Labels& labels, const std::vector<std::string>& entrypoint,
                            const std::vector<std::string>& cmd) {
  const auto nonce = labels.find(kLabelInit);
  if (nonce == labels.end()) return;
  const std::vector<WatchedOutput> watched = watched_outputs(entrypoint);
  const bool hands_over =
      std::any_of(watched.begin(), watched.end(), [](const auto& w) { return w.to_hand_over; });
  handover_.reset();
  if (hands_over) handover_.emplace(services_.handed, nonce->second, watched.size());
  step_end_.emplace(nonce->second, watched);
  command_ = cmd.empty() ? "" : cmd.front();
}

ToldOutputs ContainerRun::told() {
  ToldOutputs told;
  if (!step_end_) return told;
  told.files = step_end_->files();
  if (!handover_) return told;
  for (const auto& [path, number] : step_end_->handed()) {
    if (auto file = handover_->take(number)) told.open.emplace(path, std::move(*file));
  }
  return told;
}

void ContainerRun::resume(Scope& scope) {
  if (drained_) return;
  read_anew();
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
  if (drained_) co_return;
  read_anew();
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
    take(**next);
    if (step_end_ && step_end_->complete()) co_return told_end();
  }
}

void ContainerRun::read_anew() {
  output_.from_the_start();
  if (step_end_) step_end_->from_the_start();
}

Task<void> ContainerRun::start(Scope& scope) {
  if (adopted_) {
    resume(scope);
    co_return;
  }
  ++starts_;
  auto attached = co_await services_.engine.attach(id_);
  auto stream = need(std::move(attached));
  std::unique_ptr<docker::PendingWait> pending;
  if (!step_end_) pending = co_await arm();
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
  if (pending) scope.spawn(watch(std::move(pending)));
  changed_.notify();
}

/// Under an init this is spared: the end is in the streams, and of a kill tell the engine's events.
Task<std::unique_ptr<docker::PendingWait>> ContainerRun::arm() {
  auto armed = co_await services_.engine.arm_wait(id_, docker::WaitCondition::next_exit);
  co_return need(std::move(armed));
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
    take(**next);
    if (start == starts_ && step_end_ && step_end_->complete()) co_return told_end();
  }
  if (start == starts_) drained();
}

void ContainerRun::take(const docker::OutputChunk& chunk) {
  if (!step_end_) return output_.take(chunk);
  docker::OutputChunk own;
  own.stream = chunk.stream;
  own.bytes = step_end_->take(chunk);
  if (!own.bytes.empty()) output_.take(own);
}

/// The init's word is the end, before the engine has taken the container down. Of a kill only the engine
/// knows whose it was: its word is waited for.
void ContainerRun::told_end() {
  if (const auto code = step_end_->exit_code(); code && *code != kKilled) on_exit(*code);
  if (std::string why = step_end_->not_run(command_); !why.empty()) {
    end_.message = std::move(why);
    on_exit(kExecutorFailed);
  }
  drained();
}

void ContainerRun::drained() {
  for (const auto stream : {docker::StreamKind::out, docker::StreamKind::err}) {
    docker::OutputChunk last;
    last.stream = stream;
    if (step_end_) last.bytes = step_end_->rest(stream);
    if (!last.bytes.empty()) output_.take(last);
  }
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
    end_.deleted = true;
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
  const bool by_engines_init = plan_.stage != Stage::init && !step_end_;
  const std::string cannot_run = by_engines_init ? exec_failure(code, output_.tail()) : "";
  if (!cannot_run.empty() && end_.message.empty()) {
    end_.message = cannot_run;
    end_.exit_code = kExecutorFailed;
  }
  if (code == kKilled && !end_.ended_by_us) {
    const auto info = co_await services_.engine.inspect(id_);
    if (info.ok()) end_.oom_killed = info->state.oom_killed;
    end_.deleted = info.is(ErrorKind::not_found) ||
                   (info.ok() && info->state.status == docker::ContainerStatus::removing);
  }
  if (end_.message.empty() && !end_.deleted && !end_.ended_by_us) {
    const std::string left = co_await left_message();
    end_.message = termination_message(left, plan_.message_from_logs, output_.tail());
  }
}

/// The file at its terminationMessagePath. What lies in the container's own /dev only an init can tell.
Task<std::string> ContainerRun::left_message() {
  if (step_end_) {
    const auto file = step_end_->files().find(plan_.message_path);
    if (file != step_end_->files().end()) co_return file->second.value_or("");
  }
  docker::StringSink sink(kMostMessage);
  const auto got = co_await services_.engine.get_archive(id_, plan_.message_path, sink);
  if (!got.ok() || got->is_dir()) co_return "";
  const auto files =
      store::read_tar(store::source_from_memory(std::as_bytes(std::span(sink.bytes()))), kMostMessage);
  co_return files.empty() ? "" : files.front().content;
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
