#include "runner/core/resubmit.h"

#include <map>
#include <set>

#include "runner/core/impl.h"
#include "spec/names.h"

namespace skiff::runner {
namespace {

using Nodes = std::map<std::string, spec::NodeStatus>;

bool leads_to_success(const Nodes& nodes, const spec::NodeStatus& node) {
  std::vector<const spec::NodeStatus*> todo{&node};
  std::set<std::string> seen;
  while (!todo.empty()) {
    const spec::NodeStatus* n = todo.back();
    todo.pop_back();
    for (const std::string& id : n->children) {
      const auto child = nodes.find(id);
      if (child == nodes.end() || !seen.insert(id).second) continue;
      if (child->second.phase == Phase::succeeded) return true;
      todo.push_back(&child->second);
    }
  }
  return false;
}

}  // namespace

Json memoized_nodes(const Json& nodes, const std::string& from, const std::string& to, TimePoint now) {
  Nodes old;
  if (nodes.is_object()) {
    for (const auto& [id, node] : nodes.as_object()) old.emplace(id, spec::node_status_from(node));
  }
  const auto name = [&](const std::string& before) {
    return before.starts_with(from) ? to + before.substr(from.size()) : before;
  };
  const auto renamed = [&](const std::string& id) {
    const auto it = old.find(id);
    return it == old.end() ? id : spec::node_id(to, name(it->second.name));
  };
  Json out = Json::object();
  for (const auto& [id, before] : old) {
    if (before.name.starts_with(from + ".onExit")) continue;
    spec::NodeStatus n = before;
    n.name = name(before.name);
    n.id = spec::node_id(to, n.name);
    if (n.display_name == from) n.display_name = to;
    if (!n.boundary_id.empty()) n.boundary_id = renamed(n.boundary_id);
    for (std::string& child : n.children) child = renamed(child);
    for (std::string& last : n.outbound_nodes) last = renamed(last);
    const bool pod = n.type == NodeType::pod;
    const bool bad = failed_or_error(n.phase);
    if (n.type == NodeType::skipped && !leads_to_success(old, before)) continue;
    if (pod && !bad) {
      n.phase = Phase::skipped;
      n.type = NodeType::skipped;
      n.message = "original pod: " + id;
      n.started_at = n.finished_at = now;
    } else {
      n.phase = Phase::pending;
      n.message.clear();
      n.started_at = pod ? std::nullopt : std::optional(now);
      n.finished_at.reset();
    }
    out.set(n.id, spec::to_json(n));
  }
  return out;
}

/// Nodes that the workflow begins with.
void Scheduler::Impl::load_nodes(const Json& nodes) {
  if (!nodes.is_object() || nodes.empty()) return;
  adopting_ = any_failed_ = true;
  std::vector<spec::NodeStatus> loaded;
  for (const auto& [id, json] : nodes.as_object()) {
    spec::NodeStatus status = spec::node_status_from(json);
    const NodeIndex i = graph_.add(status.name);
    if (status.type != NodeType::skipped) {
      const auto [done, total] = parse_progress(status.progress);
      progress_done_ += done;
      progress_total_ += total;
    }
    graph_.load(i, status);
    loaded.push_back(std::move(status));
  }
  for (NodeIndex i = 0; i < graph_.size(); ++i) {
    graph_.link(i, loaded[i]);
    for (const NodeIndex c : graph_.children(i)) edges_.emplace(i, c);
  }
}

}  // namespace skiff::runner
