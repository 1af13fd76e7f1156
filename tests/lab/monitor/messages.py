"""Messages over the bonded link. Each is a dictionary; times are ticks of 10 ms, temperatures tenths of a degree Celsius
or None."""

from .wire import Reader, Refused, crc16, signed, unzigzag, varint

VERSION = 1
MOST = 244
NOT_KNOWN = -0x8000
MOST_TICKS = 429_496_729
LIMITS = ["hot", "cold", "slow", "fast", "shock", "detached"]
STATES = ["cycling", "stopped", "asleep", "detached"]


def record_bytes(record):
    data = bytes([(record["approved_ms"] is not None) | (record["design_life"] is not None) << 1])
    for number in (record["approved_ms"], record["design_life"]):
        data += b"" if number is None else varint(number)
    data += varint(record["baseline"]) + signed(record["on_ms"])
    for text in (record["mold"].encode(), record["description"].encode()):
        data += bytes([len(text)]) + text
    return data


def read_record(data):
    reader = Reader(data)
    flags = reader.choice(range(4), "flags")
    record = {
        "approved_ms": reader.varint("approved cycle time", 2**32 - 1) if flags & 1 else None,
        "design_life": reader.varint("design life") if flags & 2 else None,
        "baseline": reader.varint("baseline"),
        "on_ms": reader.signed("date"),
        "mold": reader.text("mold number"),
        "description": reader.text("description"),
    }
    reader.end()
    if not 1 <= len(record["mold"]) <= 32:
        raise Refused("a mold's number has 1 to 32 characters")
    return record


def _write_record(record):
    data = record_bytes(record)
    return crc16(data).to_bytes(2, "big") + data


def _read_record(reader):
    check = reader.number(2, "record's check")
    data, reader.rest = reader.rest, b""
    try:
        if crc16(data) != check:
            raise Refused("its check is another one")
        return read_record(data)
    except Refused as why:
        raise Refused("read the record in it") from why


def _temperature(tenths):
    return (NOT_KNOWN if tenths is None else tenths).to_bytes(2, "big", signed=True)


def _read_temperature(reader):
    tenths = reader.number(2, "temperature", signed=True)
    return None if tenths == NOT_KNOWN else tenths


def _u32(*numbers):
    return b"".join(number.to_bytes(4, "big") for number in numbers)


# --- what monitors say -----------------------------------------------------------------------------


def _write_identity(message):
    data = _u32(message["serial"])
    known = message["initialised"]
    if known is None:
        return data + b"\0"
    return data + b"\1" + _u32(known["era"], known["count"]) + _write_record(known["record"])


def _read_identity(reader):
    serial = reader.number(4, "serial")
    if reader.choice([0, 1], "flags") == 0:
        return {"serial": serial, "initialised": None}
    era, count = reader.number(4, "era"), reader.number(4, "count")
    return {"serial": serial, "initialised": {"era": era, "count": count, "record": _read_record(reader)}}


