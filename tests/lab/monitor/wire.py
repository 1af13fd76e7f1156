"""Numbers and texts as they are on the wire, and the check for what must arrive whole."""


class Refused(Exception):
    """Bytes that are no message."""


def zigzag(number):
    return (number << 1) ^ (number >> 63)


def unzigzag(number):
    return (number >> 1) ^ -(number & 1)


def varint(number):
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def signed(number):
    return varint(zigzag(number))


def crc16(data):
    """CRC-16/CCITT-FALSE."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1
    return crc & 0xFFFF


class Reader:
    """Takes fields off the front of bytes; each says its name when it is not what it should be."""

    def __init__(self, data):
        self.rest = bytes(data)

    def take(self, count, field):
        if len(self.rest) < count:
            raise Refused(f"it ends within {field}")
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def number(self, count, field, signed=False):
        return int.from_bytes(self.take(count, field), "big", signed=signed)

    def varint(self, field, most=2**64 - 1):
        number = 0
        for shift in range(0, 70, 7):
            [byte] = self.take(1, field)
            number |= (byte & 0x7F) << shift
            if number >= 2**64 or (byte == 0 and shift > 0):
                break
            if byte < 0x80:
                return self.within(number, most, field)
        raise Refused(f"{field} is not written in the shortest way")

    def signed(self, field):
        return unzigzag(self.varint(field))

    def text(self, field):
        try:
            return self.take(self.number(1, field), field).decode()
        except UnicodeDecodeError:
            raise Refused(f"the record's {field} is no text") from None

    def choice(self, known, field):
        """A byte that may be only one of these."""
        found = self.number(1, field)
        if found not in known:
            raise Refused(f"{field} must not be {found:#x}")
        return found

    @staticmethod
    def within(number, most, field):
        if number > most:
            raise Refused(f"{field} must not be {number:#x}")
        return number

    def end(self):
        if self.rest:
            raise Refused(f"{len(self.rest)} bytes after its end")
