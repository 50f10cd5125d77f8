#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "spec/readers.h"

using skiff::spec::Diagnostics;
using skiff::spec::Node;
using skiff::spec::parse_documents;
using skiff::spec::ParseLimits;
using skiff::spec::read_plain_yaml;
using skiff::spec::Tree;
using skiff::spec::TreeBuilder;

namespace {

bool is_plain(const std::string& text) {
  Tree tree(text, "f");
  const ParseLimits limits;
  Diagnostics diagnostics;
  TreeBuilder builder(tree, limits, diagnostics);
  std::vector<Node> roots;
  return read_plain_yaml(tree, builder, 0, text.size(), roots);
}

/// A node with all that is known about it, so that two trees can be compared as text.
std::string dump(const Node& n) {
  std::string text = "(" + std::to_string(static_cast<int>(n.kind())) + "," +
                     std::to_string(static_cast<int>(n.style())) + "," + std::to_string(n.offset()) +
                     (n.is_flow() ? ",flow" : "") + " '" + std::string(n.text()) + "'";
  for (std::size_t i = 0; i < n.size(); ++i) {
    text += n.is_mapping() ? " " + dump(n.key(i)) + "=" + dump(n.value(i)) : " " + dump(n.item(i));
  }
  return text + ")";
}

std::string dump_file(const std::string& text, bool plain_reader) {
  ParseLimits limits;
  limits.plain_reader = plain_reader;
  const auto parsed = parse_documents(text, "f", limits);
  std::string out;
  for (const auto& document : parsed.documents) out += dump(document.root());
  for (const auto& d : parsed.diagnostics) out += d.rule;
  return out;
}

}  // namespace

TEST_CASE("the plain reader takes what workflows are made of, and agrees with yaml-cpp") {
  for (const std::string& text : std::vector<std::string>{
           "a: 1\n",
           "a: 1",
           "# c\n\na: x # c\nb:   'it''s'   # c\n\"c d\" : \"e\\n\\\"f\\\\\"\n",
           "a:\n  b:\n    c: d\n  e: f\ng:\n",
           "a:\n- 1\n- b: 2\n  c: 3\n-   d: 4\n    e: 5\n-\n- - x\n  - y\nz: -1\n",
           "a:\n  - - name: x\n      template: y\n    - name: z\n  - []\n",
           "a: [1, 'b', \"c\", {d: e, \"f\": [g]}, -h, i j]\nk: {}\n",
           "a: [1,\n    2,\n  3\n  ]\nb: {c: 1,\n  d: 2}\n",
           "a: |\n  one\n   two\n\n  three # no comment\n\n\nb: |-\n  x: y\n  - z\nc:\n- |\n  t\n",
           "a: ~\nb: null\nc: nul\nd: 'null'\n",
           "a: x:y\nb: http://z/#f\nc: a#b\n",
           "---\na: 1\n",
           "--- # c\na:\n  # c\n  b: 1\n # c\n",
           "a: 日本\n\"é\": x\n",
       }) {
    CAPTURE(text);
    CHECK(is_plain(text));
    CHECK(dump_file(text, true) == dump_file(text, false));
  }
}

TEST_CASE("the plain reader leaves everything else to yaml-cpp") {
  for (const std::string& text : std::vector<std::string>{
           "a: &x 1\nb: *x\n",
           "a: !!str 1\n",
           "a: one\n  two\n",
           "a: 'one\n  two'\n",
           "a: >\n  folded\n",
           "a: |+\n  kept\n\n",
           "a: |2\n   x\n",
           "a: \"\\u00e9\"\n",
           "a:\tb\n",
           "a: b: c\n",
           "a: {{x}}\n",
           "a: [1] x\n",
           "a: [1\n",
           "a: {b, c}\n",
           "a: [b: c]\n",
           "? a\n: b\n",
           "a: 1\n b: 2\n",
           "  a: 1\n",
           "a: @b\n",
           "text\n",
           "- a\nb: c\n",
           "a:\r\n  b: c\r\n",
           "--- {a: 1}\n",
           "a: 1\n...\n",
           "\xEF\xBB\xBF\xEF\xBB\xBFr: a\n",
       }) {
    CAPTURE(text);
    CHECK_FALSE(is_plain(text));
    CHECK(dump_file(text, true) == dump_file(text, false));
  }
}

TEST_CASE("a document that is given up leaves nothing behind") {
  const std::string text = "a: 1\na: 2\nb: [x, \"y\\n\"]\nc: &d e\n";
  const auto parsed = parse_documents(text, "f");
  CHECK(parsed.diagnostics.size() == 1);  // the duplicate is found once, not twice
  CHECK(dump_file(text, true) == dump_file(text, false));
}
