// Printing values as Go's fmt does with %v, within a budget.
#pragma once

#include <string>

#include "spec/expr/limits.h"
#include "spec/expr/value.h"

namespace skiff::spec::expr {

/// Throws Panic when the text outgrows the budget (a list that holds itself a thousand times over).
[[nodiscard]] std::string text_of(const Value& value, Meter& meter);

/// "January" for 1; "%!Month(13)" beyond.
[[nodiscard]] std::string month_name(std::int64_t month);
[[nodiscard]] std::string weekday_name(std::int64_t weekday);

}  // namespace skiff::spec::expr
