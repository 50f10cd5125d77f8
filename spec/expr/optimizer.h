// The rewrites that expr-lang's optimizer makes and that a result can tell: what is evaluated at all, what
// counts against the memory budget, which errors come up.
#pragma once

#include <optional>

#include "spec/expr/ast.h"
#include "spec/expr/result.h"

namespace skiff::spec::expr {

/// Rewrites a checked tree in place. An error is a constant division by zero.
[[nodiscard]] std::optional<Error> optimize(Tree& tree);

}  // namespace skiff::spec::expr
