// What `get` prints of a workflow, in argo's form, and the one screen that a failure gets.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "spec/json.h"
#include "spec/status.h"

namespace skiff::runner {

/// status.nodes in the order of their making.
[[nodiscard]] std::vector<spec::NodeStatus> nodes_of(const spec::Json& workflow);

/// What the node's template is called, for its pod's name (workflow/util/pod_name.go, GetTemplateFromNode).
[[nodiscard]] std::string template_name_of(const spec::NodeStatus& node);

struct ViewOptions {
  bool color = false;
  bool wide = false;         ///< with artifacts and host columns
  bool short_form = false;   ///< only the tree
  bool ascii = false;        ///< --no-utf8
  std::string metrics_file;  ///< where the workflow's metrics are; empty: nowhere
  /// Nodes that are shown; empty: all.
  std::function<bool(const spec::NodeStatus&)> keeps;
};

/// Name, status, times, parameters, then the tree with STEP TEMPLATE PODNAME DURATION MESSAGE.
[[nodiscard]] std::string describe_workflow(const spec::Json& workflow, const ViewOptions& options,
                                            spec::TimePoint now);

/// The tree alone, as rows under the header.
[[nodiscard]] std::string describe_tree(const spec::Json& workflow, const ViewOptions& options,
                                        spec::TimePoint now);

/// Gives the last lines that the node printed.
using LastLines = std::function<std::vector<std::string>(const spec::NodeStatus& node)>;

/// Cause, command, exit code, image, last lines, and what to type next, for the node to blame; "" if there is
/// none.
[[nodiscard]] std::string describe_failure(const spec::Json& workflow, const LastLines& last_lines,
                                           bool color);

}  // namespace skiff::runner
