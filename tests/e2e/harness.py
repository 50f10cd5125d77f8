"""What the end-to-end tests share: a home of their own, skiff as a user calls it, counting."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SKIFF = os.environ.get("SKIFF", os.path.join(ROOT, "build", "runner", "skiff"))
LABEL_HOME = "skiff.home"


class Home:
    """A fresh SKIFF_HOME; on leaving, its controller has gone and left nothing on the engine."""

    def __init__(self, **env):
        self.path = tempfile.mkdtemp(prefix="skiff-e2e-")
        self.env = dict(os.environ, SKIFF_HOME=self.path, NO_COLOR="1", **env)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop_controller()
        shutil.rmtree(self.path, ignore_errors=True)

    def run(self, *args, check=False, timeout=120, cwd=ROOT):
        p = subprocess.run([SKIFF, *args], cwd=cwd, env=self.env, stdin=subprocess.DEVNULL, timeout=timeout,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
        if check and p.returncode != 0:
            raise AssertionError(f"skiff {' '.join(args)}: exit {p.returncode}\n{p.stdout}{p.stderr}")
        return p

    def start(self, *args, cwd=ROOT):
        return subprocess.Popen([SKIFF, *args], cwd=cwd, env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def workflow(self, name="@latest"):
        return json.loads(self.run("get", name, "-o", "json", check=True).stdout)

    def controller_pid(self):
        """The pid in the lock file, if that process lives."""
        try:
            with open(os.path.join(self.path, "controller.lock")) as f:
                pid = int(re.search(r"\d+", f.read()).group())
            os.kill(pid, 0)
            return pid
        except (OSError, AttributeError, ValueError):
            return None

    def stop_controller(self):
        pid = self.controller_pid()
        if pid is None:
            return
        os.kill(pid, 15)
        wait_for(lambda: not alive(pid), 30, f"controller {pid} does not stop")

    def wait_until(self, condition, seconds=60, name="@latest"):
        """Polls `get` until condition(workflow); returns the workflow."""
        found = []

        def look():
            p = self.run("get", name, "-o", "json")
            if p.returncode == 0:
                wf = json.loads(p.stdout)
                if condition(wf):
                    found.append(wf)
            return bool(found)

        wait_for(look, seconds, "the workflow did not come to it")
        return found[0]


def alive(pid):
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()[0] != "Z"


def wait_for(condition, seconds, what):
    end = time.time() + seconds
    while not condition():
        if time.time() > end:
            raise AssertionError(f"{what} (after {seconds} s)")
        time.sleep(0.05)


def nodes_of(wf):
    return list(((wf.get("status") or {}).get("nodes") or {}).values())


def node(wf, display_name):
    for n in nodes_of(wf):
        if n["displayName"] == display_name:
            return n
    raise AssertionError(f"no node {display_name}; there are {sorted(n['displayName'] for n in nodes_of(wf))}")


def docker(*args):
    p = subprocess.run(["docker", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if p.returncode != 0:
        raise AssertionError(f"docker {' '.join(args)}: {p.stdout}")
    return p.stdout


def left_on_engine(home):
    """Names of the containers and volumes that carry the label of this home."""
    label = f"label={LABEL_HOME}={home.path}"
    return (docker("ps", "-a", "--filter", label, "--format", "{{.Names}}").split()
            + docker("volume", "ls", "-q", "--filter", label).split())


def workflow(templates, entrypoint="main", name="e2e", more=""):
    return (f"apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {{name: {name}}}\n"
            f"spec:\n  entrypoint: {entrypoint}\n{more}  templates:\n{templates}")


def container(name, command, extra=""):
    return (f"    - name: {name}\n{extra}      container:\n        image: busybox:latest\n"
            f"        command: [sh, -c, {json.dumps(command)}]\n")


class File:
    def __init__(self, text):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".yaml")
        self.file.write(text)
        self.file.flush()
        self.name = self.file.name


def has(text, *words):
    for w in words:
        assert w in text, f"{w!r} is not in:\n{text}"


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, test, *args):
        started = time.time()
        try:
            test(*args)
        except Exception as e:  # one broken check must not stop the others
            self.failed += 1
            print(f"FAIL {name} ({time.time() - started:.1f} s): {type(e).__name__}: {e}", flush=True)
        else:
            self.passed += 1
            print(f"ok   {name} ({time.time() - started:.1f} s)", flush=True)

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)
