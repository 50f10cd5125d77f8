// The syntax tree of an expression. Nodes live in their Tree's arena and point at each other: a comparison
// chain a < b < c shares b, and the optimizer shares what it rewrites.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "spec/expr/value.h"

namespace re2 {
class RE2;
}

namespace skiff::spec::expr {

struct Builtin;

/// A place in the text, in bytes.
struct Place {
  std::size_t offset = 0;
  std::size_t length = 0;
};

enum class NodeKind : std::uint8_t {
  literal,      // value; nil, true, 1, 2.5, "s", b"s" and folded lists
  identifier,   // text; slot of a let variable
  unary,        // op; kids: operand
  binary,       // op; kids: left, right
  chain,        // kids: the member expression in which ?. may stop
  member,       // kids: base, property; optional
  slice,        // kids: base, from or null, to or null
  call,         // kids: callee, arguments...
  builtin,      // builtin; kids: arguments...
  predicate,    // kids: body
  pointer,      // text: "", "index", "acc"
  variable,     // text, slot; kids: value, body
  sequence,     // kids
  conditional,  // kids: condition, then, else
  array,        // kids
  map,          // kids: key, value, key, value...
};

enum class Op : std::uint8_t {
  none,
  not_,
  negate,
  plus,
  or_,
  and_,
  equal,
  not_equal,
  less,
  more,
  less_equal,
  more_equal,
  in,
  in_set,  // `in` with a list of constants of one kind, which expr-lang turns into a set
  matches,
  contains,
  starts_with,
  ends_with,
  range,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  power,
  coalesce,
};

[[nodiscard]] std::string_view op_text(Op op);

/// What the checker knows about an expression's value ("nature" in expr-lang). Unknown unless type or nil is
/// set.
struct Nature {
  const Type* type = nullptr;
  const Nature* elem = nullptr;  ///< of a list whose Go type says less; of a predicate: its result
  bool is_nil = false;           ///< the literal nil, or a top-level variable that is null

  [[nodiscard]] bool unknown() const { return !is_nil && (type == nullptr || type->kind == Kind::any); }
};

struct Node {
  NodeKind kind = NodeKind::literal;
  Op op = Op::none;
  bool optional = false;       ///< member: ?.
  bool is_call = false;        ///< member: its value is called
  bool throws = false;         ///< find made of filter(...)[0]: no match is an error
  bool as_int = false;         ///< equal: both sides are Go ints, anything else at run time is an error
  bool as_string = false;      ///< equal: the same for strings
  bool checked = false;        ///< nature is known
  int slot = -1;               ///< of a let variable
  std::int64_t threshold = 0;  ///< count: stop there
  Place place;
  const Builtin* builtin = nullptr;
  Node* map = nullptr;  ///< filter or find with the body of a map() around it
  Value value;
  std::string text;
  std::vector<Node*> kids;
  Nature nature;
  int depth = 1;                            ///< of the tree below
  std::shared_ptr<const re2::RE2> pattern;  ///< matches with a constant pattern
  // For the optimizer's walks: a node may hang in several places but is rewritten once.
  int walk = 0;
  Node* replaced_by = nullptr;

  [[nodiscard]] bool is_literal(Kind k) const { return kind == NodeKind::literal && value.kind() == k; }
  [[nodiscard]] bool is_int() const { return kind == NodeKind::literal && value.is_int(); }
};

struct Tree {
  std::string text;
  std::deque<Node> nodes;
  std::deque<Nature> natures;
  Node* root = nullptr;
  int slots = 0;  ///< how many let variables

  Node* add(NodeKind kind, Place place) {
    Node& n = nodes.emplace_back();
    n.kind = kind;
    n.place = place;
    return &n;
  }
};

}  // namespace skiff::spec::expr
