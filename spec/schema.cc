// Reads the registry's text (schema_*.cc) once, at the first question, into types that point at each other.
#include "spec/schema.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "spec/schema_text.h"

namespace skiff::spec {

namespace {

struct WireWord {
  std::string_view word;
  Wire wire;
};

constexpr std::array kWireWords{
    WireWord{"string", Wire::string},
    WireWord{"any_string", Wire::any_string},
    WireWord{"bool", Wire::boolean},
    WireWord{"int32", Wire::int32},
    WireWord{"int64", Wire::int64},
    WireWord{"number", Wire::number},
    WireWord{"int_or_string", Wire::int_or_string},
    WireWord{"quantity", Wire::quantity},
    WireWord{"time", Wire::time},
    WireWord{"bytes", Wire::bytes},
    WireWord{"json", Wire::json},
    WireWord{"json_object", Wire::json_object},
    WireWord{"plugin", Wire::plugin},
};

FeatureClass feature_of(char c) {
  switch (c) {
    case 'M':
      return FeatureClass::works;
    case 'E':
      return FeatureClass::emulated;
    case 'I':
      return FeatureClass::ignored;
    default:
      assert(c == 'N');
      return FeatureClass::cluster;
  }
}

bool eat(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

class Registry {
 public:
  Registry() {
    const std::array parts{
        std::span(kWorkflowTypes, kWorkflowTypesCount), std::span(kArtifactTypes, kArtifactTypesCount),
        std::span(kStatusTypes, kStatusTypesCount),     std::span(kPodTypes, kPodTypesCount),
        std::span(kVolumeTypes, kVolumeTypesCount),
    };
    std::vector<const TypeText*> texts;
    for (const auto& part : parts) {
      for (const TypeText& text : part) texts.push_back(&text);
    }
    std::ranges::sort(texts, {}, [](const TypeText* t) { return std::string_view(t->name); });
    types_.reserve(texts.size());  // fields point at types: they must not move
    for (const TypeText* text : texts) types_.push_back(TypeInfo{text->name, {}});
    for (std::size_t i = 0; i < texts.size(); ++i) read_fields(*texts[i], types_[i]);
    add_remarks();
  }

  const std::vector<TypeInfo>& types() const { return types_; }

  const TypeInfo* find(std::string_view name) const {
    const auto it = std::ranges::lower_bound(types_, name, {}, &TypeInfo::name);
    return it != types_.end() && it->name == name ? &*it : nullptr;
  }

 private:
  void read_fields(const TypeText& text, TypeInfo& type) {
    std::string_view rest = text.fields;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(' '), rest.size());
      type.fields.push_back(read_field(rest.substr(0, end), text.feature));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    std::ranges::sort(type.fields, {}, &FieldInfo::name);
  }

  FieldInfo read_field(std::string_view token, char feature) {
    FieldInfo field;
    const auto colon = token.find(':');
    field.name = token.substr(0, colon);
    std::string_view wire = token.substr(colon + 1);
    if (const auto slash = field.name.find('/'); slash != std::string_view::npos) {
      feature = field.name[slash + 1];
      field.name = field.name.substr(0, slash);
    }
    field.feature = feature_of(feature);
    if (eat(wire, "[][]")) {
      field.shape = Shape::list_of_lists;
    } else if (eat(wire, "[]")) {
      field.shape = Shape::list;
    } else if (eat(wire, "{}")) {
      field.shape = Shape::map;
    }
    const auto* const word = std::ranges::find(kWireWords, wire, &WireWord::word);
    if (word != kWireWords.end()) {
      field.wire = word->wire;
    } else {
      field.wire = Wire::object;
      field.type = find(wire);
      assert(field.type != nullptr);
    }
    return field;
  }

  void add_remarks() {
    for (const RemarkText& r : std::span(kRemarks, kRemarksCount)) {
      const std::string_view path = r.field;
      const auto dot = path.rfind('.');
      const auto type = std::ranges::lower_bound(types_, path.substr(0, dot), {}, &TypeInfo::name);
      assert(type != types_.end() && type->name == path.substr(0, dot));
      const auto field = std::ranges::find(type->fields, path.substr(dot + 1), &FieldInfo::name);
      assert(field != type->fields.end());
      field->remark = r.remark;
    }
  }

  std::vector<TypeInfo> types_;
};

const Registry& registry() {
  static const Registry the_registry;
  return the_registry;
}

}  // namespace

char letter(FeatureClass c) { return "MEIN"[static_cast<std::size_t>(c)]; }

const FieldInfo* TypeInfo::find(std::string_view field) const {
  const auto it = std::ranges::lower_bound(fields, field, {}, &FieldInfo::name);
  return it != fields.end() && it->name == field ? &*it : nullptr;
}

std::string_view describe(Wire wire) {
  switch (wire) {
    case Wire::string:
      return "a string";
    case Wire::any_string:
      return "a string, number or boolean";
    case Wire::boolean:
      return "true or false";
    case Wire::int32:
    case Wire::int64:
      return "an integer";
    case Wire::number:
      return "a number";
    case Wire::int_or_string:
      return "an integer or a string";
    case Wire::quantity:
      return "a quantity such as 500m or 64Mi";
    case Wire::time:
      return "a time such as 2026-01-31T12:00:00Z";
    case Wire::bytes:
      return "base64 text";
    case Wire::json:
      return "any value";
    case Wire::plugin:
      return "a mapping of one key";
    case Wire::json_object:
    case Wire::object:
      return "a mapping";
  }
  return "a value";
}

std::string describe(const FieldInfo& field) {
  std::string what;
  if (field.wire == Wire::object) {
    what = field.type->name.substr(field.type->name.starts_with("k8s.") ? 4 : 0);
  } else {
    const auto* const word = std::ranges::find(kWireWords, field.wire, &WireWord::wire);
    what = word->word;
  }
  switch (field.shape) {
    case Shape::one:
      return what;
    case Shape::list:
      return "list of " + what;
    case Shape::map:
      return "map of " + what;
    case Shape::list_of_lists:
      return "list of lists of " + what;
  }
  return what;
}

const std::vector<TypeInfo>& all_types() { return registry().types(); }

const TypeInfo* find_type(std::string_view name) { return registry().find(name); }

const TypeInfo* type_of_kind(std::string_view kind) {
  static constexpr std::array kArgo{"Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow",
                                    "WorkflowEventBinding"};
  static constexpr std::array kKubernetes{"ConfigMap", "Secret", "PersistentVolumeClaim", "List"};
  if (std::ranges::find(kArgo, kind) != kArgo.end()) return find_type(kind);
  if (std::ranges::find(kKubernetes, kind) != kKubernetes.end()) return find_type("k8s." + std::string(kind));
  return nullptr;
}

bool is_workflow_kind(std::string_view kind) {
  return kind == "Workflow" || kind == "WorkflowTemplate" || kind == "ClusterWorkflowTemplate" ||
         kind == "CronWorkflow";
}

}  // namespace skiff::spec
