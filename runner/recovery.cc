// From a journal back to a running workflow: replay the events without their effects, then take up what
// should be under way. Pods are adopted: they may be running, have ended, or never have begun.

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "runner/controller_impl.h"

namespace skiff::runner {
namespace asio = boost::asio;
using asio::awaitable;

namespace {

TimePoint from_ms(std::int64_t ms) { return TimePoint(std::chrono::milliseconds(ms)); }

}  // namespace

Json input_payload(const RunInput& input, const Consent& consent) {
  Json j = to_json(input);
  Json c = Json::object();
  if (consent.privileged) c.set("privileged", true);
  if (consent.host_paths) c.set("hostPaths", true);
  if (consent.docker_socket) c.set("dockerSocket", true);
  j.set("consent", std::move(c));
  return j;
}

Consent consent_from(const Json& json) {
  Consent c;
  c.privileged = json.get_bool("privileged");
  c.host_paths = json.get_bool("hostPaths");
  c.docker_socket = json.get_bool("dockerSocket");
  return c;
}

Throttle::Candidate candidate_of(const Run& run) {
  return {run.uid, run.ns, run.object.get("spec").get_int("priority").value_or(0), run.created};
}

/// Effects are not repeated, but two things outside the scheduler are derived from its orders: which locks a
/// holder asked for, and when the workflow began and ended.
void Controller::Impl::replay(Run& run, const std::vector<store::EventRow>& events) {
  std::set<std::string> granted;
  for (const store::EventRow& row : events) {
    run.next_seq = row.seq + 1;
    const auto payload = spec::parse_json(row.payload);
    if (!payload) continue;
    if (row.kind == "Input") {
      run.scheduler.emplace(run_input_from(*payload));
      run.consent = consent_from(payload->get("consent"));
      continue;
    }
    const auto event = event_from(row.kind, *payload);
    if (!event || !run.scheduler) continue;
    if (std::holds_alternative<Begin>(*event)) run.started = from_ms(row.at_ms);
    if (std::holds_alternative<RetryWorkflow>(*event)) run.finished.reset();
    if (const auto* p = std::get_if<PodRunning>(&*event)) run.main_started.insert(p->node_id);
    if (const auto* d = std::get_if<PodDone>(&*event)) run.main_started.erase(d->node_id);
    if (const auto* g = std::get_if<LocksGranted>(&*event)) granted.insert(g->holder);
    for (const Action& action : run.scheduler->on(*event, from_ms(row.at_ms))) {
      if (std::holds_alternative<Finish>(action)) run.finished = from_ms(row.at_ms);
      if (const auto* a = std::get_if<AcquireLocks>(&action)) run.locking[a->holder] = *a;
      if (const auto* r = std::get_if<ReleaseLocks>(&action)) {
        run.locking.erase(r->holder);
        granted.erase(r->holder);
      }
    }
  }
  for (const std::string& holder : granted) {
    const auto it = run.locking.find(holder);
    if (it != run.locking.end()) locks_.reclaim({run.uid, holder}, it->second);
  }
}

Run* Controller::Impl::activate(const std::string& uid) {
  const auto row = journal_.by_uid(uid);
  const auto object = journal_.object_of(uid);
  if (!row || !object) return nullptr;
  Run run;
  run.uid = uid;
  run.ns = row->ns;
  run.name = row->name;
  run.created = from_ms(row->created_ms);
  if (auto json = spec::parse_json(*object)) run.object = std::move(*json);
  replay(run, journal_.load(uid));
  if (!run.scheduler) return nullptr;
  const auto [it, fresh] = runs_.insert_or_assign(uid, std::move(run));
  while (it->second.scheduler->next_changed()) continue;  // the rows are in the journal already
  active = runs_.size();
  return &it->second;
}

awaitable<void> Controller::Impl::recover() {
  asio::co_spawn(strand, pump(), asio::detached);
  store::WorkflowFilter unfinished;
  unfinished.completed = false;
  std::vector<std::string> uids;
  for (const store::WorkflowRow& row : journal_.list(unfinished)) uids.push_back(row.uid);
  for (const std::string& uid : uids) {
    Run* run = activate(uid);
    if (run == nullptr) {
      log_(fmt::format("workflow {} can't be read back from the journal; left alone", uid));
      continue;
    }
    if (!run->started) {
      throttle_.wait(candidate_of(*run));
      continue;
    }
    throttle_.run(uid, run->ns);
    for (const Action& action : run->scheduler->outstanding()) perform(*run, action, true);
  }
  (void)read_config();
  begin_admitted();
  load_expiries();
  settle_locks();
  pods.on_warning([this](const std::string& node_id, const std::string& message) {
    asio::post(strand, [this, node_id, message] { note_warning(node_id, message); });
  });
  pods.on_stray([this] { asio::post(strand, [this] { request_sweep(); }); });
  request_sweep();
  co_return;
}

void Controller::Impl::request_sweep() {
  sweep_wanted_ = true;
  if (sweeping_ || closing_) return;
  sweeping_ = true;
  ++children_;
  asio::co_spawn(strand, sweep(), asio::detached);
}

/// What is left on the engine of runs that are over or deleted. A failed run keeps its volumes for `retry`.
awaitable<void> Controller::Impl::sweep() {
  while (std::exchange(sweep_wanted_, false) && !closing_) co_await sweep_once();
  sweeping_ = false;
  --children_;
}

awaitable<void> Controller::Impl::sweep_once() {
  const IsLive is_live = [this](std::string_view uid) {
    const auto row = journal_.by_uid(uid);
    return row && row->phase != "Succeeded";
  };
  std::string trouble;
  try {
    co_await pods.sweep(is_live);
  } catch (const std::exception& e) {
    trouble = e.what();
  }
  if (!trouble.empty() && !closing_) log_("sweeping: " + trouble);
}

}  // namespace skiff::runner
