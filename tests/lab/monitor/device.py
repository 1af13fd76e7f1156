"""The monitor on the air: its adverts, its bonds, its services, and what can go wrong with it."""

import asyncio
import contextlib
import os

from bumble import gatt, hci, smp
from bumble.att import Attribute, AttributeValue, AttributeValueV2, ATT_Error
from bumble.controller import Controller
from bumble.core import UUID
from bumble.device import Device, DeviceConfiguration
from bumble.host import Host
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport.common import AsyncPipeSink

from . import messages, sealed
from .air import NOT_THERE, PACKET
from .memory import Memory, NotDone
from .wire import Refused

INSUFFICIENT_AUTHENTICATION, INSUFFICIENT_ENCRYPTION = 0x05, 0x0F
# With the others stacks begin to pair by themselves, which nobody asked them for.
INSUFFICIENT_AUTHORIZATION = 0x08
NO_CHANNEL = 0x87
# A link that is neither encrypted nor has a proven channel lasts so long, seconds.
STRANGER = 30
# And one with a channel on which the box says nothing.
SILENT = 120
RAN = 30 * 24 * 3600 * 100

READ, WRITE = gatt.Characteristic.Properties.READ, gatt.Characteristic.Properties.WRITE
NOTIFY, INDICATE = gatt.Characteristic.Properties.NOTIFY, gatt.Characteristic.Properties.INDICATE
OURS = {
    "identity": (2, READ | WRITE),
    "cycles": (3, READ | NOTIFY),
    "thresholds": (4, READ | WRITE),
    "alerts": (5, INDICATE | WRITE),
    "memory": (6, WRITE),
    "time": (7, READ | WRITE),
    "handover": (8, WRITE),
    "sealed": (9, WRITE | NOTIFY),
}
TEXTS = {"2A29": "Platen's lab", "2A24": "bumble", "2A26": "1.0", "2A27": "none"}


def ours(number):
    return UUID(f"3733000{number}-1a25-41bb-8887-6544a6339737")


class Label(PairingDelegate):
    """The passkey is printed on the monitor."""

    def __init__(self, capability, passkey):
        super().__init__(io_capability=capability)
        self.passkey = passkey

    async def generate_passkey(self):
        return self.passkey


class Peripheral(Controller):
    acl_data_packet_length = le_acl_data_packet_length = PACKET
    supported_max_tx_octets = supported_max_rx_octets = suggested_max_tx_octets = PACKET


