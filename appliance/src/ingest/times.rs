//! When a cycle ended: the device's own time, set against the box's clock once per packet.
//!
//! A packet says how long before its sending its last cycle ended; what the box's clock showed when the packet came
//! less that is the end of that cycle, and the cycle times lead back to the ends of those before it. A cycle's place
//! is its ordinal and never its time (law 7). Times of one monitor never run backwards: when the box's clock was set
//! back, new cycles advance at half speed until the clock has caught up, and are marked as estimated.

use std::time::Duration;

use domain::{TimeSource, Timestamp};
use radio::event::{DeviceTimes, HeardCycle};

/// A cycle that ended so long before it was heard is late news: it fills history and notifies nobody (law 8).
pub(super) const LATE: Duration = Duration::from_secs(300);

/// When the cycles of one packet ended, by the box's clock alone.
#[derive(Debug, Default)]
pub(super) struct Ends {
    ends: Vec<Timestamp>,
    device_clock: bool,
    heard_at: Timestamp,
}

impl Ends {
    /// Works a packet out; the buffer is used again for the next.
    pub(super) fn work_out(
        &mut self,
        cycles: &[HeardCycle],
        heard_at: Timestamp,
        times: Option<DeviceTimes>,
    ) {
        self.heard_at = heard_at;
        self.device_clock = times.is_some();
        self.ends.clear();
        self.ends.resize(cycles.len(), heard_at);
        let age = times.map_or(0, |times| times.sent.saturating_sub(times.last_end));
        let mut end = heard_at.earlier_by(Duration::from_millis(age));
        for (slot, cycle) in self.ends.iter_mut().zip(cycles).rev() {
            *slot = end;
            end = end.earlier_by(cycle.cycle_time.as_duration());
        }
    }

    /// When the cycle at `index` ended.
    pub(super) fn at(&self, index: usize) -> Timestamp {
        self.ends.get(index).copied().unwrap_or(self.heard_at)
    }

    /// Where that comes from.
    pub(super) fn source(&self, index: usize) -> TimeSource {
        if self.device_clock {
            TimeSource::Device
        } else if index + 1 == self.ends.len() && self.at(index) == self.heard_at {
            TimeSource::Received
        } else {
            TimeSource::Estimated
        }
    }

    /// Whether the device's own clock stands behind these times.
    pub(super) fn by_device(&self) -> bool {
        self.device_clock
    }

    /// Whether the cycle at `index` ended long before it was heard.
    pub(super) fn late(&self, index: usize) -> bool {
        self.heard_at.since(self.at(index)) > LATE
    }
}

/// The end of a new cycle that follows on one that ended at `previous`, `apart` after it.
pub(super) fn follow(
    previous: Option<Timestamp>,
    apart: Duration,
    (fresh, source): (Timestamp, TimeSource),
) -> (Timestamp, TimeSource) {
    match previous.map(|previous| previous.later_by(apart / 2)) {
        Some(earliest) if fresh < earliest => (earliest, TimeSource::Estimated),
        _ => (fresh, source),
    }
}

/// The end of a cycle that fills a gap: not before its neighbour, not after the gap's end.
pub(super) fn between(
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
    (fresh, source): (Timestamp, TimeSource),
) -> (Timestamp, TimeSource) {
    let mut end = fresh;
    if let Some(latest) = not_after {
        end = end.min(latest);
    }
    if let Some(earliest) = not_before {
        end = end.max(earliest);
    }
    (end, if end == fresh { source } else { TimeSource::Estimated })
}
