"""What can be counted, and so means something on a noisy machine too: engine calls and fsyncs of the controller for each
step (strace), instructions of scheduler and parser on fixed inputs (valgrind's callgrind)."""
import os
import re
import shutil
import signal
import subprocess

from measure import SKIFF


def traced_calls(pid, action, directory):
    """{system call: how often} of a process while `action` runs."""
    out = os.path.join(directory, "strace.out")
    tracer = subprocess.Popen(["strace", "-f", "-e", "trace=connect,fsync,fdatasync", "-o", out, "-p", str(pid)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    tracer.stderr.readline()  # "Process … attached"
    try:
        action()
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.stderr.read()
        tracer.wait()
    with open(out) as f:
        names = re.findall(r"^\d+ +(\w+)\(", f.read(), re.M)
    return {name: names.count(name) for name in set(names)}


def instructions(argv, env=None):
    p = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *argv], env=env, text=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    found = re.search(r"Collected : (\d+)", p.stderr)
    if not found:
        raise RuntimeError(f"callgrind of {' '.join(argv)} says nothing:\n{p.stderr[-1000:]}")
    return int(found.group(1))


def counts(b, workflows):
    b.report.work("counts", {})
    if shutil.which("strace"):
        n = 10
        file = b.file(workflows.counting_chain(n))
        b.warm().submit(file)
        calls = traced_calls(b.home.controller_pid(), lambda: b.home.submit(file), b.directory)
        b.report.count("engine calls a step", calls.get("connect", 0) / n)
        b.report.count("fsyncs a step", (calls.get("fsync", 0) + calls.get("fdatasync", 0)) / n)
    else:
        b.report.note("strace is not installed: engine calls and fsyncs not counted")
    if not shutil.which("valgrind"):
        return b.report.note("valgrind is not installed: instructions not counted")
    file = b.file(workflows.large(500_000), "counted.yaml")
    lint = instructions([SKIFF, "lint", file], b.warm().env)
    b.report.count("instructions of lint, a byte of YAML", lint / os.path.getsize(file))
    bench = os.path.join(os.path.dirname(SKIFF), "..", "tests", "bench", "scheduler_bench")
    if os.path.exists(bench):
        b.report.count("instructions of scheduler_bench 1000", instructions([bench, "1000"]))
