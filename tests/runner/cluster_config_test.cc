// The controller's configuration and the artifact repositories, from ConfigMaps to what a run gets of them.
#include <doctest/doctest.h>

#include "runner/cluster_config.h"

using namespace skiff::runner;
using skiff::spec::Json;

namespace {

Json j(std::string_view text) { return skiff::spec::parse_json(text).value(); }

/// ConfigMaps by "namespace/name".
ConfigMapLookup maps(Json all) {
  return [all = std::move(all)](const std::string& ns, const std::string& name) -> std::optional<Json> {
    const Json* found = all.find(ns + "/" + name);
    return found == nullptr ? std::nullopt : std::optional<Json>(*found);
  };
}

const char* const kRepositories = R"({"default/artifact-repositories":
  {"metadata":{"annotations":{"workflows.argoproj.io/default-artifact-repository":"main"}},
   "data":{"main":"s3:\n  bucket: b\n  keyFormat: k/{{pod.name}}\n","logs":"archiveLogs: true\n","bad":"- 1\n"}},
  "argo/shared":{"data":{"one":"gcs: {bucket: g}"}}})";

ResolvedRepository resolve(std::string_view ref, Json fallback = Json()) {
  RepositorySearch search{"default", "argo", std::move(fallback)};
  return resolve_repository(j(ref), search, maps(j(kRepositories)));
}

}  // namespace

TEST_CASE("a repository is found by its key, by the annotation, in the controller's namespace") {
  CHECK(to_json(resolve("null").status) ==
        R"({"configMap":"artifact-repositories","key":"main","namespace":"default",)"
        R"("artifactRepository":{"s3":{"bucket":"b","keyFormat":"k/{{pod.name}}"}}})");
  CHECK(resolve(R"({"key":"logs"})").status.get("artifactRepository").get_bool("archiveLogs"));
  const ResolvedRepository shared = resolve(R"({"configMap":"shared","key":"one"})");
  CHECK(shared.status.get_string("namespace") == "argo");
}

TEST_CASE("a reference to nothing is Argo's error; without a reference there is always the default") {
  CHECK(resolve(R"({"configMap":"no","key":"k"})").error ==
        "failed to find any artifact repository for artifact repository ref \"no#k\"");
  CHECK(resolve(R"({"key":"bad"})").error.find("failed to unmarshall config map key \"bad\"") !=
        std::string::npos);
  const ResolvedRepository none = resolve_repository(Json(), {"x", "argo", Json()}, maps(j(kRepositories)));
  CHECK(to_json(none.status) == R"({"default":true,"artifactRepository":{}})");
}

TEST_CASE("what a repository lays into templates") {
  const Json repository = j(R"({"s3":{"bucket":"b","keyPrefix":"p"}})");
  CHECK(to_json(archive_location_of(repository)) ==
        R"({"s3":{"bucket":"b","key":"p/{{workflow.name}}/{{pod.name}}"}})");
  const auto laid = [&](std::string_view tmpl, const Json& from, bool logs) {
    Json t = j(tmpl);
    lay_repository(t, skiff::spec::TemplateType::container, from, logs);
    return to_json(t.get("archiveLocation"));
  };
  CHECK(laid(R"({"container":{}})", repository, false) == "null");
  CHECK(laid(R"({"outputs":{"artifacts":[{"name":"a"}]}})", repository, true) ==
        R"({"s3":{"bucket":"b","key":"p/{{workflow.name}}/{{pod.name}}"},"archiveLogs":true})");
  CHECK(laid(R"({"archiveLocation":{"gcs":{"key":"own"}},"outputs":{"artifacts":[{"name":"a"}]}})",
             repository, false) == R"({"gcs":{"key":"own"}})");
  CHECK(laid(R"({"archiveLocation":{"archiveLogs":false}})", j(R"({"archiveLogs":true})"), false) ==
        R"({"archiveLogs":true})");
}

TEST_CASE("the configuration: an item a key or one for all, unknown keys, broken ones") {
  const ClusterConfig config =
      parse_cluster_config(j(R"({"data":{"parallelism":"3","navColor":"red","nonsense":"1",
            "workflowDefaults":"spec:\n  activeDeadlineSeconds: 9\n  arguments: {parameters: [{name: a, value: 1}]}\n"}})"));
  CHECK(config.error.empty());
  CHECK(config.limit("parallelism") == 3);
  CHECK(config.warnings.size() == 2);
  CHECK(config.values.get("workflowDefaults")
            .get("spec")
            .get("arguments")
            .get_array("parameters")[0]
            .get_string("value") == "1");
  CHECK(parse_cluster_config(j(R"({"data":{"config":"parallelism: 2"}})")).limit("parallelism") == 2);
  CHECK(parse_cluster_config(j(R"({"data":{"config":"a: 1","b":"2"}})")).error.find("only have one item") !=
        std::string::npos);
  CHECK(parse_cluster_config(j(R"({"data":{"workflowDefaults":"spec: {wrong: 1}\n"}})"))
            .error.find("spec.wrong") != std::string::npos);
}

TEST_CASE("defaults lie under the workflow; a run is refused where only references may run") {
  const ConfigMapLookup lookup = maps(j(
      R"({"argo/workflow-controller-configmap":{"data":{"workflowDefaults":"metadata: {labels: {a: x, b: x}}\nspec:\n  priority: 4\n  entrypoint: e\n",
            "workflowRestrictions":"templateReferencing: Strict\n"}}})"));
  const ClusterConfig config = find_cluster_config(lookup);
  Json own = j(R"({"metadata":{"labels":{"a":"mine"}},"spec":{"priority":1}})");
  apply_workflow_defaults(own, config);
  CHECK(to_json(own.get("metadata").get("labels")) == R"({"a":"mine","b":"x"})");
  CHECK(own.get("spec").get_int("priority") == 1);
  CHECK(own.get("spec").get_string("entrypoint") == "e");
  RunInput input;
  input.workflow = own;
  apply_cluster_config(input, config, lookup);
  CHECK(input.workflow.get("status").get_string("message").find("must use workflowTemplateRef") !=
        std::string::npos);
  input.workflow = j(R"({"spec":{"workflowTemplateRef":{"name":"t"}}})");
  apply_cluster_config(input, config, lookup);
  CHECK(input.workflow.get("status").get_string("phase").empty());
  CHECK(input.workflow.get("spec").get_int("priority") == 4);
}
