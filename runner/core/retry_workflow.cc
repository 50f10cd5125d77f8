// `retry` of a finished workflow: what failed is forgotten and run again, what succeeded stays
// (workflow/util/util.go, FormulateRetryWorkflow). Afterwards the workflow is walked from its entrypoint as
// at first; nodes that are still there are adopted instead of made.
#include <algorithm>

#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"
#include "runner/core/selector.h"

namespace skiff::runner {
namespace {

bool is_group(NodeType t) {
  return t == NodeType::dag || t == NodeType::task_group || t == NodeType::step_group || t == NodeType::steps;
}

bool is_execution(NodeType t) {
  return t == NodeType::container || t == NodeType::pod || t == NodeType::http || t == NodeType::plugin;
}

/// The graph of a finished workflow, with one parent for each node, and what is to be done with it.
class Reset {
 public:
  explicit Reset(const Graph& graph) : graph_(graph), parent_(graph.size(), kNoNode) {
    std::vector<NodeIndex> sorted;
    for (NodeIndex i = 0; i < graph.size(); ++i) {
      if (!graph[i].gone) sorted.push_back(i);
    }
    std::sort(sorted.begin(), sorted.end(),
              [&](NodeIndex a, NodeIndex b) { return graph.id(a) < graph.id(b); });
    for (const NodeIndex i : sorted) {
      for (const NodeIndex c : graph.children(i)) parent_[c] = i;
    }
  }

  std::set<NodeIndex> reset;
  std::set<NodeIndex> remove;

  /// All nodes below, in order of their distance.
  [[nodiscard]] std::vector<NodeIndex> below(NodeIndex i) const {
    std::vector<NodeIndex> out{i};
    std::set<NodeIndex> seen{i};
    for (std::size_t k = 0; k < out.size(); ++k) {
      for (const NodeIndex c : graph_.children(out[k])) {
        if (seen.insert(c).second) out.push_back(c);
      }
    }
    return out;
  }

  /// Something after it has succeeded and stays.
  [[nodiscard]] bool leads_to_success(NodeIndex i, const std::set<NodeIndex>& chosen) const {
    const std::vector<NodeIndex> all = below(i);
    return std::any_of(all.begin() + 1, all.end(), [&](NodeIndex n) {
      return graph_[n].phase == Phase::succeeded && !chosen.contains(n);
    });
  }

  /// Removes the node and what is below, resets what it belongs to (resetPath).
  void path(NodeIndex start) {
    for (const NodeIndex n : below(start)) remove.insert(n);
    if (parent_[start] == kNoNode) return;
    NodeIndex at = start;
    while (at != kNoNode) {
      const Node& node = graph_[at];
      if (is_group(node.type)) {
        reset.insert(at);
        at = boundaries(at);
        continue;
      }
      if (node.type == NodeType::retry && failed_or_error(node.phase)) reset.insert(at);
      if (node.type == NodeType::container) {
        while (at != kNoNode && graph_[at].type != NodeType::pod) at = parent_[at];
        if (at == kNoNode) return;
        for (const NodeIndex n : below(at)) remove.insert(n);
      }
      at = parent_[at];
    }
  }

  [[nodiscard]] NodeIndex retry_of(NodeIndex i) const {
    const NodeIndex p = parent_[i];
    return p != kNoNode && graph_[p].type == NodeType::retry ? p : i;
  }

 private:
  /// Resets the templates around a group, up to the one that has none around it (resetBoundaries).
  NodeIndex boundaries(NodeIndex at) {
    while (at != kNoNode) {
      NodeIndex p = parent_[at];
      if (p != kNoNode && graph_[p].type == NodeType::retry) {
        reset.insert(p);
        at = p;
        p = parent_[at];
      }
      if (p != kNoNode &&
          (graph_[p].type == NodeType::step_group || graph_[p].type == NodeType::task_group)) {
        reset.insert(p);
      }
      const NodeIndex boundary = graph_[at].boundary;
      if (boundary == kNoNode) return p;
      // By key: the boundary may have been removed and made again since.
      while (at != kNoNode && graph_[at].key != graph_[boundary].key) at = parent_[at];
      if (at != kNoNode) reset.insert(at);
    }
    return kNoNode;
  }

