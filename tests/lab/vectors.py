"""The monitor's codec against the vectors of the open protocol: what the box takes for the protocol and what this monitor
speaks are the same, or one of them misread the document.

    vectors.py radio/tests/vectors/open-v4.json"""

import json
import sys

from monitor import adverts, messages, sealed
from monitor.wire import Refused


def serial(number):
    return f"V4-{number:08}"


def celsius(tenths):
    return None if tenths is None else tenths * 100


def in_vectors_words(message):
    """As the vectors have it: milliseconds, thousandths of a degree."""
    told = {}
    for name, value in message.items():
        match name:
            case "base" if message["type"] == "cycles":
                pass
            case "serial":
                told[name] = serial(value)
            case "sent" | "happened" | "last_end" | "clock":
                told[name + "_ms"] = value * 10
            case "uptime":
                told["uptime_s"] = value
            case "temperature":
                told["temperature_mc"] = celsius(value)
            case "cycles":
                told[name] = [
                    {"cycle_time_ms": time * 10, "temperature_mc": celsius(tenths), "first": first}
                    for time, tenths, first in value
                ]
            case _:
                told[name] = value
    return told


def advert_in_vectors_words(advert):
    told = {name: value for name, value in advert.items() if name != "body"}
    if "serial" in told:
        told["serial"] = serial(told["serial"])
    for name, form in (("company", "04X"), ("id", "08X"), ("repeater", "04X")):
        if name in told:
            told[name] = format(told[name], form)
    return told


def status_in_vectors_words(status):
    told = dict(status)
    told["temperature_mc"] = celsius(told.pop("temperature"))
    told["era_bits"] = told.pop("era")
    told["battery"] = told["battery"] if told["battery"] <= 100 else None
    return told


def same(name, found, wanted):
    if found != wanted:
        sys.exit(f"{name}:\n  found  {found}\n  wanted {wanted}")


def refusal(work, *words):
    try:
        return work(*words)
    except Refused as why:
        return str(why)


def talk(vector):
    """A conversation past repeaters, both ends of it."""
    fields = [bytes.fromhex(vector[name]) for name in ("key", "salt_of_box", "salt_of_monitor")]
    key, of_box, of_monitor = fields
    begun = sealed.begin(of_box, vector["room"])
    same(vector["name"], begun.hex(), vector["begin"])
    monitor, welcome = sealed.answer(key, begun, of_monitor, vector["monitor_room"])
    same(vector["name"], welcome.hex(), vector["welcome"])
    box = sealed.welcomed(key, begun, welcome)
    for said in vector["said"]:
        one, other = (box, monitor) if said["from"] == "box" else (monitor, box)
        frames = one.seal(said["what"], said["on"], bytes.fromhex(said["hex"]))
        same(vector["name"], [frame.hex() for frame in frames], said["frames"])
        heard = [message for frame in frames if (message := other.open(frame))]
        same(vector["name"], heard, [(said["what"], said["on"], bytes.fromhex(said["hex"]))])


def main(path):
    with open(path) as file:
        vectors = json.load(file)
    table = {"monitor": messages.MONITOR, "box": messages.BOX}
    for vector in vectors["messages"]:
        data, of, on = bytes.fromhex(vector["hex"]), table[vector["from"]], vector["on"]
        message = messages.decode(of, on, data)
        same(vector["name"], in_vectors_words(message), vector["message"])
        same(vector["name"], messages.encode(of, on, message).hex(), vector["hex"])
        # What cycle times are told from is the writer's choice: with its own choice it says the same.
        chosen = messages.decode(of, on, messages.encode(of, on, message | {"base": None}))
        same(vector["name"], in_vectors_words(chosen), vector["message"])
    for vector in vectors["adverts"]:
        data = bytes.fromhex(vector["hex"])
        advert = adverts.decode(data)
        same(vector["name"], advert_in_vectors_words(advert), vector["advert"])
        if advert["kind"] == "waiting":
            fields = [advert[name] for name in ("serial", "initialised", "no_passkey", "lost_bond")]
            same(vector["name"], adverts.waiting(*fields).hex(), vector["hex"])
            continue
        status = adverts.unseal(bytes.fromhex(vector["key"]), advert)
        same(vector["name"], status_in_vectors_words(status), vector["status"])
        again = adverts.sealed(bytes.fromhex(vector["key"]), advert["id"], advert["counter"], status, advert["company"])
        if advert["kind"] == "repeated":
            again = adverts.repeated_bytes(advert | {"body": adverts.decode(again)["body"]})
        same(vector["name"], again.hex(), vector["hex"])
    handover = messages.decode(messages.BOX, "handover", bytes.fromhex(vectors["handover"]["hex"]))
    same("handover", f"{handover['id']:08x}", vectors["handover"]["id"])
    same("handover", handover["key"].hex(), vectors["handover"]["key"])
    same("handover", messages.encode(messages.BOX, "handover", handover).hex(), vectors["handover"]["hex"])
    for vector in vectors["refused"]:
        said = refusal(messages.decode, table[vector["from"]], vector["on"], bytes.fromhex(vector["hex"]))
        same(vector["name"], said, vector["error"])
    for vector in vectors["broken"]:
        same(vector["name"], refusal(adverts.decode, bytes.fromhex(vector["hex"])), vector["error"])
    for vector in vectors["channels"]:
        talk(vector)
    groups = ("messages", "adverts", "refused", "broken", "channels")
    print(sum(len(vectors[name]) for name in groups) + 1, "vectors read and written")


if __name__ == "__main__":
    main(sys.argv[1])
