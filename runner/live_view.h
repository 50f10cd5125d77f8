// The live view: the tree of a running workflow, redrawn in place, cut to the window.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "spec/json.h"
#include "spec/status.h"

namespace skiff::runner {

/// What the changes stream has told so far of one workflow.
class LiveModel {
 public:
  /// One element of the stream: {"revision","workflow","nodes"}. Gives the nodes that changed their phase.
  std::vector<spec::NodeStatus> take(const spec::Json& change);

  [[nodiscard]] const spec::Json& workflow() const { return workflow_; }
  [[nodiscard]] const std::vector<spec::NodeStatus>& nodes() const { return nodes_; }
  [[nodiscard]] std::int64_t revision() const { return revision_; }
  [[nodiscard]] std::string phase() const { return workflow_.get("status").get_string("phase"); }

 private:
  spec::Json workflow_;
  std::vector<spec::NodeStatus> nodes_;
  std::unordered_map<std::string, std::size_t> positions_;  ///< in nodes_, by id
  std::int64_t revision_ = -1;
};

struct Window {
  std::size_t width = 80;
  std::size_t height = 24;
};

/// The lines to show now; at most window.height - 1, none wider than the window. What runs and what failed is
/// kept when there is no room for all. `keeps` says of a node whether it is shown.
[[nodiscard]] std::vector<std::string> render_live(
    const LiveModel& model, Window window, bool color, spec::TimePoint now,
    const std::function<bool(const spec::NodeStatus&)>& keeps = {});

/// Draws lines over those it drew before.
class Screen {
 public:
  explicit Screen(int fd) : fd_(fd) {}
  ~Screen() { release(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  void draw(const std::vector<std::string>& lines);
  /// Leaves the last drawing where it is and gives the cursor back.
  void release();
  /// Wipes the last drawing.
  void clear() { draw({}); }
  [[nodiscard]] static Window window();

 private:
  void put(const std::string& bytes) const;
  int fd_;
  std::size_t drawn_ = 0;
  bool hidden_ = false;
};

}  // namespace skiff::runner
