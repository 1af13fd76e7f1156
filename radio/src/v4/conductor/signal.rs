//! Which way to a monitor is the best one: how strong it is heard on each, smoothed, and no change without need.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use domain::{LinkName, Timestamp};

use crate::v4::air::Way;

/// Another way must be so much stronger, dB,
pub const BETTER_BY_DB: f32 = 8.0;
/// for so long,
pub const BETTER_FOR: Duration = Duration::from_secs(60);
/// and the one that is chosen must have been it for so long.
pub const LEAST_DWELL: Duration = Duration::from_secs(300);
/// A way that a monitor was not heard by for so long is lost.
const LOST_AFTER: Duration = Duration::from_secs(90);
/// The part of what is heard in what is believed.
const FRESH: f32 = 0.125;

/// The way that was chosen, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The way.
    pub way: Way,
    /// Since when.
    pub since: Timestamp,
    /// Why this one.
    pub why: Why,
}

/// Why a way was chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Why {
    /// There is no other with a bond.
    Only,
    /// It was the strongest when there was none.
    Strongest,
    /// The one before was not heard any more.
    OtherLost,
    /// It was so much stronger for long, dB.
    Stronger(f32),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Only => f.write_str("the only one"),
            Why::Strongest => f.write_str("the strongest"),
            Why::OtherLost => f.write_str("the one before is not heard any more"),
            Why::Stronger(db) => write!(f, "{db:.0} dB stronger than the one before"),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    dbm: f32,
    at: Timestamp,
}

/// How a monitor is heard.
#[derive(Debug, Default)]
pub(super) struct Signal {
    heard: BTreeMap<Way, Heard>,
    choice: Option<Choice>,
    /// Another way is better by enough since then.
    better: Option<(Way, Timestamp)>,
}

impl Signal {
    /// It was heard.
    pub(super) fn note(&mut self, way: &Way, rssi_dbm: i8, now: Timestamp) {
        let fresh = f32::from(rssi_dbm);
        match self.heard.get_mut(way) {
            Some(heard) if now.since(heard.at) < LOST_AFTER => {
                heard.dbm += (fresh - heard.dbm) * FRESH;
                heard.at = now;
            }
            _ => {
                self.heard.insert(way.clone(), Heard { dbm: fresh, at: now });
            }
        }
    }

    /// What an adapter heard before it went, or came, says nothing of whom it reaches now.
    pub(super) fn forget(&mut self, adapter: &LinkName) {
        self.heard.retain(|way, _| way.adapter != *adapter);
        self.better = None;
    }

    /// Whether it was heard by that way of late.
    pub(super) fn is_heard(&self, way: &Way, now: Timestamp) -> bool {
        self.heard.get(way).is_some_and(|heard| now.since(heard.at) < LOST_AFTER)
    }

    /// How strong it is heard by that way, dBm, if it was heard of late.
    pub(super) fn rssi_dbm(&self, way: &Way, now: Timestamp) -> Option<i16> {
        let heard = self.heard.get(way).filter(|heard| now.since(heard.at) < LOST_AFTER)?;
        Some(heard.dbm.round() as i16)
    }

    /// The strongest of the box's own adapters, for one that has no bond yet.
    pub(super) fn strongest(&self, now: Timestamp) -> Option<&Way> {
        let own = self.heard.iter().filter(|(way, _)| !way.adapter.is_repeater());
        let live = own.filter(|(_, heard)| now.since(heard.at) < LOST_AFTER);
        live.max_by(|(_, a), (_, b)| a.dbm.total_cmp(&b.dbm)).map(|(way, _)| way)
    }

