// The two halves of evaluating a `when`: Planner makes the tree, Evaluator walks it. Both stop at the first
// error. Planning ends at a parenthesis without a partner, as govaluate's does, and ignores what follows.
#include "spec/when_eval.h"

#include <re2/re2.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>

namespace skiff::spec::when {
namespace {

constexpr int kMaxDepth = 200;

struct Node {
  enum class Kind : std::uint8_t { nothing, literal, name, access, group, prefix, chain };
  struct Op {
    std::string symbol;
    std::size_t offset;
  };
  Kind kind = Kind::nothing;
  std::size_t offset = 0;
  Value value;              ///< of a literal
  std::string text;         ///< the name, or the prefix operator
  std::vector<Node> parts;  ///< operands
  std::vector<Op> ops;      ///< of a chain: one fewer than operands
};

/// From the loosest to the tightest; the message is the one for a value of a wrong type.
struct Level {
  TokenKind kind;
  std::array<std::string_view, 9> symbols;
  std::string_view error;
};
constexpr std::string_view kLogicalError =
    "Value '{}' cannot be used with the logical operator '{}', it is not a bool";
constexpr std::string_view kModifierError =
    "Value '{}' cannot be used with the modifier '{}', it is not a number";
constexpr std::string_view kComparatorError =
    "Value '{}' cannot be used with the comparator '{}', it is not a number";
constexpr std::string_view kTernaryError =
    "Value '{}' cannot be used with the ternary operator '{}', it is not a bool";
constexpr std::string_view kPrefixError = "Value '{}' cannot be used with the prefix '{}'";
constexpr std::array<Level, 10> kLevels{{
    {TokenKind::separator, {","}, ""},
    {TokenKind::ternary, {"?", ":", "??"}, kTernaryError},
    {TokenKind::logical, {"||"}, kLogicalError},
    {TokenKind::logical, {"&&"}, kLogicalError},
    {TokenKind::comparator, {"==", "!=", ">", ">=", "<", "<=", "=~", "!~", "in"}, kComparatorError},
    {TokenKind::modifier, {"^", "&", "|"}, kModifierError},
    {TokenKind::modifier, {">>", "<<"}, kModifierError},
    {TokenKind::modifier, {"+", "-"}, kModifierError},
    {TokenKind::modifier, {"*", "/", "%"}, kModifierError},
    {TokenKind::modifier, {"**"}, kModifierError},
}};

std::string_view error_of(std::string_view symbol) {
  for (const Level& level : kLevels) {
    for (const std::string_view s : level.symbols) {
      if (!s.empty() && s == symbol) return level.error;
    }
  }
  return kModifierError;
}

std::string fill(std::string_view format, std::string_view first, std::string_view second) {
  std::string out(format);
  const std::size_t a = out.find("{}");
  out.replace(a, 2, first);
  const std::size_t b = out.find("{}", a + first.size());
  return out.replace(b, 2, second);
}

class Planner {
 public:
  explicit Planner(const std::vector<Token>& tokens) : tokens_(tokens) {}

  Node run() { return plan(0); }
  std::optional<EvalError> error;

 private:
  [[nodiscard]] const Token* peek() const { return at_ < tokens_.size() ? &tokens_[at_] : nullptr; }

  static bool belongs(const Token& token, const Level& level) {
    if (token.kind != level.kind) return false;
    for (const std::string_view symbol : level.symbols) {
      if (!symbol.empty() && symbol == token.text) return true;
    }
    return false;
  }

  Node plan(std::size_t level) {
    if (level == kLevels.size()) return plan_value();
    Node first = plan(level + 1);
    const Token* token = peek();
    if (error || token == nullptr || !belongs(*token, kLevels.at(level))) return first;
    Node chain{.kind = Node::Kind::chain, .offset = first.offset};
    chain.parts.push_back(std::move(first));
    while (!error && token != nullptr && belongs(*token, kLevels.at(level))) {
      chain.ops.push_back({token->text, token->offset});
      ++at_;
      chain.parts.push_back(plan(level + 1));
      token = peek();
    }
    return chain;
  }

