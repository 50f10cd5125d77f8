// The parser on operators and statements: operator precedence climbing over the lexer's tokens (expr-lang's
// parser/parser.go). Operands are in parser_operands.cc.
#include "spec/expr/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "spec/expr/parser_impl.h"

namespace skiff::spec::expr {
namespace {

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

}  // namespace

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
