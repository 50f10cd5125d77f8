#include "runner/submit.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "spec/names.h"

using namespace skiff::runner;
using skiff::spec::parse_json;
using skiff::spec::to_json;

namespace {

Json j(const char* text) {
  auto v = parse_json(text);
  REQUIRE(v);
  return *v;
}

}  // namespace

TEST_CASE("-p goes before the file's parameters, as Argo orders them") {
  Json w = j(R"({"spec":{"arguments":{"parameters":[{"name":"a","value":"1"},{"name":"b","value":"2"}]}}})");
  SubmitOptions o;
  o.parameters = {{"b", "3"}, {"new", "4"}};
  apply_options(w, o);
  CHECK(to_json(w.get("spec").get("arguments").get("parameters")) ==
        R"([{"name":"b","value":"3"},{"name":"new","value":"4"},{"name":"a","value":"1"}])");
}

TEST_CASE("values of outputs may come in quotes") {
  CHECK(unquoted(R"("Hello, \"World\"!")") == "Hello, \"World\"!");
  CHECK(unquoted("`a\\n`") == "a\\n");
  CHECK(unquoted("'x'") == "x");
  for (const char* plain : {"", "\"", "YES", "'two'", "\"open", "\"a\"b\"", "`a`b`"})
    CHECK(unquoted(plain) == plain);
}

TEST_CASE("options reach metadata and spec") {
  Json w = j(R"({"metadata":{"generateName":"x-","labels":{"keep":"1"}},"spec":{"entrypoint":"old"}})");
  SubmitOptions o;
  o.name = "mine";
  o.entrypoint = "new";
  o.labels = parse_pairs("a=b,c=");
  apply_options(w, o);
  CHECK(w.get("metadata").get_string("name") == "mine");
  CHECK(to_json(w.get("metadata").get("labels")) == R"({"keep":"1","a":"b","c":""})");
  CHECK(w.get("spec").get_string("entrypoint") == "new");
  CHECK_THROWS_AS((void)parse_pairs("novalue"), std::invalid_argument);
}

TEST_CASE("--from makes a workflow that refers to its template") {
  const Json w = workflow_from("ClusterWorkflowTemplate", j(R"({"metadata":{"name":"build"}})"), {});
  CHECK(w.get("metadata").get_string("generateName") == "build-");
  CHECK(to_json(w.get("spec").get("workflowTemplateRef")) == R"({"name":"build","clusterScope":true})");
  CHECK(kind_of_word("cwft") == "ClusterWorkflowTemplate");
  CHECK(kind_of_word("nonsense").empty());
  const Json cron = workflow_from(
      "CronWorkflow", j(R"({"metadata":{"name":"c"},"spec":{"workflowMetadata":{"annotations":{"a":"b"}}}})"),
      {});
  CHECK(to_json(cron.get("metadata").get("annotations")) ==
        R"({"a":"b","workflows.argoproj.io/scheduled-time":"1970-01-01T00:00:00Z"})");
}

TEST_CASE("gathering follows references through templates") {
  const StoredLookup lookup = [](const std::string& kind, const std::string& name) -> std::optional<Json> {
    if (kind != "WorkflowTemplate") return std::nullopt;
    if (name == "main")
      return j(R"({"spec":{"entrypoint":"e","templates":[{"name":"e","steps":[[
        {"name":"s","templateRef":{"name":"lib","template":"t"}}]]}]}})");
    if (name == "lib")
      return j(R"({"spec":{"templates":[{"name":"t","dag":{"tasks":[
        {"name":"x","templateRef":{"name":"main","template":"e"}},
        {"name":"y","templateRef":{"name":"gone","template":"e"}}]}}]}})");
    return std::nullopt;
  };
  const StoredNames names = [](const std::string&) { return std::vector<std::string>{"main", "lib"}; };
  const RunInput input =
      gather_input(j(R"({"spec":{"workflowTemplateRef":{"name":"main"}}})"), lookup, names, Json::object());
  CHECK(input.workflow.get("spec").get_string("entrypoint") == "e");
  CHECK(input.stored_templates.size() == 2);
  CHECK(run_input_from(to_json(input)).stored_templates == input.stored_templates);
}

TEST_CASE("a reference whose name is computed may mean any stored template") {
  const StoredLookup lookup = [](const std::string&, const std::string&) { return j(R"({"spec":{}})"); };
  const StoredNames names = [](const std::string& kind) {
    return kind == "WorkflowTemplate" ? std::vector<std::string>{"a", "b"} : std::vector<std::string>{"c"};
  };
  const RunInput input = gather_input(
      j(R"({"spec":{"templates":[{"steps":[[{"templateRef":{"name":"{{item}}","template":"t"}}]]}]}})"),
      lookup, names, Json::object());
  CHECK(input.stored_templates.size() == 2);
}

TEST_CASE("identity: a namespace, a time") {
  Json w = j(R"({"metadata":{"generateName":"hello-"}})");
  give_identity(w, "uid-1", skiff::spec::TimePoint(std::chrono::seconds(0)));
  const Json& m = w.get("metadata");
  CHECK(m.get_string("uid") == "uid-1");
  CHECK(m.get_string("name").empty());
  CHECK(m.get_string("namespace") == "default");
  CHECK(m.get_string("creationTimestamp") == "1970-01-01T00:00:00Z");
}

TEST_CASE("a generated name that is taken is not used, if there is another") {
  std::uint64_t next = 0;
  const auto chance = [&next] { return next++; };
  const auto name = [](std::uint64_t random) { return skiff::spec::generated_name("a-", random); };
  Json metadata = j(R"({"generateName":"a-"})");
  give_free_name(metadata, chance, [&](const std::string& n) { return n == name(0) || n == name(1); });
  CHECK(metadata.get_string("name") == name(2));
  Json unlucky = j(R"({"generateName":"a-"})");
  next = 0;
  give_free_name(unlucky, chance, [](const std::string&) { return true; });
  CHECK(unlucky.get_string("name") == name(7));
  Json named = j(R"({"name":"mine","generateName":"a-"})");
  give_free_name(named, chance, [](const std::string&) { return true; });
  CHECK(named.get_string("name") == "mine");
}

TEST_CASE("resubmitted workflows forget what the controller wrote") {
  const Json w = resubmitted(j(R"({"metadata":{"name":"a","generateName":"a-","uid":"u",
      "labels":{"workflows.argoproj.io/phase":"Failed","mine":"1"}},"spec":{"shutdown":"Stop","entrypoint":"e"}})"));
  CHECK(to_json(w.get("metadata").get("labels")) ==
        R"({"mine":"1","workflows.argoproj.io/resubmitted-from-workflow":"a"})");
  CHECK(to_json(w.get("spec")) == R"({"entrypoint":"e"})");
}
