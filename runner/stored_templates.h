// The templates and ConfigMaps kept in a home, as validation and the controller's configuration look them up.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runner/cluster_config.h"
#include "spec/validate.h"
#include "store/journal.h"

namespace skiff::runner {

/// Reads lazily and keeps what it has read; for one validation, on one thread.
class StoredTemplates : public spec::TemplateLookup {
 public:
  explicit StoredTemplates(const store::Journal& journal) : journal_(journal) {}
  [[nodiscard]] const spec::Json* workflow_template(std::string_view ns,
                                                    std::string_view name) const override;
  [[nodiscard]] const spec::Json* cluster_workflow_template(std::string_view name) const override;
  [[nodiscard]] std::vector<std::string> names(std::string_view ns, bool cluster_scope) const override;

 private:
  const spec::Json* find(const std::string& kind, std::string_view ns, std::string_view name) const;
  const store::Journal& journal_;
  mutable std::map<std::string, spec::Json> read_;
};

/// Of any namespace. The journal has to outlive it.
[[nodiscard]] ConfigMapLookup config_maps_in(const store::Journal& journal);

}  // namespace skiff::runner
