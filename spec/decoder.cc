// The strict decoder: every value against its type, coerced as Go's decoder would, refused where Go refuses.
#include "spec/decoder.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <limits>

namespace skiff::spec {

namespace {

std::string_view kind_of(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::null:
      return "null";
    case Json::Kind::boolean:
      return "a boolean";
    case Json::Kind::number:
      return "a number";
    case Json::Kind::string:
      return "a string";
    case Json::Kind::array:
      return "a list";
    case Json::Kind::object:
      return "a mapping";
  }
  return "a value";
}

bool is_quantity(const std::string& text) {
  static const RE2 kQuantity(R"([+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?)");
  const std::size_t begin = text.find_first_not_of(" \t");  // Go trims it
  if (begin == std::string::npos) return false;
  const std::string_view quantity(text.data() + begin, text.find_last_not_of(" \t") + 1 - begin);
  return RE2::FullMatch(quantity, kQuantity);
}

bool is_time(const std::string& text) {
  static const RE2 kTime(R"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d))");
  return RE2::FullMatch(text, kTime);
}

bool is_base64(const std::string& text) {
  static const RE2 kBase64(R"(([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)");
  std::string plain = text;
  std::erase_if(plain, [](char c) { return c == '\n' || c == '\r'; });
  return RE2::FullMatch(plain, kBase64);
}

bool fits(const Json& number, Wire wire) {
  const auto n = number.as_int64();
  if (!n || number.number_text().find_first_of(".eE") != std::string::npos) return false;
  if (wire == Wire::int64) return true;
  return *n >= std::numeric_limits<std::int32_t>::min() && *n <= std::numeric_limits<std::int32_t>::max();
}

/// What a scalar was in the text, shortened for a message.
std::string shown(const Node& node) {
  constexpr std::size_t kMost = 40;
  const std::string_view text = node.text();
  if (text.size() <= kMost && text.find('\n') == std::string_view::npos) return std::string(text);
  return std::string(text.substr(0, std::min({kMost, text.find('\n'), text.size()}))) + "…";
}

}  // namespace

Json Decoder::decode_root(const TypeInfo& type) {
  // An event binding is decoded strictly, and no more (cmd/argo/lint).
  foreign_ = !is_workflow_kind(document_.kind()) && document_.kind() != "WorkflowEventBinding";
  return object(document_.root(), type);
}

Json Decoder::object(const Node& node, const TypeInfo& type) {
  if (!node.is_mapping()) {
    wrong_type(node, FieldInfo{"", Wire::object, Shape::one, &type, FeatureClass::works, {}}, "a mapping");
    return Json::object();
  }
  types_.push_back(&type);
  Json result = Json::object();
  result.as_object().reserve(node.size());
  for (std::size_t i = 0; i < node.size(); ++i) {
    const std::string_view key = node.key(i).text();
    const FieldInfo* field = type.find(key);
    if (field == nullptr) {
      unknown(node, i, type, result);
      continue;
    }
    const Node value = node.value(i);
    if (value.is_null() && field->wire != Wire::json) continue;  // to Go's decoder null is "not set"
    path_.emplace_back(field->name);
    if (key == "onExit" && (type.name == "WorkflowStep" || type.name == "DAGTask")) {
      report(
          node.key(i), Severity::warning, "deprecated-field",
          "`onExit` of a step or task is the spelling of Argo 3",
          fmt::format("write hooks: {{exit: {{template: {}}}}}, or let skiff convert do it", value.text()));
    }
    Json decoded = shaped(value, *field);
    path_.pop_back();
    if (!decoded.is_null() || field->wire == Wire::json) {
      result.as_object().emplace_back(std::string(key), std::move(decoded));
    }
  }
  types_.pop_back();
  return result;
}

Json Decoder::shaped(const Node& node, const FieldInfo& field) {
  switch (field.shape) {
    case Shape::one:
      return one(node, field);
    case Shape::map:
      return map(node, field);
    case Shape::list:
      return list(node, field, Shape::one);
    case Shape::list_of_lists:
      return list(node, field, Shape::list);
  }
  return nullptr;
}

