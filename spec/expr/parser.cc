// The parser: operator precedence climbing over the lexer's tokens (expr-lang's parser/parser.go).
#include "spec/expr/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "spec/expr/builtins.h"
#include "spec/expr/lexer.h"
#include "spec/expr/unicode.h"

namespace skiff::spec::expr {
namespace {

constexpr std::size_t kMaxNodes = 10'000;
constexpr int kMaxNesting = 1'000;
constexpr int kMaxTreeDepth = 6'000;

struct BinaryOp {
  std::string_view text;
  Op op;
  int precedence;
  bool right = false;
};

constexpr std::array kBinary = {
    BinaryOp{"|", Op::none, 0},
    BinaryOp{"or", Op::or_, 10},
    BinaryOp{"||", Op::or_, 10},
    BinaryOp{"and", Op::and_, 15},
    BinaryOp{"&&", Op::and_, 15},
    BinaryOp{"==", Op::equal, 20},
    BinaryOp{"!=", Op::not_equal, 20},
    BinaryOp{"<", Op::less, 20},
    BinaryOp{">", Op::more, 20},
    BinaryOp{">=", Op::more_equal, 20},
    BinaryOp{"<=", Op::less_equal, 20},
    BinaryOp{"in", Op::in, 20},
    BinaryOp{"matches", Op::matches, 20},
    BinaryOp{"contains", Op::contains, 20},
    BinaryOp{"startsWith", Op::starts_with, 20},
    BinaryOp{"endsWith", Op::ends_with, 20},
    BinaryOp{"..", Op::range, 25},
    BinaryOp{"+", Op::add, 30},
    BinaryOp{"-", Op::subtract, 30},
    BinaryOp{"*", Op::multiply, 60},
    BinaryOp{"/", Op::divide, 60},
    BinaryOp{"%", Op::modulo, 60},
    BinaryOp{"**", Op::power, 100, true},
    BinaryOp{"^", Op::power, 100, true},
    BinaryOp{"??", Op::coalesce, 500},
};

const BinaryOp* find_binary(std::string_view text) {
  const auto* it =
      std::find_if(kBinary.begin(), kBinary.end(), [&](const BinaryOp& b) { return b.text == text; });
  return it == kBinary.end() ? nullptr : it;
}

bool is_comparison(Op op) {
  return op == Op::less || op == Op::more || op == Op::less_equal || op == Op::more_equal;
}

bool may_follow_not(Op op) {
  return op == Op::contains || op == Op::matches || op == Op::starts_with || op == Op::ends_with ||
         op == Op::in;
}

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

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens, const ParseOptions& options)
      : options_(options), tokens_(std::move(tokens)) {
    tree_.text = std::string(text);
  }

  Result<Tree> run() {
    try {
      tree_.root = sequence();
      if (!at(TokenKind::end)) unexpected();
    } catch (Error& e) {
      return std::move(e);
    }
    return std::move(tree_);
  }

 private:
  struct Nest {
    explicit Nest(Parser& p) : parser(p) {
      if (++p.nesting_ > kMaxNesting) p.fail("the expression is nested too deeply");
    }
    ~Nest() { --parser.nesting_; }
    Nest(const Nest&) = delete;
    Nest& operator=(const Nest&) = delete;
    Parser& parser;
  };

  const Token& token() const { return tokens_[pos_]; }
  bool at(TokenKind k) const { return token().is(k); }
  bool at(TokenKind k, std::string_view t) const { return token().is(k, t); }
  bool at_op(std::string_view t) const { return at(TokenKind::op, t); }
  bool at_bracket(std::string_view t) const { return at(TokenKind::bracket, t); }
  void next() {
    if (pos_ + 1 < tokens_.size()) ++pos_;
  }
  [[noreturn]] void fail(std::string message, std::string hint = "") const {
    fail_at(token(), message, hint);
  }
  [[noreturn]] static void fail_at(const Token& t, const std::string& message, const std::string& hint = "") {
    throw Error{message, hint, t.place.offset, t.place.length, true};
  }
  [[noreturn]] void unexpected() const;
  void expect(TokenKind k, std::string_view t) {
    if (!at(k, t)) unexpected();
    next();
  }
  Token expect_name() {
    if (!at(TokenKind::identifier)) unexpected();
    Token t = token();
    next();
    return t;
  }
  Node* make(NodeKind kind, Place place, std::vector<Node*> kids = {});
  Node* literal(Value v, Place place) {
    Node* n = make(NodeKind::literal, place);
    n->value = std::move(v);
    return n;
  }

