// The nodes of a workflow: found by id and by name, linked to their children, with the list of those that
// have changed.
//
// Nodes know each other by index; ids become text only for those outside, and the whole status of a node is
// made on demand. A settled node costs about 250 bytes and its name.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runner/core/arena.h"
#include "runner/core/hash_index.h"
#include "runner/core/node.h"
#include "spec/status.h"

namespace skiff::runner {

/// One child of a node, and where the next one is.
struct Edge {
  NodeIndex child = kNoNode;
  std::uint32_t next = Children::kNone;
};

class ChildRange {
 public:
  ChildRange(const Chunks<Edge>& edges, Children children) : edges_(&edges), children_(children) {}
  class Iterator {
   public:
    Iterator(const Chunks<Edge>* edges, std::uint32_t at) : edges_(edges), at_(at) {}
    NodeIndex operator*() const { return (*edges_)[at_].child; }
    Iterator& operator++() {
      at_ = (*edges_)[at_].next;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const Chunks<Edge>* edges_;
    std::uint32_t at_;
  };
  [[nodiscard]] Iterator begin() const { return {edges_, children_.first}; }
  [[nodiscard]] Iterator end() const { return {edges_, Children::kNone}; }
  [[nodiscard]] bool empty() const { return children_.empty(); }
  [[nodiscard]] std::vector<NodeIndex> list() const;

 private:
  const Chunks<Edge>* edges_;
  Children children_;
};

class Graph {
 public:
  explicit Graph(std::string workflow) : workflow_(std::move(workflow)), nodes_(arena_), edges_(arena_) {}
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  Node& operator[](NodeIndex i) { return nodes_[i]; }
  const Node& operator[](NodeIndex i) const { return nodes_[i]; }
  [[nodiscard]] NodeIndex size() const { return static_cast<NodeIndex>(nodes_.size()); }

  /// A new node of that name.
  NodeIndex add(std::string_view name);
  [[nodiscard]] NodeIndex by_id(std::string_view id) const;
  [[nodiscard]] NodeIndex by_name(std::string_view name) const;
  /// The id that a node of that name has or would get. Argo's hash of 32 bits is not unique among 100,000
  /// nodes: a later one that collides gets "-1" … appended.
  [[nodiscard]] std::string id_of(std::string_view name) const;
  [[nodiscard]] std::string id(const Node& node) const { return text_of(node.key); }
  [[nodiscard]] std::string id(NodeIndex i) const { return id(nodes_[i]); }
  void remove(NodeIndex i);
  /// The node as the world sees it, with the ids of those around it.
  [[nodiscard]] spec::NodeStatus status(NodeIndex i) const;
  /// Makes it what a status says that came from outside, but for those around it.
  void load(NodeIndex i, const spec::NodeStatus& status);
  /// Connects it as the status says; ids that are unknown are left out.
  void link(NodeIndex i, const spec::NodeStatus& status);

  /// What a node of that template shows of it; the same for the same, and the graph's.
  [[nodiscard]] const Origin* origin(const std::string& name, const std::string& scope, const Json& ref);
  /// A text that many nodes have, kept once.
  [[nodiscard]] const std::string* shared(const std::string& text) { return &*texts_.insert(text).first; }

  void add_child(NodeIndex parent, NodeIndex child);
  /// In the order in which they came.
  [[nodiscard]] ChildRange children(NodeIndex i) const { return {edges_, nodes_[i].children}; }
  [[nodiscard]] ChildRange children(const Node& node) const { return {edges_, node.children}; }
  /// The last child, of a node that has any.
  [[nodiscard]] NodeIndex last_child(NodeIndex i) const { return edges_[nodes_[i].children.last].child; }
  /// Takes those children and outbound nodes from it for which `drop` says so; whether there were any.
  bool disconnect(NodeIndex i, const std::function<bool(NodeIndex)>& drop);

  void touch(NodeIndex i);
  /// The id of a node that has changed since it was last told, or was removed; nothing if there is no more.
  [[nodiscard]] std::optional<std::string> next_changed();

 private:
  /// The key of that name's node, if there is one, else the first that is free.
  [[nodiscard]] NodeKey key_of(std::string_view name) const;
  [[nodiscard]] NodeIndex find(NodeKey key) const;
  /// Nothing if it is no id of this workflow.
  [[nodiscard]] std::optional<NodeKey> key_from(std::string_view id) const;
  [[nodiscard]] std::string text_of(NodeKey key) const;

  struct ByText {
    bool operator()(const Origin& a, const Origin& b) const;
  };

  std::string workflow_;
  Arena arena_;
  Chunks<Node> nodes_;
  Chunks<Edge> edges_;
  HashIndex by_number_;  ///< of the key
  std::set<Origin, ByText> origins_;
  const Origin* last_origin_ = nullptr;
  std::set<std::string> texts_;
  std::map<NodeKey, int> generations_;  ///< of removed nodes
  std::vector<NodeIndex> changed_;
  std::size_t told_ = 0;  ///< of those
  std::vector<std::string> removed_;
};

}  // namespace skiff::runner
