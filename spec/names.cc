// Names: hashes and cuts as Argo makes them, and the checks with the words users know from the cluster.
#include "spec/names.h"

#include <algorithm>

namespace skiff::spec {
namespace {

constexpr std::size_t kMaxPrefix = 242;  ///< 253 for a resource's name, less "-" and ten digits of hash
constexpr std::size_t kMaxGenerated = 63;

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alnum(char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z'); }

/// Labels of [a-z0-9-] that begin and end with a letter or digit; dots between them if `dots`.
bool is_dns(std::string_view name, bool dots) {
  bool boundary = true;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool last = i + 1 == name.size() || name[i + 1] == '.';
    if (dots && c == '.') {
      if (boundary) return false;
      boundary = true;
      continue;
    }
    if (!is_lower_alnum(c) && (c != '-' || boundary || last)) return false;
    boundary = false;
  }
  return !name.empty() && !boundary;
}

/// [A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?
bool is_qualified(std::string_view name) {
  if (name.empty() || !is_alnum(name.front()) || !is_alnum(name.back())) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

std::string too_long(std::size_t limit) {
  return "must be no more than " + std::to_string(limit) + " characters";
}

}  // namespace

std::uint32_t fnv32a(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 16777619U;
  }
  return hash;
}

std::string node_id(std::string_view workflow, std::string_view node) {
  if (workflow == node) return std::string(workflow);
  return std::string(workflow) + "-" + std::to_string(fnv32a(node));
}

std::string pod_name(std::string_view workflow, std::string_view node, std::string_view template_name) {
  if (workflow == node) return std::string(workflow);
  std::string prefix(workflow);
  if (!template_name.empty()) {
    prefix += '-';
    prefix += template_name;
  }
  if (prefix.size() > kMaxPrefix) prefix.resize(kMaxPrefix);
  return prefix + "-" + std::to_string(fnv32a(node));
}

std::string generated_name(std::string_view prefix, std::uint64_t random) {
  constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  constexpr std::size_t kSuffix = 5;
  std::string name(prefix.substr(0, kMaxGenerated - kSuffix));
  for (std::size_t i = 0; i < kSuffix; ++i) {
    name += kAlphabet[random % kAlphabet.size()];
    random /= kAlphabet.size();
  }
  return name;
}

std::string check_subdomain(std::string_view name) {
  if (name.size() > 253) return too_long(253);
  if (is_dns(name, true)) return "";
  return "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
         "must "
         "start and end with an alphanumeric character (e.g. 'example.com')";
}

std::string check_label(std::string_view name) {
  if (name.size() > 63) return too_long(63);
  if (is_dns(name, false)) return "";
  return "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must "
         "start and "
         "end with an alphanumeric character (e.g. 'my-name', or '123-abc')";
}

std::string check_field_name(std::string_view name) {
  if (name.size() > 128) return too_long(128);
  const bool good = !name.empty() && is_alnum(name.front()) &&
                    std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '-'; });
  if (good) return "";
  return "name must consist of alpha-numeric characters or '-', and must start with an alpha-numeric "
         "character (e.g. "
         "My-name1-2, 123-NAME)";
}

std::string check_param_name(std::string_view name) {
  const bool good = !name.empty() && std::all_of(name.begin(), name.end(),
                                                 [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
  if (good) return "";
  return "Parameter/Artifact name must consist of alpha-numeric characters, '_' or '-' e.g. my_param_1, "
         "MY-PARAM-1";
}

std::string check_label_key(std::string_view key) {
  const std::size_t slash = key.find('/');
  if (slash != std::string_view::npos) {
    if (slash == 0) return "prefix part must be non-empty";
    if (const std::string error = check_subdomain(key.substr(0, slash)); !error.empty())
      return "prefix part " + error;
    key.remove_prefix(slash + 1);
  }
  if (key.empty()) return "name part must be non-empty";
  if (key.size() > 63) return "name part " + too_long(63);
  if (is_qualified(key)) return "";
  return "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
         "alphanumeric character (e.g. 'MyName', or 'my.name', or '123-abc')";
}

std::string check_label_value(std::string_view value) {
  if (value.size() > 63) return too_long(63);
  if (value.empty() || is_qualified(value)) return "";
  return "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
         "must "
         "start and end with an alphanumeric character (e.g. 'MyValue', or 'my_value', or '12345')";
}

bool is_metric_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), good);
}

}  // namespace skiff::spec
