// The tokens of a `when` text and the rules on what may follow what, as govaluate has them.
//
// Internal to when.cc: text in, tokens out, or an error in govaluate's words with its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skiff::spec::when {

enum class TokenKind : std::uint8_t {
  start,  ///< before the first token; govaluate prints it as UNKNOWN
  prefix,
  numeric,
  boolean,
  string,
  pattern,  ///< a string at the right of =~ or !~
  time,
  variable,
  separator,
  accessor,
  comparator,
  logical,
  modifier,
  clause,
  clause_close,
  ternary,
};

struct Token {
  TokenKind kind = TokenKind::start;
  std::string text;        ///< the string, name or operator
  double number = 0;       ///< of a number, or of a time in seconds since 1970
  bool truth = false;      ///< of a boolean
  std::size_t offset = 0;  ///< bytes into the text
};

struct LexError {
  std::string message;
  std::size_t offset = 0;
};

struct Tokens {
  std::vector<Token> list;
  std::optional<LexError> error;
};

[[nodiscard]] Tokens tokenize(std::string_view text);
/// Parentheses must balance and each token must be allowed after the one before.
[[nodiscard]] std::optional<LexError> check_order(const std::vector<Token>& tokens);
/// "STRING [foo]", as govaluate names a token in its errors.
[[nodiscard]] std::string describe(const Token& token);
/// Go's %v of a float64.
[[nodiscard]] std::string number_text(double value);

}  // namespace skiff::spec::when
