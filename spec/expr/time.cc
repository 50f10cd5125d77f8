// Zones (through the date library's time zone database) and calendar arithmetic.
#include "spec/expr/time.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <mutex>

namespace skiff::spec::expr {

class Zone {
 public:
  std::string name;
  std::string abbreviation;
  const date::time_zone* rules = nullptr;  ///< null for a constant offset
  int offset = 0;
};

namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kSecond = 1'000'000'000;

struct Span {
  int offset = 0;
  std::string abbreviation;
  std::int64_t begin = std::numeric_limits<std::int64_t>::min();
  std::int64_t end = std::numeric_limits<std::int64_t>::max();
  bool daylight_saving = false;
};

/// What holds at an instant. Beyond the years 1 to 9999 the rules of their ends hold.
Span lookup(const Zone* zone, std::int64_t seconds) {
  if (zone == nullptr) return {0, "UTC"};
  if (zone->rules == nullptr) return {zone->offset, zone->abbreviation};
  const std::int64_t t = std::clamp<std::int64_t>(seconds, -62'135'596'800, 253'370'764'800);
  const auto info = zone->rules->get_info(date::sys_seconds(std::chrono::seconds(t)));
  return {static_cast<int>(info.offset.count()), info.abbrev, info.begin.time_since_epoch().count(),
          info.end.time_since_epoch().count(), info.save.count() != 0};
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

std::int64_t wrap_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

std::int64_t wrap_multiply(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar; month is 1 to 12, day may be
/// anything.
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::int64_t y = year - (month <= 2 ? 1 : 0);
  const std::int64_t era = floor_div(y, 400);
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return wrap_add(era * 146'097 + day_of_era - 719'468, day - 1);
}

/// The zones made so far, by name; they are never given back.
class Zones {
 public:
  static Zones& instance() {
    static Zones all;
    return all;
  }
  const Zone* get(Zone z) {
    const std::string key =
        fmt::format("{}\n{}\n{}", z.name, z.abbreviation, z.rules != nullptr ? 1 << 30 : z.offset);
    const std::lock_guard lock(mutex_);
    auto& slot = zones_[key];
    if (!slot) slot = std::make_unique<const Zone>(std::move(z));
    return slot.get();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<const Zone>> zones_;
};

const date::time_zone* find_rules(const std::string& name) {
  try {
    return date::locate_zone(name);
  } catch (const std::exception&) {
    return nullptr;
  }
}

}  // namespace

const Zone* utc_zone() {
  static const Zone* const z = Zones::instance().get({"UTC", "UTC", nullptr, 0});
  return z;
}

const Zone* local_zone() {
  static const Zone* const z = [] {
    const char* tz = std::getenv("TZ");
    const date::time_zone* rules = nullptr;
    std::string name = "Local";
    if (tz != nullptr) {
      name = *tz == ':' ? tz + 1 : tz;
      rules = name == "UTC" ? nullptr : find_rules(name);
    } else {
      try {
        rules = date::current_zone();
      } catch (const std::exception&) {
        rules = nullptr;  // no /etc/localtime: Go takes UTC
      }
    }
    return Zones::instance().get({rules == nullptr ? "UTC" : name, "UTC", rules, 0});
  }();
  return z;
}

const Zone* fixed_zone(const std::string& name, int offset_seconds) {
  return Zones::instance().get({name, name, nullptr, offset_seconds});
}

Result<const Zone*> load_zone(std::string_view name) {
  if (name.empty() || name == "UTC") return utc_zone();
  if (name == "Local") return local_zone();
  const date::time_zone* rules = find_rules(std::string(name));
  if (rules == nullptr) {
    return fail(fmt::format("unknown time zone {}", name),
                "use a name of the IANA database such as Europe/Zurich");
  }
  return Zones::instance().get({std::string(name), "", rules, 0});
}

std::string zone_name(const Zone* zone) { return zone == nullptr ? "UTC" : zone->name; }

Civil civil(const Time& t) {
  const Span span = lookup(t.zone, t.seconds);
  const std::int64_t local = wrap_add(t.seconds, span.offset);
  const std::int64_t days = floor_div(local, kDay);
  const std::int64_t rest = local - days * kDay;
  Civil c;
  const std::int64_t z = days + 719'468;
  const std::int64_t era = floor_div(z, 146'097);
  const std::int64_t day_of_era = z - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t m = (5 * day_of_year + 2) / 153;
  c.day = static_cast<int>(day_of_year - (153 * m + 2) / 5 + 1);
  c.month = static_cast<int>(m < 10 ? m + 3 : m - 9);
  c.year = year_of_era + era * 400 + (c.month <= 2 ? 1 : 0);
  c.hour = static_cast<int>(rest / 3'600);
  c.minute = static_cast<int>(rest / 60 % 60);
  c.second = static_cast<int>(rest % 60);
  c.nanosecond = t.nanoseconds;
  c.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  c.yearday = static_cast<int>(days - days_from_civil(c.year, 1, 1)) + 1;
  c.offset = span.offset;
  c.zone = span.abbreviation;
  c.daylight_saving = span.daylight_saving;
  return c;
}

Time make_time(std::int64_t year, std::int64_t month, std::int64_t day, std::int64_t hour,
               std::int64_t minute, std::int64_t second, std::int64_t nanosecond, const Zone* zone) {
  const std::int64_t month0 = wrap_add(month, -1);
  const std::int64_t y = wrap_add(year, floor_div(month0, 12));
  const std::int64_t limit = std::numeric_limits<std::int64_t>::max() / (366 * kDay * 4);
  const std::int64_t days =
      days_from_civil(std::clamp(y, -limit, limit), month0 - floor_div(month0, 12) * 12 + 1, day);
  std::int64_t seconds = wrap_multiply(days, kDay);
  seconds = wrap_add(seconds, wrap_multiply(hour, 3'600));
  seconds = wrap_add(seconds, wrap_multiply(minute, 60));
  seconds = wrap_add(seconds, wrap_add(second, floor_div(nanosecond, kSecond)));
  const auto nanos = static_cast<std::int32_t>(nanosecond - floor_div(nanosecond, kSecond) * kSecond);
  const Span span = lookup(zone, seconds);  // as if the fields were UTC; then corrected, as Go's Date does
  if (span.offset != 0) {
    const std::int64_t utc = seconds - span.offset;
    const bool valid = utc >= span.begin && utc < span.end;
    seconds -= valid ? span.offset : lookup(zone, utc).offset;
  }
  return {seconds, nanos, zone};
}

Time now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
  return {ns / kSecond, static_cast<std::int32_t>(ns % kSecond), local_zone()};
}

Time add(const Time& t, std::int64_t nanoseconds) {
  const std::int64_t nanos = t.nanoseconds + nanoseconds % kSecond;
  const std::int64_t carry = floor_div(nanos, kSecond);
  return {wrap_add(t.seconds, nanoseconds / kSecond + carry),
          static_cast<std::int32_t>(nanos - carry * kSecond), t.zone};
}

std::int64_t subtract(const Time& a, const Time& b) {
  std::int64_t seconds = 0;
  std::int64_t ns = 0;
  const bool overflow = __builtin_sub_overflow(a.seconds, b.seconds, &seconds) ||
                        __builtin_mul_overflow(seconds, kSecond, &ns) ||
                        __builtin_add_overflow(ns, std::int64_t{a.nanoseconds} - b.nanoseconds, &ns);
  if (!overflow) return ns;
  return a.before(b) ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

std::optional<int> zone_offset_by_name(const Zone* zone, std::string_view name, std::int64_t seconds) {
  constexpr std::int64_t kMonth = 30 * kDay;
  std::optional<int> elsewhere;
  for (int i = -12; i <= 12; ++i) {
    const Span span = lookup(zone, wrap_add(seconds, i * kMonth));
    if (span.abbreviation != name) continue;
    if (lookup(zone, wrap_add(seconds, -span.offset)).abbreviation == name) return span.offset;
    elsewhere = span.offset;
  }
  return elsewhere;
}

}  // namespace skiff::spec::expr
