// Reading a JSONPath: its text is cut into steps, each step is read by itself.
#include "spec/expr/jsonpath.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "spec/expr/jsonpath_impl.h"
#include "spec/expr/numbers.h"
#include "spec/expr/unicode.h"

namespace skiff::spec::expr {
namespace path {
namespace {

constexpr std::size_t kMaxLength = 4'096;

[[noreturn]] void bad(std::string_view part) {
  throw Panic(fmt::format("jsonpath: invalid token. '{}' does not match any token format", part));
}

bool is_script(std::string_view s) { return s.size() > 2 && s.front() == '(' && s.back() == ')'; }

bool is_quoted(std::string_view s) {
  return s.size() > 1 && ((s.front() == '\'' && s.back() == '\'') || (s.front() == '"' && s.back() == '"'));
}

/// Cuts "$.a[0]..b" into "$", "a", "[0]", "..", "b".
class Cutter {
 public:
  std::vector<std::string> run(std::string_view selector) {
    if (selector.empty()) throw Panic("jsonpath: unexpected token '' at index 0", "a path begins with $");
    for (std::size_t i = 0; i < selector.size(); ++i) {
      if (token_.empty()) quotes_ = open_ = closed_ = 0;
      count(selector[i]);
      token_ += selector[i];
      if (i == 0) {
        start(selector);
      } else {
        take(selector[i]);
      }
    }
    if (!token_.empty()) push(token_.front() == '.' ? token_.substr(1) : token_);
    return std::move(tokens_);
  }

 private:
  void count(char c) {
    quotes_ += c == '\'' ? 1 : 0;
    open_ += c == '(' ? 1 : 0;
    closed_ += c == ')' ? 1 : 0;
    open_square_ += c == '[' ? 1 : 0;
    closed_square_ += c == ']' ? 1 : 0;
  }
  void push(std::string t) {
    tokens_.push_back(std::move(t));
    token_.clear();
  }
  void start(std::string_view selector) {
    if (token_ != "$" && token_ != "@") {
      throw Panic(fmt::format("jsonpath: unexpected token '{}' at index 0", token_), "a path begins with $");
    }
    if (selector.size() > 1 && selector[1] != '.' && selector[1] != '[') {
      throw Panic(fmt::format("jsonpath: unexpected token '{}' at index 1", selector[1]));
    }
    push(token_);
  }
  /// Ends the token before its last character.
  void cut_before_last() {
    const std::size_t from = token_.front() == '.' ? 1 : 0;
    push(token_.substr(from, token_.size() - 1 - from));
  }
  [[nodiscard]] bool inside() const { return quotes_ % 2 == 1 || open_ != closed_; }

  void take(char c) {
    if (token_ == ".") return;
    if (token_ == "..") return push(token_);
    if (c == '[') {
      if (token_ == "[" || token_ == ".[" || std::count(token_.begin(), token_.end(), '[') > 1) return;
      cut_before_last();
      token_ = "[";
      return;
    }
    if (token_.find('[') != std::string::npos) {
      if (inside()) return;
      if (c == ']' && open_square_ == closed_square_) push(token_.front() == '.' ? token_.substr(1) : token_);
      return;
    }
    if (c == '.' && !inside()) {
      cut_before_last();
      token_ = ".";
    }
  }

  std::vector<std::string> tokens_;
  std::string token_;
  int quotes_ = 0, open_ = 0, closed_ = 0, open_square_ = 0, closed_square_ = 0;
};

/// What stands between the brackets of [...]: numbers, quoted keys, scripts, and : or , between them.
struct Part {
  enum class Kind : std::uint8_t { none, number, text, colon, comma } kind = Kind::none;
  std::int64_t number = 0;
  std::string text;
};

class Subscript {
 public:
  Subscript(std::string_view token, std::string_view text) : token_(token), text_(text) {}

  std::vector<Part> run() {
    for (std::size_t i = 0; i < text_.size(); ++i) {
      buffer_ += text_[i];
      take(text_[i], i);
    }
    if (!buffer_.empty()) push_number_or_text(buffer_);
    return std::move(parts_);
  }

 private:
  [[nodiscard]] bool quoted() const { return single_ || double_; }
  [[nodiscard]] bool bracketed() const { return open_ != closed_; }
  void push_text(std::string t) { parts_.push_back({Part::Kind::text, 0, std::move(t)}); }
  void push_number_or_text(const std::string& t) {
    if (const auto n = parse_int(t)) {
      parts_.push_back({Part::Kind::number, *n, ""});
    } else {
      push_text(t);
    }
  }

  void take(char c, std::size_t at) {
    switch (c) {
      case ' ':
        if (!quoted() && !bracketed()) buffer_ = std::string(trimmed(buffer_));
        return;
      case '(':
        open_ += quoted() ? 0 : 1;
        return;
      case ')':
        if (++closed_ != open_) return;
        if (!is_script(buffer_))
          throw Panic(fmt::format("jsonpath: invalid expression. invalid format '{}'", buffer_));
        push_text(buffer_);
        buffer_.clear();
        return;
      case '\'':
        return quote(c, single_, double_);
      case '"':
        return quote(c, double_, single_);
      case ':':
      case ',':
        return separator(c, at);
      default:
        return;
    }
  }

  void quote(char c, bool& open, bool other) {
    if (other || bracketed()) return;
    if (buffer_.size() > 1 && buffer_[buffer_.size() - 2] == '\\') {
      buffer_.erase(buffer_.size() - 2, 1);
      return;
    }
    open = !open;
    if (open && buffer_ != std::string(1, c)) bad(token_);
    if (open) return;
    if (!is_quoted(buffer_)) bad(token_);
    push_text(buffer_);
    buffer_.clear();
  }

