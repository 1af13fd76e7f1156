//! What monitors alert of by themselves, and what their adverts show.
//!
//! An alert is told to the monitor as kept only after the commit with its alarm is on the disk. One that happened long
//! before it was heard is an alarm all the same, and says so (law 8). One that is told again changes nothing.

use domain::{LinkName, Timestamp};
use radio::event::{AlertHeard, Shown};

use super::times::LATE;
use super::{Ingest, Moment};
use crate::plant::AlarmKey;

impl Ingest {
    pub(super) fn alert(&mut self, heard: &AlertHeard, link: &LinkName, at: Timestamp, now: Moment) {
        let serial = &heard.serial;
        let Some(monitor) = self.monitor(serial) else { return };
        monitor.heard(link, None, (at, now), true);
        let known = monitor.alerted.filter(|(era, _)| *era == heard.era);
        // Said again, because it has not heard that it is kept.
        monitor.alerts_kept = Some((heard.era, known.map_or(0, |(_, number)| number).max(heard.number)));
        if known.is_some_and(|(_, number)| heard.number <= number) {
            return;
        }
        let missing = heard.number - known.map_or(0, |(_, number)| number) - 1;
        if known.is_some() && missing > 0 {
            tracing::warn!(monitor = %serial, missing, "the monitor has dropped alerts");
        }
        monitor.alerted = Some((heard.era, heard.number));
        let mold = monitor.record.mold;
        let key = AlarmKey::Alert(serial.clone(), heard.kind);
        if heard.begins {
            let detail = detail(heard, at);
            self.alarms.raise(key.clone(), detail.as_str(), heard.happened);
            self.alarms.explain(&key, &detail);
        } else {
            self.alarms.clear(&key, heard.happened);
        }
        self.told.molds.extend(mold);
    }

    /// An advert tells how a monitor is and counts nothing.
    pub(super) fn shown(&mut self, heard: &Shown, link: &LinkName, at: Timestamp, now: Moment) {
        let Some(monitor) = self.monitors.get_mut(&heard.serial) else { return };
        monitor.heard(link, None, (at, now), false);
        let more = monitor.shown.is_some_and(|(count, _)| count != heard.count) && heard.cycling;
        let before = monitor.shown.and_then(|(_, moved)| moved);
        monitor.shown = Some((heard.count, if more { Some(at) } else { before }));
        let record = &mut monitor.record;
        record.asleep = heard.asleep;
        record.battery = heard.battery.or(record.battery);
        record.temperature = heard.temperature.or(record.temperature);
        let mold = record.mold;
        self.touch(&heard.serial);
        self.told.molds.extend(mold);
    }
}

/// For people: what was measured, against which limit, and whether it is old news.
fn detail(heard: &AlertHeard, at: Timestamp) -> String {
    let (value, limit) = (heard.kind.measure(heard.value), heard.kind.measure(heard.limit));
    let late = if at.since(heard.happened) > LATE { "; told late, from the monitor's memory" } else { "" };
    format!("{value}, limit {limit}{late}")
}
