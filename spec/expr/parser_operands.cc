// The parser on operands: literals, names, calls, lists, maps and what may follow them.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "spec/expr/parser_impl.h"
#include "spec/expr/unicode.h"

namespace skiff::spec::expr {
namespace {

/// How many arguments a predicate takes besides the list and the body: sortBy and reduce have a third.
struct Shape {
  std::size_t required;
  std::size_t most;
};

Shape shape_of(Predicate p) {
  switch (p) {
    case Predicate::count:
    case Predicate::sum:
      return {1, 2};
    case Predicate::sort_by:
    case Predicate::reduce:
      return {2, 3};
    default:
      return {2, 2};
  }
}

}  // namespace

Node* Parser::primary() {
  const Token t = token();
  if (t.is(TokenKind::op)) {
    const bool is_not = t.text == "not" || t.text == "!";
    if (is_not || t.text == "-" || t.text == "+") {
      next();
      Node* operand = expression(is_not ? 50 : 90);
      Node* n = make(NodeKind::unary, t.place, {operand});
      n->op = is_not ? Op::not_ : t.text == "-" ? Op::negate : Op::plus;
      n->text = t.text;
      return postfix(n);
    }
  }
  if (t.is(TokenKind::bracket, "(")) {
    next();
    Node* n = sequence();
    expect(TokenKind::bracket, ")");
    return postfix(n);
  }
  if (predicates_ > 0 && (at_op("#") || at_op("."))) {
    std::string name;
    if (at_op("#")) {
      next();
      if (at(TokenKind::identifier)) {
        name = token().text;
        next();
      }
    }
    Node* n = make(NodeKind::pointer, t.place);
    n->text = name;
    return postfix(n);
  }
  if (at_op("::")) {
    next();
    const Token name = expect_name();
    return postfix(call(name, {}, false));
  }
  return secondary();
}

Node* Parser::secondary() {
  const Token t = token();
  switch (t.kind) {
    case TokenKind::identifier:
      if (t.text == "true" || t.text == "false") {
        next();
        return literal(Value(t.text == "true"), t.place);
      }
      if (t.text == "nil") {
        next();
        return literal(Value(), t.place);
      }
      return postfix(name_or_call());
    case TokenKind::number:
      return number();
    case TokenKind::string:
      next();
      return postfix(literal(Value(t.text), t.place));
    case TokenKind::bytes:
      next();
      return postfix(literal(Value::bytes(t.text), t.place));
    default:
      break;
  }
  if (at_bracket("[")) return postfix(array());
  if (at_bracket("{")) return postfix(map());
  unexpected();
}

Node* Parser::name_or_call() {
  const Token t = token();
  next();
  if (at_bracket("(")) return call(t, {}, true);
  Node* n = make(NodeKind::identifier, t.place);
  n->text = t.text;
  return n;
}

Node* Parser::number() {
  const Token t = token();
  std::string text = t.text;
  std::erase(text, '_');
  std::string low = lower(text);
  next();
  const auto integer = [&](std::size_t prefix, int base) {
    std::int64_t v = 0;
    const char* end = low.data() + low.size();
    const auto r = std::from_chars(low.data() + prefix, end, v, base);
    if (r.ec == std::errc::result_out_of_range) {
      fail_at(t, "integer literal is too large: " + t.text,
              "numbers beyond 9223372036854775807 need a float: write them with .0");
    }
    if (r.ec != std::errc() || r.ptr != end || low[prefix] == '-')
      fail_at(t, "invalid number literal: " + t.text);
    return literal(Value(v), t.place);
  };
  if (low.starts_with("0x")) return integer(2, 16);
  if (low.find_first_of(".e") != std::string::npos) {
    double d = 0;
    const char* end = low.data() + low.size();
    const auto r = std::from_chars(low.data(), end, d);
    const bool tiny =
        r.ec == std::errc::result_out_of_range && std::abs(std::strtod(low.c_str(), nullptr)) < 1;
    if (tiny && r.ptr == end) return literal(Value(std::strtod(low.c_str(), nullptr)), t.place);
    if (r.ec != std::errc() || r.ptr != end) fail_at(t, "invalid float literal: " + t.text);
    return literal(Value(d), t.place);
  }
  if (low.starts_with("0b")) return integer(2, 2);
  if (low.starts_with("0o")) return integer(2, 8);
  return integer(0, 10);
}

Node* Parser::call(const Token& name, std::vector<Node*> args, bool may_be_overridden) {
  const bool hidden = may_be_overridden && options_.overrides && options_.overrides(name.text);
  const Builtin* b = hidden ? nullptr : find_builtin(name.text);
  if (b != nullptr && b->predicate != Predicate::none_of_these)
    return predicate_call(*b, name, std::move(args));
  if (b != nullptr) {
    Node* n = make(NodeKind::builtin, name.place, arguments(std::move(args)));
    n->builtin = b;
    n->text = name.text;
    return n;
  }
  Node* callee = make(NodeKind::identifier, name.place);
  callee->text = name.text;
  std::vector<Node*> kids = arguments(std::move(args));
  kids.insert(kids.begin(), callee);
  return make(NodeKind::call, name.place, std::move(kids));
}

Node* Parser::predicate_call(const Builtin& b, const Token& name, std::vector<Node*> args) {
  const Nest nest(*this);
  expect(TokenKind::bracket, "(");
  const Shape shape = shape_of(b.predicate);
  const std::size_t given = args.size();
  for (std::size_t i = given; i < shape.most; ++i) {
    if (at_bracket(")")) {
      if (i >= shape.required) break;
      fail(fmt::format("{} expects at least {} arguments", b.name, shape.required));
    }
    if (i > given) expect(TokenKind::op, ",");
    args.push_back(i == 1 ? predicate() : expression(0));
  }
  if (at_op(",")) next();
  expect(TokenKind::bracket, ")");
  Node* n = make(NodeKind::builtin, name.place, std::move(args));
  n->builtin = &b;
  n->text = b.name;
  return n;
}

Node* Parser::predicate() {
  const Place place = token().place;
  const bool braces = at_bracket("{");
  if (braces) next();
  ++predicates_;
  Node* body = braces ? sequence() : expression(0);
  if (!braces && at_op(";")) fail("wrap predicate with brackets { and }");
  --predicates_;
  if (braces) expect(TokenKind::bracket, "}");
  return make(NodeKind::predicate, place, {body});
}

std::vector<Node*> Parser::arguments(std::vector<Node*> args) {
  const std::size_t given = args.size();
  expect(TokenKind::bracket, "(");
  while (!at_bracket(")")) {
    if (args.size() > given) expect(TokenKind::op, ",");
    if (at_bracket(")")) break;
    args.push_back(expression(0));
  }
  next();
  return args;
}

Node* Parser::array() {
  const Place place = token().place;
  next();
  std::vector<Node*> items;
  while (!at_bracket("]")) {
    if (!items.empty()) {
      expect(TokenKind::op, ",");
      if (at_bracket("]")) break;
    }
    items.push_back(expression(0));
  }
  next();
  return make(NodeKind::array, place, std::move(items));
}

Node* Parser::map() {
  const Place place = token().place;
  next();
  std::vector<Node*> pairs;
  while (!at_bracket("}")) {
    if (!pairs.empty()) {
      expect(TokenKind::op, ",");
      if (at_bracket("}")) break;
    }
    pairs.push_back(map_key());
    expect(TokenKind::op, ":");
    pairs.push_back(expression(0));
    if (++nodes_ > kMaxNodes) fail("compilation failed: expression exceeds maximum allowed nodes");
  }
  next();
  return make(NodeKind::map, place, std::move(pairs));
}

Node* Parser::map_key() {
  const Token t = token();
  if (t.is(TokenKind::number) || t.is(TokenKind::string) || t.is(TokenKind::identifier)) {
    Node* key = literal(Value(t.text), t.place);
    next();
    return key;
  }
  if (at_bracket("(")) return expression(0);
  fail(
      fmt::format("a map key must be a quoted string, a number, an identifier, or an expression enclosed in "
                  "parentheses (unexpected token {})",
                  t.text));
}

Node* Parser::postfix(Node* n) {
  for (;;) {
    if (at_op(".") || at_op("?.")) {
      const bool optional = at_op("?.");
      next();
      n = optional && at_bracket("[") ? index(n, true) : dot(n, optional);
    } else if (at_bracket("[")) {
      n = index(n, false);
    } else {
      return n;
    }
  }
}

Node* Parser::dot(Node* n, bool optional) {
  const Token name = token();
  const bool word = name.is(TokenKind::op) && !name.text.empty() && is_letter(decode_rune(name.text).value);
  if (!name.is(TokenKind::identifier) && !word) {
    if (name.is(TokenKind::end)) unexpected();
    fail("expected name", "a name with other characters goes in brackets: a['my-name']");
  }
  next();
  Node* property = literal(Value(name.text), name.place);
  const bool in_chain = n->kind == NodeKind::chain;
  if (in_chain) n = n->kids[0];
  Node* member = make(NodeKind::member, name.place, {n, property});
  member->optional = optional;
  Node* result = member;
  if (at_bracket("(")) {
    member->is_call = true;
    std::vector<Node*> kids = arguments({});
    kids.insert(kids.begin(), member);
    result = make(NodeKind::call, name.place, std::move(kids));
  }
  return in_chain || optional ? make(NodeKind::chain, name.place, {result}) : result;
}

Node* Parser::index(Node* n, bool optional) {
  const Place place = token().place;
  next();
  Node* from = nullptr;
  if (!at_op(":")) from = expression(0);
  if (at_op(":")) {
    next();
    Node* to = at_bracket("]") ? nullptr : expression(0);
    Node* slice = make(NodeKind::slice, place, {n, from, to});
    expect(TokenKind::bracket, "]");
    return slice;
  }
  Node* member = make(NodeKind::member, place, {n, from});
  member->optional = optional;
  if (optional) member = make(NodeKind::chain, place, {member});
  expect(TokenKind::bracket, "]");
  return member;
}

}  // namespace skiff::spec::expr
