// Indexing, slicing, membership and calling (expr-lang's vm/runtime Fetch, Slice, In and the VM's OpCall).
#include <fmt/format.h>

#include <algorithm>

#include "spec/expr/ops.h"

namespace skiff::spec::expr {
namespace {

Value byte_value(char c) { return Value::integer(static_cast<unsigned char>(c), IntType::uint8); }

/// The value under a key as reflect's MapIndex finds it; nullptr if absent, Panic for a key of another type.
const Value* map_index(const Map& map, const Value& key) {
  const Type* want = map.type()->key;
  if (key.is_nil()) return want->kind == Kind::any ? map.find(Value()) : map.find(Value::zero(want));
  if (want->kind != Kind::any && key.type() != want) {
    throw Panic(fmt::format("cannot use {} as a key of {}", key.type()->name, map.type()->name),
                "keys of an object are texts: x['1'], not x[1]");
  }
  if (key.is_array() || key.is_map() || key.is_function() || key.is_bytes()) {
    throw Panic(fmt::format("a {} cannot be a key", key.type()->name));
  }
  if (key.is_string()) return map.find(std::string_view(key.as_string()));
  return map.find(key);
}

std::string shown(const Value& key) { return key.is_string() ? key.as_string() : key.to_text(); }

[[noreturn]] void cannot_fetch(const Value& from, const Value& key) {
  std::string hint;
  if (from.is_nil())
    hint = "the value before it is missing (nil); ?. stops there, as in a?.b, and ?? gives a default";
  throw Panic(fmt::format("cannot fetch {} from {}", shown(key), from.type()->name), hint);
}

bool assignable(const Value& v, const Type* want) { return want->kind == Kind::any || v.type() == want; }

}  // namespace

std::int64_t raw_length(const Value& v) {
  switch (v.kind()) {
    case Kind::array:
      return static_cast<std::int64_t>(v.as_array().size());
    case Kind::string:
      return static_cast<std::int64_t>(v.as_string().size());
    case Kind::bytes:
      return static_cast<std::int64_t>(v.as_bytes().size());
    case Kind::map:
      return static_cast<std::int64_t>(v.as_map().size());
    default:
      return -1;
  }
}

Value element(const Value& v, std::size_t i) {
  if (v.is_array()) return v.as_array()[i];
  if (v.is_string()) return byte_value(v.as_string()[i]);
  if (v.is_bytes()) return byte_value(v.as_bytes()[i]);
  throw Panic(fmt::format("cannot index {}", v.type()->name));
}

Value fetch(const Value& from, const Value& key) {
  if (from.is_map()) {
    const Value* found = map_index(from.as_map(), key);
    return found != nullptr ? *found : Value::zero(from.as_map().type()->elem);
  }
  if (from.is_array() || from.is_string() || from.is_bytes()) {
    const std::int64_t length = raw_length(from);
    const std::int64_t index = to_int(key);
    const std::int64_t at = index < 0 ? index + length : index;
    if (at < 0 || at >= length) {
      throw Panic(fmt::format("index out of range: {} (array length is {})", at, length));
    }
    return element(from, static_cast<std::size_t>(at));
  }
  if (key.is_string()) {
    Value method = bound_method(from, key.as_string());
    if (!method.is_nil()) return method;
  }
  cannot_fetch(from, key);
}

Value get(const Value& from, const Value& key) {
  if (from.is_nil()) return {};
  if (from.is_map()) {
    const Value* found = map_index(from.as_map(), key);
    return found != nullptr ? *found : Value();
  }
  if (from.is_array() || from.is_string() || from.is_bytes()) {
    const std::int64_t length = raw_length(from);
    const std::int64_t index = to_int(key);
    const std::int64_t at = index < 0 ? index + length : index;
    return at >= 0 && at < length ? element(from, static_cast<std::size_t>(at)) : Value();
  }
  if (key.is_string()) return bound_method(from, key.as_string());
  if (from.is_time()) throw Panic(fmt::format("interface conversion: {} is not string", key.type()->name));
  return {};
}

Value slice(const Value& v, const Value* from, const Value* to) {
  const std::int64_t length = v.is_map() ? -1 : raw_length(v);
  if (length < 0) throw Panic(fmt::format("cannot slice {}", v.type()->name));
  const auto end_of = [&](const Value* bound, std::int64_t fallback) {
    std::int64_t n = bound == nullptr ? fallback : to_int(*bound);
    if (n < 0) n += length;
    return std::clamp<std::int64_t>(n, 0, length);
  };
  const std::int64_t b = end_of(to, length);
  const std::int64_t a = std::min(end_of(from, 0), b);
  const auto start = static_cast<std::size_t>(a);
  const auto count = static_cast<std::size_t>(b - a);
  if (v.is_string()) return {v.as_string().substr(start, count)};
  if (v.is_bytes()) return Value::bytes(v.as_bytes().substr(start, count));
  if (count == v.as_array().size()) return v;
  const auto first = v.as_array().begin() + static_cast<std::ptrdiff_t>(a);
  return Value::array({first, first + static_cast<std::ptrdiff_t>(count)}, v.array_data().elem);
}

bool contained_in(const Value& needle, const Value& haystack, Meter& meter) {
  if (haystack.is_nil()) return false;
  if (haystack.is_array()) {
    return std::any_of(haystack.as_array().begin(), haystack.as_array().end(),
                       [&](const Value& item) { return equal(item, needle, meter); });
  }
  if (haystack.is_bytes()) {
    return std::any_of(haystack.as_bytes().begin(), haystack.as_bytes().end(),
                       [&](char c) { return equal(byte_value(c), needle, meter); });
  }
  if (haystack.is_map()) return map_index(haystack.as_map(), needle) != nullptr;
  if (haystack.is_time() && needle.is_string()) return false;  // a struct without exported fields
  throw Panic(fmt::format("operator \"in\" not defined on {}", haystack.type()->name),
              haystack.is_string() ? "for a part of a text use: text contains 'part'" : "");
}

Value call_function(const Function& f, std::span<const Value> args) {
  const Type& t = *f.type;
  const std::size_t fixed = t.variadic ? t.in.size() - 1 : t.in.size();
  if (args.size() < fixed || (!t.variadic && args.size() > fixed)) {
    throw Panic(fmt::format("invalid number of arguments for {}: expected {}{}, got {}", f.name,
                            t.variadic ? "at least " : "", fixed, args.size()));
  }
  std::vector<Value> given;
  given.reserve(args.size());
  for (std::size_t i = 0; i < args.size(); ++i) {
    const Type* want = i < fixed ? t.in[i] : t.in.back()->elem;
    if (args[i].is_nil()) {
      given.push_back(Value::zero(want));
    } else if (assignable(args[i], want)) {
      given.push_back(args[i]);
    } else {
      throw Panic(fmt::format("cannot use {} as argument {} (type {}) to call {}", args[i].type()->name,
                              i + 1, want->name, f.name));
    }
  }
  auto result = f.call(given);
  if (!result) throw Panic(result.error().message, result.error().hint);
  return std::move(result).value();
}

}  // namespace skiff::spec::expr
