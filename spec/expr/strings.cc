// Splitting and replacing as Go's strings package does, empty separators included.
#include "spec/expr/strings.h"

#include "spec/expr/unicode.h"

namespace skiff::spec::expr {

std::vector<std::string> split(std::string_view s, std::string_view separator, std::int64_t n, bool keep) {
  std::vector<std::string> parts;
  if (n == 0) return parts;
  if (separator.empty()) {
    while (!s.empty() && (n < 0 || static_cast<std::int64_t>(parts.size()) + 1 < n)) {
      const std::size_t size = decode_rune(s).size;
      parts.emplace_back(s.substr(0, size));
      s.remove_prefix(size);
    }
    if (!s.empty()) parts.emplace_back(s);
    return parts;
  }
  while (n < 0 || static_cast<std::int64_t>(parts.size()) + 1 < n) {
    const std::size_t at = s.find(separator);
    if (at == std::string_view::npos) break;
    parts.emplace_back(s.substr(0, keep ? at + separator.size() : at));
    s.remove_prefix(at + separator.size());
  }
  parts.emplace_back(s);
  return parts;
}

std::size_t count(std::string_view s, std::string_view part) {
  if (part.empty()) return rune_count(s) + 1;
  std::size_t n = 0;
  for (std::size_t at = s.find(part); at != std::string_view::npos; at = s.find(part, at + part.size())) ++n;
  return n;
}

std::string replace(std::string_view s, std::string_view from, std::string_view to, std::int64_t n) {
  if (n == 0 || from == to) return std::string(s);
  std::string out;
  std::int64_t done = 0;
  if (from.empty()) {  // before every rune, and at the end
    while (n < 0 || done < n) {
      out += to;
      ++done;
      if (s.empty()) return out;
      const std::size_t size = decode_rune(s).size;
      out += s.substr(0, size);
      s.remove_prefix(size);
    }
    out += s;
    return out;
  }
  for (std::size_t at = s.find(from); at != std::string_view::npos && (n < 0 || done < n);
       at = s.find(from)) {
    out += s.substr(0, at);
    out += to;
    s.remove_prefix(at + from.size());
    ++done;
  }
  out += s;
  return out;
}

}  // namespace skiff::spec::expr
