// The methods that Go's time.Time, time.Duration, time.Month, time.Weekday and *time.Location have.
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <span>

#include "spec/expr/ops.h"
#include "spec/expr/text.h"
#include "spec/expr/time.h"

namespace skiff::spec::expr {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

using Args = std::span<const Value>;

struct Method {
  std::string_view name;
  const Type* type;
  Result<Value> (*call)(const Value& self, Args args);
};

class Location final : public Opaque {
 public:
  explicit Location(const Zone* zone) : zone_(zone) {}
  [[nodiscard]] const Type* type() const override { return location_type(); }
  [[nodiscard]] std::string to_text() const override { return zone_name(zone_); }
  [[nodiscard]] Result<Json> to_json() const override { return Json::object(); }
  [[nodiscard]] const Zone* zone() const { return zone_; }

 private:
  const Zone* zone_;
};

Value int64_value(std::int64_t n) { return Value::integer(n, IntType::int64); }

std::int64_t wrap(std::uint64_t n) { return static_cast<std::int64_t>(n); }

/// Seconds since the epoch times `scale`, plus the nanoseconds in that unit; wraps as in Go.
Value unix_scaled(const Value& self, std::int64_t scale) {
  const Time& t = self.as_time();
  return int64_value(wrap(static_cast<std::uint64_t>(t.seconds) * static_cast<std::uint64_t>(scale) +
                          static_cast<std::uint64_t>(t.nanoseconds / (kSecond / scale))));
}

__extension__ using Wide = __int128;

/// Time.Truncate and Round work on the absolute time since year 1, not on the clock.
Time truncated(const Time& t, std::int64_t d, bool round) {
  if (d <= 0) return t;
  constexpr std::int64_t kYearOne = -62'135'596'800;
  const Wide since = (static_cast<Wide>(t.seconds) - kYearOne) * kSecond + t.nanoseconds;
  Wide rest = since % d;
  if (rest < 0) rest += d;
  const auto r = static_cast<std::int64_t>(rest);
  if (round && r >= d - r) return add(t, d - r);
  return add(t, -r);
}

std::int64_t rounded_duration(std::int64_t d, std::int64_t m) {
  if (m <= 0) return d;
  const std::int64_t r = d % m;
  const std::int64_t magnitude = r < 0 ? -r : r;
  const bool up = magnitude >= m - magnitude;
  std::int64_t out = 0;
  if (d < 0) return !up ? d - r : __builtin_sub_overflow(d - r, m, &out) ? INT64_MIN : out;
  return !up ? d - r : __builtin_add_overflow(d - r, m, &out) ? INT64_MAX : out;
}

Value with_zone(const Value& self, const Zone* zone) {
  Time t = self.as_time();
  t.zone = zone;
  return Value::time(t);
}

Value hours(const Value& self, std::int64_t unit) {
  const std::int64_t d = self.as_duration();
  return {static_cast<double>(d / unit) + static_cast<double>(d % unit) / static_cast<double>(unit)};
}

const Type* fn(std::vector<const Type*> in, const Type* out) { return Type::function(std::move(in), out); }

std::vector<Method> calendar_methods() {
  const Type* to_i = fn({}, Type::integer());
  const Type* to_i64 = fn({}, Type::integer(IntType::int64));
  return {
      {"Year", to_i, [](const Value& s, Args) -> Result<Value> { return Value(civil(s.as_time()).year); }},
      {"Month", fn({}, Type::integer(IntType::month)),
       [](const Value& s, Args) -> Result<Value> {
         return Value::integer(civil(s.as_time()).month, IntType::month);
       }},
      {"Day", to_i, [](const Value& s, Args) -> Result<Value> { return Value(civil(s.as_time()).day); }},
      {"Weekday", fn({}, Type::integer(IntType::weekday)),
       [](const Value& s, Args) -> Result<Value> {
         return Value::integer(civil(s.as_time()).weekday, IntType::weekday);
       }},
      {"YearDay", to_i,
       [](const Value& s, Args) -> Result<Value> { return Value(civil(s.as_time()).yearday); }},
      {"Hour", to_i, [](const Value& s, Args) -> Result<Value> { return Value(civil(s.as_time()).hour); }},
      {"Minute", to_i,
       [](const Value& s, Args) -> Result<Value> { return Value(civil(s.as_time()).minute); }},
      {"Second", to_i,
       [](const Value& s, Args) -> Result<Value> { return Value(civil(s.as_time()).second); }},
      {"ISOWeek", to_i,  // of Go's two results, the week's year and number, an expression sees the first
       [](const Value& s, Args) -> Result<Value> {
         const Time& t = s.as_time();
         const int from_thursday = (civil(t).weekday + 6) % 7 - 3;
         return Value(civil(add(t, -from_thursday * 86'400 * kSecond)).year);
       }},
      {"Nanosecond", to_i,
       [](const Value& s, Args) -> Result<Value> { return Value(s.as_time().nanoseconds); }},
      {"Unix", to_i64,
       [](const Value& s, Args) -> Result<Value> { return int64_value(s.as_time().seconds); }},
      {"UnixMilli", to_i64, [](const Value& s, Args) -> Result<Value> { return unix_scaled(s, 1'000); }},
      {"UnixMicro", to_i64, [](const Value& s, Args) -> Result<Value> { return unix_scaled(s, 1'000'000); }},
      {"UnixNano", to_i64, [](const Value& s, Args) -> Result<Value> { return unix_scaled(s, kSecond); }},
  };
}

std::vector<Method> time_methods() {
  const Type* time = Type::time();
  const Type* duration = Type::duration();
  const Type* i = Type::integer();
  const Type* compare = fn({time}, Type::boolean());
  std::vector<Method> all = calendar_methods();
  const std::vector<Method> more = {
      {"Format", fn({Type::string()}, Type::string()),
       [](const Value& s, Args a) -> Result<Value> {
         return Value(format_time(s.as_time(), a[0].as_string()));
       }},
      {"String", fn({}, Type::string()),
       [](const Value& s, Args) -> Result<Value> { return Value(time_text(s.as_time())); }},
      {"Add", fn({duration}, time),
       [](const Value& s, Args a) -> Result<Value> {
         return Value::time(add(s.as_time(), a[0].as_duration()));
       }},
      {"AddDate", fn({i, i, i}, time),
       [](const Value& s, Args a) -> Result<Value> {
         const Civil c = civil(s.as_time());
         const auto plus = [](std::int64_t x, const Value& y) {
           return wrap(static_cast<std::uint64_t>(x) + static_cast<std::uint64_t>(y.as_int()));
         };
         return Value::time(make_time(plus(c.year, a[0]), plus(c.month, a[1]), plus(c.day, a[2]), c.hour,
                                      c.minute, c.second, c.nanosecond, s.as_time().zone));
       }},
      {"Sub", fn({time}, duration),
       [](const Value& s, Args a) -> Result<Value> {
         return Value::duration(subtract(s.as_time(), a[0].as_time()));
       }},
      {"After", compare,
       [](const Value& s, Args a) -> Result<Value> { return Value(a[0].as_time().before(s.as_time())); }},
      {"Before", compare,
       [](const Value& s, Args a) -> Result<Value> { return Value(s.as_time().before(a[0].as_time())); }},
      {"Equal", compare,
       [](const Value& s, Args a) -> Result<Value> {
         return Value(s.as_time().same_instant(a[0].as_time()));
       }},
      {"Compare", fn({time}, i),
       [](const Value& s, Args a) -> Result<Value> {
         if (s.as_time().same_instant(a[0].as_time())) return Value(0);
         return Value(s.as_time().before(a[0].as_time()) ? -1 : 1);
       }},
      {"IsZero", fn({}, Type::boolean()),
       [](const Value& s, Args) -> Result<Value> {
         return Value(s.as_time().same_instant(Value::zero(Type::time()).as_time()));
       }},
      {"IsDST", fn({}, Type::boolean()),
       [](const Value& s, Args) -> Result<Value> { return Value(civil(s.as_time()).daylight_saving); }},
      {"UTC", fn({}, time), [](const Value& s, Args) -> Result<Value> { return with_zone(s, utc_zone()); }},
      {"Local", fn({}, time),
       [](const Value& s, Args) -> Result<Value> { return with_zone(s, local_zone()); }},
      {"In", fn({location_type()}, time),
       [](const Value& s, Args a) -> Result<Value> {
         const Zone* zone = as_location(a[0]);
         if (zone == nullptr) return fail("time: missing Location in call to Time.In");
         return with_zone(s, zone);
       }},
      {"Location", fn({}, location_type()),
       [](const Value& s, Args) -> Result<Value> { return location_value(s.as_time().zone); }},
      {"Zone", fn({}, Type::string()),
       [](const Value& s, Args) -> Result<Value> { return Value(civil(s.as_time()).zone); }},
      {"Truncate", fn({duration}, time),
       [](const Value& s, Args a) -> Result<Value> {
         return Value::time(truncated(s.as_time(), a[0].as_duration(), false));
       }},
      {"Round", fn({duration}, time),
       [](const Value& s, Args a) -> Result<Value> {
         return Value::time(truncated(s.as_time(), a[0].as_duration(), true));
       }},
  };
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<Method> duration_methods() {
  const Type* real = fn({}, Type::float64());
  const Type* whole = fn({}, Type::integer(IntType::int64));
  const Type* d = Type::duration();
  return {
      {"Hours", real, [](const Value& s, Args) -> Result<Value> { return hours(s, 3'600 * kSecond); }},
      {"Minutes", real, [](const Value& s, Args) -> Result<Value> { return hours(s, 60 * kSecond); }},
      {"Seconds", real, [](const Value& s, Args) -> Result<Value> { return hours(s, kSecond); }},
      {"Milliseconds", whole,
       [](const Value& s, Args) -> Result<Value> { return int64_value(s.as_duration() / 1'000'000); }},
      {"Microseconds", whole,
       [](const Value& s, Args) -> Result<Value> { return int64_value(s.as_duration() / 1'000); }},
      {"Nanoseconds", whole,
       [](const Value& s, Args) -> Result<Value> { return int64_value(s.as_duration()); }},
      {"String", fn({}, Type::string()),
       [](const Value& s, Args) -> Result<Value> { return Value(duration_text(s.as_duration())); }},
      {"Round", fn({d}, d),
       [](const Value& s, Args a) -> Result<Value> {
         return Value::duration(rounded_duration(s.as_duration(), a[0].as_duration()));
       }},
      {"Truncate", fn({d}, d),
       [](const Value& s, Args a) -> Result<Value> {
         const std::int64_t m = a[0].as_duration();
         return Value::duration(m <= 0 ? s.as_duration() : s.as_duration() - s.as_duration() % m);
       }},
      {"Abs", fn({}, d),
       [](const Value& s, Args) -> Result<Value> {
         const std::int64_t n = s.as_duration();
         return Value::duration(n == INT64_MIN ? INT64_MAX : std::abs(n));
       }},
  };
}

std::vector<Method> text_method() {
  return {{"String", fn({}, Type::string()),
           [](const Value& s, Args) -> Result<Value> { return Value(s.to_text()); }}};
}

const std::vector<Method>& methods_of(const Type* type) {
  static const std::vector<Method> none;
  static const std::vector<Method> time = time_methods();
  static const std::vector<Method> duration = duration_methods();
  static const std::vector<Method> text = text_method();
  if (type == nullptr) return none;
  if (type->kind == Kind::time) return time;
  if (type->kind == Kind::duration) return duration;
  const bool named_int = type->kind == Kind::integer && type->int_type >= IntType::month;
  return named_int || type == location_type() ? text : none;
}

const Method* find_method(const Type* type, std::string_view name) {
  for (const Method& m : methods_of(type)) {
    if (m.name == name) return &m;
  }
  return nullptr;
}

}  // namespace

const Type* location_type() {
  static const Type* const t = Type::opaque("*time.Location");
  return t;
}

Value location_value(const Zone* zone) {
  return Value::opaque(std::make_shared<const Location>(zone == nullptr ? utc_zone() : zone));
}

const Zone* as_location(const Value& v) {
  if (!v.is_opaque()) return nullptr;
  const auto* location = dynamic_cast<const Location*>(&v.as_opaque());
  return location == nullptr ? nullptr : location->zone();
}

const Type* method_type(const Type* type, std::string_view name) {
  const Method* m = find_method(type, name);
  return m == nullptr ? nullptr : m->type;
}

bool has_methods(const Type* type) { return !methods_of(type).empty(); }

Value bound_method(const Value& v, std::string_view name) {
  if (v.is_opaque()) {
    Value member = v.as_opaque().member(name);
    if (!member.is_nil()) return member;
  }
  const Method* m = find_method(v.type(), name);
  if (m == nullptr) return {};
  return Value::function(
      {std::string(name), m->type, [v, call = m->call](Args args) { return call(v, args); }});
}

}  // namespace skiff::spec::expr
