// Steps, DAGs, tags and references: what is known where.
#include <chrono>

#include "tests/spec/validate_support.h"

using namespace skiff::spec;
using namespace skiff::spec::testing;

namespace {

/// A DAG `main` over a template `echo` with an input `m`, an output `o` and a result.
std::string dag(std::string_view tasks) {
  std::string out =
      "entrypoint: main\ntemplates:\n"
      "- name: echo\n  inputs: {parameters: [{name: m, default: x}]}\n"
      "  outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}\n  container: {image: i}\n"
      "- name: main\n  dag:\n    tasks:\n";
  while (!tasks.empty()) {
    const auto end = tasks.find('\n');
    out.append("    - ").append(tasks.substr(0, end)).append("\n");
    tasks.remove_prefix(end == std::string_view::npos ? tasks.size() : end + 1);
  }
  return out;
}

struct DagCase {
  const char* name;
  const char* tasks;
  const char* rule;
  const char* path = "";
  std::vector<const char*> words = {};
};

void check_dags(std::span<const DagCase> cases, Severity severity = Severity::error) {
  for (const DagCase& c : cases) {
    const std::string spec = dag(c.tasks);
    const LintCase one[] = {{c.name, spec.c_str(), c.rule, c.path, c.words}};
    check_specs(one, severity);
  }
}

}  // namespace

TEST_CASE("validate: DAGs") {
  const DagCase cases[] = {
      {"good", "{name: A, template: echo}\n{name: B, template: echo, depends: A.Succeeded || A.Failed}", ""},
      {"unknown dependency",
       "{name: fetch, template: echo}\n{name: B, template: echo, dependencies: [fecth]}",
       "dag-dependency",
       "spec.templates[1].dag.tasks[1].dependencies",
       {"fecth", "did you mean `fetch`?"}},
      {"cycle",
       "{name: A, template: echo, depends: C}\n{name: B, template: echo}\n{name: C, template: echo, depends: "
       "A}",
       "dag-cycle",
       "",
       {"`A` -> `C` -> `A`"}},
      {"words of expr are tasks to Argo",
       "{name: A, template: echo}\n{name: B, template: echo}\n{name: C, template: echo, depends: A and B}",
       "dag-dependency",
       "",
       {"`and`"}},
      {"a small letter is no result",
       "{name: A, template: echo}\n{name: B, template: echo, depends: A.failed}", "dag-dependency"},
      {"result",
       "{name: A, template: echo}\n{name: B, template: echo, depends: A.Succeded}",
       "dag-result",
       "spec.templates[1].dag.tasks[1].depends",
       {"Succeeded"}},
      {"items result without a loop",
       "{name: A, template: echo}\n{name: B, template: echo, depends: A.AnySucceeded}", "dag-items-result"},
      {"with a loop",
       "{name: A, template: echo, withItems: [1]}\n{name: B, template: echo, depends: A.AnySucceeded}", ""},
      {"both ways",
       "{name: A, template: echo}\n{name: B, template: echo, dependencies: [A]}\n"
       "{name: C, template: echo, depends: A}",
       "dag-depends-mix"},
      {"digit", "{name: A, template: echo}\n{name: 1b, template: echo, dependencies: [A]}", "dag-digit"},
      {"sibling's output",
       "{name: A, template: echo}\n{name: B, template: echo, arguments: {parameters: [{name: m, value: "
       "'{{tasks.A.outputs.parameters.o}}'}]}}",
       "dag-ancestry",
       "spec.templates[1].dag.tasks[1].arguments.parameters[0].value",
       {"`A`", "`m`"}},
      {"only a whole value is asked for its ancestor",
       "{name: A, template: echo}\n{name: B, template: echo, arguments: {parameters: [{name: m, value: "
       "'see {{tasks.A.outputs.parameters.o}}'}]}}",
       ""},
      {"status of an ancestor's ancestor",
       "{name: A, template: echo}\n{name: B, template: echo, depends: A}\n"
       "{name: C, template: echo, depends: B, when: \"'{{tasks.A.status}}' == Succeeded\"}",
       ""},
      {"status of a sibling",
       "{name: A, template: echo}\n"
       "{name: C, template: echo, when: \"'{{tasks.A.status}}' == Succeeded\"}",
       "unresolved-variable"},
      {"aggregate of a sequence",
       "{name: A, template: echo, withSequence: {count: '2'}}\n{name: B, template: echo, depends: A, "
       "arguments: "
       "{parameters: [{name: m, value: '{{tasks.A.outputs.parameters}}'}]}}",
       "unresolved-variable"},
      {"placeholders make no DAG task's name", "{name: 'a-{{workflow.name}}', template: echo}",
       "name-invalid"},
  };
  check_dags(cases);
}

