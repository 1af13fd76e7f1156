"""What a scenario works with: the guest with its adapters, the air, and the monitors."""

import asyncio
import re
import time

from guest import Guest
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
        await self.guest.do("rm -rf /state/bluetooth/* /state/platen/*")
        await self._services(range(adapters))

    async def _services(self, adapters):
        await self.guest.do("pidof dbus-daemon || dbus-daemon --system --nopidfile")
        await self.guest.do(
            "echo 'while :; do /usr/libexec/bluetooth/bluetoothd -n >>/tmp/bluetoothd.log 2>&1; done' >/tmp/keep;"
            " setsid sh /tmp/keep & echo $! >/tmp/keeper"
        )
        for number in adapters:
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

    async def power_cut(self):
        """The box's plug is pulled: what monitors had of links is lost."""
        await self.guest.power_cut()
        for adapter in self.adapters.values():
            await adapter.unplug()

    async def power_on(self):
        """The same box again, with what is on its disk."""
        await self.guest.power_on()
        numbers, self.adapters = list(self.adapters), {}
        await self._services(numbers)

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


async def new_guest(cache, programs):
    guest = Guest(cache, programs, cache / "serial.log")
    await guest.power_on()
    return guest
