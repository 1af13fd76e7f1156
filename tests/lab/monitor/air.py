"""The air: Bumble's controllers that hear each other, and adapters whose host is the guest's kernel.

What Bumble's own air lacks: distance, links that fail, and an adapter that forgets its links when it is switched off."""

import asyncio

from bumble import hci, ll
from bumble.controller import Controller
from bumble.core import PhysicalTransport
from bumble.link import LocalLink
from bumble.transport import open_transport

TOO_FAR = -100
USUAL = -60
NOT_THERE = hci.LeFeatureMask.LE_EXTENDED_ADVERTISING | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING
PACKET = 251


class Air(LocalLink):
    """Adverts reach adapters alone, and each packet the controller that it is for: with many monitors everything else
    takes the time that they need."""

    def adapters(self):
        return [one for one in self.controllers if isinstance(one, Adapter)]

    def send_advertising_pdu(self, sender_controller, packet):
        loop = asyncio.get_running_loop()
        if isinstance(packet, ll.ConnectInd):
            if peer := self.find_le_controller(packet.advertiser_address):
                loop.call_soon(peer.on_ll_advertising_pdu, packet)
            return
        for adapter in self.adapters():
            if adapter is sender_controller:
                continue
            loop.call_soon(adapter.on_ll_advertising_pdu, packet)

    def send_acl_data(self, sender_controller, destination_address, transport, data):
        assert transport == PhysicalTransport.LE
        # Two adapters may have links to one address, and a monitor is known by whichever the link was made with.
        link = sender_controller.le_connections.get(destination_address)
        peer = link and self.peer(link)
        if peer:
            asyncio.get_running_loop().call_soon(peer.on_link_acl_data, link.self_address, transport, data)

    def send_ll_control_pdu(self, sender_address, receiver_address, packet):
        for one in self.controllers:
            link = one.le_connections.get(sender_address)
            if link and link.self_address == receiver_address:
                asyncio.get_running_loop().call_soon(self.take, one, sender_address, packet)

    @staticmethod
    def take(controller, sender, packet):
        # The link may have ended meanwhile.
        if sender in controller.le_connections:
            controller.on_ll_control_pdu(sender, packet)

    def peer(self, link):
        """The controller at the other end of a link."""
        for one in self.controllers:
            other = one.le_connections.get(link.self_address)
            if other and other.self_address == link.peer_address:
                return one
        return None

    def lose(self, controller, link):
        """A link ends as when nothing is heard any more: both ends find that out by themselves."""
        peer = self.peer(link)
        controller.on_le_disconnected(link, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        if peer and (other := peer.le_connections.get(link.self_address)):
            peer.on_le_disconnected(other, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)


class Adapter(Controller):
    """An adapter of the box, or of a repeater."""

    # Everything at once: it advertises while it scans and has links in both roles.
    le_states = bytes.fromhex("ffffffffffff0300")
    acl_data_packet_length = le_acl_data_packet_length = PACKET
    supported_max_tx_octets = supported_max_rx_octets = suggested_max_tx_octets = PACKET

    def __init__(self, number, air, transport):
        self.number = number
        self.transport = transport
        self.strengths = {}
        # Adverts that the box heard by it, by address.
        self.heard = {}
        self.most_links = 0
        address = hci.Address(f"00:1A:7D:DA:71:{number + 1:02X}", hci.Address.PUBLIC_DEVICE_ADDRESS)
        super().__init__(
            f"hci{number}", host_source=transport.source, host_sink=transport.sink, link=air, public_address=address
        )
        self.le_features &= ~(NOT_THERE | hci.LeFeatureMask.LL_PRIVACY)

    @classmethod
    async def plug(cls, number, air, socket):
        return cls(number, air, await open_transport(f"unix:{socket}"))

    @property
    def name_in_box(self):
        return "ble-" + bytes(reversed(bytes(self.public_address))).hex()

    @property
    def label(self):
        """Its address as people write it."""
        return bytes(reversed(bytes(self.public_address))).hex(":").upper()

    @property
    def name_of_repeater(self):
        return self.name_in_box.replace("ble-", "rep-")

    def hears(self, other, dbm):
        """How strong it hears another adapter."""
        self.strengths[other.public_address] = dbm

    async def unplug(self):
        """For good; the guest's end has its own."""
        for link in list(self.le_connections.values()):
            self.link.lose(self, link)
        self.link.remove_controller(self)
        await self.transport.close()

    def strength(self, address):
        return self.strengths.get(address, USUAL)

    def on_advertising_pdu(self, pdu):
        strength = self.strength(pdu.advertiser_address)
        if strength <= TOO_FAR:
            return
        if self.le_scan_enable:
            self.heard[pdu.advertiser_address] = self.heard.get(pdu.advertiser_address, 0) + 1
            event = hci.HCI_LE_Advertising_Report_Event
            kinds = [(event.EventType.ADV_IND, pdu.data)]
            if self.le_scan_type == 1:
                # Who is asked answers, if only that there is nothing more.
                kinds.append((event.EventType.SCAN_RSP, b""))
            for kind, data in kinds:
                report = event.Report(
                    event_type=kind,
                    address_type=pdu.advertiser_address.address_type,
                    address=pdu.advertiser_address,
                    data=data,
                    rssi=strength,
                )
                self.send_hci_packet(event([report]))
        pending = self.pending_le_connection
        if pending and pending.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)
            self.most_links = max(self.most_links, len(self.le_connections))

    def on_hci_le_create_connection_cancel_command(self, command):
        if pending := self.pending_le_connection:
            self.pending_le_connection = None
            self.send_hci_packet(
                hci.HCI_LE_Connection_Complete_Event(
                    status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
                    connection_handle=0,
                    role=hci.Role.CENTRAL,
                    peer_address_type=pending.peer_address.address_type,
                    peer_address=pending.peer_address,
                    connection_interval=0,
                    peripheral_latency=0,
                    supervision_timeout=0,
                    central_clock_accuracy=0,
                )
            )
        return super().on_hci_le_create_connection_cancel_command(command)

    def on_hci_reset_command(self, command):
        for link in list(self.le_connections.values()):
            if peer := self.link.peer(link):
                other = peer.le_connections[link.self_address]
                peer.on_le_disconnected(other, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        self.le_connections.clear()
        self.pending_le_connection = None
        self.le_scan_enable = False
        return super().on_hci_reset_command(command)
