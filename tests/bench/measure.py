"""What the benchmarks share: a child's time, processor and memory; rounds that take turns; the table."""
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import harness  # noqa: E402

SKIFF = harness.SKIFF

TICK = os.sysconf("SC_CLK_TCK")


class Sample:
    """One run: seconds on the wall; processor seconds and peak bytes of the process, where they are known."""

    def __init__(self, seconds, cpu=None, rss=None):
        self.seconds, self.cpu, self.rss = seconds, cpu, rss


def timed(action):
    began = time.monotonic()
    action()
    return Sample(time.monotonic() - began)


def run(argv, env=None, first_output=False):
    """Runs a program to its end; with first_output the time is until it printed something."""
    began = time.monotonic()
    p = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    head = p.stdout.read1(65536)
    first = time.monotonic() - began
    tail = p.stdout.read()
    p.stdout.close()
    _, status, used = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    if p.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: exit {p.returncode}\n{(head + tail).decode(errors='replace')[-2000:]}")
    return Sample(first if first_output else seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def sh(text):
    subprocess.run(["sh", "-ec", text], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def process(pid):
    """Processor seconds so far and peak resident bytes of a process of ours."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    with open(f"/proc/{pid}/status") as f:
        peak = next((int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM:")), 0)
    return (int(fields[11]) + int(fields[12])) / TICK, peak


class Skiff(harness.Home):
    """A home whose controller stays; `submit` also says what skiff itself used, controller and command line."""

    def __init__(self):
        super().__init__(SKIFF_IDLE_SECONDS="600")

    def submit(self, file, *more):
        pid = self.controller_pid()
        before = process(pid)[0] if pid else 0
        sample = run([SKIFF, "submit", "--wait", *more, file], self.env)
        pid = self.controller_pid()
        if pid:
            cpu, peak = process(pid)
            sample.cpu += cpu - before
            sample.rss = peak
        return sample


class Result:
    """The medians of one contender."""

    def __init__(self, samples):
        self.seconds = statistics.median(s.seconds for s in samples)
        known = [s.cpu for s in samples if s.cpu is not None]
        self.cpu = statistics.median(known) if known else None
        known = [s.rss for s in samples if s.rss is not None]
        self.rss = statistics.median(known) if known else None
        self.each = [round(s.seconds, 4) for s in samples]

    def to_json(self):
        return {"seconds": self.seconds, "cpu_seconds": self.cpu, "rss_bytes": self.rss, "each": self.each}


def take_turns(contenders, rounds, before=lambda: None):
    """{name: function} -> {name: Result}. Each round runs all of them once, beginning with another one each time, so
    that what else the machine does meets all of them alike; `before` each run comes what is not timed."""
    names = list(contenders)
    samples = {name: [] for name in names}
    for r in range(rounds):
        for i in range(len(names)):
            name = names[(r + i) % len(names)]
            before()
            samples[name].append(contenders[name]())
    return {name: Result(s) for name, s in samples.items()}


class Report:
    """Rows of contenders and bars; the table as it grows, and the JSON at the end."""

    def __init__(self):
        self.works, self.missed = [], 0

    def work(self, name, results):
        self.works.append({"work": name, "results": {k: r.to_json() for k, r in results.items()}, "bars": []})
        for contender, r in results.items():
            cpu = f"{r.cpu * 1000:9.0f} ms cpu" if r.cpu is not None else ""
            rss = f"{r.rss / 1e6:8.1f} MB" if r.rss is not None else ""
            print(f"{name:22} {contender:34} {r.seconds:9.3f} s {cpu:>16} {rss:>11}", flush=True)

    def bar(self, what, value, limit, unit="x"):
        ok = value <= limit
        self.missed += 0 if ok else 1
        self.works[-1]["bars"].append({"what": what, "value": value, "limit": limit, "unit": unit, "holds": ok})
        print(f"{'':22} {what:50} {value:9.3g} {unit:3} (bar {limit:g}) {'holds' if ok else 'MISSED'}", flush=True)

    def count(self, what, value):
        """A figure without a bar."""
        self.works[-1]["bars"].append({"what": what, "value": value})
        print(f"{'':22} {what:50} {value:14,.1f}", flush=True)

    def note(self, text):
        print(f"{'':22} {text}", flush=True)

    def write(self, path):
        with open(path, "w") as f:
            json.dump({"works": self.works, "bars_missed": self.missed}, f, indent=2)
            f.write("\n")
