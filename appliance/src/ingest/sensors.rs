//! Sensors that anyone can buy: what their adverts say as cycles, temperature and shocks of a mold, by the rule that a person
//! chose.
//!
//! A counter of the sensor's own is a device's counter like any other: what was not heard is a gap, and one that goes back is
//! judged as a monitor's is. Contacts and movements are counted here; what no advert told of them is not known. A sensor
//! remembers nothing, so that the times of a gap stay unknown.

mod counting;
mod state;
mod watching;

use domain::{
    BluetoothAddress, CycleRule, CycleTime, Initialisation, LinkName, MoldId, MoldName, MonitorSerial,
    SensorRule, Timestamp,
};
use radio::event::SensorHeard;

use super::{Ingest, Moment};
use crate::plant::{AlarmKey, SensorRecord};
pub(super) use state::Sensor;

/// The record of a sensor that changed only in its seal's counter is written this often.
const WRITTEN: std::time::Duration = std::time::Duration::from_secs(60);

/// A sensor is to count for a mold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensorUse {
    /// Which.
    pub address: BluetoothAddress,
    /// For which mold; one that the box does not know begins with the next three.
    pub mold: MoldName,
    /// What the mold makes; empty: as the box knows it.
    pub description: String,
    /// The validated cycle time; none: as the box knows it.
    pub approved: Option<CycleTime>,
    /// Cycles it is built for; none: as the box knows it.
    pub design_life: Option<u64>,
    /// What is made of it.
    pub rule: SensorRule,
    /// It is encrypted.
    pub sealed: bool,
}

/// Why a sensor is not put to use, or not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SensorRefused {
    /// There is nothing to end.
    #[error("this sensor counts for no mold")]
    NotUsed,
    /// There are too many molds or monitors.
    #[error("there are too many molds or monitors to take another")]
    Full,
}

impl Ingest {
    /// Has a sensor count for a mold from now on, or by another rule, or for another mold.
    ///
    /// # Errors
    /// There is no room for another mold.
    pub fn use_sensor(&mut self, wish: SensorUse, now: Moment) -> Result<(), SensorRefused> {
        let SensorUse { address, mold, description, approved, design_life, rule, sealed } = wish;
        let initialisation =
            Initialisation { mold, description, approved, design_life, baseline: 0, on: now.wall };
        let mold = self.mold_for(&initialisation, now).ok_or(SensorRefused::Full)?;
        self.refresh(mold, &initialisation);
        let former = self.sensors.get(&address).map(|sensor| &sensor.record);
        let former = former.filter(|record| record.stopped.is_none()).cloned();
        let goes_on =
            former.as_ref().is_some_and(|record| record.mold == mold && record.rule.cycles == rule.cycles);
        if let Some(former) = former.as_ref().filter(|_| !goes_on) {
            self.end_counting(former, now.wall);
        }
        let record = SensorRecord {
            address,
            mold,
            rule,
            sealed,
            since: former.as_ref().map_or(now.wall, |record| record.since),
            stopped: None,
            begun: goes_on && former.as_ref().is_some_and(|record| record.begun),
            contact: former.as_ref().filter(|_| goes_on).and_then(|record| record.contact),
            movements: former.as_ref().filter(|_| goes_on).and_then(|record| record.movements),
            // A person who saves it says that what it sends now is to be believed.
            counter: None,
        };
        let mut sensor = Sensor::new(record);
        sensor.since = now.steady;
        if let Some(before) = self.sensors.remove(&address).filter(|_| goes_on) {
            sensor.go_on(before);
        }
        self.sensors.insert(address, sensor);
        self.clear_alarms(address, now.wall);
        self.next.sensors.insert(address);
        self.told.sensors.insert(address);
        self.told.molds.insert(mold);
        Ok(())
    }

    /// It counts for no mold any more. What it counted stays.
    ///
    /// # Errors
    /// It counts for none.
    pub fn forget_sensor(&mut self, address: BluetoothAddress, now: Moment) -> Result<(), SensorRefused> {
        let sensor = self.sensors.get_mut(&address).filter(|sensor| sensor.record.stopped.is_none());
        let sensor = sensor.ok_or(SensorRefused::NotUsed)?;
        sensor.record.stopped = Some(now.wall);
        let record = sensor.record.clone();
        self.end_counting(&record, now.wall);
        self.clear_alarms(address, now.wall);
        self.next.sensors.insert(address);
        self.told.sensors.insert(address);
        self.told.molds.insert(record.mold);
        Ok(())
    }

    fn end_counting(&mut self, record: &SensorRecord, now: Timestamp) {
        if record.rule.cycles != CycleRule::None && record.begun {
            self.end_assignment(record.mold, &MonitorSerial::sensor(record.address), now);
        }
    }

    fn clear_alarms(&mut self, address: BluetoothAddress, now: Timestamp) {
        let serial = MonitorSerial::sensor(address);
        self.alarms.clear(&AlarmKey::SensorSilent(serial.clone()), now);
        self.alarms.clear(&AlarmKey::SensorBattery(serial.clone()), now);
        self.alarms.clear(&AlarmKey::Alert(serial, domain::AlertKind::Shock), now);
    }

    /// The mold that a sensor watches without counting for it.
    pub(super) fn mold_of_sensor(&self, serial: &MonitorSerial) -> Option<MoldId> {
        let mut records = self.sensors.values().map(|sensor| &sensor.record);
        let record = records.find(|record| MonitorSerial::sensor(record.address) == *serial)?;
        record.stopped.is_none().then_some(record.mold)
    }

    /// A sensor said something. Of one that nobody uses, and of what is not read, nothing comes.
    pub(super) fn sensor(&mut self, heard: &SensorHeard, link: &LinkName, at: Timestamp, now: Moment) {
        let address = heard.address;
        let Some(sensor) = self.sensors.get_mut(&address) else { return };
        let (record, Ok(said)) = (&mut sensor.record, &heard.said) else { return };
        // Whoever has a key for it is told by the radio what is not sealed with it; this is for the moment between.
        if record.stopped.is_some() || record.sealed != heard.sealed {
            return;
        }
        record.counter = heard.counter.or(record.counter);
        let (mold, rule) = (record.mold, record.rule);
        let lately = sensor.hear(heard.triggered, now.steady);
        if now.steady.saturating_sub(sensor.written) >= WRITTEN {
            self.next.sensors.insert(address);
        }
        self.watch_over(address, said, now);
        if rule.cycles == CycleRule::None {
            self.show_temperature(mold, rule.temperature, said);
        } else {
            self.count_sensor(address, said, lately, (link, at, now));
        }
    }
}
