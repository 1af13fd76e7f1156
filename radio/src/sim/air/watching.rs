//! The limits that a monitor watches by itself, and which of them are overstepped.

use std::collections::BTreeSet;

use domain::{AlertKind, Limit, Thresholds};

/// See the file.
#[derive(Debug, Default)]
pub(super) struct Watching {
    thresholds: Thresholds,
    beyond: BTreeSet<AlertKind>,
}

impl Watching {
    pub(super) fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// Other limits from now on. An alert whose limit is lifted is over, but nobody measured that: it is not told.
    pub(super) fn set(&mut self, thresholds: Thresholds) {
        self.beyond.retain(|kind| thresholds.get(*kind).is_some());
        self.thresholds = thresholds;
    }

    /// Something was measured; the limit, and whether an alert begins or ends, if one does.
    pub(super) fn measure(&mut self, kind: AlertKind, value: i64) -> Option<(Limit, bool)> {
        let limit = self.thresholds.get(kind)?;
        let back = i64::from(limit.hysteresis);
        let (beyond, within) = match kind {
            AlertKind::Cold | AlertKind::Fast => (value < limit.at, value >= limit.at + back),
            _ => (value > limit.at, value <= limit.at - back),
        };
        let changed = if beyond { self.beyond.insert(kind) } else { within && self.beyond.remove(&kind) };
        changed.then_some((limit, beyond))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_begins_beyond_the_limit_and_ends_back_within_it_by_the_hysteresis() {
        let mut watching = Watching::default();
        assert_eq!(watching.measure(AlertKind::Hot, 2_000), None, "nothing is watched");
        let mut thresholds = Thresholds::default();
        let limit = Limit { at: 850, hysteresis: 20 };
        thresholds.set(AlertKind::Hot, Some(limit)).unwrap();
        thresholds.set(AlertKind::Fast, Some(limit)).unwrap();
        watching.set(thresholds);
        let told = |values: [i64; 6], kind, watching: &mut Watching| {
            values.map(|value| watching.measure(kind, value).map(|(_, begins)| begins))
        };
        let hot = told([850, 851, 900, 831, 830, 851], AlertKind::Hot, &mut watching);
        assert_eq!(hot, [None, Some(true), None, None, Some(false), Some(true)]);
        let fast = told([850, 849, 800, 869, 870, 849], AlertKind::Fast, &mut watching);
        assert_eq!(fast, [None, Some(true), None, None, Some(false), Some(true)]);
        watching.set(Thresholds::default());
        assert_eq!(watching.measure(AlertKind::Hot, 0), None);
    }
}
