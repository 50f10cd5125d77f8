// Natures: kinds, elements, assignability.
#include "spec/expr/natures.h"

namespace skiff::spec::expr {

int go_kind(const Nature& n) {
  if (n.type == nullptr) return 0;
  switch (n.type->kind) {
    case Kind::nil:
      return 0;
    case Kind::bytes:
      return static_cast<int>(Kind::array);
    case Kind::duration:
      return 100 + static_cast<int>(IntType::int64);
    case Kind::integer:
      return n.type->int_type >= IntType::month ? 100 : 100 + static_cast<int>(n.type->int_type);
    case Kind::floating:
      return n.type->float32 ? 200 : 201;
    default:
      return static_cast<int>(n.type->kind);
  }
}

std::string text_of(const Nature& n) {
  if (n.type != nullptr) return n.type->name;
  return n.is_nil ? "nil" : "unknown";
}

Nature element_of(const Nature& n) {
  if (n.type == nullptr) return {};
  if (is_map(n)) return of_type(n.type->elem);
  if (is_array(n)) return n.elem != nullptr ? *n.elem : of_type(n.type->elem);
  return {};
}

bool assignable(const Nature& from, const Nature& to) {
  if (from.is_nil && to.type != nullptr) {
    switch (to.type->kind) {
      case Kind::any:
      case Kind::function:
      case Kind::map:
      case Kind::array:
      case Kind::bytes:
        return true;
      case Kind::opaque:
        return to.type->name.starts_with('*');
      default:
        break;
    }
  }
  if (from.type == nullptr || to.type == nullptr) return false;
  return to.type->kind == Kind::any || from.type == to.type;
}

bool comparable(const Nature& a, const Nature& b) {
  return a.unknown() || b.unknown() || a.is_nil || b.is_nil || (is_number(a) && is_number(b)) ||
         (is_duration(a) && is_duration(b)) || (is_time(a) && is_time(b)) || (is_array(a) && is_array(b)) ||
         assignable(a, b);
}

}  // namespace skiff::spec::expr
