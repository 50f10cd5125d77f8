// The registry's classes as a table, and as the story of one document.
#include "spec/feature_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

namespace skiff::spec {

namespace {

constexpr std::array kOrder{FeatureClass::cluster, FeatureClass::ignored, FeatureClass::emulated,
                            FeatureClass::works};

std::string bare(std::string_view type) {
  return std::string(type.starts_with("k8s.") ? type.substr(4) : type);
}

/// What only the controller writes.
bool is_status(std::string_view type) {
  static constexpr std::array<std::string_view, 5> kStatus{"Condition", "MutexHolding", "SemaphoreHolding",
                                                           "NodeFlag", "k8s.ManagedFieldsEntry"};
  return type.ends_with("Status") || std::ranges::find(kStatus, type) != kStatus.end();
}

std::string fields_of(const TypeInfo& type, FeatureClass feature) {
  std::string text;
  for (const FieldInfo& field : type.fields) {
    if (field.feature == feature) text += fmt::format("{}{}", text.empty() ? "" : " ", field.name);
  }
  return text;
}

class Explainer {
 public:
  explicit Explainer(const Document& document) : document_(document) {}

  std::vector<UsedFeature> run() {
    if (const TypeInfo* type = type_of_kind(document_.kind())) object(document_.value(), *type, "");
    std::vector<UsedFeature> list;
    for (auto& [key, used] : used_) list.push_back(std::move(used));
    const auto rank = [](const UsedFeature& f) {
      const auto order = std::ranges::find(kOrder, f.feature) - kOrder.begin();
      return std::tuple(order, std::string_view(f.type), std::string_view(f.field));
    };
    std::ranges::sort(list, {}, rank);
    return list;
  }

 private:
  void object(const Json& value, const TypeInfo& type, const std::string& path) {
    if (!value.is_object()) return;
    for (const auto& [key, member] : value.as_object()) {
      const FieldInfo* field = type.find(key);
      if (field == nullptr || key == "apiVersion" || key == "kind" || key == "status") continue;
      const std::string here = child_path(path, key);
      note(type, *field, here);
      const bool moot = field->feature == FeatureClass::ignored || field->feature == FeatureClass::cluster;
      if (field->type != nullptr && !moot) below(member, *field, here);
    }
  }

  void below(const Json& value, const FieldInfo& field, const std::string& path) {
    if (value.is_array()) {
      std::size_t i = 0;
      for (const Json& item : value.as_array()) below(item, field, child_path(path, i++));
    } else if (field.shape == Shape::map && value.is_object()) {
      for (const auto& [key, item] : value.as_object()) object(item, *field.type, child_path(path, key));
    } else {
      object(value, *field.type, path);
    }
  }

  void note(const TypeInfo& type, const FieldInfo& field, const std::string& path) {
    UsedFeature& used = used_[{type.name, field.name}];
    if (used.count++ > 0) return;
    used.feature = field.feature;
    used.type = bare(type.name);
    used.field = field.name;
    used.remark = field.remark;
    used.path = path;
    used.mark = document_.where_key(path);
  }

  const Document& document_;
  std::map<std::pair<std::string_view, std::string_view>, UsedFeature> used_;
};

std::string_view heading(FeatureClass feature) {
  switch (feature) {
    case FeatureClass::works:
      return "Works as in Argo";
    case FeatureClass::emulated:
      return "Works by other means";
    case FeatureClass::ignored:
      return "Accepted, without effect here";
    case FeatureClass::cluster:
      return "Needs Kubernetes";
  }
  return "";
}

}  // namespace

std::string feature_summary() {
  std::array<std::size_t, 4> counts{};
  std::size_t fields = 0;
  for (const TypeInfo& type : all_types()) {
    for (const FieldInfo& field : type.fields) ++counts[static_cast<std::size_t>(field.feature)];
    fields += type.fields.size();
  }
  return fmt::format(
      "{} fields of {} types: {} work as in Argo, {} by other means, {} are accepted without effect, {} need "
      "Kubernetes.",
      fields, all_types().size(), counts[0], counts[1], counts[2], counts[3]);
}

std::string feature_table() {
  std::string table =
      "| type | works | by other means | without effect | needs Kubernetes |\n|---|---|---|---|---|\n";
  std::string remarks = "\n| field | remark |\n|---|---|\n";
  for (const TypeInfo& type : all_types()) {
    if (is_status(type.name) || type.fields.empty()) continue;
    table += fmt::format("| {} | {} | {} | {} | {} |\n", bare(type.name),
                         fields_of(type, FeatureClass::works), fields_of(type, FeatureClass::emulated),
                         fields_of(type, FeatureClass::ignored), fields_of(type, FeatureClass::cluster));
    for (const FieldInfo& field : type.fields) {
      if (!field.remark.empty()) {
        remarks += fmt::format("| {}.{} ({}) | {} |\n", bare(type.name), field.name, letter(field.feature),
                               field.remark);
      }
    }
  }
  return table + remarks;
}

std::vector<UsedFeature> explain(const Document& document) { return Explainer(document).run(); }

std::string explain_text(const Document& document) {
  const auto list = explain(document);
  std::string text =
      fmt::format("{} {}: {} features in use\n", document.kind(), document.name(), list.size());
  for (const FeatureClass feature : kOrder) {
    bool first = true;
    for (const UsedFeature& used : list) {
      if (used.feature != feature) continue;
      if (first) text += fmt::format("\n{}:\n", heading(feature));
      first = false;
      const std::string times = used.count > 1 ? fmt::format(" (×{})", used.count) : std::string();
      text += fmt::format("  {}:{}  {}.{}{}{}{}\n", document.file(), used.mark.line, used.type, used.field,
                          times, used.remark.empty() ? "" : ": ", used.remark);
    }
  }
  return text;
}

}  // namespace skiff::spec
