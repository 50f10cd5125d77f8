// The parser's class, shared by its source files only.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/expr/ast.h"
#include "spec/expr/builtins.h"
#include "spec/expr/lexer.h"
#include "spec/expr/parser.h"

namespace skiff::spec::expr {

inline constexpr std::size_t kMaxNodes = 10'000;
inline constexpr int kMaxNesting = 1'000;
inline constexpr int kMaxTreeDepth = 6'000;

struct BinaryOp {
  std::string_view text;
  Op op;
  int precedence;
  bool right = false;
};

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

}  // namespace skiff::spec::expr