  Node plan_value() {
    const Token* token = peek();
    if (token == nullptr) return {};
    Node out{.offset = token->offset};
    ++at_;
    switch (token->kind) {
      case TokenKind::clause:
        return plan_nested(Node::Kind::group, token->offset);
      case TokenKind::clause_close:
        --at_;
        return {};
      case TokenKind::prefix:
        out.kind = Node::Kind::prefix;
        out.text = token->text;
        out.parts.push_back(plan_value());
        return out;
      case TokenKind::accessor:
        out.kind = Node::Kind::access;
        out.text = token->text;
        if (peek() != nullptr && peek()->kind == TokenKind::clause) out.parts.push_back(plan(0));
        return out;
      case TokenKind::variable:
        out.kind = Node::Kind::name;
        out.text = token->text;
        return out;
      case TokenKind::numeric:
      case TokenKind::time:
        out.value.v = token->number;
        break;
      case TokenKind::boolean:
        out.value.v = token->truth;
        break;
      case TokenKind::string:
      case TokenKind::pattern:
        out.value.v = token->text;
        break;
      default:
        error = EvalError{"Unable to plan token kind: '" + describe(*token) + "'", "", token->offset};
        return {};
    }
    out.kind = Node::Kind::literal;
    return out;
  }

  Node plan_nested(Node::Kind kind, std::size_t offset) {
    Node out{.kind = kind, .offset = offset};
    if (++depth_ > kMaxDepth) {
      error = EvalError{"The parentheses are nested too deeply: more than 200 levels", "", offset};
      return out;
    }
    out.parts.push_back(plan(0));
    --depth_;
    ++at_;
    return out;
  }

  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

/// Go's conversions of float64 on amd64: what does not fit becomes the smallest int64.
std::int64_t to_int64(double d) {
  if (!(d >= -9223372036854775808.0 && d < 9223372036854775808.0)) return INT64_MIN;
  return static_cast<std::int64_t>(d);
}
std::uint64_t to_uint64(double d) {
  if (d < 9223372036854775808.0 || std::isnan(d)) return static_cast<std::uint64_t>(to_int64(d));
  return static_cast<std::uint64_t>(to_int64(d - 9223372036854775808.0)) | 0x8000000000000000U;
}

class Evaluator {
 public:
  Value run(const Node& node) {
    switch (node.kind) {
      case Node::Kind::nothing:
        return {};
      case Node::Kind::literal:
        return node.value;
      case Node::Kind::group:
        return run(node.parts.front());
      case Node::Kind::name:
        return fail("No parameter '" + node.text + "' found.", node.offset,
                    "put texts in quotes: '" + node.text + "'");
      case Node::Kind::access:
        if (!node.parts.empty()) run(node.parts.front());
        if (error) return {};
        return fail("No parameter '" + node.text.substr(0, node.text.find('.')) + "' found.", node.offset,
                    "a dot reads a field here; put the text in quotes: '" + node.text + "'");
      case Node::Kind::prefix:
        return run_prefix(node);
      case Node::Kind::chain:
        return run_chain(node);
    }
    return {};
  }
  std::optional<EvalError> error;
  std::string note;

 private:
  Value fail(std::string message, std::size_t offset, std::string hint = "") {
    if (!error) error = EvalError{std::move(message), std::move(hint), offset};
    return {};
  }

  Value run_prefix(const Node& node) {
    const Value operand = run(node.parts.front());
    if (error) return {};
    if (node.text == "!") {
      if (operand.boolean() != nullptr) return {!*operand.boolean()};
    } else if (operand.number() != nullptr) {
      const double n = *operand.number();
      return {node.text == "-" ? -n : static_cast<double>(~to_int64(n))};
    }
    return fail(fill(kPrefixError, print(operand), node.text), node.offset);
  }

