// Resource quantities and the ways listings print times and durations.
#include "spec/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "spec/expr/time.h"

namespace skiff::spec {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Int128 kNano = 1'000'000'000;
constexpr Int128 kMaxNano = static_cast<Int128>(std::numeric_limits<std::int64_t>::max()) * kNano;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The number before the suffix: digits * 10^-fraction.
struct Mantissa {
  Int128 digits = 0;
  int fraction = 0;
  bool inexact = false;  ///< digits beyond what we keep were not all zero
  std::string_view rest;
};

std::optional<Mantissa> read_mantissa(std::string_view text) {
  constexpr int kKept = 19;
  Mantissa out;
  int kept = 0;
  bool dot = false;
  bool any = false;
  std::size_t i = 0;
  for (; i < text.size() && (is_digit(text[i]) || (text[i] == '.' && !dot)); ++i) {
    if (text[i] == '.') {
      dot = true;
      continue;
    }
    any = true;
    if (kept < kKept) {
      out.digits = out.digits * 10 + (text[i] - '0');
      kept += out.digits != 0 ? 1 : 0;
      out.fraction += dot ? 1 : 0;
    } else {
      out.inexact = out.inexact || text[i] != '0';
      out.fraction -= dot ? 0 : 1;
    }
  }
  if (!any) return std::nullopt;
  out.rest = text.substr(i);
  return out;
}

/// What a suffix multiplies by: factor * 10^exponent.
struct Scale {
  Int128 factor = 1;
  int exponent = 0;
};

std::optional<Scale> read_suffix(std::string_view suffix) {
  struct Named {
    std::string_view name;
    int exponent;  ///< of ten, or of two where the name ends with i
  };
  static constexpr std::array<Named, 16> kSuffixes{{{"", 0},
                                                    {"n", -9},
                                                    {"u", -6},
                                                    {"m", -3},
                                                    {"k", 3},
                                                    {"M", 6},
                                                    {"G", 9},
                                                    {"T", 12},
                                                    {"P", 15},
                                                    {"E", 18},
                                                    {"Ki", 10},
                                                    {"Mi", 20},
                                                    {"Gi", 30},
                                                    {"Ti", 40},
                                                    {"Pi", 50},
                                                    {"Ei", 60}}};
  for (const Named& named : kSuffixes) {
    if (named.name != suffix) continue;
    if (suffix.ends_with('i')) return Scale{static_cast<Int128>(1) << named.exponent, 0};
    return Scale{1, named.exponent};
  }
  if (suffix.empty() || (suffix[0] != 'e' && suffix[0] != 'E')) return std::nullopt;
  suffix.remove_prefix(suffix.size() > 1 && suffix[1] == '+' ? 2 : 1);
  int exponent = 0;
  const auto [stop, code] = std::from_chars(suffix.data(), suffix.data() + suffix.size(), exponent);
  if (code != std::errc{} || stop != suffix.data() + suffix.size()) return std::nullopt;
  return Scale{1, exponent};
}

/// digits * factor * 10^exponent, rounded up, at most kMaxNano.
Int128 scale_up(Int128 digits, Scale scale, bool inexact) {
  if (digits == 0) return 0;
  Int128 value = digits * scale.factor;  // 19 digits * 2^60 stays under 2^127
  for (int i = 0; i < scale.exponent; ++i) {
    if (value > kMaxNano) return kMaxNano;
    value *= 10;
  }
  for (int i = 0; i > scale.exponent; --i) {
    inexact = inexact || value % 10 != 0;
    value /= 10;
    if (value == 0) break;
  }
  value += inexact ? 1 : 0;
  return value > kMaxNano ? kMaxNano : value;
}

std::int64_t divide_up(Int128 nano, Int128 by) {
  const Int128 quotient = nano / by;
  const Int128 value = nano > 0 && nano % by != 0 ? quotient + 1 : quotient;
  constexpr Int128 kMax = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(value > kMax ? kMax : value < -kMax ? -kMax : value);
}

struct Magnitude {
  Nanoseconds below;
  std::string_view format;
  Nanoseconds divide_by;
};
constexpr Nanoseconds kDay = hours(24);
constexpr Nanoseconds kWeek = kDay * 7;
constexpr Nanoseconds kMonth = kDay * 30;
constexpr Nanoseconds kYear = kMonth * 12;

constexpr std::array<Magnitude, 9> kShort{{{seconds(1), "0s", seconds(1)},
                                           {seconds(2), "1s", seconds(1)},
                                           {minutes(1), "{}s", seconds(1)},
                                           {minutes(2), "1m", seconds(1)},
                                           {hours(1), "{}m", minutes(1)},
                                           {hours(2), "1h", seconds(1)},
                                           {kDay, "{}h", hours(1)},
                                           {kDay * 2, "1d", seconds(1)},
                                           {Nanoseconds::max(), "{}d", kDay}}};

constexpr std::array<Magnitude, 17> kLong{{{seconds(1), "0 seconds", seconds(1)},
                                           {seconds(2), "1 second", seconds(1)},
                                           {minutes(1), "{} seconds", seconds(1)},
                                           {minutes(2), "1 minute", seconds(1)},
                                           {hours(1), "{} minutes", minutes(1)},
                                           {hours(2), "1 hour", seconds(1)},
                                           {kDay, "{} hours", hours(1)},
                                           {kDay * 2, "1 day", seconds(1)},
                                           {kWeek, "{} days", kDay},
                                           {kWeek * 2, "1 week", seconds(1)},
                                           {kMonth, "{} weeks", kWeek},
                                           {kMonth * 2, "1 month", seconds(1)},
                                           {kYear, "{} months", kMonth},
                                           {kMonth * 18, "1 year", seconds(1)},
                                           {kYear * 2, "2 years", seconds(1)},
                                           {kYear * 37, "{} years", kYear},
                                           {Nanoseconds::max(), "a long while", seconds(1)}}};

template <std::size_t N>
std::string print_magnitude(Nanoseconds d, const std::array<Magnitude, N>& list) {
  const Nanoseconds size = d == Nanoseconds::min() ? Nanoseconds::max() : Nanoseconds(std::abs(d.count()));
  for (const Magnitude& m : list) {
    if (size < m.below || &m == &list.back()) return fmt::format(fmt::runtime(m.format), size / m.divide_by);
  }
  return "";
}

}  // namespace