def _write_cycles(message):
    cycles = message["cycles"]
    temperatures = [temperature for _, temperature, _ in cycles]
    steps = [after - before for before, after in zip(temperatures, temperatures[1:])] if temperatures[0] is not None else []
    firsts = sum(1 << place for place, (_, _, first) in enumerate(cycles) if first)
    base = message.get("base")
    if base is None:
        base = sorted(time for time, _, _ in cycles)[len(cycles) // 2]
    flags = message["from_memory"] | (firsts > 0) << 1 | (temperatures[0] is not None) << 2 | any(steps) << 3
    data = _u32(message["era"], message["count"]) + message["sent"].to_bytes(5, "big") + bytes([flags, len(cycles)])
    data += varint(message["sent"] - message["last_end"]) + varint(base)
    data += b"".join(signed(time - base) for time, _, _ in cycles)
    if firsts:
        data += firsts.to_bytes((len(cycles) + 7) // 8, "little")
    if temperatures[0] is not None:
        data += temperatures[0].to_bytes(2, "big", signed=True)
    if any(steps):
        halves = [step & 0x0F for step in steps] + [0] * (len(steps) % 2)
        data += bytes(low | high << 4 for low, high in zip(halves[::2], halves[1::2]))
    return data


def _read_cycles(reader):
    era, count, sent = reader.number(4, "era"), reader.number(4, "count"), reader.number(5, "clock")
    flags = reader.choice(range(16), "flags")
    n = reader.choice(range(1, 229), "number of cycles")
    age = reader.varint("age", sent)
    base = reader.varint("base", MOST_TICKS)
    times = [base + reader.signed("cycle time") for _ in range(n)]
    if not all(0 <= time <= MOST_TICKS for time in times):
        raise Refused("a cycle time is none")
    firsts = int.from_bytes(reader.take((n + 7) // 8, "firsts"), "little") if flags & 2 else 0
    if flags & 2 and not 0 < firsts < 1 << n:
        raise Refused(f"firsts must not be {firsts:#x}")
    temperatures = [None] * n
    if flags & 4:
        tenths = reader.number(2, "temperature", signed=True)
        temperatures = [tenths] * n
        if flags & 8:
            packed = reader.take(n // 2, "temperature steps")
            halves = [half for byte in packed for half in (byte & 0x0F, byte >> 4)]
            if not any(halves) or any(halves[n - 1 :]):
                raise Refused("temperature steps say nothing, or more than there is")
            for place in range(1, n):
                temperatures[place] = temperatures[place - 1] + (halves[place - 1] ^ 8) - 8
        if not all(NOT_KNOWN < tenths <= 0x7FFF for tenths in temperatures):
            raise Refused("a temperature is none")
    elif flags & 8:
        raise Refused("steps without a temperature")
    cycles = [(time, temperatures[place], bool(firsts >> place & 1)) for place, time in enumerate(times)]
    message = {"era": era, "count": count, "sent": sent, "last_end": sent - age, "from_memory": bool(flags & 1)}
    return message | {"base": base, "cycles": cycles}


def _write_status(message):
    data = _u32(message["era"], message["count"]) + bytes([STATES.index(message["state"])])
    data += _temperature(message["temperature"]) + bytes([message["battery"]])
    return data + _u32(*(message[name] for name in ("uptime", "stored", "unacknowledged", "alerts", "next_advert")))


def _read_status(reader):
    message = {"era": reader.number(4, "era"), "count": reader.number(4, "count")}
    message["state"] = STATES[reader.choice(range(4), "state")]
    message["temperature"] = _read_temperature(reader)
    message["battery"] = reader.number(1, "battery")
    for name in ("uptime", "stored", "unacknowledged", "alerts", "next_advert"):
        message[name] = reader.number(4, name.replace("_", " "))
    return message


def _write_thresholds(message):
    data = bytes([sum(1 << place for place, name in enumerate(LIMITS) if message[name] is not None)])
    for name in LIMITS:
        if message[name] is not None:
            limit, hysteresis = message[name]
            data += (signed if name in ("hot", "cold") else varint)(limit) + varint(hysteresis)
    return data


def _read_thresholds(reader):
    flags = reader.choice(range(64), "flags")
    message = dict.fromkeys(LIMITS)
    for place, name in enumerate(LIMITS):
        if not flags >> place & 1:
            continue
        if name in ("hot", "cold"):
            # -32767 to 32767, as they stand there.
            limit = unzigzag(reader.varint(name, 65534))
        else:
            limit = reader.varint(name, MOST_TICKS if name in ("slow", "fast") else 2**32 - 1)
        message[name] = [limit, reader.varint(name, 2**32 - 1)]
    return message


def _write_alert(message):
    data = _u32(message["era"], message["number"]) + message["sent"].to_bytes(5, "big")
    data += varint(message["sent"] - message["happened"]) + _u32(message["count"])
    return data + bytes([message["kind"], message["begins"]]) + signed(message["value"]) + signed(message["limit"])


def _read_alert(reader):
    era, number = reader.number(4, "era"), reader.number(4, "number")
    if number == 0:
        raise Refused("number must not be 0x0")
    sent = reader.number(5, "clock")
    message = {"era": era, "number": number, "sent": sent, "happened": sent - reader.varint("age", sent)}
    message |= {"count": reader.number(4, "count"), "kind": reader.number(1, "kind")}
    message |= {"begins": bool(reader.choice([0, 1], "flags"))}
    return message | {"value": reader.signed("value"), "limit": reader.signed("limit")}


def _write_clock(message):
    time = message["time_ms"]
    told = b"\0" if time is None else b"\1" + time.to_bytes(8, "big", signed=True)
    return message["clock"].to_bytes(5, "big") + told


def _read_clock(reader):
    clock = reader.number(5, "clock")
    told = reader.choice([0, 1], "flags")
    return {"clock": clock, "time_ms": reader.number(8, "time", signed=True) if told else None}


# --- what the box says -----------------------------------------------------------------------------


def _two(first, second):
    def write(message):
        return _u32(message[first], message[second])

    def read(reader):
        return {first: reader.number(4, first), second: reader.number(4, second)}

    return write, read


def _write_handover(message):
    return _u32(message["id"]) + message["key"]


def _read_handover(reader):
    return {"id": reader.number(4, "id"), "key": reader.take(16, "key")}


def _write_time(message):
    return message["now_ms"].to_bytes(8, "big", signed=True)


def _read_time(reader):
    return {"now_ms": reader.number(8, "time", signed=True)}


MONITOR = {
    ("identity", 1): ("identity", _write_identity, _read_identity),
    ("cycles", 2): ("cycles", _write_cycles, _read_cycles),
    ("cycles", 3): ("status", _write_status, _read_status),
    ("thresholds", 4): ("thresholds", _write_thresholds, _read_thresholds),
    ("alerts", 5): ("alert", _write_alert, _read_alert),
    ("time", 6): ("clock", _write_clock, _read_clock),
}
BOX = {
    ("thresholds", 4): ("thresholds", _write_thresholds, _read_thresholds),
    ("memory", 8): ("kept", *_two("era", "count")),
    ("memory", 9): ("send-from", *_two("era", "count")),
    ("time", 0xA): ("time", _write_time, _read_time),
    ("identity", 0xB): ("identify", lambda message: b"", lambda reader: {}),
    ("alerts", 0xC): ("alerts-kept", *_two("era", "number")),
    ("identity", 0xD): (
        "initialise",
        lambda message: _write_record(message["record"]),
        lambda reader: {"record": _read_record(reader)},
    ),
    ("handover", 0xE): ("handover", _write_handover, _read_handover),
}


def decode(table, on, data):
    """A message of that table that came on that characteristic."""
    most = 512 if on == "identity" else MOST
    if len(data) > most:
        raise Refused(f"a message on {on} has at most {most} bytes, not {len(data)}")
    if not data:
        raise Refused("a message has at least 1 byte")
    if data[0] >> 4 != VERSION:
        raise Refused(f"version {data[0] >> 4} is not known here")
    kind = data[0] & 0x0F
    if (on, kind) not in table:
        raise Refused(f"message type {kind:#x} is not known on {on}")
    name, _, read = table[on, kind]
    reader = Reader(data[1:])
    message = {"type": name} | read(reader)
    reader.end()
    return message


def encode(table, on, message):
    """The one way to write it."""
    for (place, kind), (name, write, _) in table.items():
        if name == message["type"] and place == on:
            return bytes([VERSION << 4 | kind]) + write(message)
    raise ValueError(message["type"])