  Value run_chain(const Node& node) {
    Value left = run(node.parts.front());
    for (std::size_t i = 0; i < node.ops.size() && !error; ++i) {
      const Node::Op& op = node.ops[i];
      Value settled;
      if (short_circuit(op.symbol, left, settled)) {
        left = std::move(settled);
        continue;
      }
      const Value right = run(node.parts[i + 1]);
      if (error) break;
      left = op.symbol == "," ? append(std::move(left), right) : apply(op, left, right);
    }
    return left;
  }

  static bool short_circuit(std::string_view op, const Value& left, Value& out) {
    const bool* truth = left.boolean();
    if (op == "&&" && truth != nullptr && !*truth) {
      out.v = false;
    } else if (op == "||" && truth != nullptr && *truth) {
      out.v = true;
    } else if (op == "?" && truth != nullptr && !*truth) {
      out.v = std::monostate{};
    } else if ((op == ":" || op == "??") && !left.is_nil()) {
      out = left;
    } else {
      return false;
    }
    return true;
  }

  Value type_error(const Node::Op& op, const Value& culprit, const Value& left, const Value& right) {
    std::string hint =
        "the left side is " + name_with_type(left) + ", the right side " + name_with_type(right);
    if (op.symbol == "-" || op.symbol == "/") {
      hint += "; an unquoted '" + op.symbol + "' computes: put a text that holds one in quotes";
    } else if (op.symbol == "in") {
      hint += "; `in` needs a list of two or more, as x in ('a', 'b'); for one value write ==";
    } else if (op.symbol == "&&" || op.symbol == "||") {
      hint += "; a text is no condition: compare it, as in x == 'true'";
    } else if (left.list() == nullptr && right.list() == nullptr && op.symbol.find_first_of("<>") == 0) {
      hint += "; both must be numbers or both texts in quotes";
    }
    return fail(fill(error_of(op.symbol), print(culprit), op.symbol), op.offset, std::move(hint));
  }

  Value apply(const Node::Op& op, const Value& left, const Value& right) {
    const std::string_view s = op.symbol;
    if (s == "==" || s == "!=") return equal(op, left, right);
    if (s == "&&" || s == "||" || s == "?" || s == ":" || s == "??") return logic(op, left, right);
    if (s == ">" || s == "<" || s == ">=" || s == "<=") return compare(op, left, right);
    if (s == "=~" || s == "!~") return match(op, left, right);
    if (s == "in") return contained(op, left, right);
    if (s == "+" && (left.text() != nullptr || right.text() != nullptr)) return {print(left) + print(right)};
    if (left.number() == nullptr) return type_error(op, left, left, right);
    if (right.number() == nullptr) return type_error(op, s == "+" ? left : right, left, right);
    return compute(s, *left.number(), *right.number());
  }

  Value equal(const Node::Op& op, const Value& left, const Value& right) {
    const bool same = deep_equal(left, right);
    if (!same && left.v.index() != right.v.index() && note.empty() && print(left) == print(right)) {
      note = name_with_type(left) + " never equals " + name_with_type(right) +
             ": write both in quotes, or neither";
    }
    return {same == (op.symbol == "==")};
  }

  Value logic(const Node::Op& op, const Value& left, const Value& right) {
    if (op.symbol == ":" || op.symbol == "??") return right;  // the left side is nil, or it had settled it
    if (left.boolean() == nullptr) return type_error(op, left, left, right);
    if (op.symbol == "?") return right;
    if (right.boolean() == nullptr) return type_error(op, right, left, right);
    return right;
  }

  Value compare(const Node::Op& op, const Value& left, const Value& right) {
    const auto decide = [&op](const auto& a, const auto& b) -> Value {
      if (op.symbol == ">") return {a > b};
      if (op.symbol == "<") return {a < b};
      if (op.symbol == ">=") return {a >= b};
      return {a <= b};
    };
    if (left.number() != nullptr && right.number() != nullptr) return decide(*left.number(), *right.number());
    if (left.text() != nullptr && right.text() != nullptr) return decide(*left.text(), *right.text());
    return type_error(op, left, left, right);
  }

