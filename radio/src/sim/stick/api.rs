//! Frames of the host, and the frames a stick answers with.

use super::registers::{Access, big_endian, number, register};
use super::{Asked, Sender, Stick};
use crate::event::Family;
use crate::v3::frame::{
    AtCommand, AtName, AtResponse, AtStatus, DeliveryStatus, ExplicitRx, Frame, NodeIdentification,
    RemoteAtResponse, RouteRecord, Rx,
};
use domain::Eui64;

/// Payload of one packet, fragments included (NP).
const LONGEST_UNICAST: usize = 255;
const LONGEST_BROADCAST: usize = 92;
const LONGEST_SECURED_BROADCAST: usize = 74;
const DATA_ENDPOINT: u8 = 0xE8;
const DATA_CLUSTER: u16 = 0x0011;
const DIGI_PROFILE: u16 = 0xC105;

/// What a node says of itself, in ND and 95.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeInfo {
    pub sender: Sender,
    pub name: String,
    pub rssi: u8,
}

impl Stick {
    pub(super) fn obey(&mut self, frame: Frame) {
        match frame {
            Frame::At(command) => {
                // Whatever waits in the queue takes effect with any immediate command.
                let queued = std::mem::take(&mut self.queued);
                let _ = self.apply(queued);
                self.obey_at(command);
            }
            Frame::AtQueued(command) => self.queue(command),
            Frame::Tx(tx) => self.transmit(tx.id, tx.dest, tx.short, tx.data),
            Frame::ExplicitTx(tx) => {
                // Only the data endpoints reach an application; a ZDO request is delivered and not answered.
                let data = if tx.dest_endpoint == DATA_ENDPOINT { tx.data } else { Vec::new() };
                self.transmit(tx.id, tx.dest, tx.short, data);
            }
            Frame::RemoteAt(command) => self.asked.push(Asked::Remote(command)),
            Frame::RegisterDevice(request) if self.spec.family == Family::Zigbee => {
                let status = self.network.register(&request);
                if request.id != 0 {
                    self.send(&Frame::RegisterStatus { id: request.id, status });
                }
            }
            // 21 is never answered; a type that a stick does not take is dropped without a word.
            _ => {}
        }
    }

    fn queue(&mut self, command: AtCommand) {
        let AtCommand { id, name, parameter } = command;
        if parameter.is_empty() {
            return self.obey_at(AtCommand { id, name, parameter });
        }
        let mut tried = self.active.clone();
        match tried.write(name, &parameter) {
            Ok(()) => {
                self.queued.push((name, parameter));
                self.answer(id, name, Ok(Vec::new()));
            }
            Err(status) => self.answer(id, name, Err(status)),
        }
    }

    fn obey_at(&mut self, command: AtCommand) {
        let AtCommand { id, name, parameter } = command;
        match &name.0 {
            b"ND" => {
                let name = (!parameter.is_empty()).then_some(parameter);
                let within_ms = self.discovery_ms();
                self.asked.push(Asked::Discover { id, name, within_ms });
            }
            b"DN" => self.asked.push(Asked::Resolve { id, name: parameter }),
            b"FR" => {
                self.answer(id, name, Ok(Vec::new()));
                self.restart();
            }
            _ => {
                let (before, was) = (self.active.number("AP"), parameter.clone());
                let outcome = self.perform(name, &parameter);
                // The answer to AP still has the old form, so that a host can tell which it was.
                if name == AtName::of("AP") && !was.is_empty() && outcome.is_ok() {
                    let after = self.active.number("AP");
                    self.active.set_number("AP", before);
                    self.answer(id, name, outcome);
                    self.active.set_number("AP", after);
                } else {
                    self.answer(id, name, outcome);
                }
            }
        }
    }

    /// Carries out a command that needs nobody else.
    pub(super) fn perform(&mut self, name: AtName, parameter: &[u8]) -> Result<Vec<u8>, AtStatus> {
        match &name.0 {
            b"AC" => {
                let queued = std::mem::take(&mut self.queued);
                return self.apply(queued).map(|()| Vec::new());
            }
            b"WR" => {
                self.flash = self.active.clone();
                return Ok(Vec::new());
            }
            b"RE" => {
                self.active = super::Registers::defaults(self.spec.family);
                self.new_mode();
                return Ok(Vec::new());
            }
            b"NR" if self.spec.family == Family::Zigbee => {
                return match number(parameter) {
                    Some(0 | 1) => {
                        self.network.reform_now(self.now_ms);
                        Ok(Vec::new())
                    }
                    _ => Err(AtStatus::InvalidParameter),
                };
            }
            b"CB" if self.spec.family == Family::Zigbee => return self.push_button(parameter),
            b"ED" if self.spec.family == Family::Zigbee => {
                // Energy of each channel in -dBm: a quiet hall with one busy channel.
                let busy = self.network.formed().map_or(0, |formed| formed.channel);
                return Ok((11..27).map(|channel| if channel == busy { 0x38 } else { 0x58 }).collect());
            }
            _ => {}
        }
        if parameter.is_empty() {
            return self.read(name);
        }
        if self.read_only(name).is_some() {
            return Err(AtStatus::InvalidParameter);
        }
        self.apply(vec![(name, parameter.to_vec())]).map(|()| Vec::new())
    }

