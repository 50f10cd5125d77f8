// `skiff eval`: expressions from lines of JSON, or one at the prompt. Text in, text out.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/expr/result.h"
#include "spec/json.h"

namespace skiff::spec::expr {

/// Reads a line {"id", "lang": "expr" | "sprig" | "when", "expr", "env"} at a time and writes {"id", "value",
/// "kind"} or {"id", "error"} for each, in the same order, flushed line by line.
void evaluate_batch(std::istream& in, std::ostream& out);

/// The answer to one such request.
[[nodiscard]] std::string answer_batch_line(std::string_view line);

enum class EvalLanguage : std::uint8_t { expr, when };

/// Evaluates one expression with dotted variables ({"inputs.parameters.n": "3"}) as Argo would; the result is
/// what JSON makes of it. Variables given as texts are what parameters are: texts.
[[nodiscard]] Result<Json> evaluate_once(EvalLanguage language, std::string_view text,
                                         const std::vector<std::pair<std::string, Json>>& variables);

}  // namespace skiff::spec::expr
