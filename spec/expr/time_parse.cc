// time.Parse and time.ParseInLocation: text by a Go layout to an instant.
#include <fmt/format.h>

#include <charconv>

#include "spec/expr/limits.h"
#include "spec/expr/time_layout.h"

namespace skiff::spec::expr {
namespace {

constexpr std::array<int, 13> kDaysBefore = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

bool is_leap(std::int64_t y) { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0); }

int days_in(int month, std::int64_t year) {
  if (month == 2 && is_leap(year)) return 29;
  const auto m = static_cast<std::size_t>(month);
  return kDaysBefore[m] - kDaysBefore[m - 1];
}

bool digit_at(std::string_view s, std::size_t i) { return i < s.size() && s[i] >= '0' && s[i] <= '9'; }

bool comma_or_point(char c) { return c == '.' || c == ','; }

char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

class TimeParser {
 public:
  TimeParser(std::string_view layout, std::string_view text, const Zone* default_zone, const Zone* local)
      : full_layout_(layout), text_(text), value_(text), default_zone_(default_zone), local_(local) {}

  Time run() {
    std::string_view layout = full_layout_;
    for (;;) {
      const LayoutPart part = next_part(layout);
      skip(part.prefix);
      if (part.std == Std::none) {
        if (!value_.empty()) bad(fmt::format("extra text: \"{}\"", value_));
        break;
      }
      layout = part.suffix;
      element(part, layout);
    }
    finish_date();
    return finish_zone();
  }

 private:
  [[noreturn]] void bad(const std::string& why = "") const {
    const std::string what = why.empty() ? fmt::format("cannot read \"{}\"", value_) : why;
    throw Panic(fmt::format("parsing time \"{}\" as \"{}\": {}", text_, full_layout_, what));
  }
  [[noreturn]] void out_of_range(std::string_view what) const { bad(fmt::format("{} out of range", what)); }

  void cut_spaces() {
    while (value_.starts_with(' ')) value_.remove_prefix(1);
  }

  void skip(std::string_view prefix) {
    while (!prefix.empty()) {
      if (prefix[0] == ' ') {
        if (!value_.empty() && value_[0] != ' ') bad();
        while (prefix.starts_with(' ')) prefix.remove_prefix(1);
        cut_spaces();
        continue;
      }
      if (value_.empty() || value_[0] != prefix[0]) bad();
      prefix.remove_prefix(1);
      value_.remove_prefix(1);
    }
  }

  int number(std::size_t digits) {
    if (value_.size() < digits) bad();
    int n = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!digit_at(value_, i)) bad();
      n = n * 10 + (value_[i] - '0');
    }
    value_.remove_prefix(digits);
    return n;
  }

  /// One or two digits; two where the layout has a leading zero.
  int one_or_two(bool fixed) {
    if (!digit_at(value_, 0)) bad();
    if (digit_at(value_, 1)) return number(2);
    if (fixed) bad();
    return number(1);
  }

  int up_to_three(bool fixed) {
    std::size_t n = 0;
    while (n < 3 && digit_at(value_, n)) ++n;
    if (n == 0 || (fixed && n != 3)) bad();
    return number(n);
  }

  template <std::size_t N>
  int name(const std::array<std::string_view, N>& names, bool is_short) {
    for (std::size_t i = 0; i < N; ++i) {
      const std::string_view want = is_short ? names[i].substr(0, 3) : names[i];
      if (value_.size() < want.size()) continue;
      bool same = true;
      for (std::size_t k = 0; k < want.size(); ++k) same = same && fold(value_[k]) == fold(want[k]);
      if (!same) continue;
      value_.remove_prefix(want.size());
      return static_cast<int>(i);
    }
    bad();
  }

  void element(const LayoutPart& part, std::string_view rest_of_layout);
  void clock(Std std, std::string_view rest_of_layout);
  void meridiem(bool upper);
  void fraction(std::size_t length);
  void zone_offset(Std std);
  void zone_name();
  void finish_date();
  void year_day();
  Time finish_zone() const;

  std::string_view full_layout_;
  std::string_view text_;
  std::string_view value_;
  const Zone* default_zone_;
  const Zone* local_;
  int year_ = 0, month_ = -1, day_ = -1, year_day_ = -1;
  int hour_ = 0, minute_ = 0, second_ = 0, nanosecond_ = 0;
  bool pm_ = false, am_ = false;
  const Zone* zone_ = nullptr;
  std::optional<int> offset_;
  std::string zone_name_;
};

