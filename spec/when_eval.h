// Plans the tokens of a `when` into a tree and computes its value, with govaluate's precedence and types.
//
// Internal to when.cc. Operators of one level are kept as a flat chain and computed from the left.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "spec/when_lexer.h"

namespace skiff::spec::when {

struct Value;
using List = std::shared_ptr<std::vector<Value>>;  // shared by copies, grown only while nobody else holds it
/// nil, bool, float64, string, or a list made by commas.
struct Value {
  std::variant<std::monostate, bool, double, std::string, List> v;
  [[nodiscard]] bool is_nil() const { return v.index() == 0; }
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&v); }
  [[nodiscard]] const double* number() const { return std::get_if<double>(&v); }
  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&v); }
  [[nodiscard]] const List* list() const { return std::get_if<List>(&v); }
};
/// Go's %v.
[[nodiscard]] std::string print(const Value& value);
/// "the text 'foo'", "the number 3", for hints.
[[nodiscard]] std::string name_with_type(const Value& value);
/// Why the text is no regular expression; empty if it is one.
[[nodiscard]] std::string pattern_error(const std::string& pattern);
/// reflect.DeepEqual.
[[nodiscard]] bool deep_equal(const Value& a, const Value& b);

struct EvalError {
  std::string message;
  std::string hint;
  std::size_t offset = 0;
};

struct Evaluation {
  Value value;
  std::optional<EvalError> error;
  std::string note;  ///< what is legal but surely not meant
};
/// `tokens` must have passed check_order().
[[nodiscard]] Evaluation evaluate(const std::vector<Token>& tokens);

}  // namespace skiff::spec::when
