// The registry of the language: every type and field that a user's document may hold, what travels in it, and
// what becomes of it without Kubernetes.
//
// The strict decoder, did-you-mean, `explain` and README's table of features all read this one table; its
// text is in schema_*.cc. Names and wire types are those of Argo v4.1.2 (pkg/apis/workflow/v1alpha1) and
// Kubernetes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skiff::spec {

/// What becomes of a field on a machine without Kubernetes.
enum class FeatureClass : std::uint8_t {
  works,     ///< M: as in Argo
  emulated,  ///< E: the same effect by other means
  ignored,   ///< I: accepted, without effect here; one warning
  cluster,   ///< N: needs Kubernetes itself; an error where it would matter
};
/// 'M', 'E', 'I' or 'N'.
[[nodiscard]] char letter(FeatureClass c);

/// What JSON a value may be, as Go's decoder takes it.
enum class Wire : std::uint8_t {
  string,
  any_string,  ///< string, number or boolean; becomes a string (v1alpha1/anystring.go)
  boolean,
  int32,
  int64,
  number,         ///< any JSON number (v1alpha1/amount.go)
  int_or_string,  ///< k8s intstr.IntOrString
  quantity,       ///< k8s resource.Quantity: string or number such as "64Mi", 0.5
  time,           ///< RFC 3339
  bytes,          ///< base64
  json,           ///< anything, kept as it is
  json_object,    ///< any mapping, kept as it is
  plugin,         ///< a mapping of exactly one key (v1alpha1/plugin_types.go)
  object,         ///< a type of this registry
};

enum class Shape : std::uint8_t { one, list, map, list_of_lists };

struct TypeInfo;

struct FieldInfo {
  std::string_view name;
  Wire wire = Wire::string;
  Shape shape = Shape::one;
  const TypeInfo* type = nullptr;  ///< for Wire::object
  FeatureClass feature = FeatureClass::works;
  std::string_view remark;  ///< a few words on what it does here; often empty
};

struct TypeInfo {
  std::string_view name;          ///< "Template", "k8s.Container"
  std::vector<FieldInfo> fields;  ///< sorted by name
  [[nodiscard]] const FieldInfo* find(std::string_view field) const;
};

/// What such a value is, for a sentence: "a string", "an integer or a string".
[[nodiscard]] std::string_view describe(Wire wire);
/// How the field is written for people: "string", "list of Template", "map of quantity".
[[nodiscard]] std::string describe(const FieldInfo& field);

/// All types, sorted by name.
[[nodiscard]] const std::vector<TypeInfo>& all_types();
/// The type of that name, or nullptr.
[[nodiscard]] const TypeInfo* find_type(std::string_view name);
/// The type of a document of that kind ("Workflow", "ConfigMap", …), or nullptr for a kind we do not know.
[[nodiscard]] const TypeInfo* type_of_kind(std::string_view kind);
/// One of the four kinds that `lint` checks: Workflow, WorkflowTemplate, ClusterWorkflowTemplate,
/// CronWorkflow.
[[nodiscard]] bool is_workflow_kind(std::string_view kind);

}  // namespace skiff::spec
