// Names that Argo computes: node ids, pod names, generated suffixes; and the checks on names that users give.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace skiff::spec {

/// FNV-1a, 32 bits.
[[nodiscard]] std::uint32_t fnv32a(std::string_view text);

/// `<workflow>-<fnv32a(node)>`; the root, whose node name is the workflow's, has the workflow's name itself.
[[nodiscard]] std::string node_id(std::string_view workflow, std::string_view node);
/// The pod of a node, version 2: `<workflow>-<template>-<fnv32a(node)>`, what is before the hash cut at 242
/// characters; the root's pod has the workflow's name (workflow/util/pod_name.go).
[[nodiscard]] std::string pod_name(std::string_view workflow, std::string_view node,
                                   std::string_view template_name);

/// metadata.generateName plus five characters of Kubernetes' alphabet; `random` is any 64 bits of chance.
/// The prefix is cut so that the whole has at most 63 characters.
[[nodiscard]] std::string generated_name(std::string_view prefix, std::uint64_t random);

// Each check gives an empty string for a good name, else what is wrong with it, in Kubernetes' or Argo's
// words.

/// metadata.name: DNS-1123 subdomain, at most 253 characters.
[[nodiscard]] std::string check_subdomain(std::string_view name);
/// DNS-1123 label, at most 63 characters (namespaces, containers, volumes).
[[nodiscard]] std::string check_label(std::string_view name);
/// Steps, tasks, templates: alphanumeric and '-', begins alphanumeric, at most 128 (workflow/validate).
[[nodiscard]] std::string check_field_name(std::string_view name);
/// Parameters and artifacts: alphanumeric, '_' and '-' (workflow/validate).
[[nodiscard]] std::string check_param_name(std::string_view name);
/// A label's or annotation's key: optional DNS prefix, '/', at most 63 of [A-Za-z0-9._-].
[[nodiscard]] std::string check_label_key(std::string_view key);
[[nodiscard]] std::string check_label_value(std::string_view value);

/// The name of a metric or of a metric's label: letters, digits and '_', none of the digits first
/// (workflow/metrics/util.go).
[[nodiscard]] bool is_metric_name(std::string_view name);

}  // namespace skiff::spec
