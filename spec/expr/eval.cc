// Evaluation of everything but predicates (eval_predicates.cc).
#include "spec/expr/eval.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include "spec/expr/builtins.h"
#include "spec/expr/ops.h"

namespace skiff::spec::expr {

Value Evaluator::eval(const Node* n) {
  meter_.steps(1);
  switch (n->kind) {
    case NodeKind::literal:
      return n->value;
    case NodeKind::identifier:
      return identifier(n);
    case NodeKind::unary:
      return unary(n);
    case NodeKind::binary:
      return binary(n);
    case NodeKind::chain:
      return chain(n);
    case NodeKind::member:
      return member(n);
    case NodeKind::slice:
      return slice_node(n);
    case NodeKind::call:
      return call(n);
    case NodeKind::builtin:
      return builtin(n);
    case NodeKind::predicate:
      return eval(n->kids[0]);
    case NodeKind::pointer:
      return pointer(n);
    case NodeKind::variable:
      slots_[static_cast<std::size_t>(n->slot)] = eval(n->kids[0]);
      return eval(n->kids[1]);
    case NodeKind::sequence:
      for (std::size_t i = 0; i + 1 < n->kids.size(); ++i) (void)eval(n->kids[i]);
      return eval(n->kids.back());
    case NodeKind::conditional: {
      const Value c = eval(n->kids[0]);
      at_ = n->kids[0];
      return eval(n->kids[to_bool(c) ? 1 : 2]);
    }
    case NodeKind::array:
      return array(n);
    case NodeKind::map:
      return map(n);
  }
  return {};
}

Value Evaluator::identifier(const Node* n) {
  if (n->slot >= 0) return slots_[static_cast<std::size_t>(n->slot)];
  if (n->text == "$env") return env_;
  const Value* v = env_.as_map().find(std::string_view(n->text));
  return v != nullptr ? *v : Value();
}

Value Evaluator::unary(const Node* n) {
  const Value v = eval(n->kids[0]);
  at_ = n;
  if (n->op == Op::not_) return {!to_bool(v)};
  return n->op == Op::negate ? negate(v) : v;
}

Value Evaluator::logic(const Node* n) {
  Value left = eval(n->kids[0]);
  if (n->op == Op::coalesce) return is_nil(left) ? eval(n->kids[1]) : left;
  at_ = n;
  if (to_bool(left) == (n->op == Op::or_)) return left;
  return eval(n->kids[1]);
}

Value Evaluator::binary(const Node* n) {
  if (n->op == Op::and_ || n->op == Op::or_ || n->op == Op::coalesce) return logic(n);
  const Value a = eval(n->kids[0]);
  const Value b = eval(n->kids[1]);
  at_ = n;
  switch (n->op) {
    case Op::equal:
    case Op::not_equal:
      return equality(n, a, b);
    case Op::less:
      return {less(a, b)};
    case Op::more:
      return {less(b, a, ">")};
    case Op::less_equal:
      return {less_equal(a, b)};
    case Op::more_equal:
      return {less_equal(b, a, ">=")};
    case Op::in:
    case Op::in_set:
      return {contained_in(a, b, meter_)};
    case Op::matches:
    case Op::contains:
    case Op::starts_with:
    case Op::ends_with:
      return text_test(n, a, b);
    default:
      return arithmetic(n, a, b);
  }
}

Value Evaluator::arithmetic(const Node* n, const Value& a, const Value& b) {
  switch (n->op) {
    case Op::add:
      return add(a, b, meter_);
    case Op::subtract:
      return subtract(a, b);
    case Op::multiply:
      return multiply(a, b);
    case Op::divide:
      return divide(a, b);
    case Op::modulo:
      return modulo(a, b);
    case Op::power:
      return power(a, b);
    default:
      return range(a, b, meter_);
  }
}

Value Evaluator::equality(const Node* n, const Value& a, const Value& b) {
  const bool wanted = n->op == Op::equal;
  if (n->as_int) {
    if (!a.is_int() || !b.is_int()) {
      throw Panic(fmt::format("cannot compare {} with {} as integers", a.type()->name, b.type()->name));
    }
    return {(a.as_int() == b.as_int()) == wanted};
  }
  if (n->as_string && !(a.is_string() && b.is_string())) {
    throw Panic(fmt::format("cannot compare {} with {} as texts", a.type()->name, b.type()->name));
  }
  return {equal(a, b, meter_) == wanted};
}

Value Evaluator::text_test(const Node* n, const Value& a, const Value& b) {
  if (is_nil(a) || is_nil(b)) return {false};
  const bool bytes = a.is_bytes() && n->op == Op::matches;
  if ((!a.is_string() && !bytes) || !b.is_string()) {
    throw Panic(fmt::format("invalid operation: {} {} {}", a.type()->name, n->text, b.type()->name),
                "both sides must be texts; string(x) turns any value into text");
  }
  const std::string& text = bytes ? a.as_bytes() : a.as_string();
  const std::string& part = b.as_string();
  meter_.steps(text.size() / 64);
  switch (n->op) {
    case Op::contains:
      return {text.find(part) != std::string::npos};
    case Op::starts_with:
      return {text.starts_with(part)};
    case Op::ends_with:
      return {text.ends_with(part)};
    default:
      break;
  }
  if (n->pattern) return {RE2::PartialMatch(text, *n->pattern)};
  meter_.steps(100 + part.size());
  const RE2 re(part, RE2::Quiet);
  if (!re.ok()) throw Panic("error parsing regexp: " + re.error());
  return {RE2::PartialMatch(text, re)};
}

Value Evaluator::chain(const Node* n) {
  Value v = eval(n->kids[0]);
  stopped_ = false;
  return is_nil(v) ? Value() : v;
}

Value Evaluator::member(const Node* n) {
  const Value base = eval(n->kids[0]);
  if (stopped_) return {};
  if (n->optional && is_nil(base)) {
    stopped_ = true;
    return {};
  }
  const Node* property = n->kids[1];
  if (property->kind == NodeKind::literal && property->value.is_string() && base.is_map() &&
      base.as_map().type() == Type::map()) {
    const Value* found = base.as_map().find(std::string_view(property->value.as_string()));
    return found != nullptr ? *found : Value();
  }
  const Value key = eval(property);
  at_ = n;
  return fetch(base, key);
}

Value Evaluator::slice_node(const Node* n) {
  const Value base = eval(n->kids[0]);
  Value to;
  Value from;
  if (n->kids[2] != nullptr) to = eval(n->kids[2]);
  if (n->kids[1] != nullptr) from = eval(n->kids[1]);
  at_ = n;
  Value part = slice(base, n->kids[1] != nullptr ? &from : nullptr, n->kids[2] != nullptr ? &to : nullptr);
  meter_.bytes(part.weight());
  return part;
}

Value Evaluator::checked_depth(Value v) const {
  if (v.depth() > kMaxDepth) throw Panic("lists and maps are nested too deeply");
  return v;
}

Value Evaluator::call(const Node* n) {
  std::vector<Value> args;
  args.reserve(n->kids.size() - 1);
  for (std::size_t i = 1; i < n->kids.size(); ++i) args.push_back(eval(n->kids[i]));
  const Value callee = eval(n->kids[0]);
  if (stopped_) return {};
  at_ = n;
  if (callee.is_nil()) throw Panic("invalid operation: cannot call nil", "there is no function of that name");
  if (!callee.is_function()) {
    throw Panic(fmt::format("invalid operation: cannot call non-function of type {}", callee.type()->name));
  }
  Value result = call_function(callee.as_function(), args);
  at_ = n;
  meter_.bytes(result.weight());
  return checked_depth(std::move(result));
}

Value Evaluator::builtin(const Node* n) {
  if (n->builtin->predicate != Predicate::none_of_these) return predicate(n);
  Value first[2];
  std::vector<Value> more;
  std::span<const Value> args(first, n->kids.size());
  if (n->kids.size() > 2) {
    more.resize(n->kids.size());
    args = more;
  }
  Value* to = n->kids.size() > 2 ? more.data() : first;
  for (std::size_t i = 0; i < n->kids.size(); ++i) to[i] = eval(n->kids[i]);
  at_ = n;
  return checked_depth(n->builtin->call(args, meter_));
}

Value Evaluator::array(const Node* n) {
  std::vector<Value> items;
  items.reserve(n->kids.size());
  for (const Node* k : n->kids) items.push_back(eval(k));
  at_ = n;
  meter_.elements(items.size());
  return checked_depth(Value(std::move(items)));
}

Value Evaluator::map(const Node* n) {
  std::vector<Map::Entry> entries;
  entries.reserve(n->kids.size() / 2);
  for (std::size_t i = 0; i < n->kids.size(); i += 2) {
    Value key = eval(n->kids[i]);
    entries.emplace_back(std::move(key), eval(n->kids[i + 1]));
  }
  at_ = n;
  meter_.elements(entries.size());
  for (const auto& [key, value] : entries) {
    if (!key.is_string()) {
      throw Panic(fmt::format("a map key must be a text, got {}", key.type()->name), "wrap it in string( )");
    }
  }
  // Go fills the map from the last pair to the first: of equal keys the first stays.
  std::vector<Map::Entry> backwards(std::make_move_iterator(entries.rbegin()),
                                    std::make_move_iterator(entries.rend()));
  Map result;
  result.assign(std::move(backwards));
  return checked_depth(Value(std::move(result)));
}

}  // namespace skiff::spec::expr
