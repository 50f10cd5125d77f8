// The lexer: one pass over the text; strings are unescaped here.
#include "spec/expr/lexer.h"

#include <fmt/format.h>

#include <optional>

#include "spec/expr/unicode.h"

namespace skiff::spec::expr {
namespace {

constexpr char32_t kEnd = 0xFFFFFFFF;

int hex_value(char32_t c) {
  if (c >= '0' && c <= '9') return static_cast<int>(c - '0');
  const char32_t l = c | 0x20U;
  return l >= 'a' && l <= 'f' && c < 0x80 ? static_cast<int>(l - 'a') + 10 : 16;
}

bool is_keyword_operator(std::string_view w) {
  return w == "not" || w == "in" || w == "or" || w == "and" || w == "matches" || w == "contains" ||
         w == "startsWith" || w == "endsWith" || w == "let" || w == "if" || w == "else";
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    while (!error_ && pos_ < text_.size()) step();
    if (error_) return *error_;
    start_ = pos_;
    emit(TokenKind::end, "");
    if (tokens_.back().place.offset > 0) --tokens_.back().place.offset;
    tokens_.back().place.length = 1;
    return std::move(tokens_);
  }

 private:
  char32_t peek() const { return pos_ < text_.size() ? decode_rune(text_.substr(pos_)).value : kEnd; }
  char32_t next() {
    if (pos_ >= text_.size()) return kEnd;
    const Rune r = decode_rune(text_.substr(pos_));
    pos_ += r.size;
    return r.value;
  }
  bool accept(std::string_view set) {
    const char32_t c = peek();
    if (c >= 0x80 || set.find(static_cast<char>(c)) == std::string_view::npos) return false;
    ++pos_;
    return true;
  }
  void accept_run(std::string_view set) {
    while (accept(set)) {
    }
  }
  std::string_view word() const { return text_.substr(start_, pos_ - start_); }
  void emit(TokenKind kind, std::string text) {
    tokens_.push_back({kind, std::move(text), {start_, pos_ - start_}});
    start_ = pos_;
  }
  void emit(TokenKind kind) { emit(kind, std::string(word())); }
  void fail_here(std::string message, std::string hint = "") {
    if (error_) return;
    const std::size_t at = pos_ > start_ && pos_ > 0 ? pos_ - 1 : pos_;
    error_ = Error{std::move(message), std::move(hint), at, 1, true};
  }

  void step();
  void number();
  void string(char32_t quote, bool bytes);
  void raw_string();
  void slash();
  void pointer();
  void identifier();
  void escape(std::string& out, char32_t quote, bool bytes);
  void unicode_escape(std::string& out, int digits, bool bytes);
  void octal_escape(std::string& out, char32_t first, bool bytes);
  void put(std::string& out, char32_t value, bool bytes) {
    if (bytes) {
      out += static_cast<char>(static_cast<unsigned char>(value));
    } else {
      append_rune(out, value);
    }
  }

