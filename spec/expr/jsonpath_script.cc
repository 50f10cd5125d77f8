// The expressions in a JSONPath's filters and scripts: @.price < 10 && @.name == 'x'.
//
// The library's own rules, kept with their corners: operators are sought one after the other in the whole
// text, values are compared as numbers where both read as numbers and else as quoted text.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "spec/expr/go_json.h"
#include "spec/expr/jsonpath_impl.h"
#include "spec/expr/numbers.h"
#include "spec/expr/ops.h"

namespace skiff::spec::expr::path {

struct Operator;
/// Nothing, a text as written, a JSON value, or an operator.
using Operand = std::variant<std::monostate, std::string, Value, std::shared_ptr<const Operator>>;

struct Operator {
  std::string sign;  ///< "@" for a path
  Operand left, right;
  std::vector<Step> path;
};

struct Script {
  std::string text;
  std::shared_ptr<const Operator> root;  ///< null for a constant
};

namespace {

using OperatorPtr = std::shared_ptr<const Operator>;

constexpr int kMaxNesting = 500;

/// In the order in which they are sought: what binds loosest first. The empty one stands for "begin again"
/// after brackets were taken off.
constexpr std::array<std::string_view, 21> kSigns = {
    "",  "||", "&&", "==", "!=", "<=", ">=",     "<",  ">", "=~", "!",
    "+", "-",  "**", "*",  "/",  "%",  "not in", "in", "@", "$"};

/// Where a sign stands outside of quotes and brackets; npos if nowhere.
std::size_t find_sign(std::string_view text, std::string_view sign) {
  bool single = false;
  bool twofold = false;
  int square = 0;
  int round = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool quoted = single || twofold;
    switch (text[i]) {
      case '(':
        round += quoted || square > 0 ? 0 : 1;
        break;
      case ')':
        round -= quoted || square > 0 ? 0 : 1;
        break;
      case '[':
        square += quoted || round > 0 ? 0 : 1;
        break;
      case ']':
        square -= quoted || round > 0 ? 0 : 1;
        break;
      case '\'':
        if (!twofold && square <= 0 && round <= 0) single = !single;
        break;
      case '"':
        if (!single && square <= 0 && round <= 0) twofold = !twofold;
        break;
      default:
        break;
    }
    if (single || twofold || square > 0 || round > 0 || sign.size() > i + 1) continue;
    if (text.substr(i + 1 - sign.size(), sign.size()) == sign) return i + 1 - sign.size();
  }
  return std::string_view::npos;
}

class Builder {
 public:
  /// The operator that a text is, looking for the signs from number `sign` on; null if it is none.
  OperatorPtr build(std::string_view text, std::size_t sign) {
    if (++nesting_ > kMaxNesting) throw Panic("jsonpath: the expression is nested too deeply");
    OperatorPtr op = attempt(text, sign);
    --nesting_;
    return op;
  }

 private:
  OperatorPtr attempt(std::string_view text, std::size_t sign) {
    for (; sign < kSigns.size(); ++sign) {
      text = trimmed(text);
      if (text.empty()) return nullptr;
      const std::string_view wanted = kSigns[sign];
      std::size_t from = sign;
      if (text.front() == '(' && text.back() == ')') {
        text = trimmed(text.size() > 1 ? text.substr(1, text.size() - 2) : "");
        from = 0;
      }
      // A sign that turns out to be none is tried again below every other one.
      work_ += text.size();
      if (work_ > kMostWork) throw Panic("jsonpath: the filter has too many signs that are no operators");
      const std::size_t at = find_sign(text, wanted);
      if (at != std::string_view::npos) {
        bool settled = false;
        OperatorPtr op = split(text, wanted, at, from, settled);
        if (settled) return op;
      }
      sign = from;
    }
    return nullptr;
  }

  OperatorPtr split(std::string_view text, std::string_view sign, std::size_t at, std::size_t from,
                    bool& settled) {
    const bool path = sign == "@" || sign == "$";
    const std::string_view right_text = trimmed(text.substr(at + sign.size()));
    if (right_text.empty() && !path) return nullptr;
    Operand right = operand(right_text, from);
    const std::string_view left_text = trimmed(text.substr(0, at));
    if (left_text.empty() && !path && sign != "!") return nullptr;
    Operand left = operand(left_text, from);
    const bool unary = path || sign == "!";
    if (unary && !std::holds_alternative<std::monostate>(left)) return nullptr;
    settled = true;
    if (sign.empty()) throw Panic("jsonpath: unsupported operator");
    auto op = std::make_shared<Operator>();
    op->sign = path ? "@" : std::string(sign);
    if (path) {
      op->path = compile_path(text);
    } else {
      op->left = std::move(left);
      op->right = std::move(right);
    }
    return op;
  }