  Node* sequence();
  Node* expression(int precedence);
  Node* binary_tail(Node* left, int precedence);
  Node* comparison(Node* left, Token op_token, const BinaryOp* op);
  Node* declaration();
  Node* if_else();
  Node* ternary(Node* condition);
  Node* primary();
  Node* secondary();
  Node* name_or_call();
  Node* number();
  Node* call(const Token& name, std::vector<Node*> args, bool may_be_overridden);
  Node* predicate_call(const Builtin& b, const Token& name, std::vector<Node*> args);
  Node* predicate();
  std::vector<Node*> arguments(std::vector<Node*> args);
  Node* array();
  Node* map();
  Node* map_key();
  Node* postfix(Node* n);
  Node* dot(Node* n, bool optional);
  Node* index(Node* n, bool optional);

  const ParseOptions& options_;
  Tree tree_;
  std::vector<Token> tokens_;
  std::size_t pos_ = 0;
  std::size_t nodes_ = 0;
  int nesting_ = 0;
  int predicates_ = 0;  ///< how many bodies we are in: # is allowed there
};

void Parser::unexpected() const {
  const Token& t = token();
  if (t.is(TokenKind::end)) {
    fail(pos_ == 0 ? "unexpected end of expression: the expression is empty"
                   : "unexpected end of expression");
  }
  std::string hint;
  if (t.is(TokenKind::op, "=")) hint = "write == to compare";
  if (t.is(TokenKind::op, "&")) hint = "write && or and";
  if (t.is(TokenKind::op, "??")) hint = "wrap the other operator's operands in parentheses";
  if (t.is(TokenKind::bracket, "{") && pos_ > 0 && token().place.offset + 1 < tree_.text.size() &&
      tree_.text[token().place.offset + 1] == '{') {
    hint = "no {{ }} inside an expression: write the variable's name alone";
  }
  if (t.is(TokenKind::op, "=~") || t.is(TokenKind::op, "!~")) hint = "write matches, as in name matches '^a'";
  fail(fmt::format("unexpected token {}", t.is(TokenKind::string) ? "'" + t.text + "'" : t.text), hint);
}

Node* Parser::make(NodeKind kind, Place place, std::vector<Node*> kids) {
  if (++nodes_ > kMaxNodes) fail("compilation failed: expression exceeds maximum allowed nodes");
  Node* n = tree_.add(kind, place);
  n->kids = std::move(kids);
  for (const Node* k : n->kids) {
    if (k != nullptr) n->depth = std::max(n->depth, k->depth + 1);
  }
  if (n->depth > kMaxTreeDepth) fail("the expression is nested too deeply");
  return n;
}

Node* Parser::sequence() {
  std::vector<Node*> nodes{expression(0)};
  while (at_op(";")) {
    next();
    if (at(TokenKind::end)) break;
    nodes.push_back(expression(0));
  }
  if (nodes.size() == 1) return nodes[0];
  const Place place = nodes[0]->place;
  return make(NodeKind::sequence, place, std::move(nodes));
}

Node* Parser::expression(int precedence) {
  const Nest nest(*this);
  if (precedence == 0 && at_op("let")) return declaration();
  if (precedence == 0 && at_op("if")) return if_else();
  Node* left = binary_tail(primary(), precedence);
  return precedence == 0 ? ternary(left) : left;
}

