// The few questions that the plain structs can answer themselves.
#include "docker/types.h"

#include <charconv>

namespace skiff::docker {
namespace {

bool is_name_head(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_name_tail(char c) { return is_name_head(c) || c == '_' || c == '.' || c == '-'; }

}  // namespace

bool valid_container_name(const std::string& name) {
  if (name.size() < 2 || !is_name_head(name.front())) return false;
  for (const char c : name)
    if (!is_name_tail(c)) return false;
  return true;
}

std::string container_name_from(const std::string& text) {
  std::string name;
  for (const char c : text) name += is_name_tail(c) ? c : '-';
  if (name.empty() || !is_name_head(name.front())) name.insert(0, "c");
  if (name.size() < 2) name += "-0";
  return name;
}

std::string ContainerInfo::ip() const {
  for (const auto& entry : networks)
    if (!entry.second.ip.empty()) return entry.second.ip;
  return "";
}

std::optional<int> Event::exit_code() const {
  const auto it = attributes.find("exitCode");
  if (type != "container" || it == attributes.end()) return std::nullopt;
  int code = 0;
  const char* end = it->second.data() + it->second.size();
  const auto [at, ec] = std::from_chars(it->second.data(), end, code);
  if (ec != std::errc() || at != end) return std::nullopt;
  return code;
}

}  // namespace skiff::docker
