// Label selectors in text form, by the grammar of Kubernetes (apimachinery/pkg/labels/selector.go).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "store/error.h"
#include "store/label_selector.h"

namespace skiff::store {
namespace {

constexpr std::string_view kOperators = "'=', '!=', '>', '<', 'in' or 'notin'";

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t number = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || r.ec != std::errc() || r.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::vector<LabelCondition> parse() {
    std::vector<LabelCondition> conditions;
    skip();
    while (pos_ < text_.size()) {
      conditions.push_back(condition());
      skip();
      if (pos_ == text_.size()) break;
      if (!take(",")) fail("a ','");
      skip();
      if (pos_ == text_.size()) fail("another condition after ','");
    }
    return conditions;
  }

 private:
  using Op = LabelCondition::Op;

  LabelCondition condition() {
    if (take("!")) return {word("a label's key after '!'"), Op::not_exists, {}, "!"};
    std::string key = word("a label's key");
    skip();
    for (const auto& [sign, op] : {std::pair("!=", Op::not_in), {"==", Op::in}, {"=", Op::in}}) {
      if (take(sign)) return {std::move(key), op, {value()}, sign};
    }
    if (take(">")) return {std::move(key), Op::greater, {integer()}, ">"};
    if (take("<")) return {std::move(key), Op::less, {integer()}, "<"};
    if (pos_ == text_.size() || text_[pos_] == ',') return {std::move(key), Op::exists, {}, ""};
    const std::string op = word(kOperators);
    if (op == "in") return {std::move(key), Op::in, set(), op};
    if (op == "notin") return {std::move(key), Op::not_in, set(), op};
    pos_ -= op.size();
    fail(kOperators);
  }

  // "for 'Gt', 'Lt' operators, the value must be an integer" (selector.go, NewRequirement).
  std::string integer() {
    skip();
    const std::size_t start = pos_;
    std::string found = token();
    if (whole_number(found)) return found;
    pos_ = start;
    fail("an integer (all that '>' and '<' compare; there is no '>=')");
  }

  std::vector<std::string> set() {
    skip();
    if (!take("(")) fail("'('");
    std::vector<std::string> values;
    do {
      values.push_back(value());
      skip();
    } while (take(","));
    if (!take(")")) fail("')'");
    return values;
  }

  // May be empty: `key=` asks for an empty value.
  std::string value() {
    skip();
    return token();
  }

  std::string word(std::string_view what) {
    skip();
    std::string found = token();
    if (found.empty()) fail(what);
    return found;
  }

  std::string token() {
    const std::size_t start = pos_;
    while (pos_ < text_.size() && std::string_view(" \t,()=!<>").find(text_[pos_]) == std::string_view::npos)
      ++pos_;
    return std::string(text_.substr(start, pos_ - start));
  }

  bool take(std::string_view expected) {
    if (!text_.substr(pos_).starts_with(expected)) return false;
    pos_ += expected.size();
    return true;
  }

  void skip() {
    while (pos_ < text_.size() && (text_[pos_] == ' ' || text_[pos_] == '\t')) ++pos_;
  }

  [[noreturn]] void fail(std::string_view expected) const {
    throw StoreError(Trouble::invalid, "",
                     fmt::format("label selector '{}': expected {} at column {}; examples: -l app=web  -l "
                                 "'app in (web,db),!old'",
                                 text_, expected, pos_ + 1));
  }

  std::string_view text_;
  std::size_t pos_ = 0;
};

}  // namespace

std::vector<LabelCondition> parse_label_selector(const std::string& text) { return Parser(text).parse(); }

bool holds(const LabelCondition& condition, const std::optional<std::string>& value) {
  using Op = LabelCondition::Op;
  const std::vector<std::string>& values = condition.values;
  const bool listed = value && std::find(values.begin(), values.end(), *value) != values.end();
  switch (condition.op) {
    case Op::in:
      return listed;
    case Op::not_in:
      return !listed;
    case Op::exists:
      return value.has_value();
    case Op::not_exists:
      return !value.has_value();
    case Op::greater:
    case Op::less:
      break;
  }
  const auto own = value ? whole_number(*value) : std::nullopt;
  const auto bound = whole_number(values.front());
  return own && bound && (condition.op == Op::greater ? *own > *bound : *own < *bound);
}

}  // namespace skiff::store
