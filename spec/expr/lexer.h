// Text of an expression to tokens, by the rules of expr-lang's lexer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec/expr/ast.h"
#include "spec/expr/result.h"

namespace skiff::spec::expr {

enum class TokenKind : std::uint8_t { identifier, number, string, bytes, op, bracket, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  ///< strings and bytes without quotes and escapes
  Place place;

  [[nodiscard]] bool is(TokenKind k) const { return kind == k; }
  [[nodiscard]] bool is(TokenKind k, std::string_view t) const { return kind == k && text == t; }
};

/// All tokens, the last of kind end.
[[nodiscard]] Result<std::vector<Token>> lex(std::string_view text);

/// Letters, digits, _ and $ as expr-lang's names have them.
[[nodiscard]] bool is_name_rune(char32_t r);

}  // namespace skiff::spec::expr