void TimeParser::element(const LayoutPart& part, std::string_view rest_of_layout) {
  const Std s = part.std;
  switch (s) {
    case Std::year: {
      const int y = number(2);
      year_ = y >= 69 ? 1'900 + y : 2'000 + y;
      return;
    }
    case Std::long_year:
      year_ = number(4);
      return;
    case Std::month:
      month_ = name(kMonths, true) + 1;
      return;
    case Std::long_month:
      month_ = name(kMonths, false) + 1;
      return;
    case Std::num_month:
    case Std::zero_month:
      month_ = one_or_two(s == Std::zero_month);
      if (month_ <= 0 || month_ > 12) out_of_range("month");
      return;
    case Std::weekday:
      name(kWeekdays, true);
      return;
    case Std::long_weekday:
      name(kWeekdays, false);
      return;
    case Std::day:
    case Std::under_day:
    case Std::zero_day:
      if (s == Std::under_day && value_.starts_with(' ')) value_.remove_prefix(1);
      day_ = one_or_two(s == Std::zero_day);
      return;
    case Std::under_year_day:
    case Std::zero_year_day:
      for (int i = 0; i < 2 && s == Std::under_year_day; ++i) {
        if (value_.starts_with(' ')) value_.remove_prefix(1);
      }
      year_day_ = up_to_three(s == Std::zero_year_day);
      return;
    case Std::upper_pm:
    case Std::lower_pm:
      meridiem(s == Std::upper_pm);
      return;
    case Std::tz:
      zone_name();
      return;
    case Std::fraction0:
      if (value_.size() < static_cast<std::size_t>(part.digits) + 1) bad();
      fraction(static_cast<std::size_t>(part.digits) + 1);
      return;
    case Std::fraction9: {
      if (value_.size() < 2 || !comma_or_point(value_[0]) || !digit_at(value_, 1)) return;
      std::size_t n = 1;
      while (digit_at(value_, n)) ++n;
      fraction(n);
      return;
    }
    default:
      break;
  }
  if (s >= Std::iso_tz) {
    zone_offset(s);
  } else {
    clock(s, rest_of_layout);
  }
}

void TimeParser::clock(Std s, std::string_view rest_of_layout) {
  switch (s) {
    case Std::hour:
      hour_ = one_or_two(false);
      if (hour_ >= 24) out_of_range("hour");
      return;
    case Std::hour12:
    case Std::zero_hour12:
      hour_ = one_or_two(s == Std::zero_hour12);
      if (hour_ > 12) out_of_range("hour");
      return;
    case Std::minute:
    case Std::zero_minute:
      minute_ = one_or_two(s == Std::zero_minute);
      if (minute_ >= 60) out_of_range("minute");
      return;
    default:
      break;
  }
  second_ = one_or_two(s == Std::zero_second);
  if (second_ >= 60) out_of_range("second");
  // A fraction may follow the seconds although the layout has none.
  if (value_.size() < 2 || !comma_or_point(value_[0]) || !digit_at(value_, 1)) return;
  const Std following = next_part(rest_of_layout).std;
  if (following == Std::fraction0 || following == Std::fraction9) return;
  std::size_t n = 2;
  while (digit_at(value_, n)) ++n;
  fraction(n);
}

void TimeParser::meridiem(bool upper) {
  const std::string_view word = value_.substr(0, 2);
  if (word == (upper ? "PM" : "pm")) {
    pm_ = true;
  } else if (word == (upper ? "AM" : "am")) {
    am_ = true;
  } else {
    bad();
  }
  value_.remove_prefix(2);
}

void TimeParser::fraction(std::size_t length) {
  if (!comma_or_point(value_[0])) bad();
  int ns = 0;
  int scale = 100'000'000;
  for (std::size_t i = 1; i < length; ++i) {
    if (!digit_at(value_, i)) bad();
    ns += (value_[i] - '0') * scale;
    scale /= 10;
  }
  nanosecond_ = ns;
  value_.remove_prefix(length);
}

void TimeParser::zone_offset(Std s) {
  if ((s == Std::iso_tz || s == Std::iso_short_tz || s == Std::iso_colon_tz) && value_.starts_with('Z')) {
    value_.remove_prefix(1);
    zone_ = utc_zone();
    return;
  }
  const bool colon = s == Std::iso_colon_tz || s == Std::num_colon_tz || s == Std::iso_colon_seconds_tz ||
                     s == Std::num_colon_seconds_tz;
  const bool seconds = s == Std::iso_seconds_tz || s == Std::num_seconds_tz ||
                       s == Std::iso_colon_seconds_tz || s == Std::num_colon_seconds_tz;
  const bool hours_only = s == Std::num_short_tz || s == Std::iso_short_tz;
  if (value_.empty() || (value_[0] != '+' && value_[0] != '-')) bad();
  const bool negative = value_[0] == '-';
  value_.remove_prefix(1);
  const auto separator = [&] {
    if (!colon) return;
    if (!value_.starts_with(':')) bad();
    value_.remove_prefix(1);
  };
  const int h = number(2);
  int m = 0;
  int sec = 0;
  if (!hours_only) {
    separator();
    m = number(2);
  }
  if (seconds) {
    separator();
    sec = number(2);
  }
  if (h > 24) out_of_range("time zone offset hour");
  if (m > 60) out_of_range("time zone offset minute");
  if (sec > 60) out_of_range("time zone offset second");
  offset_ = (h * 60 + m) * 60 + sec;
  if (negative) offset_ = -*offset_;
}

