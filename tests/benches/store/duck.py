"""DuckDB, driven from Python with Arrow tables: the same orders and figures as worker.rs (see task.rs)."""

import json
import os
import sys
import time

import duckdb
import numpy as np
import pyarrow as pa

ROW = np.dtype(
    [
        ("counter", "<u8"), ("ended", "<i8"), ("mold", "<u4"), ("cycle_ms", "<u4"),
        ("temperature", "<i2"), ("flags", "<u2"), ("rest", "<u4"),
    ]
)  # fmt: skip
COLUMNS = [
    ("mold", "i4", "INTEGER"), ("flags", "i2", "SMALLINT"), ("temperature", "i2", "SMALLINT"),
    ("cycle_ms", "i4", "INTEGER"), ("counter", "i8", "BIGINT"), ("ended", "i8", "BIGINT"),
]  # fmt: skip


def status(label):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(label))


def written():
    with open("/proc/self/io") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("write_bytes"))


def device_written(folder):
    device = os.stat(folder).st_dev
    try:
        with open(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat") as file:
            return int(file.read().split()[6]) * 512
    except OSError:
        return 0


class Duck:
    def __init__(self, order):
        self.order = order
        self.data = order["data"]
        self.path = os.path.join(order["folder"], "cycles.duckdb")
        self.con = duckdb.connect(self.path)
        self.con.execute("SET memory_limit='1GB'; SET threads=2")
        # A plain insert into a table with a key stops at a row that is there; the others leave it as it is.
        key = order["engine"] == "duckdb_key"
        self.insert = "INSERT OR IGNORE INTO cycle" if key else "INSERT INTO cycle"
        columns = ", ".join(f"{name} {kind}" for name, _, kind in COLUMNS)
        tail = ", PRIMARY KEY(mold, counter)" if key else ""
        self.con.execute(f"CREATE TABLE IF NOT EXISTS cycle({columns}{tail})")

    def rows(self, skip, count):
        rows = np.fromfile(self.data["path"], dtype=ROW, count=count, offset=skip * ROW.itemsize)
        if len(rows) == 0:
            sys.exit("there are no more rows: make the data set longer")
        return rows

    def put(self, rows):
        if len(rows) == 1:
            values = [int(rows[name][0]) for name, _, _ in COLUMNS]
            self.con.execute(f"{self.insert} VALUES(?, ?, ?, ?, ?, ?)", values)
            return
        arrow = pa.table({name: pa.array(rows[name].astype(kind)) for name, kind, _ in COLUMNS})
        self.con.register("arrow", arrow)
        self.con.execute(f"{self.insert} SELECT * FROM arrow")

    def count(self):
        return self.con.execute("SELECT count(*) FROM cycle").fetchone()[0]

    def ask(self, what, span):
        run = self.con.execute
        if what == "day":
            found = run(
                "SELECT counter, ended, cycle_ms, temperature, flags FROM cycle WHERE mold = ? AND ended BETWEEN ? AND ?",
                [span["mold"], span["ended"] - 86_400_000, span["ended"]],
            ).fetchnumpy()
            return len(found["cycle_ms"]), int(found["cycle_ms"].sum())
        if what == "hours":
            found = run(
                "SELECT ended // 3600000, count(*), avg(cycle_ms), min(cycle_ms), max(cycle_ms) FROM cycle"
                " WHERE mold = ? AND counter BETWEEN ? AND ? GROUP BY 1",
                [span["mold"], span["tail"], span["last"]],
            ).fetchall()
            return len(found), sum(row[1] for row in found)
        if what == "now":
            found = run("SELECT mold, max(counter), arg_max(cycle_ms, counter) FROM cycle GROUP BY 1").fetchall()
            return len(found), sum(row[1] for row in found)
        found = run("SELECT mold, ended // 86400000, count(*) FROM cycle GROUP BY 1, 2").fetchall()
        return len(found), sum(row[2] for row in found)


class Commits:
    def __init__(self, duck):
        self.duck, self.times, self.rows = duck, [], 0
        self.before = written(), device_written(duck.order["folder"])

    def put(self, rows):
        begun = time.perf_counter()
        self.duck.put(rows)
        self.times.append(time.perf_counter() - begun)
        self.rows += len(rows)

    def figures(self, used):
        own, device = written() - self.before[0], device_written(self.duck.order["folder"]) - self.before[1]
        commits, took = len(self.times), sum(self.times)
        self.times.sort()
        at = lambda share: self.times[int((commits - 1) * share)] * 1e6  # noqa: E731
        return {
            "commits": commits, "commits/s": commits / took, "rows/s": self.rows / took, "p50 us": at(0.5),
            "p99 us": at(0.99), "max us": at(1.0), "bytes/commit": own / commits, "device bytes/commit": device / commits,
            "bytes": own, "device bytes": device, "rows": used,
        }  # fmt: skip


def bulk(duck, task):
    batch, took, done = task["batch"], 0.0, 0
    step = max((1 << 18) // batch * batch, batch)
    while done < task["rows"]:
        part = duck.rows(done, min(step, task["rows"] - done))
        begun = time.perf_counter()
        for at in range(0, len(part), batch):
            duck.put(part[at : at + batch])
        took += time.perf_counter() - begun
        done += len(part)
    return {"rows": done, "rows/s": done / took, "seconds": took}


def finish(duck, _):
    begun = time.perf_counter()
    duck.con.execute("CHECKPOINT")
    if duck.order["engine"] == "duckdb_sorted":
        copy = duck.path + ".copy"
        duck.con.execute(
            f"ATTACH '{copy}' AS copy; CREATE TABLE copy.cycle AS SELECT * FROM cycle ORDER BY mold, counter; DETACH copy"
        )
        duck.con.close()
        os.replace(copy, duck.path)
    return {"seconds": time.perf_counter() - begun}


def live(duck, task):
    batch = task["batch"]
    rows = duck.rows(task["skip"], batch * (task["commits"] + 1))
    duck.put(rows[:batch])
    measured, begun = Commits(duck), time.perf_counter()
    for at in range(batch, len(rows) - batch + 1, batch):
        measured.put(rows[at : at + batch])
        if time.perf_counter() - begun >= task["seconds"]:
            break
    return measured.figures(batch + measured.rows)


def day(duck, task):
    rows = duck.rows(task["skip"], duck.data["rows"] - task["skip"])
    since = rows["ended"] - rows["ended"][0]
    if since[-1] < task["hours"] * 3_600_000:
        sys.exit("there are no live rows for so many hours")
    rows = rows[since < task["hours"] * 3_600_000]
    seconds = (rows["ended"] - rows["ended"][0]) // 1000
    cuts = np.flatnonzero(np.diff(seconds)) + 1
    measured = Commits(duck)
    for window in np.split(rows, cuts):
        for at in range(0, len(window), 100):
            measured.put(window[at : at + 100])
    return measured.figures(measured.rows)


def ask(duck, task):
    spans, times, answer = duck.data["spans"], [], None
    for n in range(max(task["times"], 1)):
        begun = time.perf_counter()
        found = duck.ask(task["what"], spans[(n * 13 + 17) % len(spans)])
        times.append((time.perf_counter() - begun) * 1e3)
        answer = answer or found
    first, later = times[0], sorted(times[1:]) or times
    return {"first ms": first, "later ms": later[len(later) // 2], "answer rows": answer[0], "answer sum": answer[1]}


def keep(duck, task):
    kept, step = task["skip"], task["seed"]
    while True:
        part = duck.rows(kept, 4096)
        while len(part):
            step = (step * 6364136223846793005 + 1442695040888963407) % (1 << 64)
            size = min(1 + (step >> 33) % 40, len(part))
            duck.put(part[:size])
            kept += size
            print("kept", kept, flush=True)
            part = part[size:]


def main():
    if sys.argv[1] == "version":
        print(duckdb.__version__)
        return
    order = json.loads(sys.argv[1])
    task, begun = order["task"], time.perf_counter()
    duck = Duck(order)
    opening = (time.perf_counter() - begun) * 1e3
    if task["do"] == "open":
        spans = duck.data["spans"]
        duck.con.execute("SELECT max(counter) FROM cycle WHERE mold = ?", [spans[0]["mold"]]).fetchone()
        figures = {"first ms": (time.perf_counter() - begun) * 1e3}
    elif task["do"] == "count":
        figures = {"rows": duck.count()}
    else:
        does = {"bulk": bulk, "finish": finish, "live": live, "day": day, "ask": ask, "keep": keep}
        figures = does[task["do"]](duck, task)
    figures |= {"open ms": opening, "memory": status("VmRSS:"), "most memory": status("VmHWM:")}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
