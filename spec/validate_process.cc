// A template as Argo checks it: with values in place of its tags.
//
// What the caller gives and what the workflow knows is put in; for what only a run will know a stand-in is
// put in, a word that is valid wherever a word may stand (workflow/common ProcessArgs and SubstituteParams;
// Argo's placeholders look alike, so that the same names are refused).
#include <fmt/format.h>

#include <algorithm>

#include "spec/expr/parser.h"
#include "spec/validate_internal.h"

namespace skiff::spec::validation {
namespace {

constexpr std::string_view kStandIn = "__skiff__internal__placeholder-";

void set_text(Scope& scope, std::string_view prefix, const std::string& name, std::string_view suffix,
              std::string text) {
  scope.set(fmt::format("{}{}{}", prefix, name, suffix), std::move(text));
}

void add_paths(Scope& scope, const Json& inputs, const Json& outputs) {
  for (const Json& a : inputs.get_array("artifacts")) {
    const std::string path = text_of(a, "path");
    if (!path.empty()) set_text(scope, "inputs.artifacts.", a.get_string("name"), ".path", path);
  }
  for (const Json& a : outputs.get_array("artifacts")) {
    const std::string path = text_of(a, "path");
    if (!path.empty()) set_text(scope, "outputs.artifacts.", a.get_string("name"), ".path", path);
  }
  for (const Json& p : outputs.get_array("parameters")) {
    const std::string path = text_of(p.get("valueFrom"), "path");
    if (!path.empty()) set_text(scope, "outputs.parameters.", p.get_string("name"), ".path", path);
  }
}

/// The text with a blank after the braces of expressions that cannot be read: a tag that no value is for.
std::string without_broken_expressions(std::string_view text) {
  std::string out;
  std::size_t from = 0;
  for_each_tag(text, [&](const Tag& tag) {
    if (!tag.expression || !tag.closed || expr::parse(tag.name).ok()) return;
    out.append(text, from, tag.offset + 2 - from).append(" ");
    from = tag.offset + 2;
  });
  return out.append(text, from);
}

/// Argo leaves them alone while it validates; elsewhere they are errors (util/template
/// expressionReplaceCore).
void hide_broken_expressions(Json& tree) {
  if (tree.is_string()) {
    if (tree.as_string().find("{{=") != std::string::npos) {
      tree = Json(without_broken_expressions(tree.as_string()));
    }
  } else if (tree.is_array()) {
    for (Json& e : tree.as_array()) hide_broken_expressions(e);
  } else if (tree.is_object()) {
    for (auto& [key, value] : tree.as_object()) hide_broken_expressions(value);
  }
}

/// What the caller gives can hold tags of its own: they are looked at where the inputs stand.
bool gives_tags(const Arguments& arguments, const Json& inputs) {
  return !arguments.stand_ins() && inputs.is_object() && !inputs.as_object().empty() &&
         tree_has_tags(*arguments.json);
}

}  // namespace

std::string Validator::stand_in(std::string meaning) {
  const auto [it, fresh] = stand_in_of_.try_emplace(std::move(meaning));
  if (fresh) {
    it->second = fmt::format("{}{}", kStandIn, meanings_.size());
    meanings_.push_back(it->first);
  }
  return it->second;
}

bool Validator::is_stand_in(std::string_view text) { return text.starts_with(kStandIn); }
bool Validator::holds_stand_in(std::string_view text) {
  return text.find(kStandIn) != std::string_view::npos;
}

std::string Validator::without_stand_ins(std::string_view text) {
  std::string out;
  for (std::size_t at = text.find(kStandIn); at != std::string_view::npos; at = text.find(kStandIn)) {
    out += text.substr(0, at);
    out += 'x';
    text.remove_prefix(at + kStandIn.size());
    text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
  }
  return out += text;
}

std::string Validator::readable(std::string_view text) const {
  std::string out;
  for (std::size_t at = text.find(kStandIn); at != std::string_view::npos; at = text.find(kStandIn)) {
    out += text.substr(0, at);
    text.remove_prefix(at + kStandIn.size());
    std::size_t number = 0;
    while (!text.empty() && text[0] >= '0' && text[0] <= '9' && number <= meanings_.size()) {
      number = number * 10 + static_cast<std::size_t>(text[0] - '0');
      text.remove_prefix(1);
    }
    if (number < meanings_.size()) out += "{{" + meanings_[number] + "}}";
  }
  return out += text;
}

/// The inputs get what the caller gives them; an artifact takes the place of the input's own.
void Validator::put_inputs(Json& copy, const Arguments& arguments) {
  Json* inputs = copy.find("inputs");
  if (inputs == nullptr || !inputs->is_object()) return;
  if (Json* list = inputs->find("parameters"); list != nullptr && list->is_array()) {
    for (Json& p : list->as_array()) {
      if (!p.is_object()) continue;
      if (!present(p, "value") && present(p, "default")) p.set("value", p.get("default"));
      const std::string name = p.get_string("name");
      if (arguments.stand_ins()) {
        p.set("value", stand_in("inputs.parameters." + name));
        p.erase("valueFrom");
      } else if (const Json* a = find_named(arguments.json->get_array("parameters"), name)) {
        const bool value = present(*a, "value");
        p.erase(value ? "valueFrom" : "value");
        const std::string_view key = value ? "value" : "valueFrom";
        p.set(std::string(key), a->get(key));
      }
    }
  }
  Json* list = inputs->find("artifacts");
  if (list == nullptr || !list->is_array()) return;
  for (Json& in : list->as_array()) {
    const Json* given = nullptr;
    if (!arguments.stand_ins())
      given = find_named(arguments.json->get_array("artifacts"), in.get_string("name"));
    if (given == nullptr && !arguments.stand_ins()) continue;
    Json merged = given != nullptr ? *given : Json::object();
    for (const std::string_view key : {"name", "path", "mode", "recurseMode"}) {
      if (present(in, key)) merged.set(std::string(key), in.get(key));
    }
    in = std::move(merged);
  }
}

std::optional<Processed> Validator::process(const TemplateView& t, const Arguments& arguments,
                                            const Site& caller) {
  Processed p;
  p.written = t.json;
  if (!tree_has_tags(*t.json) && !gives_tags(arguments, t.json->get("inputs"))) return p;
  p.own = *t.json;
  put_inputs(*p.own, arguments);
  hide_broken_expressions(*p.own);

  Scope local(&globals_);
  if (is_pod_type(template_type(*t.json))) local.set("pod.name", stand_in("pod.name"));
  if (present(*t.json, "retryStrategy")) {
    for (const std::string_view name :
         {"retries", "lastRetry.exitCode", "lastRetry.status", "lastRetry.duration", "lastRetry.message"}) {
      local.set(std::string(name), stand_in(std::string(name)));
    }
  }
  std::optional<TagError> wrong = substitute_in_place(*p.own, local, Unresolved::keep);
  if (!wrong) {
    for (const Json& in : p.own->get("inputs").get_array("parameters")) {
      if (present(in, "value")) {
        set_text(local, "inputs.parameters.", in.get_string("name"), "", text_of(in, "value"));
      }
    }
    local.set("inputs.parameters", stand_in("inputs.parameters"));
    add_paths(local, p.own->get("inputs"), p.own->get("outputs"));
    hide_broken_expressions(*p.own);  // a value may have brought one
    wrong = substitute_in_place(*p.own, local, Unresolved::keep);
  }
  if (wrong) {
    error("template-substitution", caller, fmt::format("{}: {}", t.who, wrong->message));
    return std::nullopt;
  }
  return p;
}

}  // namespace skiff::spec::validation
