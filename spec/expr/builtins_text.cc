// Builtins on text: trim, split, replace, join, string, JSON, base64, …
#include "spec/expr/builtins_check.h"
#include "spec/expr/go_json.h"
#include "spec/expr/strings.h"
#include "spec/expr/text.h"
#include "spec/expr/unicode.h"

namespace skiff::spec::expr {
namespace {

const Type* fn(std::vector<const Type*> in, const Type* out) { return Type::function(std::move(in), out); }

Value string_list(const std::vector<std::string>& parts, Meter& meter) {
  std::vector<Value> items;
  items.reserve(parts.size());
  meter.bytes(parts.size() * sizeof(Value));
  for (const std::string& p : parts) items.emplace_back(p);
  return Value::array(std::move(items), Type::string());
}

Value split_call(std::string_view name, Args a, Meter& meter, bool keep) {
  const std::string& s = text_arg(name, a[0]);
  const std::string& separator = text_arg(name, a[1]);
  const std::int64_t n = a.size() == 3 ? to_int(a[2]) : -1;
  if (n == 0) return Value::nil_array(Type::string());
  meter.bytes(s.size() * (separator.empty() ? sizeof(Value) + sizeof(std::string) : 1));
  return string_list(split(s, separator, n, keep), meter);
}

Value replace_call(Args a, Meter& meter) {
  const std::string& s = text_arg("replace", a[0]);
  const std::string& from = text_arg("replace", a[1]);
  const std::string& to = text_arg("replace", a[2]);
  meter.bytes(s.size() + count(s, from) * to.size());
  return {replace(s, from, to, a.size() == 4 ? to_int(a[3]) : -1)};
}

Value repeat_call(Args a, Meter& meter) {
  const std::string& s = text_arg("repeat", a[0]);
  const std::int64_t n = to_int(a[1]);
  if (n < 0) throw Panic(fmt::format("invalid argument for repeat (expected positive integer, got {})", n));
  if (n > 1'000'000) throw Panic("memory budget exceeded", "repeat makes at most a million bytes");
  meter.elements(s.size() * static_cast<std::uint64_t>(n));
  std::string out;
  out.reserve(s.size() * static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) out += s;
  return {std::move(out)};
}

Value join_call(Args a, Meter& meter) {
  const std::string glue = a.size() == 2 ? text_arg("join", a[1]) : "";
  const bool list =
      a[0].is_array() && (a[0].array_data().elem == Type::any() || a[0].array_data().elem == Type::string());
  if (!list) throw Panic(fmt::format("invalid argument for join (type {})", a[0].type()->name));
  std::string out;
  bool first = true;
  for (const Value& item : a[0].as_array()) {
    if (!item.is_string()) {
      throw Panic(fmt::format("join needs a list of texts, got {} in it", item.type()->name),
                  "turn the elements into text first: join(map(list, string(#)), ',')");
    }
    meter.bytes(item.as_string().size() + glue.size());
    if (!first) out += glue;
    first = false;
    out += item.as_string();
  }
  return {std::move(out)};
}

Value trim_call(Args a, Meter&) {
  const std::string& s = text_arg("trim", a[0]);
  if (a.size() == 1) return {trim_space(s)};
  return {trim(s, text_arg("trim", a[1]))};
}

Value trim_affix(std::string_view name, Args a, bool prefix) {
  const std::string& s = text_arg(name, a[0]);
  const std::string affix = a.size() == 2 ? text_arg(name, a[1]) : " ";
  if (prefix) return {s.starts_with(affix) ? s.substr(affix.size()) : s};
  return {s.ends_with(affix) ? s.substr(0, s.size() - affix.size()) : s};
}

Value index_call(Args a, bool last) {
  const std::string& s = text_arg(last ? "lastIndexOf" : "indexOf", a[0]);
  const std::string& part = text_arg(last ? "lastIndexOf" : "indexOf", a[1]);
  const std::size_t at = last ? s.rfind(part) : s.find(part);
  return {at == std::string::npos ? std::int64_t{-1} : static_cast<std::int64_t>(at)};
}

template <class T>
T or_panic(Result<T> r) {
  if (!r) throw Panic(r.error().message, r.error().hint);
  return std::move(r).value();
}

Value to_json_call(Args a, Meter& meter) { return {or_panic(encode_json(a[0], {.indent = 2}, &meter))}; }

Value from_json_call(Args a, Meter& meter) {
  const std::string& s = text_arg("fromJSON", a[0]);
  meter.bytes(s.size() * 4);
  return or_panic(decode_json(s));
}

void add_conversions(std::vector<Builtin>& out) {
  const Type* s = Type::string();
  const Type* any = Type::any();
  out.push_back({"string", {}, {fn({any}, s)}, {}, [](Args a, Meter& m) { return Value(text_of(a[0], m)); }});
  out.push_back({"toJSON", {}, {fn({any}, s)}, {}, to_json_call});
  out.push_back({"fromJSON", {}, {fn({s}, any)}, {}, from_json_call});
  out.push_back({"toBase64", {}, {fn({s}, s)}, {}, [](Args a, Meter&) {
                   return Value(encode_base64(text_arg("toBase64", a[0])));
                 }});
  out.push_back({"fromBase64", {}, {fn({s}, s)}, {}, [](Args a, Meter&) {
                   return Value(or_panic(decode_base64(text_arg("fromBase64", a[0]))));
                 }});
}

}  // namespace

void add_text_builtins(std::vector<Builtin>& out) {
  const Type* s = Type::string();
  const Type* i = Type::integer();
  const Type* b = Type::boolean();
  const Type* texts = Type::array(s);
  const Type* list = Type::array();
  const Type* s_to_s = fn({s}, s);
  const Type* ss_to_s = fn({s, s}, s);
  const Type* ss_to_b = fn({s, s}, b);
  out.push_back({"trim", {}, {s_to_s, ss_to_s}, {}, trim_call});
  out.push_back({"trimPrefix", {}, {ss_to_s, s_to_s}, {}, [](Args a, Meter&) {
                   return trim_affix("trimPrefix", a, true);
                 }});
  out.push_back({"trimSuffix", {}, {ss_to_s, s_to_s}, {}, [](Args a, Meter&) {
                   return trim_affix("trimSuffix", a, false);
                 }});
  out.push_back(
      {"upper", {}, {s_to_s}, {}, [](Args a, Meter&) { return Value(upper(text_arg("upper", a[0]))); }});
  out.push_back(
      {"lower", {}, {s_to_s}, {}, [](Args a, Meter&) { return Value(lower(text_arg("lower", a[0]))); }});
  out.push_back({"split", {}, {fn({s, s}, texts), fn({s, s, i}, texts)}, {}, [](Args a, Meter& m) {
                   return split_call("split", a, m, false);
                 }});
  out.push_back({"splitAfter", {}, {fn({s, s}, texts), fn({s, s, i}, texts)}, {}, [](Args a, Meter& m) {
                   return split_call("splitAfter", a, m, true);
                 }});
  out.push_back({"replace", {}, {fn({s, s, s, i}, s), fn({s, s, s}, s)}, {}, replace_call});
  out.push_back({"repeat", {}, {fn({s, i}, s)}, {}, repeat_call});
  out.push_back(
      {"join", {}, {fn({texts, s}, s), fn({list, s}, s), fn({list}, s), fn({texts}, s)}, {}, join_call});
  out.push_back({"indexOf", {}, {fn({s, s}, i)}, {}, [](Args a, Meter&) { return index_call(a, false); }});
  out.push_back({"lastIndexOf", {}, {fn({s, s}, i)}, {}, [](Args a, Meter&) { return index_call(a, true); }});
  out.push_back({"hasPrefix", {}, {ss_to_b}, {}, [](Args a, Meter&) {
                   return Value(text_arg("hasPrefix", a[0]).starts_with(text_arg("hasPrefix", a[1])));
                 }});
  out.push_back({"hasSuffix", {}, {ss_to_b}, {}, [](Args a, Meter&) {
                   return Value(text_arg("hasSuffix", a[0]).ends_with(text_arg("hasSuffix", a[1])));
                 }});
  add_conversions(out);
}

}  // namespace skiff::spec::expr
