// One pass of tag replacement. The scanner finds "{{" and the next "}}" as fasttemplate does; each tag
// between them is looked up, kept or refused by util/template's rules.
#include "spec/tags.h"

#include <algorithm>

#include "spec/tags_expr.h"

namespace skiff::spec {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";

std::string_view without(std::string_view blanks, std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string_view trimmed(std::string_view text) { return without(" \t\n\v\f\r", text); }

/// Argo trims a tag as it stands in JSON, where a line's end or a tab is an escape and stays.
std::string_view name_in(std::string_view tag) { return without(" ", tag); }

TagError make_error(TagError::Kind kind, std::string message, std::string_view tag) {
  return {kind, std::move(message), std::string(tag)};
}

bool is_strict(std::string_view name, Unresolved rule) {
  if (rule == Unresolved::keep) return false;
  if (rule == Unresolved::reject) return true;
  if (name.find(".outputs.artifacts.") != std::string_view::npos) return false;
  return name == "steps" || name == "tasks" || name.starts_with("steps.") || name.starts_with("tasks.");
}

/// What to type instead, for the names that are most often wrong.
std::string missing_hint(std::string_view name, bool closed) {
  if (!closed) return ": the tag is not closed, }} is missing";
  if (name.starts_with("item.")) return ": the loop's item has no such key";
  if (name == "item") return ": there is no loop here";
  return "";
}

class Pass {
 public:
  Pass(const Scope& scope, Unresolved rule) : scope_(scope), rule_(rule) {}

  std::optional<TagError> error;

  /// Nothing where the text stays as it is.
  std::optional<std::string> text(std::string_view in) {
    std::size_t open = in.find(kOpen);
    if (open == std::string_view::npos) return std::nullopt;
    std::string out;
    std::size_t copied = 0;
    bool changed = false;
    while (open != std::string_view::npos && !error) {
      const std::size_t begin = open + kOpen.size();
      const std::size_t close = in.find(kClose, begin);
      const bool closed = close != std::string_view::npos;
      const std::string_view raw = in.substr(begin, closed ? close - begin : close);
      const auto replacement = tag(raw, closed);
      const std::size_t after = closed ? close + kClose.size() : in.size();
      if (replacement) {
        out.append(in, copied, open - copied);
        out += *replacement;
        copied = after;
        changed = true;
      }
      open = in.find(kOpen, after);
    }
    if (!changed || error) return std::nullopt;
    out.append(in, copied);
    return out;
  }

  void tree(Json& json) {
    if (error) return;
    if (json.is_string()) {
      if (auto replaced = text(json.as_string())) json = Json(std::move(*replaced));
    } else if (json.is_array()) {
      for (Json& element : json.as_array()) tree(element);
    } else if (json.is_object()) {
      object(json);
    }
  }

 private:
  void object(Json& json) {
    bool renamed = false;
    for (auto& [key, value] : json.as_object()) {
      tree(value);
      auto replaced = text(key);
      if (!replaced) continue;
      key = std::move(*replaced);
      renamed = true;
    }
    if (!renamed) return;
    Json unique = Json::object();  // two keys may have become one: the last wins
    for (auto& [key, value] : json.as_object()) unique.set(key, std::move(value));
    json = std::move(unique);
  }

  void fail(TagError::Kind kind, std::string message, std::string_view raw) {
    if (!error) error = make_error(kind, std::move(message), raw);
  }

  /// The text that takes the tag's place; nothing where it stays.
  std::optional<std::string> tag(std::string_view raw, bool closed) {
    if (!closed) {
      if (is_strict(name_in(raw), rule_)) unresolved(raw, false);
      return std::nullopt;
    }
    if (raw.starts_with('=')) {
      Replacement done = replace_expression(raw.substr(1), scope_, rule_);
      if (done.error) fail(done.error->kind, std::move(done.error->message), raw);
      return std::move(done.text);
    }
    const Scope::Entry* entry = scope_.find(name_in(raw));
    if (entry == nullptr || entry->known == Known::artifact) return nested(raw);
    if (entry->known == Known::absent) {
      fail(TagError::Kind::absent,
           "unable to substitute {{" + std::string(raw) +
               "}}: output is an absent optional (skipped/omitted node with no default)",
           raw);
      return std::nullopt;
    }
    return value(entry->text, raw);
  }

  std::optional<std::string> value(const std::string& text, std::string_view raw) {
    const std::string trouble = json_trouble(text);
    if (trouble.empty()) return text;
    fail(TagError::Kind::value,
         "cannot finish template replacement because the result was invalid JSON: the value of {{" +
             std::string(raw) + "}} holds " + trouble,
         raw);
    return std::nullopt;
  }

  std::optional<std::string> nested(std::string_view raw) {
    if (const auto inner = nested_name(raw)) {
      const Scope::Entry* entry = scope_.find(*inner);
      if (entry != nullptr && entry->known == Known::absent) {
        fail(TagError::Kind::absent,
             "unable to substitute nested tag {{" + std::string(raw) + "}}: " + quote_json(*inner) +
                 " is an absent optional",
             raw);
        return std::nullopt;
      }
      if (entry != nullptr && entry->known == Known::text) {
        const auto text = value(entry->text, raw);
        if (!text) return std::nullopt;
        return std::string(kOpen) + std::string(raw.substr(0, raw.size() - inner->size() - kOpen.size())) +
               *text;
      }
    }
    if (is_strict(name_in(raw), rule_)) unresolved(raw, true);
    return std::nullopt;
  }

  void unresolved(std::string_view raw, bool closed) {
    fail(
        TagError::Kind::missing,
        "failed to resolve {{" + std::string(raw) + (closed ? "}}" : "") + missing_hint(name_in(raw), closed),
        raw);
  }

  const Scope& scope_;
  Unresolved rule_;
};

}  // namespace

Substituted<Json> substitute(const Json& tree, const Scope& scope, Unresolved rule) {
  Substituted<Json> out{tree, std::nullopt};
  out.error = substitute_in_place(out.value, scope, rule);
  return out;
}

std::optional<TagError> substitute_in_place(Json& tree, const Scope& scope, Unresolved rule) {
  if (!tree_has_tags(tree)) return std::nullopt;
  Json work = tree;
  Pass pass(scope, rule);
  pass.tree(work);
  if (!pass.error) tree = std::move(work);
  return std::move(pass.error);
}

Substituted<std::string> substitute_text(std::string_view text, const Scope& scope, Unresolved rule) {
  Pass pass(scope, rule);
  auto replaced = pass.text(text);
  Substituted<std::string> out;
  out.value = replaced && !pass.error ? std::move(*replaced) : std::string(text);
  out.error = std::move(pass.error);
  return out;
}

bool has_tags(std::string_view text) { return text.find(kOpen) != std::string_view::npos; }

bool tree_has_tags(const Json& tree) {
  if (tree.is_string()) return has_tags(tree.as_string());
  if (tree.is_array()) {
    const Json::Array& elements = tree.as_array();
    return std::any_of(elements.begin(), elements.end(), tree_has_tags);
  }
  if (!tree.is_object()) return false;
  const Json::Object& members = tree.as_object();
  return std::any_of(members.begin(), members.end(),
                     [](const Json::Member& m) { return has_tags(m.first) || tree_has_tags(m.second); });
}

void for_each_tag(std::string_view text, const std::function<void(const Tag&)>& visit) {
  for (std::size_t open = text.find(kOpen); open != std::string_view::npos;) {
    const std::size_t begin = open + kOpen.size();
    const std::size_t close = text.find(kClose, begin);
    Tag tag;
    tag.offset = open;
    tag.closed = close != std::string_view::npos;
    tag.raw = text.substr(begin, tag.closed ? close - begin : close);
    tag.expression = tag.raw.starts_with('=');
    tag.name = tag.expression ? trimmed(tag.raw.substr(1)) : name_in(tag.raw);
    visit(tag);
    open = tag.closed ? text.find(kOpen, close + kClose.size()) : std::string_view::npos;
  }
}

void for_each_tag_in(const Json& tree, const std::function<void(const Tag&)>& visit) {
  if (tree.is_string()) for_each_tag(tree.as_string(), visit);
  if (tree.is_array()) {
    for (const Json& element : tree.as_array()) for_each_tag_in(element, visit);
  }
  if (!tree.is_object()) return;
  for (const auto& [key, value] : tree.as_object()) {
    for_each_tag(key, visit);
    for_each_tag_in(value, visit);
  }
}

std::optional<std::string_view> nested_name(std::string_view raw) {
  const std::size_t inner = raw.rfind(kOpen);
  if (inner == std::string_view::npos || inner == 0) return std::nullopt;
  return raw.substr(inner + kOpen.size());
}

std::string_view lone_name(std::string_view text) {
  if (text.size() < 4 || !text.starts_with(kOpen) || !text.ends_with(kClose)) return "";
  const std::string_view name = trimmed(text.substr(2, text.size() - 4));
  const bool more = name.find(kOpen) != std::string_view::npos || name.find(kClose) != std::string_view::npos;
  return more ? std::string_view() : name;
}

bool is_absent_reference(std::string_view text, const Scope& scope) {
  const std::string_view name = lone_name(text);
  return !name.empty() && scope.known(name) == Known::absent;
}

Reference resolve_reference(std::string_view text, const Scope& scope) {
  if (text.starts_with(kOpen)) text.remove_prefix(kOpen.size());
  if (text.ends_with(kClose)) text.remove_suffix(kClose.size());
  text = trimmed(text);
  Reference out;
  out.name = text;
  if (text.starts_with('=')) {
    Evaluated done = evaluate_expression(text.substr(1), scope);
    if (!done.error.empty()) {
      out.error = "Invalid expression: " + quote_json(text.substr(1)) + ": " + done.error;
    } else if (done.value.is_null()) {
      out.error = "Unable to resolve: " + quote_json(text);
    } else {
      out.value = std::move(done.value);
    }
    return out;
  }
  out.entry = scope.find(text);
  if (out.entry == nullptr) out.error = "Unable to resolve: " + quote_json(text);
  return out;
}

}  // namespace skiff::spec
