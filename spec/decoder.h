// The strict decoder's own header: walks a node against the registry. Only decode.cc and its neighbours
// include it.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "spec/decode.h"
#include "spec/schema.h"

namespace skiff::spec {

class Decoder {
 public:
  Decoder(Document& document, Diagnostics& out) : document_(document), out_(out) {}

  [[nodiscard]] Json decode_root(const TypeInfo& type);

 private:
  using Step = std::variant<std::string_view, std::size_t>;

  Json object(const Node& node, const TypeInfo& type);
  Json shaped(const Node& node, const FieldInfo& field);
  Json list(const Node& node, const FieldInfo& field, Shape items);
  Json map(const Node& node, const FieldInfo& field);
  Json one(const Node& node, const FieldInfo& field);
  Json scalar(const Node& node, const FieldInfo& field);
  Json any_string_field(const Node& node);
  Json plugin(const Node& node);
  void check_string(const Node& node, const FieldInfo& field, const Json& value);

  /// An unknown field: an older spelling (true: taken over into `result`) or a finding.
  void unknown(const Node& node, std::size_t entry, const TypeInfo& type, Json& result);
  bool older_spelling(const Node& node, std::size_t entry, const TypeInfo& type, Json& result);
  [[nodiscard]] std::string guess(const Node& node, std::string_view key, const TypeInfo& type) const;
  void report_unknown(const Node& key, const TypeInfo& type, std::string hint);

  void report(const Node& at, Severity severity, std::string rule, std::string message, std::string hint);
  void wrong_type(const Node& node, const FieldInfo& field, std::string_view wanted);
  [[nodiscard]] std::string path() const;
  /// The last two names of the path with their positions: "env[0].value".
  [[nodiscard]] std::string label() const;

  Document& document_;
  Diagnostics& out_;
  std::vector<Step> path_;
  std::vector<const TypeInfo*> types_;  ///< of the objects we are in
  bool lenient_ = false;                ///< inside a step, where Argo ignores what it does not know
  bool foreign_ = false;                ///< a kind of Kubernetes: findings are warnings
};

/// The smallest number of letters to change, add, drop or swap; `limit` + 1 if it is more than `limit`.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);
/// Equal but for the case of ASCII letters.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace skiff::spec
