// A workflow's nodes as the tree that people see: steps in their groups, tasks of a DAG, tries of a retry,
// items of a loop. Pure: nodes in, rows of text cells out; the live view, `get` and the tests share it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec/status.h"
#include "spec/units.h"

namespace skiff::runner {

struct TreeRow {
  std::string branch;  ///< "├─┬─", may be empty
  const spec::NodeStatus* node = nullptr;
};

/// Rows in display order; they point into `nodes`, which come in the order of their making.
[[nodiscard]] std::vector<TreeRow> layout_tree(const std::vector<spec::NodeStatus>& nodes);

/// One character for a node's state, as `argo` marks it: ✔ ✖ ⚠ ● ◷ ○ ǁ.
[[nodiscard]] std::string_view mark_of(const spec::NodeStatus& node);
/// The ANSI colour of that mark: "\x1b[32m" …
[[nodiscard]] std::string_view color_of(const spec::NodeStatus& node);
inline constexpr std::string_view kColorOff = "\x1b[0m";
inline constexpr std::string_view kDim = "\x1b[2m";
inline constexpr std::string_view kBold = "\x1b[1m";

/// "0.3s", "12s", "2m5s": short and steady in width, for the live view.
[[nodiscard]] std::string brief_duration(std::chrono::milliseconds d);
/// From start to finish, or to `now` while it runs; "" if it has not begun or did not run at all.
[[nodiscard]] std::string duration_of(const spec::NodeStatus& node, spec::TimePoint now);

/// Columns of a terminal that UTF-8 text takes (each character one; escape sequences none).
[[nodiscard]] std::size_t display_width(std::string_view text);
/// Cut to `width` columns, with … where something is missing.
[[nodiscard]] std::string fit_width(std::string_view text, std::size_t width);
/// Columns padded to the widest cell of each, two blanks between; trailing blanks are dropped.
[[nodiscard]] std::string format_table(const std::vector<std::vector<std::string>>& rows, std::size_t gap);

}  // namespace skiff::runner
