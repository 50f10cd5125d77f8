// The arena behind Node: all nodes of one file in flat arrays, and the builder that fills them.
//
// A cell is 16 bytes; a scalar whose text stands in the file as it is (nearly all do) is a slice of the
// file's bytes. An alias is the index of its target, so that expanding costs nothing here; the builder counts
// what a reader will see and stops at the limits. Only document.cc, the readers and the tests of this room
// include it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spec/document.h"

namespace skiff::spec {

class Tree {
 public:
  Tree(std::string text, std::string file);

  struct Cell {
    std::uint32_t offset = 0;  ///< into the text
    std::uint32_t first = 0;   ///< of a scalar's text, or of a collection's children
    std::uint32_t count = 0;   ///< bytes, or children (a mapping has two for each entry)
    std::uint8_t kind = 0;
    std::uint8_t style = 0;  ///< Node::Style
    std::uint8_t flags = 0;
    std::uint8_t tag = 0;  ///< index into tags
  };
  enum Flag : std::uint8_t { kOwnText = 1, kFlow = 2, kJson = 4 };

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] Mark mark_at(std::size_t offset) const;
  [[nodiscard]] std::string_view line(std::uint32_t number) const;
  /// The offset at which the line of that number (from 1) begins; the text's size beyond the last.
  [[nodiscard]] std::size_t line_start(std::uint32_t number) const;

  [[nodiscard]] const Cell& cell(std::uint32_t i) const { return cells_[i]; }
  [[nodiscard]] std::uint32_t child(const Cell& c, std::size_t i) const { return children_[c.first + i]; }
  [[nodiscard]] std::string_view scalar_text(const Cell& c) const;
  [[nodiscard]] std::string_view tag(const Cell& c) const { return tags_[c.tag]; }

 private:
  friend class TreeBuilder;
  std::string text_, file_;
  std::vector<std::uint32_t> lines_;  ///< where each line begins
  std::vector<Cell> cells_;
  std::vector<std::uint32_t> children_;
  std::string own_text_;  ///< texts of scalars with escapes, folds and the like
  std::vector<std::string> tags_{""};
};

/// Thrown through a reader when a document cannot be read on; becomes a finding at that place.
struct DocumentError : std::runtime_error {
  DocumentError(std::size_t at, std::string rule_id, const std::string& message, std::string hint_text = "")
      : std::runtime_error(message), offset(at), rule(std::move(rule_id)), hint(std::move(hint_text)) {}
  std::size_t offset;
  std::string rule;
  std::string hint;
};

/// Takes the events of one document after another and adds their nodes to a tree.
class TreeBuilder {
 public:
  TreeBuilder(Tree& tree, const ParseLimits& limits, Diagnostics& diagnostics)
      : tree_(tree), limits_(limits), diagnostics_(diagnostics) {}

  void begin_document();
  void null(std::size_t offset);
  /// `from` is where the text itself would begin in the file, if it stands there as it is.
  void scalar(std::size_t offset, std::size_t from, std::string_view text, Node::Style style,
              std::string_view tag);
  void begin_collection(std::size_t offset, bool mapping, bool flow, std::string_view tag);
  void end_collection();
  /// Names the node that was completed last.
  void define_anchor(std::size_t anchor) { anchors_[anchor] = last_; }
  void alias(std::size_t offset, std::size_t anchor);
  void set_json() { json_ = true; }

  /// How far the tree had grown, to take back a document that a reader gave up.
  struct Checkpoint {
    std::size_t cells, children, own_text, diagnostics;
  };
  [[nodiscard]] Checkpoint checkpoint() const;
  void roll_back(const Checkpoint& to);

  /// The root of the document that ended; a null if it held nothing.
  [[nodiscard]] Node root() const;
  [[nodiscard]] std::size_t depth() const { return frames_.size(); }
  /// The next node is a key of a mapping.
  [[nodiscard]] bool expects_key() const;
  /// The offset of the last key or item, for values that are empty and have no place of their own.
  [[nodiscard]] std::size_t last_sibling() const;

 private:
  struct Frame {
    std::size_t first_pending;
    std::uint32_t offset;
    std::uint8_t flags;
    std::uint8_t tag;
    bool mapping;
  };
  void add(Tree::Cell cell, std::uint64_t weight, std::uint32_t height);
  void link(std::uint32_t index);
  std::uint8_t tag_index(std::string_view tag);
  void check_keys(const Frame& frame);
  void expand_merges(const Frame& frame);
  void merge(std::uint32_t from, std::uint32_t merge_key, std::vector<std::uint32_t>& out);
  void drop_duplicate_keys(const Frame& frame);
  void report(std::size_t offset, std::string rule, std::string message, std::string hint);
  void spend(std::size_t offset, std::uint64_t weight);
  [[nodiscard]] std::string_view key_text(std::uint32_t index) const {
    return tree_.scalar_text(tree_.cells_[index]);
  }

  Tree& tree_;
  const ParseLimits& limits_;
  Diagnostics& diagnostics_;
  std::vector<Frame> frames_;
  std::vector<std::uint32_t> pending_;
  std::vector<std::uint32_t> weights_;  ///< nodes below and with a node, aliases expanded; saturates
  std::vector<std::uint16_t> heights_;
  std::unordered_map<std::size_t, std::uint32_t> anchors_;
  std::uint64_t expanded_ = 0;
  std::uint32_t last_ = 0;
  bool has_root_ = false;
  bool json_ = false;
};

}  // namespace skiff::spec
