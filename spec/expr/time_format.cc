// Layout elements and Time.Format.
#include <fmt/format.h>

#include <cstdlib>

#include "spec/expr/time_layout.h"

namespace skiff::spec::expr {
namespace {

struct Element {
  std::string_view text;
  Std std;
};

/// In the order in which they are tried: a longer element before its own beginning.
constexpr std::array kElements = {
    Element{"January", Std::long_month},
    Element{"Jan", Std::month},
    Element{"Monday", Std::long_weekday},
    Element{"Mon", Std::weekday},
    Element{"MST", Std::tz},
    Element{"002", Std::zero_year_day},
    Element{"01", Std::zero_month},
    Element{"02", Std::zero_day},
    Element{"03", Std::zero_hour12},
    Element{"04", Std::zero_minute},
    Element{"05", Std::zero_second},
    Element{"06", Std::year},
    Element{"15", Std::hour},
    Element{"1", Std::num_month},
    Element{"2006", Std::long_year},
    Element{"2", Std::day},
    Element{"__2", Std::under_year_day},
    Element{"_2", Std::under_day},
    Element{"3", Std::hour12},
    Element{"4", Std::minute},
    Element{"5", Std::second},
    Element{"PM", Std::upper_pm},
    Element{"pm", Std::lower_pm},
    Element{"-070000", Std::num_seconds_tz},
    Element{"-07:00:00", Std::num_colon_seconds_tz},
    Element{"-0700", Std::num_tz},
    Element{"-07:00", Std::num_colon_tz},
    Element{"-07", Std::num_short_tz},
    Element{"Z070000", Std::iso_seconds_tz},
    Element{"Z07:00:00", Std::iso_colon_seconds_tz},
    Element{"Z0700", Std::iso_tz},
    Element{"Z07:00", Std::iso_colon_tz},
    Element{"Z07", Std::iso_short_tz},
};

bool lower_case_follows(std::string_view s) { return !s.empty() && s[0] >= 'a' && s[0] <= 'z'; }

bool digit_at(std::string_view s, std::size_t i) { return i < s.size() && s[i] >= '0' && s[i] <= '9'; }

bool is_iso(Std s) { return s >= Std::iso_tz && s <= Std::iso_colon_seconds_tz; }

void append_offset(std::string& out, Std std, int offset) {
  if (offset == 0 && is_iso(std)) {
    out += 'Z';
    return;
  }
  const int seconds = std::abs(offset);
  const bool colon = std == Std::iso_colon_tz || std == Std::num_colon_tz ||
                     std == Std::iso_colon_seconds_tz || std == Std::num_colon_seconds_tz;
  const bool with_seconds = std == Std::iso_seconds_tz || std == Std::num_seconds_tz ||
                            std == Std::iso_colon_seconds_tz || std == Std::num_colon_seconds_tz;
  out += offset < 0 ? '-' : '+';
  out += fmt::format("{:02}", seconds / 3'600);
  if (std == Std::num_short_tz || std == Std::iso_short_tz) return;
  out += fmt::format("{}{:02}", colon ? ":" : "", seconds / 60 % 60);
  if (with_seconds) out += fmt::format("{}{:02}", colon ? ":" : "", seconds % 60);
}

void append_fraction(std::string& out, const LayoutPart& part, int nanosecond) {
  std::string digits = fmt::format("{:09}", nanosecond);
  digits.resize(std::min<std::size_t>(9, static_cast<std::size_t>(part.digits)));
  if (part.std == Std::fraction9) {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.empty()) return;
  }
  out += part.point;
  out += digits;
}

std::string year_text(std::int64_t year, int width) {
  return year < 0 ? fmt::format("-{:0{}}", -year, width) : fmt::format("{:0{}}", year, width);
}

void append_part(std::string& out, const LayoutPart& part, const Civil& c) {
  const int hour12 = c.hour % 12 == 0 ? 12 : c.hour % 12;
  switch (part.std) {
    case Std::none:
      return;
    case Std::long_month:
      out += kMonths[static_cast<std::size_t>(c.month - 1)];
      return;
    case Std::month:
      out += kMonths[static_cast<std::size_t>(c.month - 1)].substr(0, 3);
      return;
    case Std::num_month:
      out += std::to_string(c.month);
      return;
    case Std::zero_month:
      out += fmt::format("{:02}", c.month);
      return;
    case Std::long_weekday:
      out += kWeekdays[static_cast<std::size_t>(c.weekday)];
      return;
    case Std::weekday:
      out += kWeekdays[static_cast<std::size_t>(c.weekday)].substr(0, 3);
      return;
    case Std::day:
      out += std::to_string(c.day);
      return;
    case Std::under_day:
      out += fmt::format("{:2}", c.day);
      return;
    case Std::zero_day:
      out += fmt::format("{:02}", c.day);
      return;
    case Std::under_year_day:
      out += fmt::format("{:3}", c.yearday);
      return;
    case Std::zero_year_day:
      out += fmt::format("{:03}", c.yearday);
      return;
    case Std::hour:
      out += fmt::format("{:02}", c.hour);
      return;
    case Std::hour12:
      out += std::to_string(hour12);
      return;
    case Std::zero_hour12:
      out += fmt::format("{:02}", hour12);
      return;
    case Std::minute:
      out += std::to_string(c.minute);
      return;
    case Std::zero_minute:
      out += fmt::format("{:02}", c.minute);
      return;
    case Std::second:
      out += std::to_string(c.second);
      return;
    case Std::zero_second:
      out += fmt::format("{:02}", c.second);
      return;
    case Std::long_year:
      out += year_text(c.year, 4);
      return;
    case Std::year:
      out += fmt::format("{:02}", (c.year < 0 ? -c.year : c.year) % 100);
      return;
    case Std::upper_pm:
      out += c.hour >= 12 ? "PM" : "AM";
      return;
    case Std::lower_pm:
      out += c.hour >= 12 ? "pm" : "am";
      return;
    case Std::tz:
      if (c.zone.empty()) {
        append_offset(out, Std::num_tz, c.offset);
      } else {
        out += c.zone;
      }
      return;
    case Std::fraction0:
    case Std::fraction9:
      append_fraction(out, part, c.nanosecond);
      return;
    default:
      append_offset(out, part.std, c.offset);
      return;
  }
}

}  // namespace

LayoutPart next_part(std::string_view layout) {
  for (std::size_t i = 0; i < layout.size(); ++i) {
    const std::string_view rest = layout.substr(i);
    if (rest.starts_with("_2006")) return {layout.substr(0, i + 1), Std::long_year, layout.substr(i + 5)};
    for (const Element& e : kElements) {
      if (!rest.starts_with(e.text)) continue;
      const std::string_view after = rest.substr(e.text.size());
      const bool short_name = e.std == Std::month || e.std == Std::weekday;
      if (short_name && lower_case_follows(after)) continue;
      return {layout.substr(0, i), e.std, after};
    }
    const char c = rest[0];
    if ((c == '.' || c == ',') && rest.size() > 1 && (rest[1] == '0' || rest[1] == '9')) {
      std::size_t end = 1;
      while (end < rest.size() && rest[end] == rest[1]) ++end;
      if (!digit_at(rest, end)) {
        return {layout.substr(0, i), rest[1] == '0' ? Std::fraction0 : Std::fraction9, rest.substr(end),
                static_cast<int>(end - 1), c};
      }
    }
  }
  return {layout, Std::none, ""};
}

std::string format_time(const Time& t, std::string_view layout) {
  const Civil c = civil(t);
  std::string out;
  for (;;) {
    const LayoutPart part = next_part(layout);
    out += part.prefix;
    if (part.std == Std::none) return out;
    append_part(out, part, c);
    layout = part.suffix;
  }
}

std::string time_text(const Time& t) { return format_time(t, "2006-01-02 15:04:05.999999999 -0700 MST"); }

std::optional<std::string> time_json(const Time& t) {
  const std::int64_t year = civil(t).year;
  if (year < 0 || year > 9'999) return std::nullopt;
  return format_time(t, kRfc3339Nano);
}

}  // namespace skiff::spec::expr
