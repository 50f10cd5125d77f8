// Secrets: one file of mode 0600 each, under SKIFF_HOME/secrets/<namespace>/<name>.json.
//
// In: a Secret object as JSON text. Out: the same text. They never enter the database, the journal or a log.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/home.h"

namespace skiff::store {

class Secrets {
 public:
  explicit Secrets(const Home& home, Files& files = real_files()) : root_(home.secrets()), files_(&files) {}

  /// Replaces it as a whole. Throws `invalid` for a name that is not a Kubernetes name.
  void put(std::string_view ns, std::string_view name, std::string_view json);
  [[nodiscard]] std::optional<std::string> get(std::string_view ns, std::string_view name) const;
  /// Sorted by name.
  [[nodiscard]] std::vector<std::string> names(std::string_view ns) const;
  bool remove(std::string_view ns, std::string_view name);

 private:
  [[nodiscard]] fs::path file(std::string_view ns, std::string_view name) const;
  fs::path root_;
  Files* files_;
};

}  // namespace skiff::store
