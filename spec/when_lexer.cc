// Splits a `when` text into tokens. What counts as a letter, where white space ends a word and what a
// backslash does follow govaluate's parsing.go letter by letter, because workflows rely on all of it.
#include "spec/when_lexer.h"

#include <array>
#include <charconv>

#include "spec/expr/time.h"
#include "spec/expr/unicode.h"
#include "spec/expr/value.h"

namespace skiff::spec::when {
namespace {

constexpr std::size_t kMaxTokens = 20'000;

struct Letter {
  char32_t value;
  std::size_t offset;
};

std::vector<Letter> decode(std::string_view text) {
  std::vector<Letter> out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const expr::Rune rune = expr::decode_rune(text.substr(i));
    out.push_back({rune.value, i});
    i += rune.size;
  }
  return out;
}

using expr::is_digit;
using expr::is_letter;
using expr::is_space;

bool is_numeric(char32_t c) { return is_digit(c) || c == '.'; }
bool is_quote(char32_t c) { return c == '\'' || c == '"'; }
bool is_not_quote(char32_t c) { return !is_quote(c); }
bool is_not_bracket(char32_t c) { return c != ']'; }
bool is_word(char32_t c) { return is_letter(c) || is_digit(c) || c == '_' || c == '.'; }
bool is_symbol(char32_t c) {
  return !(is_digit(c) || is_letter(c) || c == '(' || c == ')' || c == '[' || c == ']' || is_quote(c));
}
bool is_hex(char32_t c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& list) {
  for (const std::string_view entry : list) {
    if (entry == text) return true;
  }
  return false;
}

constexpr std::array<std::string_view, 3> kPrefixes{"-", "!", "~"};
constexpr std::array<std::string_view, 11> kModifiers{"+", "-", "*", "/",  "%", "**",
                                                      "&", "|", "^", ">>", "<<"};
constexpr std::array<std::string_view, 2> kLogical{"&&", "||"};
constexpr std::array<std::string_view, 8> kComparators{"==", "!=", ">", ">=", "<", "<=", "=~", "!~"};
constexpr std::array<std::string_view, 3> kTernary{"?", ":", "??"};

bool may_follow(TokenKind before, TokenKind next) {
  using enum TokenKind;
  const bool operand = next == numeric || next == boolean || next == variable || next == accessor;
  switch (before) {
    case start:
      return operand || next == prefix || next == pattern || next == string || next == time || next == clause;
    case clause:
      return operand || next == prefix || next == pattern || next == string || next == time ||
             next == clause || next == clause_close;
    case clause_close:
      return next == comparator || next == modifier || next == numeric || next == boolean ||
             next == variable || next == string || next == pattern || next == time || next == clause ||
             next == clause_close || next == logical || next == ternary || next == separator;
    case numeric:
    case boolean:
    case string:
    case variable:
      return next == modifier || next == comparator || next == logical || next == clause_close ||
             next == ternary || next == separator;
    case accessor:
      return next == clause || next == modifier || next == comparator || next == logical ||
             next == clause_close || next == ternary || next == separator;
    case time:
    case pattern:
      return next == modifier || next == comparator || next == logical || next == clause_close ||
             next == separator;
    case modifier:
      return operand || next == prefix || next == string || next == clause || next == clause_close;
    case comparator:
      return operand || next == prefix || next == string || next == time || next == clause ||
             next == clause_close || next == pattern;
    case logical:
      return operand || next == prefix || next == string || next == time || next == clause ||
             next == clause_close;
    case prefix:
      return operand || next == clause || next == clause_close;
    case ternary:
      return operand || next == prefix || next == string || next == time || next == clause ||
             next == separator;
    case separator:
      return operand || next == prefix || next == string || next == time || next == clause;
  }
  return false;
}

bool may_end(TokenKind last) {
  using enum TokenKind;
  return last == clause_close || last == numeric || last == boolean || last == string || last == time ||
         last == pattern || last == variable || last == accessor;
}

/// The date formats that make a quoted string a time, in Go's notation.
std::optional<double> as_time(const std::string& text) {
  if (text.size() < 6 || text.find_first_of(":-") == std::string::npos) return std::nullopt;
  static constexpr std::array<std::string_view, 14> kLayouts{
      "Mon Jan _2 15:04:05 2006",
      "Mon Jan _2 15:04:05 MST 2006",
      "Mon Jan 02 15:04:05 -0700 2006",
      "3:04PM",
      "2006-01-02T15:04:05Z07:00",
      "2006-01-02T15:04:05.999999999Z07:00",
      "2006-01-02",
      "2006-01-02 15:04",
      "2006-01-02 15:04:05",
      "2006-01-02 15:04:05-07:00",
      "2006-01-02T15Z0700",
      "2006-01-02T15:04Z0700",
      "2006-01-02T15:04:05Z0700",
      "2006-01-02T15:04:05.999999999Z0700",
  };
  for (const std::string_view layout : kLayouts) {
    const auto time = expr::parse_time(layout, text, expr::local_zone());
    if (time.ok()) return static_cast<double>(time.value().seconds);
  }
  return std::nullopt;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : runes_(decode(text)) {}

  Tokens run() {
    Tokens out;
    TokenKind state = TokenKind::start;
    while (skip_space()) {
      if (out.list.size() == kMaxTokens) {
        fail("the expression is too long: more than 20000 words");
      } else {
        Token token;
        token.offset = runes_[at_].offset;
        begin_ = token.offset;
        read(token, state);
        state = token.kind;
        out.list.push_back(std::move(token));
      }
      if (error_) break;
    }
    out.error = std::move(error_);
    return out;
  }

 private:
  using Condition = bool (*)(char32_t);

  bool skip_space() {
    while (at_ < runes_.size() && is_space(runes_[at_].value)) ++at_;
    return at_ < runes_.size();
  }

  void fail(std::string message) {
    if (!error_) error_ = LexError{std::move(message), begin_};
  }

  /// Reads while `condition` holds; a backslash takes the next character as it is. `ended` tells whether
  /// something other than the text's end stopped it. White space that breaks a word is consumed.
  std::string read_while(Condition condition, bool keep_space, bool space_breaks, bool* ended = nullptr) {
    std::string out;
    bool stopped = false;
    while (at_ < runes_.size()) {
      const char32_t c = runes_[at_++].value;
      if (c == '\\') {
        if (at_ == runes_.size()) {
          fail("The text ends with a backslash");
          break;
        }
        expr::append_rune(out, runes_[at_++].value);
        continue;
      }
      if (is_space(c)) {
        if (space_breaks && !out.empty()) {
          stopped = true;
          break;
        }
        if (!keep_space) continue;
      }
      if (!condition(c)) {
        stopped = true;
        --at_;
        break;
      }
      expr::append_rune(out, c);
    }
    if (ended != nullptr) *ended = stopped;
    return out;
  }
  std::string read_word(Condition condition) { return read_while(condition, false, true); }

  void read(Token& token, TokenKind state) {
    const char32_t c = runes_[at_].value;
    if (is_numeric(c)) return read_number(token);
    if (is_letter(c)) return read_name(token);
    if (is_quote(c)) return read_string(token);
    switch (c) {
      case ',':
        token.kind = TokenKind::separator;
        break;
      case '(':
        token.kind = TokenKind::clause;
        break;
      case ')':
        token.kind = TokenKind::clause_close;
        break;
      case '[':
        return read_bracket(token);
      default:
        return read_symbol(token, state);
    }
    ++at_;
    token.text = static_cast<char>(c);
  }

  void read_number(Token& token) {
    token.kind = TokenKind::numeric;
    const bool hex = runes_[at_].value == '0' && at_ + 2 < runes_.size() && runes_[at_ + 1].value == 'x';
    if (hex) at_ += 2;
    token.text = hex ? read_while(is_hex, false, true) : read_word(is_numeric);
    const char* begin = token.text.data();
    const char* end = begin + token.text.size();
    if (hex) {
      std::uint64_t value = 0;
      const auto [stop, code] = std::from_chars(begin, end, value, 16);
      if (code != std::errc{} || stop != end) {
        return fail("Unable to parse hex value '" + token.text + "' to uint64");
      }
      token.number = static_cast<double>(value);
      return;
    }
    const auto [stop, code] = std::from_chars(begin, end, token.number);
    if (code != std::errc{} || stop != end) {
      fail("Unable to parse numeric value '" + token.text + "' to float64");
    }
  }

  void read_name(Token& token) {
    token.kind = TokenKind::variable;
    token.text = read_word(is_word);
    if (token.text == "true" || token.text == "false") {
      token.kind = TokenKind::boolean;
      token.truth = token.text == "true";
    } else if (token.text == "in" || token.text == "IN") {
      token.kind = TokenKind::comparator;
      token.text = "in";
    }
    const std::size_t dot = token.text.find('.');
    if (dot == std::string::npos || dot == 0) return;
    token.kind = TokenKind::accessor;
    if (token.text.back() == '.') return fail("Hanging accessor on token '" + token.text + "'");
    for (std::size_t at = dot; at != std::string::npos; at = token.text.find('.', at + 1)) {
      const std::string_view field =
          std::string_view(token.text).substr(at + 1, token.text.find('.', at + 1) - at - 1);
      const std::vector<Letter> first = decode(field.substr(0, 4));
      if (!first.empty() && expr::is_lower(first.front().value)) {
        return fail("Unable to access unexported field '" + std::string(field) + "' in token '" + token.text +
                    "'");
      }
    }
  }

  void read_bracket(Token& token) {
    ++at_;
    bool closed = false;
    token.kind = TokenKind::variable;
    token.text = read_while(is_not_bracket, true, false, &closed);
    if (!closed) return fail("Unclosed parameter bracket");
    ++at_;
  }

  void read_string(Token& token) {
    ++at_;
    bool closed = false;
    token.text = read_while(is_not_quote, true, false, &closed);
    if (!closed) return fail("Unclosed string literal");
    ++at_;
    token.kind = TokenKind::string;
    if (const auto seconds = as_time(token.text)) {
      token.kind = TokenKind::time;
      token.number = *seconds;
    }
  }

  void read_symbol(Token& token, TokenKind state) {
    token.text = read_word(is_symbol);
    if (may_follow(state, TokenKind::prefix) && one_of(token.text, kPrefixes)) {
      token.kind = TokenKind::prefix;
    } else if (one_of(token.text, kModifiers)) {
      token.kind = TokenKind::modifier;
    } else if (one_of(token.text, kLogical)) {
      token.kind = TokenKind::logical;
    } else if (one_of(token.text, kComparators)) {
      token.kind = TokenKind::comparator;
    } else if (one_of(token.text, kTernary)) {
      token.kind = TokenKind::ternary;
    } else {
      fail("Invalid token: '" + token.text + "'");
    }
  }

  std::vector<Letter> runes_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  ///< where the current token starts, in bytes
  std::optional<LexError> error_;
};

}  // namespace

