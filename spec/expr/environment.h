// What Argo adds to the names of every `{{=…}}`: asInt, asFloat, jsonpath, toJson and sprig (util/expr/env).
//
// Variables come as dotted names and go into the environment as nested maps.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/expr/value.h"

namespace skiff::spec::expr {

/// asInt, asFloat, jsonpath, toJson, sprig.
[[nodiscard]] const std::vector<std::pair<std::string, Value>>& argo_functions();

/// Nested maps of dotted names, sorted bytewise and unique ("a.b" becomes {"a": {"b": …}}); a name that is
/// also the beginning of another gives way to it. With `functions`, argo_functions() are put in and hide
/// variables.
[[nodiscard]] Value make_environment(const std::vector<std::pair<std::string_view, Value>>& variables,
                                     bool functions);

}  // namespace skiff::spec::expr