TEST_CASE("validate: tags") {
  const LintCase cases[] = {
      {"known everywhere",
       "entrypoint: a\ntemplates: [{name: a, container: {image: i, args: ['{{workflow.name}} {{ workflow.uid "
       "}} "
       "{{workflow.creationTimestamp.Y}} {{pod.name}} {{user.name}} {{=nobody.knows}} {{item}}']}}]",
       ""},
      {"misspelt",
       "entrypoint: a\ntemplates: [{name: a, container: {image: 'i:{{workflow.nmae}}'}}]",
       "unresolved-variable",
       "spec.templates[0].container.image",
       {"template `a`", "workflow.nmae", "{{workflow.name}}"}},
      {"in a key",
       "entrypoint: a\ntemplates: [{name: a, metadata: {labels: {'{{workflow.x}}': y}}, container: {image: "
       "i}}]",
       "unresolved-variable"},
      {"not closed",
       "entrypoint: a\ntemplates: [{name: a, container: {image: i, args: ['{{workflow.name}']}}]",
       "template-syntax"},
      {"failures outside the exit handler",
       "entrypoint: a\ntemplates: [{name: a, container: {image: i, args: ['{{workflow.failures}}']}}]",
       "unresolved-variable",
       "",
       {"exit handler"}},
      {"failures in it",
       "entrypoint: a\nonExit: b\ntemplates: [{name: a, container: {image: i}}, {name: b, container: {image: "
       "i, args: "
       "['{{workflow.failures}}']}}]",
       ""},
      {"a later step",
       "entrypoint: m\ntemplates:\n- {name: a, inputs: {parameters: [{name: p}]}, container: {image: i}}\n"
       "- name: m\n  steps:\n  - - {name: x, template: a, arguments: {parameters: [{name: p, value: "
       "'{{steps.y.outputs.result}}'}]}}\n  - - {name: y, template: a, arguments: {parameters: [{name: p, "
       "value: q}]}}",
       "unresolved-variable",
       "spec.templates[1].steps[0][0].arguments.parameters[0].value",
       {"steps.y.outputs.result"}},
      {"a step's output inside the called template",
       "entrypoint: m\ntemplates:\n- {name: a, container: {image: i, args: ['{{steps.x.outputs.result}}']}}\n"
       "- {name: m, steps: [[{name: x, template: a}]]}",
       "unresolved-variable",
       "",
       {"argument"}},
      {"globalName, once its step was met",
       "entrypoint: m\ntemplates:\n- {name: a, outputs: {parameters: [{name: o, globalName: g, valueFrom: "
       "{path: /o}}]}, "
       "container: {image: i}}\n- {name: b, container: {image: i, args: "
       "['{{workflow.outputs.parameters.g}}']}}\n"
       "- {name: m, steps: [[{name: x, template: a}], [{name: y, template: b}]]}",
       ""},
      {"globalName, before",
       "entrypoint: m\ntemplates:\n- {name: a, outputs: {parameters: [{name: o, globalName: g, valueFrom: "
       "{path: /o}}]}, "
       "container: {image: i}}\n- {name: b, container: {image: i, args: "
       "['{{workflow.outputs.parameters.g}}']}}\n"
       "- {name: m, steps: [[{name: y, template: b}], [{name: x, template: a}]]}",
       "unresolved-variable"},
      {"the template's name comes from an argument",
       "entrypoint: m\narguments: {parameters: [{name: t, value: a}]}\ntemplates:\n- {name: a, container: "
       "{image: i}}\n"
       "- {name: m, steps: [[{name: x, template: '{{workflow.parameters.t}}'}]]}",
       ""},
      {"or from an expression",
       "entrypoint: m\narguments: {parameters: [{name: t, value: a}]}\ntemplates:\n- {name: a, container: "
       "{image: i}}\n"
       "- {name: m, steps: [[{name: x, template: \"{{=workflow.parameters.t == 'a' ? 'a' : 'b'}}\"}]]}",
       ""},
      {"keys of items",
       "entrypoint: m\ntemplates:\n- {name: a, inputs: {parameters: [{name: p}]}, container: {image: i}}\n"
       "- {name: m, steps: [[{name: x, template: a, withItems: [{os: linux}], arguments: {parameters: "
       "[{name: p, value: "
       "'{{item.arch}}'}]}}]]}",
       "unresolved-variable"},
  };
  check_specs(cases);
}