/// Length of "+5" or "-11" at the start; 0 if there is none or it is beyond 23 hours.
std::size_t signed_offset(std::string_view s) {
  if (s.empty() || (s[0] != '+' && s[0] != '-')) return 0;
  std::size_t n = 1;
  int hours = 0;
  for (; digit_at(s, n); ++n) hours = std::min(hours * 10 + (s[n] - '0'), 1'000);
  return n == 1 || hours > 23 ? 0 : n;
}

/// Length of a zone's abbreviation at the start; 0 if there is none.
std::size_t abbreviation(std::string_view s) {
  if (s.size() < 3) return 0;
  if (s.starts_with("ChST") || s.starts_with("MeST")) return 4;
  if (s.starts_with("GMT")) return 3 + signed_offset(s.substr(3));
  if (s[0] == '+' || s[0] == '-') return signed_offset(s);
  std::size_t upper = 0;
  while (upper < 6 && upper < s.size() && s[upper] >= 'A' && s[upper] <= 'Z') ++upper;
  if (upper == 5 && s[4] == 'T') return 5;
  if (upper == 4 && (s[3] == 'T' || s.starts_with("WITA"))) return 4;
  return upper == 3 ? 3 : 0;
}

void TimeParser::zone_name() {
  if (value_.starts_with("UTC")) {
    zone_ = utc_zone();
    value_.remove_prefix(3);
    return;
  }
  const std::size_t n = abbreviation(value_);
  if (n == 0) bad();
  zone_name_ = std::string(value_.substr(0, n));
  value_.remove_prefix(n);
}

void TimeParser::year_day() {
  int month = 0;
  int day = 0;
  int n = year_day_;
  if (is_leap(year_)) {
    if (n == 31 + 29) {
      month = 2;
      day = 29;
    } else if (n > 31 + 29) {
      --n;
    }
  }
  if (n < 1 || n > 365) out_of_range("day-of-year");
  if (month == 0) {
    month = (n - 1) / 31 + 1;
    if (kDaysBefore[static_cast<std::size_t>(month)] < n) ++month;
    day = n - kDaysBefore[static_cast<std::size_t>(month - 1)];
  }
  if (month_ >= 0 && month_ != month) bad("day-of-year does not match month");
  month_ = month;
  if (day_ >= 0 && day_ != day) bad("day-of-year does not match day");
  day_ = day;
}

void TimeParser::finish_date() {
  if (pm_ && hour_ < 12) {
    hour_ += 12;
  } else if (am_ && hour_ == 12) {
    hour_ = 0;
  }
  if (year_day_ >= 0) {
    year_day();
  } else {
    if (month_ < 0) month_ = 1;
    if (day_ < 0) day_ = 1;
  }
  if (day_ < 1 || day_ > days_in(month_, year_)) out_of_range("day");
}

Time TimeParser::finish_zone() const {
  const auto at = [&](const Zone* zone) {
    return make_time(year_, month_, day_, hour_, minute_, second_, nanosecond_, zone);
  };
  if (zone_ != nullptr) return at(zone_);
  if (offset_) {
    Time t = at(utc_zone());
    t.seconds -= *offset_;
    t.zone = local_;
    const Civil here = civil(t);
    if (here.offset == *offset_ && (zone_name_.empty() || here.zone == zone_name_)) return t;
    t.zone = fixed_zone(zone_name_, *offset_);
    return t;
  }
  if (!zone_name_.empty()) {
    Time t = at(utc_zone());
    if (const auto offset = zone_offset_by_name(local_, zone_name_, t.seconds)) {
      t.seconds -= *offset;
      t.zone = local_;
      return t;
    }
    int offset = 0;
    if (zone_name_.size() > 3 && zone_name_.starts_with("GMT"))
      offset = std::atoi(zone_name_.c_str() + 3) * 3'600;
    t.zone = fixed_zone(zone_name_, offset);
    return t;
  }
  return at(default_zone_);
}

}  // namespace

Result<Time> parse_time(std::string_view layout, std::string_view text, const Zone* zone) {
  try {
    return TimeParser(layout, text, zone == nullptr ? utc_zone() : zone,
                      zone == nullptr ? local_zone() : zone)
        .run();
  } catch (const Panic& p) {
    return fail(p.what());
  }
}

}  // namespace skiff::spec::expr
