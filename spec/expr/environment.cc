// The environment of Argo's expressions: variables as nested maps, and the five names that Argo adds.
#include "spec/expr/environment.h"

#include <algorithm>
#include <array>

#include "spec/expr/builtins.h"
#include "spec/expr/go_json.h"
#include "spec/expr/jsonpath.h"
#include "spec/expr/sprig.h"

namespace skiff::spec::expr {
namespace {

using Args = std::span<const Value>;
using Variables = std::span<const std::pair<std::string_view, Value>>;

Value function(std::string name, std::vector<const Type*> in, const Type* out,
               std::function<Result<Value>(Args)> call) {
  return Value::function({std::move(name), Type::function(std::move(in), out), std::move(call)});
}

/// A builtin of expr-lang under another name.
Value builtin_as(const std::string& name, std::string_view of) {
  const Builtin* builtin = find_builtin(of);
  return function(name, {Type::any()}, Type::any(), [builtin](Args args) -> Result<Value> {
    try {
      Meter meter;
      return builtin->call(args, meter);
    } catch (const Panic& panic) {
      return fail(panic.what(), panic.hint);
    }
  });
}

Result<Value> query(Args args) {
  auto document = decode_json(args[0].as_string());
  if (!document.ok()) return fail("jsonpath: the first argument is no JSON: " + document.error().message);
  return jsonpath(document.value(), args[1].as_string());
}

std::vector<std::pair<std::string, Value>> make_functions() {
  const Type* s = Type::string();
  return {
      {"asFloat", builtin_as("asFloat", "float")},
      {"asInt", builtin_as("asInt", "int")},
      {"jsonpath", function("jsonpath", {s, s}, Type::any(), query)},
      {"sprig", sprig_functions()},
      {"toJson", function("toJson", {Type::any()}, s,
                          [](Args args) -> Result<Value> {
                            auto text = encode_json(args[0]);
                            if (!text.ok()) return text.error();
                            return Value(std::move(text).value());
                          })},
  };
}

/// Variables with a common beginning of `skip` bytes become one map.
Map nest(Variables variables, std::size_t skip) {
  std::vector<Map::Entry> out;
  std::vector<std::pair<std::string_view, const Value*>> leaves;
  for (std::size_t i = 0; i < variables.size();) {
    const std::string_view rest = variables[i].first.substr(skip);
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos) {
      leaves.emplace_back(rest, &variables[i++].second);
      continue;
    }
    const std::string_view prefix = variables[i].first.substr(0, skip + dot + 1);
    std::size_t end = i;
    while (end < variables.size() && variables[end].first.starts_with(prefix)) ++end;
    out.emplace_back(Value(rest.substr(0, dot)), Value(nest(variables.subspan(i, end - i), prefix.size())));
    i = end;
  }
  const std::size_t maps = out.size();
  for (const auto& [name, value] : leaves) {
    const bool hidden =
        std::any_of(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(maps),
                    [&leaf = name](const Map::Entry& e) { return e.first.as_string() == leaf; });
    if (!hidden) out.emplace_back(Value(name), *value);
  }
  Map map;
  map.assign(std::move(out));
  return map;
}

}  // namespace

const std::vector<std::pair<std::string, Value>>& argo_functions() {
  static const std::vector<std::pair<std::string, Value>> kFunctions = make_functions();
  return kFunctions;
}

Value make_environment(const std::vector<std::pair<std::string_view, Value>>& variables, bool functions) {
  Map map = nest(variables, 0);
  if (functions) {
    for (const auto& [name, value] : argo_functions()) map.set(std::string_view(name), value);
  }
  return {std::move(map)};
}

}  // namespace skiff::spec::expr
