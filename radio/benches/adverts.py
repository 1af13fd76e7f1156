"""Times bthome-ble on the same adverts as radio/benches/adverts.rs.

Argument: a file with the adverts, their key and the address they come from. Prints one JSON line: adverts a second of each.
It gets its service data already cut out of the advert, and a new parser for each advert of an encrypted one: the same parser
takes the same counter for a replay.
"""

import json
import logging
import sys
import time

from bthome_ble import BTHomeBluetoothDeviceData
from habluetooth import BluetoothServiceInfoBleak

UUID = "0000fcd2-0000-1000-8000-00805f9b34fb"
ADVERTS = 5_000
logging.disable(logging.CRITICAL)

with open(sys.argv[1]) as file:
    given = json.load(file)
key = bytes.fromhex(given["key"])


def service_data(advert):
    at = 0
    while at < len(advert):
        length, kind = advert[at], advert[at + 1]
        if kind == 0x16:
            return advert[at + 4 : at + 1 + length]
        at += 1 + length
    raise ValueError("no service data")


def rate(name):
    data = service_data(bytes.fromhex(given[name]))
    info = BluetoothServiceInfoBleak(
        name="", address=given["address"], rssi=-60, manufacturer_data={}, service_data={UUID: data},
        service_uuids=[UUID], source="bench", device=None, advertisement=None, connectable=False,
        time=time.monotonic(), tx_power=None,
    )
    encrypted = name == "encrypted"
    parsers = [BTHomeBluetoothDeviceData(bindkey=key if encrypted else None) for _ in range(ADVERTS)]
    begun = time.perf_counter()
    said = [len(parser.update(info).entity_values) for parser in parsers]
    elapsed = time.perf_counter() - begun
    # Signal strength is among them.
    assert set(said) == {3}, set(said)
    return ADVERTS / elapsed


print(json.dumps({name: rate(name) for name in ("in clear", "encrypted")}))