Json Decoder::list(const Node& node, const FieldInfo& field, Shape items) {
  if (!node.is_sequence()) {
    if (items == Shape::one && field.shape == Shape::list_of_lists && node.is_mapping()) {
      report(
          node, Severity::error, "wrong-type",
          fmt::format("`{}` is a list of steps that run in parallel, and this is a single mapping", label()),
          "steps are lists in a list: begin the first step of each group with `- - name:`");
    } else {
      wrong_type(node, field, "a list");
    }
    return nullptr;
  }
  const bool outer_leniency = lenient_;
  lenient_ = lenient_ || items == Shape::list;  // ParallelSteps has a decoder of its own, which is lax inside
  Json::Array result;
  result.reserve(node.size());
  for (std::size_t i = 0; i < node.size(); ++i) {
    const Node item = node.item(i);
    path_.emplace_back(i);
    if (item.is_null() && field.wire != Wire::json) {
      result.push_back(items == Shape::list         ? Json::array()
                       : field.wire == Wire::object ? Json::object()
                                                    : Json(""));
    } else {
      Json decoded = items == Shape::list ? list(item, field, Shape::one) : one(item, field);
      result.push_back(std::move(decoded));
    }
    path_.pop_back();
  }
  lenient_ = outer_leniency;
  return result;
}

Json Decoder::map(const Node& node, const FieldInfo& field) {
  if (!node.is_mapping()) {
    wrong_type(node, field, "a mapping");
    return nullptr;
  }
  Json result = Json::object();
  std::vector<std::string> keys;  // path_ refers to them
  keys.reserve(node.size());
  result.as_object().reserve(node.size());
  for (std::size_t i = 0; i < node.size(); ++i) {
    keys.push_back(key_string(node.key(i)));
    const Node value = node.value(i);
    path_.emplace_back(std::string_view(keys.back()));
    Json decoded = value.is_null() && field.wire != Wire::json ? Json("") : one(value, field);
    if (value.is_null() && field.wire == Wire::object) decoded = Json::object();
    path_.pop_back();
    result.as_object().emplace_back(keys.back(), std::move(decoded));
  }
  return result;
}

Json Decoder::one(const Node& node, const FieldInfo& field) {
  switch (field.wire) {
    case Wire::object:
      return object(node, *field.type);
    case Wire::json:
    case Wire::json_object:
      return to_json_value(node);
    case Wire::plugin:
      return plugin(node);
    case Wire::any_string:
      return any_string_field(node);
    default:
      return scalar(node, field);
  }
}

Json Decoder::plugin(const Node& node) {
  if (!node.is_mapping() || node.size() != 1) {
    const std::size_t count = node.is_mapping() ? node.size() : 0;
    report(node, Severity::error, "plugin", fmt::format("`{}` takes exactly one key, not {}", label(), count),
           "the key is the plugin's name");
  }
  return to_json_value(node);
}

Json Decoder::any_string_field(const Node& node) {
  if (node.is_sequence() || node.is_mapping()) {
    report(node, Severity::warning, "value-not-a-string",
           fmt::format("`{}` is {}, which Argo reads as the empty string", label(),
                       node.is_sequence() ? "a list" : "a mapping"),
           "write it as JSON in quotes: '[1, 2]'");
    return "";
  }
  return any_string(scalar_value(node));
}

Json Decoder::scalar(const Node& node, const FieldInfo& field) {
  if (node.is_sequence() || node.is_mapping()) {
    wrong_type(node, field, describe(field.wire));
    return nullptr;
  }
  Json value = scalar_value(node);
  bool right = false;
  switch (field.wire) {
    case Wire::boolean:
      right = value.is_bool();
      break;
    case Wire::int32:
    case Wire::int64:
      right = value.is_number() && fits(value, field.wire);
      break;
    case Wire::number:
      right = value.is_number();
      break;
    case Wire::int_or_string:
      right = value.is_string() || (value.is_number() && fits(value, Wire::int32));
      break;
    case Wire::quantity:
      right = value.is_string() || value.is_number();
      if (value.is_number()) value = Json(value.number_text());
      break;
    default:
      right = value.is_string();
      break;
  }
  if (!right && field.wire == Wire::string && value.is_bool() && node.text().size() == 1) {
    report(node, Severity::warning, "yaml-boolean",
           fmt::format("`{}` is `{}`, a boolean to Argo's YAML 1.1 decoder, which refuses it here", label(),
                       node.text()),
           fmt::format("quote it: \"{}\"", node.text()));
    return node.text();
  }
  if (!right && field.wire == Wire::number) {  // v1alpha1/amount.go keeps any literal
    report(node, Severity::warning, "not-a-number",
           fmt::format("`{}` is no number: `{}`; Argo takes it and measures nothing", label(), shown(node)),
           "");
    return value;
  }
  if (!right) {
    wrong_type(node, field, describe(field.wire));
    return foreign_ && field.wire == Wire::string ? Json(any_string(value)) : Json();
  }
  check_string(node, field, value);
  return value;
}

