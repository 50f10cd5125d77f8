// The arena's reading side, and the builder: limits, anchors, merges, duplicate keys.
#include "spec/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_set>

namespace skiff::spec {

namespace {

constexpr std::size_t kManyKeys = 24;  // beyond it a hash set beats comparing each with each

std::size_t count_characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

std::uint32_t narrow(std::size_t n) { return static_cast<std::uint32_t>(n); }

}  // namespace

Tree::Tree(std::string text, std::string file) : text_(std::move(text)), file_(std::move(file)) {
  lines_.push_back(0);
  for (std::size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
    lines_.push_back(narrow(at + 1));
  }
}

Mark Tree::mark_at(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto next = std::ranges::upper_bound(lines_, narrow(offset));
  const auto number = static_cast<std::size_t>(next - lines_.begin());
  const std::size_t start = lines_[number - 1];
  const auto before = std::string_view(text_).substr(start, offset - start);
  return {narrow(number), narrow(count_characters(before) + 1)};
}

std::size_t Tree::line_start(std::uint32_t number) const {
  return number >= 1 && number <= lines_.size() ? lines_[number - 1] : text_.size();
}

std::string_view Tree::line(std::uint32_t number) const {
  if (number < 1 || number > lines_.size()) return {};
  const std::size_t start = lines_[number - 1];
  auto line = std::string_view(text_).substr(start, line_start(number + 1) - start);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view Tree::scalar_text(const Cell& c) const {
  if (c.kind != static_cast<std::uint8_t>(Node::Kind::scalar)) return {};
  return std::string_view((c.flags & kOwnText) != 0 ? own_text_ : text_).substr(c.first, c.count);
}

void TreeBuilder::begin_document() {
  frames_.clear();
  pending_.clear();
  anchors_.clear();
  expanded_ = 0;
  has_root_ = false;
}

TreeBuilder::Checkpoint TreeBuilder::checkpoint() const {
  return {tree_.cells_.size(), tree_.children_.size(), tree_.own_text_.size(), diagnostics_.size()};
}

void TreeBuilder::roll_back(const Checkpoint& to) {
  tree_.cells_.resize(to.cells);
  weights_.resize(to.cells);
  heights_.resize(to.cells);
  tree_.children_.resize(to.children);
  tree_.own_text_.resize(to.own_text);
  diagnostics_.erase(diagnostics_.begin() + static_cast<std::ptrdiff_t>(to.diagnostics), diagnostics_.end());
}

Node TreeBuilder::root() const { return has_root_ ? Node(&tree_, last_) : Node(); }

bool TreeBuilder::expects_key() const {
  return !frames_.empty() && frames_.back().mapping &&
         (pending_.size() - frames_.back().first_pending) % 2 == 0;
}

std::size_t TreeBuilder::last_sibling() const {
  if (frames_.empty()) return 0;
  const Frame& frame = frames_.back();
  return pending_.size() > frame.first_pending ? tree_.cells_[pending_.back()].offset : frame.offset;
}

void TreeBuilder::null(std::size_t offset) {
  Tree::Cell cell;
  cell.offset = narrow(offset);
  cell.kind = static_cast<std::uint8_t>(Node::Kind::null);
  add(cell, 1, 0);
}

void TreeBuilder::scalar(std::size_t offset, std::size_t from, std::string_view text, Node::Style style,
                         std::string_view tag) {
  Tree::Cell cell;
  cell.offset = narrow(offset);
  cell.kind = static_cast<std::uint8_t>(Node::Kind::scalar);
  cell.style = static_cast<std::uint8_t>(style);
  cell.tag = tag_index(tag);
  cell.count = narrow(text.size());
  if (json_) cell.flags |= Tree::kJson;
  if (std::string_view(tree_.text_).substr(std::min(from, tree_.text_.size()), text.size()) == text) {
    cell.first = narrow(from);
  } else {
    cell.flags |= Tree::kOwnText;
    cell.first = narrow(tree_.own_text_.size());
    tree_.own_text_ += text;
  }
  add(cell, 1, 0);
}

void TreeBuilder::begin_collection(std::size_t offset, bool mapping, bool flow, std::string_view tag) {
  if (frames_.size() >= limits_.depth) {
    throw DocumentError(offset, "too-deep",
                        fmt::format("values are nested more than {} levels deep", limits_.depth));
  }
  frames_.push_back({pending_.size(), narrow(offset), static_cast<std::uint8_t>(flow ? Tree::kFlow : 0),
                     tag_index(tag), mapping});
}

void TreeBuilder::end_collection() {
  Frame frame = frames_.back();
  if (frame.mapping) {
    check_keys(frame);
    expand_merges(frame);
    drop_duplicate_keys(frame);
  }
  Tree::Cell cell;
  cell.offset = frame.offset;
  cell.kind = static_cast<std::uint8_t>(frame.mapping ? Node::Kind::mapping : Node::Kind::sequence);
  cell.flags = frame.flags;
  cell.tag = frame.tag;
  cell.first = narrow(tree_.children_.size());
  cell.count = narrow(pending_.size() - frame.first_pending);
  std::uint64_t weight = 1;
  std::uint32_t height = 0;
  for (std::size_t i = frame.first_pending; i < pending_.size(); ++i) {
    tree_.children_.push_back(pending_[i]);
    weight += weights_[pending_[i]];
    height = std::max<std::uint32_t>(height, heights_[pending_[i]] + 1u);
  }
  pending_.resize(frame.first_pending);
  frames_.pop_back();
  add(cell, weight, height);
}

void TreeBuilder::alias(std::size_t offset, std::size_t anchor) {
  const auto target = anchors_.find(anchor);
  if (target == anchors_.end()) {
    throw DocumentError(offset, "recursive-alias", "this alias stands inside the value that it names",
                        "an alias can only repeat a value that ended before it");
  }
  const std::uint32_t index = target->second;
  spend(offset, weights_[index]);
  if (frames_.size() + heights_[index] > limits_.depth) {
    throw DocumentError(
        offset, "too-deep",
        fmt::format("with this alias values are nested more than {} levels deep", limits_.depth));
  }
  link(index);
}

void TreeBuilder::spend(std::size_t offset, std::uint64_t weight) {
  expanded_ += weight;
  if (expanded_ > limits_.expanded_nodes) {
    throw DocumentError(
        offset, "alias-bomb",
        fmt::format("the aliases of this document repeat more than {} values", limits_.expanded_nodes),
        "write less with anchors, or split the document");
  }
}

void TreeBuilder::add(Tree::Cell cell, std::uint64_t weight, std::uint32_t height) {
  const std::uint32_t index = narrow(tree_.cells_.size());
  tree_.cells_.push_back(cell);
  weights_.push_back(narrow(std::min<std::uint64_t>(weight, std::numeric_limits<std::uint32_t>::max())));
  heights_.push_back(static_cast<std::uint16_t>(height));
  link(index);
}

void TreeBuilder::link(std::uint32_t index) {
  last_ = index;
  if (frames_.empty()) {
    has_root_ = true;
  } else {
    pending_.push_back(index);
  }
}

std::uint8_t TreeBuilder::tag_index(std::string_view tag) {
  if (tag.empty()) return 0;
  const auto it = std::ranges::find(tree_.tags_, tag);
  if (it != tree_.tags_.end()) return static_cast<std::uint8_t>(it - tree_.tags_.begin());
  if (tree_.tags_.size() > std::numeric_limits<std::uint8_t>::max()) return 1;
  tree_.tags_.emplace_back(tag);
  return static_cast<std::uint8_t>(tree_.tags_.size() - 1);
}

void TreeBuilder::report(std::size_t offset, std::string rule, std::string message, std::string hint) {
  diagnostics_.push_back({Severity::error, std::move(rule), std::move(message), tree_.file_,
                          tree_.mark_at(offset), "", std::move(hint)});
}

void TreeBuilder::check_keys(const Frame& frame) {
  for (std::size_t i = frame.first_pending; i < pending_.size(); i += 2) {
    const Tree::Cell& key = tree_.cells_[pending_[i]];
    if (key.kind == static_cast<std::uint8_t>(Node::Kind::scalar)) continue;
    const std::string_view rest = std::string_view(tree_.text_).substr(frame.offset);
    if (rest.starts_with("{{")) {
      const auto end = rest.substr(0, rest.find('\n')).find("}}");
      const auto tag = rest.substr(0, end == std::string_view::npos ? 2 : end + 2);
      throw DocumentError(frame.offset, "unquoted-braces",
                          fmt::format("`{}` has to be quoted: bare braces are a mapping in YAML", tag),
                          fmt::format("write \"{}\"", tag));
    }
    throw DocumentError(key.offset, "key-not-a-string", "the key of this entry is no string",
                        "keys are plain words or quoted text");
  }
}

void TreeBuilder::expand_merges(const Frame& frame) {
  const auto is_merge = [&](std::uint32_t key) {
    const Tree::Cell& cell = tree_.cells_[key];
    const bool plain = cell.style == static_cast<std::uint8_t>(Node::Style::plain);
    return key_text(key) == "<<" && plain && (cell.flags & Tree::kJson) == 0;
  };
  bool any = false;
  for (std::size_t i = frame.first_pending; i < pending_.size(); i += 2) any = any || is_merge(pending_[i]);
  if (!any) return;

  std::vector<std::uint32_t> entries;
  std::vector<std::uint32_t> merged;
  for (std::size_t i = frame.first_pending; i < pending_.size(); i += 2) {
    if (is_merge(pending_[i])) {
      merge(pending_[i + 1], pending_[i], merged);
    } else {
      entries.insert(entries.end(), {pending_[i], pending_[i + 1]});
    }
  }
  pending_.resize(frame.first_pending);
  for (std::size_t i = 0; i < entries.size(); i += 2) {
    for (std::size_t k = 0; k < merged.size(); k += 2) {
      if (key_text(merged[k]) != key_text(entries[i])) continue;
      const auto name = key_text(entries[i]);
      report(tree_.cells_[entries[i]].offset, "merge-override",
             fmt::format("`{}` also comes from the `<<` merge; Argo's strict decoder refuses the document",
                         name),
             fmt::format("take `{}` out of the anchored mapping, or write the mapping out", name));
      merged.erase(merged.begin() + static_cast<std::ptrdiff_t>(k),
                   merged.begin() + static_cast<std::ptrdiff_t>(k) + 2);
      break;
    }
  }
  pending_.insert(pending_.end(), merged.begin(), merged.end());
  pending_.insert(pending_.end(), entries.begin(), entries.end());
}

void TreeBuilder::merge(std::uint32_t from, std::uint32_t merge_key, std::vector<std::uint32_t>& out) {
  const Tree::Cell cell = tree_.cells_[from];
  if (cell.kind == static_cast<std::uint8_t>(Node::Kind::mapping)) {
    spend(cell.offset, weights_[from]);
    for (std::size_t i = 0; i < cell.count; ++i) out.push_back(tree_.child(cell, i));
    return;
  }
  bool only_mappings = cell.kind == static_cast<std::uint8_t>(Node::Kind::sequence);
  for (std::size_t i = 0; only_mappings && i < cell.count; ++i) {
    const auto kind = tree_.cells_[tree_.child(cell, i)].kind;
    only_mappings = kind == static_cast<std::uint8_t>(Node::Kind::mapping);
  }
  if (!only_mappings) {
    throw DocumentError(tree_.cells_[merge_key].offset, "bad-merge",
                        "`<<` merges a mapping or a list of mappings, and this is neither",
                        "write `<<: *name`, where &name marks a mapping");
  }
  for (std::size_t i = 0; i < cell.count; ++i) merge(tree_.child(cell, i), merge_key, out);
}

void TreeBuilder::drop_duplicate_keys(const Frame& frame) {
  const std::size_t begin = frame.first_pending;
  const std::size_t count = (pending_.size() - begin) / 2;
  std::unordered_map<std::string_view, std::uint32_t> seen;
  std::size_t kept = begin;
  for (std::size_t i = begin; i < pending_.size(); i += 2) {
    const std::uint32_t key = pending_[i];
    std::uint32_t first = key;
    if (count > kManyKeys) {
      first = seen.try_emplace(key_text(key), key).first->second;
    } else {
      for (std::size_t k = begin; k < kept && first == key; k += 2) {
        if (key_text(pending_[k]) == key_text(key)) first = pending_[k];
      }
    }
    if (first != key) {
      const Mark place = tree_.mark_at(tree_.cells_[first].offset);
      report(tree_.cells_[key].offset, "duplicate-key",
             fmt::format("`{}` is given twice in this mapping; first on line {}", key_text(key), place.line),
             "keep one of the two");
      continue;
    }
    pending_[kept] = pending_[i];
    pending_[kept + 1] = pending_[i + 1];
    kept += 2;
  }
  pending_.resize(kept);
}

}  // namespace skiff::spec
