// What operators and indexing do with values of any kind (expr-lang's vm/runtime). All of it throws Panic
// where Go would panic.
#pragma once

#include <string_view>

#include "spec/expr/limits.h"
#include "spec/expr/value.h"

namespace skiff::spec::expr {

/// runtime.Equal: numbers by value across kinds, lists element by element, everything else as
/// reflect.DeepEqual.
[[nodiscard]] bool equal(const Value& a, const Value& b, Meter& meter);
/// reflect.DeepEqual: of the same Go type, and equal all the way down.
[[nodiscard]] bool reflect_equal(const Value& a, const Value& b, Meter& meter);
/// a < b for numbers, texts, times and durations; `sign` is only for the message.
[[nodiscard]] bool less(const Value& a, const Value& b, std::string_view sign = "<");
[[nodiscard]] bool less_equal(const Value& a, const Value& b, std::string_view sign = "<=");

[[nodiscard]] Value add(const Value& a, const Value& b, Meter& meter);
[[nodiscard]] Value subtract(const Value& a, const Value& b);
[[nodiscard]] Value multiply(const Value& a, const Value& b);
[[nodiscard]] Value divide(const Value& a, const Value& b);
[[nodiscard]] Value modulo(const Value& a, const Value& b);
[[nodiscard]] Value power(const Value& a, const Value& b);
[[nodiscard]] Value negate(const Value& v);
[[nodiscard]] Value range(const Value& from, const Value& to, Meter& meter);

[[nodiscard]] bool contained_in(const Value& needle, const Value& haystack, Meter& meter);
/// a[i], a.i; out of range is a Panic, a missing key the zero value.
[[nodiscard]] Value fetch(const Value& from, const Value& key);
/// The builtin get(): nil where fetch would fail.
[[nodiscard]] Value get(const Value& from, const Value& key);
/// a[from:to]; `to` may be nullptr for the end.
[[nodiscard]] Value slice(const Value& v, const Value* from, const Value* to);

/// nil, or a nil list or map.
[[nodiscard]] bool is_nil(const Value& v);
/// runtime.ToInt, for any number.
[[nodiscard]] std::int64_t to_int(const Value& v);
[[nodiscard]] double to_float(const Value& v);
[[nodiscard]] bool to_bool(const Value& v);

/// Go's conversion int(f): what does not fit becomes the least integer, as on amd64.
[[nodiscard]] std::int64_t float_to_int(double d);

/// What Go's reflect calls with: counts and types checked, nil replaced by zero values.
[[nodiscard]] Value call_function(const Function& f, std::span<const Value> args);

/// Number of elements of a list, text (bytes) or map; -1 for what has none.
[[nodiscard]] std::int64_t raw_length(const Value& v);
/// Element of a list, bytes or text (a byte); only for what raw_length() knows.
[[nodiscard]] Value element(const Value& v, std::size_t i);

/// The method of a time, duration, month, weekday or opaque value, bound to it; nil if there is none.
[[nodiscard]] Value bound_method(const Value& v, std::string_view name);
/// The type that method has, or nullptr; for the checker.
[[nodiscard]] const Type* method_type(const Type* type, std::string_view name);
[[nodiscard]] bool has_methods(const Type* type);

/// A *time.Location.
[[nodiscard]] const Type* location_type();
[[nodiscard]] Value location_value(const class Zone* zone);
/// The zone of a *time.Location value, or nullptr.
[[nodiscard]] const class Zone* as_location(const Value& v);

}  // namespace skiff::spec::expr
