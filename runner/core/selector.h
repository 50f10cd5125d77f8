// Argo's node field selector: "displayName=a,phase!=Succeeded" (workflow/util, SelectorMatchesNode; the form
// is that of Kubernetes' field selectors).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec/status.h"

namespace skiff::runner {

class NodeSelector {
 public:
  /// An empty text picks every node.
  explicit NodeSelector(std::string_view text);

  /// Why the text is no selector; empty if it is one.
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] bool matches(const spec::NodeStatus& node) const;

 private:
  struct Term {
    std::string field;
    std::string value;
    bool equal = true;
  };
  std::vector<Term> terms_;
  std::string error_;
};

}  // namespace skiff::runner
