// Go's time.Time and time.Location as far as expressions can see them.
//
// A Time is an instant with a zone to show it in. Zones are interned and live as long as the process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spec/expr/result.h"

namespace skiff::spec::expr {

class Zone;

struct Time {
  std::int64_t seconds = 0;      ///< since 1970-01-01T00:00:00Z
  std::int32_t nanoseconds = 0;  ///< 0 .. 999'999'999
  const Zone* zone = nullptr;    ///< nullptr is UTC
  /// The same instant, whatever the zones.
  [[nodiscard]] bool same_instant(const Time& o) const {
    return seconds == o.seconds && nanoseconds == o.nanoseconds;
  }
  [[nodiscard]] bool before(const Time& o) const {
    return seconds != o.seconds ? seconds < o.seconds : nanoseconds < o.nanoseconds;
  }
};

/// A time's calendar fields in its zone (proleptic Gregorian, as Go).
struct Civil {
  std::int64_t year = 1970;
  int month = 1, day = 1, hour = 0, minute = 0, second = 0, nanosecond = 0;
  int weekday = 4;   ///< 0 is Sunday
  int yearday = 1;   ///< 1 .. 366
  int offset = 0;    ///< seconds east of UTC
  std::string zone;  ///< abbreviation, e.g. "CEST", "+03", "UTC"
  bool daylight_saving = false;
};

[[nodiscard]] const Zone* utc_zone();
[[nodiscard]] const Zone* local_zone();
/// A zone with a constant offset; an empty name is shown as +hhmm.
[[nodiscard]] const Zone* fixed_zone(const std::string& name, int offset_seconds);
/// time.LoadLocation: "", "UTC", "Local" or an IANA name.
[[nodiscard]] Result<const Zone*> load_zone(std::string_view name);
/// Location.String(): "UTC", "Local", "Europe/Zurich".
[[nodiscard]] std::string zone_name(const Zone* zone);

[[nodiscard]] Civil civil(const Time& t);
/// time.Date: fields may be out of their range and are normalised.
[[nodiscard]] Time make_time(std::int64_t year, std::int64_t month, std::int64_t day, std::int64_t hour,
                             std::int64_t minute, std::int64_t second, std::int64_t nanosecond,
                             const Zone* zone);
[[nodiscard]] Time now();
/// t + nanoseconds.
[[nodiscard]] Time add(const Time& t, std::int64_t nanoseconds);
/// a - b in nanoseconds, cut to what a Duration can hold.
[[nodiscard]] std::int64_t subtract(const Time& a, const Time& b);

/// time.ParseInLocation with a Go layout ("2006-01-02 15:04"); text without a zone is in `zone`. Without a
/// zone it is time.Parse: UTC.
[[nodiscard]] Result<Time> parse_time(std::string_view layout, std::string_view text, const Zone* zone);
/// Time.Format with a Go layout.
[[nodiscard]] std::string format_time(const Time& t, std::string_view layout);
/// Time.String(): "2006-01-02 15:04:05.999999999 -0700 MST".
[[nodiscard]] std::string time_text(const Time& t);
/// What encoding/json writes; nothing if the year is not in 0 .. 9999.
[[nodiscard]] std::optional<std::string> time_json(const Time& t);

/// time.ParseDuration: "1h15m30.918s".
[[nodiscard]] Result<std::int64_t> parse_duration(std::string_view text);
/// Duration.String(): "1h15m30.918s".
[[nodiscard]] std::string duration_text(std::int64_t nanoseconds);

inline constexpr std::string_view kRfc3339 = "2006-01-02T15:04:05Z07:00";
inline constexpr std::string_view kRfc3339Nano = "2006-01-02T15:04:05.999999999Z07:00";

}  // namespace skiff::spec::expr
