// Secrets as files that only their owner can read.
#include "store/secrets.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/error.h"

namespace skiff::store {
namespace {

constexpr std::string_view kSuffix = ".json";

// A Kubernetes name (RFC 1123 subdomain) cannot climb out of a directory or hide in it.
void require_name(std::string_view name) {
  const auto fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  const bool valid = !name.empty() && name.size() <= 240 && std::all_of(name.begin(), name.end(), fine) &&
                     name.front() != '.' && name.front() != '-' && name.find("..") == std::string_view::npos;
  if (valid) return;
  throw StoreError(
      Trouble::invalid, "",
      fmt::format("'{}' is no name for a Secret or a namespace: lowercase letters, digits, '-' and '.' "
                  "only, beginning with a letter or digit",
                  name));
}

}  // namespace

fs::path Secrets::file(std::string_view ns, std::string_view name) const {
  require_name(ns);
  require_name(name);
  return root_ / ns / fmt::format("{}{}", name, kSuffix);
}

void Secrets::put(std::string_view ns, std::string_view name, std::string_view json) {
  const fs::path path = file(ns, name);
  files_->mkdirs(path.parent_path(), 0700);
  write_atomic(*files_, path, json, 0600);
}

std::optional<std::string> Secrets::get(std::string_view ns, std::string_view name) const {
  return read_file(*files_, file(ns, name));
}

std::vector<std::string> Secrets::names(std::string_view ns) const {
  require_name(ns);
  std::vector<std::string> names;
  for (const auto& entry : files_->list(root_ / ns)) {
    // Temporaries of write_atomic begin with a dot.
    if (entry.name.front() == '.' || !entry.name.ends_with(kSuffix)) continue;
    names.push_back(entry.name.substr(0, entry.name.size() - kSuffix.size()));
  }
  return names;
}

bool Secrets::remove(std::string_view ns, std::string_view name) { return files_->remove(file(ns, name)); }

}  // namespace skiff::store
