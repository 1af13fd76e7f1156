//! What a sensor says beyond cycles: battery, shocks, temperature; and when it says nothing.

use std::time::Duration;

use domain::{
    AlertKind, BluetoothAddress, Channel, Measure, MoldId, MonitorSerial, Said, ShockRule, Temperature,
};

use super::state::{any, on};
use crate::ingest::{Ingest, Moment};
use crate::plant::AlarmKey;

/// A battery is low from here down, and in order again from there up.
const LOW_PERCENT: u8 = 10;
const GOOD_PERCENT: u8 = 15;
/// A coin cell of 3 V (docs.ruuvi.com: below 2.5 V it is nearly empty when warm; a cold one sags further).
const LOW_MILLIVOLTS: u16 = 2_400;
const GOOD_MILLIVOLTS: u16 = 2_500;
/// A shock is over when none came for so long.
const SHOCK_OVER: Duration = Duration::from_secs(60);

impl Ingest {
    pub(super) fn watch_over(&mut self, address: BluetoothAddress, said: &[Said], now: Moment) {
        let serial = MonitorSerial::sensor(address);
        self.alarms.clear(&AlarmKey::SensorSilent(serial.clone()), now.wall);
        let battery = AlarmKey::SensorBattery(serial.clone());
        match said.iter().find_map(|said| battery_is_low(&said.what).map(|low| (low, said))) {
            Some((true, said)) => self.alarms.raise(battery, said.to_string(), now.wall),
            Some((false, _)) => self.alarms.clear(&battery, now.wall),
            None => {}
        }
        let Some(sensor) = self.sensors.get_mut(&address) else { return };
        let key = AlarmKey::Alert(serial, AlertKind::Shock);
        let moved = any(said, movements);
        let has_moved =
            moved.is_some() && sensor.record.movements.is_some() && moved != sensor.record.movements;
        let shock = match sensor.record.rule.shock {
            Some(ShockRule::Acceleration { milli_g }) => {
                strongest(said).filter(|force| *force >= milli_g).map(|force| {
                    let [force, limit] = [force, milli_g].map(|value| AlertKind::Shock.measure(value.into()));
                    format!("{force}, limit {limit}")
                })
            }
            Some(ShockRule::Movement) => {
                let shaken = |what: &Measure| {
                    matches!(what, Measure::Vibration(true) | Measure::Moving(true)).then_some(())
                };
                (has_moved || any(said, shaken).is_some()).then(|| "it was moved or vibrates".to_owned())
            }
            None => None,
        };
        if let Some(detail) = shock {
            sensor.shock_at = Some(now.steady);
            self.alarms.raise(key.clone(), detail.as_str(), now.wall);
            self.alarms.explain(&key, &detail);
        } else if sensor.shock_at.is_none_or(|at| now.steady.saturating_sub(at) >= SHOCK_OVER) {
            self.alarms.clear(&key, now.wall);
        }
        // Movements that are cycles are noted with them.
        if moved.is_some()
            && sensor.record.rule.cycles != domain::CycleRule::Movements
            && has_moved | sensor.record.movements.is_none()
        {
            sensor.record.movements = moved;
            self.next.sensors.insert(address);
        }
    }

    /// The temperature of a mold that another monitor counts for, or nobody.
    pub(super) fn show_temperature(&mut self, mold: MoldId, channel: Option<Channel>, said: &[Said]) {
        let temperature = channel.and_then(|channel| on(said, channel, temperature));
        if let (Some(temperature), Some(book)) = (temperature, self.books.get_mut(&mold)) {
            book.last.temperature = Some(temperature);
            self.told.molds.insert(mold);
        }
    }

    /// Sensors that say nothing for longer than people allow.
    pub(in crate::ingest) fn silent_sensors(&mut self, now: Moment) {
        for sensor in self.sensors.values().filter(|sensor| sensor.record.stopped.is_none()) {
            let Some(allowed) = sensor.record.rule.silent_after() else { continue };
            let silent = now.steady.saturating_sub(sensor.heard_at.unwrap_or(sensor.since));
            if silent > allowed {
                let serial = MonitorSerial::sensor(sensor.record.address);
                let detail = format!("for more than {} min", allowed.as_secs() / 60);
                self.alarms.raise(AlarmKey::SensorSilent(serial), detail, now.wall);
            }
        }
    }
}

pub(super) fn temperature(what: &Measure) -> Option<Temperature> {
    if let Measure::Temperature(temperature) = what { Some(*temperature) } else { None }
}

pub(super) fn movements(what: &Measure) -> Option<u8> {
    if let Measure::Movements(count) = what { Some(*count) } else { None }
}

/// The strongest acceleration along any axis, mg.
fn strongest(said: &[Said]) -> Option<u32> {
    let along = |said: &Said| match said.what {
        Measure::Acceleration { milli_g, .. } => Some(milli_g.unsigned_abs()),
        _ => None,
    };
    said.iter().filter_map(along).max()
}

/// Between low and good it stays as it is.
fn battery_is_low(what: &Measure) -> Option<bool> {
    match what {
        Measure::BatteryLow(low) => Some(*low),
        Measure::Battery(percent) if percent.get() <= LOW_PERCENT => Some(true),
        Measure::Battery(percent) if percent.get() >= GOOD_PERCENT => Some(false),
        Measure::BatteryMillivolts(..=LOW_MILLIVOLTS) => Some(true),
        Measure::BatteryMillivolts(GOOD_MILLIVOLTS..) => Some(false),
        _ => None,
    }
}
