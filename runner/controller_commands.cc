// What users ask of the controller: a new workflow, a command to one, the removal of one.
#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "runner/controller_impl.h"
#include "runner/scope.h"
#include "runner/stored_templates.h"
#include "store/logs.h"

namespace skiff::runner {
namespace asio = boost::asio;
using asio::awaitable;

namespace {

/// A name that nobody else gets while its workflow is on its way into the journal.
class Reservation {
 public:
  Reservation(std::set<std::string>& names, std::string name) : names_(names), name_(std::move(name)) {
    names_.insert(name_);
  }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation() { release(); }
  void release() {
    if (!name_.empty()) names_.erase(std::exchange(name_, {}));
  }

 private:
  std::set<std::string>& names_;
  std::string name_;
};

}  // namespace

Json Controller::Impl::config_maps_of(const std::string& ns) const {
  Json out = Json::object();
  for (const store::ObjectRow& row : journal_.objects("ConfigMap", ns)) {
    if (auto json = spec::parse_json(row.json)) out.set(row.name, std::move(*json));
  }
  return out;
}

bool Controller::Impl::is_taken(const std::string& ns, const std::string& name) const {
  return names_.contains(ns + "/" + name) || journal_.by_name(ns, name);
}

awaitable<void> Controller::Impl::submit(Json workflow, Consent consent, store::Batch with) {
  Run run;
  run.ns = workflow.get("metadata").get_string("namespace");
  give_free_name(workflow["metadata"], chance,
                 [&](const std::string& name) { return is_taken(run.ns, name); });
  const Json& metadata = workflow.get("metadata");
  run.uid = metadata.get_string("uid");
  run.name = metadata.get_string("name");
  run.created = clock_now();
  run.consent = consent;
  if (is_taken(run.ns, run.name)) {
    throw RequestError(
        409, fmt::format("a workflow named `{}` is already there; choose another --name, or remove it: "
                         "skiff delete {}",
                         run.name, run.name));
  }
  Reservation reservation(names_, run.ns + "/" + run.name);
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
  reservation.release();
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
    std::error_code none;  // most workflows have no metrics
    store::fs::remove(home_.metrics_file(uid), none);
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

}  // namespace skiff::runner
