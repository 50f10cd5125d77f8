// The controller's inside, shared by controller.cc (inbox, turns, commands), actions.cc (doing what a
// scheduler ordered), child_runs.cc (steps that are workflows) and recovery.cc (from a journal back to a
// running workflow). Everything here lives on one strand unless it says otherwise.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_timer.hpp>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runner/child.h"
#include "runner/cluster_config.h"
#include "runner/controller.h"
#include "runner/core/scheduler.h"
#include "runner/host_steps.h"
#include "runner/locks.h"
#include "runner/submit.h"
#include "runner/throttle.h"
#include "store/files.h"
#include "store/secrets.h"

namespace skiff::runner {

/// One workflow in flight.
struct Run {
  std::string uid;
  std::string ns;
  std::string name;
  Json object;  ///< as submitted: what `get` shows as metadata and spec
  std::optional<Scheduler> scheduler;
  std::int64_t next_seq = 1;
  TimePoint created;
  std::optional<TimePoint> started;
  std::optional<TimePoint> finished;
  Consent consent;
  std::set<std::string> pods;                   ///< node ids whose pod is under way
  std::set<std::string> main_started;           ///< of those, the ones with a PodRunning in the journal
  std::map<std::string, AcquireLocks> locking;  ///< lock requests by holder, granted or not
  std::unique_ptr<boost::asio::system_timer> timer;
  std::vector<std::string> warnings;  ///< of its pods; shown as conditions of type SpecWarning
  bool deleting = false;
  bool terminated = false;
};

/// A file that is written as a whole.
struct KeptFile {
  store::fs::path path;
  std::string text;
};

class Controller::Impl {
 public:
  using Strand = boost::asio::strand<boost::asio::any_io_executor>;
  template <class T>
  using awaitable = boost::asio::awaitable<T>;

  Impl(Threads& threads, docker::Engine& engine, const store::Home& home, store::Journal& journal,
       store::ArtifactStore& artifacts, PodSettings settings, std::function<void(const std::string&)> log);

  // controller_commands.cc
  /// `with`: writes that must be there together with the workflow.
  awaitable<void> submit(Json workflow, Consent consent, store::Batch with);
  awaitable<void> command(std::string uid, Event event);
  awaitable<void> remove(std::string uid);
  /// By one that is on its way into the journal, too.
  [[nodiscard]] bool is_taken(const std::string& ns, const std::string& name) const;

  // controller.cc
  awaitable<std::int64_t> changed(std::string uid, std::int64_t after, bool until_over);
  awaitable<void> close();
  /// From any thread.
  void post(std::string uid, Event event);

  // recovery.cc
  awaitable<void> recover();
  /// Rebuilds a workflow from its journal; nullptr if there is none. Blocks on the database.
  Run* activate(const std::string& uid);

  Strand strand;
  std::atomic<std::size_t> active{0};
  Pods pods;
  HostSteps host_steps;

 private:
  struct Item {
    std::string uid;
    Event event;
    std::uint64_t ticket = 0;
  };
  struct Order {
    std::string uid;
    Action action;
  };
  /// What one round takes in and gives out: nothing of `orders` begins before `batch` is on the disk.
  struct Turn {
    store::Batch batch;
    std::vector<Order> orders;
    std::set<std::string> touched;
    std::set<std::string> failed;  ///< runs whose scheduler threw: what they were last is in `batch` already
    std::vector<KeptFile> files;   ///< metrics
    std::vector<std::pair<std::string, std::string>> ended_pods;  ///< (uid, node) whose PodDone is in `batch`
    std::uint64_t last_ticket = 0;
  };
  /// A step whose work is a workflow of its own.
  struct Child {
    std::string parent_uid;
    StartPod order;
    std::optional<Conditions> conditions;
    bool there = false;        ///< in the journal
    std::string judged_phase;  ///< the phase that the conditions last saw
  };
  struct Waiter {
    std::string uid;
    bool until_over = false;
    boost::asio::steady_timer timer;
  };

  // controller.cc
  awaitable<void> pump();
  Turn take_turn();
  void take_in(Turn& turn, const Item& item, TimePoint now);
  void feed(Turn& turn, Run& run, const Event& event, TimePoint now);
  void note_pod(Turn& turn, Run& run, const Event& event);
  void note_warning(const std::string& node_id, const std::string& message);
  void write_state(Turn& turn, Run& run);
  /// `files`, if there are any, are there before the batch is.
  awaitable<std::int64_t> commit(const store::Batch& batch, const std::vector<KeptFile>* files = nullptr);
  void tell_waiters(const std::set<std::string>& uids, std::int64_t revision);
  std::uint64_t enqueue(std::string uid, Event event);
  awaitable<void> committed(std::uint64_t ticket);
  void fail_run(Turn& turn, Run& run, const std::string& why, TimePoint now);
  store::WorkflowRow row_of(const Run& run) const;
  Json lock_status(const Run& run) const;
  Json config_maps_of(const std::string& ns) const;
  ClusterConfig read_config();

