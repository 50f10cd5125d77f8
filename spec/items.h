// Loops: withItems, withParam and withSequence become a list of items.
//
// An item carries the name it gives to its node (`0:foo`, for `step(0:foo)`) and the variables `item` and
// `item.<key>`, all texts, exactly as Argo makes them (workflow/controller/operator.go processItem).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/json.h"
#include "spec/tags.h"

namespace skiff::spec {

struct LoopItem {
  std::string suffix;  ///< what stands in the parentheses of the node's name: "0:foo", "1:k:v,k2:v2"
  std::string item;    ///< the value of {{item}}: a list or map as compact JSON
  std::vector<std::pair<std::string, std::string>> keys;  ///< {{item.<key>}}, of a map only

  /// Sets `item` and `item.<key>`.
  void add_to(Scope& scope) const;
};

struct LoopItems {
  std::vector<LoopItem> items;
  std::string error;  ///< empty when it went well
  [[nodiscard]] explicit operator bool() const { return error.empty(); }
};

/// More items than this in one loop are refused with an error that says so.
inline constexpr std::size_t kMaxLoopItems = 100'000;

/// `items` is the array of withItems after substitution.
[[nodiscard]] LoopItems expand_items(const Json::Array& items);
/// `text` is withParam after substitution: a JSON list.
[[nodiscard]] LoopItems expand_param(std::string_view text);

/// withSequence; each bound is the text of an int-or-string.
struct SequenceBounds {
  std::optional<std::string> start;  ///< "0" if absent
  std::optional<std::string> end;
  std::optional<std::string> count;
  std::string format;  ///< Go's fmt verb, "%d" if empty

  [[nodiscard]] static SequenceBounds from_json(const Json& with_sequence);
};
[[nodiscard]] LoopItems expand_sequence(const SequenceBounds& sequence);

/// Go's fmt.Sprintf(format, n) with its %! notes for verbs that do not fit an int. Ends with the
/// directive that passes `most` bytes.
[[nodiscard]] std::string go_format_int(std::string_view format, std::int64_t n,
                                        std::size_t most = std::size_t{1} << 20U);

}  // namespace skiff::spec
