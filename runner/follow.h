// Following a workflow to its end: silently, as one line a transition, with its logs, or as the live view.
#pragma once

#include <functional>
#include <string>

#include "runner/client.h"
#include "spec/status.h"

namespace skiff::runner {

enum class FollowMode { quiet, watch, logs };

struct FollowOptions {
  FollowMode mode = FollowMode::quiet;
  bool color = false;
  std::function<bool(const spec::NodeStatus&)> keeps;  ///< of watch: which nodes it shows; empty: all
  bool silent = false;                                 ///< of quiet: nothing is printed at the end
  bool interrupt_stops = false;  ///< Ctrl-C stops the workflow (twice: terminates) instead of only leaving
};

/// Blocks until the workflow is over; gives the exit code: 0 Succeeded, 1 Failed or Error, 130 interrupted.
int follow(const Client& client, const std::string& ns, const std::string& name,
           const FollowOptions& options);

}  // namespace skiff::runner
