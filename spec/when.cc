// Puts lexer and evaluator together as Argo's shouldExecute does: read the text, make bare words strings,
// check again, evaluate, insist on a boolean. Adds to each error what the author most likely has to type.
#include "spec/when.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "spec/tags.h"
#include "spec/when_eval.h"
#include "spec/when_lexer.h"

namespace skiff::spec {
namespace {

using when::LexError;
using when::Token;
using when::TokenKind;

constexpr std::string_view kPlaceholder = "skiffTag";

WhenResult failed(std::string message, std::size_t offset, const std::string& hint) {
  WhenResult out;
  out.error = std::move(message);
  if (!hint.empty()) out.error += " (hint: " + hint + ")";
  out.offset = offset;
  return out;
}

struct Habit {
  std::string_view word, instead;
};
constexpr std::array<Habit, 12> kForeignWords{{
    {"and", "&&"},
    {"or", "||"},
    {"not", "!"},
    {"is", "=="},
    {"eq", "=="},
    {"ne", "!="},
    {"contains", "=~"},
    {"matches", "=~"},
    {"startsWith", "=~ '^…'"},
    {"endsWith", "=~ '…$'"},
    {"nil", "''"},
    {"null", "''"},
}};

/// A word of another language between the two tokens that may not stand side by side.
std::string foreign_word_hint(const std::vector<Token>& tokens) {
  for (const Token& token : tokens) {
    if (token.kind != TokenKind::variable) continue;
    for (const Habit& habit : kForeignWords) {
      if (token.text == habit.word) {
        return "`when` is not an expr expression: instead of '" + token.text + "' write " +
               std::string(habit.instead) + ", or put the whole condition into {{= … }}";
      }
    }
  }
  return "";
}

std::string order_hint(std::string_view text, const std::vector<Token>& tokens, const LexError& error) {
  if (std::string hint = foreign_word_hint(tokens); !hint.empty()) return hint;
  const auto operand_missing = [&] {
    if (tokens.empty()) return true;
    const TokenKind first = tokens.front().kind;
    return first == TokenKind::comparator || first == TokenKind::logical ||
           error.message == "Unexpected end of expression";
  };
  if (operand_missing()) {
    return "one side is empty: put quotes around both, as in '{{…}}' == '', so that an empty value stays a "
           "text";
  }
  if (error.message.starts_with("Undefined function")) {
    return "`when` has no functions: use {{= … }} for an expr expression";
  }
  for (const Token& token : tokens) {
    if (token.kind == TokenKind::prefix && token.offset < error.offset && token.text == "!") {
      return "! needs true, false or a condition in parentheses";
    }
  }
  if (text.find("{{") != std::string_view::npos) return "a tag was left in the text; check its name";
  return "a value with blanks, dots, hyphens or quotes must stand in quotes: '{{…}}'";
}

std::string lex_hint(std::string_view text, const LexError& error) {
  constexpr std::string_view kArgo = "try wrapping the affected expression in quotes (\")";
  if (!error.message.starts_with("Invalid token")) {
    return error.message.starts_with("Unable to") || error.message.starts_with("Hanging")
               ? "put the text in quotes"
               : std::string();
  }
  std::string hint(kArgo);
  if (error.message == "Invalid token: '='") {
    hint += "; to compare write ==";
  } else if (text.find("{{") != std::string_view::npos) {
    hint += "; the tag was not replaced: nothing has its name here";
  } else if (error.message.find('?') != std::string::npos) {
    hint += "; for an expr expression use {{= … }}";
  }
  return hint;
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

/// Strings behind =~ and !~ become patterns, which must compile even where they are never used.
std::optional<LexError> make_patterns(std::vector<Token>& tokens) {
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const std::string& symbol = tokens[i].text;
    Token& next = tokens[i + 1];
    if (tokens[i].kind != TokenKind::comparator || (symbol != "=~" && symbol != "!~")) continue;
    if (next.kind != TokenKind::string) continue;
    next.kind = TokenKind::pattern;
    if (std::string error = when::pattern_error(next.text); !error.empty())
      return LexError{std::move(error), next.offset};
  }
  return std::nullopt;
}

}  // namespace

WhenResult evaluate_when(std::string_view text, WhenWords words) {
  if (text.empty()) {
    WhenResult always;
    always.value = true;
    return always;
  }
  const std::string invalid = "Invalid 'when' expression " + quoted(text) + ": ";
  when::Tokens tokens = when::tokenize(text);
  if (tokens.error) {
    return failed(invalid + tokens.error->message, tokens.error->offset, lex_hint(text, *tokens.error));
  }
  if (const auto error = when::check_order(tokens.list)) {
    return failed(invalid + error->message, error->offset, order_hint(text, tokens.list, *error));
  }
  if (const auto error = make_patterns(tokens.list))
    return failed(invalid + error->message, error->offset, "");
  // Argo now makes strings of words and has the tokens checked again: less may follow a pattern or a prefix.
  if (words == WhenWords::strings) {
    for (Token& token : tokens.list) {
      if (token.kind == TokenKind::variable) token.kind = TokenKind::string;
    }
    if (const auto error = when::check_order(tokens.list)) {
      return failed("Failed to parse 'when' expression " + quoted(text) + ": " + error->message,
                    error->offset, order_hint(text, tokens.list, *error));
    }
  }
  when::Evaluation done = when::evaluate(tokens.list);
  if (done.error) {
    return failed("Failed to evaluate 'when' expresion " + quoted(text) + ": " + done.error->message,
                  done.error->offset, done.error->hint);
  }
  const bool* truth = done.value.boolean();
  if (truth == nullptr) {
    return failed(
        "Expected boolean evaluation for " + quoted(text) + ". Got " + when::print(done.value), 0,
        "compare the value with something, as in " + quoted(when::print(done.value)) + " == 'true'");
  }
  WhenResult out;
  out.value = *truth;
  out.note = std::move(done.note);
  return out;
}

std::string check_when(std::string_view text) {
  std::string plain;
  std::size_t copied = 0;
  bool odd = false;
  for_each_tag(text, [&](const Tag& tag) {
    odd = odd || !tag.closed || nested_name(tag.raw).has_value();
    if (odd) return;
    plain += text.substr(copied, tag.offset - copied);
    plain += kPlaceholder;
    copied = tag.offset + tag.raw.size() + 4;
  });
  if (odd) return "";
  plain += text.substr(copied);
  const when::Tokens tokens = when::tokenize(plain);
  if (tokens.error) {
    return "Invalid 'when' expression " + quoted(text) + ": " + tokens.error->message;
  }
  if (plain.empty()) return "";
  const auto error = when::check_order(tokens.list);
  if (!error) return "";
  // A tag's value may bring operators and quotes of its own, so only texts without loose tags can be judged.
  for (const Token& token : tokens.list) {
    if (token.kind == TokenKind::variable && token.text.find(kPlaceholder) != std::string::npos) return "";
  }
  return "Invalid 'when' expression " + quoted(text) + ": " + error->message +
         " (hint: " + order_hint(text, tokens.list, *error) + ")";
}

}  // namespace skiff::spec
