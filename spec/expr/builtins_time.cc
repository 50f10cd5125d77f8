// Builtins on time: now, duration, date, timezone.
#include <array>

#include "spec/expr/builtins_check.h"
#include "spec/expr/time.h"

namespace skiff::spec::expr {
namespace {

/// The layouts that date() tries, in this order.
constexpr std::array<std::string_view, 7> kLayouts = {"2006-01-02",
                                                      "15:04:05",
                                                      "2006-01-02 15:04:05",
                                                      "2006-01-02T15:04:05Z07:00",
                                                      "02 Jan 06 15:04 MST",
                                                      "Monday, 02-Jan-06 15:04:05 MST",
                                                      "Mon, 02 Jan 2006 15:04:05 MST"};

bool is_location(const Type* t) { return t != nullptr && t == location_type(); }

const Type* validate_now(Types t) {
  if (t.empty() || (t.size() == 1 && is_location(t[0]))) return Type::time();
  throw Panic(fmt::format("invalid number of arguments (expected 0, got {})", t.size()));
}

const Type* validate_date(Types t) {
  if (t.empty()) throw Panic("invalid number of arguments (expected at least 1, got 0)");
  const std::size_t n = is_location(t[0]) ? t.size() - 1 : t.size();
  if (n > 3) throw Panic(fmt::format("invalid number of arguments (expected at most 3, got {})", n));
  return Type::time();
}

Value now_call(Args a, Meter&) {
  Time t = now();
  if (!a.empty()) t.zone = as_location(a[0]);
  return Value::time(t);
}

Value parsed(std::string_view layout, const std::string& text, const Zone* zone) {
  auto t = parse_time(layout, text, zone);
  if (!t) throw Panic(t.error().message);
  return Value::time(t.value());
}

Value date_call(Args a, Meter&) {
  const Zone* zone = as_location(a[0]);
  if (zone != nullptr) a = a.subspan(1);
  if (a.empty()) throw Panic("date needs a text to read");
  const std::string& text = text_arg("date", a[0]);
  if (a.size() == 2) return parsed(text_arg("date", a[1]), text, zone);
  if (a.size() == 3) {
    const auto named = load_zone(text_arg("date", a[2]));
    if (!named) throw Panic(named.error().message, named.error().hint);
    return parsed(text_arg("date", a[1]), text, named.value());
  }
  for (const std::string_view layout : kLayouts) {
    auto t = parse_time(layout, text, zone);
    if (t) return Value::time(t.value());
  }
  throw Panic(
      fmt::format("invalid date {}", text),
      "write it as 2006-01-02, 15:04:05, 2006-01-02 15:04:05 or RFC 3339, or give its layout: date(text, "
      "'02.01.2006')");
}

Value duration_call(Args a, Meter&) {
  const auto d = parse_duration(text_arg("duration", a[0]));
  if (!d) throw Panic(d.error().message, d.error().hint);
  return Value::duration(d.value());
}

Value timezone_call(Args a, Meter&) {
  const auto zone = load_zone(text_arg("timezone", a[0]));
  if (!zone) throw Panic(zone.error().message, zone.error().hint);
  return location_value(zone.value());
}

}  // namespace

void add_time_builtins(std::vector<Builtin>& out) {
  const Type* s = Type::string();
  out.push_back({"now", {}, {}, validate_now, now_call});
  out.push_back({"duration", {}, {Type::function({s}, Type::duration())}, {}, duration_call});
  out.push_back({"date", {}, {}, validate_date, date_call});
  out.push_back({"timezone", {}, {Type::function({s}, location_type())}, {}, timezone_call});
}

}  // namespace skiff::spec::expr
