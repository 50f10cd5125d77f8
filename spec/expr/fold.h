// Constant folding, and sums of constant ranges.
#pragma once

#include "spec/expr/rewrite.h"

namespace skiff::spec::expr {

/// One pass over the tree; whether anything was folded. Throws Error for a constant x % 0.
bool fold(Rewriter& rewriter);

/// sum(m..n), sum(m..n, # * k) and reduce(m..n, # + #acc) by formula.
void sum_range(Tree& tree, Node*& slot);

}  // namespace skiff::spec::expr
