//! A sensor in the hall, as anyone can buy them: it sends adverts and remembers nothing.

use std::time::Duration;

use domain::{BluetoothAddress, Timestamp};
use serde::{Deserialize, Serialize};

use crate::sim::dice::Dice;
use crate::sim::process::{Closing, Habits, Process};
use crate::v4::Key;
use crate::v4::advert::{AdKind, AdStructure, Advert, Company};
use crate::v4::sensors::bthome;

/// Those that speak at intervals do so this often.
const EVERY: Duration = Duration::from_secs(1);
/// One that speaks when something happens says so this often, so far apart.
const SAYINGS: u32 = 3;
const APART: Duration = Duration::from_millis(150);
/// And says how it is when nothing happens for so long.
const STILL: Duration = Duration::from_secs(10);
/// The mold is open for the last part of a cycle.
const OPEN_FOR: f64 = 0.3;

/// What is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SensorKind {
    /// A contact of BTHome's, in clear, that speaks when the door moves.
    Door,
    /// A counter of BTHome's, encrypted.
    SealedCount,
    /// A Ruuvi tag: format 5.
    Ruuvi5,
    /// A Ruuvi Air: format 6.
    Ruuvi6,
}

impl SensorKind {
    /// All of them.
    pub const ALL: [SensorKind; 4] =
        [SensorKind::Door, SensorKind::SealedCount, SensorKind::Ruuvi5, SensorKind::Ruuvi6];
}

/// A sensor at work.
pub(super) struct Sensor {
    pub(super) kind: SensorKind,
    pub(super) address: BluetoothAddress,
    /// What its adverts are sealed with; of an encrypted one.
    pub(super) key: [u8; 16],
    /// Its adverts get lost; it counts on.
    pub(super) muted: bool,
    /// Cycles that it made.
    count: u64,
    process: Process,
    coming: Closing,
    last: Timestamp,
    open: bool,
    temperature_deci: i16,
    /// Number of its packet or measurement.
    number: u32,
    /// Counter of its seal: it rises for ever.
    seal: u32,
    due: Timestamp,
    left: u32,
    dbm: i16,
}

impl Sensor {
    pub(super) fn new(
        kind: SensorKind,
        address: BluetoothAddress,
        seed: u64,
        number: u64,
        now: Timestamp,
    ) -> Self {
        let mut dice = Dice::new(seed, "sensor", number);
        let approved_ms = u32::try_from(dice.whole(3_000, 9_000)).unwrap_or(5_000);
        let mut key = [0; 16];
        dice.fill(&mut key);
        let dbm = -48 - i16::try_from(dice.whole(0, 25)).unwrap_or_default();
        let mut process = Process::new(Dice::new(seed, "sensor's mold", number), approved_ms, Habits::SHIFT);
        let coming = process.next_closing();
        Sensor {
            kind,
            address,
            key,
            muted: false,
            // Near its top, so that it goes past that while somebody watches.
            count: if kind == SensorKind::SealedCount { 65_520 } else { 0 },
            process,
            coming,
            last: now,
            open: false,
            temperature_deci: 450,
            number: 0,
            seal: u32::try_from(now.as_millis() / 1000).unwrap_or(1),
            due: now,
            left: SAYINGS,
            dbm,
        }
    }

    /// Cycles that it made, as its own counter has them where it has one.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Lets the mold work. With a mold at rest nothing happens.
    pub(super) fn work(&mut self, now: Timestamp) {
        loop {
            let after = u64::from(self.coming.after_ms);
            let ends = self.last.later_by(Duration::from_millis(after));
            let opens = ends.earlier_by(Duration::from_millis(after).mul_f64(OPEN_FOR));
            if !self.open && now >= opens {
                self.open = true;
                self.happened(now);
            }
            if now < ends {
                return;
            }
            self.open = false;
            self.count += 1;
            self.temperature_deci = self.coming.temperature_deci;
            self.last = ends;
            self.coming = self.process.next_closing();
            self.happened(now);
        }
    }

    /// A mold at rest goes on from now.
    pub(super) fn rest(&mut self, now: Timestamp) {
        self.last = now.earlier_by(if self.open {
            Duration::from_millis(u64::from(self.coming.after_ms)).mul_f64(1.0 - OPEN_FOR)
        } else {
            Duration::ZERO
        });
    }

    fn happened(&mut self, now: Timestamp) {
        if self.kind == SensorKind::Door {
            self.number = self.number.wrapping_add(1);
            (self.due, self.left) = (now, SAYINGS);
        }
    }

    /// Its advert, if one is due, and how strong it is heard, dBm.
    pub(super) fn advert(&mut self, now: Timestamp) -> Option<(Vec<u8>, i16)> {
        if now < self.due {
            return None;
        }
        let advert = match self.kind {
            SensorKind::Door => {
                self.left = self.left.saturating_sub(1);
                self.due = now.later_by(if self.left > 0 { APART } else { STILL });
                self.bthome(0x44, &self.door())
            }
            kind => {
                self.due = now.later_by(EVERY);
                self.number = self.number.wrapping_add(1);
                match kind {
                    SensorKind::Ruuvi5 => self.ruuvi(&self.format_5()),
                    SensorKind::Ruuvi6 => self.ruuvi(&self.format_6()),
                    SensorKind::SealedCount | SensorKind::Door => self.sealed(),
                }
            }
        };
        advert.filter(|_| !self.muted).map(|bytes| (bytes, self.dbm))
    }

