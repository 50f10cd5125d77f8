// Expressions inside tags. util/template/expression_template.go decides when an expression must have a result
// now and when its tag may stay: it asks which names of the scope the expression needs and which of them are
// not there yet.
#include "spec/tags_expr.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "spec/expr/environment.h"
#include "spec/expr/go_json.h"
#include "spec/expr/parser.h"
#include "spec/expr/program.h"
#include "spec/expr/unicode.h"

namespace skiff::spec {
namespace {

using expr::Node;
using expr::NodeKind;

/// Variables that come into being only later; an expression that needs one waits for it.
constexpr std::array<std::string_view, 8> kLate{"item",
                                                "retries",
                                                "lastRetry.exitCode",
                                                "lastRetry.status",
                                                "lastRetry.duration",
                                                "lastRetry.message",
                                                "workflow.status",
                                                "workflow.failures"};

/// Names that an expression refers to: identifiers, and member paths with constant names.
class References {
 public:
  explicit References(const Node& root) {
    collect_guarded(root);
    collect(root);
    reach(root);
  }
  std::vector<std::string> needed;  ///< those without a fallback by ?? or ?.
  std::set<std::string> reached;    ///< every path as far as it is constant, but not its beginnings
  bool everything = false;          ///< $env is used

 private:
  void collect_guarded(const Node& node) {
    if (node.kind == NodeKind::binary && node.op == expr::Op::coalesce) mark_members(*node.kids[0]);
    if (node.kind == NodeKind::member && node.optional && node.kids[0]->kind == NodeKind::member) {
      guarded_.insert(node.kids[0]);
    }
    for (const Node* kid : node.kids) {
      if (kid != nullptr) collect_guarded(*kid);
    }
  }

  void mark_members(const Node& node) {
    if (node.kind == NodeKind::member) guarded_.insert(&node);
    for (const Node* kid : node.kids) {
      if (kid != nullptr) mark_members(*kid);
    }
  }

  void collect(const Node& node) {
    for (const Node* kid : node.kids) {
      if (kid != nullptr) collect(*kid);
    }
    if (node.kind == NodeKind::identifier) {
      everything = everything || node.text == "$env";
      need(node.text);
    } else if (node.kind == NodeKind::member) {
      const auto [path, optional] = member_path(node);
      if (!path.empty() && !optional && !guarded_.contains(&node)) need(path);
    }
  }

  void reach(const Node& node) {
    if (std::string path = member_path(node).first; !path.empty()) {
      reached.insert(std::move(path));
      return;
    }
    for (const Node* kid : node.kids) {
      if (kid != nullptr) reach(*kid);
    }
  }

  void need(const std::string& name) {
    if (std::find(needed.begin(), needed.end(), name) == needed.end()) needed.push_back(name);
  }

  /// "a.b.c" for a.b['c'], and whether ?. occurs; empty if a part is computed.
  static std::pair<std::string, bool> member_path(const Node& node) {
    if (node.kind == NodeKind::identifier) return {node.text, false};
    if (node.kind == NodeKind::chain) {
      auto inner = member_path(*node.kids[0]);
      inner.second = true;
      return inner;
    }
    if (node.kind != NodeKind::member) return {};
    const Node& property = *node.kids[1];
    if (!property.is_literal(expr::Kind::string)) return {};
    auto [base, optional] = member_path(*node.kids[0]);
    if (base.empty()) return {};
    return {base + "." + property.value.as_string(), optional || node.optional};
  }

