#include "runner/core/metric_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <functional>
#include <utility>

#include "runner/core/fields.h"
#include "spec/expr/numbers.h"
#include "spec/expr/value.h"
#include "spec/names.h"

namespace skiff::runner {
namespace {

using Labels = std::map<std::string, std::string>;

/// What the controller puts before each name.
constexpr std::string_view kPrefix = "argo_workflows_";

/// OpenTelemetry's, where a histogram names none.
constexpr std::array<double, 15> kDefaultBounds{0,   5,   10,   25,   50,   75,   100,  250,
                                                500, 750, 1000, 2500, 5000, 7500, 10000};

std::string number(double d) {
  if (std::isnan(d)) return "NaN";
  if (std::isinf(d)) return d > 0 ? "+Inf" : "-Inf";
  return spec::expr::format_float(d, 'g', -1);
}

std::string escaped(const std::string& text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || (quotes && c == '"')) out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

/// `{a="1",b="2"}`, with `le` as the last one if it is not empty; "" without any.
std::string label_text(const Labels& labels, const std::string& le) {
  std::string out;
  for (const auto& [key, value] : labels) {
    out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", key, escaped(value, true));
  }
  if (!le.empty()) out += fmt::format("{}le=\"{}\"", out.empty() ? "" : ",", le);
  return out.empty() ? out : "{" + out + "}";
}

/// A label's name as Argo's exporter writes it (otlptranslator, UnderscoreEscaping).
std::string label_name(std::string name) {
  const auto good = [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  std::replace_if(
      name.begin(), name.end(), [&](char c) { return !good(c); }, '_');
  return !name.empty() && name[0] >= '0' && name[0] <= '9' ? "key_" + name : name;
}

Labels labels_of(const Json& metric) {
  Labels labels;
  for (const Json& l : metric.get_array("labels")) {
    labels[label_name(l.get_string("key"))] = l.get_string("value");
  }
  return labels;
}

std::vector<double> bounds_of(const Json& histogram) {
  std::vector<double> bounds;
  for (const Json& b : histogram.get_array("buckets")) bounds.push_back(b.as_double().value_or(0));
  if (bounds.empty()) return {kDefaultBounds.begin(), kDefaultBounds.end()};
  return bounds;
}

double seconds(const Elapsed& e, spec::TimePoint now) {
  if (!e.from) return 0;
  return std::chrono::duration<double>(e.until.value_or(now) - *e.from).count();
}

}  // namespace

const char* MetricSet::name_of(Kind kind) {
  return kind == Kind::gauge ? "gauge" : kind == Kind::counter ? "counter" : "histogram";
}

MetricSet::Family* MetricSet::family_of(const Json& metric, Kind kind, std::string& error) {
  const std::string name = metric.get_string("name");
  if (!spec::is_metric_name(name)) {
    error = "metric name is invalid: names may only contain alphanumeric characters or '_'";
    return nullptr;
  }
  std::vector<double> bounds;
  if (kind == Kind::histogram) bounds = bounds_of(metric.get("histogram"));
  if (std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>()) != bounds.end()) {
    error = "the buckets of a histogram must ascend";
    return nullptr;
  }
  const std::string help = metric.get_string("help");
  const auto [it, fresh] = families_.try_emplace(name);
  Family& family = it->second;
  if (fresh) {
    family.kind = kind;
    family.help = help;
    family.bounds = std::move(bounds);
  } else if (family.help != help) {
    error = fmt::format("help for metric {} is already set to {}, it cannot be changed", name, family.help);
  } else if (family.kind != kind) {
    std::string wanted = name_of(kind);
    wanted[0] = static_cast<char>(wanted[0] - 'a' + 'A');
    error =
        fmt::format("found existing {} for custom metric {} of type {}", name_of(family.kind), name, wanted);
  }
  return error.empty() ? &family : nullptr;
}

std::string MetricSet::add(const Json& metric) {
  Kind kind = Kind::gauge;
  if (!metric.get("gauge").is_object()) kind = Kind::histogram;
  if (kind == Kind::histogram && !metric.get("histogram").is_object()) kind = Kind::counter;
  if (!metric.get(name_of(kind)).is_object()) return "invalid metric spec";
  std::string error;
  Family* family = family_of(metric, kind, error);
  if (family == nullptr) return error;
  const Json& body = metric.get(name_of(kind));
  const std::string text = text_or_empty(body.get("value"));
  const std::optional<double> value = spec::expr::parse_float(text);
  if (!value) return fmt::format("strconv.ParseFloat: parsing {}: invalid syntax", spec::quote_json(text));
  Series& series = family->series[labels_of(metric)];
  const std::string operation = kind == Kind::gauge ? body.get_string("operation", "Set") : "Add";
  if (operation == "Add") {
    series.value += *value;
  } else if (operation == "Sub") {
    series.value -= *value;
  } else {
    series.value = *value;
  }
  if (kind != Kind::histogram) return "";
  const auto& bounds = family->bounds;
  series.counts.resize(bounds.size() + 1);
  // A bound belongs to what is below it.
  ++series.counts[static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), *value) -
                                           bounds.begin())];
  return "";
}

std::string MetricSet::follow(const Json& metric, Elapsed elapsed) {
  std::string error;
  if (Family* family = family_of(metric, Kind::gauge, error)) {
    family->series[labels_of(metric)].elapsed = elapsed;
  }
  return error;
}

void MetricSet::write_series(std::string& out, const std::string& name, const Family& family,
                             const Labels& labels, const Series& series, spec::TimePoint now) {
  if (family.kind != Kind::histogram) {
    const double value = series.elapsed ? seconds(*series.elapsed, now) : series.value;
    out += fmt::format("{}{} {}\n", name, label_text(labels, ""), number(value));
    return;
  }
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < series.counts.size(); ++i) {
    below += series.counts[i];
    const std::string le = i < family.bounds.size() ? number(family.bounds[i]) : "+Inf";
    out += fmt::format("{}_bucket{} {}\n", name, label_text(labels, le), below);
  }
  out += fmt::format("{}_sum{} {}\n", name, label_text(labels, ""), number(series.value));
  out += fmt::format("{}_count{} {}\n", name, label_text(labels, ""), below);
}

std::string MetricSet::text(spec::TimePoint now) const {
  std::string out;
  for (const auto& [own_name, family] : families_) {
    if (family.series.empty()) continue;
    const std::string name = fmt::format("{}{}", kPrefix, own_name);
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped(family.help, false), name,
                       name_of(family.kind));
    for (const auto& [labels, series] : family.series) write_series(out, name, family, labels, series, now);
  }
  return out;
}

}  // namespace skiff::runner
