// Constant folding (expr-lang's optimizer/fold.go and sum_range.go).
#include "spec/expr/fold.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "spec/expr/builtins.h"
#include "spec/expr/limits.h"
#include "spec/expr/ops.h"

namespace skiff::spec::expr {
namespace {

bool is_number_literal(const Node* n) { return n->is_int() || n->is_literal(Kind::floating); }

std::optional<Value> fold_numbers(Node* n, const Value& a, const Value& b) {
  Meter meter;
  switch (n->op) {
    case Op::add:
      return add(a, b, meter);
    case Op::subtract:
      return subtract(a, b);
    case Op::multiply:
      return multiply(a, b);
    case Op::divide:
      return divide(a, b);
    case Op::power:
      return power(a, b);
    case Op::modulo:
      if (!a.is_int() || !b.is_int()) return std::nullopt;
      if (b.as_int() == 0) throw Error{"integer divide by zero", "", n->place.offset, n->place.length, true};
      return modulo(a, b);
    case Op::equal:
      if (!a.is_int() || !b.is_int()) return std::nullopt;
      return Value(a.as_int() == b.as_int());
    default:
      return std::nullopt;
  }
}

std::optional<Value> fold_binary(Node* n) {
  const Node* l = n->kids[0];
  const Node* r = n->kids[1];
  if (is_number_literal(l) && is_number_literal(r)) return fold_numbers(n, l->value, r->value);
  const bool texts = l->is_literal(Kind::string) && r->is_literal(Kind::string);
  if (texts && n->op == Op::add && l->value.as_string().size() + r->value.as_string().size() < 1'000'000) {
    return Value(l->value.as_string() + r->value.as_string());
  }
  if (texts && n->op == Op::equal) return Value(l->value.as_string() == r->value.as_string());
  if (l->is_literal(Kind::boolean) && r->is_literal(Kind::boolean) && n->op == Op::equal) {
    return Value(l->value.as_bool() == r->value.as_bool());
  }
  return std::nullopt;
}

/// true && x is x, x && false is false (whatever x would have done), and so on.
Node* fold_logic(Tree& tree, Node* n) {
  const bool neutral = n->op == Op::and_;
  const auto constant = [](const Node* k) {
    return k->is_literal(Kind::boolean) ? std::optional<bool>(k->value.as_bool()) : std::nullopt;
  };
  const auto l = constant(n->kids[0]);
  const auto r = constant(n->kids[1]);
  if (l && *l == neutral) return n->kids[1];
  if (r && *r == neutral) return n->kids[0];
  if (l || r) return make_literal(tree, n, Value(!neutral));
  return nullptr;
}

std::optional<Value> fold_unary(const Node* n) {
  const Node* k = n->kids[0];
  if (n->op == Op::not_) {
    return k->is_literal(Kind::boolean) ? std::optional<Value>(Value(!k->value.as_bool())) : std::nullopt;
  }
  if (!is_number_literal(k)) return std::nullopt;
  return n->op == Op::negate ? negate(k->value) : k->value;
}

std::optional<Value> fold_array(const Node* n) {
  if (n->kids.empty()) return std::nullopt;
  const bool scalars = std::all_of(n->kids.begin(), n->kids.end(), [](const Node* k) {
    return is_number_literal(k) || k->is_literal(Kind::string) || k->is_literal(Kind::boolean);
  });
  if (!scalars) return std::nullopt;
  std::vector<Value> items;
  for (const Node* k : n->kids) items.push_back(k->value);
  return Value(std::move(items));
}

/// filter(filter(x, p), q) is filter(x, p && q).
Node* fold_filters(Tree& tree, Node* n) {
  if (n->builtin->predicate != Predicate::filter) return nullptr;
  const Node* inner = n->kids[0];
  if (inner->kind != NodeKind::builtin || inner->builtin->predicate != Predicate::filter) return nullptr;
  Node* body = make_binary(tree, n, Op::and_, inner->kids[1]->kids[0], n->kids[1]->kids[0]);
  Node* predicate = tree.add(NodeKind::predicate, n->place);
  predicate->kids = {body};
  Node* filter = tree.add(NodeKind::builtin, n->place);
  filter->builtin = n->builtin;
  filter->text = n->text;
  filter->kids = {inner->kids[0], predicate};
  filter->nature = n->nature;
  return filter;
}

std::int64_t wrap(std::uint64_t n) { return static_cast<std::int64_t>(n); }

/// What sum(m..n, body) gives for # and for # combined with a constant by * + -.
std::optional<std::uint64_t> summed(const Node* body, std::uint64_t sum, std::uint64_t count) {
  const auto is_element = [](const Node* k) { return k->kind == NodeKind::pointer && k->text.empty(); };
  if (is_element(body)) return sum;
  if (body->kind != NodeKind::binary) return std::nullopt;
  const Node* l = body->kids[0];
  const Node* r = body->kids[1];
  const bool element_left = is_element(l) && r->is_int();
  if (!element_left && !(l->is_int() && is_element(r))) return std::nullopt;
  const auto k = static_cast<std::uint64_t>((element_left ? r : l)->value.as_int());
  switch (body->op) {
    case Op::multiply:
      return k * sum;
    case Op::add:
      return sum + count * k;
    case Op::subtract:
      return element_left ? sum - count * k : count * k - sum;
    default:
      return std::nullopt;
  }
}

bool adds_element_to_acc(const Node* body) {
  if (body->kind != NodeKind::binary || body->op != Op::add) return false;
  const Node* l = body->kids[0];
  const Node* r = body->kids[1];
  if (l->kind != NodeKind::pointer || r->kind != NodeKind::pointer) return false;
  return (l->text.empty() && r->text == "acc") || (l->text == "acc" && r->text.empty());
}

}  // namespace

bool same_tree(const Node* a, const Node* b, int& budget) {
  if (a == b) return true;
  if (a == nullptr || b == nullptr || --budget < 0) return false;
  if (a->kind != b->kind || a->op != b->op || a->text != b->text || a->kids.size() != b->kids.size())
    return false;
  if (a->optional != b->optional || a->builtin != b->builtin || a->slot != b->slot) return false;
  if ((a->map == nullptr) != (b->map == nullptr) ||
      (a->map != nullptr && !same_tree(a->map, b->map, budget))) {
    return false;
  }
  if (a->kind == NodeKind::literal &&
      (a->value.type() != b->value.type() || a->value.to_text() != b->value.to_text())) {
    return false;
  }
  for (std::size_t i = 0; i < a->kids.size(); ++i) {
    if (!same_tree(a->kids[i], b->kids[i], budget)) return false;
  }
  return true;
}

bool fold(Rewriter& rewriter) {
  bool folded = false;
  rewriter.walk([&folded](Tree& tree, Node*& slot) {
    Node* n = slot;
    std::optional<Value> constant;
    Node* instead = nullptr;
    switch (n->kind) {
      case NodeKind::unary:
        constant = fold_unary(n);
        break;
      case NodeKind::binary:
        if (n->op == Op::and_ || n->op == Op::or_) {
          instead = fold_logic(tree, n);
        } else {
          constant = fold_binary(n);
        }
        break;
      case NodeKind::array:
        constant = fold_array(n);
        break;
      case NodeKind::builtin:
        instead = fold_filters(tree, n);
        break;
      default:
        break;
    }
    if (constant) instead = make_literal(tree, n, std::move(*constant));
    if (instead == nullptr) return;
    folded = true;
    slot = instead;
  });
  return folded;
}

void sum_range(Tree& tree, Node*& slot) {
  Node* n = slot;
  if (n->kind != NodeKind::builtin) return;
  const Predicate p = n->builtin->predicate;
  if (p != Predicate::sum && p != Predicate::reduce) return;
  const Node* range = n->kids[0];
  if (range->kind != NodeKind::binary || range->op != Op::range) return;
  if (!range->kids[0]->is_int() || !range->kids[1]->is_int()) return;
  const std::int64_t from = range->kids[0]->value.as_int();
  const std::int64_t to = range->kids[1]->value.as_int();
  if (to < from) return;
  const std::uint64_t count = static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from) + 1;
  const std::uint64_t doubled = count * (static_cast<std::uint64_t>(from) + static_cast<std::uint64_t>(to));
  const auto sum = static_cast<std::uint64_t>(wrap(doubled) / 2);
  if (p == Predicate::sum) {
    const auto result = n->kids.size() == 1 ? std::optional(sum) : summed(n->kids[1]->kids[0], sum, count);
    if (result) slot = make_literal(tree, n, Value(wrap(*result)));
    return;
  }
  if (!adds_element_to_acc(n->kids[1]->kids[0])) return;
  std::uint64_t start = 0;
  if (n->kids.size() == 3) {
    if (!n->kids[2]->is_int()) return;
    start = static_cast<std::uint64_t>(n->kids[2]->value.as_int());
  }
  slot = make_literal(tree, n, Value(wrap(sum + start)));
}

}  // namespace skiff::spec::expr
