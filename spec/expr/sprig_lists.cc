// sprig's functions on lists. Those called must… differ from their namesakes only in how Go reports an error.
#include <algorithm>
#include <optional>
#include <unordered_set>

#include "spec/expr/sprig_impl.h"

namespace skiff::spec::expr::sprig {
namespace {

using List = std::vector<Value>;

Value any_list(List items) { return Value::array(std::move(items)); }

bool contains(const List& list, const Value& wanted) {
  return std::any_of(list.begin(), list.end(), [&](const Value& v) { return deep_equal(wanted, v); });
}

Value chunk(std::int64_t size, const Value& v) {
  const List list = need_elements(v, "Cannot chunk");
  if (size < 0 && !list.empty() && list.size() - 1 <= 0 - static_cast<std::uint64_t>(size)) {
    // Go's rounding makes one chunk or none of these before a negative length can go wrong.
    return Value::array(list.size() == 1 ? List{any_list(list)} : List{}, Type::array());
  }
  if (size <= 0) throw Panic("makeslice: len out of range", "chunk needs a size of at least 1");
  const auto step = static_cast<std::size_t>(size);
  List out;
  for (std::size_t at = 0; at < list.size(); at += std::min(step, list.size() - at)) {
    const std::size_t end = at + std::min(step, list.size() - at);
    out.push_back(any_list(List(list.begin() + static_cast<std::ptrdiff_t>(at),
                                list.begin() + static_cast<std::ptrdiff_t>(end))));
  }
  return Value::array(std::move(out), Type::array());
}

Value slice(Args a) {
  const Value& v = a[0];
  const auto list = elements(v);
  if (!list) {
    if (v.is_nil()) throw Panic("invalid memory address or nil pointer dereference", "the list is nil");
    throw Panic("list should be type of slice or array but " + kind_name(v));
  }
  if (list->empty()) return {};
  const auto size = static_cast<std::int64_t>(list->size());
  const std::int64_t start = a.size() > 1 ? cast_int(a[1]) : 0;
  const std::int64_t end = a.size() > 2 ? cast_int(a[2]) : size;
  if (start < 0 || end < start || end > size) {
    throw Panic("reflect.Value.Slice: slice index out of bounds",
                "the list has " + std::to_string(size) + " elements");
  }
  if (v.is_bytes())
    return Value::bytes(
        v.as_bytes().substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start)));
  return Value::array(List(list->begin() + start, list->begin() + end), v.array_data().elem);
}

Value concat(Args lists) {
  List out;
  for (const Value& v : lists) {
    const auto more = elements(v);
    if (!more) {
      if (v.is_nil()) throw Panic("invalid memory address or nil pointer dereference", "a list is nil");
      throw Panic("Cannot concat type " + kind_name(v) + " as list");
    }
    limit_elements(out.size() + more->size());
    out.insert(out.end(), more->begin(), more->end());
  }
  return out.empty() ? Value::nil_array() : any_list(std::move(out));
}

/// What tells texts and whole numbers apart; nothing for values that only a comparison can tell apart.
std::optional<std::string> identity(const Value& v) {
  if (v.is_string()) return "s" + v.as_string();
  if (v.is_integer()) return v.type()->name + " " + std::to_string(v.as_int());
  return std::nullopt;
}

Value uniq(List in) {
  List out;
  List others;
  std::unordered_set<std::string> seen;
  std::uint64_t compared = 0;
  for (Value& v : in) {
    if (auto name = identity(v)) {
      if (!seen.insert(std::move(*name)).second) continue;
    } else {
      compared += others.size();
      if (compared > 5'000'000) throw Panic("uniq takes too long on so many different lists and dicts");
      if (contains(others, v)) continue;
      others.push_back(v);
    }
    out.push_back(std::move(v));
  }
  return any_list(std::move(out));
}

/// The function under its name and as must….
void both(Table& t, const std::string& name, const std::vector<const Type*>& in, const Type* out,
          const Call& call, bool variadic = false) {
  t.add(name, in, out, call, variadic);
  std::string must = "must" + name;
  must[4] = static_cast<char>(must[4] - 'a' + 'A');
  t.alias(must, name);
}

void add_growing(Table& t) {
  const Type* any = Type::any();
  const Type* list = Type::array();
  t.add(
      "list", {any}, list, [](Args a) -> Value { return any_list(List(a.begin(), a.end())); }, kVariadic);
  t.alias("tuple", "list");
  both(t, "push", {any, any}, list, [](Args a) -> Value {
    List out = need_elements(a[0], "Cannot push");
    out.push_back(a[1]);
    return any_list(std::move(out));
  });
  t.alias("append", "push");
  t.alias("mustAppend", "push");
  both(t, "prepend", {any, any}, list, [](Args a) -> Value {
    List out = need_elements(a[0], "Cannot prepend");
    out.insert(out.begin(), a[1]);
    return any_list(std::move(out));
  });
  t.add(
      "concat", {any}, any, [](Args a) -> Value { return concat(a); }, kVariadic);
}

void add_parts(Table& t) {
  const Type* any = Type::any();
  const Type* list = Type::array();
  both(t, "first", {any}, any, [](Args a) -> Value {
    const List in = need_elements(a[0], "Cannot find first");
    return in.empty() ? Value() : in.front();
  });
  both(t, "last", {any}, any, [](Args a) -> Value {
    const List in = need_elements(a[0], "Cannot find last");
    return in.empty() ? Value() : in.back();
  });
  both(t, "rest", {any}, list, [](Args a) -> Value {
    const List in = need_elements(a[0], "Cannot find rest");
    return in.empty() ? Value::nil_array() : any_list(List(in.begin() + 1, in.end()));
  });
  both(t, "initial", {any}, list, [](Args a) -> Value {
    const List in = need_elements(a[0], "Cannot find initial");
    return in.empty() ? Value::nil_array() : any_list(List(in.begin(), in.end() - 1));
  });
  both(t, "reverse", {any}, list, [](Args a) -> Value {
    List out = need_elements(a[0], "Cannot find reverse");
    std::reverse(out.begin(), out.end());
    return any_list(std::move(out));
  });
  both(t, "chunk", {Type::integer(), any}, Type::array(list),
       [](Args a) -> Value { return chunk(a[0].as_int(), a[1]); });
  both(
      t, "slice", {any, any}, any, [](Args a) -> Value { return slice(a); }, kVariadic);
}

void add_choosing(Table& t) {
  const Type* any = Type::any();
  const Type* list = Type::array();
  both(t, "compact", {any}, list, [](Args a) -> Value {
    List out = need_elements(a[0], "Cannot compact");
    std::erase_if(out, is_empty);
    return any_list(std::move(out));
  });
  both(t, "uniq", {any}, list, [](Args a) -> Value { return uniq(need_elements(a[0], "Cannot find uniq")); });
  both(
      t, "without", {any, any}, list,
      [](Args a) -> Value {
        List out = need_elements(a[0], "Cannot find without");
        const List omit(a.begin() + 1, a.end());
        std::erase_if(out, [&](const Value& v) { return contains(omit, v); });
        return any_list(std::move(out));
      },
      kVariadic);
  both(t, "has", {any, any}, Type::boolean(), [](Args a) -> Value {
    if (a[1].is_nil()) return {false};
    return {contains(need_elements(a[1], "Cannot find has"), a[0])};
  });
}

}  // namespace

void add_lists(Table& table) {
  add_growing(table);
  add_parts(table);
  add_choosing(table);
}

}  // namespace skiff::spec::expr::sprig
