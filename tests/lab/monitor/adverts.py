"""Adverts: in clear while a monitor waits to be enrolled, sealed afterwards, and as a repeater passes them on."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from .messages import NOT_KNOWN, STATES
from .wire import Reader, Refused

SERVICE = bytes.fromhex("379733a644658788bb41251a01003337")
MARK = b"P4"
NO_COMPANY = 0xFFFF
LAST_COUNTER = 0xFFFF_FFFE


def waiting(serial, initialised, no_passkey=False, lost_bond=False):
    data = SERVICE + b"\x11" + serial.to_bytes(4, "big")
    data += bytes([initialised | no_passkey << 1 | lost_bond << 2])
    return b"\x02\x01\x06" + bytes([1 + len(data), 0x21]) + data


def status_bytes(status):
    temperature = NOT_KNOWN if status["temperature"] is None else status["temperature"]
    flags = STATES.index(status["state"]) | status["alerts_wait"] << 2 | status["cycles_wait"] << 3
    data = status["count"].to_bytes(4, "big") + temperature.to_bytes(2, "big", signed=True)
    return data + bytes([status["battery"], flags | status["era"] % 8 << 5])


def read_status(data):
    flags, temperature = data[7], int.from_bytes(data[4:6], "big", signed=True)
    if flags & 0x10:
        raise Refused(f"flags must not be {flags:#x}")
    status = {"count": int.from_bytes(data[:4], "big"), "battery": data[6], "state": STATES[flags & 3]}
    status |= {"temperature": None if temperature == NOT_KNOWN else temperature}
    return status | {"alerts_wait": bool(flags & 4), "cycles_wait": bool(flags & 8), "era": flags >> 5}


def _seal(key, ident, counter):
    ident, counter = ident.to_bytes(4, "big"), counter.to_bytes(4, "big")
    return AESCCM(key, tag_length=4), ident + counter + b"PV4-1", MARK + b"\x12" + ident


def sealed(key, ident, counter, status, company=NO_COMPANY):
    cipher, nonce, clear = _seal(key, ident, counter)
    body = cipher.encrypt(nonce, status_bytes(status), clear)
    return sealed_bytes({"company": company, "id": ident, "counter": counter, "body": body})


def unseal(key, advert):
    """The status in an advert; Refused if the seal is not this key's."""
    cipher, nonce, clear = _seal(key, advert["id"], advert["counter"])
    try:
        return read_status(cipher.decrypt(nonce, advert["body"], clear))
    except InvalidTag:
        raise Refused("the seal is not good") from None


def sealed_bytes(advert):
    data = advert["company"].to_bytes(2, "little") + MARK + b"\x12"
    data += advert["id"].to_bytes(4, "big") + advert["counter"].to_bytes(4, "big") + advert["body"]
    return b"\x02\x01\x04" + bytes([1 + len(data), 0xFF]) + data


def repeated_bytes(advert):
    rssi = 127 if advert["rssi_dbm"] is None else advert["rssi_dbm"]
    data = advert["company"].to_bytes(2, "little") + MARK + bytes([0x13, advert["hops"]])
    data += advert["id"].to_bytes(4, "big") + advert["counter"].to_bytes(4, "big") + advert["body"]
    data += rssi.to_bytes(1, "big", signed=True) + advert["repeater"].to_bytes(2, "big")
    return bytes([1 + len(data), 0xFF]) + data


def _head(reader, kinds):
    [head] = reader.take(1, "type")
    if head >> 4 != 1:
        raise Refused(f"version {head >> 4} is not known here")
    if head & 0x0F not in kinds:
        raise Refused(f"advert type {head & 0x0F:#x} is not known here")
    return head & 0x0F


def _read_waiting(data):
    reader = Reader(data)
    _head(reader, [1])
    serial = reader.number(4, "serial")
    flags = reader.choice(range(8), "flags")
    reader.end()
    named = {"initialised": bool(flags & 1), "no_passkey": bool(flags & 2), "lost_bond": bool(flags & 4)}
    return {"kind": "waiting", "serial": serial} | named


def _read_sealed(company, data):
    reader = Reader(data)
    repeated = _head(reader, [2, 3]) == 3
    advert = {"kind": "repeated" if repeated else "status", "company": company}
    if repeated:
        advert["hops"] = reader.choice([1, 2, 3], "hops")
    advert |= {"id": reader.number(4, "id"), "counter": reader.number(4, "counter")}
    if not 1 <= advert["counter"] <= LAST_COUNTER:
        raise Refused(f"counter must not be {advert['counter']:#x}")
    advert["body"] = reader.take(12, "sealed status")
    if repeated:
        rssi = reader.number(1, "strength", signed=True)
        advert |= {"rssi_dbm": None if rssi == 127 else rssi, "repeater": reader.number(2, "repeater")}
    reader.end()
    return advert


def decode(data):
    """What of ours is in an advert; None if there is nothing."""
    reader = Reader(data)
    while reader.rest:
        structure = Reader(reader.take(reader.number(1, "length"), "structure"))
        kind = structure.number(1, "type")
        if kind == 0x21 and structure.rest.startswith(SERVICE):
            return _read_waiting(structure.rest[len(SERVICE) :])
        if kind == 0xFF and structure.rest[2:4] == MARK:
            return _read_sealed(int.from_bytes(structure.rest[:2], "little"), structure.rest[4:])
    return None
