// Findings as JSON: a plain list, and the SARIF 2.1.0 log that code hosts and editors read.
#include <algorithm>
#include <vector>

#include "spec/diagnostic.h"

namespace skiff::spec {

namespace {

Json location(const Diagnostic& d) {
  Json physical = Json::object();
  physical["artifactLocation"].set("uri", d.file);
  if (d.mark.line > 0) {
    physical["region"].set("startLine", static_cast<std::int64_t>(d.mark.line));
    physical["region"].set("startColumn", static_cast<std::int64_t>(d.mark.column));
  }
  Json result = Json::object();
  result.set("physicalLocation", std::move(physical));
  if (!d.path.empty()) {
    Json logical = Json::object();
    logical.set("fullyQualifiedName", d.path);
    result.set("logicalLocations", Json::Array{std::move(logical)});
  }
  return result;
}

}  // namespace

Json diagnostics_to_json(const Diagnostics& list) {
  Json::Array out;
  out.reserve(list.size());
  for (const Diagnostic& d : list) {
    Json item = Json::object();
    item.set("severity", to_string(d.severity));
    item.set("rule", d.rule);
    item.set("message", d.message);
    item.set("file", d.file);
    if (d.mark.line > 0) {
      item.set("line", static_cast<std::int64_t>(d.mark.line));
      item.set("column", static_cast<std::int64_t>(d.mark.column));
    }
    if (!d.path.empty()) item.set("path", d.path);
    if (!d.hint.empty()) item.set("hint", d.hint);
    out.push_back(std::move(item));
  }
  return out;
}

Json diagnostics_to_sarif(const Diagnostics& list, std::string_view tool_version) {
  std::vector<std::string> rules;
  for (const Diagnostic& d : list) rules.push_back(d.rule);
  std::ranges::sort(rules);
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());

  Json driver = Json::object();
  driver.set("name", "skiff");
  driver.set("version", tool_version);
  Json::Array rule_list;
  for (const auto& rule : rules) {
    Json entry = Json::object();
    entry.set("id", rule);
    rule_list.push_back(std::move(entry));
  }
  driver.set("rules", std::move(rule_list));

  Json::Array results;
  for (const Diagnostic& d : list) {
    Json result = Json::object();
    result.set("ruleId", d.rule);
    result.set("ruleIndex",
               static_cast<std::int64_t>(std::ranges::lower_bound(rules, d.rule) - rules.begin()));
    result.set("level", to_string(d.severity));
    result["message"].set("text", d.hint.empty() ? d.message : d.message + " (" + d.hint + ")");
    result.set("locations", Json::Array{location(d)});
    results.push_back(std::move(result));
  }
  Json run = Json::object();
  run["tool"].set("driver", std::move(driver));
  run.set("columnKind", "unicodeCodePoints");
  run.set("results", std::move(results));
  Json log = Json::object();
  log.set("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  log.set("version", "2.1.0");
  log.set("runs", Json::Array{std::move(run)});
  return log;
}

}  // namespace skiff::spec
