//! One event after another.

use domain::{Eui64, LinkName, MonitorSerial, Timestamp};
use radio::event::{Heard, RadioEvent, RawHeard, Sender};

use super::monitor::Monitor;
use super::{Ingest, Module, Moment};
use crate::plant::{AlarmKey, ModuleRecord, RawRecord};

/// A record that changed only in when it was heard is written this often.
pub(super) const HEARD_WRITTEN: std::time::Duration = std::time::Duration::from_secs(60);
/// More molds, monitors or modules than this are no plant's: five times what the box is made for. What the air makes up
/// must fill neither memory nor disk.
pub const MOST: usize = 10_000;

impl Ingest {
    /// Hears an event. What the driver itself waits for (ends of commands, secrets) is not for here.
    pub fn hear(&mut self, event: &RadioEvent, now: Moment) {
        let (link, at) = (&event.link, event.heard_at);
        match &event.what {
            Heard::Cycles(heard) => self.cycles(heard, link, at, now),
            Heard::Status(heard) => self.status(heard, link, at, now),
            Heard::Tethered(heard) => self.tethered(heard, link, at, now),
            Heard::Sensor(heard) => self.sensor(heard, link, at, now),
            Heard::Shown(shown) => self.shown(shown, link, at, now),
            Heard::Alert(alert) => self.alert(alert, link, at, now),
            Heard::Thresholds { serial, thresholds } => self.says_thresholds(serial, thresholds),
            Heard::BondLost { serial } => {
                self.alarms.raise(AlarmKey::BondLost(serial.clone()), "", now.wall);
            }
            Heard::Bonded(bonded) => self.alarms.clear(&AlarmKey::BondLost(bonded.serial.clone()), now.wall),
            Heard::Untethered { serial, module } => self.untethered(serial, *module, link, (at, now)),
            Heard::Module(report) => self.module(report, link, at),
            Heard::Link(state) => self.link(link, state, now),
            Heard::Network(report) => self.network(link, report),
            Heard::Raw(raw) => self.raw(raw, link, at),
            Heard::Traffic(_) | Heard::Done { .. } | Heard::Secrets(_) | Heard::Air(_) => {}
        }
    }

    fn untethered(
        &mut self,
        serial: &MonitorSerial,
        module: Eui64,
        link: &LinkName,
        (at, now): (Timestamp, Moment),
    ) {
        self.heard_module(Some(module), link, at);
        let Some(monitor) = self.monitors.get_mut(serial) else { return };
        // Unplugged there means nothing once it is plugged in elsewhere.
        if monitor.record.module != Some(module) || monitor.record.untethered {
            return;
        }
        monitor.record.untethered = true;
        monitor.time_due = None;
        monitor.dirty = true;
        let mold = monitor.record.mold;
        self.alarms.clear(&AlarmKey::NotInitialised(serial.clone()), now.wall);
        self.touch(serial);
        self.told.molds.extend(mold);
    }

    fn raw(&mut self, raw: &RawHeard, link: &LinkName, at: Timestamp) {
        let module = match raw.from {
            Sender::Module(module) => {
                self.heard_module(Some(module), link, at);
                module
            }
            Sender::Bluetooth(address) => eui64(address),
        };
        self.next.raw.push(RawRecord {
            heard_at: at,
            link: link.clone(),
            module,
            payload: raw.payload.clone(),
            read_as: raw.read_as.clone().map(str::to_owned),
        });
    }

    /// A module was heard, whatever it said; none where a monitor is its own radio.
    pub(super) fn heard_module(&mut self, module: Option<Eui64>, link: &LinkName, at: Timestamp) {
        let Some(eui64) = module else { return };
        if !self.modules.contains_key(&eui64) && self.modules.len() >= MOST {
            self.refuse("module");
            return;
        }
        self.told.modules.insert(eui64);
        let module = self.modules.entry(eui64).or_insert_with(|| {
            self.next.modules.insert(eui64);
            let record = ModuleRecord {
                eui64,
                name: None,
                link: link.clone(),
                press: None,
                rssi_dbm: None,
                last_heard: at,
            };
            Module { record, written: at }
        });
        module.record.last_heard = at;
        if module.record.link != *link {
            module.record.link = link.clone();
            self.next.modules.insert(eui64);
        }
        if at.since(module.written) > HEARD_WRITTEN || at < module.written {
            module.written = at;
            self.next.modules.insert(eui64);
        }
    }

    /// The monitor of this serial, known or from now on; `None` when there are too many.
    pub(super) fn monitor(&mut self, serial: &MonitorSerial) -> Option<&mut Monitor> {
        if !self.monitors.contains_key(serial) {
            if self.monitors.len() >= MOST {
                self.refuse("monitor");
                return None;
            }
            let mut monitor = Monitor::unknown(serial.clone());
            monitor.dirty = true;
            self.monitors.insert(serial.clone(), monitor);
        }
        self.touch(serial);
        self.monitors.get_mut(serial)
    }

    /// Says once that there are too many to take another.
    pub(super) fn refuse(&mut self, what: &str) {
        if !std::mem::replace(&mut self.full, true) {
            tracing::error!(what, most = MOST, "there are too many: new ones are not taken any more");
        }
    }

    /// Notes that a monitor was heard, for the next commit and for the screens.
    pub(super) fn touch(&mut self, serial: &MonitorSerial) {
        let Some(monitor) = self.monitors.get_mut(serial) else { return };
        if !std::mem::replace(&mut monitor.in_next, true) {
            self.next.monitors.push(serial.clone());
        }
        if !std::mem::replace(&mut monitor.in_told, true) {
            self.told.monitors.push(serial.clone());
        }
    }
}

/// A Bluetooth address among those of modules: with FF FE in its middle (IEEE's guidelines for EUI-64).
fn eui64([a, b, c, d, e, f]: [u8; 6]) -> Eui64 {
    Eui64::from_be_bytes([a, b, c, 0xFF, 0xFE, d, e, f])
}
