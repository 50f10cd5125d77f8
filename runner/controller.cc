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
#include "store/error.h"
#include "store/files.h"

namespace skiff::runner {
namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;

namespace {

constexpr auto kNever = std::chrono::steady_clock::time_point::max();
constexpr std::chrono::milliseconds kPatience(100);

/// Nothing follows at once from a container's start, and of a short step the end follows soon: written
/// together they cost one commit.
bool may_wait(const Event& event) { return std::holds_alternative<PodRunning>(event); }

/// Files first: whoever sees a workflow's end in the journal finds its metrics. What keeps one from being
/// written, but for a full disk, is in `lost`.
awaitable<std::int64_t> commit_on_pool(store::Journal& journal, const store::Batch& batch,
                                       const std::vector<KeptFile>* files, std::string& lost) {
  for (std::size_t i = 0; files != nullptr && i < files->size(); ++i) {
    try {
      store::write_atomic(store::real_files(), (*files)[i].path, (*files)[i].text, 0600);
    } catch (const store::StoreError& e) {
      if (e.trouble() == store::Trouble::no_space) throw;
      lost = e.what();
    }
  }
  co_return journal.commit(batch);
}

/// Returns when the timer is cancelled or has expired.
awaitable<void> rest(asio::steady_timer& timer) {
  boost::system::error_code ignored;
  auto token = asio::redirect_error(use_awaitable, ignored);
  co_await timer.async_wait(token);
}

}  // namespace

TimePoint clock_now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::int64_t to_ms(TimePoint t) { return t.time_since_epoch().count(); }

store::EventRow event_row(const Run& run, std::string kind, const Json& payload, TimePoint now) {
  store::EventRow row;
  row.uid = run.uid;
  row.seq = run.next_seq;
  row.at_ms = to_ms(now);
  row.kind = std::move(kind);
  row.payload = spec::to_json(payload);
  return row;
}

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
    const std::int64_t revision = co_await commit(turn.batch, &turn.files);
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
      if (std::string text = run.scheduler->metrics_text(now); !text.empty()) {
        turn.files.push_back({home_.metrics_file(run.uid), std::move(text)});
      }
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
  summary.set("spec", run.scheduler->commanded());
  summary.set("suspended", run.scheduler->suspended());
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
awaitable<std::int64_t> Controller::Impl::commit(const store::Batch& batch,
                                                 const std::vector<KeptFile>* files) {
  std::string told;
  while (true) {
    std::string trouble, lost;
    try {
      auto work = commit_on_pool(journal_, batch, files, lost);
      const std::int64_t revision = co_await asio::co_spawn(pool_, std::move(work), use_awaitable);
      if (!lost.empty()) log_("metrics are lost: " + lost);
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