    /// An AT command that came over the air, to a module's own radio.
    pub(crate) fn obey_remote(&mut self, name: AtName, parameter: &[u8]) -> Result<Vec<u8>, AtStatus> {
        match &name.0 {
            // What concerns only a host's port, or everybody's network, is not done from afar.
            b"ND" | b"DN" | b"ED" | b"NR" | b"CB" | b"FR" => Err(AtStatus::InvalidCommand),
            _ => self.perform(name, parameter),
        }
    }

    /// The name it has now (NI).
    pub(crate) fn name(&self) -> String {
        String::from_utf8_lossy(self.active.name()).into_owned()
    }

    /// Commissioning button: 2 opens the join window for a minute, 4 forgets everything.
    fn push_button(&mut self, parameter: &[u8]) -> Result<Vec<u8>, AtStatus> {
        match number(parameter) {
            Some(1) => {}
            Some(2) => {
                if let Some(status) = self.network.open(60, self.now_ms) {
                    self.tell(status);
                }
            }
            Some(4) => {
                self.active = super::Registers::defaults(self.spec.family);
                self.new_mode();
                self.network.reform_now(self.now_ms);
            }
            _ => return Err(AtStatus::InvalidParameter),
        }
        Ok(Vec::new())
    }

    /// A value that is not a register: who the stick is and how its network stands.
    fn read_only(&self, name: AtName) -> Option<Vec<u8>> {
        let address = u64::from_be_bytes(self.spec.eui64.to_be_bytes());
        let formed = self.network.formed();
        let zigbee = self.spec.family == Family::Zigbee;
        let value = match &name.0 {
            b"SH" => big_endian(address >> 32, 4),
            b"SL" => big_endian(address, 4),
            b"HV" => big_endian(u64::from(self.spec.hardware), 2),
            b"VR" => big_endian(u64::from(self.spec.firmware), 2),
            b"N?" if self.spec.family != Family::Transparent => big_endian(self.discovery_ms(), 2),
            b"MY" if zigbee => big_endian(if formed.is_some() { 0 } else { 0xFFFE }, 2),
            b"OP" if zigbee => big_endian(formed.map_or(0, |formed| formed.pan), 8),
            b"OI" if zigbee => big_endian(formed.map_or(0xFFFF, |formed| u64::from(formed.short)), 2),
            b"CH" if zigbee => big_endian(formed.map_or(0, |formed| u64::from(formed.channel)), 1),
            b"AI" if zigbee => vec![self.network.association().code()],
            _ => return None,
        };
        Some(value)
    }

    pub(super) fn read(&self, name: AtName) -> Result<Vec<u8>, AtStatus> {
        match self.read_only(name) {
            Some(value) => Ok(value),
            None => self.active.read(name),
        }
    }

    /// Whether this name can be set at all, for command mode.
    pub(super) fn is_settable(&self, name: AtName) -> bool {
        register(self.spec.family, name).is_none_or(|register| register.access == Access::ReadWrite)
            && self.read_only(name).is_none()
    }

    fn discovery_ms(&self) -> u64 {
        self.active.number("NT").saturating_mul(100)
    }

    fn answer(&mut self, id: u8, name: AtName, outcome: Result<Vec<u8>, AtStatus>) {
        if id == 0 {
            return;
        }
        let (status, value) = match outcome {
            Ok(value) => (AtStatus::Ok, value),
            Err(status) => (status, Vec::new()),
        };
        self.send(&Frame::AtResponse(AtResponse { id, name, status, value }));
    }

    fn transmit(&mut self, id: u8, dest: Eui64, short: u16, data: Vec<u8>) {
        let broadcast =
            dest == Eui64::BROADCAST || (dest == Eui64::UNKNOWN && short >= 0xFFFC && short != 0xFFFE);
        let longest = match (broadcast, self.is_encrypted()) {
            (false, _) => LONGEST_UNICAST,
            (true, false) => LONGEST_BROADCAST,
            (true, true) => LONGEST_SECURED_BROADCAST,
        };
        let own =
            dest == self.spec.eui64 || (self.spec.family == Family::Zigbee && dest == Eui64::COORDINATOR);
        let refused = if self.network.formed().is_none() {
            Some(DeliveryStatus::NotJoined)
        } else if own {
            Some(DeliveryStatus::SelfAddressed)
        } else if data.len() > longest {
            Some(DeliveryStatus::PayloadTooLarge)
        } else if broadcast && !self.may_broadcast() {
            Some(DeliveryStatus::NoBuffers)
        } else {
            None
        };
        match refused {
            Some(status) => self.sent(id, short, status),
            None => self.asked.push(Asked::Send { id, dest, short, data }),
        }
    }

