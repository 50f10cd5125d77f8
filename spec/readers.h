// The two ways from bytes to a tree: YAML through yaml-cpp's events, JSON through a reader of our own.
//
// In: a stretch of a tree's text that holds one YAML document (or a few, separated by `...`), or one JSON
// value. Out: events for the builder. What is malformed is thrown as DocumentError, in our own words.
#pragma once

#include <cstddef>
#include <vector>

#include "spec/tree.h"

namespace skiff::spec {

/// Reads the bytes [begin, end) of the tree's text and appends the roots of the documents in it.
/// Throws DocumentError; documents that ended before the error are kept.
void read_yaml(Tree& tree, TreeBuilder& builder, std::size_t begin, std::size_t end,
               std::vector<Node>& roots);

/// The same for the plain part of YAML (yaml_plain.cc), much faster. False, with nothing changed, if the text
/// goes beyond it or is malformed; then read_yaml has the word.
[[nodiscard]] bool read_plain_yaml(Tree& tree, TreeBuilder& builder, std::size_t begin, std::size_t end,
                                   std::vector<Node>& roots);

/// Reads one JSON value, strictly. Throws DocumentError.
void read_json(Tree& tree, TreeBuilder& builder, std::size_t begin, std::size_t end,
               std::vector<Node>& roots);

/// What is wrong with YAML text around `offset`, where a parser gave up with `parser_message`: a tab, bare
/// braces, an unclosed quote, an unquoted colon, an indentation that fits no line above (yaml_errors.cc).
[[nodiscard]] DocumentError explain_yaml_error(const Tree& tree, std::size_t begin, std::size_t end,
                                               std::size_t offset, std::string_view parser_message);

}  // namespace skiff::spec
