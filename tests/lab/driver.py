"""The radio's driver and conductor alone, as the box: what it tells is held against what the monitors made."""

import asyncio
import json
import time

from bench import Failed, until
from guest import shell


class Driver:
    """The radio's driver alone, as the box."""

    def __init__(self, lab, slots=5, visit=30, uses=None):
        lab.driver = self
        self.lab = lab
        # The numbers of the adapters that are the box's; the others are somebody else's.
        self.adapters = [lab.adapters[number] for number in uses or lab.adapters]
        only = [adapter.label for adapter in self.adapters] if uses is not None else []
        self.command = shell("lab-driver", slots, visit, *only)
        self.lines, self.began = [], time.monotonic()
        self.counted, self.alerts = {}, {}

    async def start(self):
        self.reader, self.writer = await asyncio.open_unix_connection(self.lab.guest.port("box"), limit=1 << 24)
        self.task = asyncio.get_running_loop().create_task(self._hear())
        await self.lab.guest.do(f"setsid {self.command} <>/ports/box >&0 2>>/tmp/driver.log & echo $! >/tmp/driver")
        for adapter in self.adapters:
            await until(f"{adapter.name} is told", lambda: self.fact("Came", adapter.name_in_box), 10)

    async def stop(self):
        await self.lab.guest.run("kill $(cat /tmp/driver)")
        self.task.cancel()
        self.writer.close()

    async def _hear(self):
        while data := await self.reader.readline():
            line = json.loads(data) | {"at": round(time.monotonic() - self.began, 2)}
            self.lines.append(line)
            if cycles := line.get("cycles"):
                counted = self.counted.setdefault((line["monitor"], cycles["era"]), [])
                counted.extend(cycles["times"])
                if len(counted) != cycles["count"]:
                    raise Failed(f"{line}: {len(counted)} cycles were told")
            elif alert := line.get("alert"):
                self.alerts.setdefault(line["monitor"], []).append(alert)

    def fact(self, *words):
        return [it["fact"] for it in self.lines if "fact" in it and all(word in it["fact"] for word in words)]

    def said(self, monitor, name):
        return [line[name] for line in self.lines if line.get("monitor") == monitor.name and name in line]

    def tell(self, *words):
        self.writer.write((" ".join(words) + "\n").encode())

    async def enrol(self, monitor, passkey=None, seconds=60):
        """Opens a window and waits for what comes of it: the strength of the bond, or why there is none."""
        before = len(self.said(monitor, "enrolled")) + len(self.said(monitor, "not_enrolled"))
        self.tell("enrol", monitor.name, passkey or monitor.label)

        def ended():
            if len(self.said(monitor, "enrolled")) + len(self.said(monitor, "not_enrolled")) > before:
                last = [it for it in self.lines if it.get("monitor") == monitor.name and ("enrolled" in it or "not_enrolled" in it)][-1]
                return last["enrolled"]["strength"] if "enrolled" in last else last["not_enrolled"]
            return None

        return await until(f"the window of {monitor.name} closes", ended, seconds)

    def has_all_of(self, monitor):
        """Whether what was counted is what the monitor made, each cycle once and with its time."""
        runs = monitor.memory.runs
        return all(self.counted.get((monitor.name, run.era), []) == [it.time for it in run.cycles] for run in runs)

    async def counts_are_true(self, *monitors, seconds=60):
        for monitor in monitors or self.lab.monitors:
            made = lambda: [run.count for run in monitor.memory.runs]  # noqa: E731
            await until(f"{monitor.name} made {made()}", lambda: self.has_all_of(monitor), seconds)
            await until(f"{monitor.name} is told so", lambda: all(run.is_kept() for run in monitor.memory.runs), seconds)