  const Graph& graph_;
  std::vector<NodeIndex> parent_;
};

/// A suspend node forgets what it was given.
void forget_outputs(Node& n) {
  Json outputs = n.outputs;
  Json* list = outputs.find("parameters");
  if (list == nullptr) return;
  for (Json& p : list->as_array()) {
    Json fresh = Json::object();
    fresh.set("name", p.get_string("name"));
    fresh["valueFrom"].set("supplied", Json::object());
    p = std::move(fresh);
  }
  n.outputs = std::move(outputs);
}

}  // namespace

std::string Scheduler::Impl::refuse_retry(const RetryWorkflow& e) const {
  if (phase_ == "Succeeded" && (!e.restart_successful || e.selector.empty())) {
    return "To retry a succeeded workflow, set the options restartSuccessful and nodeFieldSelector";
  }
  if (!finished_) return fmt::format("Cannot retry a workflow in phase {}", phase_);
  return NodeSelector(e.selector).error();
}

void Scheduler::Impl::take(const RetryWorkflow& e) {
  if (!refuse_retry(e).empty()) return;
  reset_for_retry(e);
  restart(e);
}

void Scheduler::Impl::reset_for_retry(const RetryWorkflow& e) {
  Reset plan(graph_);
  std::set<NodeIndex> chosen;
  const NodeSelector selector(e.selector);
  const bool picks = e.restart_successful && !e.selector.empty();
  for (NodeIndex i = 0; i < graph_.size(); ++i) {
    if (!graph_[i].gone && picks && selector.matches(graph_.status(i))) chosen.insert(i);
  }
  std::vector<NodeIndex> failed;
  for (NodeIndex i = 0; i < graph_.size(); ++i) {
    const Node& n = graph_[i];
    if (n.gone || !failed_or_error(n.phase) || !is_execution(n.type)) continue;
    const bool retried = n.flag && n.flag->retried;
    if (!plan.leads_to_success(retried ? plan.retry_of(i) : i, chosen)) failed.push_back(i);
  }
  chosen.insert(failed.begin(), failed.end());
  if (const NodeIndex root = graph_.by_name(name_); root != kNoNode) {
    for (const NodeIndex i : plan.below(root)) {
      if (chosen.contains(i) && !plan.remove.contains(i)) plan.path(i);
    }
  }
  if (!e.parameters.empty()) {
    for (const NodeIndex i : plan.reset) {
      const NodeType type = graph_[i].type;
      if (plan.remove.contains(i) || (type != NodeType::task_group && type != NodeType::step_group)) continue;
      const std::vector<NodeIndex> all = plan.below(i);
      plan.remove.insert(all.begin() + 1, all.end());
    }
  }
  const std::string on_exit = name_ + ".onExit";
  for (NodeIndex i = 0; i < graph_.size(); ++i) {
    if (!graph_[i].gone && graph_[i].name.starts_with(on_exit)) plan.remove.insert(i);
  }
  apply_reset(plan.reset, plan.remove);
}

void Scheduler::Impl::apply_reset(const std::set<NodeIndex>& reset, const std::set<NodeIndex>& remove) {
  for (const NodeIndex i : reset) {
    if (remove.contains(i)) continue;
    Node& n = graph_[i];
    if (n.type == NodeType::suspend) forget_outputs(n);
    if (n.phase != Phase::skipped) {
      n.phase = Phase::running;
      if (n.type == NodeType::suspend) ++active_suspends_;
    }
    set_message(i, "");
    n.started_at = now_;
    n.finished_at.reset();
    graph_.touch(i);
  }
  for (NodeIndex i = 0; i < graph_.size(); ++i) {
    if (graph_[i].gone || remove.contains(i)) continue;
    if (graph_.disconnect(i, [&](NodeIndex n) { return remove.contains(n); })) graph_.touch(i);
  }
  for (const NodeIndex i : remove) graph_.remove(i);
}

/// Everything but the nodes is as at the beginning.
void Scheduler::Impl::restart(const RetryWorkflow& e) {
  for (const auto& [name, value] : e.parameters) {
    Json& list = spec_["arguments"]["parameters"];
    if (list.is_null()) list = Json::array();
    Json* there = nullptr;
    for (Json& p : list.as_array()) {
      if (p.get_string("name") == name) there = &p;
    }
    if (there == nullptr) {
      list.push_back(Json::object());
      there = &list.as_array().back();
      there->set("name", name);
    }
    there->set("value", value);
    there->erase("valueFrom");
  }
  (void)set_parameters();
  end_.reset();
  finished_ = false;
  finished_at_.reset();
  started_at_ = now_;
  deadline_.reset();
  past_deadline_ = suspended_ = false;
  deferred_.clear();
  shutdown_ = Shutdown::none;
  entry_ = kNoNode;
  exit_ = {};
  hooks_.clear();
  timers_.clear();
  daemons_.clear();
  held_.clear();
  starved_.clear();
  adopting_ = true;
  progress_done_ = progress_total_ = 0;
  edges_.clear();
  for (NodeIndex i = 0; i < graph_.size(); ++i) {
    Node& n = graph_[i];
    n.owner = {};
    n.told = n.counted = false;
    if (n.gone) continue;
    const auto [done, total] = parse_progress(n.progress());
    progress_done_ += done;
    progress_total_ += total;
    for (const NodeIndex c : graph_.children(n)) edges_.emplace(i, c);
  }
  metadata_["labels"].erase("workflows.argoproj.io/completed");
  set_label("workflows.argoproj.io/completed", "false");
  if (AcquireLocks order = own_locks(); !order.locks.empty()) {
    phase_ = "Pending";
    waits_for_lock_ = true;
    return emit(std::move(order));
  }
  start_workflow();
}

}  // namespace skiff::runner
