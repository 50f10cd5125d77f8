// One pod from order to end, as a coroutine on a strand of its own.
//
//   images → plan → volumes → network → init containers → sidecars → main containers → outputs → end
//
// Whatever happens is one of: a PodDone; the engine is away (it is waited for, then everything is taken up by
// name); the pod is let go of, its containers running on.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runner/container_run.h"
#include "runner/core/pod_plan.h"
#include "runner/core/pod_reason.h"
#include "runner/pod_probe.h"
#include "runner/pod_services.h"
#include "runner/pod_storage.h"

namespace skiff::runner {

class PodLife {
 public:
  PodLife(PodServices& services, RunContext run, StartPod order, EventSink sink, bool adopting,
          bool had_started);
  ~PodLife();
  PodLife(const PodLife&) = delete;
  PodLife& operator=(const PodLife&) = delete;

  [[nodiscard]] const Executor& strand() const { return strand_; }
  /// To be spawned on strand(). Throws operation_aborted once let go of.
  [[nodiscard]] Task<PodDone> live();

  // On the strand:
  void stop(std::chrono::seconds grace);
  void let_go();
  /// What the pod leaves on the engine; after live().
  [[nodiscard]] Leavings leavings();

 private:
  // pod_life.cc: the way to the end
  [[nodiscard]] Task<void> attempt();
  [[nodiscard]] Task<void> work();
  [[nodiscard]] Task<void> make_plan();
  [[nodiscard]] Task<void> find_existing();
  [[nodiscard]] Task<void> prepare();
  [[nodiscard]] Task<void> join_network();
  [[nodiscard]] Task<Gate::Pass> admission();
  [[nodiscard]] Task<void> start_all();
  [[nodiscard]] Task<void> fill_inputs();
  [[nodiscard]] Task<void> put_inputs_into(std::string container, bool with_script);
  [[nodiscard]] Task<void> create(ContainerRun& c);
  [[nodiscard]] Task<void> launch(ContainerRun& c);
  [[nodiscard]] bool blames_surroundings(const std::string& text) const;
  [[nodiscard]] Task<bool> run_inits();
  [[nodiscard]] Task<bool> goes_on_beside(ContainerRun& c);
  [[nodiscard]] Task<void> finish();
  [[nodiscard]] Task<void> wait_for_engine();
  [[nodiscard]] Task<void> return_to_engine(int& rounds);
  void conclude(PodReason reason);
  [[nodiscard]] docker::ContainerSpec final_spec(const ContainerRun& c) const;
  void add_init(const ContainerRun& c, docker::ContainerSpec& spec) const;

  // pod_members.cc: main containers, their end, and what watches them
  [[nodiscard]] Task<void> run_members();
  [[nodiscard]] Task<void> run_member(ContainerRun& c);
  [[nodiscard]] Task<bool> await_dependencies(ContainerRun& c);
  [[nodiscard]] Task<void> end_others();
  void ask_to_end(ContainerRun& c, const std::string& usual);
  [[nodiscard]] Task<void> run_kill_command(ContainerRun& c);
  [[nodiscard]] Task<void> stop_running();
  [[nodiscard]] Task<void> stop_sidecars();
  [[nodiscard]] Task<void> watch_daemon(ContainerRun& c);
  void guard_health(ContainerRun& c);
  [[nodiscard]] Task<void> watch_health(ContainerRun& c);
  [[nodiscard]] Task<void> watch_progress(ContainerRun& c);
  [[nodiscard]] Task<void> post_start(ContainerRun& c);
  [[nodiscard]] Task<void> read_progress(ContainerRun& c);
  [[nodiscard]] Task<void> pre_stop(ContainerRun& c);
  void member_changed(const ContainerRun& c, Phase phase, const std::string& message);
  [[nodiscard]] ProbeTarget target_of(const ContainerRun& c) const;
  void main_started(ContainerRun& c);
  [[nodiscard]] bool members_done() const;

  [[nodiscard]] std::vector<ContainerRun*> of_stage(Stage stage) const;
  [[nodiscard]] ContainerRun* main_container() const;
  [[nodiscard]] ContainerRun* named(const std::string& name) const;
  [[nodiscard]] bool any_main_started() const;
  [[nodiscard]] bool main_is_starting() const;
  void say(Event event) const { sink_(std::move(event)); }
  void say_pending(const std::string& message) const;

  PodServices& services_;
  RunContext run_;
  StartPod order_;
  EventSink sink_;
  bool adopting_;
  bool had_started_;
  Executor strand_;
  Notice changed_;
  std::unique_ptr<Scope> scope_;

  EngineFacts facts_;
  PodSpec spec_;
  ImageConfigs images_;
  std::optional<PodPlan> plan_;
  std::unique_ptr<PodStorage> storage_;
  std::vector<std::unique_ptr<ContainerRun>> containers_;
  std::vector<const ContainerRun*> finished_;  ///< members whose last attempt is over
  std::map<std::string, int> told_codes_;      ///< of members that did not run because another one failed
  std::optional<Sandbox> sandbox_;
  Gate::Pass admitted_;  ///< for the first container, since before the sandbox was taken
  std::string ip_;
  std::string progress_;
  bool said_running_ = false;
  bool lost_engine_ = false;  ///< the engine was away while the pod ran
  bool waited_ = false;       ///< the engine did not answer at once
  bool stopping_ = false;
  std::chrono::steady_clock::time_point kill_at_;
  bool let_go_ = false;
  std::optional<PodDone> done_;
};

}  // namespace skiff::runner
