// The checker's walk: one method for each kind of node but operators (checker_operators.cc).
#include "spec/expr/checker.h"

#include <fmt/format.h>

#include <algorithm>

#include "spec/expr/builtins.h"
#include "spec/expr/checker_walk.h"
#include "spec/expr/hints.h"
#include "spec/expr/limits.h"
#include "spec/expr/natures.h"
#include "spec/expr/ops.h"

namespace skiff::spec::expr {

void Checker::fail(const Node* n, std::string message, std::string hint) {
  throw Error{std::move(message), std::move(hint), n->place.offset, n->place.length, true};
}

const Nature& Checker::visit(Node* n) {
  if (!n->checked) {
    n->nature = nature(n);
    n->checked = true;
  }
  return n->nature;
}

Nature Checker::nature(Node* n) {
  switch (n->kind) {
    case NodeKind::literal:
      return n->value.is_nil() ? Nature{nullptr, nullptr, true} : of_type(n->value.type());
    case NodeKind::identifier:
      return identifier(n);
    case NodeKind::unary:
      return unary(n);
    case NodeKind::binary:
      return binary(n);
    case NodeKind::chain:
      return visit(n->kids[0]);
    case NodeKind::member:
      return member(n);
    case NodeKind::slice:
      return slice_node(n);
    case NodeKind::call:
      return call(n);
    case NodeKind::builtin:
      return builtin(n);
    case NodeKind::predicate:
      return predicate_body(n);
    case NodeKind::pointer:
      return pointer(n);
    case NodeKind::variable:
      return variable(n);
    case NodeKind::sequence: {
      for (Node* k : n->kids) visit(k);
      return n->kids.back()->nature;
    }
    case NodeKind::conditional:
      return conditional(n);
    case NodeKind::array:
      return array(n);
    case NodeKind::map: {
      for (Node* k : n->kids) visit(k);
      return of_type(Type::map());
    }
  }
  return {};
}

const Nature* Checker::keep(Nature n) { return &tree_.natures.emplace_back(n); }

Nature Checker::list_of(const Nature& elem) {
  Nature n = of_type(Type::array());
  n.elem = keep(elem);
  return n;
}

const Value* Checker::env_value(std::string_view name) const { return env_.find(name); }

Nature Checker::env_nature(const Value& v) {
  return v.is_nil() ? Nature{nullptr, nullptr, true} : of_type(v.type());
}

Nature Checker::name(const Node* n, std::string_view name, bool strict, bool builtins) {
  if (const Value* v = env_value(name)) return env_nature(*v);
  if (builtins) {
    if (const Builtin* b = find_builtin(name)) {
      return of_type(b->types.empty() ? Type::function({Type::array()}, Type::any(), true) : b->types[0]);
    }
  }
  if (strict && !allow_unknown_) {
    fail(n, fmt::format("unknown name {}", name), hint_for_unknown_name(tree_.text, n->place, name, env_));
  }
  return {};
}

Nature Checker::identifier(Node* n) {
  for (auto it = variables_.rbegin(); it != variables_.rend(); ++it) {
    if (it->name == n->text) {
      n->slot = it->slot;
      return it->nature;
    }
  }
  if (n->text == "$env") return {};
  return name(n, n->text, true, true);
}

Nature Checker::member(Node* n) {
  Node* base_node = n->kids[0];
  Node* property = n->kids[1];
  const bool named = property->is_literal(Kind::string);
  if (base_node->kind == NodeKind::identifier && base_node->text == "$env") {
    visit(base_node);
    if (!named) {
      unchecked(property);
      return {};
    }
    visit(property);
    return name(n, property->value.as_string(), !n->optional, false);
  }
  const Nature base = visit(base_node);
  const Nature prop = visit(property);
  if (base.unknown()) return {};
  const std::string field = named ? property->value.as_string() : "";
  if (named) {
    if (base.is_nil) {
      fail(n, fmt::format("type nil has no field {}", field),
           "the value is null; give it a default before reading a field of it");
    }
    if (const Type* method = method_type(base.type, field)) return of_type(method);
  }
  if (base.is_nil) fail(n, "type nil cannot be indexed");
  if (is_map(base)) {
    const Nature key = of_type(base.type->key);
    if (!assignable(prop, key) && !prop.unknown()) {
      fail(property, fmt::format("cannot use {} to get an element from {}", text_of(prop), text_of(base)),
           is_number(prop) ? "keys of an object are texts: write x['1']" : "");
    }
    return element_of(base);
  }
  if (is_array(base)) {
    if (!is_plain_integer(prop) && !prop.unknown()) {
      fail(property,
           fmt::format("array elements can only be selected using an integer (got {})", text_of(prop)));
    }
    return element_of(base);
  }
  if (!named) fail(n, fmt::format("type {}[{}] is undefined", text_of(base), text_of(prop)));
  fail(n, fmt::format("type {} has no {} {}", text_of(base), n->is_call ? "method" : "field", field),
       is_string(base) ? "the value is text; if it holds JSON, read it first: fromJSON(x)." + field : "");
}

Nature Checker::slice_node(Node* n) {
  const Nature base = visit(n->kids[0]);
  if (base.unknown()) {
    for (std::size_t i = 1; i < 3; ++i) {
      if (n->kids[i] != nullptr) unchecked(n->kids[i]);
    }
    return {};
  }
  if (!is_string(base) && !is_array(base)) fail(n, fmt::format("cannot slice {}", text_of(base)));
  for (std::size_t i = 1; i < 3; ++i) {
    if (n->kids[i] == nullptr) continue;
    const Nature bound = visit(n->kids[i]);
    if (!is_plain_integer(bound) && !bound.unknown()) {
      fail(n->kids[i], fmt::format("non-integer slice index {}", text_of(bound)));
    }
  }
  return base;
}

Nature Checker::call(Node* n) {
  Node* callee = n->kids[0];
  if (callee->kind == NodeKind::identifier && callee->text == "$env") {
    fail(n, "map[string]interface {} is not callable");
  }
  const Nature f = visit(callee);
  if (f.unknown()) {
    for (std::size_t i = 1; i < n->kids.size(); ++i) unchecked(n->kids[i]);
    return {};
  }
  std::string called = "function";
  if (callee->kind == NodeKind::identifier) called = callee->text;
  if (callee->kind == NodeKind::member && callee->kids[1]->is_literal(Kind::string)) {
    called = callee->kids[1]->value.as_string();
  }
  if (f.is_nil) fail(n, fmt::format("{} is nil; cannot call nil as function", called));
  if (!is_function(f)) fail(n, fmt::format("{} is not callable", text_of(f)));
  Nature out;
  const auto error = arguments(called, f.type, {n->kids.data() + 1, n->kids.size() - 1}, n, out);
  if (error) throw *error;
  return out;
}

std::optional<Error> Checker::arguments(const std::string& called, const Type* f, std::span<Node* const> args,
                                        const Node* n, Nature& out) {
  out = of_type(f->out);
  const auto error = [](const Node* at, std::string message, std::string hint = "") {
    return Error{std::move(message), std::move(hint), at->place.offset, at->place.length, true};
  };
  for (Node* arg : args) visit(arg);
  const std::size_t fixed = f->variadic ? f->in.size() - 1 : f->in.size();
  if (args.size() < fixed) return error(n, fmt::format("not enough arguments to call {}", called));
  if (args.size() > fixed && !f->variadic)
    return error(n, fmt::format("too many arguments to call {}", called));
  for (std::size_t i = 0; i < args.size(); ++i) {
    const Type* want = i < fixed ? f->in[i] : f->in.back()->elem;
    const Nature& given = args[i]->nature;
    if (given.is_nil) {
      if (want->kind == Kind::any || want->kind == Kind::opaque) continue;
      return error(args[i],
                   fmt::format("cannot use nil as argument (type {}) to call {}", want->name, called));
    }
    if (given.unknown() || assignable(given, of_type(want))) continue;
    return error(
        args[i],
        fmt::format("cannot use {} as argument (type {}) to call {}", text_of(given), want->name, called),
        want->kind == Kind::string ? "string(x) turns any value into text" : "");
  }
  return std::nullopt;
}

/// Subtrees that expr-lang's checker never looks at: the arguments of a function it knows nothing of. Unknown
/// names are nil in them and types do not matter; only what its compiler needs is seen to.
void Checker::unchecked(Node* n) {
  if (n->checked) return;
  n->checked = true;
  if (n->kind == NodeKind::variable) {
    unchecked(n->kids[0]);
    n->slot = tree_.slots++;
    variables_.push_back({n->text, {}, n->slot});
    unchecked(n->kids[1]);
    variables_.pop_back();
    return;
  }
  for (Node* k : n->kids) {
    if (k != nullptr) unchecked(k);
  }
  if (n->kind == NodeKind::identifier) {
    const auto it = std::find_if(variables_.rbegin(), variables_.rend(),
                                 [&](const auto& v) { return v.name == n->text; });
    if (it != variables_.rend()) n->slot = it->slot;
  } else if (n->kind == NodeKind::pointer && !n->text.empty() && n->text != "index" && n->text != "acc") {
    fail(n, fmt::format("unknown pointer #{}", n->text));
  } else if (n->kind == NodeKind::builtin) {
    unchecked_builtin(n);
  } else if (n->op == Op::matches) {
    check_pattern(n);
  }
}

void Checker::unchecked_builtin(const Node* n) {
  const Builtin& b = *n->builtin;
  if (b.predicate != Predicate::none_of_these) return;
  bool fits = b.name == "get" && n->kids.size() == 2;
  if (b.validate) {
    try {
      const std::vector<const Type*> types(n->kids.size(), Type::any());
      fits = b.validate(types) != nullptr;
    } catch (const Panic& p) {
      fail(n, p.what(), p.hint);
    }
  }
  for (const Type* t : b.types) fits = fits || t->in.size() == n->kids.size();
  if (!fits) fail(n, fmt::format("wrong number of arguments to call {}", b.name));
}

Nature Checker::pointer(Node* n) {
  if (scopes_.empty()) fail(n, "cannot use pointer accessor outside predicate");
  const Scope& scope = scopes_.back();
  if (n->text.empty()) {
    if (scope.collection.unknown()) return {};
    return element_of(scope.collection);
  }
  if (n->text == "index" && scope.index) return of_type(Type::integer());
  if (n->text == "acc" && scope.acc) return {};
  fail(n, fmt::format("unknown pointer #{}", n->text),
       n->text == "index" ? "#index is there in map and reduce only"
                          : "# is the element; #acc is there in reduce only");
}

Nature Checker::predicate_body(Node* n) {
  const Nature body = visit(n->kids[0]);
  Nature f = of_type(Type::function({Type::any()}, body.type == nullptr ? Type::any() : body.type));
  f.elem = keep(body);
  return f;
}

Nature Checker::variable(Node* n) {
  if (env_value(n->text) != nullptr)
    fail(n, fmt::format("cannot redeclare {}", n->text), "choose another name");
  if (find_builtin(n->text) != nullptr) {
    fail(n, fmt::format("cannot redeclare builtin {}", n->text), "choose another name");
  }
  const bool taken =
      std::any_of(variables_.begin(), variables_.end(), [&](const auto& v) { return v.name == n->text; });
  if (taken) fail(n, fmt::format("cannot redeclare variable {}", n->text), "choose another name");
  const Nature value = visit(n->kids[0]);
  n->slot = tree_.slots++;
  variables_.push_back({n->text, value, n->slot});
  const Nature body = visit(n->kids[1]);
  variables_.pop_back();
  return body;
}

Nature Checker::conditional(Node* n) {
  const Nature c = visit(n->kids[0]);
  if (!is_bool(c) && !c.unknown()) {
    fail(n->kids[0], fmt::format("non-bool expression (type {}) used as condition", text_of(c)),
         is_string(c) ? "compare the text, as in x == 'true'" : "");
  }
  const Nature a = visit(n->kids[1]);
  const Nature b = visit(n->kids[2]);
  if (a.is_nil || b.is_nil) return a.is_nil ? b : a;
  if (!assignable(a, b)) return {};
  if (is_array(a) && is_array(b)) {
    const Nature x = element_of(a);
    const Nature y = element_of(b);
    if (!assignable(x, y) || !assignable(y, x)) return of_type(Type::array());
  }
  return a;
}

Nature Checker::array(Node* n) {
  bool same = true;
  for (std::size_t i = 0; i < n->kids.size(); ++i) {
    visit(n->kids[i]);
    if (i > 0 && go_kind(n->kids[i]->nature) != go_kind(n->kids[i - 1]->nature)) same = false;
  }
  if (!same) return of_type(Type::array());
  return list_of(n->kids.empty() ? Nature{} : n->kids.back()->nature);
}

std::optional<Error> check(Tree& tree, const Map& env, bool allow_unknown_names) {
  try {
    Checker(tree, env, allow_unknown_names).visit(tree.root);
  } catch (Error& e) {
    return std::move(e);
  }
  return std::nullopt;
}

}  // namespace skiff::spec::expr
