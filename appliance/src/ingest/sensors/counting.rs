//! Cycles of a sensor: steps of its counter, changes of its contact, its movements.

use std::time::Duration;

use domain::{
    BluetoothAddress, Contact, CounterStep, CounterWidth, CycleRule, CycleTime, Edge, Generation, LinkName,
    Measure, MonitorSerial, Percent, Said, Temperature, Timestamp, step,
};
use radio::event::{CyclesHeard, HeardCycle, StatusHeard};

use super::state::{any, on};
use super::watching::{movements, temperature};
use crate::ingest::monitor::Reading;
use crate::ingest::{Ingest, Moment, counter};

/// Ruuvi's counter of movements has so many readings: 255 says that it is not known.
const MOVEMENTS: u8 = 255;
/// It went past its top only from the last quarter to the first.
const QUARTER: u8 = MOVEMENTS / 4;

/// By which link, when, and the time.
type Came<'a> = (&'a LinkName, Timestamp, Moment);

/// What a sensor's advert means for the count.
enum Meant {
    /// Nothing but that it is there.
    Alive,
    /// Its counter stands here, so many steps further than when it was last looked at.
    Counter { count: u64, width: CounterWidth, steps: u64 },
    /// So many cycles, counted here.
    Cycles(u64),
    /// What it counted by went back.
    Back,
}

impl Ingest {
    /// `lately`: what it says happened just now.
    pub(super) fn count_sensor(
        &mut self,
        address: BluetoothAddress,
        said: &[Said],
        lately: bool,
        came: Came<'_>,
    ) {
        let serial = MonitorSerial::sensor(address);
        let Some(meant) = self.meant(address, &serial, said, came) else { return };
        let (_, _, now) = came;
        let device = self.monitors.get(&serial).and_then(|monitor| monitor.record.device.as_ref());
        let Some((counted, own_width)) = device.map(|run| (run.count, run.width)) else { return };
        let counted_here = matches!(meant, Meant::Cycles(_));
        let (count, width, new) = match meant {
            Meant::Alive => (counter::shown(counted, own_width), own_width, 0),
            Meant::Counter { count, width, steps } => (count, width, steps),
            Meant::Cycles(new) => (counted.saturating_add(new), own_width, new),
            Meant::Back => {
                let reading = Reading {
                    era: None,
                    count: 0,
                    cycles: 0,
                    width: own_width,
                    times: None,
                    from_memory: false,
                };
                self.begin_anew(&serial, &reading, 0, now);
                (0, own_width, 0)
            }
        };
        let Some(sensor) = self.sensors.get_mut(&address) else { return };
        let temperature = sensor_temperature(&sensor.record.rule, said);
        // Only of a cycle that happened just now the time is known; of several, that of the last.
        let seen = lately && new > 0;
        let mut untold = None;
        if new > 0 {
            let apart = sensor.cycle(seen, now.steady).filter(|_| new == 1);
            if seen {
                let cycle = HeardCycle { cycle_time: cycle_time(apart), temperature, first: apart.is_none() };
                self.heard_cycle(&serial, (count, width), cycle, came);
            } else if counted_here {
                // The sensor will not tell it again: it is counted with the commit that says what was last heard.
                self.miss(&serial, count, now);
            } else {
                untold = Some(count);
            }
        }
        let battery =
            any(said, |what| if let Measure::Battery(percent) = what { Some(*percent) } else { None });
        // Where its counter stands is said once: what is said again would only seem to prove itself.
        self.heard_alive(&serial, (untold, width), (temperature, battery), came);
        if let Some(monitor) = self.monitors.get_mut(&serial) {
            monitor.forgo();
        }
    }

