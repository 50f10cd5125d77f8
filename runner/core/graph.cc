#include "runner/core/graph.h"

#include <charconv>
#include <utility>

#include "spec/names.h"

namespace skiff::runner {

NodeIndex IdTable::find(NodeKey key) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = key.number & mask; slots_[at].used; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.number == key.number && slot.twin == key.twin && slot.node != kNoNode) return slot.node;
  }
  return kNoNode;
}

void IdTable::insert(NodeKey key, NodeIndex node) {
  if ((used_ + 1) * 2 > slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = key.number & mask;
  while (slots_[at].used) at = (at + 1) & mask;
  slots_[at] = {key.number, node, key.twin, true};
  ++used_;
}

void IdTable::erase(NodeKey key) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = key.number & mask; slots_[at].used; at = (at + 1) & mask) {
    if (slots_[at].number == key.number && slots_[at].twin == key.twin) slots_[at].node = kNoNode;
  }
}

void IdTable::grow() {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2));
  used_ = 0;
  for (const Slot& slot : old) {
    if (slot.node != kNoNode) insert({slot.number, slot.twin}, slot.node);
  }
}

NodeKey Graph::key_of(std::string_view name) const {
  if (name == workflow_) return {0, NodeKey::kRoot};
  NodeKey key{spec::fnv32a(name), 0};
  for (;; ++key.twin) {
    const NodeIndex there = by_id_.find(key);
    if (there == kNoNode || nodes_[there].s.name == name) return key;
  }
}

std::optional<NodeKey> Graph::key_from(std::string_view id) const {
  if (id == workflow_) return NodeKey{0, NodeKey::kRoot};
  if (!id.starts_with(workflow_)) return std::nullopt;
  id.remove_prefix(workflow_.size());
  const auto number = [&id](auto& out) {
    if (!id.starts_with('-')) return false;
    const auto [end, error] = std::from_chars(id.data() + 1, id.data() + id.size(), out);
    id.remove_prefix(static_cast<std::size_t>(end - id.data()));
    return error == std::errc();
  };
  NodeKey key;
  if (!number(key.number)) return std::nullopt;
  if (!id.empty() && (!number(key.twin) || !id.empty())) return std::nullopt;
  return key;
}

std::string Graph::text_of(NodeKey key) const {
  if (key.twin == NodeKey::kRoot) return workflow_;
  std::string id = workflow_ + '-' + std::to_string(key.number);
  if (key.twin != 0) id += '-' + std::to_string(key.twin);
  return id;
}

std::string Graph::id_of(std::string_view name) const { return text_of(key_of(name)); }

NodeIndex Graph::add(std::string name) {
  const NodeIndex index = size();
  const NodeKey key = key_of(name);
  by_id_.insert(key, index);
  Node& node = nodes_.emplace_back();
  node.key = key;
  node.s.name = std::move(name);
  if (const auto it = generations_.find(key); it != generations_.end()) node.generation = it->second;
  touch(index);
  return index;
}

NodeIndex Graph::by_id(std::string_view id) const {
  const auto key = key_from(id);
  return key ? by_id_.find(*key) : kNoNode;
}

NodeIndex Graph::by_name(std::string_view name) const { return by_id_.find(key_of(name)); }

void Graph::remove(NodeIndex i) {
  Node& node = nodes_[i];
  by_id_.erase(node.key);
  generations_[node.key] = node.generation + 1;
  removed_.push_back(id(i));
  node.work.reset();
  node.hooks.reset();
  node.gone = true;
}

spec::NodeStatus Graph::status(NodeIndex i) const {
  const Node& node = nodes_[i];
  spec::NodeStatus out{node.s, id(i), "", {}, {}};
  if (node.boundary != kNoNode) out.boundary_id = id(node.boundary);
  const auto ids = [this](const std::vector<NodeIndex>& nodes, std::vector<std::string>& texts) {
    texts.reserve(nodes.size());
    for (const NodeIndex n : nodes) texts.push_back(id(n));
  };
  ids(node.children, out.children);
  ids(node.outbound, out.outbound_nodes);
  return out;
}

void Graph::link(NodeIndex i, const spec::NodeStatus& status) {
  Node& node = nodes_[i];
  node.boundary = by_id(status.boundary_id);
  const auto indexes = [this](const std::vector<std::string>& ids, std::vector<NodeIndex>& nodes) {
    for (const std::string& id : ids) {
      if (const NodeIndex n = by_id(id); n != kNoNode) nodes.push_back(n);
    }
  };
  indexes(status.children, node.children);
  indexes(status.outbound_nodes, node.outbound);
}

void Graph::touch(NodeIndex i) {
  if (nodes_[i].changed) return;
  nodes_[i].changed = true;
  changed_.push_back(i);
}

std::vector<std::string> Graph::take_changed() {
  std::vector<std::string> out = std::move(removed_);
  removed_.clear();
  out.reserve(out.size() + changed_.size());
  for (const NodeIndex i : changed_) {
    nodes_[i].changed = false;
    if (!nodes_[i].gone) out.push_back(id(i));
  }
  changed_.clear();
  return out;
}

}  // namespace skiff::runner
