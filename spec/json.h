// A JSON value as the workflow language sees it: ordered objects, numbers kept as they were written.
//
// Every document, template, parameter list and status passes through this type. It is a plain value:
// copies are deep, nothing is shared. Numbers keep their literal text so that "1.0", 1e6 or a 20-digit
// id come out as they went in; ask as_int64() / as_double() for their worth.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace skiff::spec {

class Json {
 public:
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
  struct Number {
    std::string text;  ///< a valid JSON number literal
    bool operator==(const Number&) const = default;
  };
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;  ///< in the order of the text; keys are unique

  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool b) : v_(b) {}
  Json(int n) : v_(Number{std::to_string(n)}) {}
  Json(std::int64_t n) : v_(Number{std::to_string(n)}) {}
  Json(std::uint64_t n) : v_(Number{std::to_string(n)}) {}
  Json(double n);  ///< shortest text that reads back as n (as Go's encoding/json writes it)
  Json(const char* s) : v_(std::string(s)) {}
  Json(std::string s) : v_(std::move(s)) {}
  Json(std::string_view s) : v_(std::string(s)) {}
  Json(Array a) : v_(std::move(a)) {}
  Json(Object o) : v_(std::move(o)) {}

  [[nodiscard]] static Json array() { return Json(Array{}); }
  [[nodiscard]] static Json object() { return Json(Object{}); }
  /// `literal` must be a JSON number, e.g. "-1.50e3"; it is kept letter by letter.
  [[nodiscard]] static Json number(std::string literal);

  [[nodiscard]] Kind kind() const { return static_cast<Kind>(v_.index()); }
  [[nodiscard]] bool is_null() const { return kind() == Kind::null; }
  [[nodiscard]] bool is_bool() const { return kind() == Kind::boolean; }
  [[nodiscard]] bool is_number() const { return kind() == Kind::number; }
  [[nodiscard]] bool is_string() const { return kind() == Kind::string; }
  [[nodiscard]] bool is_array() const { return kind() == Kind::array; }
  [[nodiscard]] bool is_object() const { return kind() == Kind::object; }

  // The typed views: the value must be of that kind (checked by assert).
  [[nodiscard]] bool as_bool() const { return std::get<bool>(v_); }
  [[nodiscard]] const std::string& as_string() const { return std::get<std::string>(v_); }
  [[nodiscard]] std::string& as_string() { return std::get<std::string>(v_); }
  [[nodiscard]] const std::string& number_text() const { return std::get<Number>(v_).text; }
  [[nodiscard]] const Array& as_array() const { return std::get<Array>(v_); }
  [[nodiscard]] Array& as_array() { return std::get<Array>(v_); }
  [[nodiscard]] const Object& as_object() const { return std::get<Object>(v_); }
  [[nodiscard]] Object& as_object() { return std::get<Object>(v_); }
  /// The number as an integer; nothing if it is no number, has a fraction, or does not fit.
  [[nodiscard]] std::optional<std::int64_t> as_int64() const;
  /// The number as a double; nothing if it is no number.
  [[nodiscard]] std::optional<double> as_double() const;

  /// The member's value, or nullptr if this is no object or has no such key.
  [[nodiscard]] const Json* find(std::string_view key) const;
  [[nodiscard]] Json* find(std::string_view key);
  /// Walks nested objects: find_path({"spec", "entrypoint"}).
  [[nodiscard]] const Json* find_path(std::initializer_list<std::string_view> keys) const;
  /// The member's value or a null value; for reading optional fields in one line.
  [[nodiscard]] const Json& get(std::string_view key) const;
  /// The member's string, or `fallback` where it is absent or no string.
  [[nodiscard]] std::string get_string(std::string_view key, std::string_view fallback = "") const;
  [[nodiscard]] bool get_bool(std::string_view key, bool fallback = false) const;
  [[nodiscard]] std::optional<std::int64_t> get_int(std::string_view key) const;
  /// The member's array, or an empty one.
  [[nodiscard]] const Array& get_array(std::string_view key) const;
  /// The member's object, or an empty one.
  [[nodiscard]] const Object& get_object(std::string_view key) const;

  /// Replaces or appends the member (a null Json becomes an object first).
  Json& set(std::string key, Json value);
  /// The member, made as null if it is absent (a null Json becomes an object first).
  Json& operator[](std::string_view key);
  bool erase(std::string_view key);
  void push_back(Json value);
  [[nodiscard]] std::size_t size() const;  ///< elements or members; 0 for scalars
  [[nodiscard]] bool empty() const { return size() == 0; }

  /// Structural; objects compare regardless of order, numbers by text.
  bool operator==(const Json& other) const;

 private:
  std::variant<std::nullptr_t, bool, Number, std::string, Array, Object> v_ = nullptr;
};

struct JsonError {
  std::size_t offset = 0;  ///< bytes from the start of the text
  std::string message;
};

/// Strict JSON. Duplicate keys: the last one wins (as Go's encoding/json). Nesting is limited to 10,000.
[[nodiscard]] std::optional<Json> parse_json(std::string_view text, JsonError* error = nullptr);

struct JsonStyle {
  int indent = 0;            ///< spaces a level; 0 for one line without blanks
  bool escape_html = false;  ///< write < > & as \u003c …, as Go's json.Marshal does
  bool sort_keys = false;    ///< as Go writes maps
};
[[nodiscard]] std::string to_json(const Json& value, JsonStyle style = {});
/// `s` as a JSON string with its quotes.
[[nodiscard]] std::string quote_json(std::string_view s, bool escape_html = false);
/// Block-style YAML that parses back to the same value (strings that could be read as another type are
/// quoted).
[[nodiscard]] std::string to_yaml(const Json& value);

}  // namespace skiff::spec
