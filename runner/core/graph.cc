#include "runner/core/graph.h"

#include <fmt/format.h>

#include <utility>

#include "spec/names.h"

namespace skiff::runner {

std::uint32_t IdTable::hash_of(std::string_view id) {
  const std::size_t h = std::hash<std::string_view>{}(id);
  return static_cast<std::uint32_t>(h ^ (h >> 32U));
}

NodeIndex IdTable::find(std::string_view id) const {
  const std::uint32_t hash = hash_of(id);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at].used; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.hash == hash && slot.node != kNoNode && nodes_[slot.node].s.id == id) return slot.node;
  }
  return kNoNode;
}

void IdTable::insert(NodeIndex node) {
  if ((used_ + 1) * 2 > slots_.size()) grow();
  put(hash_of(nodes_[node].s.id), node);
}

void IdTable::put(std::uint32_t hash, NodeIndex node) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].used) at = (at + 1) & mask;
  slots_[at] = {hash, node, true};
  ++used_;
}

void IdTable::erase(NodeIndex node) {
  const std::uint32_t hash = hash_of(nodes_[node].s.id);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at].used; at = (at + 1) & mask) {
    if (slots_[at].node == node) slots_[at].node = kNoNode;
  }
}

void IdTable::grow() {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2));
  used_ = 0;
  for (const Slot& slot : old) {
    if (slot.node != kNoNode) put(slot.hash, slot.node);
  }
}

std::string Graph::id_of(std::string_view name) const {
  std::string id = spec::node_id(workflow_, name);
  const std::size_t length = id.size();
  for (int n = 1;; ++n) {
    const NodeIndex there = by_id_.find(id);
    if (there == kNoNode || nodes_[there].s.name == name) return id;
    id.resize(length);
    id += fmt::format("-{}", n);
  }
}

NodeIndex Graph::add(std::string name) {
  const NodeIndex index = size();
  std::string id = id_of(name);
  Node& node = nodes_.emplace_back();
  node.s.id = std::move(id);
  node.s.name = std::move(name);
  if (const auto it = generations_.find(node.s.id); it != generations_.end()) node.generation = it->second;
  by_id_.insert(index);
  touch(index);
  return index;
}

NodeIndex Graph::by_id(std::string_view id) const { return by_id_.find(id); }

NodeIndex Graph::by_name(std::string_view name) const {
  std::string id = spec::node_id(workflow_, name);
  const std::size_t length = id.size();
  for (int n = 1;; ++n) {
    const NodeIndex there = by_id_.find(id);
    if (there == kNoNode || nodes_[there].s.name == name) return there;
    id.resize(length);
    id += fmt::format("-{}", n);
  }
}

void Graph::remove(NodeIndex i) {
  Node& node = nodes_[i];
  by_id_.erase(i);
  generations_[node.s.id] = node.generation + 1;
  removed_.push_back(node.s.id);
  node.work.reset();
  node.hooks.reset();
  node.gone = true;
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
    if (!nodes_[i].gone) out.push_back(nodes_[i].s.id);
  }
  changed_.clear();
  return out;
}

}  // namespace skiff::runner
