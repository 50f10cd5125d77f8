// The metrics that a workflow has emitted, and their text as Prometheus reads it (exposition format 0.0.4).
// What a sample does to a metric, and which two don't go together: workflow/metrics/metrics_custom.go.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "spec/json.h"
#include "spec/status.h"

namespace skiff::runner {

/// How long something has gone on: a gauge shows it in seconds when it is looked at.
struct Elapsed {
  std::optional<spec::TimePoint> from;   ///< none: 0 s
  std::optional<spec::TimePoint> until;  ///< none: it goes on
};

class MetricSet {
 public:
  /// Takes in one of `metrics.prometheus` whose tags are replaced. Gives "", or in Argo's words why it can't.
  [[nodiscard]] std::string add(const spec::Json& metric);
  /// The same of a gauge that is `realtime`.
  [[nodiscard]] std::string follow(const spec::Json& metric, Elapsed elapsed);

  /// All of them as they are at that time, by name and labels; "" if there are none.
  [[nodiscard]] std::string text(spec::TimePoint now) const;

 private:
  enum class Kind : std::uint8_t { gauge, counter, histogram };
  using Labels = std::map<std::string, std::string>;
  struct Series {
    double value = 0;  ///< of a histogram: the sum of all
    std::optional<Elapsed> elapsed;
    std::vector<std::uint64_t> counts;  ///< of a histogram, by bucket, the last without a bound
  };
  struct Family {
    Kind kind = Kind::gauge;
    std::string help;
    std::vector<double> bounds;  ///< of a histogram, ascending
    std::map<Labels, Series> series;
  };

  [[nodiscard]] static const char* name_of(Kind kind);
  /// The family of that metric, a new one if need be; or an error.
  Family* family_of(const spec::Json& metric, Kind kind, std::string& error);
  static void write_series(std::string& out, const std::string& name, const Family& family,
                           const Labels& labels, const Series& series, spec::TimePoint now);

  std::map<std::string, Family> families_;
};

}  // namespace skiff::runner
