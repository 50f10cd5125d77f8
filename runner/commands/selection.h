// Which workflows `list` and `delete` mean: the filters that both take, and the call that applies them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "runner/client.h"
#include "runner/commands/context.h"
#include "spec/status.h"

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
/// The workflows, newest first, with their nodes where asked. Throws Exit for flags that make no sense.
[[nodiscard]] std::vector<spec::Json> select_workflows(const Client& client, const Context& context,
                                                       const Selection& selection, bool with_nodes = false);

/// The same in pages of `size` (the first is shorter), each as soon as it is there; at least one page, which
/// may be empty.
void each_page(const Client& client, const Context& context, const Selection& selection, bool with_nodes,
               std::int64_t size, const std::function<void(std::vector<spec::Json>)>& take);

/// Which nodes of a workflow are shown: --status and --node-field-selector.
struct NodeChoice {
  std::string status;
  std::string selector;

  /// Empty where all are. Throws Exit for a selector that cannot be read.
  [[nodiscard]] std::function<bool(const spec::NodeStatus&)> filter() const;
};
void add_node_choice(CLI::App* cmd, NodeChoice& choice);

/// How `list` prints (util/printer/workflow-printer.go).
struct ListStyle {
  std::string output;  ///< "", "wide", "name", "json" or "yaml"
  bool no_headers = false;
  bool show_namespace = false;
  bool show_uid = false;
  bool continued = false;  ///< a further page: its header is not printed
};
void print_workflows(const std::vector<spec::Json>& workflows, const ListStyle& style);
/// The phase as `list` shows it: "Running (Suspended)", "Failed (Terminated)" where somebody has stopped it.
[[nodiscard]] std::string status_word(const spec::Json& workflow);

}  // namespace skiff::runner
