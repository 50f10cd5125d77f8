#include "runner/core/node.h"

namespace skiff::runner {

bool has_progress(NodeType type) {
  return type == NodeType::pod || type == NodeType::http || type == NodeType::plugin ||
         type == NodeType::container || type == NodeType::suspend;
}

const Leaf::Own& Leaf::said() const {
  static const Own kNothing;
  return own ? *own : kNothing;
}

Leaf::Own& Leaf::say() {
  if (!own) own = std::make_unique<Own>();
  return *own;
}

const Remarks& Node::said() const {
  static const Remarks kNothing;
  return remarks ? *remarks : kNothing;
}

Remarks& Node::say() {
  if (!remarks) remarks = std::make_unique<Remarks>();
  return *remarks;
}

std::string_view Node::display_name() const {
  const std::string& own = said().display_name;
  return own.empty() ? name.substr(display_begin) : std::string_view(own);
}

std::string_view Node::progress() const {
  if (const auto& own = said().progress) return *own;
  if (!has_progress(type)) return "";
  return all_done ? "1/1" : "0/1";
}

}  // namespace skiff::runner
