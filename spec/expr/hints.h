// What to write instead: the known traps of expressions, recognised in an error's surroundings.
#pragma once

#include <string>
#include <string_view>

#include "spec/expr/ast.h"

namespace skiff::spec::expr {

/// For a name that the environment lacks: an unquoted hyphen, a word of another language, a misspelling.
[[nodiscard]] std::string hint_for_unknown_name(std::string_view text, Place place, std::string_view name,
                                                const Map& env);
/// For an operator between values that do not go together: text against number, an unquoted hyphen.
[[nodiscard]] std::string hint_for_mismatch(std::string_view text, const Node& op, const Nature& left,
                                            const Nature& right, const Map& env);
/// The hyphenated path around a place as it must be written, e.g. "inputs.parameters['my-param']"; empty if
/// the text there is no such path.
[[nodiscard]] std::string quoted_hyphen_path(std::string_view text, std::size_t offset);

}  // namespace skiff::spec::expr
