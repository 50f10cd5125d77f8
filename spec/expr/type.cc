// The interned Go types.
#include "spec/expr/type.h"

#include <array>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

namespace skiff::spec::expr {
namespace {

/// Types made of others, found again by their spelling: in Go two such types are the same if they read the
/// same.
class Interner {
 public:
  const Type* get(Type t) {
    const std::lock_guard lock(mutex_);
    const auto it = by_name_.find(t.name);
    if (it != by_name_.end()) return it->second;
    const Type* added = &types_.emplace_back(std::move(t));
    by_name_.emplace(added->name, added);
    return added;
  }
  static Interner& instance() {
    static Interner all;
    return all;
  }

 private:
  std::mutex mutex_;
  std::deque<Type> types_;
  std::map<std::string, const Type*> by_name_;
};

Type make(Kind kind, std::string name) {
  Type t;
  t.kind = kind;
  t.name = std::move(name);
  return t;
}

}  // namespace

const Type* Type::nil() {
  static const Type t = make(Kind::nil, "nil");
  return &t;
}

const Type* Type::any() {
  static const Type t = make(Kind::any, "interface {}");
  return &t;
}

const Type* Type::boolean() {
  static const Type t = make(Kind::boolean, "bool");
  return &t;
}

const Type* Type::integer(IntType which) {
  static const auto all = [] {
    constexpr std::array kNames = {"int",   "int8",   "int16",  "int32",  "int64",      "uint",
                                   "uint8", "uint16", "uint32", "uint64", "time.Month", "time.Weekday"};
    std::array<Type, kNames.size()> types;
    for (std::size_t i = 0; i < types.size(); ++i) {
      types[i] = make(Kind::integer, kNames[i]);
      types[i].int_type = static_cast<IntType>(i);
    }
    return types;
  }();
  return &all[static_cast<std::size_t>(which)];
}

const Type* Type::float64() {
  static const Type t = make(Kind::floating, "float64");
  return &t;
}

const Type* Type::float32_type() {
  static const Type t = [] {
    Type f = make(Kind::floating, "float32");
    f.float32 = true;
    return f;
  }();
  return &t;
}

const Type* Type::string() {
  static const Type t = make(Kind::string, "string");
  return &t;
}

const Type* Type::bytes() {
  static const Type t = [] {
    Type b = make(Kind::bytes, "[]uint8");
    b.elem = integer(IntType::uint8);
    return b;
  }();
  return &t;
}

const Type* Type::time() {
  static const Type t = make(Kind::time, "time.Time");
  return &t;
}

const Type* Type::duration() {
  static const Type t = make(Kind::duration, "time.Duration");
  return &t;
}

const Type* Type::array(const Type* elem) {
  static const Type* const of_any = [] {
    Type t = make(Kind::array, "[]interface {}");
    t.elem = any();
    return Interner::instance().get(std::move(t));
  }();
  if (elem == any()) return of_any;
  Type t = make(Kind::array, "[]" + elem->name);
  t.elem = elem;
  return Interner::instance().get(std::move(t));
}

const Type* Type::map(const Type* key, const Type* elem) {
  const auto make_map = [](const Type* k, const Type* e) {
    Type t = make(Kind::map, "map[" + k->name + "]" + e->name);
    t.key = k;
    t.elem = e;
    return Interner::instance().get(std::move(t));
  };
  static const Type* const plain = make_map(string(), any());
  if (key == string() && elem == any()) return plain;
  return make_map(key, elem);
}

const Type* Type::function(std::vector<const Type*> in, const Type* out, bool variadic) {
  std::string name = "func(";
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (i > 0) name += ", ";
    const bool rest = variadic && i + 1 == in.size();
    name += rest ? "..." + in[i]->elem->name : in[i]->name;
  }
  Type t = make(Kind::function, name + ") " + out->name);
  t.in = std::move(in);
  t.variadic = variadic;
  t.out = out;
  return Interner::instance().get(std::move(t));
}

const Type* Type::opaque(std::string name) {
  return Interner::instance().get(make(Kind::opaque, std::move(name)));
}

}  // namespace skiff::spec::expr
