// `resubmit --memoized`: the nodes of a failed workflow under the name of a new one, in which what succeeded
// is not run again (workflow/util/util.go, FormulateResubmitWorkflow).
#pragma once

#include <string>

#include "spec/json.h"
#include "spec/status.h"

namespace skiff::runner {

/// `nodes` are those of the workflow `from`, by id. The result is the new workflow's status.nodes: to be put
/// into RunInput::workflow, whose scheduler then adopts them.
[[nodiscard]] spec::Json memoized_nodes(const spec::Json& nodes, const std::string& from,
                                        const std::string& to, spec::TimePoint now);

}  // namespace skiff::runner
