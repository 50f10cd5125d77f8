// Evaluating in one line, for the tests of the expression language.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "spec/expr/go_json.h"
#include "spec/expr/program.h"
#include "spec/json.h"

namespace skiff::spec::expr {

/// The result as JSON text, or "error: " and the message's first line.
inline std::string run(std::string_view text, std::string_view env = "{}") {
  const auto json = parse_json(env);
  REQUIRE(json);
  auto result = evaluate(text, Value::from_json(*json));
  if (!result) return "error: " + result.error().message;
  auto out = encode_json(result.value(), {.escape_html = false});
  return out ? out.value() : "error: " + out.error().message;
}

/// The whole error as a user sees it; empty if there is none.
inline std::string complaint(std::string_view text, std::string_view env = "{}") {
  const auto json = parse_json(env);
  REQUIRE(json);
  auto result = evaluate(text, Value::from_json(*json));
  return result ? "" : result.error().render(std::string(text));
}

inline bool fails(std::string_view text, std::string_view env = "{}") {
  return run(text, env).starts_with("error: ");
}

struct Case {
  const char* text;
  const char* want;
};

}  // namespace skiff::spec::expr
