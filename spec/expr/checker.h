// The type check of an expression against its environment (expr-lang's checker): finds out what each node's
// value is known to be, resolves let variables, and refuses what can never run.
#pragma once

#include <optional>

#include "spec/expr/ast.h"
#include "spec/expr/result.h"

namespace skiff::spec::expr {

/// Sets nature, slot and the fast-path flags on every node. `env` is the map of top-level names.
[[nodiscard]] std::optional<Error> check(Tree& tree, const Map& env, bool allow_unknown_names);

}  // namespace skiff::spec::expr
