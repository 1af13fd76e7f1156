//! What a mold is doing, told from facts and the time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{CycleTime, Timestamp};

/// What a mold is doing. *No signal* is never *stopped* (law 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MoldState {
    /// Making cycles at its approved time.
    Cycling,
    /// Making cycles, slower than approved allows.
    Slow,
    /// Its monitor is heard and no cycle came for longer than three approved cycle times.
    Stopped,
    /// Its monitor says it sleeps: no cycle for a long time.
    Asleep,
    /// Its monitor was not heard for too long: nobody knows what the mold does.
    NoSignal,
    /// Its monitor was never initialised.
    NotInitialised,
    /// Off the press for work.
    InMaintenance,
    /// On a shelf.
    InStorage,
    /// Between plants.
    InTransit,
}

impl MoldState {
    /// The word on the screen, in English.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            MoldState::Cycling => "cycling",
            MoldState::Slow => "slow",
            MoldState::Stopped => "stopped",
            MoldState::Asleep => "asleep",
            MoldState::NoSignal => "no signal",
            MoldState::NotInitialised => "not initialised",
            MoldState::InMaintenance => "in maintenance",
            MoldState::InStorage => "in storage",
            MoldState::InTransit => "in transit",
        }
    }
}

/// What is known about a mold when its state is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateFacts {
    /// The validated cycle time.
    pub approved: Option<CycleTime>,
    /// The last valid cycle time.
    pub last_cycle: Option<CycleTime>,
    /// When the last cycle ended.
    pub last_ended: Option<Timestamp>,
    /// When its monitor was last heard, whatever it said.
    pub last_heard: Option<Timestamp>,
    /// The monitor's last word was that it sleeps.
    pub asleep: bool,
    /// The monitor was untethered from its Press Module.
    pub untethered: bool,
}

/// Without an approved cycle time a mold is stopped after this long.
const STOP_WITHOUT_APPROVED: Duration = Duration::from_secs(300);
/// A monitor reports its status at least every minute; three missed ones and a margin are silence.
const SILENCE: Duration = Duration::from_secs(200);
/// A mold without a cycle for so long is taken to sleep.
const SLEEP: Duration = Duration::from_secs(8 * 3600);

/// The state at `now`. Maintenance, storage and transit are said by people and override this.
///
/// Slow is more than 10 % above approved; longer than three times approved is a stop (law 11).
#[must_use]
pub fn mold_state(facts: &StateFacts, now: Timestamp) -> MoldState {
    let Some(heard) = facts.last_heard else { return MoldState::NoSignal };
    if facts.untethered || now.since(heard) > SILENCE {
        return MoldState::NoSignal;
    }
    let idle = facts.last_ended.map(|ended| now.since(ended));
    if facts.asleep || idle.is_some_and(|idle| idle > SLEEP) {
        return MoldState::Asleep;
    }
    let stop_after = facts.approved.map_or(STOP_WITHOUT_APPROVED, |approved| approved.as_duration() * 3);
    match (idle, facts.last_cycle, facts.approved) {
        (None, ..) => MoldState::Stopped,
        (Some(idle), ..) if idle > stop_after => MoldState::Stopped,
        (_, Some(last), Some(approved)) if last.as_duration() > approved.as_duration() * 11 / 10 => {
            MoldState::Slow
        }
        _ => MoldState::Cycling,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(last_cycle_ms: u32) -> StateFacts {
        StateFacts {
            approved: Some(CycleTime::from_millis(20_000)),
            last_cycle: Some(CycleTime::from_millis(last_cycle_ms)),
            last_ended: Some(Timestamp::from_millis(0)),
            last_heard: Some(Timestamp::from_millis(0)),
            asleep: false,
            untethered: false,
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn no_signal_is_never_shown_as_stopped() {
        assert_eq!(mold_state(&facts(20_000), at(190)), MoldState::Stopped);
        assert_eq!(mold_state(&facts(20_000), at(201)), MoldState::NoSignal);
        assert_eq!(mold_state(&StateFacts { untethered: true, ..facts(20_000) }, at(1)), MoldState::NoSignal);
    }

    #[test]
    fn longer_than_three_approved_is_a_stop_not_a_slow_cycle() {
        assert_eq!(mold_state(&facts(23_000), at(10)), MoldState::Slow);
        assert_eq!(mold_state(&facts(20_000), at(59)), MoldState::Cycling);
        assert_eq!(mold_state(&facts(20_000), at(61)), MoldState::Stopped);
    }

    #[test]
    fn a_clock_set_back_stops_nothing() {
        assert_eq!(mold_state(&facts(20_000), at(-3600)), MoldState::Cycling);
    }
}
