// One container of a pod, from its making to its end: attached before it starts, its output drained whatever
// happens, its exit taken from whoever tells it first.
//
// Belongs to its pod's strand. A restart of ours finds the container by its name and goes on.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "runner/core/pod_plan.h"
#include "runner/core/pod_reason.h"
#include "runner/core/step_init.h"
#include "runner/handed_files.h"
#include "runner/pod_logs.h"
#include "runner/pod_services.h"

namespace skiff::runner {

/// What a container's init has told of the outputs that it was to look for.
struct ToldOutputs {
  ToldFiles files;
  std::map<std::string, store::Fd> open;  ///< files that it has handed over, by path
};

class ContainerRun {
 public:
  /// `changed` is notified whenever started() or ended() may have changed.
  ContainerRun(PodServices& services, Executor strand, const PlannedContainer& plan, OutputKeeper output,
               Notice& changed);
  ~ContainerRun();
  ContainerRun(const ContainerRun&) = delete;
  ContainerRun& operator=(const ContainerRun&) = delete;

  /// Makes it; one of that name that was never started is replaced, one that was is adopted (see adopted()).
  [[nodiscard]] Task<void> create(docker::ContainerSpec spec);
  /// Takes up a container that is on the engine already; false if there is none, or one that never started.
  [[nodiscard]] Task<bool> adopt();
  /// Attaches, arms the wait, starts; what then goes on is spawned in `scope`. A start that fails is an end
  /// with a message. Does nothing where it was adopted.
  [[nodiscard]] Task<void> start(Scope& scope);
  /// Goes on with an adopted container in `scope`.
  void resume(Scope& scope);
  /// Until it has ended and its output is complete.
  [[nodiscard]] Task<void> wait();
  /// A second start of the same container (containerSet retries): forgets how the first ended.
  void forget_end();

  void kill(const std::string& signal, Scope& scope);

  [[nodiscard]] const PlannedContainer& plan() const { return plan_; }
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return plan_.name; }
  [[nodiscard]] bool adopted() const { return adopted_; }
  [[nodiscard]] bool started() const { return started_; }
  /// The engine was asked to start it and has not answered.
  [[nodiscard]] bool starting() const { return starting_; }
  [[nodiscard]] bool ended() const { return end_.exit_code.has_value() || failed_to_start_; }
  [[nodiscard]] bool running() const { return started_ && !ended(); }
  /// How it ended; complete after wait().
  [[nodiscard]] const ContainerEnd& end() const { return end_; }
  [[nodiscard]] ContainerEnd& end() { return end_; }
  [[nodiscard]] OutputKeeper& output() { return output_; }
  /// Once: what was handed over goes with it.
  [[nodiscard]] ToldOutputs told();
  [[nodiscard]] const docker::Labels& labels() const { return labels_; }

 private:
  [[nodiscard]] Task<void> make(docker::ContainerSpec spec);
  [[nodiscard]] int never_ran(int engine_code) const;
  void has_init(const docker::Labels& labels, const std::vector<std::string>& entrypoint,
                const std::vector<std::string>& cmd);
  void take(const docker::OutputChunk& chunk);
  void told_end();
  void read_anew();
  [[nodiscard]] Task<std::unique_ptr<docker::PendingWait>> arm();
  [[nodiscard]] Task<void> drain(std::unique_ptr<docker::OutputStream> stream);
  [[nodiscard]] Task<void> watch(std::unique_ptr<docker::PendingWait> pending);
  [[nodiscard]] Task<void> follow_logs();
  [[nodiscard]] Task<void> read_logs(bool follow);
  [[nodiscard]] Task<void> watch_adopted();
  [[nodiscard]] Task<void> ask();
  [[nodiscard]] Task<void> explain_failed_start(docker::Error error);
  [[nodiscard]] Task<void> send_signal(std::string signal);
  [[nodiscard]] Task<void> settle_end();
  [[nodiscard]] Task<std::string> left_message();
  void on_exit(int code);
  void drained();

  PodServices& services_;
  Executor strand_;
  const PlannedContainer& plan_;
  OutputKeeper output_;
  std::optional<StepEnd> step_end_;   ///< it runs under a step's init
  std::optional<Handover> handover_;  ///< which may hand outputs over
  std::string command_;               ///< the first word of what that runs
  Notice& changed_;
  std::string id_;
  docker::Labels labels_;
  bool adopted_ = false;
  bool started_ = false;
  bool starting_ = false;
  bool failed_to_start_ = false;
  bool drained_ = false;
  int starts_ = 0;  ///< tells the ends of one start from those of the next
  std::chrono::steady_clock::time_point started_at_;
  ContainerEnd end_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace skiff::runner
