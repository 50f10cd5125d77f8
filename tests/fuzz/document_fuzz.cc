// Fuzz target: the bytes of a file to documents, decoded, explained, rendered and written back.
//
// Beyond "no crash": every finding has a place inside the text, and what is written as YAML reads back as the
// same value.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "spec/decode.h"
#include "spec/feature_table.h"

namespace {

using skiff::spec::Json;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "failed: %s\n", what);
  std::abort();
}

/// Equal, where numbers are equal if they are worth the same.
bool same(const Json& a, const Json& b) {
  if (a.kind() != b.kind()) return false;
  if (a.is_number()) return a.as_double() == b.as_double();
  if (a.is_array()) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!same(a.as_array()[i], b.as_array()[i])) return false;
    }
    return true;
  }
  if (!a.is_object()) return a == b;
  if (a.size() != b.size()) return false;
  for (const auto& [key, value] : a.as_object()) {
    const Json* other = b.find(key);
    if (other == nullptr || !same(value, *other)) return false;
  }
  return true;
}

bool has_unique_keys(const Json& value) {
  if (value.is_array()) {
    for (const Json& item : value.as_array()) {
      if (!has_unique_keys(item)) return false;
    }
  }
  if (!value.is_object()) return true;
  for (const auto& member : value.as_object()) {
    if (value.find(member.first) != &member.second || !has_unique_keys(member.second)) return false;
  }
  return true;
}

using skiff::spec::Node;

/// The two readers of YAML agree on every node.
bool same_tree(const Node& a, const Node& b) {
  if (a.kind() != b.kind() || a.style() != b.style() || a.is_flow() != b.is_flow() || a.text() != b.text() ||
      a.tag() != b.tag() || a.offset() != b.offset() || a.size() != b.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a.is_sequence() && !same_tree(a.item(i), b.item(i))) return false;
    if (a.is_mapping() && (!same_tree(a.key(i), b.key(i)) || !same_tree(a.value(i), b.value(i))))
      return false;
  }
  return true;
}

void check_readers(const std::string& text) {
  const auto plain = skiff::spec::parse_documents(text, "input");
  skiff::spec::ParseLimits limits;
  limits.plain_reader = false;
  const auto full = skiff::spec::parse_documents(text, "input", limits);
  require(plain.diagnostics == full.diagnostics, "both readers find the same");
  require(plain.documents.size() == full.documents.size(), "both readers see the same documents");
  for (std::size_t i = 0; i < plain.documents.size(); ++i) {
    require(same_tree(plain.documents[i].root(), full.documents[i].root()),
            "both readers make the same tree");
  }
}

void check_written(const Json& value) {
  if (!value.is_object() || value.empty() || !has_unique_keys(value)) return;
  const auto again = skiff::spec::parse_documents(to_yaml(value), "written");
  require(again.diagnostics.empty(), "what we write is well-formed");
  require(again.documents.size() == 1, "what we write is one document");
  require(same(to_json_value(again.documents[0].root()), value), "what we write reads back the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_readers(text);
  auto parsed = skiff::spec::read_documents(text, "input");
  std::uint32_t lines = 1;
  for (const char c : text) lines += c == '\n' ? 1 : 0;
  for (const auto& d : parsed.diagnostics) {
    require(!render(d, parsed.source()).empty(), "a finding can be shown");
    require(d.mark.line <= lines, "a finding has a place inside the text");
    require(!d.message.empty() && !d.rule.empty(), "a finding says what is wrong");
  }
  for (const auto& document : parsed.documents) {
    check_written(document.value());
    require(!explain_text(document).empty(), "a document can be explained");
    Json value = document.value();
    convert_to_current(value);
  }
  return 0;
}
