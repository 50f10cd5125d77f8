// JSON as Go's encoding/json reads and writes it, straight between text and expression values.
#pragma once

#include <string>
#include <string_view>

#include "spec/expr/limits.h"
#include "spec/expr/result.h"
#include "spec/expr/value.h"

namespace skiff::spec::expr {

struct EncodeStyle {
  int indent = 0;           ///< spaces a level, as json.MarshalIndent; 0 for json.Marshal
  bool escape_html = true;  ///< < > & as \u003c …
};

/// json.Marshal. What cannot be marshalled is named in the error.
[[nodiscard]] Result<std::string> encode_json(const Value& value, EncodeStyle style = {},
                                              Meter* meter = nullptr);

/// json.Unmarshal into an `any`: all numbers are floats, objects map[string]any, lists []any.
[[nodiscard]] Result<Value> decode_json(std::string_view text);

/// base64.StdEncoding.
[[nodiscard]] std::string encode_base64(std::string_view data);
/// Strict, but line ends inside are skipped, as in Go.
[[nodiscard]] Result<std::string> decode_base64(std::string_view text);

}  // namespace skiff::spec::expr
