// What the files sprig_*.cc share: the table they fill and Go's ways of looking at values.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/expr/limits.h"
#include "spec/expr/value.h"

namespace skiff::spec::expr::sprig {

using Args = std::span<const Value>;
/// Throws Panic where sprig panics or gives an error. The arguments fit the declared types.
using Call = std::function<Value(Args)>;

class Table {
 public:
  /// The last of `in` is the type of each further argument if `variadic`.
  void add(std::string_view name, const std::vector<const Type*>& in, const Type* out, Call call,
           bool variadic = false);
  /// Another name for a function that is in the table.
  void alias(std::string_view name, std::string_view of);
  [[nodiscard]] Value build() const;

 private:
  std::vector<std::pair<std::string, Value>> functions_;
};

inline constexpr bool kVariadic = true;

void add_strings(Table& table);
void add_cases(Table& table);
void add_numbers(Table& table);
void add_decimals(Table& table);
void add_defaults(Table& table);
void add_lists(Table& table);
void add_dicts(Table& table);
void add_dates(Table& table);
void add_crypto(Table& table);
void add_encoding(Table& table);
void add_paths(Table& table);
void add_urls(Table& table);
void add_regex(Table& table);
void add_semver(Table& table);
void add_reflection(Table& table);

// --- Go's ways with values

[[nodiscard]] Value strings(std::vector<std::string> items);  ///< []string
[[nodiscard]] Value int64_value(std::int64_t n);
/// A map[string]interface{} of its members.
[[nodiscard]] const Type* dict_type();
/// The elements of a slice or bytes; nothing for other values. (reflect.Slice)
[[nodiscard]] std::optional<std::vector<Value>> elements(const Value& v);
/// The same or Panic: "<what> on type string".
[[nodiscard]] std::vector<Value> need_elements(const Value& v, std::string_view what);
/// reflect.ValueOf(v).Kind().String().
[[nodiscard]] std::string kind_name(const Value& v);
/// reflect.DeepEqual.
[[nodiscard]] bool deep_equal(const Value& a, const Value& b);
/// sprig's strval.
[[nodiscard]] std::string to_string(const Value& v);
/// sprig's strslice.
[[nodiscard]] std::vector<std::string> to_strings(const Value& v);
/// sprig's empty.
[[nodiscard]] bool is_empty(const Value& v);
/// cast.ToInt64, cast.ToFloat64.
[[nodiscard]] std::int64_t cast_int(const Value& v);
[[nodiscard]] double cast_float(const Value& v);
/// strconv.Quote.
[[nodiscard]] std::string go_quote(std::string_view text);
/// strings.SplitN; n < 0 is all.
[[nodiscard]] std::vector<std::string> split(std::string_view text, std::string_view separator,
                                             std::int64_t n);
[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view separator);
[[nodiscard]] std::string replace_all(std::string_view text, std::string_view what, std::string_view by);
/// Cryptographically random bytes.
[[nodiscard]] std::string random_bytes(std::size_t count);

/// Panic if a result of so many bytes or elements is more than one expression should make.
void limit_bytes(std::uint64_t bytes);
void limit_elements(std::uint64_t count);

}  // namespace skiff::spec::expr::sprig
