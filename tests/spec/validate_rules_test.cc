// Argo's rules, one small document for each.
#include "tests/spec/validate_support.h"

using namespace skiff::spec;
using namespace skiff::spec::testing;

TEST_CASE("validate: names and entrypoint") {
  const LintCase cases[] = {
      {"good", "entrypoint: a\ntemplates: [{name: a, container: {image: i}}]", ""},
      {"no entrypoint", "templates: [{name: start, container: {image: i}}]", "entrypoint", "spec", {"start"}},
      {"unknown entrypoint",
       "entrypoint: mian\ntemplates: [{name: main, container: {image: i}}]",
       "undefined-template",
       "spec.entrypoint",
       {"mian", "did you mean `main`?"}},
      {"underscore",
       "entrypoint: a_b\ntemplates: [{name: a_b, container: {image: i}}]",
       "name-invalid",
       "spec.templates[0].name",
       {"a_b"}},
      {"twice",
       "entrypoint: a\ntemplates: [{name: a, container: {image: i}}, {name: a, container: {image: i}}]",
       "name-duplicate",
       "spec.templates[1].name",
       {"`a`"}},
      {"onExit", "entrypoint: a\nonExit: bye\ntemplates: [{name: a, container: {image: i}}]",
       "undefined-template", "spec.onExit"},
      {"a placeholder in a step's name is no fault",
       "entrypoint: a\narguments: {parameters: [{name: n, value: x}]}\n"
       "templates:\n- {name: b, inputs: {parameters: [{name: p}]}, container: {image: i}}\n"
       "- name: a\n  inputs: {parameters: [{name: n}]}\n  steps: [[{name: 'go-{{inputs.parameters.n}}', "
       "template: b, arguments: {parameters: [{name: p, value: q}]}}]]",
       ""},
      {"a tag that stays in a step's name is one",
       "entrypoint: a\ntemplates:\n- {name: b, container: {image: i}}\n"
       "- {name: a, steps: [[{name: 'go-{{item}}', template: b, withItems: [1]}]]}",
       "name-invalid",
       "spec.templates[1].steps[0][0].name",
       {"go-{{item}}"}},
  };
  check_specs(cases);
}

TEST_CASE("validate: templates") {
  const LintCase cases[] = {
      {"no type", "entrypoint: a\ntemplates: [{name: a, container: {image: i}}, {name: b}]", "template-type",
       "spec.templates[1]"},
      {"two types",
       "entrypoint: a\ntemplates: [{name: a, container: {image: i}, script: {image: i, source: s}}]",
       "template-type",
       "spec.templates[0]",
       {"container", "script"}},
      {"no image", "entrypoint: a\ntemplates: [{name: a, container: {command: [x]}}]", "image",
       "spec.templates[0].container"},
      {"image from templateDefaults",
       "entrypoint: a\ntemplateDefaults: {script: {image: i}}\ntemplates: [{name: a, script: {source: s}}]",
       ""},
      {"steps may be an empty list", "entrypoint: a\ntemplates: [{name: a, steps: []}]", ""},
      {"retryPolicy",
       "entrypoint: a\ntemplates: [{name: a, retryStrategy: {retryPolicy: OnFailur}, container: {image: i}}]",
       "retry-policy",
       "spec.templates[0].retryStrategy.retryPolicy",
       {"OnFailure"}},
      {"deadline of steps", "entrypoint: a\ntemplates: [{name: a, activeDeadlineSeconds: 5, steps: [[]]}]",
       "active-deadline"},
      {"deadline as word",
       "entrypoint: a\ntemplates: [{name: a, activeDeadlineSeconds: 5m, container: {image: i}}]",
       "active-deadline"},
      {"timeout without a unit",
       "entrypoint: a\ntemplates: [{name: a, timeout: '30', container: {image: i}}]",
       "timeout",
       "spec.templates[0].timeout",
       {"30s"}},
      {"timeout of dag",
       "entrypoint: a\ntemplates:\n- {name: b, container: {image: i}}\n"
       "- {name: a, timeout: 5s, dag: {tasks: [{name: t, template: b}]}}",
       "timeout"},
      {"timeout given by the caller without a unit",
       "entrypoint: a\ntemplates:\n"
       "- {name: b, timeout: '{{inputs.parameters.t}}', inputs: {parameters: [{name: t}]}, container: "
       "{image: i}}\n"
       "- name: a\n  steps: [[{name: s, template: b, arguments: {parameters: [{name: t, value: '30'}]}}]]",
       "timeout", "spec.templates[1].steps[0][0]"},
      {"parallelism of a container",
       "entrypoint: a\ntemplates: [{name: a, parallelism: 2, container: {image: i}}]", "parallelism"},
      {"init container",
       "entrypoint: a\ntemplates: [{name: a, initContainers: [{image: i}], container: {image: i}}]",
       "init-containers"},
      {"reserved sidecar",
       "entrypoint: a\ntemplates: [{name: a, sidecars: [{name: wait, image: i}], container: {image: i}}]",
       "sidecars"},
      {"metric name",
       "entrypoint: a\ntemplates: [{name: a, metrics: {prometheus: [{name: a-b, help: h, counter: {value: "
       "'1'}}]}, "
       "container: {image: i}}]",
       "metrics"},
      {"resourceClaims of suspend",
       "entrypoint: a\ntemplates: [{name: a, resourceClaims: [{name: g}], suspend: {}}]", "resource-claims"},
  };
  check_specs(cases);
}