    /// Chooses among ways with a bond; none if there is none of them.
    pub(super) fn choose<'w>(
        &mut self,
        candidates: impl Iterator<Item = &'w Way> + Clone,
        now: Timestamp,
    ) -> Option<&Choice> {
        let dbm = |way: &Way| {
            let heard = self.heard.get(way).filter(|heard| now.since(heard.at) < LOST_AFTER);
            heard.map_or(f32::MIN, |heard| heard.dbm)
        };
        let best = candidates.clone().max_by(|a, b| dbm(a).total_cmp(&dbm(b)))?;
        let only = candidates.clone().count() == 1;
        let current = self.choice.as_ref().filter(|choice| candidates.clone().any(|way| *way == choice.way));
        let why = match current {
            None if only => Why::Only,
            None => Why::Strongest,
            Some(choice) if choice.way == *best => {
                self.better = None;
                return self.choice.as_ref();
            }
            Some(choice) if dbm(&choice.way) == f32::MIN && dbm(best) > f32::MIN => Why::OtherLost,
            Some(choice) => {
                let by = dbm(best) - dbm(&choice.way);
                if by < BETTER_BY_DB {
                    self.better = None;
                    return self.choice.as_ref();
                }
                let since = match &self.better {
                    Some((way, since)) if way == best => *since,
                    _ => now,
                };
                self.better = Some((best.clone(), since));
                if now.since(since) < BETTER_FOR || now.since(choice.since) < LEAST_DWELL {
                    return self.choice.as_ref();
                }
                Why::Stronger(by)
            }
        };
        self.better = None;
        self.choice = Some(Choice { way: best.clone(), since: now, why });
        self.choice.as_ref()
    }

    /// The way that was chosen last.
    pub(super) fn choice(&self) -> Option<&Choice> {
        self.choice.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v4::Address;

    fn way(adapter: &str) -> Way {
        Way { adapter: adapter.parse().unwrap(), address: Address::from_be_bytes([2; 6]) }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(0).later_by(Duration::from_secs(seconds))
    }

    /// Hears the monitor on two adapters, every two seconds between the two times, and tells what is chosen at the end.
    fn hear(signal: &mut Signal, seconds: std::ops::Range<u64>, dbm: [i8; 2]) -> Choice {
        let ways = [way("hci0"), way("hci1")];
        for second in seconds.clone().step_by(2) {
            ways.iter().zip(dbm).for_each(|(way, dbm)| signal.note(way, dbm, at(second)));
            signal.choose(ways.iter(), at(second)).unwrap();
        }
        signal.choose(ways.iter(), at(seconds.end)).unwrap().clone()
    }

    #[test]
    fn the_strongest_is_chosen_first_and_only_ways_with_a_bond_are_asked() {
        let mut signal = Signal::default();
        signal.note(&way("hci0"), -80, at(0));
        signal.note(&way("hci1"), -40, at(0));
        let bonded = [way("hci0")];
        let choice = signal.choose(bonded.iter(), at(0)).unwrap();
        assert_eq!((&choice.way, choice.why), (&bonded[0], Why::Only));
        assert_eq!(signal.choose([].iter(), at(0)), None);
        assert_eq!(signal.strongest(at(0)), Some(&way("hci1")));
    }

    #[test]
    fn a_little_better_or_better_for_a_little_while_changes_nothing() {
        let mut signal = Signal::default();
        assert_eq!(hear(&mut signal, 0..400, [-60, -70]).way, way("hci0"));
        assert_eq!(hear(&mut signal, 400..900, [-60, -54]).way, way("hci0"));
        assert_eq!(hear(&mut signal, 900..950, [-60, -40]).way, way("hci0"));
        assert_eq!(hear(&mut signal, 950..1_100, [-60, -60]).way, way("hci0"));
    }

    #[test]
    fn much_better_for_a_minute_changes_the_way_after_its_dwell() {
        let mut signal = Signal::default();
        assert_eq!(hear(&mut signal, 0..10, [-60, -70]).way, way("hci0"));
        assert_eq!(hear(&mut signal, 10..290, [-60, -45]).way, way("hci0"));
        let choice = hear(&mut signal, 290..320, [-60, -45]);
        assert_eq!(choice.way, way("hci1"));
        assert!(matches!(choice.why, Why::Stronger(by) if by > 8.0), "{choice:?}");
        assert_eq!(choice.since, at(300));
    }

    #[test]
    fn a_way_that_is_lost_is_left_at_once() {
        let mut signal = Signal::default();
        hear(&mut signal, 0..10, [-60, -70]);
        let ways = [way("hci0"), way("hci1")];
        for second in (10..110).step_by(2) {
            signal.note(&ways[1], -70, at(second));
        }
        let choice = signal.choose(ways.iter(), at(110)).unwrap();
        assert_eq!((&choice.way, choice.why), (&ways[1], Why::OtherLost));
    }
}
