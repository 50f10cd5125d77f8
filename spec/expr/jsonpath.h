// JSONPath as evilmonkeyinc/jsonpath v0.8 understands it; the function `jsonpath` of Argo's expressions.
#pragma once

#include <string_view>

#include "spec/expr/result.h"
#include "spec/expr/value.h"

namespace skiff::spec::expr {

/// What the path selects in a decoded JSON document: one value, or a list where the path is indefinite.
[[nodiscard]] Result<Value> jsonpath(const Value& document, std::string_view path);

}  // namespace skiff::spec::expr
