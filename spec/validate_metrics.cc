// Metrics: what Argo refuses of a template's (validateTemplate, workflow/metrics/util.go), and as warnings
// what would never be emitted.
#include <fmt/format.h>

#include <utility>

#include "spec/expr/numbers.h"
#include "spec/names.h"
#include "spec/tags.h"
#include "spec/validate_internal.h"
#include "spec/when.h"

namespace skiff::spec::validation {

void Validator::check_metrics(const Json& processed, const Site& site) {
  const Json::Array& metrics = processed.get("metrics").get_array("prometheus");
  // The workflow's own come here as they are written; a template's have had their tags replaced.
  const auto later = [&](std::string_view text) { return errors_are_warnings_ && has_tags(text); };
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const Json& m = metrics[i];
    const Site here = site.at(child_path("metrics.prometheus", i));
    const std::string name = m.get_string("name");
    if (!is_metric_name(name) && !later(name)) {
      error("metrics", here.at("name"),
            fmt::format("a metric cannot be named `{}`: only letters, digits and '_'", name));
    }
    for (const Json& label : m.get_array("labels")) {
      const std::string key = label.get_string("key");
      if (is_metric_name(key) || later(key)) continue;
      error("metrics", here.at("labels"),
            fmt::format("a label of metric `{}` cannot be named `{}`: only letters, digits and '_'", name,
                        key));
    }
    if (text_of(m, "help").empty()) {
      error("metrics", here, fmt::format("metric `{}` has no `help`", name), "say in `help` what it counts");
    }
    for (const std::string_view kind : {"gauge", "counter", "histogram"}) {
      if (!present(m, kind)) continue;
      const std::string value = text_of(m.get(kind), "value");
      if (value.empty()) {
        error("metrics", here.at(kind), fmt::format("the {} of metric `{}` has no `value`", kind, name));
      }
      if (kind == "gauge" && m.get(kind).get_bool("realtime") &&
          value.find("resourcesDuration.") != std::string::npos) {
        error("metrics", here.at(kind),
              fmt::format("metric `{}` is realtime, so it cannot use `resourcesDuration`", name));
      }
    }
  }
}

/// A metric whose tags are what they may be.
void Validator::warn_metric(const Json& metric, const Site& site, bool of_workflow) {
  const std::string name = metric.get_string("name");
  const std::string when = text_of(metric, "when");
  const std::string wrong = when.empty() ? "" : check_when(when);
  if (!wrong.empty()) warning("when-syntax", site.at("when"), wrong);
  bool any = false;
  for (const std::string_view kind : {"gauge", "counter", "histogram"}) {
    if (!present(metric, kind)) continue;
    any = true;
    const std::string value = text_of(metric.get(kind), "value");
    const Site here = site.at(kind).at("value");
    if (kind == "gauge" && metric.get(kind).get_bool("realtime")) {
      const std::string_view wanted = of_workflow ? "workflow.duration" : "duration";
      if (lone_name(value) == wanted) continue;
      warning("metrics", here, fmt::format("a realtime gauge cannot show `{}` here", value),
              fmt::format("it shows {{{{{}}}}}", wanted));
    } else if (!value.empty() && !has_tags(value) && !expr::parse_float(value)) {
      warning("metrics", here, fmt::format("the value `{}` of metric `{}` is no number", value, name));
    }
  }
  if (!any) {
    warning("metrics", site, fmt::format("metric `{}` is never emitted", name),
            "say what it is: `gauge`, `counter` or `histogram`");
  }
}

void Validator::warn_metrics(const Json& metrics, const Site& site, bool of_workflow) {
  const Json::Array& list = metrics.get_array("prometheus");
  for (std::size_t i = 0; i < list.size(); ++i)
    warn_metric(list[i], site.at(child_path("prometheus", i)), of_workflow);
}

/// Those of the whole workflow, which Argo does not check before it emits them.
void Validator::warn_workflow_metrics(const Site& spec) {
  const bool before = std::exchange(errors_are_warnings_, true);
  check_metrics(*base_.spec, spec);
  errors_are_warnings_ = before;
  warn_metrics(base_.spec->get("metrics"), spec.at("metrics"), true);
}

}  // namespace skiff::spec::validation
