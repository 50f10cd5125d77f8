// Files whose indentation was lost, say in a paste: says which line stands at the wrong depth and where it
// belongs.
//
// In: a parsed file that has malformed parts or unknown fields. Out: its findings, where those that come from
// a lost indentation are replaced by a few that name the line and the cure. Works on the outline of the text
// with the registry at hand, so it does not matter whether the text is still valid YAML.
#pragma once

#include "spec/document.h"
#include "spec/tree.h"

namespace skiff::spec {

/// Replaces findings in `parsed` where the outline shows that keys stand at the wrong depth; else changes
/// nothing.
void explain_misindentation(ParsedFile& parsed, const Tree& tree);

}  // namespace skiff::spec
