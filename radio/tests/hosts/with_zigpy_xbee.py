"""zigpy-xbee, the driver of Home Assistant's ZigBee, takes the simulated stick at argv[1], forms a network with it and
talks in it."""

import asyncio
import sys

import zigpy.config as conf
import zigpy.state
import zigpy.types as t
from zigpy_xbee.zigbee.application import ControllerApplication

path, baud, stick, module = sys.argv[1:5]


async def wait_for(what, there, seconds=60):
    end = asyncio.get_running_loop().time() + seconds
    while not there():
        if asyncio.get_running_loop().time() > end:
            sys.exit(f"waited in vain for {what}")
        await asyncio.sleep(0.02)


async def main():
    device = {conf.CONF_DEVICE_PATH: path, conf.CONF_DEVICE_BAUDRATE: int(baud)}
    app = ControllerApplication({conf.CONF_DEVICE: device, conf.CONF_DATABASE: None})
    await app.connect()
    try:
        # Form: its own order of commands, and it waits for "coordinator started" itself.
        key = zigpy.state.Key(key=t.KeyData.convert(":".join(["11"] * 16)))
        link = zigpy.state.Key(key=t.KeyData.convert(":".join(["22"] * 16)))
        network = zigpy.state.NetworkInfo(
            extended_pan_id=t.EUI64.convert("00:00:00:00:00:c0:ff:ee"),
            pan_id=t.PanId(0x1234),
            channel=15,
            channel_mask=t.Channels.from_channel_list([15]),
            network_key=key,
            tc_link_key=link,
        )
        node = zigpy.state.NodeInfo(nwk=t.NWK(0), ieee=t.EUI64.UNKNOWN, logical_type=0)
        await app.write_network_info(network_info=network, node_info=node)
        await app.start_network()
        own = str(app.state.node_info.ieee).replace(":", "").upper()
        assert own == stick, own
        assert app.state.network_info.channel == 15, app.state.network_info.channel
        assert str(app.state.network_info.extended_pan_id) == "00:00:00:00:00:c0:ff:ee"

        # Permit joining, and hear of those that come in. It looks at every payload itself, so listen in front of it.
        heard = {}
        packets = app.packet_received

        def packet_received(packet):
            heard.setdefault(str(packet.src.address).upper(), []).append(bytes(packet.data.serialize()))
            return packets(packet)

        app.packet_received = packet_received
        explicit = app._api._handle_explicit_rx_indicator

        def indicator(ieee, nwk, *rest):
            heard.setdefault(str(ieee).replace(":", "").upper(), []).append(bytes(rest[-1]))
            return explicit(ieee, nwk, *rest)

        app._api._handle_explicit_rx_indicator = indicator
        await app.permit_ncp(60)
        await wait_for("the module's monitor", lambda: module in heard)
        assert all(payload[0] >> 4 == 1 for payload in heard[module]), heard[module]

        # Remote AT and transmission.
        ieee = t.EUI64.convert(":".join(module[i : i + 2] for i in range(0, 16, 2)))
        temperature = await app._api._remote_at_command(ieee, 0xFFFE, 2, "TP")
        assert temperature is not None
        status = await app._api.tx_explicit(ieee, 0xFFFE, 0xE8, 0xE8, 0x0011, 0xC105, 0, 0, b"hello \x7e\x7d\x11\x13")
        assert status == 0, status
        scan = await app.energy_scan(t.Channels.ALL_CHANNELS, 1, 1)
        assert len(scan) == 16, scan
    finally:
        await app.disconnect()


asyncio.run(main())
print("zigpy-xbee is content")