  // actions.cc
  void perform(Run& run, const Action& action, bool adopting);
  void start_pod(Run& run, const StartPod& order, bool adopting);
  awaitable<void> run_pod(std::string uid, RunContext context, StartPod order, bool adopting,
                          bool had_started);
  void look_up_memo(Run& run, const LookUpMemo& action);
  void store_memo(Run& run, const StoreMemo& action);
  void set_timer(Run& run, const SetTimer& action);
  void finish(Run& run);
  awaitable<void> clean_up(std::string uid, bool release_volumes);
  void settle_locks();
  void begin_admitted();
  std::optional<int> limit_of(const LockRequest& lock, std::string& reason) const;
  RunContext context_of(const Run& run) const;

  // child_runs.cc
  static bool makes_child(const Json& tmpl);
  void start_child(Run& run, const StartPod& order, bool adopting);
  awaitable<void> make_child(std::string uid, RunContext parent, StartPod order);
  awaitable<void> submit_child(std::string uid, RunContext parent, StartPod order);
  awaitable<void> orphaned(std::string uid, std::string parent_uid, StartPod order);
  void judge_child(const std::string& uid);
  void end_child_step(const std::string& uid, PodDone done);
  void stop_child(Run& run, const std::string& node_id);
  awaitable<void> remove_children(std::string uid);

  // expiry.cc
  void note_end(Turn& turn, const Run& run, Phase phase, TimePoint now);
  void forget_end(store::Batch& batch, const std::string& ns, const std::string& uid);
  void load_expiries();
  void keep_newest(const std::string& phase);
  void arm_expiry();
  awaitable<void> expire();
  void drop_completed_artifacts(const Run& run);
  void drop_artifacts(std::vector<std::string> keys);
  /// Both block, for the pool.
  void remove_all_artifacts(const store::WorkflowRow& row, const Json& object,
                            const std::vector<store::NodeRow>& rows) const;
  void remove_artifacts(const std::vector<std::string>& keys) const;

  // recovery.cc
  void request_sweep();
  awaitable<void> sweep();
  awaitable<void> sweep_once();
  void replay(Run& run, const std::vector<store::EventRow>& events);

  friend class Controller;

  boost::asio::any_io_executor pool_;
  docker::Engine& engine_;
  const store::Home& home_;
  store::Journal& journal_;
  store::ArtifactStore& artifacts_;
  std::function<void(const std::string&)> log_;
  store::Secrets secrets_;
  Locks locks_;
  Throttle throttle_;
  Json retention_;  ///< retentionPolicy of the configuration; null without one

  std::map<std::string, Run> runs_;            ///< by uid
  std::map<std::string, Child> child_steps_;   ///< by the child's uid
  std::map<std::string, TimePoint> expiries_;  ///< when finished workflows are to be deleted, by uid
  boost::asio::system_timer expiry_timer_;
  std::deque<Item> inbox_;
  store::Batch extra_;  ///< writes that belong to no event (memo), for the next turn
  std::map<std::string, store::MemoRow>
      fresh_memos_;  ///< what extra_ will write, by namespace, cache and key
  std::uint64_t next_ticket_ = 1;
  std::uint64_t done_ticket_ = 0;
  boost::asio::steady_timer wake_;
  /// When the inbox is to be looked at; time_point::max() with nothing in it.
  std::chrono::steady_clock::time_point due_ = std::chrono::steady_clock::time_point::max();
  std::list<Waiter> waiters_;
  std::list<boost::asio::steady_timer> ticket_waiters_;
  std::map<std::string, std::int64_t> revisions_;  ///< of the last change, by uid; "" is any
  std::set<std::string> names_;                    ///< "ns/name" being submitted or removed
  std::set<std::string> removing_;                 ///< by uid
  std::size_t children_ = 0;                       ///< coroutines that must end before close() returns
  bool sweep_wanted_ = false;
  bool sweeping_ = false;
  bool closing_ = false;
  bool pumping_ = false;
};

/// Its place in the queue: the priority of the workflow as it was submitted, not of its template
/// (multi_throttler.go, getWfPriority).
[[nodiscard]] Throttle::Candidate candidate_of(const Run& run);
/// Input's payload is the RunInput and what the user consented to.
[[nodiscard]] Json input_payload(const RunInput& input, const Consent& consent);
[[nodiscard]] Consent consent_from(const Json& json);

/// The message of a workflow that waits for its turn.
inline constexpr std::string_view kPostponed =
    "Workflow processing has been postponed because too many workflows are already running";

[[nodiscard]] TimePoint clock_now();
[[nodiscard]] std::int64_t to_ms(TimePoint t);
/// What is next of that run in the journal.
[[nodiscard]] store::EventRow event_row(const Run& run, std::string kind, const Json& payload, TimePoint now);

}  // namespace skiff::runner