TEST_CASE("validate: references across documents") {
  const std::string tools =
      "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: tools}\nspec:\n  "
      "templates:\n"
      "  - {name: fmt, inputs: {parameters: [{name: p}]}, container: {image: i, args: "
      "['{{workflow.parameters.who}}']}}\n";
  const auto call = [](std::string_view reference, std::string_view more) {
    return workflow("entrypoint: m\n" + std::string(more) +
                    "templates:\n- name: m\n  steps:\n  - - name: x\n      templateRef: " +
                    std::string(reference) + "\n      arguments: {parameters: [{name: p, value: v}]}\n");
  };
  const std::string who = "arguments: {parameters: [{name: who, value: me}]}\n";

  SUBCASE("found in another file") {
    const LintResult r = lint({{"a.yaml", call("{name: tools, template: fmt}", who)}, {"b.yaml", tools}});
    CHECK_MESSAGE(r.ok(), describe(r.diagnostics));
    REQUIRE(r.objects.size() == 2);
    CHECK(r.objects[0].kind == "Workflow");
    CHECK(r.objects[1].name == "tools");
  }
  SUBCASE("what the template needs of the workflow is told where it is called") {
    const LintResult r = lint({{"a.yaml", call("{name: tools, template: fmt}", "")}, {"b.yaml", tools}});
    const Diagnostic* d = find_rule(r.diagnostics, "unresolved-variable");
    REQUIRE(d != nullptr);
    CHECK(d->file == "a.yaml");
    CHECK(d->path == "spec.templates[0].steps[0][0]");
    CHECK(d->message.find("`tools`") != std::string::npos);
    CHECK(r.objects[1].ok);
  }
  SUBCASE("missing ones, with the nearest name") {
    const LintResult r = lint({{"a.yaml", call("{name: tolos, template: fmt}", who)},
                               {"b.yaml", tools},
                               {"c.yaml", call("{name: tools, template: frmt}", who)}});
    REQUIRE(r.diagnostics.size() == 2);
    CHECK(r.diagnostics[0].hint == "did you mean `tools`?");
    CHECK(r.diagnostics[1].hint == "did you mean `fmt`?");
    CHECK(r.diagnostics[1].file == "c.yaml");
  }
  SUBCASE("a reference that only a run can read") {
    const LintResult r = lint_text(call("{name: '{{item}}', template: fmt}", who));
    CHECK_MESSAGE(r.ok(), describe(r.diagnostics));
  }
  SUBCASE("another namespace is another place") {
    std::string other = tools;
    other.replace(other.find("{name: tools}"), 13, "{name: tools, namespace: n}");
    CHECK(!lint({{"a.yaml", call("{name: tools, template: fmt}", who)}, {"b.yaml", other}}).ok());
  }
  SUBCASE("two of one name") {
    CHECK(find_rule(lint({{"a.yaml", tools}, {"b.yaml", tools}}).diagnostics, "duplicate-template") !=
          nullptr);
  }
  SUBCASE("workflowTemplateRef takes arguments and entrypoint from there") {
    const std::string whole =
        "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: whole}\nspec:\n  "
        "entrypoint: a\n"
        "  arguments: {parameters: [{name: p, value: v}]}\n  templates:\n"
        "  - {name: a, inputs: {parameters: [{name: p}]}, container: {image: i}}\n";
    const LintResult r =
        lint({{"a.yaml", workflow("workflowTemplateRef: {name: whole}")}, {"b.yaml", whole}});
    CHECK_MESSAGE(r.ok(), describe(r.diagnostics));
    CHECK(find_rule(lint_text(workflow("workflowTemplateRef: {name: whole}")).diagnostics, "templateref") !=
          nullptr);
  }
}

TEST_CASE("validate: what is not Argo's, or not wanted, is told and fails nothing") {
  const std::string good = workflow("entrypoint: a\ntemplates: [{name: a, container: {image: i}}]");
  const auto beside = [&](const std::string& other, LintOptions options = {}) {
    const LintResult r = lint({{"a.yaml", good}, {"b.yaml", other}}, options);
    CHECK_FALSE(r.diagnostics.empty());
    return r.ok();
  };
  CHECK(beside("services: {a: &a {image: x}, b: {<<: *a, image: y}}\n"));
  CHECK(beside("apiVersion: v1\nkind: ConfigMap\ndata: {a: x, a: y}\n"));
  CHECK(beside("- op: replace\n"));
  const std::string cron =
      "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: c}\nspec:\n  schedules: ['* * "
      "* * *']\n"
      "  foo: 1\n  workflowSpec: {entrypoint: a, templates: [{name: a, container: {image: i}}]}\n";
  LintOptions workflows;
  workflows.kinds = {"Workflow"};
  CHECK(beside(cron, workflows));
  CHECK_FALSE(beside(cron));
  CHECK_FALSE(
      beside("apiVersion: argoproj.io/v1alpha1\nkind: WorkflowEventBinding\nmetadata: {name: b}\nspec:\n  "
             "event: {selector: "
             "'true'}\n  submit: {workflowTemplateRef: {name: x}, foo: 1}\n"));
}

