// Builtins on numbers: abs, ceil, int, max, mean, bitand, …
#include <algorithm>
#include <cmath>

#include "spec/expr/builtins_check.h"
#include "spec/expr/numbers.h"
#include "spec/expr/time.h"

namespace skiff::spec::expr {
namespace {

/// A number that is not of a named type (time.Month, time.Duration).
bool plain_number(const Value& v) {
  return v.is_number() && !(v.is_integer() && v.int_type() >= IntType::month);
}

/// What Go's reflection takes for a number: named types too.
bool numeric(const Value& v) { return v.is_number() || v.is_duration(); }

double numeric_value(const Value& v) {
  return v.is_duration() ? static_cast<double>(v.as_duration()) : v.number();
}

[[noreturn]] void bad_argument(std::string_view name, const Value& v) {
  throw Panic(fmt::format("invalid argument for {} (type {})", name, v.type()->name),
              v.is_string() ? "text is no number: use asInt(x) or asFloat(x)" : "");
}

const Type* validate_number(std::string_view name, Types t, const Type* out, bool text) {
  want_arguments(1, t.size());
  const Shape s = shape(t[0]);
  if (is_numeric(s) || s == Shape::any || (text && s == Shape::string)) return out == nullptr ? t[0] : out;
  throw Panic(fmt::format("invalid argument for {} (type {})", name, name_of(t[0])),
              s == Shape::string ? "text is no number: use asInt(x) or asFloat(x)" : "");
}

const Type* validate_aggregate(std::string_view name, Types t) {
  if (t.empty()) throw Panic(fmt::format("not enough arguments to call {}", name));
  for (const Type* arg : t) {
    const Shape s = shape(arg);
    if (s == Shape::any || s == Shape::list) return Type::any();
    if (!is_numeric(s)) throw Panic(fmt::format("invalid argument for {} (type {})", name, name_of(arg)));
  }
  return t[0];
}

Value abs_call(Args a, Meter&) {
  const Value& v = a[0];
  if (!plain_number(v)) bad_argument("abs", v);
  if (v.is_float()) {
    const double d = v.as_float() < 0 ? -v.as_float() : v.as_float();
    return v.is_float32() ? Value::float32(static_cast<float>(d)) : Value(d);
  }
  const bool is_unsigned = v.int_type() >= IntType::uint && v.int_type() <= IntType::uint64;
  return is_unsigned || v.as_int() >= 0 ? v : negate(v);
}

using Rounding = double (*)(double);

template <Rounding F>
Value round_call(std::string_view name, Args a) {
  if (!plain_number(a[0])) bad_argument(name, a[0]);
  return {a[0].is_float() ? F(a[0].as_float()) : a[0].number()};
}

double ceil_of(double d) { return std::ceil(d); }
double floor_of(double d) { return std::floor(d); }
double round_of(double d) { return std::round(d); }

Value to_int_call(Args a, Meter&) {
  const Value& v = a[0];
  if (v.is_string()) {
    if (const auto n = parse_int(v.as_string())) return {*n};
    throw Panic(fmt::format("invalid operation: int({})", v.as_string()),
                parse_float(v.as_string()) ? "the text is no whole number: int(float(x)) cuts it" : "");
  }
  if (v.is_duration()) return {v.as_duration()};
  if (v.is_integer()) return {v.as_int()};
  if (v.is_float()) return {float_to_int(v.as_float())};
  throw Panic(fmt::format("invalid operation: int({})", v.type()->name));
}

Value to_float_call(Args a, Meter&) {
  const Value& v = a[0];
  if (v.is_string()) {
    if (const auto d = parse_float(v.as_string())) return {*d};
    throw Panic(fmt::format("invalid operation: float({})", v.as_string()));
  }
  return {to_float(v)};
}

/// max and min: walks lists within lists; nothing where there is no number at all.
class Extreme {
 public:
  Extreme(std::string_view name, bool greatest, Meter& meter)
      : name_(name), greatest_(greatest), meter_(meter) {}

  Value of(Args args) {
    Value best;
    for (const Value& arg : args) {
      meter_.steps(1);
      if (arg.is_array() && arg.array_data().elem == Type::any()) {
        in_list(best, arg);
      } else if (is_list(arg)) {
        in_typed_list(best, arg);
      } else if (numeric(arg)) {
        take(best, arg);
      } else if (args.size() == 1) {
        return arg;
      } else {
        bad_argument(name_, arg);
      }
    }
    return best;
  }

 private:
  void take(Value& best, const Value& v) const {
    if (best.is_nil() || (greatest_ ? less(best, v) : less(v, best, ">"))) best = v;
  }
  void in_list(Value& best, const Value& list) {
    for (const Value& item : list.as_array()) {
      meter_.steps(1);
      if (plain_number(item)) {
        take(best, item);
      } else if (is_list(item)) {
        const Value nested = of({&item, 1});
        if (!nested.is_nil()) take(best, nested);
      } else {
        bad_argument(name_, item);
      }
    }
  }
  void in_typed_list(Value& best, const Value& list) {
    for (std::int64_t i = 0; i < raw_length(list); ++i) {
      const Value item = element(list, static_cast<std::size_t>(i));
      const Value nested = of({&item, 1});
      if (!plain_number(nested)) bad_argument(name_, nested);
      take(best, nested);
    }
  }

