"""Holds what `platen decode ble` says of sensors' adverts against bthome-ble and ruuvitag-ble, field by field.

    compare.py PLATEN [SEED]

Where the decoders differ and that is no error of ours, the difference has a name and a reason in `KNOWN`, and is counted. One
without a name fails, and so does a name that nothing bears any more."""

import collections
import json
import subprocess
import sys
import tempfile
from types import SimpleNamespace

from adverts import ADDRESS, EVENTS, FLAGS, KEY, TOLD, wrapped, made
from bthome_ble.const import MEAS_TYPES
from bthome_ble.event import BUTTON_EVENTS, COMMAND_EVENTS, DIMMER_EVENTS
from bthome_ble.parser import BTHomeBluetoothDeviceData
from ruuvitag_ble.parser import RuuvitagBluetoothDeviceData

UUID = "0000fcd2-0000-1000-8000-00805f9b34fb"
GRAVITY = 9.80665

KNOWN = {
    "flag beyond 0 and 1": "BTHome knows 0 and 1; they take any other byte for true, we say it as it came",
    "battery above 100 %": "no charge; they say it, we say the byte as it came",
    "empty text": "they leave out a text or raw value without bytes, we say that it is empty",
    "unknown object": "they stop there in silence, we say its number and all that follows",
    "cut short": "they say what stands before the cut, we refuse the advert: damaged bytes count nothing",
    "undefined event": "they leave it out, we say the byte as it came",
    "text that is no UTF-8": "they leave it out, we say its bytes",
    "device information": "they keep it beside the readings, we say it as bytes",
    "steps of 0.35 degrees": "they round them to tenths of a degree, we say them whole",
    "number of Ruuvi's measurement": "they leave it out",
    "movements not known": "Ruuvi's 255 says that the counter is not known; they say 255, we leave it out",
}


class Theirs(BTHomeBluetoothDeviceData):
    """Writes down what bthome-ble says, in its order."""

    def __init__(self, key):
        super().__init__(bindkey=key)
        self.said = []

    def _say(self, key, value):
        # Of several alike each has its number behind its name; the order says as much.
        name, _, number = key.rpartition("_")
        self.said.append((name if number.isdigit() else key, value))

    def update_sensor(self, key, native_value=None, **_):
        self._say(key, native_value)

    def update_binary_sensor(self, key, native_value=None, **_):
        self._say(key, native_value)

    def fire_event(self, key, event_type=None, event_properties=None, **_):
        self._say(key, event_type)


class TheirTag(RuuvitagBluetoothDeviceData):
    """Writes down what ruuvitag-ble says."""

    def __init__(self):
        super().__init__()
        self.said = {}

    def update_sensor(self, key, native_value=None, **_):
        self.said[str(key)] = native_value


def heard(service=None, maker=None):
    return SimpleNamespace(
        name="sensor",
        address=ADDRESS,
        time=0.0,
        service_data={UUID: service} if service is not None else {},
        manufacturer_data={0x0499: maker} if maker is not None else {},
    )


def near(ours, theirs, within=1e-6):
    return theirs is not None and abs(ours - theirs) <= within


def meant(object_id, data):
    """A value of bytes by its factor and kind, worked out here; `None` for what they leave out."""
    kind = MEAS_TYPES[object_id]
    if kind.data_format == "string":
        try:
            return data.decode()
        except UnicodeDecodeError:
            return None
    if kind.data_format == "raw":
        return data.hex()
    number = int.from_bytes(data, "little", signed=kind.data_format == "signed_integer")
    return number if kind.data_format == "timestamp" else number * kind.factor


def event(object_id, data):
    defined, number = {0x3A: (BUTTON_EVENTS, 0), 0x3B: (COMMAND_EVENTS, 1), 0x3C: (DIMMER_EVENTS, 0)}[object_id]
    return defined.get(data[number])


def bthome_reading(reading):
    """What they should say: name and test of the value, or nothing; and how it is known to differ, if it does."""
    is_exactly = lambda value: lambda theirs: theirs == value and type(theirs) in (bool, int, float, str)
    if "sequence" in reading:
        return ("packet_id", is_exactly(reading["sequence"])), None
    if "count" in reading:
        return ("count", is_exactly(reading["count"])), None
    if "temperature_mc" in reading:
        return ("temperature", lambda theirs: near(reading["temperature_mc"] / 1000, theirs, 0.0051)), None
    if "battery" in reading:
        return ("battery", is_exactly(reading["battery"])), None
    if "acceleration_mg" in reading:
        return ("acceleration", lambda theirs: near(reading["acceleration_mg"], theirs * 1000 / GRAVITY, 0.51)), None
    if "contact" in reading:
        return ("contact", is_exactly(reading["contact"] == "open")), None
    for ours, theirs in (("vibration", "vibration"), ("moving", "moving"), ("battery_low", "battery")):
        if ours in reading:
            return (theirs, is_exactly(reading[ours])), None
    object_id, data = int(reading["object"], 16), bytes.fromhex(reading["data"])
    if object_id not in MEAS_TYPES:
        return None, "unknown object"
    if object_id >= 0xF0:
        return None, "device information"
    if object_id in EVENTS:
        kind = event(object_id, data)
        name = str(MEAS_TYPES[object_id].meas_format)
        return ((name, is_exactly(kind)), None) if kind else (None, "undefined event")
    name = str(MEAS_TYPES[object_id].meas_format.device_class)
    if object_id in FLAGS:
        odd = data not in (b"\x00", b"\x01")
        return (name_of_flag(name), is_exactly(data != b"\x00")), "flag beyond 0 and 1" if odd else None
    if object_id == 0x01:
        return (name, is_exactly(data[0])), "battery above 100 %"
    if object_id in TOLD:
        # The byte before says how many there are.
        if not data:
            return None, "empty text"
        value = meant(object_id, data)
        return ((name, is_exactly(value)), None) if value is not None else (None, "text that is no UTF-8")
    value = meant(object_id, data)
    if MEAS_TYPES[object_id].data_format == "timestamp":
        return (name, lambda theirs: theirs.timestamp() == value), None
    # They round to as many places as the factor has.
    return (name, lambda theirs: near(value, theirs, MEAS_TYPES[object_id].factor * 0.51)), None


