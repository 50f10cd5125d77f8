// A value of the expression language: what expr-lang computes with, with Go's kinds kept apart.
//
// Copies are cheap: texts, lists and maps are immutable and shared. JSON comes in by from_json() and goes
// out by to_json(), which writes what Go's encoding/json would; to_text() prints as Go's %v.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "spec/expr/result.h"
#include "spec/expr/type.h"
#include "spec/json.h"

namespace skiff::spec::expr {

class Value;
class Map;
struct Time;

/// Something only functions know to handle (a time zone, a version): named, printable, with methods.
class Opaque {
 public:
  virtual ~Opaque() = default;
  [[nodiscard]] virtual const Type* type() const = 0;
  [[nodiscard]] virtual std::string to_text() const = 0;  ///< as Go's %v
  [[nodiscard]] virtual Result<Json> to_json() const = 0;
  /// The field or method (a function value that takes no receiver) of that name; nil if there is none.
  [[nodiscard]] virtual Value member(std::string_view name) const;
};

/// What an expression can call. Arguments have been checked against `type` (number and kinds; nil has become
/// the parameter's zero value where that is how Go's reflection calls) before `call` gets them.
struct Function {
  std::string name;
  const Type* type =
      nullptr;  ///< a function type; Type::function({Type::array()}, Type::any(), true) takes anything
  std::function<Result<Value>(std::span<const Value>)> call;
};

struct Array {
  std::vector<Value> items;
  const Type* elem = Type::any();
  bool is_nil = false;  ///< Go's nil slice: empty, but null in JSON
  int depth = 1;        ///< levels of nesting; Value::array() sets it
};

class Value {
 public:
  Value() = default;  ///< nil
  Value(std::nullptr_t) {}
  Value(bool b) : v_(b) {}
  Value(int n) : v_(Integer{n, IntType::int_}) {}
  Value(std::int64_t n) : v_(Integer{n, IntType::int_}) {}
  Value(double d) : v_(Floating{d, false}) {}
  Value(const char* s) : Value(std::string(s)) {}
  Value(std::string_view s) : Value(std::string(s)) {}
  Value(std::string s) : v_(std::make_shared<const std::string>(std::move(s))) {}
  Value(std::vector<Value> items);  ///< []any
  Value(Map map);

  /// `n` is cut to the width of `t`; a uint64 keeps its bits.
  [[nodiscard]] static Value integer(std::int64_t n, IntType t);
  [[nodiscard]] static Value float32(float f);
  [[nodiscard]] static Value bytes(std::string data);
  [[nodiscard]] static Value array(std::vector<Value> items, const Type* elem = Type::any());
  [[nodiscard]] static Value nil_array(const Type* elem = Type::any());
  [[nodiscard]] static Value time(const Time& t);
  [[nodiscard]] static Value duration(std::int64_t nanoseconds);
  [[nodiscard]] static Value function(Function f);
  [[nodiscard]] static Value opaque(std::shared_ptr<const Opaque> o);
  /// Go's zero value of a type: false, 0, "", a nil slice or map, nil.
  [[nodiscard]] static Value zero(const Type* type);

  /// Numbers with . e E become floats, others ints (floats where they do not fit), objects map[string]any.
  [[nodiscard]] static Value from_json(const Json& json);

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] const Type* type() const;  ///< Go's dynamic type; Type::nil() for nil
  [[nodiscard]] bool is_nil() const { return std::holds_alternative<std::monostate>(v_); }
  [[nodiscard]] bool is_bool() const { return std::holds_alternative<bool>(v_); }
  [[nodiscard]] bool is_integer() const { return std::holds_alternative<Integer>(v_); }
  /// Exactly Go's int.
  [[nodiscard]] bool is_int() const { return is_integer() && std::get<Integer>(v_).type == IntType::int_; }
  [[nodiscard]] bool is_float() const { return std::holds_alternative<Floating>(v_); }
  /// An integer of any width or a float; durations are no numbers here.
  [[nodiscard]] bool is_number() const { return is_integer() || is_float(); }
  [[nodiscard]] bool is_string() const { return std::holds_alternative<Text>(v_); }
  [[nodiscard]] bool is_bytes() const { return std::holds_alternative<Bytes>(v_); }
  [[nodiscard]] bool is_array() const { return std::holds_alternative<std::shared_ptr<const Array>>(v_); }
  [[nodiscard]] bool is_map() const { return std::holds_alternative<std::shared_ptr<const Map>>(v_); }
  [[nodiscard]] bool is_time() const { return std::holds_alternative<std::shared_ptr<const Time>>(v_); }
  [[nodiscard]] bool is_duration() const { return std::holds_alternative<Duration>(v_); }
  [[nodiscard]] bool is_function() const {
    return std::holds_alternative<std::shared_ptr<const Function>>(v_);
  }
  [[nodiscard]] bool is_opaque() const { return std::holds_alternative<std::shared_ptr<const Opaque>>(v_); }

