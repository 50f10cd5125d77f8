#include "runner/core/graph.h"

#include <fmt/format.h>

#include "spec/names.h"

namespace skiff::runner {

std::string Graph::id_of(std::string_view name) const {
  std::string id = spec::node_id(workflow_, name);
  const std::size_t length = id.size();
  for (int n = 1;; ++n) {
    const auto it = by_id_.find(id);
    if (it == by_id_.end() || nodes_[it->second].s.name == name) return id;
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
  by_id_.emplace(node.s.id, index);
  touch(index);
  return index;
}

NodeIndex Graph::by_id(std::string_view id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? kNoNode : it->second;
}

NodeIndex Graph::by_name(std::string_view name) const {
  std::string id = spec::node_id(workflow_, name);
  const std::size_t length = id.size();
  for (int n = 1;; ++n) {
    const auto it = by_id_.find(id);
    if (it == by_id_.end()) return kNoNode;
    if (nodes_[it->second].s.name == name) return it->second;
    id.resize(length);
    id += fmt::format("-{}", n);
  }
}

void Graph::remove(NodeIndex i) {
  Node& node = nodes_[i];
  by_id_.erase(node.s.id);
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
