// How tags meet the expression language: the environment made of a scope, and what becomes of one `{{=…}}`.
//
// Internal to the tag engine, except for expression_environment().
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spec/expr/value.h"
#include "spec/tags.h"

namespace skiff::spec {

/// The scope as nested maps, with asInt, asFloat, jsonpath, toJson and sprig (util/expr/env). Of the
/// variables only those that `expression` can reach are put in.
[[nodiscard]] expr::Value expression_environment(std::string_view expression, const Scope& scope,
                                                 bool artifacts);

/// What `{{=expression}}` becomes: a text, nothing (the tag stays), or an error.
struct Replacement {
  std::optional<std::string> text;
  std::optional<TagError> error;
};
[[nodiscard]] Replacement replace_expression(std::string_view expression, const Scope& scope,
                                             Unresolved rule);

/// Whether Argo could put the text into JSON: it escapes as Go source does, which JSON does not understand
/// for control characters and the like. Empty if it could, else the error's words.
[[nodiscard]] std::string json_trouble(std::string_view text);

}  // namespace skiff::spec
