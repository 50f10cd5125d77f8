// sprig's functions on dicts. A dict here never changes: set, unset and merge give a new one.
#include <algorithm>
#include <set>

#include "spec/expr/sprig_impl.h"

namespace skiff::spec::expr::sprig {
namespace {

std::string_view text(const Value& v) { return v.as_string(); }

Value made(std::vector<Map::Entry> entries) {
  Map map;
  map.assign(std::move(entries));
  return {std::move(map)};
}

Value dict(Args a) {
  Map out;
  for (std::size_t i = 0; i < a.size(); i += 2) {
    out.set(std::string_view(to_string(a[i])), i + 1 < a.size() ? a[i + 1] : Value(""));
  }
  return {std::move(out)};
}

Value dig(Args a) {
  if (a.size() < 3) throw Panic("dig needs at least three arguments");
  const auto as_dict = [](const Value& v) -> const Map& {
    if (v.type() == dict_type()) return v.as_map();
    throw Panic("interface conversion: interface {} is " + v.type()->name + ", not map[string]interface {}");
  };
  for (const Value& key : a.first(a.size() - 2)) {
    if (!key.is_string())
      throw Panic("interface conversion: interface {} is " + key.type()->name + ", not string");
  }
  const Map* at = &as_dict(a.back());
  for (std::size_t i = 0;; ++i) {
    const Value* step = at->find(text(a[i]));
    if (step == nullptr) return a[a.size() - 2];
    if (i + 3 == a.size()) return *step;
    at = &as_dict(*step);
  }
}

/// mergo on dicts: what `into` lacks or holds empty comes from `from`; dicts in both are merged; with
/// `overwrite` the rest of `from` wins, too.
Value merged(const Map& into, const Map& from, bool overwrite, int depth) {
  if (depth > kMaxDepth) throw Panic("the dicts are nested too deeply");
  std::vector<Map::Entry> out = into.entries();
  const auto place = [&out](const Value& key) {
    return std::find_if(out.begin(), out.end(),
                        [&](const Map::Entry& e) { return text(e.first) == text(key); });
  };
  for (const auto& [key, value] : from) {
    const auto found = place(key);
    const bool present = found != out.end();
    if (value.is_nil() && !overwrite) continue;
    if (present && found->second.type() == dict_type() && value.type() == dict_type()) {
      found->second = merged(found->second.as_map(), value.as_map(), overwrite, depth + 1);
    } else if (!present) {
      out.emplace_back(key, value);
    } else if (overwrite || is_empty(found->second)) {
      found->second = value;
    }
  }
  return made(std::move(out));
}

Value merge_all(Args dicts, bool overwrite) {
  Value out = dicts[0];
  for (const Value& source : dicts.subspan(1)) out = merged(out.as_map(), source.as_map(), overwrite, 0);
  return out;
}

void add_access(Table& t) {
  const Type* s = Type::string();
  const Type* any = Type::any();
  const Type* d = dict_type();
  t.add(
      "dict", {any}, d, [](Args a) -> Value { return dict(a); }, kVariadic);
  t.add("get", {d, s}, any, [](Args a) -> Value {
    const Value* found = a[0].as_map().find(text(a[1]));
    return found != nullptr ? *found : Value("");
  });
  t.add("set", {d, s, any}, d, [](Args a) -> Value {
    if (a[0].as_map().is_nil()) throw Panic("assignment to entry in nil map");
    Map out = a[0].as_map();
    out.set(text(a[1]), a[2]);
    return {std::move(out)};
  });
  t.add("unset", {d, s}, d, [](Args a) -> Value {
    Map out = a[0].as_map();
    out.erase(text(a[1]));
    return {std::move(out)};
  });
  t.add("hasKey", {d, s}, Type::boolean(),
        [](Args a) -> Value { return {a[0].as_map().contains(text(a[1]))}; });
  t.add(
      "dig", {any}, any, [](Args a) -> Value { return dig(a); }, kVariadic);
}

void add_selection(Table& t) {
  const Type* s = Type::string();
  const Type* d = dict_type();
  t.add(
      "pluck", {s, d}, Type::array(),
      [](Args a) -> Value {
        std::vector<Value> out;
        for (const Value& each : a.subspan(1)) {
          if (const Value* found = each.as_map().find(text(a[0]))) out.push_back(*found);
        }
        return Value::array(std::move(out));
      },
      kVariadic);
  t.add(
      "keys", {d}, Type::array(s),
      [](Args a) -> Value {
        std::vector<std::string> out;
        for (const Value& each : a) {
          for (const auto& [key, value] : each.as_map()) out.push_back(key.as_string());
        }
        return strings(std::move(out));
      },
      kVariadic);
  t.add("values", {d}, Type::array(), [](Args a) -> Value {
    std::vector<Value> out;
    for (const auto& [key, value] : a[0].as_map()) out.push_back(value);
    return Value::array(std::move(out));
  });
  const auto choose = [](Args a, bool keep) {
    std::set<std::string_view> names;
    for (const Value& name : a.subspan(1)) names.insert(text(name));
    std::vector<Map::Entry> out;
    for (const Map::Entry& entry : a[0].as_map()) {
      if (names.contains(text(entry.first)) == keep) out.push_back(entry);
    }
    return made(std::move(out));
  };
  t.add(
      "pick", {d, s}, d, [choose](Args a) -> Value { return choose(a, true); }, kVariadic);
  t.add(
      "omit", {d, s}, d, [choose](Args a) -> Value { return choose(a, false); }, kVariadic);
}

}  // namespace

void add_dicts(Table& t) {
  const Type* any = Type::any();
  const Type* d = dict_type();
  add_access(t);
  add_selection(t);
  t.add(
      "merge", {d, d}, any, [](Args a) -> Value { return merge_all(a, false); }, kVariadic);
  t.add(
      "mergeOverwrite", {d, d}, any, [](Args a) -> Value { return merge_all(a, true); }, kVariadic);
  t.alias("mustMerge", "merge");
  t.alias("mustMergeOverwrite", "mergeOverwrite");
  t.add("deepCopy", {any}, any, [](Args a) -> Value {
    if (a[0].is_nil()) throw Panic("reflect: call of reflect.Value.Type on zero Value", "nil has no copy");
    return a[0];
  });
  t.alias("mustDeepCopy", "deepCopy");
}

}  // namespace skiff::spec::expr::sprig
