"""The workflows that are measured, as text."""

IMAGE = "busybox:latest"


def document(templates, name="bench", kind="Workflow", more=""):
    return (f"apiVersion: argoproj.io/v1alpha1\nkind: {kind}\nmetadata: {{generateName: {name}-}}\nspec:\n"
            f"  entrypoint: main\n{more}  templates:\n{templates}")


def container(name, command, extra=""):
    return f"    - name: {name}\n{extra}      container: {{image: '{IMAGE}', command: [sh, -c, {command!r}]}}\n"


TRUE = f"    - {{name: nothing, container: {{image: '{IMAGE}', command: ['true']}}}}\n"


def steps(groups):
    return "    - name: main\n      steps:\n" + "".join(
        "        - - " + "\n          - ".join(group) + "\n" for group in groups)


def hello():
    return document("    - {name: main, container: {image: '" + IMAGE + "', command: ['true']}}\n")


def chain(n):
    """n steps that do nothing."""
    return document(steps([[f"{{name: s{i}, template: nothing}}"] for i in range(n)]) + TRUE)


def counting_chain(n):
    """Each step adds one to a small output parameter of the step before."""
    groups = []
    for i in range(n):
        value = "'0'" if i == 0 else f"'{{{{steps.s{i - 1}.outputs.parameters.n}}}}'"
        groups.append([f"{{name: s{i}, template: add, arguments: {{parameters: [{{name: n, value: {value}}}]}}}}"])
    return document(steps(groups) + container(
        "add", "echo $(({{inputs.parameters.n}} + 1)) > /tmp/n",
        "      inputs: {parameters: [{name: n}]}\n"
        "      outputs: {parameters: [{name: n, valueFrom: {path: /tmp/n}}]}\n"))


def fan_out(n):
    return document(steps([[f"{{name: each, template: nothing, withSequence: {{count: '{n}'}}}}"],
                           ["{name: join, template: nothing}"]]) + TRUE)


def diamond():
    tasks = [("a", ""), ("b", "a"), ("c", "a"), ("d", "b, c")]
    return document("    - name: main\n      dag:\n        tasks:\n" + "".join(
        f"          - {{name: {t}, template: nothing, dependencies: [{d}]}}\n" for t, d in tasks) + TRUE)


def chains(width, length):
    tasks = "".join(f"          - {{name: k{w}-{i}, template: nothing, dependencies: [{f'k{w}-{i - 1}' if i else ''}]}}\n"
                    for w in range(width) for i in range(length))
    return document("    - name: main\n      dag:\n        tasks:\n" + tasks + TRUE)


def artifact(make, passed=True):
    """One step makes /data/out, the next has it at /data/in; without passing it, what the steps themselves cost."""
    out = "      outputs: {artifacts: [{name: out, path: /data/out}]}\n" if passed else ""
    use = "      inputs: {artifacts: [{name: in, path: /data/in}]}\n" if passed else ""
    hand = ", arguments: {artifacts: [{name: in, from: '{{steps.make.outputs.artifacts.out}}'}]}" if passed else ""
    return document(steps([["{name: make, template: make}"], ["{name: use, template: use" + hand + "}"]]) +
                    container("make", "mkdir -p /data && " + make, out) + container("use", "true", use))


def large(size):
    """A valid workflow of at least so many bytes: templates with parameters, a DAG over all of them."""
    tasks, templates, have, i = [], [], 0, 0
    while have < size:
        tasks.append(f"          - name: task-{i}\n            template: work-{i}\n" +
                     (f"            dependencies: [task-{i - 1}]\n" if i % 7 else "") +
                     "            arguments:\n              parameters:\n"
                     f"                - {{name: message, value: \"{{{{workflow.parameters.word}}}} {i}\"}}\n")
        templates.append(f"    - name: work-{i}\n      inputs:\n        parameters:\n          - name: message\n"
                         f"      container:\n        image: {IMAGE}\n        command: [sh, -c]\n        args:\n"
                         f"          - |\n            echo step {i}: \"{{{{inputs.parameters.message}}}}\"\n"
                         "            for n in 1 2 3; do echo \"$n\"; done\n"
                         "        env:\n          - name: INDEX\n            value: \"" + str(i) + "\"\n")
        have += len(tasks[-1]) + len(templates[-1])
        i += 1
    return document("    - name: main\n      dag:\n        tasks:\n" + "".join(tasks) + "".join(templates),
                    more="  arguments:\n    parameters:\n      - {name: word, value: hello}\n")


def pauses(n):
    """n nodes without any container."""
    return document(steps([[f"{{name: p, template: pause, withSequence: {{count: '{n}'}}}}"]]) +
                    "    - {name: pause, suspend: {duration: '0'}}\n")
