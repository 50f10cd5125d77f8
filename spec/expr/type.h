// The Go types that a value of the expression language can have at run time.
//
// expr-lang runs on Go's reflection: whether two lists are equal, whether a function takes an argument and
// what a result is called in an error depend on Go's types ([]int is not []interface {}). A Type names one
// of them. Types are interned: they live as long as the process and are equal when their addresses are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace skiff::spec::expr {

/// What a value holds. `any` is only a type (of list elements, parameters), never the kind of a value.
enum class Kind : std::uint8_t {
  nil,
  boolean,
  integer,
  floating,
  string,
  bytes,
  array,
  map,
  time,
  duration,
  function,
  opaque,
  any,
};

/// Which Go integer (the last two are time.Month and time.Weekday, which are ints with a name).
enum class IntType : std::uint8_t {
  int_,
  int8,
  int16,
  int32,
  int64,
  uint,
  uint8,
  uint16,
  uint32,
  uint64,
  month,
  weekday,
};

class Type {
 public:
  Kind kind = Kind::any;
  IntType int_type = IntType::int_;  ///< for Kind::integer
  bool float32 = false;              ///< for Kind::floating
  std::string name;                  ///< Go's spelling, e.g. "[]interface {}"
  const Type* key = nullptr;         ///< of a map
  const Type* elem = nullptr;        ///< of an array or a map
  std::vector<const Type*> in;       ///< of a function
  bool variadic = false;             ///< of a function: the last of `in` is an array type
  const Type* out = nullptr;         ///< of a function

  [[nodiscard]] static const Type* nil();
  [[nodiscard]] static const Type* any();
  [[nodiscard]] static const Type* boolean();
  [[nodiscard]] static const Type* integer(IntType t = IntType::int_);
  [[nodiscard]] static const Type* float64();
  [[nodiscard]] static const Type* float32_type();
  [[nodiscard]] static const Type* string();
  [[nodiscard]] static const Type* bytes();
  [[nodiscard]] static const Type* time();
  [[nodiscard]] static const Type* duration();
  [[nodiscard]] static const Type* array(const Type* elem = any());
  [[nodiscard]] static const Type* map(const Type* key = string(), const Type* elem = any());
  [[nodiscard]] static const Type* function(std::vector<const Type*> in, const Type* out,
                                            bool variadic = false);
  /// A type of which only the name is known, e.g. "*time.Location".
  [[nodiscard]] static const Type* opaque(std::string name);
};

}  // namespace skiff::spec::expr
