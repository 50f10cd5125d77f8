#include "spec/decode.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "spec/decoder.h"

using skiff::spec::any_string;
using skiff::spec::convert_to_current;
using skiff::spec::decode_value;
using skiff::spec::Diagnostic;
using skiff::spec::Diagnostics;
using skiff::spec::edit_distance;
using skiff::spec::has_errors;
using skiff::spec::Json;
using skiff::spec::Mark;
using skiff::spec::parse_json;
using skiff::spec::ParsedFile;
using skiff::spec::read_documents;
using skiff::spec::Severity;
using skiff::spec::Strictness;
using skiff::spec::to_json;

namespace {

/// A workflow of one template, whose fields are the given lines (indented by four).
std::string workflow(const std::string& template_lines) {
  return "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata:\n  name: w\nspec:\n  entrypoint: main\n"
         "  templates:\n  - name: main\n" +
         template_lines;
}
constexpr std::uint32_t kTemplateLine = 9;  // the first line after that

Diagnostics findings(const std::string& text) { return read_documents(text, "f.yaml").diagnostics; }

Diagnostic only(const std::string& text) {
  const Diagnostics list = findings(text);
  std::string shown;
  for (const auto& d : list) shown += render_line(d) + "\n";
  CAPTURE(shown);
  REQUIRE(list.size() == 1);
  return list[0];
}

Json value_of(const std::string& text) {
  const ParsedFile parsed = read_documents(text, "f.yaml");
  REQUIRE(parsed.documents.size() == 1);
  return parsed.documents[0].value();
}

const Json& first_template(const Json& value) {
  return value.find_path({"spec", "templates"})->as_array().at(0);
}

}  // namespace

TEST_CASE("parameters become strings as in Go, everything else stays") {
  const Json value = value_of(workflow(
      "    activeDeadlineSeconds: \"20\"\n    inputs:\n      parameters:\n"
      "      - {name: a, value: 1.50}\n      - {name: b, value: yes}\n      - {name: c, value: 010}\n"
      "      - {name: d, default: 1e6}\n      - {name: e, value: 0.0000001}\n      - {name: f, enum: [1, "
      "two, true]}\n"
      "      - {name: g, value: 12345678901}\n      - {name: h, value: ~}\n"
      "    container: {image: x, resources: {limits: {cpu: 1, memory: 64Mi}}}\n"));
  CHECK(to_json(first_template(value)) ==
        R"({"name":"main","activeDeadlineSeconds":"20","inputs":{"parameters":[{"name":"a","value":"1.5"},)"
        R"({"name":"b","value":"true"},{"name":"c","value":"8"},{"name":"d","default":"1000000"},)"
        R"({"name":"e","value":"0.0000001"},{"name":"f","enum":["1","two","true"]},)"
        R"({"name":"g","value":"12345678901"},{"name":"h"}]},)"
        R"("container":{"image":"x","resources":{"limits":{"cpu":"1","memory":"64Mi"}}}})");
}

TEST_CASE("any_string prints numbers as strconv.FormatFloat(x, 'f', -1, 64)") {
  const std::pair<const char*, const char*> rows[] = {
      {"1", "1"},
      {"1.0", "1"},
      {"1e6", "1000000"},
      {"1e21", "1000000000000000000000"},
      {"1.25e-7", "0.000000125"},
      {"-0.5", "-0.5"},
      {"123456789.125", "123456789.125"},
      {"1e-10", "0.0000000001"},
      {"12345678901234567890", "12345678901234567000"},
      {"\"x\"", "x"},
      {"false", "false"},
      {"null", ""},
  };
  CHECK(any_string(*parse_json("1.5e300")).size() == 301);
  for (const auto& [json, text] : rows) {
    CAPTURE(std::string(json));
    CHECK(any_string(*parse_json(json)) == text);
  }
}

TEST_CASE("wrong types are named with their place and a cure") {
  struct Row {
    const char* lines;
    const char* path;
    const char* part;  // of the message
    const char* hint;
  };
  const Row rows[] = {
      {"    timeout: 30\n", "spec.templates[0].timeout", "`30` is a number", "quote it: \"30\""},
      {"    suspend: {duration: 20}\n", "spec.templates[0].suspend.duration", "must be a string",
       "quote it: \"20\""},
      {"    daemon: \"true\"\n", "spec.templates[0].daemon", "must be true or false", "take the quotes away"},
      {"    parallelism: \"2\"\n", "spec.templates[0].parallelism", "must be an integer",
       "take the quotes away"},
      {"    parallelism: 1.5\n", "spec.templates[0].parallelism", "must be an integer", ""},
      {"    retryStrategy: {limit: yes}\n", "spec.templates[0].retryStrategy.limit", "an integer or a string",
       ""},
      {"    container: x\n", "spec.templates[0].container", "must be a mapping", ""},
      {"    container: {image: [x]}\n", "spec.templates[0].container.image", "this is a list", ""},
      {"    container: {command: sh}\n", "spec.templates[0].container.command", "must be a list",
       "write [sh]"},
      {"    container: {args: [1]}\n", "spec.templates[0].container.args[0]", "`1` is a number",
       "quote it: \"1\""},
      {"    container: {env: {A: b}}\n", "spec.templates[0].container.env", "must be a list",
       "write one entry a line"},
      {"    steps:\n    - name: a\n", "spec.templates[0].steps[0]", "list of steps", "- - name:"},
      {"    plugin: {a: 1, b: 2}\n", "spec.templates[0].plugin", "exactly one key", ""},
      {"    container: {resources: {limits: {memory: 64 MB}}}\n",
       "spec.templates[0].container.resources.limits.memory", "no quantity", "64Mi"},
      {"    container: {resources: {limits: {memory: \"{{x}}\"}}}\n",
       "spec.templates[0].container.resources.limits.memory", "no quantity", "podSpecPatch"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.lines));
    const Diagnostic d = only(workflow(row.lines));
    CHECK(d.severity == Severity::error);
    CHECK(d.path == row.path);
    CHECK(d.message.find(row.part) != std::string::npos);
    CHECK(d.hint.find(row.hint) != std::string::npos);
    CHECK(d.mark.line >= kTemplateLine);
  }
}

