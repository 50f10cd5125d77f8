// Quantities of time and of resources: Go durations, Kubernetes quantities, RFC 3339, strftime letters, and
// the short ages that listings show. Text in, exact integers out, and back.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skiff::spec {

using Nanoseconds = std::chrono::nanoseconds;
/// Finer than the TimePoint of status.h, which counts milliseconds.
using NanoTime = std::chrono::sys_time<std::chrono::nanoseconds>;
__extension__ using Int128 = __int128;

/// Go's time.ParseDuration: "1h30m", "-1.5s", "300ms"; nothing if malformed or beyond 292 years.
[[nodiscard]] std::optional<Nanoseconds> parse_go_duration(std::string_view text);
/// Argo's own reader for user fields: a Go duration, or bare digits as seconds (pkg/apis
/// ParseStringToDuration).
[[nodiscard]] std::optional<Nanoseconds> parse_duration(std::string_view text, std::string* error = nullptr);
/// Go's Duration.String(): "1h30m0s", "1.5s", "2ms", "0s".
[[nodiscard]] std::string format_go_duration(Nanoseconds d);

/// A Kubernetes quantity as value = digits * 10^-9, kept exactly while it fits 128 bits.
struct Quantity {
  Int128 nano = 0;                                ///< the value times 10^9, rounded up as Kubernetes does
  [[nodiscard]] std::int64_t value() const;       ///< whole units, rounded up (bytes); saturates
  [[nodiscard]] std::int64_t milli() const;       ///< thousandths, rounded up; saturates
  [[nodiscard]] std::int64_t nano_value() const;  ///< billionths, as the engine's NanoCpus; saturates
  auto operator<=>(const Quantity&) const = default;
};
/// "500m", "1Gi", "1e3", "0.5", "+2k"; nothing if it is no quantity.
[[nodiscard]] std::optional<Quantity> parse_quantity(std::string_view text);

/// "2024-05-01T10:00:00Z" in UTC, whole seconds, as Kubernetes writes metav1.Time.
[[nodiscard]] std::string format_rfc3339(NanoTime t);
/// With the fraction that Go's RFC3339Nano keeps (trailing zeros dropped).
[[nodiscard]] std::string format_rfc3339_nano(NanoTime t);
[[nodiscard]] std::optional<NanoTime> parse_rfc3339(std::string_view text);

/// One letter of workflow.creationTimestamp.<letter> (util/strftime), in UTC; nothing for an unknown letter.
[[nodiscard]] std::optional<std::string> strftime_letter(char letter, NanoTime t);
/// The letters that strftime_letter() knows.
inline constexpr std::string_view kStrftimeLetters = "BbmAadHIMSYypZzL";

/// "3s", "4m", "2h", "5d" as the AGE column (k8s HumanDuration-like: argo's humanize.RelativeDurationShort).
[[nodiscard]] std::string short_duration(Nanoseconds d);
/// "1 minute 30 seconds" as `argo get` prints Duration (argo-pkg humanize.RelativeDuration).
[[nodiscard]] std::string long_duration(Nanoseconds d);
/// "Wed May 01 10:00:00 +0000 (2 minutes ago)" as `argo get` prints times (humanize.Timestamp).
[[nodiscard]] std::string human_timestamp(NanoTime t, NanoTime now);

}  // namespace skiff::spec
