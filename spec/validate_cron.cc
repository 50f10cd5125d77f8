// CronWorkflows: schedules as robfig/cron v3 reads them, time zones, policies (workflow/validate
// CronWorkflow).
#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "spec/units.h"
#include "spec/validate_internal.h"

namespace skiff::spec::validation {
namespace {

struct Field {
  std::string_view what;
  int low;
  int high;
  std::string_view names;  ///< of three letters each, the first one stands for `low`
};

constexpr std::array<Field, 5> kFields{{{"minute", 0, 59, ""},
                                        {"hour", 0, 23, ""},
                                        {"day of month", 1, 31, ""},
                                        {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
                                        {"day of week", 0, 6, "sunmontuewedthufrisat"}}};

constexpr std::array<std::string_view, 7> kDescriptors{"@yearly", "@annually", "@monthly", "@weekly",
                                                       "@daily",  "@midnight", "@hourly"};

std::vector<std::string> split(std::string_view text, std::string_view at, bool keep_empty) {
  std::vector<std::string> out;
  for (bool more = true; more;) {
    const auto end = text.find_first_of(at);
    more = end != std::string_view::npos;
    const std::string_view part = text.substr(0, end);
    if (keep_empty || !part.empty()) out.emplace_back(part);
    text.remove_prefix(more ? end + 1 : text.size());
  }
  return out;
}

std::optional<int> number(std::string_view text) {
  if (!is_whole_number(text)) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  int n = -1;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  return ec == std::errc{} && n >= 0 ? std::optional(n) : std::nullopt;
}

std::optional<int> number_or_name(std::string_view text, const Field& f) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (std::size_t i = 0; lower.size() == 3 && i < f.names.size(); i += 3) {
    if (f.names.substr(i, 3) == lower) return f.low + static_cast<int>(i / 3);
  }
  return number(text);
}

/// One of a field's comma-separated parts: `*`, `a`, `a-b`, each with `/step`.
std::string check_range(const std::string& text, const Field& f) {
  const std::vector<std::string> step = split(text, "/", true);
  const std::vector<std::string> ends = split(step[0], "-", true);
  int low = f.low;
  int high = f.high;
  if (ends[0] != "*" && ends[0] != "?") {
    if (ends.size() > 2) return fmt::format("too many hyphens in `{}`", text);
    const auto first = number_or_name(ends[0], f);
    const auto last = ends.size() == 2 ? number_or_name(ends[1], f) : first;
    if (!first || !last) return fmt::format("`{}` is no {}", text, f.what);
    low = *first;
    high = *last;
  }
  if (step.size() > 2) return fmt::format("too many slashes in `{}`", text);
  if (step.size() == 2) {
    const auto n = number(step[1]);
    if (!n || *n == 0) return fmt::format("the step of `{}` is no number above 0", text);
    if (ends.size() == 1) high = f.high;
  }
  if (low < f.low || high > f.high) {
    return fmt::format("the {} of `{}` is not within {} and {}", f.what, text, f.low, f.high);
  }
  return low > high ? fmt::format("the range `{}` ends before it begins", text) : "";
}

std::string check_descriptor(std::string_view text) {
  if (std::find(kDescriptors.begin(), kDescriptors.end(), text) != kDescriptors.end()) return "";
  if (text.starts_with("@every ")) {
    if (parse_go_duration(text.substr(7))) return "";
    return fmt::format("`{}` is no duration", text.substr(7));
  }
  return fmt::format("`{}` is no descriptor such as @daily", text);
}

}  // namespace

bool is_time_zone(const std::string& name) {
  if (name.empty() || name == "UTC" || name == "Local") return true;
  if (name.find("..") != std::string::npos || name.starts_with('/') || name.starts_with('\\')) return false;
  try {
    return date::locate_zone(name) != nullptr;
  } catch (const std::runtime_error&) {
    return false;
  }
}

std::string check_schedule(std::string_view schedule) {
  if (schedule.empty()) return "it is empty";
  if (schedule.starts_with("TZ=") || schedule.starts_with("CRON_TZ=")) {
    const auto space = schedule.find(' ');
    const auto equals = schedule.find('=');
    const std::string zone(
        schedule.substr(equals + 1, space == std::string_view::npos ? space : space - equals - 1));
    if (space == std::string_view::npos) return "there is nothing after the time zone";
    if (!is_time_zone(zone)) return fmt::format("there is no time zone `{}`", zone);
    schedule.remove_prefix(std::min(schedule.find_first_not_of(" \t\n", space), schedule.size()));
    const auto end = schedule.find_last_not_of(" \t\n");
    schedule = schedule.substr(0, end + 1);
  }
  if (schedule.starts_with('@')) return check_descriptor(schedule);
  const std::vector<std::string> fields = split(schedule, " \t\n\v\f\r", false);
  if (fields.size() != kFields.size()) {
    return fmt::format("it needs exactly 5 fields and has {}", fields.size());
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    for (const std::string& part : split(fields[i], ",", false)) {
      if (std::string wrong = check_range(part, kFields[i]); !wrong.empty()) return wrong;
    }
  }
  return "";
}

void Validator::check_cron() {
  const Json& spec = value_.get("spec");
  const Site site{"spec", ""};
  const Json::Array& schedules = spec.get_array("schedules");
  if (schedules.empty()) {
    error("cron", site, "there is no schedule", "give `schedules`, such as [\"0 3 * * *\"]");
  }
  for (std::size_t i = 0; i < schedules.size(); ++i) {
    const std::string text = schedules[i].is_string() ? schedules[i].as_string() : "";
    if (const std::string wrong = check_schedule(text); !wrong.empty()) {
      error("cron", site.at(child_path("schedules", i)), fmt::format("`{}` is no schedule: {}", text, wrong),
            "the fields are: minute, hour, day of month, month, day of week");
    }
  }
  if (const std::string zone = text_of(spec, "timezone"); !is_time_zone(zone)) {
    error("cron", site.at("timezone"), fmt::format("there is no time zone `{}`", zone),
          "write it as in Europe/Berlin");
  }
  const std::string policy = text_of(spec, "concurrencyPolicy");
  if (!policy.empty() && policy != "Allow" && policy != "Forbid" && policy != "Replace") {
    error("cron", site.at("concurrencyPolicy"), fmt::format("`{}` is no concurrencyPolicy", policy),
          "choose one of Allow, Forbid, Replace");
  }
  if (const auto deadline = spec.get_int("startingDeadlineSeconds"); deadline && *deadline < 0) {
    error("cron", site.at("startingDeadlineSeconds"), "`startingDeadlineSeconds` cannot be negative");
  }
}

}  // namespace skiff::spec::validation
