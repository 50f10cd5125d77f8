#include "runner/core/graph.h"

#include <charconv>
#include <utility>

#include "spec/names.h"

namespace skiff::runner {

std::vector<NodeIndex> ChildRange::list() const {
  std::vector<NodeIndex> out;
  for (const NodeIndex child : *this) out.push_back(child);
  return out;
}

NodeKey Graph::key_of(std::string_view name) const {
  if (name == workflow_) return {0, NodeKey::kRoot};
  NodeKey key{spec::fnv32a(name), 0};
  for (;; ++key.twin) {
    const NodeIndex there = find(key);
    if (there == kNoNode || nodes_[there].name == name) return key;
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

NodeIndex Graph::find(NodeKey key) const {
  return by_number_.find(key.number, [&](NodeIndex i) { return nodes_[i].key.twin == key.twin; });
}

NodeIndex Graph::add(std::string_view name) {
  const NodeIndex index = size();
  const NodeKey key = key_of(name);
  Node& node = nodes_.emplace_back();
  node.key = key;
  by_number_.insert(index, [this](NodeIndex i) { return nodes_[i].key.number; });
  node.name = arena_.keep(name);
  if (const auto it = generations_.find(key); it != generations_.end()) node.generation = it->second;
  touch(index);
  return index;
}

NodeIndex Graph::by_id(std::string_view id) const {
  const auto key = key_from(id);
  return key ? find(*key) : kNoNode;
}

NodeIndex Graph::by_name(std::string_view name) const { return find(key_of(name)); }

void Graph::remove(NodeIndex i) {
  Node& node = nodes_[i];
  by_number_.erase(i, node.key.number);
  generations_[node.key] = node.generation + 1;
  removed_.push_back(id(i));
  node.work.reset();
  node.hooks.reset();
  node.gone = true;
}

spec::NodeStatus Graph::status(NodeIndex i) const {
  const Node& node = nodes_[i];
  const Remarks& said = node.said();
  spec::NodeStatus out;
  out.id = id(i);
  out.type = node.type;
  out.phase = node.phase;
  out.daemoned = node.daemoned;
  out.node_flag = node.flag;
  out.started_at = node.started_at;
  out.finished_at = node.finished_at;
  out.message = said.message;
  out.progress = node.progress();
  if (node.host_node_name != nullptr) out.host_node_name = *node.host_node_name;
  out.outputs = node.outputs;
  out.name = node.name;
  out.display_name = node.display_name();
  if (node.origin != nullptr) {
    out.template_name = node.origin->template_name;
    out.template_scope = node.origin->template_scope;
    out.template_ref = node.origin->template_ref;
  }
  out.inputs = said.inputs;
  out.pod_ip = said.pod_ip;
  out.waiting_lock = said.waiting_lock;
  out.memoization = said.memoization;
  if (node.boundary != kNoNode) out.boundary_id = id(node.boundary);
  for (const NodeIndex c : children(i)) out.children.push_back(id(c));
  for (const NodeIndex o : said.outbound) out.outbound_nodes.push_back(id(o));
  return out;
}

void Graph::load(NodeIndex i, const spec::NodeStatus& status) {
  Node& node = nodes_[i];
  node.type = status.type;
  node.phase = status.phase;
  node.daemoned = status.daemoned;
  node.flag = status.node_flag;
  node.started_at = status.started_at;
  node.finished_at = status.finished_at;
  node.host_node_name = shared(status.host_node_name);
  node.outputs = status.outputs;
  node.origin = origin(status.template_name, status.template_scope, status.template_ref);
  Remarks& said = node.say();
  said.message = status.message;
  said.display_name = status.display_name;
  said.progress = status.progress;
  said.pod_ip = status.pod_ip;
  said.waiting_lock = status.waiting_lock;
  said.inputs = status.inputs;
  said.memoization = status.memoization;
}

void Graph::link(NodeIndex i, const spec::NodeStatus& status) {
  nodes_[i].boundary = by_id(status.boundary_id);
  for (const std::string& id : status.children) {
    if (const NodeIndex n = by_id(id); n != kNoNode) add_child(i, n);
  }
  for (const std::string& id : status.outbound_nodes) {
    if (const NodeIndex n = by_id(id); n != kNoNode) nodes_[i].say().outbound.push_back(n);
  }
}

bool Graph::ByText::operator()(const Origin& a, const Origin& b) const {
  const auto ref = [](const Origin& o) {
    return o.template_ref.is_null() ? std::string() : spec::to_json(o.template_ref);
  };
  const int order = a.template_name.compare(b.template_name);
  if (order != 0) return order < 0;
  const int scopes = a.template_scope.compare(b.template_scope);
  return scopes != 0 ? scopes < 0 : ref(a) < ref(b);
}

const Origin* Graph::origin(const std::string& name, const std::string& scope, const Json& ref) {
  const Origin* last = last_origin_;
  if (last == nullptr || last->template_name != name || last->template_scope != scope ||
      !(last->template_ref == ref)) {
    last_origin_ = &*origins_.insert(Origin{name, scope, ref}).first;
  }
  return last_origin_;
}

void Graph::add_child(NodeIndex parent, NodeIndex child) {
  const auto edge = static_cast<std::uint32_t>(edges_.size());
  edges_.emplace_back().child = child;
  Children& children = nodes_[parent].children;
  if (children.empty()) {
    children.first = edge;
  } else {
    edges_[children.last].next = edge;
  }
  children.last = edge;
}

bool Graph::disconnect(NodeIndex i, const std::function<bool(NodeIndex)>& drop) {
  std::vector<NodeIndex> kept;
  bool any = false;
  for (const NodeIndex c : children(i)) {
    if (drop(c)) {
      any = true;
    } else {
      kept.push_back(c);
    }
  }
  if (any) {
    nodes_[i].children = {};
    for (const NodeIndex c : kept) add_child(i, c);
  }
  if (!nodes_[i].said().outbound.empty()) any = std::erase_if(nodes_[i].say().outbound, drop) != 0 || any;
  return any;
}

void Graph::touch(NodeIndex i) {
  if (nodes_[i].changed) return;
  nodes_[i].changed = true;
  changed_.push_back(i);
}

std::optional<std::string> Graph::next_changed() {
  if (!removed_.empty()) {
    std::string out = std::move(removed_.back());
    removed_.pop_back();
    return out;
  }
  while (told_ < changed_.size()) {
    Node& node = nodes_[changed_[told_++]];
    node.changed = false;
    if (!node.gone) return id(node);
  }
  changed_.clear();
  told_ = 0;
  return std::nullopt;
}

}  // namespace skiff::runner
