// Metrics: what Argo refuses of a template's (validateTemplate, workflow/metrics/util.go), and as warnings
// what would never be emitted.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "spec/expr/numbers.h"
#include "spec/names.h"
#include "spec/tags.h"
#include "spec/validate_internal.h"
#include "spec/when.h"

namespace skiff::spec::validation {
namespace {

/// Whether a metric may speak of it (docs/variables.md); of output parameters it must be a declared one.
bool is_metric_variable(std::string_view name, const Json& outputs) {
  constexpr std::array<std::string_view, 8> kWords{"duration",       "status",           "exitCode",
                                                   "outputs.result", "retries",          "steps.name",
                                                   "tasks.name",     "inputs.parameters"};
  constexpr std::array<std::string_view, 6> kBeginnings{
      "resourcesDuration.", "inputs.", "workflow.", "node.", "pod.", "lastRetry."};
  constexpr std::string_view kOutput = "outputs.parameters.";
  if (name.starts_with(kOutput)) {
    const Json::Array& declared = outputs.get_array("parameters");
    return std::any_of(declared.begin(), declared.end(),
                       [&](const Json& p) { return p.get_string("name") == name.substr(kOutput.size()); });
  }
  return std::find(kWords.begin(), kWords.end(), name) != kWords.end() ||
         std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view beginning) { return name.starts_with(beginning); });
}

}  // namespace

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

/// `holder` is a template, or the spec, which has no outputs of its own to look at.
void Validator::warn_metrics(const Json& holder, const Site& site, bool of_workflow) {
  const Json::Array& list = holder.get("metrics").get_array("prometheus");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Site here = site.at(child_path("metrics.prometheus", i));
    warn_metric(list[i], here, of_workflow);
    for_each_tag_in(list[i], [&](const Tag& tag) {
      if (of_workflow || tag.expression || nested_name(tag.raw)) return;
      if (is_metric_variable(tag.name, holder.get("outputs"))) return;
      warning("unknown-variable", here,
              fmt::format("metric `{}` speaks of `{}`, which its template does not know",
                          list[i].get_string("name"), tag.name));
    });
  }
}

/// Those of the whole workflow, which Argo does not check before it emits them.
void Validator::warn_workflow_metrics(const Site& spec) {
  const bool before = std::exchange(errors_are_warnings_, true);
  check_metrics(*base_.spec, spec);
  errors_are_warnings_ = before;
  warn_metrics(*base_.spec, spec, true);
}

}  // namespace skiff::spec::validation
