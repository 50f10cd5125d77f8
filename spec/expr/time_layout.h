// Go's layouts ("Jan 2 15:04:05 2006 MST") cut into their elements; shared by parsing and formatting.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "spec/expr/time.h"

namespace skiff::spec::expr {

enum class Std : std::uint8_t {
  none,
  long_month,
  month,
  num_month,
  zero_month,
  long_weekday,
  weekday,
  day,
  under_day,
  zero_day,
  under_year_day,
  zero_year_day,
  hour,
  hour12,
  zero_hour12,
  minute,
  zero_minute,
  second,
  zero_second,
  long_year,
  year,
  upper_pm,
  lower_pm,
  tz,
  iso_tz,
  iso_seconds_tz,
  iso_short_tz,
  iso_colon_tz,
  iso_colon_seconds_tz,
  num_tz,
  num_seconds_tz,
  num_short_tz,
  num_colon_tz,
  num_colon_seconds_tz,
  fraction0,
  fraction9,
};

/// The next element of a layout: the text before it, what it is, the text after it.
struct LayoutPart {
  std::string_view prefix;
  Std std = Std::none;
  std::string_view suffix;
  int digits = 0;  ///< of a fraction
  char point = 0;  ///< of a fraction: '.' or ','
};

[[nodiscard]] LayoutPart next_part(std::string_view layout);

inline constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                             "May",       "June",     "July",     "August",
                                                             "September", "October",  "November", "December"};
inline constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                              "Thursday", "Friday", "Saturday"};

/// The offset that an abbreviation such as CEST has in a zone around an instant.
[[nodiscard]] std::optional<int> zone_offset_by_name(const Zone* zone, std::string_view name,
                                                     std::int64_t seconds);

}  // namespace skiff::spec::expr
