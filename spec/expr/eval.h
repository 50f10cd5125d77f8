// The evaluator: walks a checked and optimised tree. One Evaluator serves one run.
#pragma once

#include <deque>
#include <vector>

#include "spec/expr/ast.h"
#include "spec/expr/limits.h"
#include "spec/expr/value.h"

namespace skiff::spec::expr {

class Evaluator {
 public:
  Evaluator(const Tree& tree, const Value& env, const Limits& limits)
      : env_(env), meter_(limits), slots_(static_cast<std::size_t>(tree.slots)) {}

  /// Throws Panic; place() is then where.
  [[nodiscard]] Value eval(const Node* n);
  [[nodiscard]] Place place() const { return at_ != nullptr ? at_->place : Place{}; }

 private:
  /// One list being walked by a predicate.
  struct Scope {
    Value collection;
    std::int64_t index = 0;
    std::int64_t length = 0;
    Value acc;
  };

  Value identifier(const Node* n);
  Value unary(const Node* n);
  Value binary(const Node* n);
  Value arithmetic(const Node* n, const Value& a, const Value& b);
  Value equality(const Node* n, const Value& a, const Value& b);
  Value text_test(const Node* n, const Value& a, const Value& b);
  Value logic(const Node* n);
  Value chain(const Node* n);
  Value member(const Node* n);
  Value slice_node(const Node* n);
  Value call(const Node* n);
  Value builtin(const Node* n);
  Value pointer(const Node* n);
  Value array(const Node* n);
  Value map(const Node* n);
  Value checked_depth(Value v) const;

  // eval_predicates.cc
  Value predicate(const Node* n);
  Value walk(const Node* n, Scope& scope);
  Value quantifier(const Node* n, Scope& scope, bool stop_at, bool negate);
  Value one(const Node* n, Scope& scope);
  Value filter(const Node* n, Scope& scope);
  Value map_each(const Node* n, Scope& scope);
  Value count(const Node* n, Scope& scope);
  Value sum(const Node* n, Scope& scope);
  Value find(const Node* n, Scope& scope, bool backwards, bool index);
  Value group_by(const Node* n, Scope& scope);
  Value sort_by(const Node* n, Scope& scope);
  Value reduce(const Node* n, Scope& scope);
  bool test(const Node* n);
  [[nodiscard]] static Value item(const Scope& scope);

  const Value& env_;
  Meter meter_;
  std::vector<Value> slots_;
  std::deque<Scope> scopes_;  ///< a deque: references stay good while inner lists are walked
  bool stopped_ = false;      ///< a ?. met nil: everything up to the chain's end is skipped
  const Node* at_ = nullptr;
};

}  // namespace skiff::spec::expr
