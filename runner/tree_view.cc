#include "runner/tree_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

namespace skiff::runner {
using spec::NodeStatus;
using spec::NodeType;
using spec::Phase;

namespace {

/// Finds for each node the one it is shown under. Execution order is what `children` tells, not containment:
/// a DAG's task is a child of the tasks before it. Containment is told by names and boundaries.
class Containment {
 public:
  explicit Containment(const std::vector<NodeStatus>& nodes) : nodes_(nodes), inside_(nodes.size()) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      by_name_.emplace(nodes[i].name, i);
      by_id_.emplace(nodes[i].id, i);
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const int parent = parent_of(nodes[i]);
      if (parent < 0) {
        roots_.push_back(i);
      } else {
        inside_[static_cast<std::size_t>(parent)].push_back(i);
      }
    }
  }

  [[nodiscard]] const std::vector<std::size_t>& roots() const { return roots_; }
  [[nodiscard]] const std::vector<std::size_t>& inside(std::size_t i) const { return inside_[i]; }

 private:
  [[nodiscard]] int find(const std::string& name) const {
    const auto it = by_name_.find(name);
    return it == by_name_.end() ? -1 : static_cast<int>(it->second);
  }

  [[nodiscard]] int parent_of(const NodeStatus& n) const {
    if (!n.name.empty() && n.name.back() == ')') {  // a try of a Retry, an item of a loop
      const int group = find(n.name.substr(0, n.name.rfind('(')));
      if (group >= 0) {
        const NodeType type = nodes_[static_cast<std::size_t>(group)].type;
        if (type == NodeType::retry || type == NodeType::task_group) return group;
      }
    }
    const auto boundary = by_id_.find(n.boundary_id);
    if (n.boundary_id.empty() || boundary == by_id_.end()) return -1;
    const NodeStatus& outer = nodes_[boundary->second];
    if (outer.type == NodeType::steps && n.type != NodeType::step_group) {
      const auto bracket = n.name.find(']', outer.name.size());
      const int group = bracket == std::string::npos ? -1 : find(n.name.substr(0, bracket + 1));
      if (group >= 0) return group;
    }
    return static_cast<int>(boundary->second);
  }

  const std::vector<NodeStatus>& nodes_;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::unordered_map<std::string, std::size_t> by_id_;
  std::vector<std::vector<std::size_t>> inside_;
  std::vector<std::size_t> roots_;
};

class Layout {
 public:
  explicit Layout(const std::vector<NodeStatus>& nodes) : nodes_(nodes), containment_(nodes) {}

  std::vector<TreeRow> run() {
    for (const std::size_t root : containment_.roots()) {
      rows_.push_back({"", &nodes_[root]});
      below(root, "");
    }
    return std::move(rows_);
  }

 private:
  void below(std::size_t i, const std::string& indent) {
    const auto& members = containment_.inside(i);
    for (std::size_t k = 0; k < members.size(); ++k) {
      const bool last = k + 1 == members.size();
      if (nodes_[members[k]].type == NodeType::step_group) {
        group(members[k], indent, last);
      } else {
        rows_.push_back({indent + (last ? "└─" : "├─"), &nodes_[members[k]]});
        below(members[k], indent + (last ? "  " : "│ "));
      }
    }
  }

  /// A group has no row of its own: one step stands on a long branch, several hang from a fork.
  void group(std::size_t i, const std::string& indent, bool last) {
    const auto& steps = containment_.inside(i);
    const std::string down = indent + (last ? "  " : "│ ");
    for (std::size_t k = 0; k < steps.size(); ++k) {
      const bool end = k + 1 == steps.size();
      std::string branch = indent + (last ? "└─" : "├─") + (end ? "──" : "┬─");
      if (k > 0) branch = down + (end ? "└─" : "├─");
      rows_.push_back({branch, &nodes_[steps[k]]});
      below(steps[k], down + (end ? "  " : "│ "));
    }
  }

  const std::vector<NodeStatus>& nodes_;
  Containment containment_;
  std::vector<TreeRow> rows_;
};

/// Length in bytes of the escape sequence or UTF-8 character at text[i], and its width in columns.
std::pair<std::size_t, std::size_t> glyph(std::string_view text, std::size_t i) {
  const auto c = static_cast<unsigned char>(text[i]);
  if (c == 0x1b) {
    const auto end = text.find('m', i);
    return {end == std::string_view::npos ? text.size() - i : end - i + 1, 0};
  }
  std::size_t n = 1;
  while (i + n < text.size() && (static_cast<unsigned char>(text[i + n]) & 0xC0) == 0x80) ++n;
  return {n, 1};
}

}  // namespace

std::vector<TreeRow> layout_tree(const std::vector<NodeStatus>& nodes) { return Layout(nodes).run(); }

std::string_view mark_of(const NodeStatus& n) {
  if (n.type == NodeType::suspend && n.phase == Phase::running) return "ǁ";
  switch (n.phase) {
    case Phase::succeeded:
      return "✔";
    case Phase::failed:
      return "✖";
    case Phase::error:
      return "⚠";
    case Phase::running:
      return "●";
    case Phase::skipped:
    case Phase::omitted:
      return "○";
    default:
      return "◷";
  }
}

std::string_view color_of(const NodeStatus& n) {
  switch (n.phase) {
    case Phase::succeeded:
      return "\x1b[32m";
    case Phase::failed:
    case Phase::error:
      return "\x1b[31m";
    case Phase::running:
      return "\x1b[36m";
    case Phase::skipped:
    case Phase::omitted:
      return kDim;
    default:
      return "\x1b[33m";
  }
}

std::string brief_duration(std::chrono::milliseconds d) {
  const auto ms = std::max<std::int64_t>(0, d.count());
  if (ms < 10'000) return fmt::format("{}.{}s", ms / 1000, ms % 1000 / 100);
  const auto s = ms / 1000;
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m{}s", s / 60, s % 60);
  return fmt::format("{}h{}m", s / 3600, s % 3600 / 60);
}

std::string duration_of(const NodeStatus& n, spec::TimePoint now) {
  if (!n.started_at || n.phase == Phase::skipped || n.phase == Phase::omitted || n.phase == Phase::pending)
    return "";
  return brief_duration(n.finished_at.value_or(now) - *n.started_at);
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto [bytes, columns] = glyph(text, i);
    i += bytes;
    width += columns;
  }
  return width;
}

std::string fit_width(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  std::string out;
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto [bytes, columns] = glyph(text, i);
    if (used + columns + 1 > width && columns > 0) break;
    out += text.substr(i, bytes);
    used += columns;
    i += bytes;
  }
  const bool colored = out.find('\x1b') != std::string::npos;
  return width == 0 ? "" : out + "…" + (colored ? std::string(kColorOff) : "");
}

std::string format_table(const std::vector<std::vector<std::string>>& rows, std::size_t gap) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], display_width(row[c]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      line += row[c];
      if (c + 1 < row.size()) line.append(widths[c] - display_width(row[c]) + gap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace skiff::runner
