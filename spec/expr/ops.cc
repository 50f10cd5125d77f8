// Comparison and arithmetic (expr-lang's vm/runtime helpers).
#include "spec/expr/ops.h"

#include <fmt/format.h>

#include <cmath>

#include "spec/expr/time.h"

namespace skiff::spec::expr {
namespace {

[[noreturn]] void invalid(std::string_view op, const Value& a, const Value& b) {
  std::string hint;
  if ((a.is_string() && b.is_number()) || (a.is_number() && b.is_string())) {
    hint =
        "one side is text: turn it into a number with asInt(x) or asFloat(x), or the number into text with "
        "string(x)";
  }
  if (a.is_nil() || b.is_nil()) hint = "a missing value is nil; give it a default, as in (x ?? 0)";
  throw Panic(fmt::format("invalid operation: {} {} {}", a.type()->name, op, b.type()->name), hint);
}

/// A plain number: time.Month and time.Weekday are named types, which expr-lang's operators do not know.
bool plain_number(const Value& v) {
  return v.is_float() ||
         (v.is_integer() && v.int_type() != IntType::month && v.int_type() != IntType::weekday);
}

bool both_integers(const Value& a, const Value& b) { return a.is_integer() && b.is_integer(); }

std::int64_t wrapped(std::uint64_t n) { return static_cast<std::int64_t>(n); }
std::uint64_t bits(const Value& v) { return static_cast<std::uint64_t>(v.as_int()); }

bool equal_items(const std::vector<Value>& a, const std::vector<Value>& b, Meter& meter) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!equal(a[i], b[i], meter)) return false;
  }
  return true;
}

bool scalar_elements(const Type* t) {
  return t->kind == Kind::integer || t->kind == Kind::floating || t->kind == Kind::string;
}

/// The pairs of lists that expr-lang compares element by element: []any with any list of scalars or of any,
/// and lists of the same scalar.
bool comparable_lists(const Array& a, const Array& b) {
  if (a.elem == b.elem) return a.elem == Type::any() || scalar_elements(a.elem);
  if (a.elem == Type::any()) return scalar_elements(b.elem);
  return b.elem == Type::any() && scalar_elements(a.elem);
}

std::vector<Value> byte_items(const std::string& data) {
  std::vector<Value> items;
  items.reserve(data.size());
  for (const char c : data) items.push_back(Value::integer(static_cast<unsigned char>(c), IntType::uint8));
  return items;
}

}  // namespace

bool reflect_equal(const Value& a, const Value& b, Meter& meter) {
  meter.steps(1);
  if (a.kind() != b.kind() || a.type() != b.type()) return false;
  switch (a.kind()) {
    case Kind::nil:
      return true;
    case Kind::boolean:
      return a.as_bool() == b.as_bool();
    case Kind::integer:
      return a.as_int() == b.as_int();
    case Kind::floating:
      return a.as_float() == b.as_float();
    case Kind::string:
      return a.as_string() == b.as_string();
    case Kind::bytes:
      return a.as_bytes() == b.as_bytes();
    case Kind::time:
      return a.as_time().same_instant(b.as_time()) && a.as_time().zone == b.as_time().zone;
    case Kind::duration:
      return a.as_duration() == b.as_duration();
    case Kind::opaque:
      return &a.as_opaque() == &b.as_opaque() || a.as_opaque().to_text() == b.as_opaque().to_text();
    case Kind::array: {
      if (a.array_data().is_nil != b.array_data().is_nil || a.as_array().size() != b.as_array().size())
        return false;
      if (&a.array_data() == &b.array_data()) return true;
      for (std::size_t i = 0; i < a.as_array().size(); ++i) {
        if (!reflect_equal(a.as_array()[i], b.as_array()[i], meter)) return false;
      }
      return true;
    }
    case Kind::map: {
      const Map& x = a.as_map();
      const Map& y = b.as_map();
      if (x.is_nil() != y.is_nil() || x.size() != y.size()) return false;
      if (&x == &y) return true;
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (!reflect_equal(x.entries()[i].first, y.entries()[i].first, meter)) return false;
        if (!reflect_equal(x.entries()[i].second, y.entries()[i].second, meter)) return false;
      }
      return true;
    }
    default:
      return false;
  }
}

bool is_nil(const Value& v) {
  if (v.is_array()) return v.array_data().is_nil;
  if (v.is_map()) return v.as_map().is_nil();
  return v.is_nil();
}

bool equal(const Value& a, const Value& b, Meter& meter) {
  meter.steps(1);
  if (plain_number(a) && plain_number(b)) {
    return both_integers(a, b) ? a.as_int() == b.as_int() : a.number() == b.number();
  }
  if (a.is_array() && b.is_array() && comparable_lists(a.array_data(), b.array_data())) {
    return equal_items(a.as_array(), b.as_array(), meter);
  }
  if (a.is_bytes() && b.is_array() && b.array_data().elem == Type::any()) {
    return equal_items(byte_items(a.as_bytes()), b.as_array(), meter);
  }
  if (b.is_bytes() && a.is_array() && a.array_data().elem == Type::any()) {
    return equal_items(a.as_array(), byte_items(b.as_bytes()), meter);
  }
  if (a.is_time() && b.is_time()) return a.as_time().same_instant(b.as_time());
  if (is_nil(a) && is_nil(b)) return true;
  return reflect_equal(a, b, meter);
}