    /// Every broadcast occupies one of eight places for eight seconds, in every router of the network.
    fn may_broadcast(&mut self) -> bool {
        let now = self.now_ms;
        self.broadcasts.retain(|at| now.saturating_sub(*at) < 8_000);
        let room = self.broadcasts.len() < 8;
        if room {
            self.broadcasts.push(now);
        }
        room
    }

    /// Whether modules should tell the way to them (AR).
    pub(crate) fn is_collector(&self) -> bool {
        self.spec.family == Family::Zigbee && self.active.number("AR") != 0xFF
    }

    /// A payload from a radio, in the form the host chose (AO).
    pub(crate) fn hear(&mut self, from: Sender, data: Vec<u8>) {
        if self.mode().is_none() {
            return self.say(&data);
        }
        let Sender { eui64: source, short } = from;
        let options = if self.spec.family == Family::DigiMesh { 0xC1 } else { 0x01 };
        let frame = if self.active.number("AO") == 0 {
            Frame::Rx(Rx { source, short, options, data })
        } else {
            Frame::ExplicitRx(ExplicitRx {
                source,
                short,
                source_endpoint: DATA_ENDPOINT,
                dest_endpoint: DATA_ENDPOINT,
                cluster: DATA_CLUSTER,
                profile: DIGI_PROFILE,
                options,
                data,
            })
        };
        self.send(&frame);
    }

    /// The way to a radio, told before its payload to a collector.
    pub(crate) fn hear_route(&mut self, from: Sender, hops: Vec<u16>) {
        let Sender { eui64: source, short } = from;
        self.send(&Frame::RouteRecord(RouteRecord { source, short, options: 1, hops }));
    }

    /// A radio joined.
    pub(crate) fn hear_joined(&mut self, node: &NodeInfo) {
        let Sender { eui64, short } = node.sender;
        self.send(&Frame::NodeIdentification(NodeIdentification {
            sender: eui64,
            sender_short: short,
            options: 2,
            remote_short: short,
            remote: eui64,
            name: node.name.clone().into_bytes(),
            parent: 0,
            device_type: 1,
            event: 2,
            profile: DIGI_PROFILE,
            manufacturer: 0x101E,
            rest: self.appended(node),
        }));
    }

    /// What NO asks to have appended: the device type, the signal strength.
    fn appended(&self, node: &NodeInfo) -> Vec<u8> {
        let options = self.active.number("NO");
        let mut rest = Vec::new();
        if options & 1 != 0 {
            rest.extend(big_endian(self.active.number("DD"), 4));
        }
        if options & 4 != 0 {
            rest.push(node.rssi);
        }
        rest
    }

    /// A radio answered ND; without one, the time for answers is over.
    pub(crate) fn discovered(&mut self, id: u8, node: Option<&NodeInfo>) {
        let value = node.map_or_else(Vec::new, |node| self.node_record(node));
        self.answer(id, AtName::of("ND"), Ok(value));
    }

    /// The layout of a discovered node differs between ZigBee and DigiMesh only in what stands for the short address.
    fn node_record(&self, node: &NodeInfo) -> Vec<u8> {
        let mut record = node.sender.short.to_be_bytes().to_vec();
        record.extend(node.sender.eui64.to_be_bytes());
        record.extend(node.name.as_bytes());
        record.push(0);
        // Parent: a router has none.
        record.extend([0xFF, 0xFE]);
        // A router that is there, by Digi.
        record.extend([1, 0]);
        record.extend(DIGI_PROFILE.to_be_bytes());
        record.extend([0x10, 0x1E]);
        record.extend(self.appended(node));
        record
    }

    /// A radio of that name was found, or was not.
    pub(crate) fn resolved(&mut self, id: u8, sender: Option<Sender>) {
        let outcome = sender.ok_or(AtStatus::Error).map(|sender| {
            let address = u64::from_be_bytes(sender.eui64.to_be_bytes());
            self.active.set_number("DH", address >> 32);
            self.active.set_number("DL", address & u64::from(u32::MAX));
            let mut value = sender.short.to_be_bytes().to_vec();
            value.extend(sender.eui64.to_be_bytes());
            value
        });
        self.answer(id, AtName::of("DN"), outcome);
    }

    /// A radio answered an AT command.
    pub(crate) fn remote_answered(
        &mut self,
        id: u8,
        from: Sender,
        name: AtName,
        outcome: Result<Vec<u8>, AtStatus>,
    ) {
        if id == 0 {
            return;
        }
        let (status, value) = match outcome {
            Ok(value) => (AtStatus::Ok, value),
            Err(status) => (status, Vec::new()),
        };
        let Sender { eui64: source, short } = from;
        let raw_status = status.code();
        self.send(&Frame::RemoteAtResponse(RemoteAtResponse { id, source, short, name, raw_status, value }));
    }
}