  // The typed views: only for a value of that kind.
  [[nodiscard]] bool as_bool() const { return std::get<bool>(v_); }
  [[nodiscard]] std::int64_t as_int() const { return std::get<Integer>(v_).n; }
  [[nodiscard]] IntType int_type() const { return std::get<Integer>(v_).type; }
  [[nodiscard]] double as_float() const { return std::get<Floating>(v_).d; }
  [[nodiscard]] bool is_float32() const { return is_float() && std::get<Floating>(v_).single; }
  [[nodiscard]] const std::string& as_string() const { return *std::get<Text>(v_); }
  [[nodiscard]] const std::string& as_bytes() const { return *std::get<Bytes>(v_).data; }
  [[nodiscard]] const std::vector<Value>& as_array() const;
  [[nodiscard]] const Array& array_data() const { return *std::get<std::shared_ptr<const Array>>(v_); }
  [[nodiscard]] const Map& as_map() const { return *std::get<std::shared_ptr<const Map>>(v_); }
  [[nodiscard]] const Time& as_time() const { return *std::get<std::shared_ptr<const Time>>(v_); }
  [[nodiscard]] std::int64_t as_duration() const { return std::get<Duration>(v_).ns; }
  [[nodiscard]] const Function& as_function() const { return *std::get<std::shared_ptr<const Function>>(v_); }
  [[nodiscard]] const Opaque& as_opaque() const { return *std::get<std::shared_ptr<const Opaque>>(v_); }
  /// Any integer or float as a double (a uint64 unsigned); only if is_number().
  [[nodiscard]] double number() const;

  /// What Go's encoding/json writes: times RFC 3339, durations as nanoseconds, bytes in base64, a nil slice
  /// null. Functions, NaN, infinities and maps whose keys may be anything are errors.
  [[nodiscard]] Result<Json> to_json() const;
  /// As Go's fmt prints it with %v: "map[a:1 b:2]", "[1 2]", "<nil>", "1e+08".
  [[nodiscard]] std::string to_text() const;
  /// Levels of nested lists and maps; 0 for scalars.
  [[nodiscard]] int depth() const;
  /// Rough bytes of heap that this value alone keeps, without what its elements keep.
  [[nodiscard]] std::size_t weight() const;

 private:
  struct Integer {
    std::int64_t n;
    IntType type;
  };
  struct Floating {
    double d;
    bool single;
  };
  struct Duration {
    std::int64_t ns;
  };
  using Text = std::shared_ptr<const std::string>;
  struct Bytes {
    std::shared_ptr<const std::string> data;
  };

  std::variant<std::monostate, bool, Integer, Floating, Text, Bytes, std::shared_ptr<const Array>,
               std::shared_ptr<const Map>, std::shared_ptr<const Time>, Duration,
               std::shared_ptr<const Function>, std::shared_ptr<const Opaque>>
      v_;
};

/// Go's total order of map keys as fmt and we use it (kind first, then value); strings sort by bytes.
[[nodiscard]] bool key_less(const Value& a, const Value& b);

/// An immutable-once-shared map, sorted by key. Keys of map[string]any are strings; map[any]any takes any
/// scalar.
class Map {
 public:
  using Entry = std::pair<Value, Value>;
  explicit Map(const Type* type = Type::map()) : type_(type) {}
  [[nodiscard]] static Map nil(const Type* type = Type::map());

  [[nodiscard]] const Type* type() const { return type_; }
  [[nodiscard]] bool is_nil() const { return nil_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }
  /// The value under a key, or nullptr.
  [[nodiscard]] const Value* find(std::string_view key) const;
  [[nodiscard]] const Value* find(const Value& key) const;
  [[nodiscard]] int depth() const { return depth_; }  ///< levels of nesting, 1 for a flat map
  [[nodiscard]] bool contains(std::string_view key) const { return find(key) != nullptr; }

  /// Sets or replaces. Only while the map is being built (a Value's map cannot be changed).
  void set(std::string_view key, Value value);
  void set(Value key, Value value);
  void erase(std::string_view key);
  /// Puts entries that were gathered in any order; of equal keys the last wins.
  void assign(std::vector<Entry> entries);

 private:
  const Type* type_;
  bool nil_ = false;
  int depth_ = 1;
  std::vector<Entry> entries_;
};

/// strconv.FormatFloat(d, format, precision, bits): format one of e f g, precision -1 for the shortest.
[[nodiscard]] std::string format_float(double d, char format = 'g', int precision = -1, bool single = false);

}  // namespace skiff::spec::expr