  std::set<const Node*> guarded_;
};

bool has_function(std::string_view path) {
  for (const auto& [name, value] : expr::argo_functions()) {
    if (name == path) return true;
    if (value.is_map() && path.starts_with(name) && path.size() > name.size() && path[name.size()] == '.') {
      return value.as_map().contains(path.substr(name.size() + 1));
    }
  }
  return false;
}

/// Whether the path leads somewhere in the nested environment, be it to nil.
bool is_known(const Scope& scope, const std::string& path) {
  if (has_function(path)) return true;
  const Known known = scope.known(path);
  return (known != Known::unknown && known != Known::artifact) || scope.has_prefix(path + ".");
}

bool must_resolve(std::string_view name, Unresolved rule) {
  if (rule == Unresolved::reject) return true;
  if (rule == Unresolved::keep) return false;
  return name == "steps" || name == "tasks" || name.starts_with("steps.") || name.starts_with("tasks.");
}

expr::Value value_of(const Scope::Entry& entry) {
  if (entry.known == Known::text) return entry.text;
  if (entry.known == Known::artifact) return expr::Value::from_json(entry.artifact);
  return {};
}

using Chosen = std::map<std::string_view, const Scope::Entry*>;

/// Puts in what stands at the path or under it, and of each beginning of the path as much as makes it a map.
void choose(Chosen& chosen, const Scope& scope, const std::string& path, bool artifacts) {
  chosen.merge(scope.visible(path + "."));
  for (std::size_t end = path.size(); end != std::string::npos;
       end = end == 0 ? end : path.rfind('.', end - 1)) {
    const std::string beginning = path.substr(0, end);
    const auto self = scope.first(beginning, artifacts);
    if (self && self->first == beginning) chosen.insert(*self);
    if (const auto under = scope.first(beginning + ".", artifacts)) chosen.insert(*under);
  }
}

/// The part of the scope that the expression can reach; all of it where that is not known.
expr::Value environment(const References* references, const Scope& scope, bool artifacts) {
  Chosen chosen;
  if (references == nullptr || references->everything) {
    chosen = scope.visible();
  } else {
    for (const std::string& path : references->reached) choose(chosen, scope, path, artifacts);
  }
  std::vector<std::pair<std::string_view, expr::Value>> variables;
  variables.reserve(chosen.size());
  for (const auto& [name, entry] : chosen) {
    if (entry->known == Known::artifact && !artifacts) continue;
    variables.emplace_back(name, value_of(*entry));
  }
  return expr::make_environment(variables, true);
}

Replacement failed(TagError::Kind kind, std::string message, std::string_view expression) {
  Replacement out;
  out.error = TagError{kind, std::move(message), "=" + std::string(expression)};
  return out;
}

std::string describe(const expr::Error& error, std::string_view text) {
  return "failed to evaluate expression: " + error.render(std::string(text));
}

/// What the result looks like inside a JSON string, decoded: strings as they are, the rest as compact JSON.
Replacement written(const expr::Value& value, std::string_view expression, bool may_stay) {
  auto json = expr::encode_json(value);
  if (!json.ok()) {
    if (may_stay) return {};
    return failed(TagError::Kind::expression,
                  "failed to marshal evaluated expression: " + json.error().message, expression);
  }
  Replacement out;
  out.text = std::move(json).value();
  if (out.text->starts_with('"')) {
    if (auto parsed = parse_json(*out.text); parsed && parsed->is_string())
      out.text = std::move(parsed->as_string());
  } else if (std::string trouble = json_trouble(*out.text); !trouble.empty()) {
    return failed(TagError::Kind::value,
                  "cannot finish template replacement because the result was invalid JSON: the value of {{=" +
                      std::string(expression) + "}} holds " + trouble,
                  expression);
  }
  return out;
}

}  // namespace

expr::Value expression_environment(std::string_view expression, const Scope& scope, bool artifacts) {
  const auto tree = expr::parse(expression);
  if (!tree.ok()) return environment(nullptr, scope, artifacts);
  const References references(*tree.value().root);
  return environment(&references, scope, artifacts);
}

Replacement replace_expression(std::string_view expression, const Scope& scope, Unresolved rule) {
  const auto tree = expr::parse(expression);
  if (!tree.ok()) return failed(TagError::Kind::expression, describe(tree.error(), expression), expression);
  const References references(*tree.value().root);
  bool missing = false;
  bool late = false;
  for (const std::string& name : references.needed) {
    if (is_known(scope, name)) continue;
    if (must_resolve(name, rule)) {
      return failed(TagError::Kind::missing, "failed to evaluate expression: " + name + " is missing",
                    expression);
    }
    missing = true;
    late = late || std::find(kLate.begin(), kLate.end(), name) != kLate.end();
  }
  const bool may_stay = missing || rule == Unresolved::keep;
  if (late) return {};
  const expr::Value env = environment(&references, scope, false);
  const auto result = expr::evaluate(expression, env);
  if (!result.ok()) {
    if (may_stay) return {};
    return failed(TagError::Kind::expression, describe(result.error(), expression), expression);
  }
  if (result.value().is_nil()) {
    if (may_stay) return {};
    return failed(TagError::Kind::expression,
                  "failed to evaluate expression " + quote_json(expression) + ": the result is nil",
                  expression);
  }
  return written(result.value(), expression, may_stay);
}

Evaluated evaluate_expression(std::string_view expression, const Scope& scope) {
  Evaluated out;
  const auto result = expr::evaluate(expression, expression_environment(expression, scope, true));
  if (!result.ok()) {
    out.error = result.error().render(std::string(expression));
    return out;
  }
  auto json = result.value().to_json();
  if (json.ok()) {
    out.value = std::move(json).value();
  } else {
    out.error = json.error().message;
  }
  return out;
}

std::string json_trouble(std::string_view text) {
  static const re2::RE2 printable("[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}]");
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) {
      const bool known = byte == '\b' || byte == '\f' || byte == '\n' || byte == '\r' || byte == '\t';
      if (!known)
        return "the control character " + std::to_string(byte) +
               (byte == 27 ? " (colours of a terminal?)" : "");
    }
    if (byte < 0x80) {
      ++i;
      continue;
    }
    const expr::Rune rune = expr::decode_rune(text.substr(i));
    if (rune.size == 1) return "bytes that are no UTF-8";
    if (rune.value > 0xFFFF &&
        !re2::RE2::FullMatch(re2::StringPiece(text.data() + i, rune.size), printable)) {
      return "a character that cannot be printed";
    }
    i += rune.size;
  }
  return "";
}

}  // namespace skiff::spec
