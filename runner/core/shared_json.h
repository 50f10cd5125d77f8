// A JSON value that many hold and nobody changes: the template of 100,000 pods is there once.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "spec/json.h"

namespace skiff::runner {

/// Copies share the value, which lives as long as the last of them; reads as the Json that it holds. Null by
/// default. May be read by several threads.
class SharedJson {
 public:
  SharedJson() = default;
  SharedJson(spec::Json value)
      : value_(value.is_null() ? nullptr : std::make_shared<const spec::Json>(std::move(value))) {}
  /// Not null.
  SharedJson(std::shared_ptr<const spec::Json> value) : value_(std::move(value)) {}

  operator const spec::Json&() const { return value(); }
  [[nodiscard]] const spec::Json& value() const { return value_ ? *value_ : null_value(); }
  [[nodiscard]] bool is_null() const { return value().is_null(); }
  [[nodiscard]] const spec::Json& get(std::string_view key) const { return value().get(key); }
  [[nodiscard]] const spec::Json::Array& get_array(std::string_view key) const {
    return value().get_array(key);
  }
  [[nodiscard]] std::string get_string(std::string_view key, std::string_view fallback = "") const {
    return value().get_string(key, fallback);
  }
  [[nodiscard]] bool get_bool(std::string_view key) const { return value().get_bool(key); }

 private:
  [[nodiscard]] static const spec::Json& null_value() {
    static const spec::Json kNull;
    return kNull;
  }

  std::shared_ptr<const spec::Json> value_;
};

}  // namespace skiff::runner