  Value match(const Node::Op& op, const Value& left, const Value& right) {
    if (left.text() == nullptr) return type_error(op, left, left, right);
    if (right.text() == nullptr) return type_error(op, right, left, right);
    if (std::string error_text = pattern_error(*right.text()); !error_text.empty()) {
      return fail(std::move(error_text), op.offset);
    }
    const re2::RE2 pattern(*right.text(), re2::RE2::Quiet);
    return {re2::RE2::PartialMatch(*left.text(), pattern) == (op.symbol == "=~")};
  }

  Value contained(const Node::Op& op, const Value& left, const Value& right) {
    if (right.list() == nullptr) return type_error(op, right, left, right);
    for (const Value& candidate : **right.list()) {
      if (left.list() != nullptr && candidate.list() != nullptr) {
        return fail("comparing uncomparable type []interface {}", op.offset,
                    "lists cannot be members of a list");
      }
      if (candidate.v.index() == left.v.index() && deep_equal(left, candidate)) return {true};
    }
    return {false};
  }

  static Value append(Value left, const Value& right) {
    if (left.list() != nullptr && left.list()->use_count() == 1) {
      (*left.list())->push_back(right);
      return left;
    }
    std::vector<Value> items;
    if (left.list() != nullptr) {
      items = **left.list();
    } else {
      items.push_back(std::move(left));
    }
    items.push_back(right);
    return {std::make_shared<std::vector<Value>>(std::move(items))};
  }

  static Value compute(std::string_view op, double a, double b) {
    if (op == "+") return {a + b};
    if (op == "-") return {a - b};
    if (op == "*") return {a * b};
    if (op == "/") return {a / b};
    if (op == "%") return {std::fmod(a, b)};
    if (op == "**") return {std::pow(a, b)};
    if (op == "&") return {static_cast<double>(to_int64(a) & to_int64(b))};
    if (op == "|") return {static_cast<double>(to_int64(a) | to_int64(b))};
    if (op == "^") return {static_cast<double>(to_int64(a) ^ to_int64(b))};
    const std::uint64_t bits = to_uint64(a);
    const std::uint64_t shift = to_uint64(b);
    if (shift >= 64) return {0.0};
    return {static_cast<double>(op == "<<" ? bits << shift : bits >> shift)};
  }
};

}  // namespace

std::string print(const Value& value) {
  if (value.boolean() != nullptr) return *value.boolean() ? "true" : "false";
  if (value.number() != nullptr) return number_text(*value.number());
  if (value.text() != nullptr) return *value.text();
  if (value.list() == nullptr) return "<nil>";
  std::string out = "[";
  for (const Value& item : **value.list()) {
    if (out.size() > 1) out += ' ';
    out += print(item);
  }
  return out + "]";
}

std::string name_with_type(const Value& value) {
  if (value.boolean() != nullptr) return "the boolean " + print(value);
  if (value.number() != nullptr) return "the number " + print(value);
  if (value.text() != nullptr) return "the text '" + print(value) + "'";
  return value.is_nil() ? "empty" : "the list " + print(value);
}

std::string pattern_error(const std::string& pattern) {
  const re2::RE2 compiled(pattern, re2::RE2::Quiet);
  return compiled.ok() ? "" : "Unable to compile regexp pattern '" + pattern + "': " + compiled.error();
}

bool deep_equal(const Value& a, const Value& b) {
  if (a.v.index() != b.v.index()) return false;
  if (a.list() == nullptr) return a.v == b.v;
  const std::vector<Value>& left = **a.list();
  const std::vector<Value>& right = **b.list();
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (!deep_equal(left[i], right[i])) return false;
  }
  return true;
}

Evaluation evaluate(const std::vector<Token>& tokens) {
  Evaluation out;
  Planner planner(tokens);
  const Node root = planner.run();
  if (planner.error) {
    out.error = std::move(planner.error);
    return out;
  }
  Evaluator evaluator;
  out.value = evaluator.run(root);
  out.error = std::move(evaluator.error);
  out.note = std::move(evaluator.note);
  return out;
}

}  // namespace skiff::spec::when
