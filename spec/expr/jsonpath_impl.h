// What jsonpath's source files share: the compiled path, and scripts (the expressions in filters).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "spec/expr/limits.h"
#include "spec/expr/value.h"

namespace skiff::spec::expr::path {

struct Script;
using ScriptPtr = std::shared_ptr<const Script>;

/// A bound of a range or a member of a union: absent, a number, a key, or a script that gives one of them.
using Argument = std::variant<std::monostate, std::int64_t, std::string, ScriptPtr>;

enum class StepKind : std::uint8_t {
  root,
  current,
  wildcard,
  recursive,
  length,
  key,
  index,
  range,
  set,
  filter,
  script
};

struct Step {
  StepKind kind = StepKind::root;
  std::string key;
  std::int64_t index = 0;
  std::vector<Argument> arguments;
  ScriptPtr script;
};

using Steps = std::span<const Step>;

/// Throws Panic for what is no path.
[[nodiscard]] std::vector<Step> compile_path(std::string_view selector);
[[nodiscard]] ScriptPtr compile_script(std::string_view text);

/// One query; counts its work.
class Query {
 public:
  explicit Query(const Value& root) : root_(root) {}
  /// Applies the remaining steps to a value; errors are the data's, Panic the budget's.
  [[nodiscard]] Result<Value> apply(const Value& root, const Value& current, Steps steps);
  /// A script's value for an element.
  [[nodiscard]] Result<Value> evaluate(const Script& script, const Value& root, const Value& current);
  Meter& meter() { return meter_; }
  [[nodiscard]] const Value& root() const { return root_; }

 private:
  Result<Value> wildcard(const Value& root, const Value& current, Steps next);
  void recurse(const Value& root, const Value& current, Steps next, std::vector<Value>& out);
  Result<Value> length(const Value& root, const Value& current, Steps next);
  Result<Value> key(const std::string& name, const Value& root, const Value& current, Steps next);
  Result<Value> index(std::int64_t i, const Value& root, const Value& current, Steps next);
  Result<Value> range(const Step& step, const Value& root, const Value& current, Steps next);
  Result<Value> set(const Step& step, const Value& root, const Value& current, Steps next);
  Result<Value> filter(const Step& step, const Value& root, const Value& current, Steps next);
  Result<Value> script(const Step& step, const Value& root, const Value& current, Steps next);
  Result<Value> argument(const Argument& a, const Value& root, const Value& current);
  Result<std::int64_t> bound(const Argument& a, const Value& root, const Value& current);
  Result<Value> gather(const std::vector<Value>& chosen, const Value& root, Steps next);

  const Value& root_;
  Meter meter_{{.bytes = 64U << 20U, .steps = 5'000'000}};
};

/// A number without a fraction, as an integer.
[[nodiscard]] std::optional<std::int64_t> whole(const Value& v);
[[nodiscard]] std::string_view trimmed(std::string_view s);

}  // namespace skiff::spec::expr::path