std::optional<Nanoseconds> parse_go_duration(std::string_view text) {
  const auto parsed = expr::parse_duration(text);
  if (!parsed.ok()) return std::nullopt;
  return Nanoseconds(parsed.value());
}

std::optional<Nanoseconds> parse_duration(std::string_view text, std::string* error) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::int64_t whole = 0;
  const auto [stop, code] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
  constexpr std::int64_t kMaxSeconds = std::numeric_limits<std::int64_t>::max() / 1'000'000'000;
  const bool signs = text.starts_with("+-");
  if (!signs && code == std::errc{} && stop == digits.data() + digits.size() &&
      std::abs(whole) <= kMaxSeconds) {
    return seconds(whole);
  }
  const auto parsed = expr::parse_duration(text);
  if (parsed.ok()) return Nanoseconds(parsed.value());
  if (error != nullptr) {
    *error = fmt::format("unable to parse {} as a duration: {} (write 90s, 1h30m, or bare seconds)", text,
                         parsed.error().message);
  }
  return std::nullopt;
}

std::string format_go_duration(Nanoseconds d) { return expr::duration_text(d.count()); }

std::int64_t Quantity::value() const { return divide_up(nano, kNano); }
std::int64_t Quantity::milli() const { return divide_up(nano, kNano / 1000); }
std::int64_t Quantity::nano_value() const { return divide_up(nano, 1); }

std::optional<Quantity> parse_quantity(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto mantissa = read_mantissa(text);
  if (!mantissa) return std::nullopt;
  auto scale = read_suffix(mantissa->rest);
  if (!scale) return std::nullopt;
  if (scale->exponent > 1000 || scale->exponent < -1000) scale->exponent = scale->exponent > 0 ? 1000 : -1000;
  scale->exponent += 9 - mantissa->fraction;
  const Int128 nano = scale_up(mantissa->digits, *scale, mantissa->inexact);
  return Quantity{negative ? -nano : nano};
}

std::string short_duration(Nanoseconds d) { return print_magnitude(d, kShort); }

std::string long_duration(Nanoseconds d) {
  const std::string first = print_magnitude(d, kLong);
  if (d < minutes(1)) return first;
  if (d < hours(1)) return fmt::format("{} {} seconds", first, d % minutes(1) / seconds(1));
  if (d < kDay) return fmt::format("{} {} minutes", first, d % hours(1) / minutes(1));
  return fmt::format("{} {} hours", first, d % kDay / hours(1));
}

std::string human_timestamp(NanoTime t, NanoTime now) {
  const Nanoseconds age = now - t;
  std::string relative = print_magnitude(age, kLong);
  if (relative == "0 seconds") {
    relative = "now";
  } else {
    relative += age < Nanoseconds::zero() ? " from now" : " ago";
  }
  const auto since = t.time_since_epoch();
  const expr::Time local{
      .seconds = std::chrono::floor<seconds>(since).count(), .nanoseconds = 0, .zone = expr::local_zone()};
  return expr::format_time(local, "Mon Jan 02 15:04:05 -0700") + " (" + relative + ")";
}

}  // namespace skiff::spec
