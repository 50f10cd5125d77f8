// The end of what has ended: workflows with a ttlStrategy are deleted when their time has come, artifacts
// with a GC strategy at their moment. Times are in the journal; they are kept by whichever controller runs
// then, and none stays alive for them.

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "runner/controller_impl.h"
#include "runner/retention.h"
#include "store/error.h"

namespace skiff::runner {
namespace asio = boost::asio;
using asio::awaitable;

namespace {

constexpr const char* kExpiry = "WorkflowExpiry";
constexpr auto kLeast = std::chrono::seconds(2);  // so that whoever waits for the end still sees it

/// With what a workflowTemplateRef brought in.
Json spec_of(const Json& object, const Json& status) {
  const Json& stored = status.get("storedWorkflowTemplateSpec");
  return stored.is_object() ? stored : object.get("spec");
}

}  // namespace

void Controller::Impl::note_end(Turn& turn, const Run& run, Phase phase, TimePoint now) {
  const auto at = expiry_of(spec_of(run.object, run.scheduler->status()), phase, now);
  if (!at) return;
  const TimePoint due = std::max(*at, now + kLeast);
  store::ObjectRow row;
  row.kind = kExpiry;
  row.ns = run.ns;
  row.name = run.uid;
  row.json = fmt::format(R"({{"at":{}}})", to_ms(due));
  row.created_ms = to_ms(now);
  turn.batch.put_object(std::move(row));
  expiries_[run.uid] = due;
  arm_expiry();
}

void Controller::Impl::forget_end(store::Batch& batch, const std::string& ns, const std::string& uid) {
  if (expiries_.erase(uid) > 0) batch.delete_object(kExpiry, ns, uid);
}

void Controller::Impl::load_expiries() {
  for (const store::ObjectRow& row : journal_.objects(kExpiry)) {
    const auto json = spec::parse_json(row.json);
    if (json) expiries_[row.name] = TimePoint(std::chrono::milliseconds(json->get_int("at").value_or(0)));
  }
  arm_expiry();
}

/// For the earliest of them.
void Controller::Impl::arm_expiry() {
  expiry_timer_.cancel();
  if (expiries_.empty() || closing_) return;
  TimePoint first = expiries_.begin()->second;
  for (const auto& [uid, at] : expiries_) first = std::min(first, at);
  expiry_timer_.expires_at(first);
  expiry_timer_.async_wait([this](const boost::system::error_code& ec) {
    if (ec || closing_) return;
    ++children_;
    asio::co_spawn(strand, expire(), asio::detached);
  });
}

/// retentionPolicy: of each phase only the newest stay; a number that is not set is 0
/// (workflow/gccontroller/gc_controller.go, runGC).
void Controller::Impl::keep_newest(const std::string& phase) {
  if (!retention_.is_object()) return;
  const char* field = phase == "Succeeded" ? "completed" : phase == "Failed" ? "failed" : "errored";
  store::WorkflowFilter surplus;
  surplus.phases = {phase};
  surplus.completed = true;
  surplus.offset = std::max<std::int64_t>(0, retention_.get_int(field).value_or(0));
  for (const store::WorkflowRow& row : journal_.list(surplus)) {
    expiries_.emplace(row.uid, clock_now() + kLeast);
  }
  arm_expiry();
}

awaitable<void> Controller::Impl::expire() {
  const TimePoint now = clock_now();
  std::vector<std::string> due;
  for (const auto& [uid, at] : expiries_) {
    if (at <= now) due.push_back(uid);
  }
  for (const std::string& uid : due) {
    std::string trouble;
    try {
      co_await remove(uid);
    } catch (const std::exception& e) {
      trouble = e.what();
    }
    expiries_.erase(uid);
    if (!trouble.empty()) log_(fmt::format("deleting {}, whose time has come: {}", uid, trouble));
  }
  arm_expiry();
  --children_;
}

/// Those that a strategy lets go as soon as the workflow is complete.
void Controller::Impl::drop_completed_artifacts(const Run& run) {
  std::vector<spec::NodeStatus> nodes;
  for (const std::string& id : run.scheduler->node_ids()) {
    std::optional<spec::NodeStatus> node = run.scheduler->node(id);
    if (node && !node->outputs.get_array("artifacts").empty()) nodes.push_back(std::move(*node));
  }
  const Json spec = spec_of(run.object, run.scheduler->status());
  drop_artifacts(fates_of(spec, nodes, context_of(run)).on_completion);
}

void Controller::Impl::drop_artifacts(std::vector<std::string> keys) {
  if (keys.empty()) return;
  ++children_;
  asio::post(pool_, [this, keys = std::move(keys)] {
    remove_artifacts(keys);
    asio::post(strand, [this] { --children_; });
  });
}

void Controller::Impl::remove_artifacts(const std::vector<std::string>& keys) const {
  for (const std::string& key : keys) {
    try {
      artifacts_.remove(key);
    } catch (const store::StoreError& e) {
      log_(fmt::format("removing artifact {}: {}", key, e.what()));
    }
  }
}

/// Of a workflow that is being deleted, read from the journal before it goes.
void Controller::Impl::remove_all_artifacts(const store::WorkflowRow& row, const Json& object,
                                            const std::vector<store::NodeRow>& rows) const {
  std::vector<spec::NodeStatus> nodes;
  for (const store::NodeRow& n : rows) {
    if (const auto json = spec::parse_json(n.json)) nodes.push_back(spec::node_status_from(*json));
  }
  RunContext run;
  run.name = row.name;
  run.namespace_ = row.ns;
  run.uid = row.uid;
  const auto summary = spec::parse_json(row.summary);
  ArtifactFates fates = fates_of(spec_of(object, summary ? summary->get("status") : Json()), nodes, run);
  if (!fates.some_stay) artifacts_.remove_workflow(row.ns, row.name);
  remove_artifacts(fates.on_deletion);
}

}  // namespace skiff::runner
