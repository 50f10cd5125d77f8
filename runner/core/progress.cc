// Progress: N of M over all nodes that run something (workflow/progress).
#include <charconv>

#include <fmt/format.h>

#include "runner/core/impl.h"

namespace skiff::runner {

std::pair<std::int64_t, std::int64_t> Scheduler::Impl::parse_progress(std::string_view text) {
  std::int64_t done = 0;
  std::int64_t total = 0;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {0, 0};
  const std::string_view left = text.substr(0, slash);
  const std::string_view right = text.substr(slash + 1);
  const auto a = std::from_chars(left.data(), left.data() + left.size(), done);
  const auto b = std::from_chars(right.data(), right.data() + right.size(), total);
  const bool whole = a.ec == std::errc() && a.ptr == left.data() + left.size() && b.ec == std::errc() &&
                     b.ptr == right.data() + right.size();
  if (!whole || done < 0 || total <= 0 || done > total) return {0, 0};
  return {done, total};
}

/// Sets a node's progress; a text that is no progress is ignored.
void Scheduler::Impl::count_progress(NodeIndex i, const std::string& progress) {
  const auto [done, total] = parse_progress(progress);
  if (total == 0 || graph_[i].progress() == progress) return;
  const auto [old_done, old_total] = parse_progress(graph_[i].progress());
  progress_done_ += done - old_done;
  progress_total_ += total - old_total;
  if (graph_[i].said().progress || progress != "1/1") {
    graph_[i].say().progress = progress;
  } else {
    graph_[i].all_done = true;
  }
  graph_.touch(i);
}

/// The node has succeeded: whatever it was to do is done.
void Scheduler::Impl::complete_progress(NodeIndex i) {
  Node& n = graph_[i];
  if (!has_progress(n.type)) return;
  const std::int64_t total = n.said().progress ? parse_progress(n.progress()).second : 1;
  count_progress(i, total == 1 ? "1/1" : fmt::format("{}/{}", total, total));
}

}  // namespace skiff::runner
