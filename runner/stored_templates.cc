#include "runner/stored_templates.h"

namespace skiff::runner {
using spec::Json;

const Json* StoredTemplates::find(const std::string& kind, std::string_view ns, std::string_view name) const {
  const std::string key = kind + "/" + std::string(ns) + "/" + std::string(name);
  if (const auto it = read_.find(key); it != read_.end()) return &it->second;
  const auto row = journal_.object(kind, ns, name);
  if (!row) return nullptr;
  auto json = spec::parse_json(row->json);
  if (!json) return nullptr;
  return &read_.emplace(key, std::move(*json)).first->second;
}

const Json* StoredTemplates::workflow_template(std::string_view ns, std::string_view name) const {
  return find("WorkflowTemplate", ns, name);
}

const Json* StoredTemplates::cluster_workflow_template(std::string_view name) const {
  return find("ClusterWorkflowTemplate", "", name);
}

std::vector<std::string> StoredTemplates::names(std::string_view ns, bool cluster_scope) const {
  std::vector<std::string> out;
  const auto rows =
      cluster_scope ? journal_.objects("ClusterWorkflowTemplate") : journal_.objects("WorkflowTemplate", ns);
  for (const store::ObjectRow& row : rows) out.push_back(row.name);
  return out;
}

ConfigMapLookup config_maps_in(const store::Journal& journal) {
  return [&journal](const std::string& ns, const std::string& name) -> std::optional<Json> {
    const auto row = journal.object("ConfigMap", ns, name);
    return row ? spec::parse_json(row->json) : std::nullopt;
  };
}

}  // namespace skiff::runner
