// Which workflows `list` and `delete` mean: the filters that both take, and the call that applies them.
#pragma once

#include <string>
#include <vector>

#include "runner/client.h"
#include "runner/commands/context.h"

namespace skiff::runner {

struct Selection {
  std::vector<std::string> statuses;
  std::string prefix;
  std::string older;  ///< finished at least this long ago
  std::string since;  ///< submitted at most this long ago
  std::string labels;
  std::string fields;
  bool completed = false;
  bool running = false;
  bool resubmitted = false;
  bool all_namespaces = false;

  /// True if nothing narrows it down.
  [[nodiscard]] bool empty() const;
};

void add_selection(CLI::App* cmd, Selection& selection);
/// The workflows (without nodes), newest first. Throws Exit for flags that make no sense.
[[nodiscard]] std::vector<spec::Json> select_workflows(const Client& client, const Context& context,
                                                       const Selection& selection);
/// The phase as `list` shows it: "Running (Suspended)" where it is suspended.
[[nodiscard]] std::string status_word(const spec::Json& workflow);

}  // namespace skiff::runner
