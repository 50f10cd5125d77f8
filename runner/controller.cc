#include "runner/controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "runner/controller_impl.h"
#include "runner/scope.h"
#include "runner/stored_templates.h"
#include "store/error.h"
#include "store/logs.h"

namespace skiff::runner {
namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;

namespace {

constexpr const char* kPostponed =
    "Workflow processing has been postponed because too many workflows are already running";
constexpr auto kNever = std::chrono::steady_clock::time_point::max();
constexpr std::chrono::milliseconds kPatience(100);

/// Nothing follows at once from a container's start, and of a short step the end follows soon: written
/// together they cost one commit.
bool may_wait(const Event& event) { return std::holds_alternative<PodRunning>(event); }

awaitable<std::int64_t> commit_on_pool(store::Journal& journal, const store::Batch& batch) {
  co_return journal.commit(batch);
}

/// Returns when the timer is cancelled or has expired.
awaitable<void> rest(asio::steady_timer& timer) {
  boost::system::error_code ignored;
  auto token = asio::redirect_error(use_awaitable, ignored);
  co_await timer.async_wait(token);
}

store::EventRow event_row(const Run& run, std::string kind, const Json& payload, TimePoint now) {
  store::EventRow row;
  row.uid = run.uid;
  row.seq = run.next_seq;
  row.at_ms = to_ms(now);
  row.kind = std::move(kind);
  row.payload = spec::to_json(payload);
  return row;
}

}  // namespace

TimePoint clock_now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::int64_t to_ms(TimePoint t) { return t.time_since_epoch().count(); }

Controller::Impl::Impl(Threads& threads, docker::Engine& engine, const store::Home& home,
                       store::Journal& journal, store::ArtifactStore& artifacts, PodSettings settings,
                       std::function<void(const std::string&)> log)
    : strand(asio::make_strand(threads.control())),
      pods(threads, engine, home, artifacts, std::move(settings)),
      host_steps(artifacts),
      pool_(threads.pool()),
      engine_(engine),
      home_(home),
      journal_(journal),
      artifacts_(artifacts),
      log_(std::move(log)),
      secrets_(home),
      locks_([this](const LockRequest& lock, std::string& reason) { return limit_of(lock, reason); }),
      expiry_timer_(strand),
      wake_(strand, kNever) {}

// ------------------------------------------------------------------------------------------- turns

std::uint64_t Controller::Impl::enqueue(std::string uid, Event event) {
  const auto now = std::chrono::steady_clock::now();
  due_ = std::min(due_, may_wait(event) ? now + kPatience : now);
  inbox_.push_back(Item{std::move(uid), std::move(event), next_ticket_});
  wake_.cancel();
  return next_ticket_++;
}

void Controller::Impl::post(std::string uid, Event event) {
  asio::post(strand, [this, uid = std::move(uid), event = std::move(event)]() mutable {
    enqueue(std::move(uid), std::move(event));
  });
}

awaitable<void> Controller::Impl::pump() {
  pumping_ = true;
  while (!closing_) {
    if (extra_.empty() && std::chrono::steady_clock::now() < due_) {
      wake_.expires_at(due_);
      co_await rest(wake_);
      continue;
    }
    due_ = kNever;
    Turn turn = take_turn();
    const std::int64_t revision = co_await commit(turn.batch);
    fresh_memos_.clear();
    if (revision < 0) break;
    done_ticket_ = std::max(done_ticket_, turn.last_ticket);
    for (const auto& [uid, node] : turn.ended_pods) pods.release(uid, node);
    for (const Order& order : turn.orders) {
      const auto run = runs_.find(order.uid);
      if (run != runs_.end()) perform(run->second, order.action, false);
    }
    settle_locks();
    tell_waiters(turn.touched, revision);
    for (const std::string& uid : turn.touched) judge_child(uid);
  }
  pumping_ = false;
  tell_waiters({}, 0);
}

Controller::Impl::Turn Controller::Impl::take_turn() {
  Turn turn;
  turn.batch.merge(std::exchange(extra_, store::Batch()));
  const TimePoint now = clock_now();
  while (!inbox_.empty()) {
    const Item item = std::move(inbox_.front());
    inbox_.pop_front();
    turn.last_ticket = item.ticket;
    take_in(turn, item, now);
  }
  for (const std::string& uid : turn.touched) {
    const auto run = runs_.find(uid);
    if (run != runs_.end() && !turn.failed.contains(uid)) write_state(turn, run->second);
  }
  return turn;
}

void Controller::Impl::take_in(Turn& turn, const Item& item, TimePoint now) {
  const auto it = runs_.find(item.uid);
  if (it == runs_.end()) return;
  Run& run = it->second;
  try {
    feed(turn, run, item.event, now);
  } catch (const std::exception& e) {
    fail_run(turn, run, e.what(), now);
  }
}

void Controller::Impl::feed(Turn& turn, Run& run, const Event& event, TimePoint now) {
  turn.touched.insert(run.uid);
  turn.batch.append(event_row(run, std::string(kind_of(event)), to_json(event), now));
  ++run.next_seq;
  if (std::holds_alternative<Begin>(event)) run.started = now;
  if (std::holds_alternative<RetryWorkflow>(event)) {
    run.finished.reset();
    forget_end(turn.batch, run.ns, run.uid);
  }
  if (std::holds_alternative<Terminate>(event)) run.terminated = true;
  note_pod(turn, run, event);
  for (Action& action : run.scheduler->on(event, now)) {
    if (const auto* end = std::get_if<Finish>(&action)) {
      run.finished = now;
      note_end(turn, run, end->phase, now);
    }
    if (const auto* release = std::get_if<ReleaseLocks>(&action)) run.locking.erase(release->holder);
    turn.orders.push_back(Order{run.uid, std::move(action)});
  }
}

void Controller::Impl::note_pod(Turn& turn, Run& run, const Event& event) {
  if (const auto* running = std::get_if<PodRunning>(&event)) run.main_started.insert(running->node_id);
  const auto* done = std::get_if<PodDone>(&event);
  if (done == nullptr) return;
  run.pods.erase(done->node_id);
  run.main_started.erase(done->node_id);
  turn.ended_pods.emplace_back(run.uid, done->node_id);
}

/// A scheduler that throws is a bug of ours: the workflow ends in Error and says so; the others go on.
void Controller::Impl::fail_run(Turn& turn, Run& run, const std::string& why, TimePoint now) {
  log_(fmt::format("workflow {}: internal error: {}", run.name, why));
  run.finished = now;
  turn.failed.insert(run.uid);
  store::WorkflowRow row = row_of(run);
  row.phase = "Error";
  row.message = "internal error of skiff (please report it): " + why;
  turn.batch.update_workflow(std::move(row));
  turn.orders.push_back(Order{run.uid, Finish{Phase::error, why}});
}

void Controller::Impl::write_state(Turn& turn, Run& run) {
  while (const std::optional<std::string> id = run.scheduler->next_changed()) {
    if (const std::optional<spec::NodeStatus> node = run.scheduler->node(*id)) {
      turn.batch.put_node(store::NodeRow{run.uid, *id, spec::to_json(spec::to_json(*node)), 0});
    } else {
      turn.batch.delete_node(run.uid, *id);
    }
  }
  turn.batch.update_workflow(row_of(run));
}

/// A pod's warning; it is written with the pod's next event.
void Controller::Impl::note_warning(const std::string& node_id, const std::string& message) {
  for (auto& [uid, run] : runs_) {
    if (!run.pods.contains(node_id)) continue;
    log_(fmt::format("workflow {}: warning: {}", run.name, message));
    run.warnings.push_back(message);
  }
}

store::WorkflowRow Controller::Impl::row_of(const Run& run) const {
  Json status = run.scheduler->status();
  for (const std::string& warning : run.warnings) {
    Json condition = Json::object();
    condition.set("type", "SpecWarning");
    condition.set("status", "True");
    condition.set("message", warning);
    status["conditions"].push_back(std::move(condition));
  }
  if (throttle_.waits(run.uid)) {
    status.set("phase", "Pending");
    status.set("message", kPostponed);
  }
  if (Json locks = run.finished ? Json() : lock_status(run); !locks.is_null()) {
    status.set("synchronization", std::move(locks));
  }
  store::WorkflowRow row;
  row.uid = run.uid;
  row.ns = run.ns;
  row.name = run.name;
  row.phase = status.get_string("phase");
  row.created_ms = to_ms(run.created);
  row.started_ms = run.started ? to_ms(*run.started) : 0;
  row.finished_ms = run.finished ? to_ms(*run.finished) : 0;
  row.message = status.get_string("message");
  row.progress = status.get_string("progress");
  const Json& metadata = run.scheduler->metadata();
  for (const auto& [k, v] : metadata.get_object("labels")) {
    if (v.is_string()) row.labels[k] = v.as_string();
  }
  Json summary = Json::object();
  summary.set("metadata", metadata);
  summary.set("status", status);
  row.summary = spec::to_json(summary);
  return row;
}

/// status.synchronization. What is about to be given back is left out.
Json Controller::Impl::lock_status(const Run& run) const {
  return locks_.status_of(run.uid, [&](const LockOwner& owner) -> std::string {
    const auto it = runs_.find(owner.run_uid);
    const Run* of = owner.run_uid == run.uid ? &run : it == runs_.end() ? nullptr : &it->second;
    if (of == nullptr || !of->locking.contains(owner.holder)) return "";
    return of->ns + "/" + of->name + (owner.holder.empty() ? "" : "/" + owner.holder);
  });
}

/// A full disk holds everything back, effects included, until there is room again. -1: closing.
awaitable<std::int64_t> Controller::Impl::commit(const store::Batch& batch) {
  std::string told;
  while (true) {
    std::string trouble;
    try {
      auto work = commit_on_pool(journal_, batch);
      const std::int64_t revision = co_await asio::co_spawn(pool_, std::move(work), use_awaitable);
      co_return revision;
    } catch (const store::StoreError& e) {
      trouble = e.what();
    }
    if (trouble != told) log_("the journal can't be written, waiting: " + trouble);
    told = trouble;
    if (closing_) co_return -1;
    asio::steady_timer pause(strand, std::chrono::seconds(1));
    co_await rest(pause);
  }
}

// ----------------------------------------------------------------------------------------- waiting

void Controller::Impl::tell_waiters(const std::set<std::string>& uids, std::int64_t revision) {
  for (const std::string& uid : uids) revisions_[uid] = revision;
  if (!uids.empty()) revisions_[""] = revision;
  for (Waiter& w : waiters_) {
    const bool concerned = w.uid.empty() ? !uids.empty() : uids.contains(w.uid);
    if (closing_ || (concerned && !(w.until_over && runs_.contains(w.uid)))) w.timer.cancel();
  }
  for (auto& timer : ticket_waiters_) timer.cancel();
}

awaitable<std::int64_t> Controller::Impl::changed(std::string uid, std::int64_t after, bool until_over) {
  while (revisions_[uid] <= after || (until_over && runs_.contains(uid))) {
    if (closing_) throw RequestError(503, "the controller is stopping");
    const auto me =
        waiters_.insert(waiters_.end(), Waiter{uid, until_over, asio::steady_timer(strand, kNever)});
    std::exception_ptr cancelled;
    try {
      co_await rest(me->timer);
    } catch (...) {
      cancelled = std::current_exception();
    }
    waiters_.erase(me);
    if (cancelled) std::rethrow_exception(cancelled);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return after;
  }
  co_return revisions_[uid];
}

awaitable<void> Controller::Impl::committed(std::uint64_t ticket) {
  while (done_ticket_ < ticket && pumping_) {
    const auto me = ticket_waiters_.insert(ticket_waiters_.end(), asio::steady_timer(strand, kNever));
    co_await rest(*me);
    ticket_waiters_.erase(me);
  }
}

// ---------------------------------------------------------------------------------------- commands

Json Controller::Impl::config_maps_of(const std::string& ns) const {
  Json out = Json::object();
  for (const store::ObjectRow& row : journal_.objects("ConfigMap", ns)) {
    if (auto json = spec::parse_json(row.json)) out.set(row.name, std::move(*json));
  }
  return out;
}

awaitable<void> Controller::Impl::submit(Json workflow, Consent consent, store::Batch with) {
  Run run;
  run.ns = workflow.get("metadata").get_string("namespace");
  const auto taken = [&](const std::string& name) {  // by one that is on its way into the journal, too
    return names_.contains(run.ns + "/" + name) || journal_.by_name(run.ns, name);
  };
  give_free_name(workflow["metadata"], chance, taken);
  const Json& metadata = workflow.get("metadata");
  run.uid = metadata.get_string("uid");
  run.name = metadata.get_string("name");
  run.created = clock_now();
  run.consent = consent;
  if (taken(run.name)) {
    throw RequestError(
        409, fmt::format("a workflow named `{}` is already there; choose another --name, or remove it: "
                         "skiff delete {}",
                         run.name, run.name));
  }
  const std::string full_name = run.ns + "/" + run.name;
  names_.insert(full_name);
  const StoredLookup lookup = [&](const std::string& kind, const std::string& name) -> std::optional<Json> {
    const auto row = journal_.object(kind, kind == "ClusterWorkflowTemplate" ? "" : run.ns, name);
    return row ? spec::parse_json(row->json) : std::nullopt;
  };
  const StoredNames names = [&](const std::string& kind) {
    std::vector<std::string> out;
    for (const auto& row : journal_.objects(kind, kind == "ClusterWorkflowTemplate" ? "" : run.ns))
      out.push_back(row.name);
    return out;
  };
  RunInput input = gather_input(workflow, lookup, names, config_maps_of(run.ns));
  apply_cluster_config(input, read_config(), config_maps_in(journal_));
  run.object = std::move(workflow);
  throttle_.wait(candidate_of(run));
  const std::vector<std::string> admitted = throttle_.admit();
  store::Batch batch;
  batch.append(event_row(run, "Input", input_payload(input, consent), run.created));
  ++run.next_seq;
  run.scheduler.emplace(std::move(input));
  store::Batch create;
  create.create_workflow(row_of(run), spec::to_json(run.object));
  create.merge(std::move(batch));
  create.merge(std::move(with));
  co_await commit(create);
  names_.erase(full_name);
  const std::string uid = run.uid;
  runs_.emplace(uid, std::move(run));
  active = runs_.size();
  std::uint64_t ticket = 0;
  for (const std::string& one : admitted) {
    const std::uint64_t its = enqueue(one, Begin{});
    if (one == uid) ticket = its;
  }
  if (ticket != 0) co_await committed(ticket);
}

/// The configuration as it is kept now; what the controller itself goes by is taken over.
ClusterConfig Controller::Impl::read_config() {
  ClusterConfig config = find_cluster_config(config_maps_in(journal_));
  if (!config.error.empty()) log_(fmt::format("{} is left out: {}", kControllerConfig, config.error));
  throttle_.set_limits({config.limit("parallelism"), config.limit("namespaceParallelism")});
  retention_ = config.values.get("retentionPolicy");
  return config;
}

awaitable<void> Controller::Impl::command(std::string uid, Event event) {
  Run* run = nullptr;
  if (const auto it = runs_.find(uid); it != runs_.end()) run = &it->second;
  if (run == nullptr && !removing_.contains(uid)) run = activate(uid);
  if (run == nullptr) throw RequestError(404, "that workflow is not there any more");
  const std::string reason = run->scheduler->refuse(event);
  const bool idle = run->scheduler->finished() && std::holds_alternative<Resume>(event);
  if (!reason.empty() || idle) {
    if (run->scheduler->finished()) runs_.erase(uid);
    active = runs_.size();
    if (idle && reason.empty()) co_return;
    throw RequestError(400, reason);
  }
  if (throttle_.waits(uid)) {
    const auto* stop = std::get_if<Stop>(&event);
    if (!std::holds_alternative<Terminate>(event) && (stop == nullptr || !stop->selector.empty())) {
      throw RequestError(400, fmt::format("workflow {} has not begun: {}", run->name, kPostponed));
    }
    enqueue(uid, Begin{});
  }
  throttle_.run(uid, run->ns);
  const std::uint64_t ticket = enqueue(uid, std::move(event));
  co_await committed(ticket);
}

awaitable<void> Controller::Impl::remove(std::string uid) {
  const auto row = journal_.by_uid(uid);
  if (!row || !removing_.insert(uid).second) throw RequestError(404, "that workflow is not there any more");
  const std::string full_name = row->ns + "/" + row->name;
  const Json object = spec::parse_json(journal_.object_of(uid).value_or("{}")).value_or(Json());
  const std::vector<store::NodeRow> nodes = journal_.nodes(uid);
  if (const auto it = runs_.find(uid); it != runs_.end()) {
    it->second.deleting = true;
    if (it->second.timer) it->second.timer->cancel();
    for (const std::string& node : it->second.pods) pods.stop(uid, node, std::chrono::seconds(0));
    locks_.release_run(uid);
    runs_.erase(it);
    active = runs_.size();
    throttle_.leave(uid);
    begin_admitted();
    settle_locks();
  }
  // Behind the turn that is being written, which may hold events of this workflow.
  extra_.delete_workflow(uid);
  forget_end(extra_, row->ns, uid);
  const std::uint64_t ticket =
      enqueue(uid, Begin{});  // nobody's any more: it tells when the above is written
  co_await committed(ticket);
  if (done_ticket_ < ticket) throw RequestError(503, "the controller is stopping");
  tell_waiters({uid}, journal_.revision());
  judge_child(uid);
  ++children_;
  asio::co_spawn(strand, clean_up(uid, true), asio::detached);
  // Its name stays taken until its files, which lie under the name, are gone.
  const bool named = names_.insert(full_name).second;
  const std::function<void()> work = [&] {
    store::remove_logs(home_, uid);
    remove_all_artifacts(*row, object, nodes);
  };
  std::exception_ptr trouble;
  try {
    co_await offload(pool_, work);
  } catch (...) {
    trouble = std::current_exception();
  }
  if (named) names_.erase(full_name);
  removing_.erase(uid);
  if (trouble) std::rethrow_exception(trouble);
  co_await remove_children(uid);
}

awaitable<void> Controller::Impl::close() {
  closing_ = true;
  wake_.cancel();
  expiry_timer_.cancel();
  for (auto& [uid, run] : runs_) {
    if (run.timer) run.timer->cancel();
  }
  tell_waiters({}, 0);
  host_steps.close();
  co_await pods.close();
  asio::steady_timer pause(strand);
  while (children_ > 0 || pumping_) {
    pause.expires_after(std::chrono::milliseconds(5));
    co_await rest(pause);
  }
}

// ------------------------------------------------------------------------------------------ public

Controller::Controller(Threads& threads, docker::Engine& engine, const store::Home& home,
                       store::Journal& journal, store::ArtifactStore& artifacts, PodSettings settings,
                       std::function<void(const std::string&)> log)
    : impl_(std::make_unique<Impl>(threads, engine, home, journal, artifacts, std::move(settings),
                                   std::move(log))) {}

Controller::~Controller() = default;

awaitable<void> Controller::recover() {
  auto work = impl_->recover();
  co_await asio::co_spawn(impl_->strand, std::move(work), use_awaitable);
}

awaitable<void> Controller::submit(Json workflow, Consent consent) {
  auto work = impl_->submit(std::move(workflow), consent, store::Batch());
  co_await asio::co_spawn(impl_->strand, std::move(work), use_awaitable);
}

awaitable<void> Controller::command(std::string uid, Event event) {
  auto work = impl_->command(std::move(uid), std::move(event));
  co_await asio::co_spawn(impl_->strand, std::move(work), use_awaitable);
}

awaitable<void> Controller::remove(std::string uid) {
  auto work = impl_->remove(std::move(uid));
  co_await asio::co_spawn(impl_->strand, std::move(work), use_awaitable);
}

awaitable<std::int64_t> Controller::changed(std::string uid, std::int64_t after, bool until_over) {
  auto work = impl_->changed(std::move(uid), after, until_over);
  const std::int64_t revision = co_await asio::co_spawn(impl_->strand, std::move(work), use_awaitable);
  co_return revision;
}

void Controller::look_at_locks() {
  asio::post(impl_->strand, [impl = impl_.get()] { impl->settle_locks(); });
}

std::size_t Controller::active() const { return impl_->active; }
Pods& Controller::pods() { return impl_->pods; }

awaitable<void> Controller::close() {
  auto work = impl_->close();
  co_await asio::co_spawn(impl_->strand, std::move(work), use_awaitable);
}

}  // namespace skiff::runner
