"""What a monitor remembers: runs of counting, cycles and alerts that no box has kept, thresholds, the time of day, the key
of its adverts. No radio in it; the clock is told in ticks of 10 ms."""

import secrets
from dataclasses import dataclass, field

from . import adverts, messages
from .wire import Refused

# Refusals as ATT errors.
BAD_RECORD, NOT_KEPT, UNINITIALISED, NO_MESSAGE = 0x81, 0x83, 0x85, 0x86
KINDS = {name: place + 1 for place, name in enumerate(messages.LIMITS)}
RISING = {"hot", "slow", "shock", "detached"}


class NotDone(Exception):
    """What was written is not done, for this reason."""

    def __init__(self, code):
        super().__init__(f"{code:02X}")
        self.code = code


@dataclass
class Cycle:
    end: int
    time: int
    temperature: int | None
    first: bool

    def wire(self):
        return self.time, self.temperature, self.first


@dataclass
class Run:
    """From one initialisation to the next. What was ever made stays in `cycles` and `alerts`, for whoever holds a box's
    count against the truth; what the monitor has forgotten is no longer sent."""

    era: int = field(default_factory=lambda: secrets.randbits(32))
    cycles: list[Cycle] = field(default_factory=list)
    alerts: list[dict] = field(default_factory=list)
    kept: int = 0
    alerts_kept: int = 0

    @property
    def count(self):
        return len(self.cycles)

    def is_kept(self):
        return self.kept == len(self.cycles) and self.alerts_kept == len(self.alerts)


class Memory:
    def __init__(self, serial):
        self.serial = serial
        self.record = None
        self.runs = []
        self.thresholds = {"type": "thresholds"} | dict.fromkeys(messages.LIMITS)
        self.standing = set()
        self.state = "stopped"
        self.temperature = 645
        self.battery = 87
        self.time_ms = None
        self.blinked = 0
        # The name and key of its adverts, the counter of the next one, and the status that the last one had.
        self.handover = None
        self.counter = 1
        self.sealed = None

    # --- what happens on the tool ----------------------------------------------------------------

    @property
    def run(self):
        return self.runs[-1] if self.runs else None

    def initialise(self, record):
        self.record = record
        self.runs.append(Run())
        self.standing.clear()

    def close_mold(self, now, temperature=None):
        """One more closing."""
        self.state = "cycling"
        self.temperature = self.temperature if temperature is None else temperature
        cycles = self.run.cycles
        time = min(now - cycles[-1].end, messages.MOST_TICKS) if cycles else 0
        cycles.append(Cycle(now, time, self.temperature, first=not cycles))
        if time:
            self.watch("slow", time, now)
            self.watch("fast", time, now)
        self.watch("hot", self.temperature, now)
        self.watch("cold", self.temperature, now)

    def watch(self, name, value, now):
        """Raises an alert, or ends it, if the value says so."""
        if self.thresholds[name] is None:
            return
        limit, hysteresis = self.thresholds[name]
        sign = 1 if name in RISING else -1
        if name not in self.standing and sign * (value - limit) > 0:
            self.standing.add(name)
            self._alert(name, True, value, limit, now)
        elif name in self.standing and sign * (value - limit) <= -hysteresis:
            self.standing.remove(name)
            self._alert(name, False, value, limit, now)

    def _alert(self, name, begins, value, limit, now):
        told = {"type": "alert", "era": self.run.era, "number": len(self.run.alerts) + 1, "happened": now}
        told |= {"count": self.run.count, "kind": KINDS[name], "begins": begins, "value": value, "limit": limit}
        self.run.alerts.append(told)

    # --- what it says ----------------------------------------------------------------------------

    def sending(self):
        """The run that is told at present: runs are told one after the other, the oldest first."""
        waiting = [run for run in self.runs if not run.is_kept()]
        return waiting[0] if waiting else self.run

    def identity(self):
        known = self.run and {"era": self.run.era, "count": self.run.count, "record": self.record}
        return {"type": "identity", "serial": self.serial, "initialised": known}

    def status(self, now):
        run = self.sending() or Run(era=0)
        told = {"type": "status", "era": run.era, "count": run.count, "state": self.state, "battery": self.battery}
        told |= {"temperature": self.temperature, "uptime": now // 100}
        told |= {"stored": sum(each.count - each.kept for each in self.runs), "unacknowledged": run.count - run.kept}
        return told | {"alerts": len(run.alerts), "next_advert": self.counter if self.handover else 0}

    def clock(self, now):
        return {"type": "clock", "clock": now, "time_ms": self.time_ms}

    def pack(self, run, after, now, room, from_memory):
        """As many of a run's cycles after that count as fit so many bytes; the message and how many they are."""
        cycles = run.cycles[after : after + 228]
        together = 1
        while together < len(cycles) and follows(cycles[together - 1], cycles[together]):
            together += 1
        while True:
            taken = cycles[:together]
            message = {"type": "cycles", "era": run.era, "count": after + together, "sent": now}
            message |= {"last_end": taken[-1].end, "from_memory": from_memory}
            data = messages.encode(messages.MONITOR, "cycles", message | {"cycles": [cycle.wire() for cycle in taken]})
            if len(data) <= room:
                return data, together
            together = max(1, together * room // len(data) - 1)

    def advert(self, bonded, lost_bond, no_passkey):
        """What it sends to everybody; None while it has nothing to say."""
        if not bonded or lost_bond or not self.handover:
            return adverts.waiting(self.serial, self.run is not None, no_passkey, lost_bond)
        run = self.sending() or Run(era=0)
        status = {"count": run.count, "temperature": self.temperature, "battery": self.battery, "state": self.state}
        status |= {"era": run.era, "alerts_wait": run.alerts_kept < len(run.alerts), "cycles_wait": run.kept < run.count}
        if self.sealed is None or self.sealed[0] != status:
            data = adverts.sealed(self.handover["key"], self.handover["id"], self.counter, status)
            self.counter += 1
            self.sealed = status, data
        return self.sealed[1]

    # --- what it is told -------------------------------------------------------------------------

    def write(self, on, data):
        """Does what a box's message says and returns it; raises NotDone."""
        try:
            message = messages.decode(messages.BOX, on, data)
        except Refused as why:
            raise NotDone(BAD_RECORD if why.__cause__ else NO_MESSAGE) from why
        run = next((run for run in self.runs if run.era == message.get("era")), None)
        match message["type"]:
            case "kept" | "send-from" | "alerts-kept" if not self.runs:
                raise NotDone(UNINITIALISED)
            case "kept" if run and message["count"] <= run.count:
                run.kept = max(run.kept, message["count"])
            case "alerts-kept" if run and message["number"] <= len(run.alerts):
                run.alerts_kept = max(run.alerts_kept, message["number"])
            case "thresholds":
                self.thresholds = message
            case "identify":
                self.blinked += 1
            case "time":
                self.time_ms = message["now_ms"]
            case "handover":
                self.handover, self.sealed = message, None
            case "initialise":
                if any(not run.is_kept() for run in self.runs):
                    raise NotDone(NOT_KEPT)
                self.initialise(message["record"])
        return message


def follows(before, after):
    """Whether a message may have both, one behind the other."""
    if after.end - after.time != before.end or (before.temperature is None) != (after.temperature is None):
        return False
    return before.temperature is None or -8 <= after.temperature - before.temperature <= 7
