#include "spec/schema.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using skiff::spec::all_types;
using skiff::spec::describe;
using skiff::spec::FeatureClass;
using skiff::spec::FieldInfo;
using skiff::spec::find_type;
using skiff::spec::is_workflow_kind;
using skiff::spec::letter;
using skiff::spec::Shape;
using skiff::spec::type_of_kind;
using skiff::spec::TypeInfo;
using skiff::spec::Wire;

TEST_CASE("the registry holds the language") {
  std::size_t fields = 0;
  for (const TypeInfo& type : all_types()) fields += type.fields.size();
  CHECK(all_types().size() >= 217);
  CHECK(fields >= 1091);
}

TEST_CASE("types and fields are sorted and unique") {
  CHECK(std::ranges::is_sorted(all_types(), {}, &TypeInfo::name));
  for (const TypeInfo& type : all_types()) {
    CAPTURE(type.name);
    CHECK(std::ranges::is_sorted(type.fields, std::less_equal<>(), &FieldInfo::name) ==
          (type.fields.size() <= 1 ||
           std::ranges::adjacent_find(type.fields, {}, &FieldInfo::name) == type.fields.end()));
    CHECK(std::ranges::adjacent_find(type.fields, {}, &FieldInfo::name) == type.fields.end());
    for (const FieldInfo& field : type.fields) CHECK((field.wire == Wire::object) == (field.type != nullptr));
  }
}

TEST_CASE("every type is reached from a kind") {
  std::set<const TypeInfo*> seen;
  std::vector<const TypeInfo*> open;
  for (const char* kind : {"Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow",
                           "WorkflowEventBinding", "ConfigMap", "Secret", "PersistentVolumeClaim", "List"}) {
    REQUIRE(type_of_kind(kind) != nullptr);
    open.push_back(type_of_kind(kind));
  }
  while (!open.empty()) {
    const TypeInfo* type = open.back();
    open.pop_back();
    if (!seen.insert(type).second) continue;
    for (const FieldInfo& field : type->fields) {
      if (field.type != nullptr) open.push_back(field.type);
    }
  }
  for (const TypeInfo& type : all_types()) {
    CAPTURE(type.name);
    CHECK(seen.contains(&type));
  }
}

TEST_CASE("what a field carries") {
  const TypeInfo* tmpl = find_type("Template");
  REQUIRE(tmpl != nullptr);
  CHECK(tmpl->find("container")->type == find_type("k8s.Container"));
  CHECK(tmpl->find("steps")->shape == Shape::list_of_lists);
  CHECK(tmpl->find("plugin")->wire == Wire::plugin);
  CHECK(tmpl->find("activeDeadlineSeconds")->wire == Wire::int_or_string);
  CHECK(tmpl->find("nodeSelector")->feature == FeatureClass::ignored);
  CHECK(letter(tmpl->find("resource")->feature) == 'N');
  CHECK_FALSE(tmpl->find("resource")->remark.empty());
  CHECK(tmpl->find("Container") == nullptr);
  CHECK(find_type("Parameter")->find("value")->wire == Wire::any_string);
  CHECK(find_type("Parameter")->find("enum")->shape == Shape::list);
  CHECK(describe(*tmpl->find("steps")) == "list of lists of WorkflowStep");
  CHECK(describe(*find_type("k8s.ResourceRequirements")->find("limits")) == "map of quantity");
}

TEST_CASE("kinds") {
  CHECK(is_workflow_kind("CronWorkflow"));
  CHECK_FALSE(is_workflow_kind("ConfigMap"));
  CHECK(type_of_kind("Deployment") == nullptr);
}
