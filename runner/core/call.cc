// From the wish to run a template under a name to the node that does: resolve, process the arguments, wait
// for a place, for locks, for the memo, then begin (workflow/controller/operator.go, executeTemplate).
#include <algorithm>

#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"
#include "spec/names.h"
#include "spec/units.h"

namespace skiff::runner {
namespace {

constexpr std::uint16_t kMaxDepth = 100;
constexpr const char* kTooDeep =
    "Maximum recursion depth exceeded. See "
    "https://argo-workflows.readthedocs.io/en/latest/scaling/#maximum-recursion-depth";

bool is_cache_key(const std::string& key) {
  const auto alnum = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !key.empty() && alnum(key.front()) &&
         std::all_of(key.begin(), key.end(), [&](char c) { return alnum(c) || c == '-'; });
}

/// ^[a-zA-Z0-9][a-zA-Z0-9-.]{0,61}[a-zA-Z0-9]$
bool is_display_name(const std::string& name) {
  const auto alnum = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return name.size() >= 2 && name.size() <= 63 && alnum(name.front()) && alnum(name.back()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return alnum(c) || c == '-' || c == '.'; });
}

std::string wanted_display_name(const Json& tmpl) {
  return tmpl.get("annotations").get_string("workflows.argoproj.io/display-name");
}

/// Why nobody can ask for these locks; "" if somebody can (workflow/sync/lock_name.go, syncitems.go).
std::string invalid_locks(const Json& synchronization) {
  const std::string invalid = "requested configuration is invalid: ";
  for (const char* kind : {"semaphores", "mutexes"}) {
    const Json::Array& items = synchronization.get_array(kind);
    for (auto it = items.begin(); it != items.end(); ++it) {
      if (std::find(items.begin(), it, *it) != it) return invalid + "duplicate synchronization item found";
    }
  }
  for (const Json& s : synchronization.get_array("semaphores")) {
    const bool by_config_map = s.get("configMapKeyRef").is_object();
    if (by_config_map != s.get("database").is_object()) continue;
    return invalid + (by_config_map
                          ? "invalid semaphore with both ConfigMapKeyRef and Database"
                          : "cannot get LockName for a Semaphore without a ConfigMapRef or Database");
  }
  return "";
}

/// The locks a template (or the spec) asks for, in Argo's order (workflow/sync/lock_name.go, syncitems.go).
std::vector<LockRequest> lock_requests(const Json& synchronization, const std::string& workflow_namespace) {
  std::vector<LockRequest> out;
  const auto namespace_of = [&](const Json& j) {
    const std::string own = j.get_string("namespace");
    return own.empty() ? workflow_namespace : own;
  };
  for (const Json& s : synchronization.get_array("semaphores")) {
    Json where = Json::object();
    std::string key;
    if (const Json& ref = s.get("configMapKeyRef"); ref.is_object()) {
      where.set("configMap", ref.get_string("name"));
      where.set("key", ref.get_string("key"));
      key = fmt::format("{}/ConfigMap/{}/{}", namespace_of(s), ref.get_string("name"), ref.get_string("key"));
    } else {
      where.set("database", s.get("database").get_string("key"));
      key = fmt::format("{}/Database/{}", namespace_of(s), s.get("database").get_string("key"));
    }
    out.push_back({std::move(key), false, std::move(where)});
  }
  for (const Json& m : synchronization.get_array("mutexes")) {
    const char* kind = m.get_bool("database") ? "Database" : "Mutex";
    out.push_back({fmt::format("{}/{}/{}", namespace_of(m), kind, m.get_string("name")), true, Json()});
  }
  return out;
}

}  // namespace

