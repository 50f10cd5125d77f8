// Builtins on maps, and type().
#include "spec/expr/builtins_check.h"

namespace skiff::spec::expr {
namespace {

/// The element type of a pair: to Go a [2]any is no []any, so it must not be the common `any`.
const Type* pair_element() {
  static const Type t = [] {
    Type any = *Type::any();
    any.name = "pair element";
    return any;
  }();
  return &t;
}

const Type* validate_map(std::string_view what, Types t) {
  want_arguments(1, t.size());
  const Shape s = shape(t[0]);
  if (s == Shape::any || s == Shape::map) return Type::array();
  throw Panic(fmt::format("cannot {} {}", what, name_of(t[0])));
}

const Type* validate_from_pairs(Types t) {
  want_arguments(1, t.size());
  const Shape s = shape(t[0]);
  if (s == Shape::any || s == Shape::list) return Type::map(Type::any(), Type::any());
  throw Panic(fmt::format("cannot transform {} from pairs", name_of(t[0])));
}

const Map& map_arg(std::string_view what, const Value& v) {
  if (!v.is_map()) throw Panic(fmt::format("cannot {} {}", what, v.type()->name));
  return v.as_map();
}

Value keys_call(Args a, Meter&) {
  std::vector<Value> out;
  for (const auto& [key, item] : map_arg("get keys from", a[0])) out.push_back(key);
  return {std::move(out)};
}

Value values_call(Args a, Meter&) {
  std::vector<Value> out;
  for (const auto& [key, item] : map_arg("get values from", a[0])) out.push_back(item);
  return {std::move(out)};
}

Value to_pairs_call(Args a, Meter&) {
  std::vector<Value> out;
  for (const auto& [key, item] : map_arg("transform to pairs", a[0]))
    out.push_back(Value::array({key, item}, pair_element()));
  return Value::array(std::move(out), Type::array(pair_element()));
}

Value from_pairs_call(Args a, Meter& meter) {
  want_list("transform from pairs", a[0]);
  std::vector<Map::Entry> entries;
  for (std::int64_t i = 0; i < raw_length(a[0]); ++i) {
    const Value pair = element(a[0], static_cast<std::size_t>(i));
    meter.steps(1);
    if (!is_list(pair)) throw Panic(fmt::format("invalid pair {}", pair.to_text()));
    if (raw_length(pair) != 2) throw Panic(fmt::format("invalid pair length {}", pair.to_text()));
    Value key = element(pair, 0);
    if (key.is_map() || key.is_function() || key.is_array() || key.is_bytes()) {
      throw Panic(fmt::format("a {} cannot be a key", key.type()->name));
    }
    entries.emplace_back(std::move(key), element(pair, 1));
  }
  Map map(Type::map(Type::any(), Type::any()));
  map.assign(std::move(entries));
  return {std::move(map)};
}

Value type_call(Args a, Meter&) {
  const Value& v = a[0];
  switch (v.kind()) {
    case Kind::nil:
      return {"nil"};
    case Kind::boolean:
      return {"bool"};
    case Kind::integer: {
      if (v.int_type() >= IntType::month) return {v.type()->name};
      return {v.int_type() >= IntType::uint ? "uint" : "int"};
    }
    case Kind::floating:
      return {"float"};
    case Kind::string:
      return {"string"};
    case Kind::bytes:
    case Kind::array:
      return {"array"};
    case Kind::map:
      return {"map"};
    case Kind::function:
      return {"func"};
    case Kind::opaque: {
      const std::string& name = v.type()->name;
      return {name.starts_with('*') ? name.substr(1) : name};
    }
    default:
      return {v.type()->name};
  }
}

}  // namespace

void add_map_builtins(std::vector<Builtin>& out) {
  out.push_back({"type", {}, {Type::function({Type::any()}, Type::string())}, {}, type_call});
  out.push_back({"get", {}, {}, {}, [](Args a, Meter&) { return get(a[0], a[1]); }});
  out.push_back({"keys", {}, {}, [](Types t) { return validate_map("get keys from", t); }, keys_call});
  out.push_back({"values", {}, {}, [](Types t) { return validate_map("get values from", t); }, values_call});
  out.push_back(
      {"toPairs", {}, {}, [](Types t) { return validate_map("transform to pairs", t); }, to_pairs_call});
  out.push_back({"fromPairs", {}, {}, validate_from_pairs, from_pairs_call});
}

}  // namespace skiff::spec::expr
