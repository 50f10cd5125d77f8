// What Argo's controller sums up over the nodes of a workflow each time it has looked at it: the progress of
// nodes that only hold others, the resources that pods took for how long, and how long it will take judging
// by the last time (workflow/progress, util/resource, workflow/controller/estimation). Made when somebody
// asks, from the nodes as they are stored, so that a transition costs nothing for it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runner/core/resource_seconds.h"
#include "spec/json.h"
#include "store/journal.h"

namespace skiff::runner {

[[nodiscard]] spec::Json to_json(const ResourceSeconds& seconds);

/// What a workflow that ran before took, in whole seconds; by the node's name without the workflow's.
struct Baseline {
  std::int64_t workflow = 0;
  std::map<std::string, std::int64_t, std::less<>> nodes;

  /// A node of the workflow of that name, as the journal keeps it.
  void add(std::string_view workflow_name, std::string_view json);
};

class Rollup {
 public:
  /// `object` has the spec (and, of a workflow made from a template, status.storedWorkflowTemplateSpec): what
  /// pods request is in its templates.
  Rollup(const spec::Json& object, const Baseline& baseline);

  /// A node by the text that the journal keeps of it, an object as spec::to_json(NodeStatus) writes it.
  void add(std::string_view id, std::string_view json);
  /// After the last node: members to be added to node number `i`, as text that begins with a comma; often "".
  [[nodiscard]] std::string members(std::size_t i);
  [[nodiscard]] const ResourceSeconds& workflow_resources() const { return total_; }

 private:
  struct Entry {
    std::string name;
    bool executable = false;  ///< has a progress of its own
    bool pod = false;
    bool fulfilled = false;
    std::int64_t done = 0;
    std::int64_t total = 0;
    ResourceSeconds resources;
    std::vector<std::string> child_ids;
    std::vector<std::size_t> children;
    std::size_t seen = 0;  ///< the last walk that came by
  };
  struct Sum {
    std::int64_t done = 0;
    std::int64_t total = 0;
    ResourceSeconds resources;
  };

  void link();
  [[nodiscard]] Sum sum_below(std::size_t i);
  [[nodiscard]] ResourceSeconds resources_of(const std::string& template_name, std::int64_t seconds) const;

  std::string name_;
  const Baseline& baseline_;
  std::map<std::string, ResourceCost> costs_;  ///< by template
  std::vector<Entry> nodes_;
  std::unordered_map<std::string, std::size_t> index_;  ///< by id
  ResourceSeconds total_;
  std::size_t walks_ = 0;
  std::size_t steps_ = 0;  ///< nodes that the walks came by
  bool linked_ = false;
};

/// What workflow_text (reader.h) gives, with these sums: the object as Argo's controller has it.
[[nodiscard]] std::string summed_text(const store::Journal& journal, const store::WorkflowRow& row);

}  // namespace skiff::runner
