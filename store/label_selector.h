// Whether a label selector's condition holds; the selector's text is read by parse_label_selector (rows.h).
#pragma once

#include <optional>
#include <string>

#include "store/rows.h"

namespace skiff::store {

/// For an object whose label of that key has this value, or none.
[[nodiscard]] bool holds(const LabelCondition& condition, const std::optional<std::string>& value);

}  // namespace skiff::store
