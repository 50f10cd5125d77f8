// The table of sprig's functions, and what they share.
#include "spec/expr/sprig.h"

#include <openssl/rand.h>

#include <cmath>
#include <exception>

#include "spec/expr/numbers.h"
#include "spec/expr/ops.h"
#include "spec/expr/sprig_impl.h"
#include "spec/expr/text.h"
#include "spec/expr/time.h"
#include "spec/expr/unicode.h"

namespace skiff::spec::expr {
namespace sprig {

void Table::add(std::string_view name, const std::vector<const Type*>& in, const Type* out, Call call,
                bool variadic) {
  std::vector<const Type*> types = in;
  if (variadic) types.back() = Type::array(types.back());
  Function f;
  f.name = name;
  f.type = Type::function(std::move(types), out, variadic);
  f.call = [call = std::move(call)](Args args) -> Result<Value> {
    try {
      return call(args);
    } catch (const Panic& panic) {
      return fail(panic.what(), panic.hint);
    }
  };
  functions_.emplace_back(std::string(name), Value::function(std::move(f)));
}

void Table::alias(std::string_view name, std::string_view of) {
  for (std::size_t i = 0; i < functions_.size(); ++i) {
    if (functions_[i].first != of) continue;
    const Value same = functions_[i].second;
    functions_.emplace_back(std::string(name), same);
    return;
  }
}

Value Table::build() const {
  std::vector<Map::Entry> entries;
  entries.reserve(functions_.size());
  for (const auto& [name, function] : functions_) entries.emplace_back(Value(name), function);
  Map map;
  map.assign(std::move(entries));
  return {std::move(map)};
}

Value strings(std::vector<std::string> items) {
  std::vector<Value> out;
  out.reserve(items.size());
  for (std::string& item : items) out.emplace_back(std::move(item));
  return Value::array(std::move(out), Type::string());
}

Value int64_value(std::int64_t n) { return Value::integer(n, IntType::int64); }

const Type* dict_type() { return Type::map(); }

std::optional<std::vector<Value>> elements(const Value& v) {
  if (v.is_array()) return v.as_array();
  if (!v.is_bytes()) return std::nullopt;
  std::vector<Value> out;
  for (std::size_t i = 0; i < v.as_bytes().size(); ++i) out.push_back(element(v, i));
  return out;
}

std::vector<Value> need_elements(const Value& v, std::string_view what) {
  if (auto items = elements(v)) return std::move(*items);
  if (v.is_nil()) throw Panic("invalid memory address or nil pointer dereference", "the list is nil");
  throw Panic(std::string(what) + " on type " + kind_name(v));
}

std::string kind_name(const Value& v) {
  switch (v.kind()) {
    case Kind::nil:
    case Kind::any:
      return "invalid";
    case Kind::boolean:
      return "bool";
    case Kind::integer:
      return v.int_type() == IntType::month || v.int_type() == IntType::weekday ? "int" : v.type()->name;
    case Kind::floating:
      return v.is_float32() ? "float32" : "float64";
    case Kind::string:
      return "string";
    case Kind::bytes:
    case Kind::array:
      return "slice";
    case Kind::map:
      return "map";
    case Kind::time:
      return "struct";
    case Kind::duration:
      return "int64";
    case Kind::function:
      return "func";
    case Kind::opaque:
      return v.type()->name.starts_with('*') ? "ptr" : "struct";
  }
  return "invalid";
}

bool deep_equal(const Value& a, const Value& b) {
  Meter meter;
  return reflect_equal(a, b, meter);
}

std::string to_string(const Value& v) {
  if (v.is_string()) return v.as_string();
  if (v.is_bytes()) return v.as_bytes();
  Meter meter;
  return text_of(v, meter);
}

std::vector<std::string> to_strings(const Value& v) {
  std::vector<std::string> out;
  if (v.is_nil()) return out;
  const auto items = elements(v);
  if (!items) return {to_string(v)};
  for (const Value& item : *items) {
    if (!item.is_nil()) out.push_back(to_string(item));
  }
  return out;
}

bool is_empty(const Value& v) {
  switch (v.kind()) {
    case Kind::nil:
    case Kind::any:
      return true;
    case Kind::boolean:
      return !v.as_bool();
    case Kind::integer:
      return v.as_int() == 0;
    case Kind::floating:
      return v.as_float() == 0;
    case Kind::duration:
      return v.as_duration() == 0;
    case Kind::string:
    case Kind::bytes:
    case Kind::array:
    case Kind::map:
      return raw_length(v) == 0;
    case Kind::time:
    case Kind::function:
    case Kind::opaque:
      return false;
  }
  return false;
}

namespace {

/// cast's trimDecimal: "3.9" is read as 3, ".5" as 0.
std::string whole_part(const std::string& text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string::npos) return text;
  const auto digits = [](std::string_view s) {
    return s.find_first_not_of("0123456789") == std::string_view::npos;
  };
  const std::size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  if (!digits(std::string_view(text).substr(sign, dot - sign)) ||
      !digits(std::string_view(text).substr(dot + 1))) {
    return text;
  }
  return dot == sign ? text.substr(0, sign) + "0" : text.substr(0, dot);
}

}  // namespace

std::int64_t cast_int(const Value& v) {
  if (v.is_integer()) return v.as_int();
  if (v.is_float()) return float_to_int(v.as_float());
  if (v.is_bool()) return v.as_bool() ? 1 : 0;
  if (v.is_duration()) return v.as_duration();
  if (v.is_string() && !v.as_string().empty()) return parse_int(whole_part(v.as_string()), 0).value_or(0);
  return 0;
}

double cast_float(const Value& v) {
  if (v.is_number()) return v.number();
  if (v.is_bool()) return v.as_bool() ? 1 : 0;
  if (v.is_duration()) return static_cast<double>(v.as_duration());
  if (v.is_string()) return parse_float(v.as_string()).value_or(0);
  return 0;
}

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  if (count > 0 && RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1) {
    throw Panic("the system gives no random bytes");
  }
  return out;
}

void limit_bytes(std::uint64_t bytes) {
  if (bytes > (std::uint64_t{64} << 20U)) throw Panic("the result would be larger than 64 MB");
}

void limit_elements(std::uint64_t count) {
  if (count > 1'000'000) throw Panic("the result would have more than a million elements");
}

}  // namespace sprig

const Value& sprig_functions() {
  static const Value kFunctions = [] {
    sprig::Table table;
    sprig::add_strings(table);
    sprig::add_cases(table);
    sprig::add_numbers(table);
    sprig::add_decimals(table);
    sprig::add_defaults(table);
    sprig::add_lists(table);
    sprig::add_dicts(table);
    sprig::add_dates(table);
    sprig::add_crypto(table);
    sprig::add_encoding(table);
    sprig::add_paths(table);
    sprig::add_urls(table);
    sprig::add_regex(table);
    sprig::add_semver(table);
    sprig::add_reflection(table);
    return table.build();
  }();
  return kFunctions;
}

}  // namespace skiff::spec::expr
