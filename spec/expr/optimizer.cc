// The optimizer's passes (expr-lang's optimizer/), in expr-lang's order. Folding is in fold.cc.
#include "spec/expr/optimizer.h"

#include <algorithm>

#include "spec/expr/builtins.h"
#include "spec/expr/fold.h"
#include "spec/expr/natures.h"
#include "spec/expr/rewrite.h"

namespace skiff::spec::expr {
namespace {

bool is_call_of(const Node* n, Predicate p, std::size_t arguments) {
  return n->kind == NodeKind::builtin && n->builtin->predicate == p && n->kids.size() == arguments;
}

bool is_named_call(const Node* n, std::string_view name) {
  return n->kind == NodeKind::builtin && n->builtin->name == name && n->kids.size() == 1;
}

Node* make_call(Tree& tree, const Node* like, std::string_view name, std::vector<Node*> args) {
  Node* n = tree.add(NodeKind::builtin, like->place);
  n->builtin = find_builtin(name);
  n->text = std::string(name);
  n->kids = std::move(args);
  n->nature = like->nature;
  n->checked = true;
  return n;
}

/// x in [1, 2, 3] and x in ['a', 'b'] look up in a set, which takes values of exactly that type.
void in_array(Tree& tree, Node*& slot) {
  Node* n = slot;
  if (n->kind != NodeKind::binary || n->op != Op::in || n->kids[1]->kind != NodeKind::array) return;
  const auto& items = n->kids[1]->kids;
  if (items.empty()) return;
  const bool ints = n->kids[0]->nature.type == Type::integer() &&
                    std::all_of(items.begin(), items.end(), [](const Node* i) { return i->is_int(); });
  const bool texts =
      std::all_of(items.begin(), items.end(), [](const Node* i) { return i->is_literal(Kind::string); });
  if (!ints && !texts) return;
  std::vector<Map::Entry> entries;
  for (const Node* item : items) entries.emplace_back(item->value, Value(true));
  Map set(Type::map(ints ? Type::integer() : Type::string(), Type::any()));
  set.assign(std::move(entries));
  Node* literal = make_literal(tree, n->kids[1], Value(std::move(set)));
  Node* in = make_binary(tree, n, Op::in_set, n->kids[0], literal);
  in->nature = n->nature;
  slot = in;
}

void in_range(Tree& tree, Node*& slot) {
  Node* n = slot;
  if (n->kind != NodeKind::binary || n->op != Op::in || n->kids[0]->nature.type != Type::integer()) return;
  const Node* range = n->kids[1];
  if (range->kind != NodeKind::binary || range->op != Op::range) return;
  if (!range->kids[0]->is_int() || !range->kids[1]->is_int()) return;
  Node* from = make_binary(tree, n, Op::more_equal, n->kids[0], range->kids[0]);
  Node* to = make_binary(tree, n, Op::less_equal, n->kids[0], range->kids[1]);
  Node* both = make_binary(tree, n, Op::and_, from, to);
  both->nature = n->nature;
  slot = both;
}

bool uses_index(const Node* n) {
  if (n->kind == NodeKind::pointer) return n->text == "index";
  if (n->map != nullptr && uses_index(n->map)) return true;
  return std::any_of(n->kids.begin(), n->kids.end(),
                     [](const Node* k) { return k != nullptr && uses_index(k); });
}

void filter_map(Tree& tree, Node*& slot) {
  Node* n = slot;
  if (!is_call_of(n, Predicate::map, 2)) return;
  Node* filter = n->kids[0];
  if (!is_call_of(filter, Predicate::filter, 2) || filter->map != nullptr || uses_index(n->kids[1])) return;
  Node* both = make_call(tree, n, "filter", filter->kids);
  both->map = n->kids[1]->kids[0];
  slot = both;
}

void filter_len(Tree& tree, Node*& slot) {
  Node* n = slot;
  if (!is_named_call(n, "len") || !is_call_of(n->kids[0], Predicate::filter, 2)) return;
  slot = make_call(tree, n, "count", n->kids[0]->kids);
}

void filter_end(Tree& tree, Node*& slot, std::int64_t index, std::string_view end, std::string_view find) {
  Node* n = slot;
  const bool indexed = n->kind == NodeKind::member && !n->optional && n->kids[1]->is_int() &&
                       n->kids[1]->value.as_int() == index;
  if (!indexed && !is_named_call(n, end)) return;
  Node* filter = n->kids[0];
  if (!is_call_of(filter, Predicate::filter, 2)) return;
  Node* found = make_call(tree, n, find, filter->kids);
  found->throws = indexed;
  found->map = filter->map;
  slot = found;
}

void filter_last(Tree& tree, Node*& slot) { filter_end(tree, slot, -1, "last", "findLast"); }
void filter_first(Tree& tree, Node*& slot) { filter_end(tree, slot, 0, "first", "find"); }

/// all(x, p) && all(x, q) walks the list once.
void combine_predicates(Tree& tree, Node*& slot) {
  Node* n = slot;
  if (n->kind != NodeKind::binary || (n->op != Op::and_ && n->op != Op::or_)) return;
  Node* l = n->kids[0];
  Node* r = n->kids[1];
  if (l->kind != NodeKind::builtin || r->kind != NodeKind::builtin || l->builtin != r->builtin) return;
  const Predicate p = l->builtin->predicate;
  const bool fits = n->op == Op::and_ ? p == Predicate::all || p == Predicate::none : p == Predicate::any;
  if (!fits || l->kids[0]->nature.type != r->kids[0]->nature.type) return;
  int budget = 10'000;
  if (!same_tree(l->kids[0], r->kids[0], budget)) return;
  const Op op = p == Predicate::all ? Op::and_ : Op::or_;
  Node* body = make_binary(tree, n, op, l->kids[1]->kids[0], r->kids[1]->kids[0]);
  combine_predicates(tree, body);
  Node* predicate = tree.add(NodeKind::predicate, n->place);
  predicate->kids = {body};
  slot = make_call(tree, n, l->builtin->name, {l->kids[0], predicate});
}

/// sum([a, b, c]) is a + (b + c).
void sum_array(Tree& tree, Node*& slot) {
  Node* n = slot;
  if (!is_call_of(n, Predicate::sum, 1) || n->kids[0]->kind != NodeKind::array) return;
  const auto& items = n->kids[0]->kids;
  if (items.size() < 2) return;
  Node* sum = items.back();
  for (std::size_t i = items.size() - 1; i > 0; --i) sum = make_binary(tree, n, Op::add, items[i - 1], sum);
  sum->nature = n->nature;
  slot = sum;
}

void sum_map(Tree& tree, Node*& slot) {
  Node* n = slot;
  if (!is_call_of(n, Predicate::sum, 1) || !is_call_of(n->kids[0], Predicate::map, 2)) return;
  slot = make_call(tree, n, "sum", n->kids[0]->kids);
}

bool is_count_comparison(const Node* n) {
  return n->kind == NodeKind::binary && is_call_of(n->kids[0], Predicate::count, 2) && n->kids[1]->is_int();
}

void count_any(Tree& tree, Node*& slot) {
  Node* n = slot;
  if (!is_count_comparison(n)) return;
  const std::int64_t k = n->kids[1]->value.as_int();
  if ((n->op == Op::more && k == 0) || (n->op == Op::more_equal && k == 1)) {
    slot = make_call(tree, n, "any", n->kids[0]->kids);
  }
}

void count_threshold(Tree&, Node*& slot) {
  Node* n = slot;
  if (!is_count_comparison(n)) return;
  const std::int64_t k = n->kids[1]->value.as_int();
  if (k < 0 || k == INT64_MAX) return;
  std::int64_t threshold = 0;
  if (n->op == Op::more || n->op == Op::less_equal) threshold = k + 1;
  if (n->op == Op::more_equal || n->op == Op::less) threshold = k;
  if (threshold > 1) n->kids[0]->threshold = threshold;
}

}  // namespace

std::optional<Error> optimize(Tree& tree) {
  Rewriter rewriter(tree);
  rewriter.walk(in_array);
  try {
    for (int limit = 0; limit <= 1'000; ++limit) {
      if (!fold(rewriter)) break;
    }
  } catch (Error& e) {
    return std::move(e);
  }
  for (const auto pass : {in_range, filter_map, filter_len, filter_last, filter_first, combine_predicates,
                          sum_range, sum_array, sum_map, count_any, count_threshold}) {
    rewriter.walk(pass);
  }
  return std::nullopt;
}

}  // namespace skiff::spec::expr
