#include "runner/live_view.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "runner/tree_view.h"

namespace skiff::runner {
using spec::Json;
using spec::NodeStatus;
using spec::Phase;

std::vector<NodeStatus> LiveModel::take(const Json& change) {
  std::vector<NodeStatus> changed;
  revision_ = change.get_int("revision").value_or(revision_);
  workflow_ = change.get("workflow");
  for (const Json& json : change.get_array("nodes")) {
    NodeStatus node = spec::node_status_from(json);
    const auto [at, fresh] = positions_.try_emplace(node.id, nodes_.size());
    if (fresh) {
      changed.push_back(node);
      nodes_.push_back(std::move(node));
      continue;
    }
    NodeStatus& old = nodes_[at->second];
    if (old.phase != node.phase) changed.push_back(node);
    old = std::move(node);
  }
  return changed;
}

namespace {

/// Rows matter in this order when not all fit: what runs or waits, what failed, then what is done.
int weight(const NodeStatus& n) {
  if (n.phase == Phase::running || n.phase == Phase::pending) return 0;
  return spec::failed_or_error(n.phase) ? 1 : 2;
}

std::string headline(const LiveModel& model, bool color, spec::TimePoint now) {
  const Json& w = model.workflow();
  const Json& status = w.get("status");
  NodeStatus root;
  root.phase = spec::phase_from(status.get_string("phase"));
  std::string elapsed;
  if (!model.nodes().empty()) elapsed = duration_of(model.nodes().front(), now);
  std::string line = w.get("metadata").get_string("name");
  if (color) line = fmt::format("{}{}{}", kBold, line, kColorOff);
  std::string phase = status.get_string("phase", "Pending");
  if (color) phase = fmt::format("{}{}{}", color_of(root), phase, kColorOff);
  line += fmt::format("  {}  {}  {}", phase, elapsed, status.get_string("progress"));
  if (!status.get_string("message").empty()) line += "  " + status.get_string("message");
  return line;
}

std::string row_text(const TreeRow& row, std::size_t name_width, std::size_t template_width, bool color,
                     spec::TimePoint now) {
  const NodeStatus& n = *row.node;
  std::string name = row.branch;
  name += color ? fmt::format("{}{}{} {}", color_of(n), mark_of(n), kColorOff, n.display_name)
                : fmt::format("{} {}", mark_of(n), n.display_name);
  const auto pad = [](std::string text, std::size_t width) {
    const std::size_t have = display_width(text);
    return have < width ? text.append(width - have, ' ') : text;
  };
  std::string message = n.message;
  std::replace(message.begin(), message.end(), '\n', ' ');
  return " " + pad(std::move(name), name_width) + "  " + pad(n.template_name, template_width) + "  " +
         pad(duration_of(n, now), 6) + (message.empty() ? "" : "  " + message);
}

/// Indices of the rows to show: all, or the weightiest in their own order.
std::vector<std::size_t> choose(const std::vector<TreeRow>& rows, std::size_t room) {
  std::vector<std::size_t> all(rows.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  if (rows.size() <= room) return all;
  std::stable_sort(all.begin(), all.end(), [&](std::size_t a, std::size_t b) {
    return weight(*rows[a].node) < weight(*rows[b].node);
  });
  all.resize(room);
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

std::vector<std::string> render_live(const LiveModel& model, Window window, bool color, spec::TimePoint now,
                                     const std::function<bool(const spec::NodeStatus&)>& keeps) {
  std::vector<std::string> lines{fit_width(headline(model, color, now), window.width)};
  std::vector<TreeRow> rows = layout_tree(model.nodes());
  if (keeps) std::erase_if(rows, [&](const TreeRow& row) { return !keeps(*row.node); });
  const std::size_t room = window.height > 4 ? window.height - 3 : 1;
  const std::vector<std::size_t> shown = choose(rows, room);
  std::size_t name_width = 0, template_width = 0;
  for (const std::size_t i : shown) {
    const std::size_t width = display_width(rows[i].branch) + 2 + display_width(rows[i].node->display_name);
    name_width = std::max(name_width, width);
    template_width = std::max(template_width, display_width(rows[i].node->template_name));
  }
  for (const std::size_t i : shown) {
    lines.push_back(fit_width(row_text(rows[i], name_width, template_width, color, now), window.width));
  }
  if (shown.size() < rows.size()) lines.push_back(fmt::format(" … and {} more", rows.size() - shown.size()));
  return lines;
}

Window Screen::window() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {};
  return {size.ws_col, size.ws_row};
}

void Screen::put(const std::string& bytes) const {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t n = ::write(fd_, bytes.data() + at, bytes.size() - at);
    if (n <= 0) return;
    at += static_cast<std::size_t>(n);
  }
}

void Screen::draw(const std::vector<std::string>& lines) {
  std::string out = hidden_ ? "" : "\x1b[?25l";
  hidden_ = true;
  if (drawn_ > 0) out += fmt::format("\x1b[{}A\r", drawn_);
  for (const std::string& line : lines) out += line + "\x1b[K\n";
  out += "\x1b[J";
  drawn_ = lines.size();
  put(out);
}

void Screen::release() {
  if (hidden_) put("\x1b[?25h");
  hidden_ = false;
  drawn_ = 0;
}

}  // namespace skiff::runner
