// Durations: time.ParseDuration and Duration.String.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "spec/expr/limits.h"
#include "spec/expr/time.h"

namespace skiff::spec::expr {
namespace {

constexpr std::uint64_t kMost = 1ULL << 63U;

struct Unit {
  std::string_view name;
  std::uint64_t ns;
};

constexpr std::array kUnits = {Unit{"ns", 1},
                               Unit{"us", 1'000},
                               Unit{"\u00b5s", 1'000},
                               Unit{"\u03bcs", 1'000},
                               Unit{"ms", 1'000'000},
                               Unit{"s", 1'000'000'000},
                               Unit{"m", 60'000'000'000ULL},
                               Unit{"h", 3'600'000'000'000ULL}};

class DurationParser {
 public:
  explicit DurationParser(std::string_view text) : text_(text), rest_(text) {}

  std::int64_t run() {
    const bool negative = rest_.starts_with('-');
    if (negative || rest_.starts_with('+')) rest_.remove_prefix(1);
    if (rest_ == "0") return 0;
    if (rest_.empty()) invalid();
    std::uint64_t total = 0;
    while (!rest_.empty()) {
      total += part();
      if (total > kMost) invalid();
    }
    if (total == kMost && !negative) invalid();
    return static_cast<std::int64_t>(negative ? 0 - total : total);
  }

 private:
  [[noreturn]] void invalid() const {
    throw Panic(fmt::format("time: invalid duration \"{}\"", text_), "write it as 1h30m, 90s or 500ms");
  }
  [[nodiscard]] bool at_digit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }
  unsigned take_digit() {
    const auto digit = static_cast<unsigned>(rest_[0] - '0');
    rest_.remove_prefix(1);
    return digit;
  }

  /// One number with its unit, in nanoseconds.
  std::uint64_t part() {
    const std::string_view before = rest_;
    std::uint64_t whole = 0;
    while (at_digit()) {
      if (whole > kMost / 10) invalid();
      whole = whole * 10 + take_digit();
      if (whole > kMost) invalid();
    }
    bool any = rest_.size() < before.size();
    std::uint64_t fraction = 0;
    double scale = 1;
    if (rest_.starts_with('.')) {
      rest_.remove_prefix(1);
      for (bool full = false; at_digit(); any = true) {
        const unsigned digit = take_digit();
        full = full || fraction > (kMost - 1) / 10;  // digits that no longer fit do not count
        if (full) continue;
        fraction = fraction * 10 + digit;
        scale *= 10;
      }
    }
    if (!any) invalid();
    const std::uint64_t ns = unit();
    if (whole > kMost / ns) invalid();
    return whole * ns +
           static_cast<std::uint64_t>(static_cast<double>(fraction) * (static_cast<double>(ns) / scale));
  }

  std::uint64_t unit() {
    const std::size_t n = std::min(rest_.size(), rest_.find_first_of(".0123456789"));
    const std::string_view name = rest_.substr(0, n);
    if (name.empty()) {
      throw Panic(fmt::format("time: missing unit in duration \"{}\"", text_), "add a unit: ns us ms s m h");
    }
    const auto* found =
        std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.name == name; });
    if (found == kUnits.end()) {
      throw Panic(fmt::format("time: unknown unit \"{}\" in duration \"{}\"", name, text_),
                  "the units are ns us ms s m h");
    }
    rest_.remove_prefix(n);
    return found->ns;
  }

  std::string_view text_;
  std::string_view rest_;
};

}  // namespace

Result<std::int64_t> parse_duration(std::string_view text) {
  try {
    return DurationParser(text).run();
  } catch (const Panic& p) {
    return fail(p.what(), p.hint);
  }
}

std::string duration_text(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  std::uint64_t u = static_cast<std::uint64_t>(nanoseconds);
  if (nanoseconds < 0) u = 0 - u;
  const std::string sign = nanoseconds < 0 ? "-" : "";
  const auto decimal = [](std::uint64_t value, std::uint64_t unit) {
    std::string s = std::to_string(value / unit);
    if (value % unit == 0) return s;
    std::string rest = std::to_string(unit + value % unit).substr(1);
    rest.erase(rest.find_last_not_of('0') + 1);
    return s + "." + rest;
  };
  if (u < 1'000) return sign + std::to_string(u) + "ns";
  if (u < 1'000'000) return sign + decimal(u, 1'000) + "\u00b5s";
  if (u < 1'000'000'000) return sign + decimal(u, 1'000'000) + "ms";
  constexpr std::uint64_t kMinute = 60'000'000'000;
  const std::uint64_t minutes = u / kMinute;
  std::string out = decimal(u % kMinute, 1'000'000'000) + "s";
  if (minutes > 0) out = std::to_string(minutes % 60) + "m" + out;
  if (minutes >= 60) out = std::to_string(minutes / 60) + "h" + out;
  return sign + out;
}

}  // namespace skiff::spec::expr
