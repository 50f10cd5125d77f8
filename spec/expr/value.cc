// Making, reading and converting values; maps.
#include "spec/expr/value.h"

#include <algorithm>
#include <cmath>

#include "spec/expr/limits.h"
#include "spec/expr/time.h"

namespace skiff::spec::expr {
namespace {

std::int64_t cut(std::int64_t n, IntType t) {
  switch (t) {
    case IntType::int8:
      return static_cast<std::int8_t>(n);
    case IntType::int16:
      return static_cast<std::int16_t>(n);
    case IntType::int32:
      return static_cast<std::int32_t>(n);
    case IntType::uint8:
      return static_cast<std::uint8_t>(n);
    case IntType::uint16:
      return static_cast<std::uint16_t>(n);
    case IntType::uint32:
      return static_cast<std::uint32_t>(n);
    default:
      return n;
  }
}

Value number_from_json(const Json& json) {
  const std::string& text = json.number_text();
  if (text.find_first_of(".eE") == std::string::npos) {
    if (const auto n = json.as_int64()) return Value(*n);
  }
  return Value(json.as_double().value_or(0));
}

/// fmt's order of kinds: nil, ints, floats, strings…; only used to keep a map sorted.
int rank(const Value& v) { return static_cast<int>(v.kind()); }

}  // namespace

Value Opaque::member(std::string_view) const { return {}; }

Value::Value(std::vector<Value> items) : Value(array(std::move(items))) {}
Value::Value(Map map) : v_(std::make_shared<const Map>(std::move(map))) {}

Value Value::integer(std::int64_t n, IntType t) {
  Value v;
  v.v_ = Integer{cut(n, t), t};
  return v;
}

Value Value::float32(float f) {
  Value v;
  v.v_ = Floating{f, true};
  return v;
}

Value Value::bytes(std::string data) {
  Value v;
  v.v_ = Bytes{std::make_shared<const std::string>(std::move(data))};
  return v;
}

Value Value::array(std::vector<Value> items, const Type* elem) {
  Value v;
  int depth = 0;
  for (const Value& item : items) depth = std::max(depth, item.depth());
  v.v_ = std::make_shared<const Array>(Array{std::move(items), elem, false, depth + 1});
  return v;
}

Value Value::nil_array(const Type* elem) {
  Value v;
  v.v_ = std::make_shared<const Array>(Array{{}, elem, true, 1});
  return v;
}

Value Value::time(const Time& t) {
  Value v;
  v.v_ = std::make_shared<const Time>(t);
  return v;
}

Value Value::duration(std::int64_t nanoseconds) {
  Value v;
  v.v_ = Duration{nanoseconds};
  return v;
}

Value Value::function(Function f) {
  Value v;
  v.v_ = std::make_shared<const Function>(std::move(f));
  return v;
}

Value Value::opaque(std::shared_ptr<const Opaque> o) {
  Value v;
  v.v_ = std::move(o);
  return v;
}

Value Value::zero(const Type* type) {
  switch (type->kind) {
    case Kind::boolean:
      return {false};
    case Kind::integer:
      return integer(0, type->int_type);
    case Kind::floating:
      return type->float32 ? float32(0) : Value(0.0);
    case Kind::string:
      return {""};
    case Kind::bytes:
      return nil_array(type->elem);
    case Kind::array:
      return nil_array(type->elem);
    case Kind::map:
      return {Map::nil(type)};
    case Kind::time:
      return time(make_time(1, 1, 1, 0, 0, 0, 0, utc_zone()));
    case Kind::duration:
      return duration(0);
    default:
      return {};
  }
}

Value Value::from_json(const Json& json) {
  switch (json.kind()) {
    case Json::Kind::null:
      return {};
    case Json::Kind::boolean:
      return {json.as_bool()};
    case Json::Kind::number:
      return number_from_json(json);
    case Json::Kind::string:
      return {json.as_string()};
    case Json::Kind::array: {
      std::vector<Value> items;
      items.reserve(json.size());
      for (const Json& j : json.as_array()) items.push_back(from_json(j));
      return {std::move(items)};
    }
    case Json::Kind::object: {
      std::vector<Map::Entry> entries;
      entries.reserve(json.size());
      for (const auto& [key, j] : json.as_object()) entries.emplace_back(Value(key), from_json(j));
      Map map;
      map.assign(std::move(entries));
      return {std::move(map)};
    }
  }
  return {};
}

Kind Value::kind() const {
  constexpr Kind kKinds[] = {Kind::nil,    Kind::boolean,  Kind::integer,  Kind::floating,
                             Kind::string, Kind::bytes,    Kind::array,    Kind::map,
                             Kind::time,   Kind::duration, Kind::function, Kind::opaque};
  return kKinds[v_.index()];
}

const Type* Value::type() const {
  switch (kind()) {
    case Kind::boolean:
      return Type::boolean();
    case Kind::integer:
      return Type::integer(int_type());
    case Kind::floating:
      return is_float32() ? Type::float32_type() : Type::float64();
    case Kind::string:
      return Type::string();
    case Kind::bytes:
      return Type::bytes();
    case Kind::array:
      return Type::array(array_data().elem);
    case Kind::map:
      return as_map().type();
    case Kind::time:
      return Type::time();
    case Kind::duration:
      return Type::duration();
    case Kind::function:
      return as_function().type;
    case Kind::opaque:
      return as_opaque().type();
    default:
      return Type::nil();
  }
}

const std::vector<Value>& Value::as_array() const { return array_data().items; }

double Value::number() const {
  if (is_float()) return as_float();
  const IntType t = int_type();
  if (t == IntType::uint64 || t == IntType::uint)
    return static_cast<double>(static_cast<std::uint64_t>(as_int()));
  return static_cast<double>(as_int());
}

int Value::depth() const {
  if (is_array()) return array_data().depth;
  return is_map() ? as_map().depth() : 0;
}

std::size_t Value::weight() const {
  switch (kind()) {
    case Kind::string:
      return as_string().size();
    case Kind::bytes:
      return as_bytes().size();
    case Kind::array:
      return as_array().size() * sizeof(Value);
    case Kind::map:
      return as_map().size() * sizeof(Map::Entry);
    default:
      return 0;
  }
}

bool key_less(const Value& a, const Value& b) {
  if (rank(a) != rank(b)) return rank(a) < rank(b);
  switch (a.kind()) {
    case Kind::boolean:
      return !a.as_bool() && b.as_bool();
    case Kind::integer:
      if (a.int_type() != b.int_type()) return a.int_type() < b.int_type();
      return a.as_int() < b.as_int();
    case Kind::floating: {
      const bool a_nan = std::isnan(a.as_float());
      const bool b_nan = std::isnan(b.as_float());
      if (a_nan || b_nan) return a_nan && !b_nan;
      return a.as_float() < b.as_float();
    }
    case Kind::string:
      return a.as_string() < b.as_string();
    case Kind::bytes:
      return a.as_bytes() < b.as_bytes();
    case Kind::time:
      return a.as_time().before(b.as_time());
    case Kind::duration:
      return a.as_duration() < b.as_duration();
    case Kind::opaque:
      return &a.as_opaque() < &b.as_opaque();
    case Kind::array: {
      const auto& x = a.as_array();
      const auto& y = b.as_array();
      return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end(), key_less);
    }
    default:
      return false;
  }
}

