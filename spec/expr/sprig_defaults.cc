// sprig's defaults, JSON and small decisions, and its reflection.
#include <algorithm>

#include "spec/expr/go_json.h"
#include "spec/expr/sprig_impl.h"

namespace skiff::spec::expr::sprig {
namespace {

std::string json_of(const Value& v, EncodeStyle style, bool must) {
  auto out = encode_json(v, style);
  if (out.ok()) return std::move(out).value();
  if (must) throw Panic(out.error().message, out.error().hint);
  return "";
}

void add_json(Table& t) {
  const Type* s = Type::string();
  const Type* any = Type::any();
  const auto writer = [](EncodeStyle style, bool must) {
    return [style, must](Args a) -> Value { return json_of(a[0], style, must); };
  };
  const EncodeStyle pretty{.indent = 2, .escape_html = true};
  const EncodeStyle raw{.indent = 0, .escape_html = false};
  t.add("toJson", {any}, s, writer({}, false));
  t.add("mustToJson", {any}, s, writer({}, true));
  t.add("toPrettyJson", {any}, s, writer(pretty, false));
  t.add("mustToPrettyJson", {any}, s, writer(pretty, true));
  t.add("toRawJson", {any}, s, writer(raw, true));
  t.add("mustToRawJson", {any}, s, writer(raw, true));
  t.add("fromJson", {s}, any, [](Args a) -> Value {
    auto out = decode_json(a[0].as_string());
    return out.ok() ? std::move(out).value() : Value();
  });
  t.add("mustFromJson", {s}, any, [](Args a) -> Value {
    auto out = decode_json(a[0].as_string());
    if (!out.ok()) throw Panic(out.error().message, out.error().hint);
    return std::move(out).value();
  });
}

}  // namespace

void add_defaults(Table& t) {
  const Type* any = Type::any();
  const Type* b = Type::boolean();
  t.add(
      "default", {any, any}, any,
      [](Args a) -> Value { return a.size() < 2 || is_empty(a[1]) ? a[0] : a[1]; }, kVariadic);
  t.add("empty", {any}, b, [](Args a) -> Value { return {is_empty(a[0])}; });
  t.add(
      "coalesce", {any}, any,
      [](Args a) -> Value {
        const auto found = std::find_if_not(a.begin(), a.end(), is_empty);
        return found == a.end() ? Value() : *found;
      },
      kVariadic);
  t.add(
      "all", {any}, b, [](Args a) -> Value { return {std::none_of(a.begin(), a.end(), is_empty)}; },
      kVariadic);
  t.add(
      "any", {any}, b, [](Args a) -> Value { return {!std::all_of(a.begin(), a.end(), is_empty)}; },
      kVariadic);
  t.add("ternary", {any, any, b}, any, [](Args a) -> Value { return a[2].as_bool() ? a[0] : a[1]; });
  t.add("fail", {Type::string()}, Type::string(), [](Args a) -> Value { throw Panic(a[0].as_string()); });
  add_json(t);
}

void add_reflection(Table& t) {
  const Type* s = Type::string();
  const Type* any = Type::any();
  const Type* b = Type::boolean();
  const auto type_name = [](const Value& v) { return v.is_nil() ? std::string("<nil>") : v.type()->name; };
  t.add("typeOf", {any}, s, [type_name](Args a) -> Value { return type_name(a[0]); });
  t.add("typeIs", {s, any}, b,
        [type_name](Args a) -> Value { return {a[0].as_string() == type_name(a[1])}; });
  t.add("typeIsLike", {s, any}, b, [type_name](Args a) -> Value {
    const std::string name = type_name(a[1]);
    return {a[0].as_string() == name || "*" + a[0].as_string() == name};
  });
  t.add("kindOf", {any}, s, [](Args a) -> Value { return kind_name(a[0]); });
  t.add("kindIs", {s, any}, b, [](Args a) -> Value { return {a[0].as_string() == kind_name(a[1])}; });
  t.add("deepEqual", {any, any}, b, [](Args a) -> Value { return {deep_equal(a[0], a[1])}; });
}

}  // namespace skiff::spec::expr::sprig
