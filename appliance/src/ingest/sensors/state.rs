//! One sensor: its record, and what is known of it only while the box runs.

use std::time::Duration;

use domain::{Channel, Measure, Said};

use crate::plant::SensorRecord;

/// After so long without a word nobody knows when what it says now happened.
const UNSEEN: Duration = Duration::from_secs(900);
/// A cycle that took longer is one after a pause.
const PAUSE: Duration = Duration::from_secs(600);

/// One sensor.
#[derive(Debug)]
pub(in crate::ingest) struct Sensor {
    pub(in crate::ingest) record: SensorRecord,
    /// When its record was last written.
    pub(in crate::ingest) written: Duration,
    /// Since when it is waited for.
    pub(super) since: Duration,
    /// When it was last heard since the box started.
    pub(super) heard_at: Option<Duration>,
    /// What its counter last showed since the box started.
    pub(super) reading: Option<u64>,
    /// When the last cycle was counted; of one that nobody saw the time is not known.
    last_cycle: Option<(Duration, bool)>,
    /// When the last shock was.
    pub(super) shock_at: Option<Duration>,
}

impl Sensor {
    pub(in crate::ingest) fn new(record: SensorRecord) -> Self {
        Sensor {
            record,
            written: Duration::ZERO,
            since: Duration::ZERO,
            heard_at: None,
            reading: None,
            last_cycle: None,
            shock_at: None,
        }
    }

    /// It was used before and counts on.
    pub(super) fn go_on(&mut self, before: Sensor) {
        (self.heard_at, self.reading, self.last_cycle) = (before.heard_at, before.reading, before.last_cycle);
    }

    /// It is heard; whether what it says happened just now.
    pub(super) fn hear(&mut self, triggered: bool, now: Duration) -> bool {
        let before = self.heard_at.replace(now);
        triggered || before.is_some_and(|before| now.saturating_sub(before) <= UNSEEN)
    }

    /// Whether a cycle now would be too near to the last one.
    pub(super) fn is_bounce(&self, least_apart: Duration, now: Duration) -> bool {
        self.last_cycle.is_some_and(|(last, _)| now.saturating_sub(last) < least_apart)
    }

    /// A cycle was counted; answers the time since the one before, if that is a cycle time.
    pub(super) fn cycle(&mut self, seen: bool, now: Duration) -> Option<Duration> {
        let before = self.last_cycle.replace((now, seen));
        let (before, _) = before.filter(|(_, before_seen)| seen && *before_seen)?;
        Some(now.saturating_sub(before)).filter(|apart| *apart <= PAUSE)
    }
}

/// What is said on a channel, of one kind.
pub(super) fn on<T>(said: &[Said], channel: Channel, of: impl Fn(&Measure) -> Option<T>) -> Option<T> {
    said.iter().filter(|said| said.channel == channel).find_map(|said| of(&said.what))
}

/// What is said on any channel, of one kind.
pub(super) fn any<T>(said: &[Said], of: impl Fn(&Measure) -> Option<T>) -> Option<T> {
    said.iter().find_map(|said| of(&said.what))
}
