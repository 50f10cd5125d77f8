#include "runner/core/selector.h"

#include <fmt/format.h>

#include "runner/core/fields.h"

namespace skiff::runner {
namespace {

/// The next term up to an unescaped comma; `\,` `\=` and `\\` stand for themselves.
std::string_view take_term(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && text[end] != ',') end += text[end] == '\\' ? 2 : 1;
  end = std::min(end, text.size());
  const std::string_view term = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return term;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

std::string field_of(const spec::NodeStatus& n, const std::string& field) {
  const bool ref = n.template_ref.is_object();
  if (field == "displayName") return n.display_name;
  if (field == "templateName") return ref ? n.template_ref.get_string("template") : n.template_name;
  if (field == "phase") return std::string(spec::to_string(n.phase));
  if (field == "name") return n.name;
  if (field == "id") return n.id;
  if (field == "templateRef.name") return n.template_ref.get_string("name");
  if (field == "templateRef.template") return n.template_ref.get_string("template");
  constexpr std::string_view kBegin = "inputs.parameters.";
  constexpr std::string_view kEnd = ".value";
  if (!field.starts_with(kBegin) || !field.ends_with(kEnd)) return "";
  const std::string_view name =
      std::string_view(field).substr(kBegin.size(), field.size() - kBegin.size() - kEnd.size());
  const Json* parameter = find_named(n.inputs.get_array("parameters"), name);
  return parameter == nullptr ? "" : text_or_empty(parameter->get("value"));
}

}  // namespace

NodeSelector::NodeSelector(std::string_view text) {
  while (!text.empty()) {
    const std::string_view term = take_term(text);
    if (term.empty()) continue;
    const std::size_t at = term.find('=');
    if (at == std::string_view::npos || at == 0) {
      error_ = fmt::format(
          "invalid selector: '{}'; can't understand '{}' (write field=value, e.g. displayName=approve)", term,
          term);
      return;
    }
    const bool unequal = term[at - 1] == '!';
    const bool twice = at + 1 < term.size() && term[at + 1] == '=';
    terms_.push_back({unescaped(term.substr(0, unequal ? at - 1 : at)),
                      unescaped(term.substr(twice ? at + 2 : at + 1)), !unequal});
  }
}

bool NodeSelector::matches(const spec::NodeStatus& node) const {
  for (const Term& t : terms_) {
    if ((field_of(node, t.field) == t.value) != t.equal) return false;
  }
  return true;
}

}  // namespace skiff::runner
