// --strict=false, as the verbs that read files take it.
#pragma once

#include "spec/diagnostic.h"

namespace skiff::runner {

/// What Argo's decoder would pass over (unknown fields, repeated keys) is told, and no error.
inline void forgive_unknown(spec::Diagnostics& findings) {
  for (spec::Diagnostic& d : findings) {
    const bool unknown =
        d.rule == "unknown-field" || d.rule == "unknown-metadata-field" || d.rule == "duplicate-key";
    if (unknown) d.severity = spec::Severity::warning;
  }
}

}  // namespace skiff::runner