  void separator(char c, std::size_t at) {
    if (quoted() || bracketed()) return;
    buffer_.pop_back();
    const bool colon = c == ':';
    if (!buffer_.empty()) {
      if (colon && !parse_int(buffer_)) bad(token_);
      push_number_or_text(buffer_);
    } else if (colon && at == 0) {
      parts_.push_back({});
    }
    parts_.push_back({colon ? Part::Kind::colon : Part::Kind::comma, 0, ""});
    buffer_.clear();
  }

  std::string_view token_;
  std::string_view text_;
  std::string buffer_;
  std::vector<Part> parts_;
  int open_ = 0, closed_ = 0;
  bool single_ = false, double_ = false;
};

std::string inner(std::string_view s) { return std::string(s.substr(1, s.size() - 2)); }

Step single(std::string_view token, const Part& part) {
  Step step;
  if (part.kind == Part::Kind::number) {
    step.kind = StepKind::index;
    step.index = part.number;
  } else if (is_quoted(part.text)) {
    step.kind = StepKind::key;
    step.key = inner(part.text);
  } else if (is_script(part.text)) {
    step.kind = StepKind::script;
    step.key = inner(part.text);
    step.script = compile_script(step.key);
  } else {
    bad(token);
  }
  return step;
}

Step union_of(std::string_view token, const std::vector<Part>& parts) {
  Step step;
  step.kind = StepKind::set;
  for (const Part& p : parts) {
    if (p.kind == Part::Kind::number) {
      step.arguments.emplace_back(p.number);
    } else if (p.kind == Part::Kind::text && is_script(p.text)) {
      step.arguments.emplace_back(compile_script(inner(p.text)));
    } else if (p.kind == Part::Kind::text && is_quoted(p.text)) {
      step.arguments.emplace_back(inner(p.text));
    } else {
      bad(token);
    }
  }
  return step;
}

Step range_of(std::string_view token, const std::vector<Part>& parts) {
  Step step;
  step.kind = StepKind::range;
  if (parts.size() < 2 || parts.size() > 3) bad(token);
  for (const Part& p : parts) {
    if (p.kind == Part::Kind::number) {
      step.arguments.emplace_back(p.number);
    } else if (p.kind == Part::Kind::none) {
      step.arguments.emplace_back();
    } else if (is_script(p.text)) {
      step.arguments.emplace_back(compile_script(inner(p.text)));
    } else {
      throw Panic(fmt::format("jsonpath: invalid expression. invalid format '{}'", p.text));
    }
  }
  step.arguments.resize(3);
  return step;
}

Step subscript(std::string_view token) {
  const std::string_view text = trimmed(token.substr(1, token.size() - 2));
  Step step;
  if (text.empty()) bad(token);
  if (text == "*") {
    step.kind = StepKind::wildcard;
    return step;
  }
  if (text.front() == '?') {
    if (!text.starts_with("?(") || text.back() != ')') bad(token);
    step.kind = StepKind::filter;
    step.key = std::string(trimmed(text.substr(2, text.size() - 3)));
    step.script = compile_script(step.key);
    return step;
  }
  const std::vector<Part> parts = Subscript(token, text).run();
  if (parts.size() == 1) return single(token, parts[0]);
  std::vector<Part> arguments;
  std::size_t colons = 0;
  std::size_t commas = 0;
  bool after_colon = false;
  for (const Part& p : parts) {
    const bool colon = p.kind == Part::Kind::colon;
    if (colon && after_colon) arguments.emplace_back();
    colons += colon ? 1 : 0;
    commas += p.kind == Part::Kind::comma ? 1 : 0;
    if (!colon && p.kind != Part::Kind::comma) arguments.push_back(p);
    after_colon = colon;
  }
  if ((colons > 0) == (commas > 0) || commas >= std::max<std::size_t>(1, arguments.size()) || colons > 2)
    bad(token);
  if (commas > 0) return union_of(token, arguments);
  if (colons == 1 && arguments.size() == 1) arguments.emplace_back();
  return range_of(token, arguments);
}

Step read_step(std::string_view token) {
  token = trimmed(token);
  if (token.empty()) throw Panic("jsonpath: invalid token. token string is empty");
  Step step;
  constexpr std::array<std::pair<std::string_view, StepKind>, 5> kWords = {{{"$", StepKind::root},
                                                                            {"@", StepKind::current},
                                                                            {"*", StepKind::wildcard},
                                                                            {"..", StepKind::recursive},
                                                                            {"length", StepKind::length}}};
  for (const auto& [word, kind] : kWords) {
    if (token != word) continue;
    step.kind = kind;
    return step;
  }
  if (token.front() != '[') {
    step.kind = StepKind::key;
    step.key = std::string(token);
    return step;
  }
  if (token.back() != ']') bad(token);
  return subscript(token);
}

}  // namespace

std::string_view trimmed(std::string_view s) { return trim_space(s); }

std::vector<Step> compile_path(std::string_view selector) {
  if (selector.size() > kMaxLength) throw Panic("jsonpath: the path is too long");
  std::vector<Step> steps;
  for (const std::string& token : Cutter().run(selector)) steps.push_back(read_step(token));
  return steps;
}

}  // namespace path

Result<Value> jsonpath(const Value& document, std::string_view selector) {
  try {
    const std::vector<path::Step> steps = path::compile_path(selector);
    return path::Query(document).apply(document, document, steps);
  } catch (const Panic& p) {
    return fail(p.what(), p.hint);
  }
}

}  // namespace skiff::spec::expr
