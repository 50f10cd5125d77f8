"""A long history, made by writing the journal's rows, and what reading it costs."""
import os
import sqlite3

from measure import SKIFF, Skiff, process, run, take_turns


def fill(home, count):
    """`count` copies of the newest workflow's rows, a minute apart. Nobody else may have the journal open."""
    db = sqlite3.connect(os.path.join(home.path, "skiff.db"))
    db.row_factory = sqlite3.Row
    pattern = dict(db.execute("SELECT * FROM workflows ORDER BY id DESC LIMIT 1").fetchone())
    old = pattern["id"]
    labels = [(row["key"], row["value"]) for row in db.execute("SELECT key, value FROM labels WHERE wid=?", (old,))]
    text = db.execute("SELECT object FROM workflow_objects WHERE wid=?", (old,)).fetchone()[0]
    columns = list(pattern)

    def row(i):
        age = (i + 1) * 60_000
        return [{"id": old + 1 + i, "uid": f"{i:08x}-0000-4000-8000-000000000000", "name": f"{pattern['name']}-{i}",
                 "created_ms": pattern["created_ms"] - age, "started_ms": pattern["started_ms"] - age,
                 "finished_ms": pattern["finished_ms"] - age}.get(c, pattern[c]) for c in columns]

    with db:
        db.executemany(f"INSERT INTO workflows({','.join(columns)}) VALUES({','.join('?' * len(columns))})",
                       (row(i) for i in range(count)))
        db.executemany("INSERT INTO workflow_objects VALUES(?, ?)", ((old + 1 + i, text) for i in range(count)))
        db.executemany("INSERT INTO labels(wid, key, value) VALUES(?, ?, ?)",
                       ((old + 1 + i, k, v) for i in range(count) for k, v in labels))
    db.close()


def listing(b, workflows):
    """Adds the rows `list` and `get` to the report."""
    count, nodes = b.size(100_000, 20_000), b.size(10_000, 2_000)
    with Skiff() as home:
        big = home.submit(b.file(workflows.pauses(nodes), "pauses.yaml"))
        name = home.run("list", "-o", "name", check=True).stdout.split()[0]
        home.submit(b.file(workflows.pauses(1), "pause.yaml"))
        home.stop_controller()
        fill(home, count)
        home.run("list", "--prefix", name, check=True)  # a controller is there from now on
        r = take_turns({
            "list, until the first line": lambda: run([SKIFF, "list"], home.env, first_output=True),
            "list, all of it": lambda: run([SKIFF, "list"], home.env),
            f"get, {nodes} nodes": lambda: run([SKIFF, "get", name], home.env),
            "get, 1 node": lambda: run([SKIFF, "get", "@latest"], home.env),
            "version (the least)": lambda: run([SKIFF, "version"], home.env),
        }, b.rounds)
        cpu, peak = process(home.controller_pid())
    b.report.work(f"{count} workflows", r)
    b.report.bar("list, first page", r["list, until the first line"].seconds * 1000, 50, "ms")
    b.report.bar(f"get of {nodes} nodes", r[f"get, {nodes} nodes"].seconds * 1000, 150, "ms")
    b.report.bar(f"controller with {nodes} nodes in flight", big.rss / 1e6, 150, "MB")
    b.report.note(f"{nodes} nodes without containers took {big.seconds:.2f} s; the controller over {count} workflows "
                  f"used {cpu:.2f} s and at most {peak / 1e6:.1f} MB")
