//! What a hall is to be like.

use domain::{CycleTime, Initialisation, MoldName, Timestamp};

use super::monitor::Working;
use super::sensor::{Sensor, SensorKind};
use crate::open::Record;
use crate::sim::air;
use crate::sim::dice::Dice;
use crate::sim::process::{Habits, Process};
use crate::v4::Address;
use crate::v4::open::Serial;

/// What is made in it.
const PARTS: [&str; 6] =
    ["cap 28 mm", "dosing spoon", "pipette tip 200 µl", "toothbrush handle", "vial 10 ml", "hinge cover"];

/// A hall, from a seed and sizes.
#[derive(Debug, Clone)]
pub struct HallSpec {
    /// Everything that is chance comes from it.
    pub seed: u64,
    /// Monitors that are initialised, each on a mold of its own that is cycling.
    pub monitors: u16,
    /// Monitors as they come from the factory, on no mold.
    pub blank: u16,
    /// Adapters of the box.
    pub adapters: u8,
    /// Sensors that anyone can buy, one of each kind after the other.
    pub sensors: u16,
    /// Cycles in each monitor's memory at the start.
    pub history: u32,
    /// How the names of molds begin.
    pub prefix: String,
    /// When it begins.
    pub started: Timestamp,
}

impl HallSpec {
    pub(super) fn monitors(&self) -> Vec<Working> {
        let all = u32::from(self.monitors) + u32::from(self.blank);
        (0..all).map(|number| self.monitor(number)).collect()
    }

    pub(super) fn sensors(&self) -> Vec<Sensor> {
        let kinds = SensorKind::ALL.into_iter().cycle();
        let sensor = |(number, kind): (u16, SensorKind)| {
            let [a, b] = number.to_be_bytes();
            let [.., high, low] = crate::sim::dice::mix(self.seed).to_be_bytes();
            let address = Address::from_be_bytes([0xC4, 0x5E, high, low, a, b]);
            Sensor::new(kind, address, self.seed, u64::from(number), self.started)
        };
        (0..self.sensors).zip(kinds).map(sensor).collect()
    }

    fn monitor(&self, number: u32) -> Working {
        let mut dice = Dice::new(self.seed, "v4 monitor", u64::from(number));
        let approved_ms = u32::try_from(dice.whole(5_000, 24_000)).unwrap_or(10_000);
        let passkey = u32::try_from(dice.whole(0, 999_999)).unwrap_or_default();
        let era = u32::try_from(dice.whole(1, 0xFFFF_FFFF)).unwrap_or(1);
        let part = dice.choose(&PARTS).copied().unwrap_or_default();
        let on_mold = number < u32::from(self.monitors);
        let record =
            format!("{}{}", self.prefix, 4_001 + number).parse::<MoldName>().ok().filter(|_| on_mold);
        let record = record.and_then(|mold| {
            let approved = Some(CycleTime::from_millis(approved_ms));
            let description = part.to_owned();
            let on = self.started;
            Record::new(&Initialisation {
                mold,
                description,
                approved,
                design_life: Some(2_000_000),
                baseline: 0,
                on,
            })
            .ok()
        });
        let mut process =
            Process::new(Dice::new(self.seed, "v4 mold", u64::from(number)), approved_ms, Habits::SHIFT);
        // Its clock begins before the oldest cycle that it remembers.
        let made: Vec<_> = (0..self.history).map(|_| process.next_closing()).collect();
        let span = made.iter().fold(0, |sum, closing| sum + u64::from(closing.after_ms));
        let begun = self.started.earlier_by(std::time::Duration::from_millis(span + 60_000));
        let serial = Serial(40_001 + number);
        let mut monitor =
            air::Monitor::new(serial, address(self.seed, number), Some(passkey), record, era, begun);
        let mut at = begun;
        if on_mold {
            for closing in made {
                at = at.later_by(std::time::Duration::from_millis(u64::from(closing.after_ms)));
                monitor.make_cycle(at, closing.temperature_deci);
            }
        }
        let dbm = -50 - i16::try_from(dice.whole(0, 25)).unwrap_or_default();
        Working::new(monitor, process, passkey, dbm, dice, self.started)
    }
}

/// A static random address (Core, volume 6, part B, 1.3.2.1).
fn address(seed: u64, number: u32) -> Address {
    let [.., high, low] = crate::sim::dice::mix(seed).to_be_bytes();
    let [_, _, a, b] = number.to_be_bytes();
    Address::from_be_bytes([0xC4, 0x50, high, low, a, b])
}
