"""Adverts of sensors to hold decoders against each other with: the documented examples, and some thousands made by chance."""

import random
import struct

from bthome_ble.const import MEAS_TYPES
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from sensor_state_data.description import BaseBinarySensorDescription

ADDRESS = "54:48:E6:8F:80:A5"
KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")

FLAGS = {number for number, kind in MEAS_TYPES.items() if isinstance(kind.meas_format, BaseBinarySensorDescription)}
EVENTS = {0x3A, 0x3B, 0x3C}
TOLD = {0x53, 0x54}

# bthome.io/format: its advert, and the example of each object.
BTHOME = """02C40903BF13 518756 0161 6001 12E204 56E803 0960 3D0960 3E2A2C0960 59EA 5AEAEA 5BEA0234EA 434E34 5D02EA 08CA06 5E9F8C
    400C00 414E00 424E3400 4D12138A14 0A138A14 4B138A14 4C41018A01 528756 03BF13 2E23 05138A14 065E1F 073E1D 14020C 2F23 0D120C
    0E021C 0B021B00 5C02FBFFFF 5F120C 04138A01 540C48656C6C6F20576F726C6421 3F020C 444E34 57EA 58EA 451101 02CA09
    530C48656C6C6F20576F726C6421 505D396164 134001 0C020C 4A020C 4E87562A01 478756 48DC87 5587562A01 49DC87 4632 4F87562A01
    1501 1601 1700 1800 1900 1A00 1B01 0F01 1C01 1D00 1E01 1F01 2001 2101 2200 2301 1101 2400 2500 2601 1001 2701 2800 2901 2A00
    2B00 2C01 2D01 3A01 3A00 3C0103 F00100 F100010204 F2000106 0009""".split()
# bthome.io/encryption.
SEALED = "41A47266C95F730011223378237214"
# docs.ruuvi.com: for each format a valid one, the highest and the lowest values, and one that knows nothing.
RUUVI = """0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F 057FFFFFFEFFFE7FFF7FFF7FFFFFDEFEFFFECBB8334C884F
    058001000000008001800180010000000000CBB8334C884F 058000FFFFFFFF800080008000FFFFFFFFFFFFFFFFFFFFFF
    06170C5668C79E007000C90501D9FFCD004C884F 067FFF9C40FFFE27109C40FAFAFEFFFF074C884F 06800100000000000000000000000000004C884F
    068000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
    E1170C5668C79E0065007004BD11CA00C90A0213E0ACFFFFFFDECDEE11FFFFFFFFFFCBB8334C884F
    E17FFF9C40FFFE27102710271027109C40FAFADC28F0FFFFFFFFFFFE3FFFFFFFFFFFCBB8334C884F
    E1800100000000000000000000000000000000000000FFFFFF00000000FFFFFFFFFFCBB8334C884F
    E18000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF""".split()


def structure(kind, data):
    return bytes([len(data) + 1, kind]) + data


def wrapped(of, data):
    """As a whole advert, with flags before it."""
    kind, head = {"bthome": (0x16, b"\xd2\xfc"), "ruuvi": (0xFF, b"\x99\x04")}[of]
    return structure(0x01, b"\x06") + structure(kind, head + data)


def an_object(dice, number):
    """As senders make it, and now and then as none should."""
    some = lambda length: bytes(dice.randrange(256) for _ in range(length))
    if number in TOLD:
        text = "".join(dice.choice("abc é") for _ in range(dice.randrange(6))).encode() + dice.choice([b""] * 9 + [b"\xff"])
        return bytes([number, len(text)]) + text
    if number == 0x3B:
        arguments = some(dice.randrange(4))
        return bytes([number, len(arguments) | dice.choice([0, 0x20]), dice.randrange(8)]) + arguments
    length = MEAS_TYPES[number].data_length
    data = dice.choice([some(length), some(length), bytes(length), b"\xff" * length])
    if number in FLAGS and dice.random() < 0.9:
        data = bytes([dice.randrange(2)])
    if number == 0x01 and dice.random() < 0.9:
        data = bytes([dice.randrange(101)])
    if number in EVENTS and dice.random() < 0.8:
        data = bytes([dice.randrange(5)]) + data[1:]
    return bytes([number]) + data


def objects(dice):
    """In the order that the format wants, sometimes several alike, and rarely one that nobody knows; and whether it is cut short."""
    numbers = sorted(dice.choice(list(MEAS_TYPES)) for _ in range(dice.randrange(1, 6)))
    if dice.random() < 0.2:
        numbers.append(numbers[-1])
    data = b"".join(an_object(dice, number) for number in numbers)
    if dice.random() < 0.05:
        return data + bytes([dice.choice([0x66, 0xA0, 0xFE])]) + bytes(dice.randrange(256) for _ in range(dice.randrange(4))), False
    cut = dice.random() < 0.05
    return (data[:-1] if cut else data), cut


def made(seed):
    """Adverts: of which maker, the bytes, the key that they need, whether they are cut short."""
    dice = random.Random(seed)
    for text in BTHOME:
        yield "bthome", b"\x40" + bytes.fromhex(text), None, False
    yield "bthome", bytes.fromhex(SEALED), KEY, False
    for text in RUUVI:
        yield "ruuvi", bytes.fromhex(text), None, False
    for _ in range(3000):
        data, cut = objects(dice)
        yield "bthome", bytes([dice.choice([0x40, 0x44])]) + data, None, cut
    address = bytes.fromhex(ADDRESS.replace(":", ""))
    # The documented one has that counter, and counters rise.
    for counter in range(0x33221101, 0x33221101 + 1000):
        head = dice.choice([0x41, 0x45, 0x43])
        data, cut = objects(dice)
        seal = struct.pack("<I", counter)
        sealed = AESCCM(KEY, tag_length=4).encrypt(address + b"\xd2\xfc" + bytes([head]) + seal, data, None)
        own = address[::-1] if head == 0x43 else b""
        yield "bthome", bytes([head]) + own + sealed[:-4] + seal + sealed[-4:], KEY, cut
    for length, kind in ((24, 0x05), (20, 0x06), (40, 0xE1)):
        for _ in range(700):
            data = bytearray(dice.randrange(256) for _ in range(length))
            for place in range(1, length - 1, 2):
                if dice.random() < 0.1:
                    data[place : place + 2] = dice.choice([b"\xff\xff", b"\x80\x00", b"\x00\x00"])
            data[0] = kind
            yield "ruuvi", bytes(data), None, False
