#include "spec/feature_table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "spec/decode.h"

using skiff::spec::explain;
using skiff::spec::explain_text;
using skiff::spec::feature_summary;
using skiff::spec::feature_table;
using skiff::spec::FeatureClass;
using skiff::spec::Mark;
using skiff::spec::read_documents;
using skiff::spec::UsedFeature;

TEST_CASE("the table has a row for every type that a user writes") {
  const std::string table = feature_table();
  CHECK(table.find("| SuspendTemplate | duration |  |  |  |\n") != std::string::npos);
  CHECK(table.find("| Volume |") != std::string::npos);
  CHECK(table.find("| Template.plugin (N) |") != std::string::npos);
  CHECK(table.find("| NodeStatus |") == std::string::npos);
  CHECK(feature_summary().find(" types: ") != std::string::npos);
}

TEST_CASE("explain names each field in use once, with its first place") {
  const auto parsed = read_documents(
      "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: w-}\nspec:\n"
      "  entrypoint: a\n  nodeSelector: {disk: ssd}\n  templates:\n"
      "  - name: a\n    container: {image: x, ports: [{containerPort: 80}]}\n"
      "  - name: b\n    plugin: {p: {}}\n    container: {image: y}\n",
      "f.yaml");
  const auto list = explain(parsed.documents.at(0));
  const auto find = [&](const std::string& field) {
    const auto it = std::ranges::find(list, field, &UsedFeature::field);
    REQUIRE(it != list.end());
    return *it;
  };
  CHECK(list.front().field == "plugin");  // the worst comes first
  CHECK(find("nodeSelector").feature == FeatureClass::ignored);
  CHECK(find("nodeSelector").mark == Mark{6, 3});
  CHECK(find("image").count == 2);
  CHECK(find("image").path == "spec.templates[0].container.image");
  CHECK(std::ranges::count(list, std::string("containerPort"), &UsedFeature::field) == 0);
  CHECK(
      explain_text(parsed.documents[0]).find("f.yaml:6  WorkflowSpec.nodeSelector: there is one host only") !=
      std::string::npos);
}