Tokens tokenize(std::string_view text) { return Lexer(text).run(); }

std::optional<LexError> check_order(const std::vector<Token>& tokens) {
  int open = 0;
  for (const Token& token : tokens) {
    open += token.kind == TokenKind::clause ? 1 : token.kind == TokenKind::clause_close ? -1 : 0;
  }
  if (open != 0) return LexError{"Unbalanced parenthesis", tokens.back().offset};
  Token last;
  for (const Token& token : tokens) {
    if (!may_follow(last.kind, token.kind)) {
      if (last.kind == TokenKind::variable && token.kind == TokenKind::clause) {
        return LexError{"Undefined function " + last.text, last.offset};
      }
      return LexError{"Cannot transition token types from " + describe(last) + " to " + describe(token),
                      token.offset};
    }
    last = token;
  }
  if (!may_end(last.kind)) return LexError{"Unexpected end of expression", last.offset + last.text.size()};
  return std::nullopt;
}

std::string number_text(double value) { return expr::format_float(value); }

std::string describe(const Token& token) {
  static constexpr std::array<std::string_view, 16> kNames{
      "UNKNOWN",   "PREFIX",   "NUMERIC",    "BOOLEAN",   "STRING",   "PATTERN", "TIME",         "VARIABLE",
      "SEPARATOR", "ACCESSOR", "COMPARATOR", "LOGICALOP", "MODIFIER", "CLAUSE",  "CLAUSE_CLOSE", "TERNARY"};
  std::string out(kNames.at(static_cast<std::size_t>(token.kind)));
  out += " [";
  if (token.kind == TokenKind::start) {
    out += "<nil>";
  } else if (token.kind == TokenKind::numeric) {
    out += number_text(token.number);
  } else {
    out += token.text;
  }
  return out + "]";
}

}  // namespace skiff::spec::when