TEST_CASE("validate: container sets, resources and mounts") {
  const LintCase cases[] = {
      {"cycle",
       "entrypoint: a\ntemplates: [{name: a, containerSet: {containers: [{name: x, image: i, dependencies: "
       "[y]}, "
       "{name: y, image: i, dependencies: [x]}]}}]",
       "container-set",
       "spec.templates[0].containerSet.containers[0].dependencies",
       {"`x` -> `y` -> `x`"}},
      {"output without main",
       "entrypoint: a\ntemplates: [{name: a, containerSet: {containers: [{name: x, image: i}]}, outputs: "
       "{parameters: [{name: p, valueFrom: {path: /p}}]}}]",
       "container-set",
       "",
       {"main"}},
      {"action", "entrypoint: a\ntemplates: [{name: a, resource: {action: Create, manifest: 'a: b'}}]",
       "resource", "spec.templates[0].resource.action"},
      {"manifest that is no YAML",
       "entrypoint: a\ntemplates: [{name: a, resource: {action: create, manifest: 'a: [b'}}]", "resource",
       "spec.templates[0].resource.manifest"},
      {"manifest that is a list, with an expression in it",
       "entrypoint: a\ntemplates: [{name: a, resource: {action: patch, manifest: '[{op: {{=1 + 1}}}]'}}]",
       ""},
      {"artifact at the path of a mount",
       "entrypoint: a\nvolumes: [{name: v, emptyDir: {}}]\ntemplates: [{name: a, inputs: {artifacts: [{name: "
       "x, "
       "path: /d, raw: {data: x}}]}, container: {image: i, volumeMounts: [{name: v, mountPath: /d}]}}]",
       "mount-collision",
       "spec.templates[0].inputs.artifacts[0].path",
       {"`v`", "`x`"}},
      {"path with ..",
       "entrypoint: a\ntemplates: [{name: a, outputs: {artifacts: [{name: x, path: /safe/../..}]}, "
       "container: "
       "{image: i}}]",
       "artifact-path"},
  };
  check_specs(cases);
}

TEST_CASE("validate: arguments, inputs and outputs") {
  const LintCase cases[] = {
      {"nobody supplies it",
       "entrypoint: a\ntemplates:\n- {name: b, inputs: {parameters: [{name: p}]}, container: {image: i}}\n"
       "- {name: a, steps: [[{name: s, template: b}]]}",
       "inputs-supplied",
       "spec.templates[1].steps[0][0]",
       {"template `a`", "step `s`", "template `b`", "`p`"}},
      {"a default does",
       "entrypoint: b\ntemplates:\n- {name: b, inputs: {parameters: [{name: p, default: x}]}, "
       "container: {image: i}}",
       ""},
      {"enum",
       "entrypoint: b\narguments: {parameters: [{name: p, value: c, enum: [a, b]}]}\n"
       "templates: [{name: b, container: {image: i}}]",
       "arguments-enum"},
      {"valueFrom of an argument",
       "entrypoint: b\narguments: {parameters: [{name: p, valueFrom: {path: /x}}]}\n"
       "templates: [{name: b, container: {image: i}}]",
       "arguments-valuefrom"},
      {"artifact argument",
       "entrypoint: b\narguments: {artifacts: [{name: p, s3: {bucket: x}}]}\n"
       "templates: [{name: b, container: {image: i}}]",
       "arguments"},
      {"output parameter of a container",
       "entrypoint: b\ntemplates: [{name: b, outputs: {parameters: [{name: o, valueFrom: {parameter: x}}]}, "
       "container: {image: i}}]",
       "outputs", "spec.templates[0].outputs.parameters[0].valueFrom"},
      {"globalName",
       "entrypoint: b\ntemplates: [{name: b, outputs: {parameters: [{name: o, globalName: a.b, "
       "valueFrom: {path: /x}}]}, container: {image: i}}]",
       "outputs"},
      {"input artifact with from",
       "entrypoint: b\narguments: {artifacts: [{name: x, raw: {data: d}}]}\ntemplates: [{name: b, inputs: "
       "{artifacts: [{name: x, path: /x, from: '{{workflow.name}}'}]}, container: {image: i}}]",
       "input-artifacts"},
      {"hdfs without addresses",
       "entrypoint: b\ntemplates: [{name: b, inputs: {artifacts: [{name: x, path: /x, hdfs: {path: /a, "
       "hdfsUser: u}}]}, container: {image: i}}]",
       "input-artifacts",
       "spec.templates[0].inputs.artifacts[0].hdfs",
       {"x", "addresses"}},
  };
  check_specs(cases);
}

