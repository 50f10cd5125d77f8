// all, map, reduce and the other builtins that evaluate a body for each element.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "spec/expr/builtins.h"
#include "spec/expr/eval.h"
#include "spec/expr/ops.h"

namespace skiff::spec::expr {

Value Evaluator::item(const Scope& scope) {
  if (scope.collection.is_array()) return scope.collection.as_array()[static_cast<std::size_t>(scope.index)];
  return element(scope.collection, static_cast<std::size_t>(scope.index));
}

Value Evaluator::pointer(const Node* n) {
  if (scopes_.empty()) throw Panic("# outside of a predicate");
  const Scope& scope = scopes_.back();
  if (n->text == "index") return {scope.index};
  if (n->text == "acc") return scope.acc;
  at_ = n;
  if (scope.index >= scope.length) throw Panic("# has no element here");
  return item(scope);
}

Value Evaluator::predicate(const Node* n) {
  Value collection = eval(n->kids[0]);
  at_ = n->kids[0];
  const std::int64_t length = raw_length(collection);
  if (length < 0) {
    throw Panic(
        fmt::format("builtin {} takes only array (got {})", n->builtin->name, collection.type()->name),
        collection.is_nil() ? "the value is missing; give a default, as in (x ?? [])" : "");
  }
  Scope& scope = scopes_.emplace_back();
  scope.collection = std::move(collection);
  scope.length = length;
  Value result = walk(n, scope);
  scopes_.pop_back();
  return checked_depth(std::move(result));
}

Value Evaluator::walk(const Node* n, Scope& scope) {
  switch (n->builtin->predicate) {
    case Predicate::all:
      return quantifier(n, scope, false, false);
    case Predicate::none:
      return quantifier(n, scope, false, true);
    case Predicate::any:
      return quantifier(n, scope, true, false);
    case Predicate::one:
      return one(n, scope);
    case Predicate::filter:
      return filter(n, scope);
    case Predicate::map:
      return map_each(n, scope);
    case Predicate::count:
      return count(n, scope);
    case Predicate::sum:
      return sum(n, scope);
    case Predicate::find:
      return find(n, scope, false, false);
    case Predicate::find_index:
      return find(n, scope, false, true);
    case Predicate::find_last:
      return find(n, scope, true, false);
    case Predicate::find_last_index:
      return find(n, scope, true, true);
    case Predicate::group_by:
      return group_by(n, scope);
    case Predicate::sort_by:
      return sort_by(n, scope);
    default:
      return reduce(n, scope);
  }
}

/// The body's value, which must be a boolean.
bool Evaluator::test(const Node* n) {
  const Value v = eval(n);
  at_ = n;
  return to_bool(v);
}

Value Evaluator::quantifier(const Node* n, Scope& scope, bool stop_at, bool negate) {
  for (; scope.index < scope.length; ++scope.index) {
    if ((test(n->kids[1]) != negate) == stop_at) return {stop_at};
  }
  return {!stop_at};
}

Value Evaluator::one(const Node* n, Scope& scope) {
  int found = 0;
  for (; scope.index < scope.length; ++scope.index) {
    if (test(n->kids[1])) ++found;
  }
  return {found == 1};
}

Value Evaluator::filter(const Node* n, Scope& scope) {
  std::vector<Value> out;
  for (; scope.index < scope.length; ++scope.index) {
    if (test(n->kids[1])) out.push_back(n->map != nullptr ? eval(n->map) : item(scope));
  }
  at_ = n;
  meter_.elements(out.size());
  return {std::move(out)};
}

Value Evaluator::map_each(const Node* n, Scope& scope) {
  std::vector<Value> out;
  out.reserve(static_cast<std::size_t>(std::min<std::int64_t>(scope.length, 1'000'000)));
  for (; scope.index < scope.length; ++scope.index) out.push_back(eval(n->kids[1]));
  at_ = n;
  meter_.elements(out.size());
  return {std::move(out)};
}

Value Evaluator::count(const Node* n, Scope& scope) {
  std::int64_t found = 0;
  for (; scope.index < scope.length; ++scope.index) {
    bool counts = false;
    if (n->kids.size() == 2) {
      counts = test(n->kids[1]);
    } else {
      at_ = n;
      counts = to_bool(item(scope));
    }
    if (counts && ++found >= n->threshold && n->threshold > 0) break;
  }
  return {found};
}

Value Evaluator::sum(const Node* n, Scope& scope) {
  scope.acc = Value(0);
  for (; scope.index < scope.length; ++scope.index) {
    const Value v = n->kids.size() == 2 ? eval(n->kids[1]) : item(scope);
    meter_.steps(1);
    at_ = n;
    scope.acc = add(v, scope.acc, meter_);
  }
  return scope.acc;
}

Value Evaluator::find(const Node* n, Scope& scope, bool backwards, bool index) {
  const std::int64_t length = scope.length;
  for (std::int64_t i = 0; i < length; ++i) {
    scope.index = backwards ? length - 1 - i : i;
    if (!test(n->kids[1])) continue;
    if (index) return {scope.index};
    return n->map != nullptr ? eval(n->map) : item(scope);
  }
  at_ = n;
  if (n->throws)
    throw Panic("index out of range: no element passes the filter", "first(filter(...)) gives nil instead");
  return {};
}

Value Evaluator::group_by(const Node* n, Scope& scope) {
  std::map<Value, std::vector<Value>, decltype(&key_less)> groups(&key_less);
  for (; scope.index < scope.length; ++scope.index) {
    Value key = eval(n->kids[1]);
    at_ = n;
    if (key.is_array() || key.is_map() || key.is_bytes() || key.is_function()) {
      throw Panic(
          fmt::format("cannot use {} as a key for groupBy: type is not comparable", key.type()->name));
    }
    groups[std::move(key)].push_back(item(scope));
  }
  meter_.bytes(static_cast<std::uint64_t>(scope.length) * sizeof(Value) + groups.size() * sizeof(Map::Entry));
  std::vector<Map::Entry> entries;
  entries.reserve(groups.size());
  for (auto& [key, items] : groups) entries.emplace_back(key, Value(std::move(items)));
  Map out(Type::map(Type::any(), Type::array()));
  out.assign(std::move(entries));
  return {std::move(out)};
}

Value Evaluator::sort_by(const Node* n, Scope& scope) {
  bool descending = false;
  if (n->kids.size() == 3) {
    const Value order = eval(n->kids[2]);
    at_ = n->kids[2];
    if (!order.is_string()) throw Panic("sortBy order argument must be a string", "write 'asc' or 'desc'");
    if (order.as_string() != "asc" && order.as_string() != "desc")
      throw Panic("unknown order, use asc or desc");
    descending = order.as_string() == "desc";
  }
  struct Keyed {
    Value key;
    Value item;
  };
  std::vector<Keyed> all;
  for (; scope.index < scope.length; ++scope.index) {
    Value key = eval(n->kids[1]);
    all.push_back({std::move(key), item(scope)});
  }
  at_ = n;
  std::stable_sort(all.begin(), all.end(), [descending](const Keyed& a, const Keyed& b) {
    return descending ? less(b.key, a.key) : less(a.key, b.key);
  });
  meter_.elements(all.size());
  std::vector<Value> out;
  out.reserve(all.size());
  for (Keyed& k : all) out.push_back(std::move(k.item));
  return {std::move(out)};
}

Value Evaluator::reduce(const Node* n, Scope& scope) {
  if (n->kids.size() == 3) {
    scope.acc = eval(n->kids[2]);
  } else {
    at_ = n;
    if (scope.length == 0) {
      throw Panic("reduce of empty array with no initial value", "give one, as in reduce(list, # + #acc, 0)");
    }
    scope.acc = item(scope);
    scope.index = 1;
  }
  for (; scope.index < scope.length; ++scope.index) scope.acc = eval(n->kids[1]);
  return scope.acc;
}

}  // namespace skiff::spec::expr
