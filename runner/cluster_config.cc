#include "runner/cluster_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "spec/decode.h"
#include "spec/document.h"
#include "spec/merge.h"

namespace skiff::runner {
namespace {

constexpr std::array<std::string_view, 6> kEffective{"artifactRepository", "namespaceParallelism",
                                                     "parallelism",        "retentionPolicy",
                                                     "workflowDefaults",   "workflowRestrictions"};
constexpr std::array<std::string_view, 25> kWithoutEffect{"artifactDrivers",
                                                          "columns",
                                                          "disableAgentPodCreation",
                                                          "executor",
                                                          "failedPodRestart",
                                                          "images",
                                                          "initialDelay",
                                                          "initlessPod",
                                                          "instanceID",
                                                          "kubeConfig",
                                                          "links",
                                                          "mainContainer",
                                                          "metricsConfig",
                                                          "namespace",
                                                          "navColor",
                                                          "nodeEvents",
                                                          "persistence",
                                                          "podGCDeleteDelayDuration",
                                                          "podGCGracePeriodSeconds",
                                                          "podSpecLogStrategy",
                                                          "resourceRateLimit",
                                                          "sso",
                                                          "synchronization",
                                                          "telemetryConfig",
                                                          "workflowEvents"};

template <class List>
bool among(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// The items as one text: each is the value of its key.
std::string joined_items(const Json& data) {
  std::string out;
  for (const auto& [name, item] : data.as_object()) {
    std::string text = item.is_string() ? item.as_string() : "";
    const bool block = text.find('\n') != std::string::npos;
    while (text.ends_with('\n')) text.pop_back();
    out += name + (block ? ":\n  " : ": ");
    for (const char c : text) out += c == '\n' ? "\n  " : std::string(1, c);
    out += '\n';
  }
  return out;
}

/// The settings; what is wrong goes to `error`.
Json read_settings(const std::string& text, std::string& error) {
  const spec::ParsedFile parsed = spec::parse_documents(text, std::string(kControllerConfig));
  if (spec::has_errors(parsed.diagnostics)) {
    error = "its data is no YAML: " + parsed.diagnostics.front().message;
  }
  if (parsed.documents.empty() || !error.empty()) return Json::object();
  Json values = spec::to_json_value(parsed.documents.front().root());
  return values.is_object() ? values : Json::object();
}

void check_keys(ClusterConfig& config) {
  for (const auto& [key, value] : config.values.as_object()) {
    if (among(kEffective, key)) continue;
    const std::string_view what =
        among(kWithoutEffect, key) ? "has no effect here" : "is no setting of the controller";
    config.warnings.push_back(fmt::format("`{}` {}", key, what));
  }
}

void check_defaults(ClusterConfig& config) {
  Json* defaults = config.values.find("workflowDefaults");
  if (defaults == nullptr || !defaults->is_object()) return;
  defaults->set("apiVersion", "argoproj.io/v1alpha1");
  defaults->set("kind", "Workflow");
  for (const spec::Diagnostic& d : spec::decode_value(*defaults, "Workflow")) {
    if (d.severity != spec::Severity::error) continue;
    config.error = fmt::format("`workflowDefaults`: {}: {}", d.path, d.message);
    return;
  }
  for (std::string_view part : {"apiVersion", "kind", "status"}) defaults->erase(part);
}

/// "Strict" and "Secure": only what is kept may run (workflowRestrictions.templateReferencing).
bool must_refer(const ClusterConfig& config) {
  const std::string mode = config.values.get("workflowRestrictions").get_string("templateReferencing");
  return mode == "Strict" || mode == "Secure";
}

}  // namespace

std::int64_t ClusterConfig::limit(std::string_view name) const {
  const Json& value = values.get(name);
  return value.is_number() ? value.as_int64().value_or(0) : 0;
}

ClusterConfig parse_cluster_config(const Json& config_map) {
  ClusterConfig config;
  config.values = Json::object();
  const Json& data = config_map.get("data");
  const Json* whole = data.find("config");
  if (whole != nullptr && data.size() != 1) {
    config.error = "if you have an item in your config map named 'config', you must only have one item";
  } else if (whole != nullptr && whole->is_string()) {
    config.values = read_settings(whole->as_string(), config.error);
  } else if (data.is_object()) {
    config.values = read_settings(joined_items(data), config.error);
  }
  check_keys(config);
  if (config.error.empty()) check_defaults(config);
  if (!config.error.empty()) config.values = Json::object();
  return config;
}

ClusterConfig find_cluster_config(const ConfigMapLookup& lookup) {
  for (const char* ns : {"argo", "default"}) {
    const auto map = lookup(ns, std::string(kControllerConfig));
    if (!map) continue;
    ClusterConfig config = parse_cluster_config(*map);
    config.ns = ns;
    return config;
  }
  ClusterConfig none;
  none.values = Json::object();
  return none;
}

void apply_workflow_defaults(Json& workflow, const ClusterConfig& config) {
  const Json& defaults = config.values.get("workflowDefaults");
  if (!defaults.is_object() || workflow.get("spec").get("workflowTemplateRef").is_object()) return;
  workflow = spec::strategic_merge(defaults, workflow);
}

void apply_cluster_config(RunInput& input, const ClusterConfig& config, const ConfigMapLookup& lookup) {
  Json& spec = input.workflow["spec"];
  const bool refers = spec.get("workflowTemplateRef").is_object();
  const Json& defaults = config.values.get("workflowDefaults").get("spec");
  if (refers && defaults.is_object()) spec = spec::join_specs(spec, defaults);
  RepositorySearch search;
  search.workflow_namespace = input.workflow.get("metadata").get_string("namespace");
  search.controller_namespace = config.ns;
  search.fallback = config.values.get("artifactRepository");
  ResolvedRepository found = resolve_repository(spec.get("artifactRepositoryRef"), search, lookup);
  std::string refusal;
  if (!found.error.empty()) refusal = "failed to resolve artifact repository: " + found.error;
  if (!refers && must_refer(config)) {
    refusal =
        "workflows must use workflowTemplateRef to be executed when the controller is in reference mode";
  }
  Json& status = input.workflow["status"];
  if (!refusal.empty()) {
    status.set("phase", "Error");
    status.set("message", refusal);
  } else {
    status.set("artifactRepositoryRef", std::move(found.status));
  }
}

}  // namespace skiff::runner