TEST_CASE("validate: fields of the spec") {
  const LintCase cases[] = {
      {"hook",
       "entrypoint: b\nhooks: {running: {template: b}}\ntemplates: [{name: b, container: {image: i}}]",
       "hooks", "spec.hooks.running"},
      {"podGC",
       "entrypoint: b\npodGC: {strategy: OnPodSucess}\ntemplates: [{name: b, container: {image: i}}]",
       "pod-gc",
       "spec.podGC.strategy",
       {"OnPodSuccess"}},
      {"podGC selector",
       "entrypoint: b\npodGC: {labelSelector: {matchExpressions: [{key: k, operator: Has}]}}\n"
       "templates: [{name: b, container: {image: i}}]",
       "pod-gc"},
      {"executor plugin",
       "entrypoint: b\nexecutorPlugins: [{metadata: {name: p}, spec: {sidecar: {container: {image: i, ports: "
       "[{containerPort: 1}], resources: {requests: {cpu: 1}, limits: {cpu: 1}}}}}}]\n"
       "templates: [{name: b, container: {image: i}}]",
       "executor-plugins",
       "",
       {"securityContext"}},
      {"pod resources",
       "entrypoint: b\npodResources: {limits: {nvidia.com/gpu: 1}}\n"
       "templates: [{name: b, container: {image: i}}]",
       "pod-resources"},
  };
  check_specs(cases);
}

TEST_CASE("validate: where Argo looks twice, or not at all") {
  const std::vector<LintCase> cases = {
      {"inline beside a templateRef to nothing",
       R"(entrypoint: a
templates:
- name: a
  steps: [[{name: s, inline: {container: {image: x}}, templateRef: {name: gone, template: t}}]])",
       "templateref",
       "spec.templates[0].steps[0][0].templateRef",
       {"gone"}},
      {"a tag of the second inline template, which only its step has checked",
       R"(entrypoint: a
templates:
- name: a
  steps:
  - - {name: s, inline: {container: {image: x}}}
    - name: t
      inline:
        container: {image: x}
        outputs: {parameters: [{name: o, value: "{{tasks.other.ip}}"}]})",
       "unresolved-variable",
       "spec.templates[0].steps[0][1].inline.outputs.parameters[0].value",
       {"tasks.other.ip"}},
      {"a tag in an artifact that a template without tags takes",
       R"(entrypoint: a
arguments: {artifacts: [{name: f, http: {url: "{{inputs.parameters.url}}"}}]}
templates:
- name: a
  inputs: {artifacts: [{name: f, path: /f}]}
  container: {image: x})",
       "unresolved-variable",
       "",
       {"inputs.parameters.url"}},
      {"a tag over two lines is a name that nobody knows", R"(entrypoint: a
templates:
- name: a
  inputs: {parameters: [{name: x, value: 1}]}
  container: {image: x, args: ["{{inputs.parameters.x\n}}"]})",
       "unresolved-variable"},
      {"a broken expression that a parameter brings", R"(entrypoint: a
arguments: {parameters: [{name: n, value: "{{= 1 + }}"}]}
templates:
- name: a
  container: {image: x, args: ["{{workflow.parameters.n}}"]})",
       ""},
      {"a tag in podMetadata that the template has its own word for", R"(entrypoint: a
podMetadata: {labels: {x: "{{steps.s.id}}"}}
templates:
- {name: a, metadata: {labels: {x: own}}, container: {image: x}})",
       ""},
      {"an item's tag that nothing closes",
       R"(entrypoint: a
templates:
- name: a
  steps: [[{name: s, template: b, arguments: {parameters: [{name: x, value: "{{item}"}]}, withItems: [1, 2]}]]
- {name: b, inputs: {parameters: [{name: x}]}, container: {image: x}})",
       "template-syntax",
       "spec.templates[0].steps[0][0].arguments.parameters[0].value",
       {"item"}},
      {"a manifest in braces is YAML too", R"(entrypoint: a
templates:
- {name: a, resource: {action: get, manifest: "{.metadata.name}"}}
- {name: b, resource: {action: get, manifest: "{{= 1 + }}"}})",
       ""},
      {"blanks around a quantity, buckets that are no numbers", R"(entrypoint: a
templates:
- name: a
  metrics: {prometheus: [{name: m, help: h, histogram: {buckets: [x], value: "1"}}]}
  container: {image: x, resources: {requests: {cpu: " 100m "}}})",
       ""},
  };
  check_specs(cases);
}

TEST_CASE("validate: the value of an argument is asked for by submit and by cron, not by lint") {
  const std::string text = workflow(
      "entrypoint: b\narguments: {parameters: [{name: p}]}\ntemplates: [{name: b, container: {image: i}}]");
  CHECK(lint_text(text).ok());
  const ParsedFile file = [&] {
    ParsedFile parsed = parse_documents(text, "test.yaml");
    return parsed;
  }();
  REQUIRE(file.documents.size() == 1);
  const Json value = to_json_value(file.documents[0].root());
  ValidateOptions submit;
  submit.submission = true;
  const Diagnostics found = validate_value(value, DocumentTemplates{}, submit);
  const Diagnostic* d = find_rule(found, "arguments");
  REQUIRE(d != nullptr);
  CHECK(d->path == "spec.arguments.parameters[0]");
  CHECK(d->mark.line == 0);
}
