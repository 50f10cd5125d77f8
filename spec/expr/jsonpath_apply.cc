// Applying the steps of a JSONPath to a document. Within wildcards, ranges, unions and filters an element for
// which the rest of the path fails is left out.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "spec/expr/jsonpath_impl.h"
#include "spec/expr/ops.h"

namespace skiff::spec::expr::path {
namespace {

Error wrong_target(std::string_view step, const Value& v) {
  return fail(fmt::format("jsonpath: {}: invalid token target. got [{}]", step, v.type()->name));
}

/// What counts as true in a filter.
bool included(const Value& v) {
  switch (v.kind()) {
    case Kind::boolean:
      return v.as_bool();
    case Kind::array:
      return !v.as_array().empty();
    case Kind::map:
      return !v.as_map().empty();
    case Kind::string: {
      const std::string& s = v.as_string();
      const bool quoted =
          s.size() > 1 && ((s.front() == '\'' && s.back() == '\'') || (s.front() == '"' && s.back() == '"'));
      return s.size() > (quoted ? 2U : 0U);
    }
    case Kind::nil:
      return false;
    default:
      return !v.is_number() || v.number() != 0;
  }
}

std::vector<Value> children(const Value& v) {
  if (v.is_array()) return v.as_array();
  std::vector<Value> out;
  for (const auto& [key, item] : v.as_map()) out.push_back(item);
  return out;
}

}  // namespace

std::optional<std::int64_t> whole(const Value& v) {
  if (v.is_integer()) return v.as_int();
  if (v.is_float() && std::trunc(v.as_float()) == v.as_float()) return float_to_int(v.as_float());
  return std::nullopt;
}

Result<Value> Query::apply(const Value& root, const Value& current, Steps steps) {
  meter_.steps(1);
  if (steps.empty()) return current;
  const Step& step = steps.front();
  const Steps next = steps.subspan(1);
  switch (step.kind) {
    case StepKind::root:
      return apply(root, root, next);
    case StepKind::current:
      return apply(root, current, next);
    case StepKind::wildcard:
      return wildcard(root, current, next);
    case StepKind::recursive: {
      std::vector<Value> out;
      recurse(root, current, next, out);
      return Value(std::move(out));
    }
    case StepKind::length:
      return length(root, current, next);
    case StepKind::key:
      return key(step.key, root, current, next);
    case StepKind::index:
      return index(step.index, root, current, next);
    case StepKind::range:
      return range(step, root, current, next);
    case StepKind::set:
      return set(step, root, current, next);
    case StepKind::filter:
      return filter(step, root, current, next);
    case StepKind::script:
      return script(step, root, current, next);
  }
  return Value();
}

Result<Value> Query::wildcard(const Value& root, const Value& current, Steps next) {
  if (!current.is_array() && !current.is_map()) return wrong_target("wildcard", current);
  std::vector<Value> out;
  for (const Value& item : children(current)) {
    if (next.empty()) {
      out.push_back(item);
      continue;
    }
    auto result = apply(root, item, next);
    if (result && !result.value().is_nil()) out.push_back(std::move(result).value());
  }
  return Value(std::move(out));
}

void Query::recurse(const Value& root, const Value& current, Steps next, std::vector<Value>& out) {
  meter_.bytes(sizeof(Value));
  if (current.is_nil()) return;
  if (next.empty()) {
    out.push_back(current);
  } else if (auto result = apply(root, current, next); result && !result.value().is_nil()) {
    const Value& v = result.value();
    if (v.is_array()) {
      meter_.bytes(v.weight());
      out.insert(out.end(), v.as_array().begin(), v.as_array().end());
    } else {
      out.push_back(v);
    }
  }
  if (!current.is_array() && !current.is_map()) return;
  for (const Value& item : children(current)) recurse(root, item, next, out);
}

Result<Value> Query::length(const Value& root, const Value& current, Steps next) {
  if (!current.is_array() && !current.is_map() && !current.is_string())
    return wrong_target("length", current);
  Value n = Value::integer(raw_length(current), IntType::int64);
  if (current.is_map()) {
    if (const Value* own = current.as_map().find(std::string_view("length"))) n = *own;
  }
  return apply(root, n, next);
}

Result<Value> Query::key(const std::string& name, const Value& root, const Value& current, Steps next) {
  if (!current.is_map()) return wrong_target("key", current);
  const Value* found = current.as_map().find(std::string_view(name));
  if (found == nullptr) return fail(fmt::format("jsonpath: key: invalid token key '{}' not found", name));
  return apply(root, *found, next);
}

Result<Value> Query::index(std::int64_t i, const Value& root, const Value& current, Steps next) {
  if (!current.is_array()) return wrong_target("index", current);
  const auto length = static_cast<std::int64_t>(current.as_array().size());
  if (i < 0) i += length;
  if (i < 0 || i >= length) return fail("jsonpath: index: invalid token out of range");
  return apply(root, current.as_array()[static_cast<std::size_t>(i)], next);
}

/// What a range or union has chosen goes on one by one; but an index after it picks from what was chosen.
Result<Value> Query::gather(const std::vector<Value>& chosen, const Value& root, Steps next) {
  if (next.empty()) return Value(chosen);
  if (next.front().kind == StepKind::index) return apply(root, Value(chosen), next);
  std::vector<Value> out;
  for (const Value& item : chosen) {
    auto result = apply(root, item, next);
    if (result && !result.value().is_nil()) out.push_back(std::move(result).value());
  }
  return Value(std::move(out));
}

Result<Value> Query::argument(const Argument& a, const Value& root, const Value& current) {
  if (const auto* n = std::get_if<std::int64_t>(&a)) return Value(*n);
  if (const auto* s = std::get_if<std::string>(&a)) return Value(*s);
  if (const auto* script = std::get_if<ScriptPtr>(&a)) return evaluate(**script, root, current);
  return Value();
}

Result<std::int64_t> Query::bound(const Argument& a, const Value& root, const Value& current) {
  auto v = argument(a, root, current);
  if (!v) return v.error();
  const auto n = whole(v.value());
  if (!n) return fail("jsonpath: range: unexpected expression result. expected [int]");
  return *n;
}

Result<Value> Query::range(const Step& step, const Value& root, const Value& current, Steps next) {
  if (!current.is_array()) return wrong_target("range", current);
  const auto length = static_cast<std::int64_t>(current.as_array().size());
  std::int64_t limits[3] = {0, length, 1};
  for (std::size_t i = 0; i < 3; ++i) {
    if (std::holds_alternative<std::monostate>(step.arguments[i])) continue;
    const auto n = bound(step.arguments[i], root, current);
    if (!n) return n.error();
    limits[i] = n.value();
    if (i == 2) continue;
    if (limits[i] < 0) limits[i] += length;
    limits[i] = std::clamp<std::int64_t>(limits[i], 0, length);
  }
  const auto [from, to, stride] = limits;
  if (stride == 0) return fail("jsonpath: range: invalid token out of range");
  std::vector<Value> chosen;
  const std::uint64_t jump =
      stride < 0 ? 0 - static_cast<std::uint64_t>(stride) : static_cast<std::uint64_t>(stride);
  for (std::uint64_t done = 0; done < static_cast<std::uint64_t>(std::max<std::int64_t>(0, to - from));
       done += jump) {
    const auto at =
        stride < 0 ? to - 1 - static_cast<std::int64_t>(done) : from + static_cast<std::int64_t>(done);
    chosen.push_back(current.as_array()[static_cast<std::size_t>(at)]);
    if (jump > static_cast<std::uint64_t>(length)) break;
  }
  return gather(chosen, root, next);
}

Result<Value> Query::set(const Step& step, const Value& root, const Value& current, Steps next) {
  std::vector<std::string> keys;
  std::vector<std::int64_t> indices;
  for (const Argument& a : step.arguments) {
    auto v = argument(a, root, current);
    if (!v) return v.error();
    const auto n = whole(v.value());
    if (v.value().is_string()) {
      keys.push_back(v.value().as_string());
    } else if (n) {
      indices.push_back(*n);
    }
    if ((!v.value().is_string() && !n) || (!keys.empty() && !indices.empty())) {
      return fail("jsonpath: union: invalid token argument. expected numbers or keys");
    }
  }
  std::vector<Value> chosen;
  if (!keys.empty()) {
    if (!current.is_map()) return wrong_target("union", current);
    for (const std::string& k : keys) {
      if (const Value* found = current.as_map().find(std::string_view(k))) chosen.push_back(*found);
    }
    return gather(chosen, root, next);
  }
  if (!current.is_array()) return wrong_target("union", current);
  const auto length = static_cast<std::int64_t>(current.as_array().size());
  for (std::int64_t i : indices) {
    if (i < 0) i += length;
    if (i >= 0 && i < length) chosen.push_back(current.as_array()[static_cast<std::size_t>(i)]);
  }
  return gather(chosen, root, next);
}

Result<Value> Query::filter(const Step& step, const Value& root, const Value& current, Steps next) {
  if (step.key.empty()) return fail("jsonpath: invalid expression. is empty");
  if (!current.is_array() && !current.is_map()) return wrong_target("filter", current);
  std::vector<Value> chosen;
  for (const Value& item : children(current)) {
    const auto v = evaluate(*step.script, root, item);
    if (v && included(v.value())) chosen.push_back(item);
  }
  if (!next.empty() && next.front().kind == StepKind::index)
    return apply(current, Value(std::move(chosen)), next);
  return gather(chosen, root, next);
}

Result<Value> Query::script(const Step& step, const Value& root, const Value& current, Steps next) {
  if (step.key.empty()) return fail("jsonpath: invalid expression. is empty");
  auto v = evaluate(*step.script, root, current);
  if (!v) return v;
  if (v.value().is_string()) return key(v.value().as_string(), root, current, next);
  if (const auto n = whole(v.value())) return index(*n, root, current, next);
  return fail("jsonpath: unexpected expression result. expected [int string]");
}

}  // namespace skiff::spec::expr::path