  Operand operand(std::string_view text, std::size_t sign) {
    if (OperatorPtr op = build(text, sign)) return op;
    text = trimmed(text);
    if (text.empty()) return {};
    const bool json =
        (text.front() == '[' && text.back() == ']') || (text.front() == '{' && text.back() == '}');
    if (json) {
      if (auto v = decode_json(text)) return std::move(v).value();
    }
    return std::string(text);
  }

  static constexpr std::size_t kMostWork = 1'000'000;  // letters; a long filter takes some ten thousand

  int nesting_ = 0;
  std::size_t work_ = 0;
};

std::optional<bool> parse_bool(std::string_view s) {
  for (const std::string_view t : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (s == t) return true;
  }
  for (const std::string_view f : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (s == f) return false;
  }
  return std::nullopt;
}

bool wrapped_in(std::string_view s, char quote) {
  return s.size() > 1 && s.front() == quote && s.back() == quote;
}

class Runner {
 public:
  Runner(Query& query, const Value& root, const Value& current)
      : query_(query), root_(root), current_(current) {}

  Result<Value> run(const Operator& op) {
    query_.meter().steps(1);
    const std::string& s = op.sign;
    if (s == "@") return path(op);
    if (s == "==" || s == "!=") return equality(op);
    if (s == "&&" || s == "||") return logic(op);
    if (s == "!") {
      const auto v = boolean(op.right);
      return v ? Result<Value>(Value(!v.value())) : Result<Value>(v.error());
    }
    if (s == "=~") return regex(op);
    if (s == "in" || s == "not in") return membership(op);
    if (s == "%") return remainder(op);
    return numeric(op);
  }

 private:
  /// What a bare word of the expression stands for, if anything.
  [[nodiscard]] const Value* parameter(std::string_view word) const {
    static const Value nothing;
    if (word == "$") return &root_;
    if (word == "@") return &current_;
    return word == "nil" || word == "null" ? &nothing : nullptr;
  }

  /// The operand's value, operators evaluated and parameters put in; texts of the expression as they are.
  Result<Value> value(const Operand& o, bool& replaced) {
    Value v;
    if (const auto* op = std::get_if<OperatorPtr>(&o)) {
      auto result = run(**op);
      if (!result) return result;
      v = std::move(result).value();
    } else if (const auto* text = std::get_if<std::string>(&o)) {
      v = Value(*text);
    } else if (const auto* json = std::get_if<Value>(&o)) {
      v = *json;
    } else {
      return fail("jsonpath: invalid argument. is nil");
    }
    if (v.is_string()) {
      if (const Value* p = parameter(v.as_string())) {
        replaced = true;
        return *p;
      }
    }
    return v;
  }

  /// An operand's value; operators below it were evaluated for it once, whatever it is then taken for.
  struct Taken {
    Result<Value> value;
    bool replaced = false;
  };
  Taken take(const Operand& o) {
    bool replaced = false;
    auto v = value(o, replaced);
    return {std::move(v), replaced};
  }

  static Result<double> number(const Taken& t) {
    if (!t.value) return t.value.error();
    const auto n = parse_float(t.value.value().to_text());
    if (!n) return fail("jsonpath: invalid argument. expected number");
    return *n;
  }

  Result<std::int64_t> integer(const Operand& o) {
    bool replaced = false;
    auto v = value(o, replaced);
    if (!v) return v.error();
    const auto n = parse_int(v.value().to_text());
    if (!n) return fail("jsonpath: invalid argument. expected integer");
    return *n;
  }

  Result<bool> boolean(const Operand& o) {
    if (std::holds_alternative<std::monostate>(o)) return false;
    bool replaced = false;
    auto v = value(o, replaced);
    if (!v) return v.error();
    if (v.value().is_nil()) return false;
    const auto b = parse_bool(v.value().to_text());
    if (!b) return fail("jsonpath: invalid argument. expected boolean");
    return *b;
  }

  /// Texts come out in single quotes, unless they are bare words of the expression.
  static Result<std::string> text(const Taken& t) {
    if (!t.value) return t.value.error();
    const Value& v = t.value.value();
    if (!v.is_string()) return v.to_text();
    const std::string& s = v.as_string();
    if (wrapped_in(s, '\'')) return s;
    if (wrapped_in(s, '"')) return "'" + s.substr(1, s.size() - 2) + "'";
    return t.replaced ? "'" + s + "'" : s;
  }

