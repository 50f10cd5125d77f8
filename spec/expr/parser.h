// Text of an expression to a syntax tree, by expr-lang's grammar.
#pragma once

#include <functional>
#include <string_view>

#include "spec/expr/ast.h"
#include "spec/expr/result.h"

namespace skiff::spec::expr {

struct ParseOptions {
  /// Whether the environment has a name, which then hides the builtin of that name.
  std::function<bool(std::string_view)> overrides;
};

/// At most 10,000 nodes and 1,000 levels of brackets.
[[nodiscard]] Result<Tree> parse(std::string_view text, const ParseOptions& options = {});

}  // namespace skiff::spec::expr
