// Doing what a scheduler ordered. Each action ends, now or later, by posting an event to the run's inbox;
// what goes wrong in doing it becomes such an event too.

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

#include "runner/controller_impl.h"

namespace skiff::runner {
namespace asio = boost::asio;
using asio::awaitable;

namespace {

std::string memo_key(const std::string& ns, const std::string& cache, const std::string& key) {
  return ns + "\n" + cache + "\n" + key;
}

}  // namespace

void Controller::Impl::perform(Run& run, const Action& action, bool adopting) {
  if (const auto* a = std::get_if<StartPod>(&action)) {
    if (makes_child(a->tmpl)) return start_child(run, *a, adopting);
    start_pod(run, *a, adopting);
  } else if (const auto* stop = std::get_if<StopPod>(&action)) {
    pods.stop(run.uid, stop->node_id, stop->grace);
    host_steps.stop(run.uid, stop->node_id);
    stop_child(run, stop->node_id);
  } else if (const auto* acquire = std::get_if<AcquireLocks>(&action)) {
    AcquireLocks wanted = *acquire;
    // The submitted workflow's own, not its template's (sync_manager.go, prepAcquire).
    wanted.priority = candidate_of(run).priority;
    run.locking[wanted.holder] = wanted;
    locks_.request({run.uid, wanted.holder}, wanted, run.created);
  } else if (const auto* release = std::get_if<ReleaseLocks>(&action)) {
    run.locking.erase(release->holder);
    locks_.release({run.uid, release->holder});
  } else if (const auto* memo = std::get_if<LookUpMemo>(&action)) {
    look_up_memo(run, *memo);
  } else if (const auto* store = std::get_if<StoreMemo>(&action)) {
    store_memo(run, *store);
  } else if (const auto* timer = std::get_if<SetTimer>(&action)) {
    set_timer(run, *timer);
  } else if (std::holds_alternative<Finish>(action)) {
    finish(run);
  }
}

RunContext Controller::Impl::context_of(const Run& run) const {
  RunContext c;
  c.name = run.name;
  c.namespace_ = run.ns;
  c.uid = run.uid;
  c.metadata = run.scheduler->metadata();
  c.consent = run.consent;
  const std::string ns = run.ns;
  const auto stored = [this, ns](std::string kind) {
    return [this, ns, kind = std::move(kind)](const std::string& name) -> std::optional<Json> {
      const auto row = journal_.object(kind, ns, name);
      return row ? spec::parse_json(row->json) : std::nullopt;
    };
  };
  c.config_map = stored("ConfigMap");
  c.claim = stored("PersistentVolumeClaim");
  c.secret = [this, ns](const std::string& name) -> std::optional<Json> {
    const auto text = secrets_.get(ns, name);
    return text ? spec::parse_json(*text) : std::nullopt;
  };
  return c;
}

void Controller::Impl::start_pod(Run& run, const StartPod& order, bool adopting) {
  run.pods.insert(order.node_id);
  const bool had_started = run.main_started.contains(order.node_id);
  ++children_;
  asio::co_spawn(strand, run_pod(run.uid, context_of(run), order, adopting, had_started), asio::detached);
}

awaitable<void> Controller::Impl::run_pod(std::string uid, RunContext context, StartPod order, bool adopting,
                                          bool had_started) {
  const EventSink sink = [this, uid](Event event) { post(uid, std::move(event)); };
  PodDone done;
  bool let_go = false;
  std::string trouble;
  try {
    if (HostSteps::takes(order.tmpl)) {
      int network = 0;
      if (HostSteps::needs_network(order.tmpl)) network = co_await pods.network_pid();
      done = co_await host_steps.run(std::move(context), order, network);
    } else if (adopting) {
      done = co_await pods.adopt(std::move(context), order, sink, had_started);
    } else {
      done = co_await pods.run(std::move(context), order, sink);
    }
  } catch (const boost::system::system_error& e) {
    let_go = e.code() == asio::error::operation_aborted;  // closing: the next controller adopts it
    if (!let_go) trouble = e.what();
  } catch (const std::exception& e) {
    trouble = e.what();
  }
  if (!trouble.empty()) {
    done.node_id = order.node_id;
    done.phase = Phase::error;
    done.message = trouble;
  }
  if (!let_go) post(uid, std::move(done));
  asio::post(strand, [this] { --children_; });
}

void Controller::Impl::look_up_memo(Run& run, const LookUpMemo& action) {
  MemoAnswer answer;
  answer.node_id = action.node_id;
  const auto fresh_row = fresh_memos_.find(memo_key(run.ns, action.cache, action.key));
  const auto row = fresh_row != fresh_memos_.end() ? std::optional(fresh_row->second)
                                                   : journal_.memo(run.ns, action.cache, action.key);
  const std::int64_t now = to_ms(clock_now());
  const bool fresh = row && (!action.max_age || row->created_ms + action.max_age->count() > now);
  if (fresh) {
    answer.hit = true;
    if (auto json = spec::parse_json(row->outputs)) answer.outputs = std::move(*json);
    extra_.touch_memo(run.ns, action.cache, action.key, now);
  }
  enqueue(run.uid, std::move(answer));
}

void Controller::Impl::store_memo(Run& run, const StoreMemo& action) {
  store::MemoRow row;
  row.ns = run.ns;
  row.cache = action.cache;
  row.key = action.key;
  row.node_id = action.node_id;
  row.outputs = spec::to_json(action.outputs);
  row.created_ms = to_ms(clock_now());
  row.last_hit_ms = row.created_ms;
  fresh_memos_[memo_key(row.ns, row.cache, row.key)] = row;
  extra_.put_memo(std::move(row));
  wake_.cancel();
}

void Controller::Impl::set_timer(Run& run, const SetTimer& action) {
  if (!run.timer) run.timer = std::make_unique<asio::system_timer>(strand);
  run.timer->cancel();
  if (!action.at) return;
  run.timer->expires_at(*action.at);
  run.timer->async_wait([this, uid = run.uid](const boost::system::error_code& ec) {
    if (!ec) enqueue(uid, TimerFired{});
  });
}

/// The journal has the workflow's end; what is left is tidying.
void Controller::Impl::finish(Run& run) {
  const std::string uid = run.uid;
  const std::string strategy = run.scheduler->status().get("storedWorkflowTemplateSpec").is_object()
                                   ? run.scheduler->status()
                                         .get("storedWorkflowTemplateSpec")
                                         .get("volumeClaimGC")
                                         .get_string("strategy")
                                   : run.object.get("spec").get("volumeClaimGC").get_string("strategy");
  const bool succeeded = run.scheduler->status().get_string("phase") == "Succeeded";
  drop_completed_artifacts(run);
  locks_.release_run(uid);
  keep_newest(run.scheduler->status().get_string("phase"));
  throttle_.leave(uid);
  begin_admitted();
  runs_.erase(uid);
  active = runs_.size();
  ++children_;
  asio::co_spawn(strand, clean_up(uid, succeeded || strategy == "OnWorkflowCompletion"), asio::detached);
}

awaitable<void> Controller::Impl::clean_up(std::string uid, bool release_volumes) {
  std::string trouble;
  try {
    if (release_volumes) co_await pods.release_volumes(uid);
  } catch (const std::exception& e) {
    trouble = e.what();
  }
  if (!trouble.empty() && !closing_) log_(fmt::format("cleaning up after {}: {}", uid, trouble));
  --children_;
}

/// Those that waited until fewer workflows run.
void Controller::Impl::begin_admitted() {
  for (const std::string& uid : throttle_.admit()) enqueue(uid, Begin{});
}

void Controller::Impl::settle_locks() {
  for (LockDecision& d : locks_.settle()) {
    switch (d.kind) {
      case LockDecision::Kind::granted:
        enqueue(d.owner.run_uid, LocksGranted{d.owner.holder});
        break;
      case LockDecision::Kind::waiting:
        enqueue(d.owner.run_uid, LocksWaiting{d.owner.holder, std::move(d.message), std::move(d.lock)});
        break;
      case LockDecision::Kind::refused:
        enqueue(d.owner.run_uid, LocksRefused{d.owner.holder, std::move(d.message)});
        break;
    }
  }
}

/// "ns/ConfigMap/name/key": the number in that ConfigMap now. Database limits live in a ConfigMap-like object
/// too.
std::optional<int> Controller::Impl::limit_of(const LockRequest& lock, std::string& reason) const {
  const std::string ns = lock.key.substr(0, lock.key.find('/'));
  const bool database = !lock.semaphore.get_string("database").empty();
  const std::string kind = database ? "SyncLimit" : "ConfigMap";
  const std::string name = lock.semaphore.get_string(database ? "database" : "configMap");
  const auto row = journal_.object(kind, ns, name);
  if (!row) {
    reason = database ? fmt::format(
                            "failed to get semaphore limit for {}: there is no limit `{}`; set one: "
                            "skiff sync create {} --type database --limit 1",
                            lock.key, name, name)
                      : fmt::format("configmaps \"{}\" not found", name);
    return std::nullopt;
  }
  const auto object = spec::parse_json(row->json);
  const std::string key = lock.semaphore.get_string("key", database ? "limit" : "");
  const std::string text = object ? object->get("data").get_string(key) : "";
  int limit = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (text.empty() || r.ec != std::errc() || r.ptr != text.data() + text.size()) {
    reason = fmt::format("semaphore configmap \"{}\" has no number under the key \"{}\"", name, key);
    return std::nullopt;
  }
  return limit;
}

}  // namespace skiff::runner
