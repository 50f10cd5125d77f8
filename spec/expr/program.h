// A compiled expression of expr-lang v1.17.8: checked once against the names it may use, run many times.
//
//   auto program = Program::compile("inputs.parameters.n + 1", {.env = env});
//   if (!program.ok()) ...program.error().render(text)...
//   auto result = program.value().run(env);
//
// A Program is immutable; several threads may run the same one.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "spec/expr/limits.h"
#include "spec/expr/result.h"
#include "spec/expr/value.h"

namespace skiff::spec::expr {

struct Options {
  /// The variables and functions: a map with string keys. Their names and the kinds of their values are what
  /// the checker knows; a name that is not in it fails to compile. Values below the top level are of unknown
  /// type until run, as in a Go map[string]any.
  Value env = Map();
  Limits limits = {};  ///< what one run may use
  /// An unknown name is nil instead of an error (expr.AllowUndefinedVariables).
  bool allow_unknown_names = false;
};

class Program {
 public:
  [[nodiscard]] static Result<Program> compile(std::string_view text, const Options& options);
  /// Evaluates with other values of the same names. Errors carry the place that failed.
  [[nodiscard]] Result<Value> run(const Value& env) const;
  [[nodiscard]] const std::string& text() const;

  struct Code;
  explicit Program(std::shared_ptr<const Code> code) : code_(std::move(code)) {}

 private:
  std::shared_ptr<const Code> code_;
};

/// Compiles and runs at once with the same environment.
[[nodiscard]] Result<Value> evaluate(std::string_view text, const Value& env);

}  // namespace skiff::spec::expr
