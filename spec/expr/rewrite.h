// Walking and rewriting a syntax tree whose nodes may hang in several places.
#pragma once

#include <functional>

#include "spec/expr/ast.h"

namespace skiff::spec::expr {

class Rewriter {
 public:
  explicit Rewriter(Tree& tree) : tree_(tree) {}

  /// Calls `f` for every node, children first; it may put another node into the slot.
  void walk(const std::function<void(Tree&, Node*&)>& f) {
    ++walk_;
    visit(tree_.root, f);
  }

 private:
  void visit(Node*& slot, const std::function<void(Tree&, Node*&)>& f) {
    Node* n = slot;
    if (n->walk == walk_) {
      if (n->replaced_by != nullptr) slot = n->replaced_by;
      return;
    }
    n->walk = walk_;
    n->replaced_by = nullptr;
    for (Node*& k : n->kids) {
      if (k != nullptr) visit(k, f);
    }
    f(tree_, slot);
    if (slot != n) {
      n->replaced_by = slot;
      slot->walk = walk_;
    }
  }

  Tree& tree_;
  int walk_ = 0;
};

[[nodiscard]] inline Node* make_literal(Tree& tree, const Node* like, Value value) {
  Node* n = tree.add(NodeKind::literal, like->place);
  n->nature = Nature{value.type(), nullptr, false};
  n->value = std::move(value);
  n->checked = true;
  return n;
}

[[nodiscard]] inline Node* make_binary(Tree& tree, const Node* like, Op op, Node* left, Node* right) {
  Node* n = tree.add(NodeKind::binary, like->place);
  n->op = op;
  n->text = std::string(op_text(op));
  n->kids = {left, right};
  n->checked = true;
  return n;
}

/// Whether two subtrees read the same; false when that takes more than `budget` comparisons.
[[nodiscard]] bool same_tree(const Node* a, const Node* b, int& budget);

}  // namespace skiff::spec::expr
