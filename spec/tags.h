// The `{{…}}` engine: replaces tags in a text or in every string (and key) of a JSON tree.
//
// Argo writes a template as JSON text, replaces the tags in that text by JSON-escaped values and reads it
// back; here the same results come from walking the tree. One call is one pass: a value that itself holds
// tags is not looked at again, and of `{{inputs.parameters.{{item}}}}` only the inner tag is replaced, the
// outer one by the next pass. `{{=…}}` is handed to the expression language. Errors of the user are values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/json.h"

namespace skiff::spec {

/// What a scope can say about a name.
enum class Known : std::uint8_t {
  unknown,   ///< never set
  absent,    ///< the output of a skipped or omitted node that has no default (nil in Argo's scope)
  text,      ///< a string, as all variables are
  artifact,  ///< an artifact object; only resolve_reference() and expressions evaluated with artifacts see it
};

/// The variables a node sees, by their dotted names; inner names hide those of `outer`.
class Scope {
 public:
  struct Entry {
    Known known = Known::unknown;
    std::string text;
    Json artifact;
  };

  Scope() = default;
  /// `outer` is not owned and must live as long as this scope; it may be null.
  explicit Scope(const Scope* outer) : outer_(outer) {}

  void set(std::string name, std::string value);
  void set_absent(std::string name);
  void set_artifact(std::string name, Json artifact);
  void erase(std::string_view name);  ///< in this scope only

  /// The entry, or nullptr where nobody ever set the name.
  [[nodiscard]] const Entry* find(std::string_view name) const;
  [[nodiscard]] Known known(std::string_view name) const;
  /// The text, if the name is known as text.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const;
  /// Every visible name that begins with `prefix` once, sorted bytewise; the pointers live until a scope of
  /// the chain is changed.
  [[nodiscard]] std::map<std::string_view, const Entry*> visible(std::string_view prefix = "") const;
  [[nodiscard]] bool has_prefix(std::string_view prefix) const;
  /// The first of them, leaving out artifacts if asked to.
  [[nodiscard]] std::optional<std::pair<std::string_view, const Entry*>> first(std::string_view prefix,
                                                                               bool artifacts) const;
  [[nodiscard]] const Scope* outer() const { return outer_; }

 private:
  const Scope* outer_ = nullptr;
  std::map<std::string, Entry, std::less<>> entries_;
};

/// What becomes of a tag whose name the scope does not know (util/template/simple_template.go).
enum class Unresolved : std::uint8_t {
  keep,            ///< stays in the text for a later pass: Argo's Replace(…, allowUnresolved=true)
  keep_but_steps,  ///< `steps.` and `tasks.` must resolve, other names stay: ReplaceStrictAny; artifacts stay
  reject,          ///< every tag must resolve: Replace(…, false), as for the items of a loop
};

struct TagError {
  enum class Kind : std::uint8_t {
    missing,     ///< a name nobody has set (yet): Argo tries the node again later
    absent,      ///< the output of a skipped node was used without a default: final
    expression,  ///< the `{{=…}}` does not compile, or failed when it ran
    value,       ///< the value cannot stand in JSON text (control characters, broken UTF-8)
  };
  Kind kind = Kind::missing;
  std::string message;  ///< begins with Argo's own words
  std::string tag;      ///< between the braces, as written
};

template <typename T>
struct Substituted {
  T value{};                      ///< the input unchanged where `error` is set
  std::optional<TagError> error;  ///< the first one met
  [[nodiscard]] explicit operator bool() const { return !error; }
};

/// One pass over a tree: strings and object keys. Trees without "{{" are copied as they are.
[[nodiscard]] Substituted<Json> substitute(const Json& tree, const Scope& scope, Unresolved rule);
/// The same without the copy; returns the first error and leaves the tree unchanged then.
[[nodiscard]] std::optional<TagError> substitute_in_place(Json& tree, const Scope& scope, Unresolved rule);
[[nodiscard]] Substituted<std::string> substitute_text(std::string_view text, const Scope& scope,
                                                       Unresolved rule);

/// Whether "{{" occurs anywhere; the question to ask before paying for a pass.
[[nodiscard]] bool has_tags(std::string_view text);
[[nodiscard]] bool tree_has_tags(const Json& tree);

/// One `{{…}}` as it stands in a text.
struct Tag {
  std::string_view raw;    ///< between the braces
  std::string_view name;   ///< without the white space around it, or the expression after `=`
  std::size_t offset = 0;  ///< of the opening braces, in bytes
  bool expression = false;
  bool closed = true;  ///< false where "}}" is missing: raw then goes to the end of the text
};
/// Tags in the order in which the engine meets them; an outer tag with a tag inside shows as `a.{{b`.
void for_each_tag(std::string_view text, const std::function<void(const Tag&)>& visit);
void for_each_tag_in(const Json& tree, const std::function<void(const Tag&)>& visit);
/// The inner name of a nested tag ("inputs.parameters.{{item" gives "item"), if there is one.
[[nodiscard]] std::optional<std::string_view> nested_name(std::string_view raw);

/// What `valueFrom.parameter` or `from` point to: one name, with or without its braces.
struct Reference {
  std::string name;                     ///< without braces and white space
  const Scope::Entry* entry = nullptr;  ///< null with an `error`, or where an expression was evaluated
  std::optional<Json> value;            ///< the result of `{{=…}}`
  std::string error;                    ///< `Unable to resolve: "…"`, or empty
};
[[nodiscard]] Reference resolve_reference(std::string_view text, const Scope& scope);
/// Whether the text is nothing but `{{name}}` and the name is an absent output; such an argument counts as
/// not given, so the input's own default steps in (workflow/controller/scope.go).
[[nodiscard]] bool is_absent_reference(std::string_view text, const Scope& scope);

/// The name in a text that is nothing but one `{{name}}`; "" of any other.
[[nodiscard]] std::string_view lone_name(std::string_view text);

/// The result of an expression (valueFrom.expression, fromExpression, retryStrategy.expression, hooks).
struct Evaluated {
  Json value;         ///< as Go's encoding/json writes it
  std::string error;  ///< empty when it went well; nil is no error
  [[nodiscard]] bool is_true() const { return value.is_bool() && value.as_bool(); }
};
[[nodiscard]] Evaluated evaluate_expression(std::string_view expression, const Scope& scope);

}  // namespace skiff::spec
