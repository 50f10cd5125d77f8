"""What else from Debian runs a graph of containers: snakemake, cwltool, docker-compose. Each that is installed gets the same
graph, as a file of its own kind; a task runs `true` in the image."""
import json
import os
import shutil
import subprocess

import workflows
from measure import timed

NAMES = ("snakemake", "cwltool", "docker-compose")


def installed():
    return [name for name in NAMES if shutil.which(name)]


def call(argv, directory):
    p = subprocess.run(argv, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if p.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: exit {p.returncode}\n{p.stdout[-2000:]}")


def snakemake(graph, directory):
    """Files say what is done: all are made anew."""
    rules = [f"rule all:\n  input: {[t + '.done' for t in graph]!r}\n"]
    for task, needs in graph.items():
        rules.append(f"rule {task}:\n  input: {[n + '.done' for n in needs]!r}\n  output: '{task}.done'\n"
                     f"  shell: 'docker run --rm {workflows.IMAGE} true && touch {{output}}'\n")
    with open(os.path.join(directory, "Snakefile"), "w") as f:
        f.write("".join(rules))
    call(["snakemake", "--cores", str(len(graph)), "--forceall", "--quiet", "all", "--nolock"], directory)


def cwltool(graph, directory):
    """What a step prints is a file, and an input of those that need it."""
    tool = {"class": "CommandLineTool", "baseCommand": ["true"],
            "requirements": {"DockerRequirement": {"dockerPull": workflows.IMAGE}},
            "stdout": "said", "inputs": {f"i{k}": "File?" for k in range(max(len(n) for n in graph.values()))},
            "outputs": {"o": {"type": "stdout"}}}
    steps = {task: {"run": tool, "in": {f"i{k}": f"{need}/o" for k, need in enumerate(needs)}, "out": ["o"]}
             for task, needs in graph.items()}
    with open(os.path.join(directory, "work.cwl"), "w") as f:
        json.dump({"cwlVersion": "v1.2", "class": "Workflow", "inputs": {}, "steps": steps,
                   "outputs": {"o": {"type": "File", "outputSource": f"{list(graph)[-1]}/o"}}}, f)
    call(["cwltool", "--parallel", "--disable-pull", "--quiet", "--outdir", directory, "work.cwl"], directory)


def docker_compose(graph, directory):
    services = {task: {"image": workflows.IMAGE, "command": ["true"],
                       "depends_on": {n: {"condition": "service_completed_successfully"} for n in needs}}
                for task, needs in graph.items()}
    with open(os.path.join(directory, "compose.json"), "w") as f:
        json.dump({"services": services}, f)
    compose = ["docker-compose", "-p", "bench", "-f", "compose.json"]
    call([*compose, "up", "--no-color"], directory)
    call([*compose, "down"], directory)


RUNNERS = {"snakemake": snakemake, "cwltool": cwltool, "docker-compose": docker_compose}


def contenders(graph, directory):
    """{name: function} for take_turns; `graph` is {task: [tasks it needs]}, the last one is needed by nobody."""
    def runner(name):
        own = os.path.join(directory, "peer-" + name)
        os.makedirs(own, exist_ok=True)
        return lambda: timed(lambda: RUNNERS[name](graph, own))

    return {name: runner(name) for name in installed()}