  Result<Value> path(const Operator& op) {
    auto v = query_.apply(root_, current_, op.path);
    if (!v || !v.value().is_string()) return v;
    const std::string& s = v.value().as_string();
    return wrapped_in(s, '\'') ? v.value() : Value("'" + s + "'");
  }

  Result<Value> equality(const Operator& op) {
    const bool wanted = op.sign == "==";
    const Taken left = take(op.left);
    const Taken right = take(op.right);
    const auto a = number(left);
    const auto b = number(right);
    if (a && b) return Value((a.value() == b.value()) == wanted);
    const auto x = text(left);
    if (!x) return x.error();
    const auto y = text(right);
    if (!y) return y.error();
    return Value((x.value() == y.value()) == wanted);
  }

  Result<Value> logic(const Operator& op) {
    const auto a = boolean(op.left);
    if (!a) return a.error();
    const auto b = boolean(op.right);
    if (!b) return b.error();
    return Value(op.sign == "&&" ? a.value() && b.value() : a.value() || b.value());
  }

  Result<Value> numeric(const Operator& op) {
    const auto a = number(take(op.left));
    if (!a) return a.error();
    const auto b = number(take(op.right));
    if (!b) return b.error();
    const double x = a.value();
    const double y = b.value();
    if (op.sign == "<") return Value(x < y);
    if (op.sign == "<=") return Value(x <= y);
    if (op.sign == ">") return Value(x > y);
    if (op.sign == ">=") return Value(x >= y);
    if (op.sign == "+") return Value(x + y);
    if (op.sign == "-") return Value(x - y);
    if (op.sign == "*") return Value(x * y);
    if (op.sign == "/") return Value(x / y);
    return Value(std::pow(x, y));
  }

  Result<Value> remainder(const Operator& op) {
    const auto a = integer(op.left);
    if (!a) return a.error();
    const auto b = integer(op.right);
    if (!b) return b.error();
    if (b.value() == 0) throw Panic("integer divide by zero");
    return Value::integer(b.value() == -1 ? 0 : a.value() % b.value(), IntType::int64);
  }

  Result<Value> regex(const Operator& op) {
    const auto s = text(take(op.left));
    if (!s) return s.error();
    const auto pattern = text(take(op.right));
    if (!pattern) return pattern.error();
    const auto bare = [](const std::string& t) {
      return wrapped_in(t, '\'') ? t.substr(1, t.size() - 2) : t;
    };
    const RE2 re(bare(pattern.value()), RE2::Quiet);
    if (!re.ok()) return fail("jsonpath: invalid argument. expected a valid regexp");
    return Value(RE2::PartialMatch(bare(s.value()), re));
  }

  Result<Value> membership(const Operator& op) {
    Value item;  // stays nil, which equals nothing, where the left side has no value
    const Taken left = take(op.left);
    if (const auto n = number(left)) {
      item = Value(n.value());
    } else if (const auto s = text(left)) {
      item = Value(s.value());
    }
    bool replaced = false;
    auto list = value(op.right, replaced);
    if (!list) return list;
    const Value& v = list.value();
    if (!v.is_array() && !v.is_map())
      return fail("jsonpath: invalid argument. expected array, map, or slice");
    const auto same = [&](const Value& e) {
      if (item.is_float()) return e.is_float() && e.as_float() == item.as_float();
      return item.is_string() && e.is_string() && e.as_string() == item.as_string();
    };
    const bool found = v.is_array() ? std::any_of(v.as_array().begin(), v.as_array().end(), same)
                                    : std::any_of(v.as_map().begin(), v.as_map().end(),
                                                  [&](const auto& e) { return same(e.second); });
    return Value(found == (op.sign == "in"));
  }

  Query& query_;
  const Value& root_;
  const Value& current_;
};

}  // namespace

ScriptPtr compile_script(std::string_view text) {
  auto script = std::make_shared<Script>();
  script->text = std::string(text);
  script->root = Builder().build(text, 1);
  return script;
}

Result<Value> Query::evaluate(const Script& script, const Value& root, const Value& current) {
  if (script.text.empty()) return fail("jsonpath: invalid expression. is empty");
  if (script.root != nullptr) return Runner(*this, root, current).run(*script.root);
  if (script.text == "$") return root;
  if (script.text == "@") return current;
  if (script.text == "nil" || script.text == "null") return Value();
  if (const auto n = parse_float(script.text)) return Value(*n);
  if (const auto b = parse_bool(script.text)) return Value(*b);
  return Value(script.text);
}

}  // namespace skiff::spec::expr::path
