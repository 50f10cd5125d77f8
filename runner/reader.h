// Reads of the journal in the shapes that clients see: Argo's Workflow objects, lists, logs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/json.h"
#include "store/home.h"
#include "store/journal.h"

namespace skiff::runner {

/// The row of "NAME" or "@latest" in a namespace.
[[nodiscard]] std::optional<store::WorkflowRow> find_workflow(const store::Journal& journal,
                                                              std::string_view ns, std::string_view name);
/// It runs, and waits for somebody to resume it or a suspended node of it (util.IsWorkflowSuspended).
[[nodiscard]] bool is_suspended(const store::WorkflowRow& row);

/// Argo's Workflow object: metadata, spec and status; `with_nodes` adds status.nodes.
[[nodiscard]] spec::Json workflow_object(const store::Journal& journal, const store::WorkflowRow& row,
                                         bool with_nodes);
/// A workflow's JSON text, its nodes added as they are stored.
class WorkflowText {
 public:
  /// `object` without nodes, its status not empty.
  explicit WorkflowText(spec::Json object);
  /// `json` is an object; `more`, members to be added to it: text that begins with a comma.
  void add(std::string_view id, std::string_view json, std::string_view more = "");
  /// The whole; nothing may be added after it.
  [[nodiscard]] std::string take();

 private:
  std::string text_;
  bool any_ = false;
};

/// The JSON text of the same with its nodes, from their texts as they are stored: a workflow of 10,000 nodes
/// is not parsed to be written again.
[[nodiscard]] std::string workflow_text(const store::Journal& journal, const store::WorkflowRow& row);
/// JSON text of what a client that follows a workflow needs after the revision `after`:
/// {"revision","workflow" (its metadata and status without nodes),"nodes":[those that changed]}.
[[nodiscard]] std::string changes_text(const store::Journal& journal, const store::WorkflowRow& row,
                                       std::int64_t after);

/// Keeps what `fields` names ("metadata.name,items.spec"), or drops it ("-items.status.nodes"), as Argo
/// Server does.
[[nodiscard]] spec::Json select_fields(spec::Json value, std::string_view fields);

}  // namespace skiff::runner