void Scheduler::Impl::launch(Call call) {
  const NodeIndex there = existing(call);
  if (there != kNoNode && adopt(there, call)) return;
  if (call.depth >= kMaxDepth) return reject(call, kTooDeep, false);
  if (hold_back(call, there)) return;
  TemplateBook::Answer answer = book_.resolve(*call.base, call.target);
  if (!answer.resolved) return reject(call, answer.error);
  if (answer.resolved->timed && !uses_duration_) {
    uses_duration_ = true;
    set_duration();
  }
  Processed processed{answer.resolved->json, ""};
  if (needs_processing(*answer.resolved)) {
    const spec::Scope scope = call_scope(call, *answer.resolved);
    processed = process_arguments(*answer.resolved, call.arguments, scope, config_maps_);
  }
  if (!processed.tmpl) return reject(call, processed.error);
  call.arguments = Json();
  Prepared p{std::move(call), std::move(answer.resolved), std::move(processed.tmpl)};
  if (std::string error = display_name_error(p); !error.empty()) return reject(p.call, error);
  synchronize(std::move(p));
}

/// The names that only this call has: pod.name, node.name, steps.name or tasks.name.
spec::Scope Scheduler::Impl::call_scope(const Call& call, const Resolved& resolved) const {
  spec::Scope scope(&globals_);
  scope.set("node.name", call.name);
  scope.set(call.target.task ? "tasks.name" : "steps.name", call.target.name);
  if (is_pod_type(resolved.type) && retry_strategy(*resolved.json).is_null()) {
    scope.set("pod.name", spec::pod_name(name_, call.name, resolved.name));
  }
  return scope;
}

/// A node of that name is there because the workflow is retried: true if there is nothing left to do for it.
bool Scheduler::Impl::adopt(NodeIndex i, const Call& call) {
  Node& n = graph_[i];
  n.owner = call.owner;
  n.depth = call.depth;
  n.on_exit = call.on_exit;
  n.told = false;
  if (call.hooks && n.type != NodeType::skipped) {
    n.hooks = std::make_unique<Hooks>();
    n.hooks->spec = call.hooks;
    n.hooks->name = call.hook_name;
    n.hooks->each.resize(call.hooks->hooks.size());
  }
  connect(i);
  if (n.owner.kind == OwnerKind::entry) {
    entry_ = i;
    push(Op::entry);
  }
  if (!n.fulfilled()) return false;
  push(Op::fulfilled, i);
  return true;
}

/// The call cannot be carried out: its node is (or becomes) an Error, and its owner hears why.
void Scheduler::Impl::reject(const Call& call, const std::string& error, bool tell_owner) {
  NodeIndex i = existing(call);
  if (i == kNoNode) {
    i = make(call, NodeType::skipped, Phase::error, error);
  } else {
    measured_.erase(i);
    set_phase(i, Phase::error, error);
  }
  if (tell_owner) owner_error(i, error);
}

/// What executeTemplate's error does to its caller.
void Scheduler::Impl::owner_error(NodeIndex i, const std::string& error) {
  const Owner owner = graph_[i].owner;
  const std::string_view name = graph_[i].name;
  switch (owner.kind) {
    case OwnerKind::step:
      fail_group(owner.node, fmt::format("step group deemed errored due to child {} error: {}", name, error));
      break;
    case OwnerKind::task:
      set_message(i, fmt::format("task '{}' errored: {}", name, error));
      break;
    case OwnerKind::attempt:
      attempt_error(owner.node, i, error);
      break;
    case OwnerKind::hook:
      hook_error(owner.node, error);
      break;
    case OwnerKind::exit:
      exit_error(owner.node, error);
      break;
    case OwnerKind::entry:
      end_workflow(Phase::error, "error in entry template execution: " + error);
      break;
    case OwnerKind::workflow_exit:
      end_workflow(Phase::error, "error in exit template execution : " + error);
      break;
    case OwnerKind::workflow_hook:
      if (entry_ != kNoNode) set_phase(entry_, Phase::error, error);
      break;
    default:
      break;
  }
}

/// A node that had begun cannot go on (its outputs cannot be had, say).
void Scheduler::Impl::fail_call(NodeIndex i, const std::string& error) {
  measured_.erase(i);
  set_phase(i, Phase::error, error);
  owner_error(i, error);
}