Node* Parser::binary_tail(Node* left, int precedence) {
  bool after_coalesce = false;
  while (at(TokenKind::op)) {
    Token op_token = token();
    const std::size_t start = pos_;
    const bool negate = at_op("not");
    if (negate) {
      next();
      const BinaryOp* op = find_binary(token().text);
      if (op == nullptr || !may_follow_not(op->op)) unexpected();
      if (op->precedence < precedence) {
        pos_ = start;
        break;
      }
      op_token = token();
    }
    const BinaryOp* op = find_binary(op_token.text);
    if (op == nullptr || op->precedence < precedence) break;
    next();
    if (op->text == "|") {
      const Token name = expect_name();
      left = call(name, {left}, true);
      after_coalesce = false;
      continue;
    }
    if (after_coalesce && op->op != Op::coalesce) {
      fail_at(op_token,
              fmt::format("operator ({}) and coalesce expressions (?"
                          "?) cannot be mixed",
                          op_token.text),
              "wrap either by parentheses, as in (a ?? b) + c");
    }
    if (is_comparison(op->op)) {
      left = comparison(left, op_token, op);
    } else {
      Node* right = expression(op->right ? op->precedence : op->precedence + 1);
      left = make(NodeKind::binary, op_token.place, {left, right});
      left->op = op->op;
      left->text = op_token.text;
      if (negate) {
        left = make(NodeKind::unary, op_token.place, {left});
        left->op = Op::not_;
        left->text = "not";
      }
    }
    after_coalesce = op->op == Op::coalesce;
  }
  return left;
}

Node* Parser::comparison(Node* left, Token op_token, const BinaryOp* op) {
  Node* root = nullptr;
  for (;;) {
    Node* right = expression(op->precedence + 1);
    Node* part = make(NodeKind::binary, op_token.place, {left, right});
    part->op = op->op;
    part->text = op_token.text;
    if (root == nullptr) {
      root = part;
    } else {
      root = make(NodeKind::binary, op_token.place, {root, part});
      root->op = Op::and_;
      root->text = "&&";
    }
    left = right;
    op_token = token();
    op = at(TokenKind::op) ? find_binary(op_token.text) : nullptr;
    if (op == nullptr || !is_comparison(op->op)) return root;
    next();
  }
}

Node* Parser::declaration() {
  next();
  const Token name = expect_name();
  expect(TokenKind::op, "=");
  Node* value = expression(0);
  expect(TokenKind::op, ";");
  Node* body = sequence();
  Node* n = make(NodeKind::variable, name.place, {value, body});
  n->text = name.text;
  return n;
}

Node* Parser::if_else() {
  const Nest nest(*this);
  const Place place = token().place;
  next();
  Node* condition = expression(0);
  expect(TokenKind::bracket, "{");
  Node* yes = sequence();
  expect(TokenKind::bracket, "}");
  expect(TokenKind::op, "else");
  Node* no = nullptr;
  if (at_op("if")) {
    no = if_else();
  } else {
    expect(TokenKind::bracket, "{");
    no = sequence();
    expect(TokenKind::bracket, "}");
  }
  --nodes_;  // expr-lang does not count this one
  return make(NodeKind::conditional, place, {condition, yes, no});
}

Node* Parser::ternary(Node* condition) {
  while (at_op("?")) {
    next();
    Node* yes = condition;
    if (!at_op(":")) yes = expression(0);
    expect(TokenKind::op, ":");
    Node* no = expression(0);
    condition = make(NodeKind::conditional, token().place, {condition, yes, no});
    condition->place = condition->kids[0]->place;
  }
  return condition;
}

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

}  // namespace

std::string_view op_text(Op op) {
  if (op == Op::in_set) return "in";
  for (const BinaryOp& b : kBinary) {
    if (b.op == op && b.text.size() > 1 && b.text != "or" && b.text != "and") return b.text;
  }
  for (const BinaryOp& b : kBinary) {
    if (b.op == op) return b.text;
  }
  return op == Op::not_ ? "not" : op == Op::negate ? "-" : op == Op::plus ? "+" : "?";
}

Result<Tree> parse(std::string_view text, const ParseOptions& options) {
  auto tokens = lex(text);
  if (!tokens) return std::move(tokens).error();
  return Parser(text, std::move(tokens).value(), options).run();
}

}  // namespace skiff::spec::expr