  std::string_view text_;
  std::size_t start_ = 0;
  std::size_t pos_ = 0;
  std::vector<Token> tokens_;
  std::optional<Error> error_;
};

void Lexer::step() {
  start_ = pos_;
  const char32_t r = next();
  const auto one_of = [r](std::string_view set) {
    return r < 0x80 && set.find(static_cast<char>(r)) != std::string_view::npos;
  };
  if (is_space(r)) return;
  if (r == '\'' || r == '"') return string(r, false);
  if (r == '`') return raw_string();
  if ((r == 'b' || r == 'B') && (peek() == '\'' || peek() == '"')) return string(next(), true);
  if (r >= '0' && r <= '9') {
    --pos_;
    return number();
  }
  if (r == '?') {
    accept(".?");
    return emit(TokenKind::op);
  }
  if (r == '/') return slash();
  if (r == '#') return pointer();
  if (r == '|' || r == ':') {
    accept(r == '|' ? "|" : ":");
    return emit(TokenKind::op);
  }
  if (one_of("([{)]}")) return emit(TokenKind::bracket);
  if (one_of(",;%+-^")) return emit(TokenKind::op);
  if (one_of("&!=*<>")) {
    accept("&=*");
    return emit(TokenKind::op);
  }
  if (r == '.') {
    if (peek() >= '0' && peek() <= '9') return number();
    accept(".");
    return emit(TokenKind::op);
  }
  if (is_name_rune(r)) return identifier();
  fail_here(fmt::format("unrecognized character: {}", text_.substr(start_, pos_ - start_)),
            r == 0x2018 || r == 0x2019 || r == 0x201C || r == 0x201D
                ? "these are typographic quotes; write ' or \" instead"
                : "");
}

void Lexer::number() {
  std::string_view digits = "0123456789_";
  if (accept("0")) {
    if (accept("xX")) {
      digits = "0123456789abcdefABCDEF_";
    } else if (accept("oO")) {
      digits = "01234567_";
    } else if (accept("bB")) {
      digits = "01_";
    }
  }
  accept_run(digits);
  const std::size_t whole = pos_;
  if (accept(".")) {
    if (peek() == '.') {  // 1..2 is a range
      pos_ = whole;
      return emit(TokenKind::number);
    }
    accept_run(digits);
  }
  if (accept("eE")) {
    accept("+-");
    accept_run(digits);
  }
  if (peek() != kEnd && is_name_rune(peek())) {
    next();
    return fail_here(fmt::format("bad number syntax: \"{}\"", word()));
  }
  emit(TokenKind::number);
}

void Lexer::string(char32_t quote, bool bytes) {
  std::string out;
  while (!error_) {
    const std::size_t at = pos_;
    const char32_t c = next();
    if (c == quote) return emit(bytes ? TokenKind::bytes : TokenKind::string, std::move(out));
    if (c == kEnd || c == '\n') {
      return fail_here("literal not terminated",
                       quote == '\'' ? "close the text with '" : "close the text with \"");
    }
    if (c == '\\') {
      escape(out, quote, bytes);
    } else if (c == '\r') {  // expr-lang normalises line ends in quoted strings
      out += '\n';
      if (peek() == '\n') return fail_here("literal not terminated");
    } else if (c == kRuneError) {
      append_rune(out, c);
    } else {
      out += text_.substr(at, pos_ - at);
    }
  }
}

void Lexer::escape(std::string& out, char32_t quote, bool bytes) {
  constexpr std::string_view kFrom = "abfnrtv\\";
  constexpr std::string_view kTo = "\a\b\f\n\r\t\v\\";
  const char32_t c = next();
  if (c == quote) {
    out += static_cast<char>(c);
    return;
  }
  const std::size_t i = c < 0x80 ? kFrom.find(static_cast<char>(c)) : std::string_view::npos;
  if (i != std::string_view::npos) {
    out += kTo[i];
    return;
  }
  if (c >= '0' && c <= '7') return octal_escape(out, c, bytes);
  if (c == 'x') return unicode_escape(out, 2, bytes);
  if (c == 'u' && !bytes) return unicode_escape(out, 4, bytes);
  if (c == 'U' && !bytes) return unicode_escape(out, 8, bytes);
  fail_here("invalid char escape", "write \\\\ for a backslash, or use a raw string in back quotes: `\\d+`");
}

void Lexer::unicode_escape(std::string& out, int digits, bool bytes) {
  std::uint64_t v = 0;
  if (digits == 4 && peek() == '{') {  // \u{1F600}
    next();
    int n = 0;
    for (; peek() != '}' && n < 6; ++n) {
      if (hex_value(peek()) >= 16) return fail_here("invalid char escape");
      v = v * 16 + static_cast<unsigned>(hex_value(next()));
    }
    if (n == 0 || peek() != '}') return fail_here("invalid char escape");
    next();
  } else {
    for (int i = 0; i < digits; ++i) {
      const char32_t c = next();
      if (hex_value(c) >= 16) return fail_here("invalid char escape");
      v = v * 16 + static_cast<unsigned>(hex_value(c));
    }
  }
  if (v > 0x10FFFF) return fail_here("unable to unescape string: no such character");
  put(out, static_cast<char32_t>(v), bytes);
}

void Lexer::octal_escape(std::string& out, char32_t first, bool bytes) {
  char32_t v = first - '0';
  for (int i = 0; i < 2; ++i) {
    const char32_t c = next();
    if (c < '0' || c > '7') return fail_here("invalid char escape");
    v = v * 8 + (c - '0');
  }
  if (first > '3') return fail_here("unable to unescape string: octal escapes end at \\377");
  put(out, v, bytes);
}

void Lexer::raw_string() {
  std::string out;
  for (;;) {
    const std::size_t end = text_.find('`', pos_);
    if (end == std::string_view::npos) {
      pos_ = text_.size();
      return fail_here("literal not terminated", "close the text with `");
    }
    out += text_.substr(pos_, end - pos_);
    pos_ = end + 1;
    if (pos_ >= text_.size() || text_[pos_] != '`') return emit(TokenKind::string, std::move(out));
    out += '`';
    ++pos_;
  }
}

void Lexer::slash() {
  if (accept("/")) {
    const std::size_t end = text_.find('\n', pos_);
    pos_ = end == std::string_view::npos ? text_.size() : end + 1;
  } else if (accept("*")) {
    const std::size_t end = text_.find("*/", pos_);
    if (end == std::string_view::npos) {
      pos_ = text_.size();
      return fail_here("unclosed comment", "close the comment with */");
    }
    pos_ = end + 2;
  } else {
    emit(TokenKind::op);
  }
}

void Lexer::pointer() {
  accept("#");
  emit(TokenKind::op);
  while (peek() != kEnd && is_name_rune(peek())) next();
  if (pos_ > start_) emit(TokenKind::identifier);
}

void Lexer::identifier() {
  while (peek() != kEnd && is_name_rune(peek())) next();
  emit(is_keyword_operator(word()) ? TokenKind::op : TokenKind::identifier);
}

}  // namespace

bool is_name_rune(char32_t r) { return r == '_' || r == '$' || is_letter(r) || is_digit(r); }

Result<std::vector<Token>> lex(std::string_view text) { return Lexer(text).run(); }

}  // namespace skiff::spec::expr
