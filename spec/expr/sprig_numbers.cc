// sprig's arithmetic: whole numbers (int64, wrapping as in Go), floats, rounding, sequences.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "spec/expr/numbers.h"
#include "spec/expr/sprig_impl.h"

namespace skiff::spec::expr::sprig {
namespace {

std::uint64_t bits(const Value& v) { return static_cast<std::uint64_t>(cast_int(v)); }
Value wrapped(std::uint64_t n) { return int64_value(static_cast<std::int64_t>(n)); }

std::int64_t divide(std::int64_t a, std::int64_t b, bool rest) {
  if (b == 0) throw Panic("integer divide by zero");
  if (b == -1) return rest ? 0 : static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(a));
  return rest ? a % b : a / b;
}

std::vector<std::int64_t> until_step(std::int64_t start, std::int64_t stop, std::int64_t step) {
  std::vector<std::int64_t> out;
  if (stop < start ? step >= 0 : step <= 0) return out;
  const __int128_t distance =
      stop < start ? static_cast<__int128_t>(start) - stop : static_cast<__int128_t>(stop) - start;
  const __int128_t stride = step < 0 ? -static_cast<__int128_t>(step) : step;
  const __int128_t count = (distance + stride - 1) / stride;
  limit_elements(count > 2'000'000 ? 2'000'000 : static_cast<std::uint64_t>(count));
  for (__int128_t i = 0; i < count; ++i) out.push_back(static_cast<std::int64_t>(start + i * step));
  return out;
}

Value int_list(const std::vector<std::int64_t>& numbers) {
  std::vector<Value> out(numbers.begin(), numbers.end());
  return Value::array(std::move(out), Type::integer());
}

std::string words(const std::vector<std::int64_t>& numbers) {
  std::string out;
  for (const std::int64_t n : numbers) {
    if (!out.empty()) out += ' ';
    out += std::to_string(n);
  }
  return out;
}

std::string seq(Args a) {
  const auto n = [&a](std::size_t i) { return a[i].as_int(); };
  switch (a.size()) {
    case 1: {
      const std::int64_t step = n(0) < 1 ? -1 : 1;
      return words(until_step(1, n(0) + step, step));
    }
    case 2: {
      const std::int64_t step = n(1) < n(0) ? -1 : 1;
      return words(until_step(n(0), n(1) + step, step));
    }
    case 3: {
      const bool down = n(2) < n(0);
      if (down && n(1) > 0) return "";
      return words(until_step(n(0), n(2) + (down ? -1 : 1), n(1)));
    }
    default:
      return "";
  }
}

double round_to(double value, std::int64_t places, double on) {
  const double pow = std::pow(10.0, static_cast<double>(places));
  const double digit = pow * value;
  double whole = 0;
  const double fraction = std::modf(digit, &whole);
  return (fraction >= on ? std::ceil(digit) : std::floor(digit)) / pow;
}

/// Go's math.Max and Min: NaN wins, and -0 is less than 0.
double float_max(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return std::isinf(a) && a > 0 ? a : std::isinf(b) && b > 0 ? b : std::nan("");
  if (a == 0 && b == 0) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}
double float_min(double a, double b) { return -float_max(-a, -b); }

void add_whole(Table& t) {
  const Type* any = Type::any();
  const Type* i64 = Type::integer(IntType::int64);
  t.add("add1", {any}, i64, [](Args a) -> Value { return wrapped(bits(a[0]) + 1); });
  t.add(
      "add", {any}, i64,
      [](Args a) -> Value {
        std::uint64_t sum = 0;
        for (const Value& v : a) sum += bits(v);
        return wrapped(sum);
      },
      kVariadic);
  t.add("sub", {any, any}, i64, [](Args a) -> Value { return wrapped(bits(a[0]) - bits(a[1])); });
  t.add(
      "mul", {any, any}, i64,
      [](Args a) -> Value {
        std::uint64_t product = 1;
        for (const Value& v : a) product *= bits(v);
        return wrapped(product);
      },
      kVariadic);
  t.add("div", {any, any}, i64,
        [](Args a) -> Value { return int64_value(divide(cast_int(a[0]), cast_int(a[1]), false)); });
  t.add("mod", {any, any}, i64,
        [](Args a) -> Value { return int64_value(divide(cast_int(a[0]), cast_int(a[1]), true)); });
  t.add(
      "max", {any, any}, i64,
      [](Args a) -> Value {
        std::int64_t best = cast_int(a[0]);
        for (const Value& v : a) best = std::max(best, cast_int(v));
        return int64_value(best);
      },
      kVariadic);
  t.alias("biggest", "max");
  t.add(
      "min", {any, any}, i64,
      [](Args a) -> Value {
        std::int64_t best = cast_int(a[0]);
        for (const Value& v : a) best = std::min(best, cast_int(v));
        return int64_value(best);
      },
      kVariadic);
}

void add_floats(Table& t) {
  const Type* any = Type::any();
  const Type* f = Type::float64();
  t.add(
      "maxf", {any, any}, f,
      [](Args a) -> Value {
        double best = cast_float(a[0]);
        for (const Value& v : a.subspan(1)) best = float_max(best, cast_float(v));
        return {best};
      },
      kVariadic);
  t.add(
      "minf", {any, any}, f,
      [](Args a) -> Value {
        double best = cast_float(a[0]);
        for (const Value& v : a.subspan(1)) best = float_min(best, cast_float(v));
        return {best};
      },
      kVariadic);
  t.add("ceil", {any}, f, [](Args a) -> Value { return {std::ceil(cast_float(a[0]))}; });
  t.add("floor", {any}, f, [](Args a) -> Value { return {std::floor(cast_float(a[0]))}; });
  t.add(
      "round", {any, Type::integer(), f}, f,
      [](Args a) -> Value {
        return {round_to(cast_float(a[0]), a[1].as_int(), a.size() > 2 ? a[2].as_float() : 0.5)};
      },
      kVariadic);
}

/// What strconv.Atoi returns beside its error: 0 for a text that is no number, the limit for one too large.
std::int64_t number_or_limit(std::string_view text) {
  if (const auto n = parse_int(text)) return *n;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::uint64_t size = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), size);
  const bool whole = stop == text.data() + text.size() && !text.empty();
  if (code != std::errc::result_out_of_range && !whole) return 0;
  return negative ? INT64_MIN : INT64_MAX;
}

