// What the builtins' static checks share: Go's reflect.Kind of a type, and the messages.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "spec/expr/builtins.h"
#include "spec/expr/ops.h"

namespace skiff::spec::expr {

enum class Shape : std::uint8_t {
  invalid,
  any,
  boolean,
  integer,
  uinteger,
  floating,
  string,
  list,
  map,
  other
};

/// Go's kind, as far as builtins ask; nullptr (a literal nil) is invalid. Durations are integers.
[[nodiscard]] inline Shape shape(const Type* t) {
  if (t == nullptr) return Shape::invalid;
  switch (t->kind) {
    case Kind::any:
      return Shape::any;
    case Kind::boolean:
      return Shape::boolean;
    case Kind::integer:
      return t->int_type >= IntType::uint && t->int_type <= IntType::uint64 ? Shape::uinteger
                                                                            : Shape::integer;
    case Kind::duration:
      return Shape::integer;
    case Kind::floating:
      return Shape::floating;
    case Kind::string:
      return Shape::string;
    case Kind::bytes:
    case Kind::array:
      return Shape::list;
    case Kind::map:
      return Shape::map;
    default:
      return Shape::other;
  }
}

[[nodiscard]] inline bool is_numeric(Shape s) {
  return s == Shape::integer || s == Shape::uinteger || s == Shape::floating;
}

[[nodiscard]] inline std::string_view name_of(const Type* t) {
  return t == nullptr ? "nil" : std::string_view(t->name);
}

using Types = std::span<const Type* const>;
using Args = std::span<const Value>;

inline void want_arguments(std::size_t expected, std::size_t got) {
  if (expected != got)
    throw Panic(fmt::format("invalid number of arguments (expected {}, got {})", expected, got));
}

/// The text of an argument, or a Panic that names the builtin.
[[nodiscard]] inline const std::string& text_arg(std::string_view name, const Value& v) {
  if (!v.is_string()) {
    throw Panic(fmt::format("{} needs a text, got {}", name, v.type()->name),
                "string(x) turns any value into text");
  }
  return v.as_string();
}

[[nodiscard]] inline bool is_list(const Value& v) { return v.is_array() || v.is_bytes(); }

inline void want_list(std::string_view verb, const Value& v) {
  if (!is_list(v)) throw Panic(fmt::format("cannot {} {}", verb, v.type()->name));
}

}  // namespace skiff::spec::expr