TEST_CASE("unknown fields come with a guess") {
  struct Row {
    const char* lines;
    const char* field;
    const char* hint;
  };
  const Row rows[] = {
      {"    retryStratergy: {limit: 2}\n", "retryStratergy", "did you mean `retryStrategy`?"},
      {"    Container: {image: x}\n", "Container", "did you mean `container`? upper and lower case matter"},
      {"    container: {image: x, foo: 1}\n", "foo", ""},
      {"    image: x\n", "image", "`image` belongs under `container`"},
      {"    script: {source: x, image: img}\n    command: [x]\n", "command",
       "`command` belongs under `script`"},
      {"    container: {image: x, retryStrategy: {}}\n", "retryStrategy",
       "one level further out, in the Template"},
      {"    dag:\n      tasks:\n      - {name: a, template: b, dependsOn: c}\n", "dependsOn",
       "did you mean `depends`?"},
      {"    steps:\n    - - {name: a, temlate: b}\n", "temlate", "did you mean `template`?"},
      {"    arguments: {}\n", "arguments", "arguments belong to the step or task"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.lines));
    const Diagnostic d = only(workflow(row.lines));
    CHECK(d.rule == "unknown-field");
    CHECK(d.severity == Severity::error);
    CHECK(d.message.find(fmt::format("`{}`", row.field)) != std::string::npos);
    CHECK(d.hint.find(row.hint) != std::string::npos);
  }
}

TEST_CASE("all findings of a file come at once, in the order of the text") {
  const Diagnostics list =
      findings(workflow("    timeout: 1\n    containr: {}\n    script: {image: 5, image: x}\n"));
  REQUIRE(list.size() == 4);
  CHECK(std::ranges::is_sorted(list, {}, &Diagnostic::mark));
}

TEST_CASE("inside a step Argo ignores what it does not know; we warn") {
  const Diagnostic d = only(
      workflow("    steps:\n    - - name: a\n        template: b\n        arguments: {paramters: []}\n"));
  CHECK(d.severity == Severity::warning);
  CHECK(d.hint == "did you mean `parameters`?");
  const std::string cased = workflow(
      "    steps:\n    - - name: a\n        template: b\n        arguments: {Parameters: [{name: p, value: "
      "1}]}\n");
  CHECK(only(cased).rule == "wrong-case");
  CHECK(
      to_json(first_template(value_of(cased))) ==
      R"({"name":"main","steps":[[{"name":"a","template":"b","arguments":{"parameters":[{"name":"p","value":"1"}]}}]]})");
}

TEST_CASE("null is not set") {
  CHECK(to_json(first_template(
            value_of(workflow("    container:\n    inputs: ~\n    suspend: {}\n    dag: {tasks: [~]}\n")))) ==
        R"({"name":"main","suspend":{},"dag":{"tasks":[{}]}})");
}

TEST_CASE("items keep their JSON") {
  const Json value =
      value_of(workflow("    steps:\n    - - name: a\n        template: b\n        withItems: [1, 1.50, yes, "
                        "{a: ~}, [x], 2001-01-01]\n"));
  const auto& step = first_template(value).get_array("steps").at(0).as_array().at(0);
  CHECK(to_json(step.get("withItems")) == R"([1,1.5,true,{"a":null},["x"],"2001-01-01"])");
}

TEST_CASE("spellings of Argo 3 are brought up to date with a warning") {
  const std::string text =
      "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: c}\nspec:\n  schedule: '* * * "
      "* *'\n"
      "  workflowSpec:\n    podPriority: 5\n    synchronization:\n      mutex: {name: m}\n"
      "      semaphore: {configMapKeyRef: {name: n, key: 7}}\n";
  const ParsedFile parsed = read_documents(text, "f.yaml");
  REQUIRE(parsed.documents.size() == 1);
  CHECK(std::ranges::count(parsed.diagnostics, "deprecated-field", &Diagnostic::rule) == 4);
  CHECK(std::ranges::count(parsed.diagnostics, Severity::error, &Diagnostic::severity) == 1);  // the key 7
  const auto& d = parsed.documents[0];
  CHECK(to_json(*d.value().find("spec")) ==
        R"({"schedules":["* * * * *"],"workflowSpec":{"synchronization":{"mutexes":[{"name":"m"}],)"
        R"("semaphores":[{"configMapKeyRef":{"name":"n"}}]}}})");
  CHECK(d.where("spec.schedules[0]") == Mark{5, 13});
  CHECK(d.where("spec.workflowSpec.synchronization.mutexes[0].name") == Mark{9, 21});
}

