// Questions about natures, as expr-lang's checker asks them.
#pragma once

#include <string>

#include "spec/expr/ast.h"

namespace skiff::spec::expr {

[[nodiscard]] inline Nature of_type(const Type* t) { return Nature{t, nullptr, false}; }

[[nodiscard]] inline bool has_kind(const Nature& n, Kind k) { return n.type != nullptr && n.type->kind == k; }

[[nodiscard]] inline bool is_plain_integer(const Nature& n) {
  return has_kind(n, Kind::integer) && n.type->int_type < IntType::month;
}
[[nodiscard]] inline bool is_number(const Nature& n) {
  return is_plain_integer(n) || has_kind(n, Kind::floating);
}
[[nodiscard]] inline bool is_bool(const Nature& n) { return has_kind(n, Kind::boolean); }
[[nodiscard]] inline bool is_string(const Nature& n) { return has_kind(n, Kind::string); }
[[nodiscard]] inline bool is_time(const Nature& n) { return has_kind(n, Kind::time); }
[[nodiscard]] inline bool is_duration(const Nature& n) { return has_kind(n, Kind::duration); }
[[nodiscard]] inline bool is_map(const Nature& n) { return has_kind(n, Kind::map); }
[[nodiscard]] inline bool is_array(const Nature& n) {
  return has_kind(n, Kind::array) || has_kind(n, Kind::bytes);
}
[[nodiscard]] inline bool is_function(const Nature& n) { return has_kind(n, Kind::function); }

/// Go's reflect.Kind, comparable: bytes are a slice, months an int, durations an int64; 0 is nothing known.
[[nodiscard]] int go_kind(const Nature& n);
[[nodiscard]] std::string text_of(const Nature& n);
[[nodiscard]] Nature element_of(const Nature& n);
[[nodiscard]] bool assignable(const Nature& from, const Nature& to);
[[nodiscard]] bool comparable(const Nature& a, const Nature& b);

}  // namespace skiff::spec::expr
