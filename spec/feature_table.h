// What becomes of each feature without Kubernetes, from the registry itself: the table of README and `skiff
// explain`.
//
// In: the registry, or a decoded document. Out: Markdown, or the fields in use with their class and remark.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec/document.h"
#include "spec/schema.h"

namespace skiff::spec {

/// A Markdown table with a row for each type that users write: fields that work, that are emulated, that are
/// ignored, that need a cluster; followed by the remarks. Types of the status are left out.
[[nodiscard]] std::string feature_table();

/// One line for README: "1091 fields of 217 types: 279 work, …".
[[nodiscard]] std::string feature_summary();

struct UsedFeature {
  FeatureClass feature = FeatureClass::works;
  std::string type;    ///< "Template"
  std::string field;   ///< "nodeSelector"
  std::string remark;  ///< may be empty
  std::size_t count = 0;
  std::string path;  ///< of the first use
  Mark mark;         ///< of its key
};

/// The fields that a decoded document uses, each once: what needs a cluster first, then what is ignored,
/// emulated, works; within a class by type and field. What stands below an ignored or cluster-only field is
/// not listed apart.
[[nodiscard]] std::vector<UsedFeature> explain(const Document& document);

/// explain() as text for a terminal: a paragraph for each class, one line a field with its place.
[[nodiscard]] std::string explain_text(const Document& document);

}  // namespace skiff::spec