TEST_CASE("a step's onExit still works, with a warning") {
  const std::string text = workflow("    steps:\n    - - {name: a, template: b, onExit: bye}\n");
  const Diagnostic d = only(text);
  CHECK(d.rule == "deprecated-field");
  CHECK(d.hint.find("hooks: {exit: {template: bye}}") != std::string::npos);
  CHECK(to_json(first_template(value_of(text))).find("\"onExit\":\"bye\"") != std::string::npos);
}

TEST_CASE("convert rewrites and leaves the rest alone") {
  auto value = *parse_json(
      R"({"kind":"Workflow","spec":{"podPriority":1,"synchronization":{"mutex":{"name":"m"},"mutexes":[{"name":"a"}]},)"
      R"("templates":[{"name":"t","unknown":1,"steps":[[{"name":"s","onExit":"bye"}]],"dag":{"tasks":[{"onExit":"x"}]}}]}})");
  CHECK(convert_to_current(value));
  CHECK(
      to_json(value) ==
      R"({"kind":"Workflow","spec":{"synchronization":{"mutexes":[{"name":"a"},{"name":"m"}]},)"
      R"("templates":[{"name":"t","unknown":1,"steps":[[{"name":"s","hooks":{"exit":{"template":"bye"}}}]],)"
      R"("dag":{"tasks":[{"hooks":{"exit":{"template":"x"}}}]}}]}})");
  CHECK_FALSE(convert_to_current(value));
  auto cron = *parse_json(R"({"kind":"CronWorkflow","spec":{"schedule":"a","schedules":["b"]}})");
  CHECK(convert_to_current(cron));
  CHECK(to_json(cron) ==
        R"({"kind":"CronWorkflow","spec":{"schedules":["a"]}})");  // the lone one wins, as in Argo
}

TEST_CASE("other kinds are skipped, lists are opened") {
  const Diagnostic note = only("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n");
  CHECK(note.severity == Severity::note);
  CHECK(note.message == "skipping kind `Deployment`");
  CHECK(only("kind: workflow\n").hint == "did you mean `Workflow`?");
  CHECK(only("apiVersion: argoproj.io/v1alpha1\nmetadata: {name: d}\n").rule == "no-kind");
  const ParsedFile parsed = read_documents(
      "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: "
      "{x: 1}}\n"
      "- {apiVersion: argoproj.io/v1alpha1, kind: WorkflowTemplate, metadata: {name: b}, spec: {}}\n",
      "f.yaml");
  REQUIRE(parsed.documents.size() == 2);
  CHECK(parsed.documents[0].name() == "a");
  CHECK(parsed.documents[1].kind() == "WorkflowTemplate");
  CHECK_FALSE(has_errors(parsed.diagnostics));  // Kubernetes' own kinds only warn
  CHECK(to_json(*parsed.documents[0].value().find("data")) == R"({"x":"1"})");
}

TEST_CASE("fields of metadata that do not exist are errors for lint, warnings for what is to run") {
  const std::string text =
      "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w, label: {}}\nspec: {}\n";
  CHECK(has_errors(read_documents(text, "f.yaml").diagnostics));
  CHECK_FALSE(has_errors(read_documents(text, "f.yaml", Strictness::run).diagnostics));
}

TEST_CASE("a bare y or n in a string field is warned of") {
  const std::string text = workflow("    inputs: {parameters: [{name: n, value: n}]}\n");
  CHECK(only(text).severity == Severity::warning);
  CHECK(to_json(first_template(value_of(text))) ==
        R"({"name":"main","inputs":{"parameters":[{"name":"n","value":"false"}]}})");
}

TEST_CASE("values without a text are checked the same way") {
  auto value = *parse_json(
      R"({"kind":"Workflow","spec":{"entrypoint":1,"arguments":{"parameters":[{"name":"a","value":2.0}]}}})");
  const Diagnostics list = decode_value(value, "Workflow");
  REQUIRE(list.size() == 1);
  CHECK(list[0].path == "spec.entrypoint");
  CHECK(list[0].mark == Mark{});
  CHECK(to_json(*value.find_path({"spec", "arguments"})) == R"({"parameters":[{"name":"a","value":"2"}]})");
}

TEST_CASE("edit distance") {
  CHECK(edit_distance("abc", "abc", 3) == 0);
  CHECK(edit_distance("abc", "acb", 3) == 1);
  CHECK(edit_distance("kitten", "sitting", 3) == 3);
  CHECK(edit_distance("a", "abcdef", 2) == 3);
}
