"""What a scenario works with: the guest with its adapters, the air, the monitors, and the box in the guest."""

import asyncio
import json
import re
import time

from guest import Broken, Guest, shell
from monitor.air import Adapter, Air
from monitor.device import Monitor

STATS = (
    "dbus-send --system --print-reply --dest=org.freedesktop.DBus /org/freedesktop/DBus"
    " org.freedesktop.DBus.Debug.Stats.GetStats"
)


class Failed(Exception):
    """A scenario does not show what it must."""


async def until(what, there, seconds=60):
    """Waits for a condition; what it gave when it was true."""
    end = time.monotonic() + seconds
    while not (found := there()):
        if time.monotonic() > end:
            raise Failed(f"waited {seconds} s in vain: {what}")
        await asyncio.sleep(0.02)
    return found


class Lab:
    def __init__(self, guest, say):
        self.guest, self.say = guest, say
        self.air = self.driver = None
        self.adapters, self.monitors = {}, []
        self.next_serial = 12345

    # --- the guest's own services ----------------------------------------------------------------

    async def begin(self, adapters=1):
        """A box that was never used, with so many adapters."""
        self.air = Air()
        await self.guest.do("rm -rf /state/bluetooth/* /state/platen/*; pidof dbus-daemon || dbus-daemon --system --nopidfile")
        await self.guest.do(
            "echo 'while :; do /usr/libexec/bluetooth/bluetoothd -n >>/tmp/bluetoothd.log 2>&1; done' >/tmp/keep;"
            " setsid sh /tmp/keep & echo $! >/tmp/keeper"
        )
        for number in range(adapters):
            await self.plug(number)
        await self.told("hci0 is there", "bluetoothctl list", "Controller")

    async def end(self):
        """Everything of a scenario goes."""
        for one in self.monitors:
            await one.stop()
        for number in list(self.adapters):
            await self.unplug(number)
        await self.guest.run("kill $(cat /tmp/keeper); killall -9 bluetoothd; rm -f /tmp/bluetoothd.log")
        self.monitors = []

    async def told(self, what, command, text, seconds=30):
        """Waits until a command in the guest prints something."""
        end = time.monotonic() + seconds
        while not re.search(text, (await self.guest.run(command))[1]):
            if time.monotonic() > end:
                raise Failed(f"waited {seconds} s in vain: {what}: {(await self.guest.run(command))[1]}")
            await asyncio.sleep(0.1)

    async def plug(self, number):
        self.adapters[number] = await Adapter.plug(number, self.air, self.guest.port(f"hci{number}"))
        await self.guest.do(
            f"setsid lab-adapter /ports/hci{number} >/tmp/hci{number}.log 2>&1 & echo $! >/tmp/hci{number}"
        )

    async def unplug(self, number):
        await self.guest.run(f"kill $(cat /tmp/hci{number})")
        await self.adapters.pop(number).unplug()

    async def kill_bluetoothd(self):
        await self.guest.do("killall -9 bluetoothd")

    async def match_rules(self):
        """What the bus holds in rules, for all who are on it."""
        told = await self.guest.do(STATS)
        return int(re.search(r'"MatchRules"\s+variant\s+uint32 (\d+)', told)[1])

    async def bonds(self):
        """Adapter, monitor and strength of each key that bluetoothd has stored."""
        said = await self.guest.do("cd /state/bluetooth; grep -rH Authenticated= . || true")
        return {tuple(line.split("/")[1:3]): line.rsplit("=", 1)[1] for line in said.splitlines()}

    # --- monitors --------------------------------------------------------------------------------

    async def monitor(self, history=0, **what):
        """Another one, on a mold of its own."""
        serial = self.next_serial
        self.next_serial += 1
        what = {"passkey": 100_000 + serial} | what
        one = Monitor(self.air, serial, **what)
        one.initialise(f"M-{serial}", history)
        await one.start()
        self.monitors.append(one)
        return one


class Driver:
    """The radio's driver alone, as the box."""

    def __init__(self, lab, slots=5, visit=30):
        lab.driver = self
        self.lab = lab
        self.command = shell("lab-driver", slots, visit)
        self.lines, self.began = [], time.monotonic()
        self.counted, self.alerts = {}, {}

    async def start(self):
        self.reader, self.writer = await asyncio.open_unix_connection(self.lab.guest.port("box"), limit=1 << 24)
        self.task = asyncio.get_running_loop().create_task(self._hear())
        await self.lab.guest.do(f"setsid {self.command} <>/ports/box >&0 2>>/tmp/driver.log & echo $! >/tmp/driver")
        for adapter in self.lab.adapters.values():
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


async def new_guest(cache, programs):
    guest = Guest(cache, programs, cache / "serial.log")
    await guest.power_on()
    return guest


__all__ = ["Broken", "Driver", "Failed", "Lab", "new_guest", "until"]