Map Map::nil(const Type* type) {
  Map m(type);
  m.nil_ = true;
  return m;
}

const Value* Map::find(std::string_view key) const {
  const auto it =
      std::lower_bound(entries_.begin(), entries_.end(), key, [](const Entry& e, std::string_view k) {
        return e.first.kind() != Kind::string ? e.first.kind() < Kind::string : e.first.as_string() < k;
      });
  if (it == entries_.end() || !it->first.is_string() || it->first.as_string() != key) return nullptr;
  return &it->second;
}

const Value* Map::find(const Value& key) const {
  const auto it = std::lower_bound(entries_.begin(), entries_.end(), key,
                                   [](const Entry& e, const Value& k) { return key_less(e.first, k); });
  if (it == entries_.end() || key_less(key, it->first)) return nullptr;
  return &it->second;
}

void Map::set(std::string_view key, Value value) { set(Value(key), std::move(value)); }

void Map::set(Value key, Value value) {
  nil_ = false;
  depth_ = std::max(depth_, value.depth() + 1);
  const auto it = std::lower_bound(entries_.begin(), entries_.end(), key,
                                   [](const Entry& e, const Value& k) { return key_less(e.first, k); });
  if (it != entries_.end() && !key_less(key, it->first)) {
    it->second = std::move(value);
  } else {
    entries_.emplace(it, std::move(key), std::move(value));
  }
}

void Map::erase(std::string_view key) {
  std::erase_if(entries_, [&](const Entry& e) { return e.first.is_string() && e.first.as_string() == key; });
}

void Map::assign(std::vector<Entry> entries) {
  nil_ = false;
  for (const Entry& e : entries) depth_ = std::max(depth_, e.second.depth() + 1);
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return key_less(a.first, b.first); });
  std::vector<Entry> kept;
  kept.reserve(entries.size());
  for (Entry& e : entries) {
    if (!kept.empty() && !key_less(kept.back().first, e.first)) {
      kept.back().second = std::move(e.second);
    } else {
      kept.push_back(std::move(e));
    }
  }
  entries_ = std::move(kept);
}

}  // namespace skiff::spec::expr
