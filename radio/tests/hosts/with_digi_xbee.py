"""digi-xbee, Digi's own library, opens the simulated stick at argv[1] and uses it as it would a real one."""

import sys
import threading
import time

from digi.xbee.devices import RemoteZigBeeDevice, ZigBeeDevice
from digi.xbee.exception import TransmitException
from digi.xbee.models.protocol import Role, XBeeProtocol
from digi.xbee.models.status import TransmitStatus
from digi.xbee.util import utils

path, baud, stick, module, name = sys.argv[1:6]


def wait_for(what, there, seconds=60):
    end = time.monotonic() + seconds
    while not there():
        if time.monotonic() > end:
            sys.exit(f"waited in vain for {what}")
        time.sleep(0.02)


device = ZigBeeDevice(path, int(baud))
device.open()
try:
    assert str(device.get_64bit_addr()) == stick, device.get_64bit_addr()
    assert device.get_protocol() == XBeeProtocol.ZIGBEE, device.get_protocol()
    assert device.get_role() == Role.COORDINATOR, device.get_role()
    assert device.get_node_id() == "HALL-A", device.get_node_id()

    # Query and set, kept and read back.
    device.set_parameter("NI", b"RENAMED")
    device.write_changes()
    assert device.get_parameter("NI") == b"RENAMED"
    assert device.get_parameter("AI") == b"\x00"
    assert utils.bytes_to_int(device.get_parameter("EE")) == 1
    assert device.get_pan_id() == device.get_parameter("OP")

    # Permit joining, with the stick's own word for it.
    said = []
    device.add_modem_status_received_callback(lambda status: said.append(status.code))
    device.set_parameter("NJ", bytes([60]))
    wait_for("the join window", lambda: 0x43 in said)
    device.set_parameter("NJ", bytes([0]))
    wait_for("its closing", lambda: 0x44 in said)

    # Hear the monitors: open messages of version 1.
    heard = {}
    first = threading.Event()

    def data(message):
        heard.setdefault(str(message.remote_device.get_64bit_addr()), []).append(bytes(message.data))
        first.set()

    device.add_data_received_callback(data)
    assert first.wait(60), "no monitor was heard"
    wait_for("the module's monitor", lambda: module in heard)
    assert all(payload[0] >> 4 == 1 and len(payload) <= 66 for payloads in heard.values() for payload in payloads)

    # Discover.
    network = device.get_network()
    network.set_discovery_timeout(3.5)
    network.start_discovery_process()
    wait_for("the end of discovery", lambda: not network.is_discovery_running())
    found = {str(node.get_64bit_addr()): node.get_node_id() for node in network.get_devices()}
    assert found.get(module) == name, found

    # Remote AT and transmission, to one that is there and to one that is not.
    remote = network.get_device_by_node_id(name)
    assert remote.get_parameter("TP") is not None
    remote.set_parameter("NI", b"PRESS-NEW")
    assert remote.get_parameter("NI") == b"PRESS-NEW"
    sent = device.send_data(remote, b"hello \x7e\x7d\x11\x13")
    assert sent.transmit_status == TransmitStatus.SUCCESS, sent
    stranger = RemoteZigBeeDevice(device, x64bit_addr=type(device.get_64bit_addr()).from_hex_string("0013A20099999999"))
    try:
        device.send_data(stranger, b"hello")
        sys.exit("a radio that is not there acknowledged")
    except TransmitException as error:
        assert error.status == TransmitStatus.ADDRESS_NOT_FOUND, error.status
    assert device.send_data_broadcast(b"all of you").transmit_status == TransmitStatus.SUCCESS
finally:
    device.close()
print("digi-xbee is content")
