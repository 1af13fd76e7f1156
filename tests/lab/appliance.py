"""The whole box: `platen serve` in the guest, dealt with from its console, and asked for what it has on its disk by its
own `platen export`."""

import json

from bench import Failed, until

FOLDER = "/state/platen"
CONFIG = f"""\
data = "{FOLDER}/data"
log = "info,radio=debug"
[store]
key = "{FOLDER}/key"
[web]
listen = "127.0.0.1:8443"
http_redirect = ""
[bluetooth]
enabled = true
"""


class Appliance:
    def __init__(self, lab):
        lab.driver = None
        self.lab, self.guest = lab, lab.guest

    async def start(self):
        lines = CONFIG.replace("\n", "\\n")
        # What a person sets up once is on the disk long before the first power cut.
        made = f"platen key new key; printf '{lines}' >platen.toml; rm -f /tmp/platen.log; sync"
        await self.guest.do(f"cd {FOLDER}; [ -e key ] || {{ {made}; }}")
        await self.guest.do(
            f"setsid platen serve --config {FOLDER}/platen.toml >>/tmp/platen.log 2>&1 & echo $! >/tmp/platen"
        )
        health = f"platen healthcheck --config {FOLDER}/platen.toml; echo $?"
        await self.lab.told("the box is healthy", health, r"^0$", seconds=120)

    async def kill(self):
        await self.guest.do("kill -9 $(cat /tmp/platen)")

    async def stop(self):
        await self.guest.run("kill -9 $(cat /tmp/platen)")

    async def enrol(self, monitor, passkey=None, seconds=200):
        """Opens a window at the console; whether it came about, and what the box says."""
        how = f"echo {passkey or monitor.label} | platen monitor enrol"
        how = "platen monitor enrol --without-passkey" if monitor.passkey is None else how
        code, said = await self.guest.run(f"{how} --serial {monitor.name} --config {FOLDER}/platen.toml", seconds)
        return code == 0, said

    async def _rows(self, subject):
        export = f"platen export {subject} --mold all --format jsonl --config {FOLDER}/platen.toml"
        return [json.loads(line) for line in (await self.guest.do(export)).splitlines()]

    async def counts_are_true(self, *monitors, seconds=90):
        """What is on the box's disk is what the monitors made, each cycle once and with its time; and they know it."""
        for monitor in monitors or self.lab.monitors:
            kept = lambda: all(run.is_kept() for run in monitor.memory.runs)  # noqa: E731
            await until(f"{monitor.name} is told that all is kept", kept, seconds)
        counts, cycles = await self._rows("counts"), await self._rows("cycles")
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