void add_conversions(Table& t) {
  const Type* any = Type::any();
  const Type* i = Type::integer();
  const Type* i64 = Type::integer(IntType::int64);
  t.add("int", {any}, i, [](Args a) -> Value { return {cast_int(a[0])}; });
  t.add("int64", {any}, i64, [](Args a) -> Value { return int64_value(cast_int(a[0])); });
  t.add("float64", {any}, Type::float64(), [](Args a) -> Value { return {cast_float(a[0])}; });
  t.add("atoi", {Type::string()}, i, [](Args a) -> Value { return {number_or_limit(a[0].as_string())}; });
  t.add("toDecimal", {any}, i64,
        [](Args a) -> Value { return int64_value(parse_int(a[0].to_text(), 8).value_or(0)); });
}

}  // namespace

void add_numbers(Table& t) {
  const Type* i = Type::integer();
  const Type* list = Type::array(i);
  add_whole(t);
  add_floats(t);
  add_conversions(t);
  t.add("until", {i}, list,
        [](Args a) -> Value { return int_list(until_step(0, a[0].as_int(), a[0].as_int() < 0 ? -1 : 1)); });
  t.add("untilStep", {i, i, i}, list,
        [](Args a) -> Value { return int_list(until_step(a[0].as_int(), a[1].as_int(), a[2].as_int())); });
  t.add(
      "seq", {i}, Type::string(), [](Args a) -> Value { return seq(a); }, kVariadic);
}

}  // namespace skiff::spec::expr::sprig
