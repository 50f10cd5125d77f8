// The artifact repository of a workflow: which one its artifactRepositoryRef means, and what it gives to the
// templates that name no archiveLocation of their own (workflow/artifactrepositories, workflowpod.go
// addArchiveLocation).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "spec/json.h"
#include "spec/workflow.h"

namespace skiff::runner {

using spec::Json;

/// Finds a ConfigMap by namespace and name; nothing if there is none.
using ConfigMapLookup = std::function<std::optional<Json>(const std::string& ns, const std::string& name)>;

/// Where repositories are looked for beyond the reference itself.
struct RepositorySearch {
  std::string workflow_namespace;
  std::string controller_namespace;
  Json fallback;  ///< the controller's own repository (`artifactRepository`); null: the store's default place
};

struct ResolvedRepository {
  Json status;  ///< as status.artifactRepositoryRef shows it: configMap, key, namespace, artifactRepository
  std::string error;  ///< in Argo's words; empty if one was found
};

/// `ref` is spec.artifactRepositoryRef or null.
[[nodiscard]] ResolvedRepository resolve_repository(const Json& ref, const RepositorySearch& search,
                                                    const ConfigMapLookup& lookup);

/// The archiveLocation that a repository stands for: its bucket, and keyFormat as the key. Null for one that
/// names no kind of store.
[[nodiscard]] Json archive_location_of(const Json& repository);

/// Lays the repository into a template that keeps or takes artifacts or archives its logs and has no complete
/// archiveLocation. `archive_logs` is the workflow's.
void lay_repository(Json& tmpl, spec::TemplateType type, const Json& repository, bool archive_logs);

}  // namespace skiff::runner
