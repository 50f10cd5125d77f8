// A text by its lines: the outline that a reader's eye sees, whether or not it is valid YAML.
//
// In: text. Out: its lines with indentation, dashes, key and value, without blank lines, comments and the
// bodies of block scalars. Serves the explanations of malformed and misindented files; no parser is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skiff::spec {

/// One line of the outline. Columns are bytes and count from 0.
struct OutlineLine {
  std::size_t offset = 0;  ///< where the line begins in the text
  std::string_view text;   ///< without its end
  std::size_t indent = 0;  ///< the column of its first character
  std::size_t dashes = 0;  ///< how many `- ` it begins with
  std::size_t column = 0;  ///< the column of what follows the dashes
  std::string_view key;    ///< of `key: value`; empty for other lines
  std::string_view value;  ///< what follows, without comment; empty for `key:` alone
  std::size_t value_column = 0;
};

/// The outline of the bytes [begin, end) of `text`.
[[nodiscard]] std::vector<OutlineLine> outline(std::string_view text, std::size_t begin, std::size_t end);

/// "1 column", "4 columns".
[[nodiscard]] std::string count_columns(std::size_t n);

}  // namespace skiff::spec
