// Builtins on lists: len, first, take, reverse, uniq, concat, flatten, sort.
#include <algorithm>
#include <unordered_set>

#include "spec/expr/builtins_check.h"
#include "spec/expr/unicode.h"

namespace skiff::spec::expr {
namespace {

const Type* validate_list(std::string_view what, Types t, const Type* out) {
  want_arguments(1, t.size());
  const Shape s = shape(t[0]);
  if (s != Shape::any && s != Shape::list) throw Panic(fmt::format("cannot {} {}", what, name_of(t[0])));
  return out;
}

const Type* validate_end(std::string_view which, Types t) {
  want_arguments(1, t.size());
  const Shape s = shape(t[0]);
  if (s == Shape::any) return Type::any();
  if (s == Shape::list) return t[0]->elem;
  throw Panic(fmt::format("cannot get {} element from {}", which, name_of(t[0])));
}

const Type* validate_len(Types t) {
  want_arguments(1, t.size());
  const Shape s = shape(t[0]);
  if (s == Shape::any || s == Shape::list || s == Shape::map || s == Shape::string) return Type::integer();
  throw Panic(fmt::format("invalid argument for len (type {})", name_of(t[0])));
}

Value len_call(Args a, Meter&) {
  if (a[0].is_string()) return {static_cast<std::int64_t>(rune_count(a[0].as_string()))};
  const std::int64_t n = raw_length(a[0]);
  if (n < 0) {
    throw Panic(fmt::format("invalid argument for len (type {})", a[0].type()->name),
                a[0].is_nil() ? "the value is missing; give a default, as in len(x ?? '')" : "");
  }
  return {n};
}

Value end_call(Args a, int index) {
  try {
    return fetch(a[0], Value(index));
  } catch (const Panic&) {
    return {};  // first() and last() of what has no such element is nil
  }
}

const Type* validate_take(Types t) {
  want_arguments(2, t.size());
  const Shape s = shape(t[0]);
  if (s != Shape::any && s != Shape::list) throw Panic(fmt::format("cannot take from {}", name_of(t[0])));
  const Shape n = shape(t[1]);
  if (n != Shape::any && n != Shape::integer)
    throw Panic(fmt::format("cannot take {} elements", name_of(t[1])));
  return t[0];
}

Value take_call(Args a, Meter&) {
  want_list("take from", a[0]);
  const bool is_unsigned =
      a[1].is_integer() && a[1].int_type() >= IntType::uint && a[1].int_type() <= IntType::uint64;
  if (!(a[1].is_integer() || a[1].is_duration()) || is_unsigned) {
    throw Panic(fmt::format("cannot take {} elements", a[1].type()->name));
  }
  const std::int64_t n = a[1].is_duration() ? a[1].as_duration() : a[1].as_int();
  if (n < 0) throw Panic("cannot take a negative number of elements");
  const Value to(std::min(n, raw_length(a[0])));
  return slice(a[0], nullptr, &to);
}

Value reverse_call(Args a, Meter& meter) {
  want_list("reverse", a[0]);
  const auto n = static_cast<std::size_t>(raw_length(a[0]));
  meter.elements(n);
  std::vector<Value> out;
  out.reserve(n);
  for (std::size_t i = n; i > 0; --i) out.push_back(element(a[0], i - 1));
  return {std::move(out)};
}

/// Lists of one plain kind are made unique by hashing; the rest by comparing each with each, as expr-lang
/// does.
bool uniq_fast(const std::vector<Value>& items, std::vector<Value>& out) {
  if (std::all_of(items.begin(), items.end(), [](const Value& v) { return v.is_string(); })) {
    std::unordered_set<std::string_view> seen;
    for (const Value& v : items) {
      if (seen.insert(v.as_string()).second) out.push_back(v);
    }
    return true;
  }
  if (std::all_of(items.begin(), items.end(), [](const Value& v) { return v.is_int(); })) {
    std::unordered_set<std::int64_t> seen;
    for (const Value& v : items) {
      if (seen.insert(v.as_int()).second) out.push_back(v);
    }
    return true;
  }
  return false;
}

Value uniq_call(Args a, Meter& meter) {
  want_list("uniq", a[0]);
  std::vector<Value> out;
  if (a[0].is_array() && uniq_fast(a[0].as_array(), out)) return {std::move(out)};
  for (std::int64_t i = 0; i < raw_length(a[0]); ++i) {
    const Value item = element(a[0], static_cast<std::size_t>(i));
    const bool seen =
        std::any_of(out.begin(), out.end(), [&](const Value& v) { return equal(item, v, meter); });
    if (!seen) out.push_back(item);
  }
  return {std::move(out)};
}

const Type* validate_concat(Types t) {
  if (t.empty()) throw Panic("invalid number of arguments (expected at least 1, got 0)");
  for (const Type* arg : t) {
    const Shape s = shape(arg);
    if (s != Shape::any && s != Shape::list) throw Panic(fmt::format("cannot concat {}", name_of(arg)));
  }
  return Type::array();
}

Value concat_call(Args a, Meter& meter) {
  std::vector<Value> out;
  for (const Value& list : a) {
    want_list("concat", list);
    const auto n = static_cast<std::size_t>(raw_length(list));
    meter.elements(n);
    for (std::size_t i = 0; i < n; ++i) out.push_back(element(list, i));
  }
  return out.empty() ? Value::nil_array() : Value(std::move(out));
}

void flatten_into(const Value& list, std::vector<Value>& out, Meter& meter) {
  for (std::int64_t i = 0; i < raw_length(list); ++i) {
    Value item = element(list, static_cast<std::size_t>(i));
    meter.steps(1);
    if (is_list(item)) {
      flatten_into(item, out, meter);
    } else {
      meter.elements(1);
      out.push_back(std::move(item));
    }
  }
}

Value flatten_call(Args a, Meter& meter) {
  want_list("flatten", a[0]);
  std::vector<Value> out;
  flatten_into(a[0], out, meter);
  return {std::move(out)};
}

bool descending(Args a) {
  if (a.size() < 2) return false;
  if (!a[1].is_string()) {
    throw Panic(fmt::format("sort order argument must be a string (got {})", a[1].type()->name));
  }
  const std::string& order = a[1].as_string();
  if (order != "asc" && order != "desc")
    throw Panic(fmt::format("invalid order {}, expected asc or desc", order));
  return order == "desc";
}

Value sort_call(Args a, Meter& meter) {
  const bool desc = descending(a);
  if (!a[0].is_array()) return Value::nil_array();
  const Type* elem = a[0].array_data().elem;
  const bool sortable =
      elem == Type::any() || elem == Type::integer() || elem == Type::float64() || elem == Type::string();
  if (!sortable) return Value::nil_array();
  std::vector<Value> items = a[0].as_array();
  meter.elements(items.size());
  std::stable_sort(items.begin(), items.end(),
                   [desc](const Value& x, const Value& y) { return desc ? less(y, x) : less(x, y); });
  return {std::move(items)};
}

}  // namespace

void add_list_builtins(std::vector<Builtin>& out) {
  const Type* list = Type::array();
  const Type* ints = Type::array(Type::integer());
  const Type* floats = Type::array(Type::float64());
  const Type* texts = Type::array(Type::string());
  const auto by_order = [&](const Type* t) { return Type::function({t, Type::string()}, list); };
  const auto plain = [&](const Type* t) { return Type::function({t}, list); };
  out.push_back({"len", {}, {}, validate_len, len_call});
  out.push_back({"first",
                 {},
                 {},
                 [](Types t) { return validate_end("first", t); },
                 [](Args a, Meter&) { return end_call(a, 0); }});
  out.push_back({"last",
                 {},
                 {},
                 [](Types t) { return validate_end("last", t); },
                 [](Args a, Meter&) { return end_call(a, -1); }});
  out.push_back({"take", {}, {}, validate_take, take_call});
  out.push_back(
      {"reverse", {}, {}, [](Types t) { return validate_list("reverse", t, Type::array()); }, reverse_call});
  out.push_back({"uniq", {}, {}, [](Types t) { return validate_list("uniq", t, Type::array()); }, uniq_call});
  out.push_back({"concat", {}, {}, validate_concat, concat_call});
  out.push_back(
      {"flatten", {}, {}, [](Types t) { return validate_list("flatten", t, Type::array()); }, flatten_call});
  out.push_back({"sort",
                 {},
                 {by_order(list), by_order(ints), by_order(floats), by_order(texts), plain(list),
                  plain(floats), plain(texts), plain(ints)},
                 {},
                 sort_call});
}

}  // namespace skiff::spec::expr