void Decoder::check_string(const Node& node, const FieldInfo& field, const Json& value) {
  if (!value.is_string()) return;
  const std::string& text = value.as_string();
  if (field.wire == Wire::quantity && !is_quantity(text)) {
    const bool tag = text.find("{{") != std::string::npos;
    report(node, Severity::error, "bad-quantity",
           fmt::format("`{}` is no quantity: `{}`", label(), shown(node)),
           tag ? "resources take no {{tags}}; set them with podSpecPatch"
               : "quantities are numbers with a unit: 500m, 0.5, 64Mi, 2Gi");
  } else if (field.wire == Wire::time && !is_time(text)) {
    report(node, Severity::error, "bad-time", fmt::format("`{}` is no time: `{}`", label(), shown(node)),
           "write it as 2026-01-31T12:00:00Z");
  } else if (field.wire == Wire::bytes && !is_base64(text)) {
    report(
        node, Severity::error, "bad-base64", fmt::format("`{}` is not base64", label()),
        document_.kind() == "Secret" ? "give plain text under stringData instead" : "encode it: base64 -w0");
  }
}

void Decoder::wrong_type(const Node& node, const FieldInfo& field, std::string_view wanted) {
  const Json value = node.is_sequence()  ? Json::array()
                     : node.is_mapping() ? Json::object()
                                         : scalar_value(node);
  const bool scalar = !value.is_array() && !value.is_object();
  std::string what(kind_of(value));
  if (scalar && !value.is_null()) what = fmt::format("`{}` is {}", shown(node), what);
  if (!scalar) what = "this is " + what;
  if (value.is_null()) what = "there is none";
  std::string hint;
  const bool wants_text = field.wire == Wire::string || field.wire == Wire::bytes || field.wire == Wire::time;
  if (scalar && !value.is_null() && wants_text && wanted != "a list" && wanted != "a mapping") {
    hint = fmt::format("quote it: \"{}\"", shown(node));
  } else if (value.is_string() && node.style() != Node::Style::plain && scalar_value(node).is_string() &&
             (field.wire == Wire::boolean || field.wire == Wire::int32 || field.wire == Wire::int64)) {
    hint = "take the quotes away";
  } else if (wanted == "a list" && scalar && !value.is_null()) {
    hint = fmt::format("write [{}]", shown(node));
  } else if (wanted == "a list" && value.is_object() && field.type != nullptr &&
             field.type->find("name") != nullptr) {
    hint = "write one entry a line as `- name: …`";
  } else if (wanted == "a list" && value.is_object()) {
    hint = "begin each entry with `- `";
  }
  report(node, Severity::error, "wrong-type", fmt::format("`{}` must be {}, and {}", label(), wanted, what),
         std::move(hint));
}

void Decoder::report(const Node& at, Severity severity, std::string rule, std::string message,
                     std::string hint) {
  if (foreign_ && severity == Severity::error) severity = Severity::warning;
  std::string where = path();
  Mark mark = at.mark();
  if (!at.is_scalar() && !at.is_flow()) mark = document_.where(where);
  out_.push_back({severity, std::move(rule), std::move(message), document_.file(), mark, std::move(where),
                  std::move(hint)});
}

std::string Decoder::path() const {
  std::string text;
  for (const Step& step : path_) {
    text = std::holds_alternative<std::size_t>(step) ? child_path(text, std::get<std::size_t>(step))
                                                     : child_path(text, std::get<std::string_view>(step));
  }
  return text;
}

std::string Decoder::label() const {
  std::size_t begin = path_.size();
  for (std::size_t names = 0; begin > 0 && names < 2;) {
    --begin;
    if (std::holds_alternative<std::string_view>(path_[begin])) ++names;
  }
  std::string text;
  for (std::size_t i = begin; i < path_.size(); ++i) {
    text = std::holds_alternative<std::size_t>(path_[i])
               ? child_path(text, std::get<std::size_t>(path_[i]))
               : child_path(text, std::get<std::string_view>(path_[i]));
  }
  return text.empty() ? document_.kind() : text;
}

}  // namespace skiff::spec
