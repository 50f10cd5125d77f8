// The checker on operators and builtins.
#include <fmt/format.h>
#include <re2/re2.h>

#include <initializer_list>

#include "spec/expr/checker_walk.h"
#include "spec/expr/hints.h"
#include "spec/expr/limits.h"
#include "spec/expr/natures.h"

namespace skiff::spec::expr {
namespace {

using Test = bool (*)(const Nature&);

bool any_of(const Nature& n, std::initializer_list<Test> tests) {
  for (const Test t : tests) {
    if (t(n)) return true;
  }
  return false;
}

/// Both unknown, or one unknown and the other of a fitting kind.
bool maybe(const Nature& l, const Nature& r, std::initializer_list<Test> tests) {
  if (l.unknown() && r.unknown()) return true;
  return (l.unknown() && any_of(r, tests)) || (r.unknown() && any_of(l, tests));
}

Nature bool_nature() { return of_type(Type::boolean()); }

Nature promoted(const Nature& l, const Nature& r) {
  const bool real = has_kind(l, Kind::floating) || has_kind(r, Kind::floating);
  return of_type(real ? Type::float64() : Type::integer());
}

}  // namespace

void Checker::mismatch(const Node* n, const Nature& l, const Nature& r) {
  fail(n, fmt::format("invalid operation: {} (mismatched types {} and {})", n->text, text_of(l), text_of(r)),
       hint_for_mismatch(tree_.text, *n, l, r, env_));
}

void Checker::check_pattern(const Node* n) {
  if (!n->kids[1]->is_literal(Kind::string)) return;
  const RE2 re(n->kids[1]->value.as_string(), RE2::Quiet);
  if (!re.ok()) fail(n->kids[1], "error parsing regexp: " + re.error());
}

Nature Checker::unary(Node* n) {
  const Nature v = visit(n->kids[0]);
  if (n->op == Op::not_) {
    if (is_bool(v) || v.unknown()) return bool_nature();
  } else {
    if (is_number(v)) return v;
    if (v.unknown()) return {};
  }
  fail(n, fmt::format("invalid operation: {} (mismatched type {})", n->text, text_of(v)),
       n->op == Op::not_ && is_string(v) ? "compare the text, as in x != 'true'" : "");
}

Nature Checker::binary(Node* n) {
  const Nature l = visit(n->kids[0]);
  const Nature r = visit(n->kids[1]);
  switch (n->op) {
    case Op::equal:
    case Op::not_equal:
      if (!comparable(l, r)) mismatch(n, l, r);
      n->as_int = has_kind(l, Kind::integer) && l.type == Type::integer() && r.type == Type::integer();
      n->as_string = is_string(l) && is_string(r);
      return bool_nature();
    case Op::or_:
    case Op::and_:
      if ((is_bool(l) && is_bool(r)) || maybe(l, r, {is_bool})) return bool_nature();
      break;
    case Op::less:
    case Op::more:
    case Op::less_equal:
    case Op::more_equal: {
      const bool same = (is_number(l) && is_number(r)) || (is_string(l) && is_string(r)) ||
                        (is_time(l) && is_time(r)) || (is_duration(l) && is_duration(r));
      if (same || maybe(l, r, {is_number, is_string, is_time, is_duration})) return bool_nature();
      break;
    }
    case Op::in:
      return membership(n, l, r);
    case Op::matches:
      check_pattern(n);
      if (((is_string(l) || has_kind(l, Kind::bytes)) && is_string(r)) || maybe(l, r, {is_string})) {
        return bool_nature();
      }
      break;
    case Op::contains:
    case Op::starts_with:
    case Op::ends_with:
      if ((is_string(l) && is_string(r)) || maybe(l, r, {is_string})) return bool_nature();
      break;
    case Op::range:
      if ((is_plain_integer(l) && is_plain_integer(r)) || maybe(l, r, {is_plain_integer})) {
        return list_of(of_type(Type::integer()));
      }
      break;
    case Op::coalesce:
      return coalesce(l, r);
    default:
      return arithmetic(n, l, r);
  }
  mismatch(n, l, r);
}

Nature Checker::arithmetic(Node* n, const Nature& l, const Nature& r) {
  const bool numbers = is_number(l) && is_number(r);
  const Nature real = of_type(Type::float64());
  const Nature duration = of_type(Type::duration());
  const Nature time = of_type(Type::time());
  switch (n->op) {
    case Op::add:
      if (numbers) return promoted(l, r);
      if (is_string(l) && is_string(r)) return of_type(Type::string());
      if ((is_time(l) && is_duration(r)) || (is_duration(l) && is_time(r))) return time;
      if (is_duration(l) && is_duration(r)) return duration;
      if (maybe(l, r, {is_number, is_string, is_time, is_duration})) return {};
      break;
    case Op::subtract:
      if (numbers) return promoted(l, r);
      if (is_time(l) && is_time(r)) return duration;
      if (is_time(l) && is_duration(r)) return time;
      if (is_duration(l) && is_duration(r)) return duration;
      if (maybe(l, r, {is_number, is_time, is_duration})) return {};
      break;
    case Op::multiply:
      if (numbers) return promoted(l, r);
      if ((is_number(l) || is_duration(l)) && (is_number(r) || is_duration(r))) return duration;
      if (maybe(l, r, {is_number, is_duration})) return {};
      break;
    case Op::divide:
    case Op::power:
      if (numbers || maybe(l, r, {is_number})) return real;
      break;
    case Op::modulo:
      if ((is_plain_integer(l) && is_plain_integer(r)) || maybe(l, r, {is_plain_integer})) {
        return of_type(Type::integer());
      }
      break;
    default:
      break;
  }
  mismatch(n, l, r);
}

Nature Checker::membership(Node* n, const Nature& l, const Nature& r) {
  if ((is_string(l) || l.unknown()) && (is_time(r) || has_kind(r, Kind::opaque))) return bool_nature();
  if (is_map(r)) {
    const Nature key = of_type(r.type->key);
    if (!l.unknown() && !assignable(l, key)) {
      fail(n, fmt::format("cannot use {} as type {} in map key", text_of(l), text_of(key)));
    }
    return bool_nature();
  }
  if (is_array(r)) {
    const Nature elem = element_of(r);
    if (!comparable(l, elem)) {
      fail(n, fmt::format("cannot use {} as type {} in array", text_of(l), text_of(elem)),
           hint_for_mismatch(tree_.text, *n, l, elem, env_));
    }
    return bool_nature();
  }
  if ((l.unknown() && is_string(r)) || r.unknown()) return bool_nature();
  mismatch(n, l, r);
}

Nature Checker::coalesce(const Nature& l, const Nature& r) {
  if (l.is_nil) return r;
  if (r.is_nil) return l;
  return assignable(r, l) ? l : Nature{};
}

Nature Checker::builtin(Node* n) {
  const Builtin& b = *n->builtin;
  if (b.predicate != Predicate::none_of_these) return predicate_builtin(n);
  if (b.name == "get") return get_builtin(n);
  if (b.validate) {
    std::vector<const Type*> types;
    for (Node* arg : n->kids) {
      const Nature& given = visit(arg);
      types.push_back(given.unknown() ? Type::any() : given.type);
    }
    try {
      return of_type(b.validate(types));
    } catch (const Panic& p) {
      fail(n, p.what(), p.hint);
    }
  }
  std::optional<Error> last;
  for (const Type* t : b.types) {
    Nature out;
    last = arguments(b.name, t, n->kids, n, out);
    if (!last) return out;
  }
  throw *last;
}

Nature Checker::predicate_builtin(Node* n) {
  const Predicate p = n->builtin->predicate;
  const Nature collection = visit(n->kids[0]);
  if (!is_array(collection) && !collection.unknown()) {
    fail(n->kids[0],
         fmt::format("builtin {} takes only array (got {})", n->builtin->name, text_of(collection)));
  }
  if (n->kids.size() == 1) {  // count and sum
    if (p == Predicate::count) return of_type(Type::integer());
    return collection.unknown() ? Nature{} : element_of(collection);
  }
  const bool reduce = p == Predicate::reduce;
  scopes_.push_back({collection, p == Predicate::map || reduce, reduce});
  const Nature predicate = visit(n->kids[1]);
  scopes_.pop_back();
  const Nature body = *predicate.elem;
  if (n->kids.size() == 3) {
    const Nature third = visit(n->kids[2]);
    if (p == Predicate::sort_by && !is_string(third) && !third.unknown()) {
      fail(n->kids[2], fmt::format("sortBy order argument must be a string (got {})", text_of(third)),
           "write 'asc' or 'desc'");
    }
  }
  if (body.is_nil) fail(n->kids[1], "predicate should has one input and one output param");
  return predicate_result(n, collection, body);
}

Nature Checker::predicate_result(Node* n, const Nature& collection, const Nature& body) {
  const auto want_bool = [&] {
    if (is_bool(body) || body.unknown()) return;
    fail(n->kids[1], fmt::format("predicate should return boolean (got {})", text_of(body)),
         "compare the element with something, as in filter(list, # > 1)");
  };
  switch (n->builtin->predicate) {
    case Predicate::all:
    case Predicate::none:
    case Predicate::any:
    case Predicate::one:
      want_bool();
      return bool_nature();
    case Predicate::filter:
      want_bool();
      return collection.unknown() ? of_type(Type::array()) : list_of(element_of(collection));
    case Predicate::map:
      return list_of(body);
    case Predicate::count:
      want_bool();
      return of_type(Type::integer());
    case Predicate::sum:
    case Predicate::reduce:
      if (n->builtin->predicate == Predicate::sum) return body.unknown() ? Nature{} : of_type(body.type);
      return body;
    case Predicate::find:
    case Predicate::find_last:
      want_bool();
      return collection.unknown() ? Nature{} : element_of(collection);
    case Predicate::find_index:
    case Predicate::find_last_index:
      want_bool();
      return of_type(Type::integer());
    case Predicate::group_by: {
      Nature groups = of_type(Type::map(Type::any(), Type::array()));
      groups.elem = keep(list_of(element_of(collection)));
      return groups;
    }
    default:
      return collection;
  }
}

Nature Checker::get_builtin(Node* n) {
  if (n->kids.size() != 2) {
    fail(n, fmt::format("invalid number of arguments (expected 2, got {})", n->kids.size()));
  }
  const Nature base = visit(n->kids[0]);
  const Nature prop = visit(n->kids[1]);
  if (n->kids[0]->kind == NodeKind::identifier && n->kids[0]->text == "$env") {
    if (n->kids[1]->is_literal(Kind::string)) {
      if (const Value* v = env_value(n->kids[1]->value.as_string())) return env_nature(*v);
    }
    return {};
  }
  if (base.unknown()) return {};
  if (is_array(base)) {
    if (!is_plain_integer(prop) && !prop.unknown()) {
      fail(n->kids[1], fmt::format("non-integer slice index {}", text_of(prop)));
    }
    return element_of(base);
  }
  if (is_map(base)) {
    if (!assignable(prop, of_type(base.type->key)) && !prop.unknown()) {
      fail(n->kids[1], fmt::format("cannot use {} to get an element from {}", text_of(prop), text_of(base)));
    }
    return element_of(base);
  }
  fail(n->kids[0], fmt::format("type {} does not support indexing", text_of(base)));
}

}  // namespace skiff::spec::expr