    /// What the advert means, and where its counting begins if it has not yet; `None` when it is not begun.
    fn meant(
        &mut self,
        address: BluetoothAddress,
        serial: &MonitorSerial,
        said: &[Said],
        came: Came<'_>,
    ) -> Option<Meant> {
        let (_, _, now) = came;
        let sensor = self.sensors.get_mut(&address)?;
        let rule = sensor.record.rule.cycles;
        match rule {
            CycleRule::None => None,
            CycleRule::Count { channel } => {
                let reading = on(said, channel, |what| match what {
                    Measure::Count { count, width } => Some((*count, *width)),
                    _ => None,
                });
                let Some((count, width)) = reading else {
                    return self.is_begun(address).then_some(Meant::Alive);
                };
                if !self.is_begun(address) {
                    self.begin_sensor(address, (count, width), came);
                }
                let counted = self.sensor_shows(serial);
                let sensor = self.sensors.get_mut(&address)?;
                let last = sensor.reading.replace(count).or(counted).unwrap_or(count);
                let steps = match step(last, count, width) {
                    CounterStep::Same => 0,
                    CounterStep::Forward(steps) | CounterStep::Rollover(steps) => steps,
                    // It began anew, and this is the first of its cycles that is heard of.
                    CounterStep::Back => u64::from(count > 0),
                };
                Some(Meant::Counter { count, width, steps })
            }
            CycleRule::Contact { channel, edge, least_apart_ms } => {
                let contact = on(said, channel, |what| match what {
                    Measure::Contact(contact) => Some(*contact),
                    _ => None,
                });
                let Some(contact) = contact else { return self.is_begun(address).then_some(Meant::Alive) };
                if !self.is_begun(address) {
                    self.begin_sensor(address, (0, CounterWidth::Unknown), came);
                }
                let sensor = self.sensors.get_mut(&address)?;
                let before = sensor.record.contact.replace(contact);
                if before == Some(contact) {
                    return Some(Meant::Alive);
                }
                self.next.sensors.insert(address);
                let wanted = match edge {
                    Edge::Closes => Contact::Closed,
                    Edge::Opens => Contact::Open,
                };
                let least = Duration::from_millis(least_apart_ms.into());
                let counts = before.is_some() && contact == wanted && !sensor.is_bounce(least, now.steady);
                Some(if counts { Meant::Cycles(1) } else { Meant::Alive })
            }
            CycleRule::Movements => {
                let Some(moved) = any(said, movements) else {
                    return self.is_begun(address).then_some(Meant::Alive);
                };
                if !self.is_begun(address) {
                    self.begin_sensor(address, (0, CounterWidth::Unknown), came);
                }
                let sensor = self.sensors.get_mut(&address)?;
                let before = sensor.record.movements.replace(moved);
                if before != Some(moved) {
                    self.next.sensors.insert(address);
                }
                Some(match before.map(|before| movements_since(before, moved)) {
                    None | Some(Some(0)) => Meant::Alive,
                    Some(Some(steps)) => Meant::Cycles(steps),
                    Some(None) => Meant::Back,
                })
            }
        }
    }

    fn is_begun(&self, address: BluetoothAddress) -> bool {
        self.sensors.get(&address).is_some_and(|sensor| sensor.record.begun)
    }

    /// The sensor's counter as far as it was counted.
    fn sensor_shows(&self, serial: &MonitorSerial) -> Option<u64> {
        let run = self.monitors.get(serial)?.record.device.as_ref()?;
        Some(counter::shown(run.count, run.width))
    }

    /// Its mold listens to it from now on: the first cycle is the next.
    fn begin_sensor(
        &mut self,
        address: BluetoothAddress,
        (count, width): (u64, CounterWidth),
        (link, at, now): Came<'_>,
    ) {
        let serial = MonitorSerial::sensor(address);
        let Some(mold) = self.sensors.get(&address).map(|sensor| sensor.record.mold) else { return };
        let Some(monitor) = self.monitor(&serial) else { return };
        monitor.record.generation = Generation::Sensor;
        monitor.heard(link, None, (at, now), true);
        let reading = Reading { era: None, count, cycles: 0, width, times: None, from_memory: false };
        self.move_to(&serial, mold, count, &reading, now);
        if let Some(sensor) = self.sensors.get_mut(&address) {
            sensor.record.begun = true;
        }
        self.next.sensors.insert(address);
    }

    fn heard_cycle(
        &mut self,
        serial: &MonitorSerial,
        (count, width): (u64, CounterWidth),
        cycle: HeardCycle,
        (link, at, now): Came<'_>,
    ) {
        let heard = CyclesHeard {
            serial: serial.clone(),
            module: None,
            count,
            width,
            era: None,
            cycles: vec![cycle],
            times: None,
            from_memory: false,
        };
        self.cycles(&heard, link, at, now);
    }

    fn heard_alive(
        &mut self,
        serial: &MonitorSerial,
        (count, width): (Option<u64>, CounterWidth),
        (temperature, battery): (Option<Temperature>, Option<Percent>),
        (link, at, now): Came<'_>,
    ) {
        let heard = StatusHeard {
            serial: serial.clone(),
            module: None,
            count,
            width,
            era: None,
            temperature,
            battery,
            uptime: None,
            unacknowledged: None,
            asleep: false,
        };
        self.status(&heard, link, at, now);
    }
}

fn sensor_temperature(rule: &domain::SensorRule, said: &[Said]) -> Option<Temperature> {
    on(said, rule.temperature?, temperature)
}

fn cycle_time(apart: Option<Duration>) -> CycleTime {
    CycleTime::from_millis(apart.map_or(0, |apart| u32::try_from(apart.as_millis()).unwrap_or(u32::MAX)))
}

/// Movements from one reading to the next; `None` when the counter began anew.
fn movements_since(before: u8, now: u8) -> Option<u64> {
    match now.checked_sub(before) {
        Some(steps) => Some(steps.into()),
        None if before >= MOVEMENTS - QUARTER && now < QUARTER => {
            Some(u64::from(MOVEMENTS - before) + u64::from(now))
        }
        None => None,
    }
}