TEST_CASE("validate: cron's own metadata") {
  const LintResult r = lint_text(
      "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: c}\nspec:\n  schedules: ['* * "
      "* * *']\n"
      "  workflowMetadata: {labels: {team: a}}\n  workflowSpec: {entrypoint: a, templates: [{name: a, "
      "container: "
      "{image: i, args: ['{{workflow.labels.team}}']}}]}\n");
  CHECK_MESSAGE(r.ok(), describe(r.diagnostics));
}

TEST_CASE("validate: cron") {
  const auto cron = [](std::string_view fields) {
    return "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: c}\nspec:\n  " +
           std::string(fields) +
           "\n  workflowSpec:\n    entrypoint: a\n    templates: [{name: a, container: {image: i}}]\n";
  };
  for (const char* good :
       {"* * * * *", "*/15 0-5 1,15 jan-mar mon", "@every 1h30m", "@daily", "TZ=UTC 0 3 * * ?"}) {
    CAPTURE(good);
    CHECK(lint_text(cron("schedules: ['" + std::string(good) + "']")).ok());
  }
  for (const char* bad : {"* * * *", "60 * * * *", "* * 0 * *", "5-1 * * * *", "*/0 * * * *", "@evry 1h",
                          "* * * * mo", "TZ=Nowhere/At_All 0 3 * * *", "1-2-3 * * * *", "@every soon"}) {
    CAPTURE(bad);
    const LintResult r = lint_text(cron("schedules: ['" + std::string(bad) + "']"));
    const Diagnostic* d = find_rule(r.diagnostics, "cron", "spec.schedules[0]");
    REQUIRE(d != nullptr);
    CHECK(d->message.find(bad) != std::string::npos);
  }
  CHECK(find_rule(lint_text(cron("schedules: ['@daily']\n  timezone: Mars/Olympus")).diagnostics, "cron") !=
        nullptr);
  CHECK(find_rule(lint_text(cron("schedules: ['@daily']\n  concurrencyPolicy: Queue")).diagnostics, "cron") !=
        nullptr);
  CHECK(lint_text(cron("schedules: ['@daily']\n  timezone: Europe/Berlin")).ok());
}

TEST_CASE("validate: nothing to lint is a failure, and so is one bad document of many") {
  CHECK(find_rule(lint_text("kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\n").diagnostics,
                  "nothing-to-lint") != nullptr);
  const std::string good = workflow("entrypoint: a\ntemplates: [{name: a, container: {image: i}}]");
  const std::string bad = workflow("entrypoint: b\ntemplates: [{name: a, container: {image: i}}]");
  const LintResult r = lint_text(bad + "---\n" + good);
  CHECK(!r.ok());
  REQUIRE(r.objects.size() == 2);
  CHECK(!r.objects[0].ok);
  CHECK(r.objects[1].ok);
  LintOptions only;
  only.kinds = {"CronWorkflow"};
  CHECK(find_rule(lint_text(good, only).diagnostics, "nothing-to-lint") != nullptr);
}

TEST_CASE("validate: a call nested ten thousand deep, and a DAG of as many tasks, are no trouble") {
  std::string chain = "entrypoint: t0\ntemplates:\n";
  constexpr int kMany = 10'000;
  for (int i = 0; i < kMany; ++i) {
    chain += "- {name: t" + std::to_string(i) + ", steps: [[{name: s, template: t" + std::to_string(i + 1) +
             "}]]}\n";
  }
  const LintResult good = lint_text(workflow(chain + "- {name: t10000, container: {image: i}}\n"));
  CHECK_MESSAGE(good.ok(), describe(good.diagnostics).substr(0, 500));
  CHECK(!lint_text(workflow(chain + "- {name: t10000, container: {command: [x]}}\n")).ok());

  std::string tasks = "{name: t0, template: echo}\n";
  for (int i = 1; i < kMany; ++i) {
    tasks += "{name: t" + std::to_string(i) + ", template: echo, depends: t" + std::to_string(i - 1) +
             ", when: \"'{{tasks.t" + std::to_string(i - 1) + ".status}}' == Succeeded\"}\n";
  }
  const LintResult wide = lint_text(workflow(dag(tasks)));
  CHECK_MESSAGE(wide.ok(), describe(wide.diagnostics).substr(0, 500));
}