std::string Scheduler::Impl::display_name_error(const Prepared& p) const {
  const std::string wanted = wanted_display_name(*p.tmpl);
  if (wanted.empty() || is_display_name(wanted)) return "";
  return "displayName must match the regex ^[a-zA-Z0-9][a-zA-Z0-9-.]{0,61}[a-zA-Z0-9]$";
}

void Scheduler::Impl::set_display_name(NodeIndex i, const Prepared& p) {
  if (std::string wanted = wanted_display_name(*p.tmpl); !wanted.empty() && !p.call.retried) {
    graph_[i].say().display_name = std::move(wanted);
  }
}

Json Scheduler::Impl::retry_strategy(const Json& tmpl) const {
  const Json& own = tmpl.get("retryStrategy");
  return own.is_object() ? own : spec_.get("retryStrategy");
}

NodeType Scheduler::Impl::node_type(const Prepared& p) const {
  if (p.tmpl->get("retryStrategy").is_object()) return NodeType::retry;
  switch (p.resolved->type) {
    case spec::TemplateType::steps:
      return NodeType::steps;
    case spec::TemplateType::dag:
      return NodeType::dag;
    case spec::TemplateType::suspend:
      return NodeType::suspend;
    case spec::TemplateType::http:
      return NodeType::http;
    case spec::TemplateType::plugin:
      return NodeType::plugin;
    default:
      return NodeType::pod;
  }
}

// ------------------------------------------------------------------------------------------- locks

AcquireLocks Scheduler::Impl::lock_order(const std::string& holder, const Prepared& p) const {
  AcquireLocks order;
  order.holder = holder;
  order.priority = spec_.get_int("priority").value_or(0);
  order.locks = lock_requests(p.tmpl->get("synchronization"), namespace_);
  return order;
}

/// Those of spec.synchronization, which the workflow holds from its beginning to its end.
std::string Scheduler::Impl::invalid_own_locks() const { return invalid_locks(spec_.get("synchronization")); }

AcquireLocks Scheduler::Impl::own_locks() const {
  AcquireLocks order;
  order.priority = spec_.get_int("priority").value_or(0);
  order.locks = lock_requests(spec_.get("synchronization"), namespace_);
  return order;
}

void Scheduler::Impl::synchronize(Prepared p) {
  if (!p.tmpl->get("synchronization").is_object()) return memoize(std::move(p));
  AcquireLocks order = lock_order(graph_.id_of(p.call.name), p);
  if (order.locks.empty()) return memoize(std::move(p));
  if (std::string why = invalid_locks(p.tmpl->get("synchronization")); !why.empty())
    return reject(p.call, why);
  keep_waiting(order.holder, std::move(p));
  emit(std::move(order));
}

void Scheduler::Impl::take(const LocksGranted& e) {
  if (e.holder.empty()) {
    locked_ = true;
    if (waits_for_lock_) start_workflow();
    return;
  }
  if (defers(e)) return;
  const auto it = waiting_.find(e.holder);
  if (it == waiting_.end() || memo_asked_.contains(e.holder)) return;
  Prepared p = std::move(it->second);
  waiting_.erase(it);
  if (const NodeIndex i = graph_.by_id(e.holder); i != kNoNode) {
    graph_[i].say().waiting_lock.clear();
    set_message(i, "");
    graph_.touch(i);
  }
  p.call.locked = true;
  memoize(std::move(p));
}

void Scheduler::Impl::take(const LocksWaiting& e) {
  if (e.holder.empty()) {
    if (waits_for_lock_) message_ = e.message;
    return;
  }
  const auto it = waiting_.find(e.holder);
  if (it == waiting_.end()) return;
  NodeIndex i = graph_.by_id(e.holder);
  if (i == kNoNode) {
    i = make(it->second.call, node_type(it->second), Phase::pending);
    it->second.call.reserved = false;
    it->second.call.node = i;
    init_inputs(i, it->second);
    set_deadlines(i, *it->second.tmpl);
  }
  graph_[i].say().waiting_lock = e.lock;
  set_message(i, e.message);
  graph_.touch(i);
}

