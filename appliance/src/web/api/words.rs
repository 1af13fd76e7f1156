//! What is told, in the words of version 1.

use dashboard::port::{FloorView, MoldTile, StandingAlarm};
use domain::{CycleTime, MoldState, Timestamp};
use serde::Serialize;

use crate::alarms::severity_word;
use crate::exchange::instant_text;

/// Every mold.
#[derive(Debug, Serialize)]
pub(super) struct Molds {
    at: String,
    molds: Vec<Mold>,
}

#[derive(Debug, Serialize)]
struct Mold {
    number: String,
    description: String,
    press: Option<String>,
    state: &'static str,
    state_since: Option<String>,
    last_cycle_ms: Option<u32>,
    approved_cycle_ms: Option<u32>,
    count: u64,
    last_cycle_ended: Option<String>,
    last_heard: Option<String>,
    alarms: u32,
    gravest_alarm: Option<&'static str>,
}

/// Every alarm that stands.
#[derive(Debug, Serialize)]
pub(super) struct Alarms {
    at: String,
    alarms: Vec<Alarm>,
}

#[derive(Debug, Serialize)]
struct Alarm {
    id: u64,
    severity: &'static str,
    kind: String,
    subject: String,
    mold: Option<String>,
    text: String,
    since: String,
}

impl From<&FloorView> for Molds {
    fn from(floor: &FloorView) -> Self {
        Molds { at: instant_text(floor.now), molds: floor.molds.iter().map(mold).collect() }
    }
}

impl From<&FloorView> for Alarms {
    fn from(floor: &FloorView) -> Self {
        let number = |alarm: &StandingAlarm| {
            let mold = floor.molds.iter().find(|mold| Some(mold.id) == alarm.mold);
            mold.map(|mold| mold.name.to_string())
        };
        let alarm = |alarm: &StandingAlarm| Alarm {
            id: alarm.id,
            severity: severity_word(alarm.severity),
            kind: alarm.kind.clone(),
            subject: alarm.subject.clone(),
            mold: number(alarm),
            text: alarm.text.clone(),
            since: instant_text(alarm.since),
        };
        Alarms { at: instant_text(floor.now), alarms: floor.alarms.iter().map(alarm).collect() }
    }
}

fn mold(tile: &MoldTile) -> Mold {
    let instant = |at: Option<Timestamp>| at.map(instant_text);
    Mold {
        number: tile.name.to_string(),
        description: tile.description.clone(),
        press: tile.press.clone(),
        state: state(tile.state),
        state_since: instant(tile.state_since),
        last_cycle_ms: tile.last_cycle.map(CycleTime::as_millis),
        approved_cycle_ms: tile.approved.map(CycleTime::as_millis),
        count: tile.count,
        last_cycle_ended: instant(tile.last_ended),
        last_heard: instant(tile.last_heard),
        alarms: tile.alarms,
        gravest_alarm: tile.worst.map(severity_word),
    }
}

const fn state(state: MoldState) -> &'static str {
    match state {
        MoldState::Cycling => "cycling",
        MoldState::Slow => "slow",
        MoldState::Stopped => "stopped",
        MoldState::Asleep => "asleep",
        MoldState::NoSignal => "no-signal",
        MoldState::NotInitialised => "not-initialised",
        MoldState::InMaintenance => "in-maintenance",
        MoldState::InStorage => "in-storage",
        MoldState::InTransit => "in-transit",
    }
}
