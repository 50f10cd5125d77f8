// What a Node answers, out of its tree.
#include <algorithm>

#include "spec/tree.h"

namespace skiff::spec {

Node::Kind Node::kind() const {
  return tree_ == nullptr ? Kind::null : static_cast<Kind>(tree_->cell(index_).kind);
}

Node::Style Node::style() const {
  return tree_ == nullptr ? Style::plain : static_cast<Style>(tree_->cell(index_).style);
}

bool Node::is_flow() const { return tree_ != nullptr && (tree_->cell(index_).flags & Tree::kFlow) != 0; }

bool Node::is_json() const { return tree_ != nullptr && (tree_->cell(index_).flags & Tree::kJson) != 0; }

std::string_view Node::text() const {
  return tree_ == nullptr ? std::string_view() : tree_->scalar_text(tree_->cell(index_));
}

std::string_view Node::tag() const {
  return tree_ == nullptr ? std::string_view() : tree_->tag(tree_->cell(index_));
}

Mark Node::mark() const { return tree_ == nullptr ? Mark{} : tree_->mark_at(offset()); }

std::size_t Node::offset() const { return tree_ == nullptr ? 0 : tree_->cell(index_).offset; }

std::size_t Node::size() const {
  if (tree_ == nullptr || !(is_sequence() || is_mapping())) return 0;
  const std::size_t count = tree_->cell(index_).count;
  return is_mapping() ? count / 2 : count;
}

Node Node::item(std::size_t i) const { return {tree_, tree_->child(tree_->cell(index_), i)}; }

Node Node::key(std::size_t i) const { return {tree_, tree_->child(tree_->cell(index_), 2 * i)}; }

Node Node::value(std::size_t i) const { return {tree_, tree_->child(tree_->cell(index_), 2 * i + 1)}; }

std::optional<Node> Node::find(std::string_view key_text) const {
  if (!is_mapping()) return std::nullopt;
  for (std::size_t i = 0; i < size(); ++i) {
    if (key(i).text() == key_text) return value(i);
  }
  return std::nullopt;
}

}  // namespace skiff::spec