CONTACTS = ("opening", "door", "garage_door", "window")


def name_of_flag(name):
    return "contact" if name in CONTACTS else name


def is_rounded(ours, theirs):
    """Whether it is a step of 0.35 degrees that they rounded."""
    return ours is not None and ours % 350 == 0 and not near(ours / 1000, theirs, 0.0051) and near(ours / 1000, theirs, 0.0501)


def compare_bthome(said, data, key, cut, known):
    """Why they differ; nothing when they do not."""
    decoder = Theirs(key)
    decoder._start_update(heard(service=data))
    theirs = [("contact" if name in CONTACTS else name, value) for name, value in decoder.said]
    if cut != ("damage" in said):
        return f"cut short {cut}, and we say {said.get('why')}"
    if cut:
        known["cut short"] += 1
        return None
    for reading in said["readings"]:
        expected, difference = bthome_reading(reading)
        if difference:
            known[difference] += 1
        if not expected:
            continue
        if not theirs:
            return f"we say {reading}, they nothing"
        name, value = theirs.pop(0)
        if name == "temperature" and is_rounded(reading.get("temperature_mc"), value):
            known["steps of 0.35 degrees"] += 1
        elif expected[0] != name or not expected[1](value):
            return f"we say {reading}, they {name} {value}"
    return f"they say {theirs} besides" if theirs else None


def compare_ruuvi(said, data, known):
    decoder = TheirTag()
    decoder._start_update(heard(maker=data))
    theirs = {name: value for name, value in decoder.said.items() if value is not None}
    ours = {}
    for reading in said["readings"]:
        if "sequence" in reading:
            known["number of Ruuvi's measurement"] += 1
        elif "acceleration_mg" in reading:
            ours[f"acceleration_{reading['axis']}"] = reading["acceleration_mg"] * GRAVITY / 1000
        elif "temperature_mc" in reading:
            ours["temperature"] = reading["temperature_mc"] / 1000
        elif "battery_mv" in reading:
            ours["voltage"] = reading["battery_mv"]
        else:
            ours["movement_counter"] = reading["movements"]
    wanted = {"temperature", "voltage", "movement_counter", "acceleration_x", "acceleration_y", "acceleration_z"}
    if theirs.get("movement_counter") == 255:
        known["movements not known"] += 1
        del theirs["movement_counter"]
    for name in sorted(wanted):
        # They round to two places.
        if (name in ours) != (name in theirs) or (name in ours and not near(ours[name], theirs[name], 0.0051)):
            return f"{name}: we say {ours.get(name)}, they {theirs.get(name)}"
    return None


def decoded(platen, adverts):
    """What platen says of each."""
    lines = "".join(f"{ADDRESS} {wrapped(of, data).hex()}\n" for of, data, *_ in adverts)
    with tempfile.NamedTemporaryFile("w", suffix=".keys") as keys:
        keys.write(f"{ADDRESS} {KEY.hex()}\n")
        keys.flush()
        for flag in ([], ["--keys", keys.name]):
            said = subprocess.run([platen, "decode", "ble", *flag], input=lines, capture_output=True, text=True, check=True)
            yield [json.loads(line) for line in said.stdout.splitlines()]


def main(platen, seed):
    adverts = list(made(int(seed)))
    known, wrong = collections.Counter(), []
    for advert, clear, keyed in zip(adverts, *decoded(platen, adverts), strict=True):
        of, data, key, cut = advert
        said = (keyed if key else clear).get(of, {})
        if "readings" not in said and "damage" not in said:
            why = f"we say {said}"
        elif of == "bthome":
            why = compare_bthome(said, data, key, cut, known)
        else:
            why = compare_ruuvi(said, data, known)
        if why:
            wrong.append(f"{of} {data.hex()}: {why}")
    for name, reason in KNOWN.items():
        print(f"{known[name]:6} x {name}: {reason}")
    print(f"{len(adverts)} adverts, {len(wrong)} of which the decoders see otherwise without a reason")
    print(*wrong[:20], sep="\n")
    unnamed, gone = set(known) - set(KNOWN), [name for name in KNOWN if not known[name]]
    assert not unnamed, f"differences without a reason: {unnamed}"
    assert not gone, f"nothing differs any more by: {gone}"
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *(sys.argv[2:] or ["1"])))