  std::string_view name_;
  bool greatest_;
  Meter& meter_;
};

/// mean and median: all numbers, lists within lists flattened.
void collect(std::string_view name, const Value& v, std::vector<double>& out, Meter& meter) {
  meter.steps(1);
  if (v.is_array()) {
    for (const Value& item : v.as_array()) collect(name, item, out, meter);
  } else if (v.is_bytes()) {
    for (std::int64_t i = 0; i < raw_length(v); ++i) {
      collect(name, element(v, static_cast<std::size_t>(i)), out, meter);
    }
  } else if (numeric(v)) {
    out.push_back(numeric_value(v));
  } else {
    bad_argument(name, v);
  }
}

Value mean_call(Args a, Meter& meter) {
  std::vector<double> all;
  for (const Value& v : a) collect("mean", v, all, meter);
  if (all.empty()) return {0.0};
  double sum = 0;
  for (const double d : all) sum += d;
  return {sum / static_cast<double>(all.size())};
}

Value median_call(Args a, Meter& meter) {
  std::vector<double> all;
  for (const Value& v : a) collect("median", v, all, meter);
  if (all.empty()) return {0.0};
  std::sort(all.begin(), all.end(),
            [](double x, double y) { return x < y || (std::isnan(x) && !std::isnan(y)); });
  const std::size_t n = all.size();
  return {n % 2 == 1 ? all[n / 2] : (all[n / 2 - 1] + all[n / 2]) / 2};
}

using BitOperation = std::uint64_t (*)(std::uint64_t, std::uint64_t);

std::int64_t int_arg(std::string_view name, const Value& v) {
  if (!v.is_integer() || !plain_number(v)) {
    throw Panic(fmt::format("cannot use {} as argument (type int) to call {}", v.type()->name, name));
  }
  return v.as_int();
}

void add_bit(std::vector<Builtin>& out, const char* name, BitOperation op, bool shift = false) {
  const Type* type = Type::function({Type::integer(), Type::integer()}, Type::integer());
  out.push_back({name, {}, {type}, {}, [name, op, shift](Args a, Meter&) {
                   const std::int64_t x = int_arg(name, a[0]);
                   const std::int64_t y = int_arg(name, a[1]);
                   if (shift && y < 0) {
                     throw Panic(fmt::format("invalid operation: negative shift count {} (type int)", y));
                   }
                   return Value(static_cast<std::int64_t>(
                       op(static_cast<std::uint64_t>(x), static_cast<std::uint64_t>(y))));
                 }});
}

void add_bits(std::vector<Builtin>& out) {
  using U = std::uint64_t;
  add_bit(out, "bitand", [](U x, U y) { return x & y; });
  add_bit(out, "bitor", [](U x, U y) { return x | y; });
  add_bit(out, "bitxor", [](U x, U y) { return x ^ y; });
  add_bit(out, "bitnand", [](U x, U y) { return x & ~y; });
  add_bit(
      out, "bitshl", [](U x, U y) { return y < 64 ? x << y : 0; }, true);
  add_bit(
      out, "bitshr",
      [](U x, U y) {
        const auto s = static_cast<std::int64_t>(x);
        return static_cast<U>(s >> (y < 64 ? y : 63));
      },
      true);
  add_bit(
      out, "bitushr", [](U x, U y) { return y < 64 ? x >> y : 0; }, true);
  out.push_back({"bitnot", {}, {Type::function({Type::integer()}, Type::integer())}, {}, [](Args a, Meter&) {
                   return Value(~int_arg("bitnot", a[0]));
                 }});
}

}  // namespace

void add_number_builtins(std::vector<Builtin>& out) {
  out.push_back({"abs", {}, {}, [](Types t) { return validate_number("abs", t, nullptr, false); }, abs_call});
  out.push_back({"ceil",
                 {},
                 {},
                 [](Types t) { return validate_number("ceil", t, Type::float64(), false); },
                 [](Args a, Meter&) { return round_call<ceil_of>("ceil", a); }});
  out.push_back({"floor",
                 {},
                 {},
                 [](Types t) { return validate_number("floor", t, Type::float64(), false); },
                 [](Args a, Meter&) { return round_call<floor_of>("floor", a); }});
  out.push_back({"round",
                 {},
                 {},
                 [](Types t) { return validate_number("round", t, Type::float64(), false); },
                 [](Args a, Meter&) { return round_call<round_of>("round", a); }});
  out.push_back(
      {"int", {}, {}, [](Types t) { return validate_number("int", t, Type::integer(), true); }, to_int_call});
  out.push_back({"float",
                 {},
                 {},
                 [](Types t) { return validate_number("float", t, Type::float64(), true); },
                 to_float_call});
  out.push_back({"max",
                 {},
                 {},
                 [](Types t) { return validate_aggregate("max", t); },
                 [](Args a, Meter& m) { return Extreme("max", true, m).of(a); }});
  out.push_back({"min",
                 {},
                 {},
                 [](Types t) { return validate_aggregate("min", t); },
                 [](Args a, Meter& m) { return Extreme("min", false, m).of(a); }});
  out.push_back({"mean", {}, {}, [](Types t) { return validate_aggregate("mean", t); }, mean_call});
  out.push_back({"median", {}, {}, [](Types t) { return validate_aggregate("median", t); }, median_call});
  add_bits(out);
}

}  // namespace skiff::spec::expr