void Scheduler::Impl::take(const LocksRefused& e) {
  if (e.holder.empty()) {
    if (waits_for_lock_)
      end_workflow(Phase::failed, "Failed to acquire the synchronization lock. " + e.message);
    return;
  }
  const auto it = waiting_.find(e.holder);
  if (it == waiting_.end()) return;
  const Call call = std::move(it->second.call);
  waiting_.erase(it);
  reject(call, e.message);
}

void Scheduler::Impl::unlock(NodeIndex i) {
  graph_[i].locked = false;
  emit(ReleaseLocks{graph_.id(i)});
}

// -------------------------------------------------------------------------------------------- memo

LookUpMemo Scheduler::Impl::memo_order(const std::string& id, const Prepared& p) {
  const Json& memo = p.tmpl->get("memoize");
  LookUpMemo order;
  order.node_id = id;
  order.key = memo.get_string("key");
  order.cache = memo.get("cache").get("configMap").get_string("name");
  if (const auto age = spec::parse_go_duration(text_or_empty(memo.get("maxAge")))) {
    order.max_age = std::chrono::duration_cast<std::chrono::milliseconds>(*age);
  }
  return order;
}

void Scheduler::Impl::memoize(Prepared p) {
  const Json& memo = p.tmpl->get("memoize");
  // What is only taken up again does not ask once more (operator.go, executeTemplate).
  const bool known = existing(p.call) != kNoNode && !p.call.locked;
  if (!memo.is_object() || known) return start(std::move(p));
  LookUpMemo order = memo_order(graph_.id_of(p.call.name), p);
  if (!is_cache_key(order.key)) return reject(p.call, "invalid cache key: " + order.key);
  if (const std::string age = text_or_empty(memo.get("maxAge")); !age.empty() && !order.max_age) {
    const bool no_unit = age.find_first_not_of("0123456789.") == std::string::npos;
    return reject(p.call, fmt::format("invalid maxAge: time: {} duration \"{}\"",
                                      no_unit ? "missing unit in" : "invalid", age));
  }
  memo_asked_.insert(order.node_id);
  keep_waiting(order.node_id, std::move(p));
  emit(std::move(order));
}

void Scheduler::Impl::take(const MemoAnswer& e) {
  if (defers(e)) return;
  const auto it = waiting_.find(e.node_id);
  if (it == waiting_.end() || memo_asked_.erase(e.node_id) == 0) return;
  const Prepared p = std::move(it->second);
  waiting_.erase(it);
  if (!e.hit) return start(p);
  const NodeIndex i = make_or_adopt(p.call, node_type(p), Phase::pending);
  const LookUpMemo asked = memo_order(e.node_id, p);
  graph_[i].say().memoization = spec::MemoizationStatus{true, asked.key, asked.cache};
  init_inputs(i, p);
  graph_[i].memoized = false;
  graph_[i].outputs = SharedJson(e.outputs);
  set_phase(i, Phase::succeeded);
}

/// Keeps the outputs of a memoized node that has just succeeded.
void Scheduler::Impl::save_memo(NodeIndex i) {
  if (!graph_[i].memoized) return;
  const spec::MemoizationStatus& memo = *graph_[i].said().memoization;
  emit(StoreMemo{graph_.id(i), memo.cache_name, memo.key, graph_[i].outputs});
}

// ------------------------------------------------------------------------------------------- begin

void Scheduler::Impl::start(Prepared p) {
  if (!retry_strategy(*p.tmpl).is_null()) return start_retry(std::move(p));
  if (is_pod_type(p.resolved->type) && full()) {  // the place is gone while it waited
    held_.emplace_back(std::move(p));
    return;
  }
  dispatch(std::move(p));
}

void Scheduler::Impl::dispatch(Prepared p) {
  switch (p.resolved->type) {
    case spec::TemplateType::steps:
      return start_steps(std::move(p));
    case spec::TemplateType::dag:
      return start_dag(std::move(p));
    case spec::TemplateType::suspend:
      return start_suspend(std::move(p));
    default:
      return start_leaf(std::move(p));
  }
}

}  // namespace skiff::runner
