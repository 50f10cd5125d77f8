// The functions of sprig v3.3.0 as an expression calls them: sprig.upper("a").
//
// 209 names. What makes no sense in a workflow on one machine (keys, certificates, host look-ups) is there,
// too, and says so when it is called.
#pragma once

#include "spec/expr/value.h"

namespace skiff::spec::expr {

/// A map from name to function value; built once.
[[nodiscard]] const Value& sprig_functions();

}  // namespace skiff::spec::expr
