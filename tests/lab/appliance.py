"""The whole box: `platen serve` in the guest, dealt with as a person's browser does, and asked for what it has on its
disk by its own `platen export`."""

import asyncio
import http.client
import json
import re
import ssl
import time
import urllib.parse

from bench import Failed, until
from guest import WEB

FOLDER = "/state/platen"
CONFIG = f"""\
data = "{FOLDER}/data"
log = "info,radio=debug"
[store]
key = "{FOLDER}/key"
[web]
listen = "0.0.0.0:{WEB}"
http_redirect = ""
[bluetooth]
enabled = true
"""
NAME, PASSWORD = "Ada Tooling", "press-hall-7-night"


class Appliance:
    def __init__(self, lab):
        lab.driver = None
        self.lab, self.guest = lab, lab.guest
        self.cookie = None

    async def start(self):
        if self.cookie is None:
            await self.guest.do("rm -f /tmp/platen.log")
        lines = CONFIG.replace("\n", "\\n")
        await self.guest.do(f"cd {FOLDER}; [ -e key ] || {{ platen key new key; printf '{lines}' >platen.toml; sync; }}")
        await self.guest.do(
            f"setsid platen serve --config {FOLDER}/platen.toml >>/tmp/platen.log 2>&1 & echo $! >/tmp/platen"
        )
        health = f"platen healthcheck --config {FOLDER}/platen.toml; echo $?"
        await self.lab.told("the box is healthy", health, r"^0$", seconds=120)
        if self.cookie is None:
            code = re.search(r"set-up code\W+(\S+)", await self.guest.do("cat /tmp/platen.log"))[1]
            answer = await self._ask("POST", "/setup", code=code, name=NAME, password=PASSWORD)
            self.cookie = answer.headers["set-cookie"].partition(";")[0]

    async def kill(self):
        await self.guest.do("kill -9 $(cat /tmp/platen)")

    async def stop(self):
        await self.guest.run("kill -9 $(cat /tmp/platen)")

    async def _ask(self, method, path, **form):
        return await asyncio.to_thread(self._request, method, path, urllib.parse.urlencode(form))

    def _request(self, method, path, body):
        # Nobody stands between here and the guest.
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("localhost", self.guest.web, context=context, timeout=60)
        host = f"localhost:{self.guest.web}"
        headers = {"Origin": f"https://{host}", "Content-Type": "application/x-www-form-urlencoded"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        connection.request(method, path, body if method == "POST" else None, headers)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        if answer.status >= 400:
            raise Failed(f"{method} {path}: {answer.status} {answer.text}")
        return answer

    async def monitors(self):
        """How monitors stand on the radios screen, by serial."""
        told = json.loads((await self._ask("GET", "/api/radios")).text)
        return {one["serial"]: one for one in told["bluetooth"]["monitors"]}

    async def enrol(self, monitor, passkey=None, seconds=90):
        """Opens a window and waits for what comes of it: the strength of the bond, or why there is none."""
        words = {"passkey": passkey or monitor.label} if monitor.passkey else {"without": "true"}
        await self._ask("POST", "/api/enrol", serial=monitor.name, **words)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            told = (await self.monitors()).get(monitor.name)
            if told and told["window_until"] is None and (told["refused"] or told["strength"]):
                return told["refused"] or told["strength"]
            await asyncio.sleep(0.2)
        raise Failed(f"waited {seconds} s in vain: the window of {monitor.name} closes: {told}")

    async def _counted(self):
        """Each mold's count, and the times of its cycles in ticks."""
        export = f"platen export %s --mold all --format jsonl --config {FOLDER}/platen.toml"
        counts = [json.loads(line) for line in (await self.guest.do(export % "counts")).splitlines()]
        cycles = [json.loads(line) for line in (await self.guest.do(export % "cycles")).splitlines()]
        return counts, cycles

    async def counts_are_true(self, *monitors, seconds=90):
        """What is on the box's disk is what the monitors made, each cycle once and with its time; and they know it."""
        for monitor in monitors or self.lab.monitors:
            kept = lambda: all(run.is_kept() for run in monitor.memory.runs)  # noqa: E731
            await until(f"{monitor.name} is told that all is kept", kept, seconds)
        counts, cycles = await self._counted()
        for monitor in monitors or self.lab.monitors:
            mold = f"M-{monitor.memory.serial}"
            made = [cycle for run in monitor.memory.runs for cycle in run.cycles]
            [count] = [row for row in counts if row["mold"] == mold]
            if (count["displayed"], count["times_unknown"]) != (len(made), 0):
                raise Failed(f"{mold} made {len(made)} cycles, the box has {count}")
            times = [(row["cycle_ms"], row["first"]) for row in cycles if row["mold"] == mold]
            wanted = [(cycle.time * 10, cycle.first) for cycle in made]
            if times != wanted:
                raise Failed(f"the times of {mold} are {times}, not {wanted}")
