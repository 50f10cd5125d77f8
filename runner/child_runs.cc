// Child workflows: the leaves of one run that are runs themselves (a `resource` template that creates a
// Workflow). The step makes the child, watches it and ends with what its conditions say of it.
//
// A child's uid is a function of its step, and the child is in the journal before the step is told to be
// running: a controller that begins again finds it there and watches on. A child that its step owns
// (setOwnerReference) is noted in the journal under its owner, and goes with it.

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "runner/controller_impl.h"
#include "runner/core/pod_reason.h"
#include "runner/manifest.h"
#include "runner/reader.h"
#include "runner/stored_templates.h"
#include "spec/validate.h"

namespace skiff::runner {
namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;

namespace {

constexpr const char* kOwned = "OwnedWorkflow";

PodDone ended(const StartPod& order, Phase phase, const std::string& message) {
  PodDone done;
  done.node_id = order.node_id;
  done.phase = phase;
  done.exit_code = phase == Phase::succeeded ? 0 : kExecutorFailed;
  if (phase != Phase::succeeded) done.message = executor_message(message);
  return done;
}

/// What a cluster's validation would say of the child; "" if nothing. On the pool.
awaitable<std::string> fault_of(const store::Journal& journal, const Json& workflow) {
  const StoredTemplates templates(journal);
  spec::ValidateOptions options;
  options.submission = true;
  options.default_namespace = workflow.get("metadata").get_string("namespace");
  std::string out;
  for (const spec::Diagnostic& d : spec::validate_value(workflow, templates, options)) {
    if (d.severity != spec::Severity::error) continue;
    out += fmt::format("{}{}{}{}", out.empty() ? "" : "; ", d.path, d.path.empty() ? "" : ": ", d.message);
  }
  co_return out;
}

/// The order with its manifest in it, wherever that comes from. On the pool.
awaitable<StartPod> with_manifest(const store::ArtifactStore& artifacts, const RunContext& parent,
                                  StartPod order) {
  if (!order.tmpl.get("resource").get("manifestFrom").is_object()) co_return order;
  Json tmpl = order.tmpl;
  tmpl["resource"].set("manifest", load_manifest(artifacts, parent, tmpl));
  order.tmpl = std::move(tmpl);
  co_return order;
}

}  // namespace

bool Controller::Impl::makes_child(const Json& tmpl) { return tmpl.get("resource").is_object(); }

void Controller::Impl::start_child(Run& run, const StartPod& order, bool adopting) {
  run.pods.insert(order.node_id);
  const std::string uid = child_uid(run.uid, order.node_id, order.generation);
  Child child;
  child.parent_uid = run.uid;
  child.order = order;
  try {
    child.conditions.emplace(order.tmpl.get("resource"));
  } catch (const std::exception& e) {
    enqueue(run.uid, ended(order, Phase::failed, e.what()));
    return;
  }
  const bool had_started = adopting && run.main_started.contains(order.node_id);
  const bool there = adopting && (had_started || journal_.by_uid(uid));
  child.there = there;
  child_steps_.insert_or_assign(uid, std::move(child));
  if (there) {
    if (!had_started) enqueue(run.uid, PodRunning{order.node_id, "", ""});
    judge_child(uid);
    return;
  }
  ++children_;
  asio::co_spawn(strand, make_child(uid, context_of(run), order), asio::detached);
}

/// What stands in the way becomes the step's end.
awaitable<void> Controller::Impl::make_child(std::string uid, RunContext parent, StartPod order) {
  const std::string parent_uid = parent.uid;
  std::string trouble;
  try {
    auto load = with_manifest(artifacts_, parent, order);
    order = co_await asio::co_spawn(pool_, std::move(load), use_awaitable);
    co_await submit_child(uid, std::move(parent), order);
  } catch (const std::exception& e) {
    trouble = e.what();
  }
  if (const auto it = child_steps_.find(uid); it != child_steps_.end()) {
    const std::string owner = it->second.parent_uid;
    if (trouble.empty()) {
      it->second.there = true;
      enqueue(owner, PodRunning{order.node_id, "", ""});
      judge_child(uid);
    } else if (!closing_) {  // else the next controller tries again
      child_steps_.erase(it);
      enqueue(owner, ended(order, Phase::failed, trouble));
    }
  } else if (trouble.empty()) {
    co_await orphaned(uid, parent_uid, order);
  }
  --children_;
}

/// The step was stopped, or its workflow deleted, while its child was being made.
awaitable<void> Controller::Impl::orphaned(std::string uid, std::string parent_uid, StartPod order) {
  if (!order.tmpl.get("resource").get_bool("setOwnerReference") || !runs_.contains(uid)) co_return;
  if (journal_.by_uid(parent_uid)) {
    enqueue(uid, Stop{"", "the step that made it was stopped"});
  } else {
    co_await remove(uid);
  }
}

awaitable<void> Controller::Impl::submit_child(std::string uid, RunContext parent, StartPod order) {
  const auto taken = [this](const std::string& ns, const std::string& name) { return is_taken(ns, name); };
  Json workflow = child_workflow(order, parent, taken, clock_now());
  const std::string name = workflow.get("metadata").get_string("name");
  if (is_taken(workflow.get("metadata").get_string("namespace"), name)) {
    throw std::runtime_error(fmt::format(
        "workflows.argoproj.io \"{}\" already exists; give the manifest a generateName, or remove "
        "the other: skiff delete {}",
        name, name));
  }
  auto check = fault_of(journal_, workflow);
  const std::string fault = co_await asio::co_spawn(pool_, std::move(check), use_awaitable);
  if (!fault.empty())
    throw std::runtime_error(fmt::format("the child workflow {} is invalid: {}", name, fault));
  if (!child_steps_.contains(uid)) co_return;  // the step was stopped meanwhile
  store::Batch with;
  if (order.tmpl.get("resource").get_bool("setOwnerReference")) {
    store::ObjectRow owned;
    owned.kind = kOwned;
    owned.ns = parent.uid;
    owned.name = uid;
    owned.json = "{}";
    owned.created_ms = to_ms(clock_now());
    with.put_object(std::move(owned));
  }
  co_await submit(std::move(workflow), parent.consent, std::move(with));
}

/// Ends the step once its conditions are met; called whenever the child has changed.
void Controller::Impl::judge_child(const std::string& uid) {
  const auto it = child_steps_.find(uid);
  if (it == child_steps_.end() || !it->second.there) return;
  Child& child = it->second;
  const auto row = journal_.by_uid(uid);
  if (!row) {
    end_child_step(uid, ended(child.order, Phase::failed,
                              "The resource has been deleted while its status was still being checked. Will "
                              "not be retried"));
    return;
  }
  const bool over = row->finished_ms != 0;
  if (!over && !child.conditions->beyond_phase() && child.judged_phase == row->phase) return;
  child.judged_phase = row->phase;
  const Json object = workflow_object(journal_, *row, child.conditions->beyond_phase() || over);
  const Conditions::Judgement judgement = child.conditions->judge(object);
  if (judgement.verdict == Conditions::Verdict::failed) {
    end_child_step(uid, ended(child.order, Phase::failed, judgement.message));
  } else if (judgement.verdict == Conditions::Verdict::succeeded) {
    PodDone done = ended(child.order, Phase::succeeded, "");
    try {
      done.outputs = child_outputs(child.order.tmpl, workflow_object(journal_, *row, true));
    } catch (const std::exception& e) {
      done = ended(child.order, Phase::failed, e.what());
    }
    end_child_step(uid, std::move(done));
  } else if (over) {
    end_child_step(
        uid, ended(child.order, Phase::failed,
                   fmt::format("workflow {} ended {}, and neither successCondition nor failureCondition says "
                               "what that means: on a cluster this step would wait for ever; give it "
                               "failureCondition: status.phase in (Failed, Error)",
                               row->name, row->phase)));
  }
}

void Controller::Impl::end_child_step(const std::string& uid, PodDone done) {
  const auto it = child_steps_.find(uid);
  enqueue(it->second.parent_uid, std::move(done));
  child_steps_.erase(it);
}

/// The step is over before its child. A child that it owns is stopped with it, as it would be deleted with
/// its owner; any other runs on, as on a cluster.
void Controller::Impl::stop_child(Run& run, const std::string& node_id) {
  for (const auto& [uid, child] : child_steps_) {
    if (child.parent_uid != run.uid || child.order.node_id != node_id) continue;
    const std::string child_id = uid;
    const bool owned = child.there && child.order.tmpl.get("resource").get_bool("setOwnerReference");
    end_child_step(child_id, ended(child.order, Phase::failed, "terminated"));
    if (owned && runs_.contains(child_id)) {
      if (run.terminated) {
        enqueue(child_id, Terminate{});
      } else {
        enqueue(child_id, Stop{"", fmt::format("workflow {} let go of it", run.name)});
      }
    }
    return;
  }
}

/// Deletes what the workflow owns, and forgets what it waits for.
awaitable<void> Controller::Impl::remove_children(std::string uid) {
  std::erase_if(child_steps_, [&](const auto& entry) { return entry.second.parent_uid == uid; });
  for (const store::ObjectRow& owned : journal_.objects(kOwned, uid)) {
    if (journal_.by_uid(owned.name)) co_await remove(owned.name);
    store::Batch batch;
    batch.delete_object(kOwned, uid, owned.name);
    co_await commit(batch);
  }
}

}  // namespace skiff::runner