bool less(const Value& a, const Value& b, std::string_view sign) {
  if (plain_number(a) && plain_number(b)) {
    return both_integers(a, b) ? a.as_int() < b.as_int() : a.number() < b.number();
  }
  if (a.is_string() && b.is_string()) return a.as_string() < b.as_string();
  if (a.is_time() && b.is_time()) return a.as_time().before(b.as_time());
  if (a.is_duration() && b.is_duration()) return a.as_duration() < b.as_duration();
  invalid(sign, a, b);
}

bool less_equal(const Value& a, const Value& b, std::string_view sign) {
  if (plain_number(a) && plain_number(b) && !both_integers(a, b)) return a.number() <= b.number();
  if (plain_number(a) && plain_number(b)) return a.as_int() <= b.as_int();
  return !less(b, a, sign);
}

Value add(const Value& a, const Value& b, Meter& meter) {
  if (plain_number(a) && plain_number(b)) {
    if (both_integers(a, b)) return {wrapped(bits(a) + bits(b))};
    return {a.number() + b.number()};
  }
  if (a.is_string() && b.is_string()) {
    meter.bytes(a.as_string().size() + b.as_string().size());
    return {a.as_string() + b.as_string()};
  }
  if (a.is_time() && b.is_duration()) return Value::time(add(a.as_time(), b.as_duration()));
  if (a.is_duration() && b.is_time()) return Value::time(add(b.as_time(), a.as_duration()));
  if (a.is_duration() && b.is_duration()) {
    return Value::duration(
        wrapped(static_cast<std::uint64_t>(a.as_duration()) + static_cast<std::uint64_t>(b.as_duration())));
  }
  invalid("+", a, b);
}

Value subtract(const Value& a, const Value& b) {
  if (plain_number(a) && plain_number(b)) {
    if (both_integers(a, b)) return {wrapped(bits(a) - bits(b))};
    return {a.number() - b.number()};
  }
  if (a.is_time() && b.is_time()) return Value::duration(subtract(a.as_time(), b.as_time()));
  if (a.is_time() && b.is_duration()) {
    return Value::time(add(a.as_time(), wrapped(0 - static_cast<std::uint64_t>(b.as_duration()))));
  }
  if (a.is_duration() && b.is_duration()) {
    return Value::duration(
        wrapped(static_cast<std::uint64_t>(a.as_duration()) - static_cast<std::uint64_t>(b.as_duration())));
  }
  invalid("-", a, b);
}

Value multiply(const Value& a, const Value& b) {
  if (plain_number(a) && plain_number(b)) {
    if (both_integers(a, b)) return {wrapped(bits(a) * bits(b))};
    return {a.number() * b.number()};
  }
  const bool durations = (a.is_duration() || plain_number(a)) && (b.is_duration() || plain_number(b));
  if (!durations) invalid("*", a, b);
  const auto whole = [](const Value& v) {
    return static_cast<std::uint64_t>(v.is_duration() ? v.as_duration() : v.as_int());
  };
  const auto real = [](const Value& v) {
    return v.is_duration() ? static_cast<double>(v.as_duration()) : v.number();
  };
  if (a.is_float() || b.is_float()) return {real(a) * real(b)};
  return Value::duration(wrapped(whole(a) * whole(b)));
}

Value divide(const Value& a, const Value& b) {
  if (!plain_number(a) || !plain_number(b)) invalid("/", a, b);
  return {a.number() / b.number()};
}

Value modulo(const Value& a, const Value& b) {
  if (!plain_number(a) || !plain_number(b) || !both_integers(a, b)) invalid("%", a, b);
  if (b.as_int() == 0) throw Panic("integer divide by zero");
  if (b.as_int() == -1) return {0};
  return {a.as_int() % b.as_int()};
}

Value power(const Value& a, const Value& b) { return {std::pow(to_float(a), to_float(b))}; }

Value negate(const Value& v) {
  if (v.is_float())
    return v.is_float32() ? Value::float32(-static_cast<float>(v.as_float())) : Value(-v.as_float());
  if (!plain_number(v)) throw Panic(fmt::format("invalid operation: - {}", v.type()->name));
  return Value::integer(wrapped(0 - bits(v)), v.int_type());
}

Value range(const Value& from, const Value& to, Meter& meter) {
  const std::int64_t first = to_int(from);
  const std::int64_t last = to_int(to);
  const std::int64_t size = wrapped(static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first) + 1);
  if (size <= 0) return Value::array({}, Type::integer());
  meter.elements(static_cast<std::uint64_t>(size));
  std::vector<Value> items;
  items.reserve(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < size; ++i) items.emplace_back(first + i);
  return Value::array(std::move(items), Type::integer());
}

std::int64_t float_to_int(double d) {
  if (!(d >= -9.223372036854775808e18 && d < 9.223372036854775808e18)) return INT64_MIN;
  return static_cast<std::int64_t>(d);
}

std::int64_t to_int(const Value& v) {
  if (!plain_number(v)) throw Panic(fmt::format("invalid operation: int({})", v.type()->name));
  return v.is_float() ? float_to_int(v.as_float()) : v.as_int();
}

double to_float(const Value& v) {
  if (!plain_number(v)) throw Panic(fmt::format("invalid operation: float({})", v.type()->name));
  return v.number();
}

bool to_bool(const Value& v) {
  if (!v.is_bool()) {
    throw Panic(fmt::format("a condition must be true or false, got {}", v.type()->name),
                v.is_string() ? "compare the text: x == 'true'" : "");
  }
  return v.as_bool();
}

}  // namespace skiff::spec::expr
