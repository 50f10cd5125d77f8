// RFC 3339 in and out, and the letters of workflow.creationTimestamp. Kept free of zones and layouts: these
// run for every node of every status.
#include <fmt/format.h>

#include <array>
#include <chrono>

#include "spec/units.h"

namespace skiff::spec {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hh_mm_ss;
using std::chrono::sys_days;
using std::chrono::year_month_day;

struct Fields {
  int year;
  unsigned month, day;
  int hour, minute, second;
  std::int64_t nanosecond;
  unsigned weekday;  ///< 0 is Sunday
};

Fields split(NanoTime t) {
  const sys_days day = floor<days>(t);
  const year_month_day date(day);
  const hh_mm_ss<Nanoseconds> clock(t - day);
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count()),
          clock.subseconds().count(),
          std::chrono::weekday(day).c_encoding()};
}

/// Reads digits of a fixed form: no signs, no blanks.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<int> digits(std::size_t count) {
    if (text_.size() < count) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return std::nullopt;
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(count);
    return value;
  }
  bool take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// The digits after a dot as nanoseconds; further ones are cut.
  std::optional<std::int64_t> fraction() {
    std::int64_t value = 0;
    std::int64_t unit = 100'000'000;
    std::size_t used = 0;
    for (; used < text_.size() && text_[used] >= '0' && text_[used] <= '9'; ++used) {
      value += unit * (text_[used] - '0');
      unit /= 10;
    }
    text_.remove_prefix(used);
    if (used == 0) return std::nullopt;
    return value;
  }
  [[nodiscard]] bool done() const { return text_.empty(); }

 private:
  std::string_view text_;
};

std::optional<std::chrono::minutes> read_zone(Reader& in) {
  if (in.take('Z')) return std::chrono::minutes(0);
  const bool west = in.take('-');
  if (!west && !in.take('+')) return std::nullopt;
  const auto hours = in.digits(2);
  const bool colon = in.take(':');
  const auto minutes = in.digits(2);
  if (!hours || !colon || !minutes || *hours > 24 || *minutes > 60) return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return west ? -offset : offset;
}

}  // namespace

std::string format_rfc3339(NanoTime t) {
  const Fields f = split(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", f.year, f.month, f.day, f.hour, f.minute,
                     f.second);
}

std::string format_rfc3339_nano(NanoTime t) {
  std::string out = format_rfc3339(t);
  const std::int64_t nano = split(t).nanosecond;
  if (nano == 0) return out;
  std::string fraction = fmt::format(".{:09}", nano);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return out.insert(out.size() - 1, fraction);
}

std::optional<NanoTime> parse_rfc3339(std::string_view text) {
  Reader in(text);
  std::array<int, 6> field{};
  constexpr std::array<char, 6> kAfter{'-', '-', 'T', ':', ':', '\0'};
  for (std::size_t i = 0; i < field.size(); ++i) {
    const auto value = in.digits(i == 0 ? 4 : 2);
    if (!value) return std::nullopt;
    field.at(i) = *value;
    if (kAfter.at(i) != '\0' && !in.take(kAfter.at(i))) return std::nullopt;
  }
  std::int64_t nano = 0;
  if (in.take('.')) {
    const auto fraction = in.fraction();
    if (!fraction) return std::nullopt;
    nano = *fraction;
  }
  const auto offset = read_zone(in);
  const year_month_day date{std::chrono::year{field[0]}, std::chrono::month{static_cast<unsigned>(field[1])},
                            std::chrono::day{static_cast<unsigned>(field[2])}};
  if (!offset || !in.done() || !date.ok() || field[3] > 23 || field[4] > 59 || field[5] > 59)
    return std::nullopt;
  if (field[0] < 1678 || field[0] > 2261) return std::nullopt;  // what 64 bits of nanoseconds can hold
  return sys_days(date) + std::chrono::hours(field[3]) + std::chrono::minutes(field[4]) - *offset +
         std::chrono::seconds(field[5]) + Nanoseconds(nano);
}

std::optional<std::string> strftime_letter(char letter, NanoTime t) {
  static constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                            "May",       "June",     "July",     "August",
                                                            "September", "October",  "November", "December"};
  static constexpr std::array<std::string_view, 7> kDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                         "Thursday", "Friday", "Saturday"};
  const Fields f = split(t);
  switch (letter) {
    case 'B':
      return std::string(kMonths.at(f.month - 1));
    case 'b':
      return std::string(kMonths.at(f.month - 1).substr(0, 3));
    case 'm':
      return fmt::format("{:02}", f.month);
    case 'A':
      return std::string(kDays.at(f.weekday));
    case 'a':
      return std::string(kDays.at(f.weekday).substr(0, 3));
    case 'd':
      return fmt::format("{:02}", f.day);
    case 'H':
      return fmt::format("{:02}", f.hour);
    case 'I':
      return fmt::format("{:02}", f.hour % 12 == 0 ? 12 : f.hour % 12);
    case 'M':
      return fmt::format("{:02}", f.minute);
    case 'S':
      return fmt::format("{:02}", f.second);
    case 'Y':
      return fmt::format("{:04}", f.year);
    case 'y':
      return fmt::format("{:02}", f.year % 100);
    case 'p':
      return f.hour < 12 ? "AM" : "PM";
    case 'Z':
      return "UTC";
    case 'z':
      return "+0000";
    case 'L':
      return fmt::format(".{:03}", f.nanosecond / 1'000'000);
    default:
      return std::nullopt;
  }
}

}  // namespace skiff::spec
