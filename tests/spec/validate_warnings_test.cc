// What Argo does not look at: warnings, which make no document fail unless they are asked to.
#include "tests/spec/validate_support.h"

using namespace skiff::spec;
using namespace skiff::spec::testing;

TEST_CASE("validate: warnings") {
  const LintCase cases[] = {
      {"volume",
       "entrypoint: a\nvolumes: [{name: work, emptyDir: {}}]\ntemplates: [{name: a, container: {image: i, "
       "volumeMounts: [{name: wrok, mountPath: /w}]}}]",
       "volume",
       "spec.templates[0].container.volumeMounts[0].name",
       {"wrok", "did you mean `work`?"}},
      {"expression", "entrypoint: a\ntemplates: [{name: a, container: {image: i, args: ['{{=1 +}}']}}]",
       "expression-syntax", "spec.templates[0].container.args[0]"},
      {"expression field",
       "entrypoint: a\ntemplates: [{name: a, retryStrategy: {expression: 'lastRetry.exitCode ='}, container: "
       "{image: i}}]",
       "expression-syntax", "spec.templates[0].retryStrategy.expression"},
      {"result in double quotes",
       "entrypoint: m\ntemplates:\n- {name: a, inputs: {parameters: [{name: p, default: x}]}, container: "
       "{image: i}}\n"
       "- {name: m, steps: [[{name: s, template: a}], [{name: t, template: a, arguments: {parameters: "
       "[{name: p, "
       "value: '{{=steps[\"s\"].outputs.result}}'}]}}]]}",
       "result-quotes", "spec.templates[1].steps[1][0].arguments.parameters[0].value"},
      {"when",
       "entrypoint: m\ntemplates:\n- {name: a, container: {image: i}}\n"
       "- {name: m, steps: [[{name: s, template: a, when: \"('{{workflow.name}}' == b\"}]]}",
       "when-syntax", "spec.templates[1].steps[0][0].when"},
      {"depends",
       "entrypoint: m\ntemplates:\n- {name: a, container: {image: i}}\n"
       "- {name: m, dag: {tasks: [{name: x, template: a}, {name: y, template: a}, "
       "{name: z, template: a, depends: x y}]}}",
       "depends-syntax", "spec.templates[1].dag.tasks[2].depends"},
      {"hook's template",
       "entrypoint: a\nhooks: {exit: {template: byee}}\ntemplates: [{name: a, container: {image: i}}, "
       "{name: bye, container: {image: i}}]",
       "undefined-template",
       "spec.hooks.exit.template",
       {"byee", "`bye`"}},
      {"hook's arguments",
       "entrypoint: a\nhooks: {exit: {template: b}}\ntemplates: [{name: a, container: {image: i}}, "
       "{name: b, inputs: {parameters: [{name: p}]}, container: {image: i}}]",
       "inputs-supplied", "spec.hooks.exit"},
      {"unknown argument",
       "entrypoint: m\ntemplates:\n- {name: a, inputs: {parameters: [{name: message, default: x}]}, "
       "container: {image: "
       "i}}\n- {name: m, steps: [[{name: s, template: a, arguments: {parameters: [{name: mesage, value: "
       "y}]}}]]}",
       "unknown-argument",
       "spec.templates[1].steps[0][0].arguments.parameters[0]",
       {"mesage", "`message`"}},
      {"item without a loop",
       "entrypoint: m\ntemplates:\n- {name: a, inputs: {parameters: [{name: p}]}, container: {image: i}}\n"
       "- {name: m, steps: [[{name: s, template: a, arguments: {parameters: [{name: p, value: "
       "'{{item}}'}]}}]]}",
       "item-without-loop", "spec.templates[1].steps[0][0].arguments"},
      {"item inside a template",
       "entrypoint: a\ntemplates: [{name: a, container: {image: i, args: ['{{item}}']}}]",
       "item-without-loop", "spec.templates[0]"},
      {"duration", "entrypoint: a\ntemplates: [{name: a, suspend: {duration: 5 minutes}}]", "duration",
       "spec.templates[0].suspend.duration"},
      {"unused",
       "entrypoint: a\ntemplates: [{name: a, container: {image: i}}, {name: b, container: {image: i}}]",
       "unused-template", "spec.templates[1].name"},
      {"a timeout that no pod can meet",
       "entrypoint: a\ntemplates: [{name: a, timeout: 2s, container: {image: i}}]",
       "timeout",
       "spec.templates[0].timeout",
       {"3s"}},
      {"an output that speaks of the workflow",
       "entrypoint: m\narguments: {parameters: [{name: x, value: y}]}\ntemplates:\n- {name: a, container: "
       "{image: "
       "i}}\n- {name: m, outputs: {parameters: [{name: o, valueFrom: {expression: workflow.parameters.x}}]}, "
       "steps: [[{name: s, template: a}]]}",
       "unknown-variable",
       "spec.templates[1].outputs.parameters[0].valueFrom.expression",
       {"inputs.parameters"}},
      {"a metric of no kind",
       "entrypoint: a\ntemplates: [{name: a, container: {image: i}, metrics: {prometheus: [{name: m, help: "
       "h}]}}]",
       "metrics",
       "spec.templates[0].metrics.prometheus[0]",
       {"never emitted", "`counter`"}},
      {"a metric's value",
       "entrypoint: a\ntemplates: [{name: a, container: {image: i}, metrics: {prometheus: [{name: m, help: "
       "h, "
       "counter: {value: one}}]}}]",
       "metrics",
       "spec.templates[0].metrics.prometheus[0].counter.value",
       {"`one`", "no number"}},
      {"a metric of an output that is not there",
       "entrypoint: a\ntemplates: [{name: a, container: {image: i}, metrics: {prometheus: [{name: m, help: "
       "h, "
       "gauge: {value: '{{outputs.parameters.no}}'}}]}}]",
       "unknown-variable",
       "spec.templates[0].metrics.prometheus[0]",
       {"outputs.parameters.no"}},
      {"a realtime gauge",
       "entrypoint: a\ntemplates: [{name: a, container: {image: i}, metrics: {prometheus: [{name: m, help: "
       "h, "
       "gauge: {realtime: true, value: '{{status}}'}}]}}]",
       "metrics",
       "spec.templates[0].metrics.prometheus[0].gauge.value",
       {"{{duration}}"}},
      {"the workflow's own metric",
       "entrypoint: a\nmetrics: {prometheus: [{name: a-b, help: h, counter: {value: '1'}}]}\ntemplates: "
       "[{name: "
       "a, container: {image: i}}]",
       "metrics",
       "spec.metrics.prometheus[0].name",
       {"`a-b`"}},
      {"the second unnamed inline template, which Argo passes over",
       "entrypoint: m\ntemplates:\n- {name: m, steps: [[{name: x, inline: {container: {image: i}}}, {name: "
       "y, inline: "
       "{container: {command: [x]}}}]]}",
       "image", "spec.templates[0].steps[0][1].inline.container"},
  };
  check_specs(cases, Severity::warning);
}

