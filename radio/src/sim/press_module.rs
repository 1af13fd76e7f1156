//! A Press Module: a radio on a press with one monitor wired to it.

use domain::Eui64;

use super::monitor::{Monitor, Now};
use super::stick::{Credential, NodeInfo, Sender, Stick, StickSpec};
use crate::event::Family;
use crate::v3::frame::{AtName, AtStatus};
use crate::v3::profile::open::{Message, Serial};

/// What a module is let into a network with.
#[derive(Clone)]
pub enum Commissioning {
    /// Given the network's own link key at the bench, and again whenever that changes.
    Bench,
    /// By what is printed on it; the box enters that in the trust centre's table.
    Label(Label),
}

/// What is printed on a module.
#[derive(Clone, PartialEq, Eq)]
pub enum Label {
    /// A link key.
    LinkKey([u8; 16]),
    /// An install code with its CRC.
    InstallCode(Vec<u8>),
}

/// A Press Module.
pub struct PressModule {
    radio: Stick,
    short: u16,
    commissioning: Commissioning,
    joined: bool,
    /// Index of the monitor wired to it.
    monitor: Option<usize>,
    plug: u16,
    /// Messages of the module itself.
    outbox: Vec<Message>,
    silent_until: u64,
    route_at: u64,
    /// The way to it, for a collector.
    pub(super) hops: Vec<u16>,
}

impl PressModule {
    /// Not joined, nothing wired.
    #[must_use]
    pub fn new(
        family: Family,
        eui64: Eui64,
        name: &str,
        plug: u16,
        commissioning: Commissioning,
        seed: u64,
    ) -> Self {
        let spec = match family {
            Family::Zigbee => StickSpec::zigbee(eui64, name),
            Family::DigiMesh => StickSpec::digimesh(eui64, name),
            Family::Transparent => StickSpec::transparent(eui64, name),
        };
        PressModule {
            radio: Stick::new(spec, seed),
            short: 0xFFFE,
            commissioning,
            joined: false,
            monitor: None,
            plug,
            outbox: Vec::new(),
            silent_until: 0,
            route_at: 0,
            hops: Vec::new(),
        }
    }

    /// Its address.
    #[must_use]
    pub fn eui64(&self) -> Eui64 {
        self.radio.spec().eui64
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        self.radio.name()
    }

    /// Who it is on the air.
    #[must_use]
    pub fn sender(&self) -> Sender {
        Sender { eui64: self.eui64(), short: self.short }
    }

    pub(super) fn node(&self) -> NodeInfo {
        NodeInfo { sender: self.sender(), name: self.name(), rssi: 0x2C }
    }

    /// What is printed on it; `None` where it was commissioned at the bench.
    #[must_use]
    pub fn label(&self) -> Option<&Label> {
        match &self.commissioning {
            Commissioning::Bench => None,
            Commissioning::Label(label) => Some(label),
        }
    }

    /// What it shows to a coordinator.
    pub(super) fn credential(&self, network_key: [u8; 16]) -> Credential {
        match &self.commissioning {
            Commissioning::Bench => Credential::NetworkKey(network_key),
            Commissioning::Label(Label::LinkKey(key)) => Credential::LinkKey(*key),
            Commissioning::Label(Label::InstallCode(code)) => Credential::InstallCode(code.clone()),
        }
    }

    /// Whether it is in the network.
    #[must_use]
    pub fn is_joined(&self) -> bool {
        self.joined
    }

    /// It is let into the network.
    pub fn join(&mut self, short: u16) {
        self.joined = true;
        self.short = short;
    }

    /// It is out of the network.
    pub fn leave(&mut self) {
        self.joined = false;
    }

    /// It says nothing until then.
    pub fn fall_silent(&mut self, until_ms: u64) {
        self.silent_until = until_ms;
    }

    /// Whether a packet from or to it can get through at all.
    #[must_use]
    pub fn is_heard(&self, now: Now) -> bool {
        self.joined && now.real_ms >= self.silent_until
    }

    /// The monitor wired to it.
    #[must_use]
    pub fn monitor(&self) -> Option<usize> {
        self.monitor
    }

    /// A monitor is wired to it.
    pub fn plug_in(&mut self, index: usize, monitor: &mut Monitor, now: Now) {
        self.plug = self.plug.wrapping_add(1);
        self.monitor = Some(index);
        monitor.tether(self.plug, now);
    }

    /// The monitor is unplugged, which the module tells.
    pub fn unplug(&mut self, monitor: &mut Monitor) {
        self.monitor = None;
        monitor.untether();
        let serial: Serial = monitor.serial();
        // Told three times: nothing answers it, and one may be lost.
        self.outbox.extend(vec![Message::Untether { serial, plug: self.plug }; 3]);
    }

    /// The next message of the module or its monitor.
    pub fn next_message(&mut self, monitors: &mut [Monitor], now: Now) -> Option<Message> {
        if let Some(message) = self.outbox.pop() {
            return Some(message);
        }
        monitors.get_mut(self.monitor?)?.next_message(now)
    }

    /// When it may have something to say though nobody closes a mold, real ms.
    #[must_use]
    pub fn speaks_at(&self, monitors: &[Monitor]) -> Option<u64> {
        if !self.outbox.is_empty() {
            return Some(0);
        }
        monitors.get(self.monitor?)?.speaks_at()
    }

    /// A payload of the box.
    pub fn hear(&self, message: &Message, monitors: &mut [Monitor], now: Now) {
        if let Some(monitor) = self.monitor.and_then(|index| monitors.get_mut(index)) {
            monitor.hear(message, now);
        }
    }

    /// Whether it is time to tell a collector the way again.
    pub(super) fn tells_route(&mut self, now: Now) -> bool {
        let due = now.real_ms >= self.route_at;
        if due {
            self.route_at = now.real_ms.saturating_add(60_000);
        }
        due
    }

    /// An AT command from afar.
    pub(super) fn obey(&mut self, name: AtName, parameter: &[u8]) -> Result<Vec<u8>, AtStatus> {
        match &name.0 {
            b"MY" if parameter.is_empty() => Ok(self.short.to_be_bytes().to_vec()),
            b"AI" if parameter.is_empty() => Ok(vec![if self.joined { 0 } else { 0x21 }]),
            _ => self.radio.obey_remote(name, parameter),
        }
    }
}
