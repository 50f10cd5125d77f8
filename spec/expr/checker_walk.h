// The checker's class, shared by its source files only.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/expr/ast.h"
#include "spec/expr/builtins.h"

namespace skiff::spec::expr {

class Checker {
 public:
  Checker(Tree& tree, const Map& env, bool allow_unknown)
      : tree_(tree), env_(env), allow_unknown_(allow_unknown) {}

  /// The nature of a node, found once. Throws Error.
  const Nature& visit(Node* n);

 private:
  struct Variable {
    std::string name;
    Nature nature;
    int slot;
  };
  struct Scope {
    Nature collection;
    bool index;
    bool acc;
  };

  [[noreturn]] static void fail(const Node* n, std::string message, std::string hint = "");
  Nature nature(Node* n);
  const Nature* keep(Nature n);
  Nature list_of(const Nature& elem);
  const Value* env_value(std::string_view name) const;
  static Nature env_nature(const Value& v);
  Nature name(const Node* n, std::string_view name, bool strict, bool builtins);

  void unchecked(Node* n);
  void unchecked_builtin(const Node* n);
  static void check_pattern(const Node* n);

  Nature identifier(Node* n);
  Nature unary(Node* n);
  Nature binary(Node* n);
  Nature arithmetic(Node* n, const Nature& l, const Nature& r);
  Nature membership(Node* n, const Nature& l, const Nature& r);
  Nature coalesce(const Nature& l, const Nature& r);
  [[noreturn]] void mismatch(const Node* n, const Nature& l, const Nature& r);
  Nature member(Node* n);
  Nature slice_node(Node* n);
  Nature call(Node* n);
  std::optional<Error> arguments(const std::string& called, const Type* f, std::span<Node* const> args,
                                 const Node* n, Nature& out);
  Nature builtin(Node* n);
  Nature predicate_builtin(Node* n);
  Nature predicate_result(Node* n, const Nature& collection, const Nature& body);
  Nature get_builtin(Node* n);
  Nature predicate_body(Node* n);
  Nature pointer(Node* n);
  Nature variable(Node* n);
  Nature conditional(Node* n);
  Nature array(Node* n);

  Tree& tree_;
  const Map& env_;
  bool allow_unknown_;
  std::vector<Variable> variables_;
  std::vector<Scope> scopes_;
};

}  // namespace skiff::spec::expr
