// A value or the reason why there is none: what compiling and running expressions answers with.
#pragma once

#include <cassert>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>

namespace skiff::spec::expr {

/// Why an expression could not be compiled or evaluated.
struct Error {
  std::string message;     ///< one line, lower case, no position
  std::string hint;        ///< what to write instead; empty where nothing is known
  std::size_t offset = 0;  ///< byte offset into the expression's text
  std::size_t length = 0;  ///< bytes; 0 where the place is not known
  bool has_place = false;  ///< whether offset and length mean anything
  /// Message, text with a caret under the place, and hint, over several lines without a final newline.
  [[nodiscard]] std::string render(const std::string& text) const;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : v_(std::move(value)) {}
  Result(Error error) : v_(std::move(error)) {}

  [[nodiscard]] bool ok() const { return v_.index() == 0; }
  explicit operator bool() const { return ok(); }
  /// The value; only if ok().
  [[nodiscard]] const T& value() const& { return std::get<0>(v_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(v_)); }
  /// The error; only if not ok().
  [[nodiscard]] const Error& error() const& { return std::get<1>(v_); }
  [[nodiscard]] Error&& error() && { return std::get<1>(std::move(v_)); }

 private:
  std::variant<T, Error> v_;
};

/// An error without a place, for functions that an expression calls: `return fail("bad base64")`.
[[nodiscard]] inline Error fail(std::string message, std::string hint = "") {
  return Error{.message = std::move(message), .hint = std::move(hint)};
}

}  // namespace skiff::spec::expr
