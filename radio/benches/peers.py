"""Times the parsers of digi-xbee and zigpy-xbee on the same AP=2 stream of 0x91 frames as radio/benches/frames.rs.

Argument: a file with the stream. Prints one JSON line: frames per second of each.
digi-xbee gets its frames already cut out of the stream (its own reader asks the port byte by byte), so the comparison favours it.
zigpy-xbee gets the stream in reads of 256 bytes, as a serial port gives them, and decodes the fields of each frame.
"""

import json
import logging
import sys
import time

from digi.xbee.models.mode import OperatingMode
from digi.xbee.packets.base import XBeePacket
from digi.xbee.packets.factory import build_frame
from zigpy_xbee.api import XBee
from zigpy_xbee.uart import Gateway

logging.disable(logging.CRITICAL)
stream = open(sys.argv[1], "rb").read()
frames = [b"\x7e" + rest for rest in stream.split(b"\x7e")[1:]]


class Counter:
    def __init__(self):
        self.frames = 0

    def handle_rx(self, *fields):
        self.frames += 1


begun = time.perf_counter()
for frame in frames:
    build_frame(XBeePacket.unescape_data(bytearray(frame)), OperatingMode.API_MODE)
digi = len(frames) / (time.perf_counter() - begun)

counter = Counter()
api = XBee({})
api.set_application(counter)
gateway = Gateway(api)
begun = time.perf_counter()
for at in range(0, len(stream), 256):
    gateway.data_received(stream[at : at + 256])
elapsed = time.perf_counter() - begun
assert counter.frames == len(frames), (counter.frames, len(frames))
print(json.dumps({"digi-xbee": digi, "zigpy-xbee": counter.frames / elapsed}))