TEST_CASE("validate: --strict=error makes faults of warnings") {
  const std::string text = workflow(
      "entrypoint: a\ntemplates: [{name: a, container: {image: i}}, {name: b, container: {image: i}}]");
  CHECK(lint_text(text).ok());
  LintOptions strict;
  strict.warnings_as_errors = true;
  const LintResult r = lint_text(text, strict);
  CHECK(!r.ok());
  CHECK(!r.objects.at(0).ok);
}

TEST_CASE("validate: a good document of every kind of template has no findings at all") {
  const LintResult r = lint_text(workflow(R"(entrypoint: main
onExit: bye
arguments: {parameters: [{name: who, value: world}]}
volumes: [{name: v, emptyDir: {}}]
templates:
- name: main
  steps:
  - - {name: make, template: make, arguments: {parameters: [{name: what, value: "{{workflow.parameters.who}}"}]}}
  - - name: each
      template: graph
      withParam: "{{steps.make.outputs.result}}"
      when: "'{{steps.make.outputs.parameters.o}}' != no && {{=len(steps.make.outputs.result) > 0}}"
      arguments: {parameters: [{name: what, value: "{{item.name}}"}]}
    - {name: wait, template: wait}
- name: make
  inputs: {parameters: [{name: what}]}
  outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}
  script: {image: i, command: [sh], source: "echo {{inputs.parameters.what}}", volumeMounts: [{name: v, mountPath: /v}]}
- name: graph
  inputs: {parameters: [{name: what}]}
  dag:
    tasks:
    - {name: A, template: set}
    - {name: B, depends: A.Succeeded || A.Skipped, template: make, arguments: {parameters: [{name: what, value: "{{tasks.A.outputs.result}}"}]}}
- {name: set, containerSet: {containers: [{name: main, image: i}]}}
- {name: wait, suspend: {duration: 10s}}
- {name: bye, container: {image: i, args: ["{{workflow.status}} {{workflow.failures}}"]}}
)"));
  CHECK_MESSAGE(r.diagnostics.empty(), describe(r.diagnostics));
}