    /// Packet, battery, door.
    fn door(&self) -> Vec<u8> {
        let [packet, ..] = self.number.to_le_bytes();
        vec![0x00, packet, 0x01, 91, 0x1A, u8::from(self.open)]
    }

    /// Battery, temperature and count, under its key.
    fn sealed(&mut self) -> Option<Vec<u8>> {
        const HEAD: u8 = 0x41;
        self.seal = self.seal.wrapping_add(1);
        let centi = (i32::from(self.temperature_deci) * 10).to_le_bytes();
        let [low, high, ..] = self.count.to_le_bytes();
        let mut objects = vec![0x01, 78, 0x02, centi[0], centi[1], 0x3D, low, high];
        let mut nonce = [0; 13];
        let seal = self.seal.to_le_bytes();
        let parts = [&self.address.to_be_bytes()[..], &[0xD2, 0xFC, HEAD], &seal].concat();
        nonce.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
        let tag = Key::new(self.key).seal(nonce, &[], &mut objects).ok()?;
        self.bthome(HEAD, &[&objects[..], &seal, &tag].concat())
    }

    fn bthome(&self, head: u8, rest: &[u8]) -> Option<Vec<u8>> {
        let [low, high] = bthome::SHORT.to_le_bytes();
        whole(AdKind::SERVICE_DATA_16, &[&[low, high, head], rest].concat())
    }

    /// docs.ruuvi.com, data format 5.
    fn format_5(&self) -> Vec<u8> {
        let half_hundredths = i16::try_from(i32::from(self.temperature_deci) * 20).unwrap_or(i16::MAX);
        let along = |milli_g: i16| milli_g.to_be_bytes();
        // 2.977 V and +4 dBm.
        let power: u16 = (2_977 - 1_600) << 5 | 22;
        let moved = u8::try_from(self.count % 255).unwrap_or_default();
        let sequence = u16::try_from(self.number % 0xFFFF).unwrap_or_default();
        [
            &[0x05][..],
            &half_hundredths.to_be_bytes(),
            &[0x53, 0x94, 0xC3, 0x7C],
            &along(4),
            &along(-4),
            &along(1_036),
            &power.to_be_bytes(),
            &[moved],
            &sequence.to_be_bytes(),
            &self.address.to_be_bytes(),
        ]
        .concat()
    }

    /// docs.ruuvi.com, data format 6.
    fn format_6(&self) -> Vec<u8> {
        let half_hundredths = i16::try_from(i32::from(self.temperature_deci) * 20).unwrap_or(i16::MAX);
        let [.., sequence] = self.number.to_be_bytes();
        let [_, _, _, a, b, c] = self.address.to_be_bytes();
        let air = [0x56, 0x68, 0xC7, 0x9E, 0x00, 0x70, 0x00, 0xC9, 0x05, 0x01, 0xD9, 0xFF];
        [&[0x06][..], &half_hundredths.to_be_bytes(), &air, &[sequence, 0x00, a, b, c]].concat()
    }

    fn ruuvi(&self, data: &[u8]) -> Option<Vec<u8>> {
        whole(AdKind::MANUFACTURER, &[&Company::RUUVI.0.to_le_bytes(), data].concat())
    }
}

/// An advert with flags before its data.
fn whole(kind: AdKind, data: &[u8]) -> Option<Vec<u8>> {
    let flags = AdStructure { kind: AdKind::FLAGS, data: &[0x06] };
    Advert { structures: vec![flags, AdStructure { kind, data }], zeros: 0 }.encode().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v4::{Keyring, Listener};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_795_528_984_000 + millis)
    }

    #[test]
    fn what_sensors_send_is_read_as_what_they_are() {
        for (number, kind) in (0..).zip(SensorKind::ALL) {
            let address = BluetoothAddress::from_be_bytes([0xC4, 0x5E, 0, 0, 0, number]);
            let mut sensor = Sensor::new(kind, address, 1, u64::from(number), at(0));
            let keys = format!("{address} {}", hex::encode(sensor.key));
            let mut listener = Listener::new(Keyring::parse(&keys).unwrap());
            let mut said = String::new();
            for tenth in 0..300 {
                sensor.work(at(tenth * 100));
                if let Some((bytes, _)) = sensor.advert(at(tenth * 100)) {
                    said.push_str(&serde_json::to_string(&listener.hear(Some(address), &bytes)).unwrap());
                }
            }
            assert!(sensor.count() % 65_520 > 2, "{kind:?} made {} cycles", sensor.count());
            assert!(!said.contains("damage") && !said.contains("not_opened"), "{said}");
            let expected: &[&str] = match kind {
                // It has a key, and is heard in clear: that is told, and read nevertheless.
                SensorKind::Door => &["\"contact\":\"open\"", "\"contact\":\"closed\""],
                SensorKind::SealedCount => &["\"bits\":16,\"count\":655", "\"news\":true", "temperature_mc"],
                SensorKind::Ruuvi5 => &["\"format\":\"0x05\"", "\"movements\":3", "\"battery_mv\":2977"],
                SensorKind::Ruuvi6 => &["\"format\":\"0x06\"", "temperature_mc"],
            };
            for text in expected {
                assert!(said.contains(text), "{kind:?} {text}: {said}");
            }
        }
    }
}