class Monitor:
    """One monitor. Without a passkey it asks for less; `secure` false is a radio from before LE Secure Connections."""

    def __init__(self, air, serial, passkey=None, secure=True, interval=0.2):
        self.memory = Memory(serial)
        self.passkey, self.secure, self.interval = passkey, secure, interval
        self.air = air
        self.lost_bond = False
        self.is_on = False
        # What was seen on the links, for whoever asks.
        self.links, self.pairings, self.failures, self.refusals = 0, 0, [], 0
        self.written = []
        self.address = hci.Address(f"F4:{serial.to_bytes(4, 'big').hex(':').upper()}:01")
        self.controller = Peripheral(self.name, link=air)
        self.controller.le_features &= ~NOT_THERE
        host = Host(self.controller, AsyncPipeSink(self.controller))
        config = DeviceConfiguration(name=self.name, address=self.address, irk=os.urandom(16))
        self.device = Device(config=config, host=host)
        self.device.gatt_server.max_mtu = 517
        self.bonds = MemoryKeyStore()
        self.device.pairing_config_factory = self._pairing
        self.device.on("connection", self._connected)
        self._add_services()
        self.wake = asyncio.Event()
        self.ended = asyncio.Event()
        # How far this link's messages went: era, count, alert's number; whether a status is due.
        self.sent, self.alerted, self.status_due = None, None, False
        # The channel past repeaters, what it asked for, its frames on their way, and what its last indication waits for.
        self.channel, self.asked, self.frames, self.confirmed = None, set(), asyncio.Queue(), asyncio.Event()
        self.channels, self.told = 0, 0.0
        self.tasks = set()

    @property
    def name(self):
        return f"V4-{self.memory.serial:08}"

    @property
    def label(self):
        return "-" if self.passkey is None else f"{self.passkey:06}"

    def now(self):
        """Its clock, ticks: it ran for a month before anybody looked."""
        return RAN + int(asyncio.get_running_loop().time() * 100)

    def keep(self, work):
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    # --- on the air ------------------------------------------------------------------------------

    async def start(self):
        await self.device.power_on()
        self.device.keystore = self.bonds
        await self.on()

    async def on(self):
        self.is_on = True
        await self._advertise()

    async def off(self):
        """Its battery is taken out; what it remembers survives."""
        self.is_on = False
        await self.device.stop_advertising()
        self.lose()

    async def _advertise(self):
        if not self.is_on or self.link:
            return
        self.device.scan_response_data = b""
        await self.device.start_advertising(
            advertising_data=self._advert(),
            advertising_interval_min=self.interval * 1000 * 0.625,
            advertising_interval_max=self.interval * 1000 * 0.625,
        )

    def _advert(self):
        return self.memory.advert(bool(self.bonds.all_keys), self.lost_bond, self.passkey is None)

    def changed(self):
        """Tells whoever is to know: the air, or the link."""
        self.wake.set()
        advertiser = self.controller.le_legacy_advertiser
        if self.is_on and advertiser.enabled:
            advertiser.advertising_data = self._advert()
            advertiser.send_advertising_data()

    def at(self, adapter, dbm):
        """How strong that adapter hears it."""
        adapter.strengths[self.address] = dbm

    @property
    def link(self):
        return next(iter(self.device.connections.values()), None)

    # --- bonds -----------------------------------------------------------------------------------

    def _pairing(self, connection):
        if self.passkey is None:
            delegate = Label(PairingDelegate.NO_OUTPUT_NO_INPUT, None)
        else:
            delegate = Label(PairingDelegate.DISPLAY_OUTPUT_ONLY, self.passkey)
        return PairingConfig(sc=self.secure, mitm=self.passkey is not None, bonding=True, delegate=delegate)

    def forget_bonds(self):
        """It was reset, or its memory is gone."""
        self.bonds.all_keys.clear()
        self.lost_bond = True
        self.changed()

    def _paired(self, keys):
        self.pairings += 1
        self.lost_bond = False

    def _not_paired(self, connection, reason):
        self.failures.append(reason.name)
        # Bumble would go on with what failed when it is asked again on the same link.
        if session := self.device.smp_manager.sessions.get(connection.handle):
            session.on_disconnection(0)

    def _is_secured(self, connection):
        """Whether the link has the key that this monitor asks for."""
        if not connection.encryption:
            return False
        if self.passkey is None:
            return True
        if session := self.device.smp_manager.sessions.get(connection.handle):
            if session.completed or session.pairing_method != smp.PairingMethod.JUST_WORKS:
                return session.sc and session.pairing_method == smp.PairingMethod.PASSKEY
        keys = self.bonds.all_keys.get(str(connection.peer_address))
        return bool(keys and keys.ltk and keys.ltk.authenticated)

    def _guard(self, connection, standard=False):
        if self._is_secured(connection):
            return
        self.refusals += 1
        if standard and not connection.encryption:
            raise ATT_Error(INSUFFICIENT_AUTHORIZATION)
        known = str(connection.peer_address) in self.bonds.all_keys
        raise ATT_Error(INSUFFICIENT_ENCRYPTION if known and not connection.encryption else INSUFFICIENT_AUTHENTICATION)

    # --- services --------------------------------------------------------------------------------

    def _add_services(self):
        self.ours = {name: self._characteristic(name, ours(number), of) for name, (number, of) in OURS.items()}
        texts = TEXTS | {"2A25": self.name}
        information = [self._fixed(uuid, lambda text=text: text.encode()) for uuid, text in texts.items()]
        battery = [self._fixed("2A19", lambda: bytes([self.memory.battery]), READ | NOTIFY)]
        self.device.add_service(gatt.Service(ours(1), list(self.ours.values())))
        self.device.add_service(gatt.Service(UUID("180A"), information))
        self.device.add_service(gatt.Service(UUID("180F"), battery))
        last = None
        for attribute in self.device.gatt_server.attributes:
            last = attribute if isinstance(attribute, gatt.Characteristic) else last
            if attribute.type == gatt.GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR:
                if last is not self.ours["sealed"]:
                    self._guard_configuration(attribute, standard=last not in self.ours.values())

    def _guard_configuration(self, attribute, standard):
        inner = attribute.value

        def read(bearer):
            self._guard(bearer, standard)
            return inner.read(bearer)

        def write(bearer, value):
            self._guard(bearer, standard)
            inner.write(bearer, value)
            self.wake.set()

        attribute.value = AttributeValueV2(read, write)

    def _fixed(self, uuid, value, of=READ):
        def read(connection):
            self._guard(connection, standard=True)
            return value()

        return gatt.Characteristic(UUID(uuid), of, Attribute.Permissions.READABLE, AttributeValue(read))

    def _characteristic(self, name, uuid, of):
        def read(connection):
            self._guard(connection)
            return self.read(name)

        def write(connection, value):
            if name == "sealed":
                return self.write_sealed(connection, value)
            self._guard(connection)
            self.write(name, value)

        permissions = Attribute.Permissions(0)
        permissions |= Attribute.Permissions.READABLE if of & READ else 0
        permissions |= Attribute.Permissions.WRITEABLE if of & WRITE else 0
        return gatt.Characteristic(uuid, of, permissions, AttributeValue(read, write))

    def read(self, on):
        memory = self.memory
        said = {"identity": memory.identity, "thresholds": lambda: memory.thresholds}
        said |= {"cycles": lambda: memory.status(self.now()), "time": lambda: memory.clock(self.now())}
        return messages.encode(messages.MONITOR, on, said[on]())

    def write(self, on, data):
        try:
            message = self.memory.write(on, data)
        except NotDone as why:
            raise ATT_Error(why.code) from None
        self.written.append(message)
        if message["type"] == "send-from":
            self.sent, self.status_due = (message["era"], message["count"]), True
        self.changed()

    # --- past repeaters --------------------------------------------------------------------------

    def write_sealed(self, connection, frame):
        """A frame of the sealed channel: the link needs no key for it."""
        try:
            self._sealed(connection, bytes(frame))
        except Refused:
            self.channel = None
            raise ATT_Error(NO_CHANNEL) from None

    def _sealed(self, connection, frame):
        if frame[:1] == sealed.BEGIN:
            if self.memory.handover is None:
                raise Refused("it has no key")
            room = min(sealed.MOST, connection.att_mtu - 3)
            self.channel, welcome = sealed.answer(self.memory.handover["key"], frame, os.urandom(8), room)
            self.asked, self.sent, self.alerted, self.status_due = set(), None, None, True
            self.channels += 1
            self.frames.put_nowait(welcome)
            return
        if self.channel is None:
            raise Refused("there is no channel")
        message = self.channel.open(frame)
        self.told = asyncio.get_running_loop().time()
        if message is None:
            return
        what, on, data = message
        try:
            match what:
                case "subscribe":
                    self.asked.add(on)
                    self._answer("done", on)
                case "read":
                    self._answer("value", on, self.read(on))
                case "write":
                    self.write(on, data)
                    self._answer("done", on)
                case "confirm":
                    self.confirmed.set()
        except ATT_Error as why:
            self._answer("refused", on, bytes([why.error_code]))
        self.wake.set()

    def _answer(self, what, on, data=b""):
        for frame in self.channel.seal(what, on, data):
            self.frames.put_nowait(frame)

    async def _send_frames(self, connection):
        """What is sealed goes out in the order in which it was."""
        while True:
            frame = await self.frames.get()
            await self.device.gatt_server.notify_subscriber(connection, self.ours["sealed"], frame)

    def _is_past(self):
        return self.channel is not None and self.channel.is_proven

    # --- links -----------------------------------------------------------------------------------

    def _connected(self, connection):
        self.links += 1
        self.ended.clear()
        self.sent = self.alerted = None
        self.status_due = True
        connection.on("pairing", self._paired)
        connection.on("pairing_failure", lambda reason: self._not_paired(connection, reason))
        self.channel, self.frames = None, asyncio.Queue()
        work = [self.keep(self._visit(connection)), self.keep(self._send_frames(connection))]
        work.append(self.keep(self._no_stranger(connection)))

        def over(reason):
            for task in work:
                task.cancel()
            self.channel = None
            self.ended.set()
            self.keep(self._advertise())

        connection.on("disconnection", over)

    async def _no_stranger(self, connection):
        await asyncio.sleep(STRANGER)
        now = asyncio.get_running_loop().time
        while connection.encryption or (self._is_past() and now() - self.told < SILENT):
            await asyncio.sleep(1)
        await connection.disconnect()

    async def _visit(self, connection):
        """Says what there is to say, for as long as there is a link."""
        while True:
            self.wake.clear()
            while await self._say(connection):
                pass
            await self.wake.wait()

    def _asked(self, connection, name, bit):
        if self._is_past():
            return name in self.asked
        asked = self.device.gatt_server.subscribers.get(connection, {}).get(self.ours[name].handle)
        return bool(asked and asked[0] & bit)

    async def _say(self, connection):
        """One message; whether there may be more. Alerts come before everything else."""
        run = self.memory.sending()
        if run is None or not (self._is_secured(connection) or self._is_past()):
            return False
        server = self.device.gatt_server
        if self._asked(connection, "alerts", 2):
            era, number = self.alerted or (run.era, 0)
            number = max(run.alerts_kept, number if era == run.era else 0)
            if number < len(run.alerts):
                message = run.alerts[number] | {"sent": self.now()}
                data = messages.encode(messages.MONITOR, "alerts", message)
                with contextlib.suppress(TimeoutError):
                    if self._is_past():
                        self.confirmed.clear()
                        self._answer("indicate", "alerts", data)
                        await asyncio.wait_for(self.confirmed.wait(), 30)
                    else:
                        await server.indicate_subscriber(connection, self.ours["alerts"], data)
                    self.alerted = run.era, number + 1
                    return True
                await connection.disconnect()
                return False
        if not self._asked(connection, "cycles", 1):
            return False
        era, count = self.sent or (run.era, run.kept)
        # A box may ask for what it has kept, as long as it is remembered.
        count = count if era == run.era else run.kept
        if count < run.count:
            live = count == run.count - 1 and not self.status_due
            room = self.channel.fits if self._is_past() else min(messages.MOST, connection.att_mtu - 3)
            data, taken = self.memory.pack(run, count, self.now(), room, from_memory=not live)
            await self._notify(connection, data)
            self.sent = run.era, count + taken
            return True
        if self.status_due:
            self.status_due = False
            data = messages.encode(messages.MONITOR, "cycles", self.memory.status(self.now()))
            await self._notify(connection, data)
            return True
        if era != run.era:
            self.sent, self.status_due = (run.era, run.kept), True
            return True
        return False

    async def _notify(self, connection, data):
        if self._is_past():
            self._answer("notify", "cycles", data)
            # As fast as the link takes it, and no faster.
            while self.frames.qsize() > 4:
                await asyncio.sleep(0.01)
        else:
            await self.device.gatt_server.notify_subscriber(connection, self.ours["cycles"], data)

    # --- what happens ----------------------------------------------------------------------------

    def initialise(self, mold, history=0):
        """It was put on a mold, and counted so many cycles since, a quarter of a minute each."""
        record = {"approved_ms": 15_000, "design_life": 1_000_000, "baseline": 0, "on_ms": 1_790_000_000_000}
        self.memory.initialise(record | {"mold": mold, "description": ""})
        for number in range(history):
            self.memory.close_mold(self.now() - (history - number) * 1500 + number * 37 % 60)
        self.changed()

    def close_mold(self, temperature=None):
        """The mold closes once more."""
        self.memory.close_mold(self.now(), temperature)
        self.changed()

    def watch(self, name, value):
        """A value of a sensor."""
        self.memory.watch(name, value, self.now())
        self.changed()

    async def drop(self):
        """It ends the link in order."""
        if self.link:
            await self.link.disconnect()

    def lose(self):
        """It is out of reach: both ends find that out by themselves."""
        for link in list(self.controller.le_connections.values()):
            self.air.lose(self.controller, link)

    async def stop(self):
        await self.off()
        for task in list(self.tasks):
            task.cancel()
        self.air.controllers.discard(self.controller)
