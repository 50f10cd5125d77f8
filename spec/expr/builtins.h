// The built-in functions of expr-lang: what the checker must know of them, and the code of those that take no
// predicate. (The predicates all, map, reduce, … are evaluated in eval.cc.)
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/expr/ast.h"
#include "spec/expr/limits.h"
#include "spec/expr/value.h"

namespace skiff::spec::expr {

enum class Predicate : std::uint8_t {
  none_of_these,
  all,
  none,
  any,
  one,
  filter,
  map,
  count,
  sum,
  find,
  find_index,
  find_last,
  find_last_index,
  group_by,
  sort_by,
  reduce,
};

struct Builtin {
  std::string name;
  Predicate predicate = Predicate::none_of_these;
  /// The signatures, tried in this order. Empty where `validate` decides.
  std::vector<const Type*> types;
  /// Gets the static types (any for unknown, nullptr for nil); throws Panic, or gives the result's type.
  std::function<const Type*(std::span<const Type* const>)> validate;
  /// Throws Panic.
  std::function<Value(std::span<const Value>, Meter&)> call;
};

/// By name; nullptr if there is none.
[[nodiscard]] const Builtin* find_builtin(std::string_view name);
[[nodiscard]] std::vector<std::string> builtin_names();

// The table's parts, by theme (builtins_*.cc).
void add_text_builtins(std::vector<Builtin>& out);
void add_number_builtins(std::vector<Builtin>& out);
void add_list_builtins(std::vector<Builtin>& out);
void add_map_builtins(std::vector<Builtin>& out);
void add_time_builtins(std::vector<Builtin>& out);

}  // namespace skiff::spec::expr
