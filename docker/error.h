// What an engine call can end in besides its value: a typed Error, carried by Result<T>.
//
// Whatever an engine, a socket or a peer may legitimately do comes back as a value of this type; exceptions
// are left for a cancelled coroutine and for what cannot happen. Result is a class with constructors, not an
// aggregate: g++ 12 miscompiles aggregate temporaries next to co_await.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace skiff::docker {

enum class ErrorKind : std::uint8_t {
  not_found,     ///< 404: no such container, image, volume, path …
  conflict,      ///< 409: the name is taken, the container is in the wrong state
  bad_request,   ///< 400 and other 4xx: the engine refused what was asked
  unauthorized,  ///< 401, 403, or a registry that wants (other) credentials
  unsupported,   ///< 501, or a thing this engine cannot do (e.g. logs of log driver none)
  server,        ///< 5xx: the engine tried and failed; `message` is its own text
  version,       ///< no API version that both sides speak
  protocol,      ///< the answer was cut short or is not what the API describes
  unreachable,   ///< nobody listens, or the connection broke
  timeout,       ///< a short call took longer than Options::call_timeout
  cancelled,     ///< the awaiting coroutine was cancelled
  local,         ///< our side failed: a sink or source of bytes gave up, a credential helper did not run
};

/// The kind's name as written above, e.g. "not_found".
[[nodiscard]] std::string_view to_string(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::server;
  int status = 0;       ///< the HTTP status, 0 where no answer came
  std::string message;  ///< the engine's own words where it spoke, else what happened
  std::string asked;    ///< what was asked, for people: "create container skiff-x"

  /// One line for people: "cannot <asked>: <message>".
  [[nodiscard]] std::string text() const;
  bool operator==(const Error&) const = default;
};

/// Thrown by Result::value() when there is none; carries the Error.
class EngineFailure : public std::runtime_error {
 public:
  explicit EngineFailure(Error error) : std::runtime_error(error.text()), error_(std::move(error)) {}
  [[nodiscard]] const Error& error() const { return error_; }

 private:
  Error error_;
};

/// A value of T or the Error that came instead.
template <class T>
class [[nodiscard]] Result {
 public:
  /// Asio wants its results default-constructible (co_spawn with a future or an awaitable): an empty `local`
  /// Error.
  Result() : v_(std::in_place_index<1>, Error()) { std::get<1>(v_).kind = ErrorKind::local; }
  Result(T value) : v_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : v_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const { return v_.index() == 0; }
  explicit operator bool() const { return ok(); }
  /// True if this failed, and in that way.
  [[nodiscard]] bool is(ErrorKind kind) const { return !ok() && error().kind == kind; }

  /// The value; throws EngineFailure if there is none.
  [[nodiscard]] T& value() & { return check(), std::get<0>(v_); }
  [[nodiscard]] const T& value() const& { return check(), std::get<0>(v_); }
  [[nodiscard]] T&& value() && { return check(), std::get<0>(std::move(v_)); }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }
  /// Only if !ok().
  [[nodiscard]] const Error& error() const { return std::get<1>(v_); }

 private:
  void check() const {
    if (!ok()) throw EngineFailure(error());
  }
  std::variant<T, Error> v_;
};

/// Success without a value, or the Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] bool is(ErrorKind kind) const { return error_ && error_->kind == kind; }
  /// Throws EngineFailure if this failed.
  void value() const {
    if (error_) throw EngineFailure(*error_);
  }
  [[nodiscard]] const Error& error() const { return error_.value(); }

 private:
  std::optional<Error> error_;
};

}  // namespace skiff::docker
