// sprig's dates. A date is a time, or an int, int32 or int64 of seconds since 1970; anything else is now.
#include <array>

#include "spec/expr/numbers.h"
#include "spec/expr/sprig_impl.h"
#include "spec/expr/time.h"

namespace skiff::spec::expr::sprig {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr Time kZero{.seconds = -62'135'596'800, .nanoseconds = 0, .zone = nullptr};  ///< Go's time.Time{}

bool is(const Value& v, IntType type) { return v.is_integer() && v.int_type() == type; }

Time as_time(const Value& v, bool int32_too) {
  if (v.is_time()) return v.as_time();
  if (is(v, IntType::int_) || is(v, IntType::int64) || (int32_too && is(v, IntType::int32))) {
    return {.seconds = v.as_int(), .nanoseconds = 0, .zone = local_zone()};
  }
  return now();
}

std::string format(std::string_view layout, const Value& date, std::string_view zone) {
  Time t = as_time(date, true);
  const auto loaded = load_zone(zone);
  t.zone = loaded.ok() ? loaded.value() : utc_zone();
  return format_time(t, layout);
}

Value modified(const Value& by, const Value& date, bool must) {
  const auto duration = parse_duration(by.as_string());
  if (duration.ok()) return Value::time(add(date.as_time(), duration.value()));
  if (must) throw Panic(duration.error().message, duration.error().hint);
  return date;
}

Value parsed(Args a, bool must) {
  const auto t = parse_time(a[0].as_string(), a[1].as_string(), local_zone());
  if (t.ok()) return Value::time(t.value());
  if (must) throw Panic(t.error().message, t.error().hint);
  return Value::time(kZero);
}

std::int64_t whole_seconds(std::int64_t ns) {
  const std::int64_t rest = ns % kSecond;
  const std::int64_t cut = ns - rest;
  if (rest * 2 >= kSecond) return cut + kSecond;
  return rest * 2 <= -kSecond ? cut - kSecond : cut;
}

std::string seconds_text(const Value& v) {
  std::int64_t n = 0;
  if (v.is_string()) n = parse_int(v.as_string(), 10).value_or(0);
  if (is(v, IntType::int64)) n = v.as_int();
  return duration_text(
      static_cast<std::int64_t>(static_cast<std::uint64_t>(n) * static_cast<std::uint64_t>(kSecond)));
}

std::string rounded(const Value& v) {
  std::int64_t d = 0;
  if (v.is_string()) {
    const auto parsed_duration = parse_duration(v.as_string());
    d = parsed_duration.ok() ? parsed_duration.value() : 0;
  } else if (is(v, IntType::int64)) {
    d = v.as_int();
  } else if (v.is_time()) {
    d = subtract(now(), v.as_time());
  }
  const std::uint64_t size = d < 0 ? 0 - static_cast<std::uint64_t>(d) : static_cast<std::uint64_t>(d);
  struct Unit {
    std::uint64_t length;
    std::string_view name;
  };
  constexpr auto kHour = static_cast<std::uint64_t>(kSecond) * 3600;
  static constexpr std::array<Unit, 6> kUnits{{{kHour * 24 * 365, "y"},
                                               {kHour * 24 * 30, "mo"},
                                               {kHour * 24, "d"},
                                               {kHour, "h"},
                                               {kHour / 60, "m"},
                                               {static_cast<std::uint64_t>(kSecond), "s"}}};
  for (const Unit& unit : kUnits) {
    if (size > unit.length) return std::to_string(size / unit.length) + std::string(unit.name);
  }
  return "0s";
}

}  // namespace

void add_dates(Table& t) {
  const Type* s = Type::string();
  const Type* any = Type::any();
  const Type* time = Type::time();
  t.add("now", {}, time, [](Args) -> Value { return Value::time(now()); });
  t.add("date", {s, any}, s, [](Args a) -> Value { return format(a[0].as_string(), a[1], "Local"); });
  t.add("dateInZone", {s, any, s}, s,
        [](Args a) -> Value { return format(a[0].as_string(), a[1], a[2].as_string()); });
  t.alias("date_in_zone", "dateInZone");
  t.add("htmlDate", {any}, s, [](Args a) -> Value { return format("2006-01-02", a[0], "Local"); });
  t.add("htmlDateInZone", {any, s}, s,
        [](Args a) -> Value { return format("2006-01-02", a[0], a[1].as_string()); });
  t.add("dateModify", {s, time}, time, [](Args a) -> Value { return modified(a[0], a[1], false); });
  t.alias("date_modify", "dateModify");
  t.add("mustDateModify", {s, time}, time, [](Args a) -> Value { return modified(a[0], a[1], true); });
  t.alias("must_date_modify", "mustDateModify");
  t.add("toDate", {s, s}, time, [](Args a) -> Value { return parsed(a, false); });
  t.add("mustToDate", {s, s}, time, [](Args a) -> Value { return parsed(a, true); });
  t.add("ago", {any}, s,
        [](Args a) -> Value { return duration_text(whole_seconds(subtract(now(), as_time(a[0], false)))); });
  t.add("duration", {any}, s, [](Args a) -> Value { return seconds_text(a[0]); });
  t.add("durationRound", {any}, s, [](Args a) -> Value { return rounded(a[0]); });
  t.add("unixEpoch", {time}, s, [](Args a) -> Value { return std::to_string(a[0].as_time().seconds); });
}

}  // namespace skiff::spec::expr::sprig
