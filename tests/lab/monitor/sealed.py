"""The sealed channel: what monitor and box say to each other past repeaters, which hold no key."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from .wire import Reader, Refused

BEGIN, WELCOME, SEALED = b"\x11", b"\x12", b"\x13"
MOST, LEAST_ROOM, LONGEST = 244, 32, 512
BOX, MONITOR = 0, 1
LAST = 0xFFFF_FFFF
ON = {"identity": 2, "cycles": 3, "thresholds": 4, "alerts": 5, "memory": 6, "time": 7}
WHAT = {BOX: ["subscribe", "read", "write", "confirm"], MONITOR: ["done", "value", "refused", "notify", "indicate"]}


def block(key, data):
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(data)


def channel_key(handed_over, of_box, of_monitor):
    return block(block(handed_over, b"PV4 sealed link1"), of_box + of_monitor)


def nonce(side, counter):
    return bytes([side, 0, 0, 0]) + counter.to_bytes(4, "big") + b"PV4-2"


def begin(salt, room):
    return BEGIN + salt + room.to_bytes(2, "big")


def read_begin(frame):
    reader = Reader(frame)
    if reader.take(1, "type") != BEGIN:
        raise Refused("it is no beginning")
    salt, room = reader.take(8, "salt"), reader.number(2, "room")
    reader.end()
    if not LEAST_ROOM <= room:
        raise Refused(f"room must not be {room}")
    return salt, room


class Channel:
    """One end of a channel."""

    def __init__(self, side, key, room):
        self.side, self.cipher, self.room = side, AESCCM(key, tag_length=8), min(room, MOST)
        self.said = self.heard = 0
        self.begun = None

    @property
    def is_proven(self):
        return self.side == BOX or self.heard > 0

    @property
    def fits(self):
        return self.room - 10

    def seal(self, what, on, data=b""):
        """The frames that a message takes."""
        head = (WHAT[self.side].index(what) + 1) << 4 | ON[on]
        parts = [data[at : at + self.fits] for at in range(0, len(data), self.fits)] or [b""]
        frames = []
        for number, part in enumerate(parts):
            more = 0x80 if number + 1 < len(parts) else 0
            frames.append(SEALED + self.cipher.encrypt(nonce(self.side, self.said), bytes([head | more]) + part, SEALED))
            self.said += 1
        return frames

    def open(self, frame):
        """What, where and its bytes, when the message is whole; else None."""
        if frame[:1] != SEALED or not 10 <= len(frame) <= MOST:
            raise Refused("it is no sealed frame")
        try:
            part = self.cipher.decrypt(nonce(1 - self.side, self.heard), frame[1:], SEALED)
        except InvalidTag:
            raise Refused("the seal is not good") from None
        self.heard += 1
        what, on = part[0] >> 4 & 7, [name for name, number in ON.items() if number == part[0] & 15]
        if not on or not 1 <= what <= len(WHAT[1 - self.side]):
            raise Refused(f"head must not be {part[0]:#x}")
        message = WHAT[1 - self.side][what - 1], on[0]
        before, data = self.begun or (message, b"")
        data += part[1:]
        if before != message or len(data) > LONGEST:
            raise Refused("its parts do not belong together")
        self.begun = (message, data) if part[0] & 0x80 else None
        return None if self.begun else (*message, data)


def answer(handed_over, frame, salt, most):
    """The monitor's end, and its welcome."""
    of_box, room = read_begin(frame)
    key = channel_key(handed_over, of_box, salt)
    seal = AESCCM(key, tag_length=8).encrypt(nonce(MONITOR, LAST), b"", frame + WELCOME + salt)
    return Channel(MONITOR, key, min(room, most)), WELCOME + salt + seal


def welcomed(handed_over, begun, welcome):
    """The box's end."""
    of_box, room = read_begin(begun)
    if welcome[:1] != WELCOME or len(welcome) != 17:
        raise Refused("it is no welcome")
    key = channel_key(handed_over, of_box, welcome[1:9])
    try:
        AESCCM(key, tag_length=8).decrypt(nonce(MONITOR, LAST), welcome[9:], begun + welcome[:9])
    except InvalidTag:
        raise Refused("the seal is not good") from None
    return Channel(BOX, key, room)
