// How much one evaluation may use, and the exception by which evaluation is left (Go's panic in expr-lang's
// VM).
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "spec/expr/result.h"

namespace skiff::spec::expr {

/// Thrown inside the evaluator only; Program turns it into an Error with a place.
struct Panic : std::runtime_error {
  explicit Panic(const std::string& message, std::string hint_text = "")
      : std::runtime_error(message), hint(std::move(hint_text)) {}
  std::string hint;
};

/// Lists and maps nest at most so deep; deeper ones would exhaust the stack of whoever walks them.
inline constexpr int kMaxDepth = 2'000;

struct Limits {
  std::uint64_t elements = 1'000'000;  ///< elements of lists made, as expr-lang's memory budget
  std::uint64_t bytes = 128U << 20U;   ///< text, list and map bytes made
  std::uint64_t steps = 25'000'000;    ///< nodes evaluated and elements looked at
};

/// Counts down one evaluation's Limits.
class Meter {
 public:
  explicit Meter(const Limits& limits = {}) : left_(limits) {}
  /// Elements as expr-lang counts them: reaching the budget is already too much.
  void elements(std::uint64_t n) {
    if (n >= left_.elements)
      throw Panic("memory budget exceeded", "lists may have a million elements in all");
    left_.elements -= n;
  }
  void bytes(std::uint64_t n) {
    if (n >= left_.bytes)
      throw Panic("memory budget exceeded", "the expression builds too much text or too large lists");
    left_.bytes -= n;
  }
  void steps(std::uint64_t n) {
    if (n >= left_.steps)
      throw Panic("the expression takes too many steps", "it repeats work over large lists; shrink them");
    left_.steps -= n;
  }

 private:
  Limits left_;
};

}  // namespace skiff::spec::expr
