// The part of jq that the outputs of a resource template are written in: paths, iteration, pipes, commas,
// comparisons, `//`, `+`, arrays and objects, and the functions that the error for others lists. Pure.
//
//     .status.outputs.parameters[] | select(.name == "result") | .value
#pragma once

#include <string>
#include <string_view>

#include "spec/json.h"

namespace skiff::runner {

/// What Argo makes of a jqFilter's results (workflow/executor/resource.go, jqFilter): strings as they are,
/// all else as JSON, a line each. Throws PathError of object_path.h, which says where and what is known.
[[nodiscard]] std::string jq_text(const spec::Json& object, std::string_view filter);

}  // namespace skiff::runner
