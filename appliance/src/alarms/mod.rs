//! Alarms: which stand, under which number, and what people are told. Pure rules, told the time.
//!
//! An alarm is named by what it is about ([`AlarmKey`]): raised again while it stands, across a restart too, it is
//! the same alarm with the same number (law 10).

mod words;

use std::collections::BTreeMap;

use domain::Timestamp;

use crate::plant::{AlarmKey, AlarmRecord};

pub use words::{kind, mold_of, severity, severity_word, tell};

/// The alarms that stand, and what changed about them since the last commit.
#[derive(Debug, Default)]
pub struct Alarms {
    standing: BTreeMap<AlarmKey, AlarmRecord>,
    last: u64,
    changed: Vec<AlarmRecord>,
    news: bool,
}

impl Alarms {
    /// Those that stood when the box was stopped; `last` is the highest number ever given.
    #[must_use]
    pub fn load(standing: Vec<AlarmRecord>, last: u64) -> Self {
        let highest = standing.iter().map(|alarm| alarm.id).max().unwrap_or(0);
        Alarms {
            standing: standing.into_iter().map(|alarm| (alarm.key.clone(), alarm)).collect(),
            last: last.max(highest),
            changed: Vec::new(),
            news: true,
        }
    }

    /// Raises an alarm; nothing happens when it stands already.
    pub fn raise(&mut self, key: AlarmKey, detail: impl Into<String>, now: Timestamp) {
        if self.standing.contains_key(&key) {
            return;
        }
        self.last = self.last.saturating_add(1);
        let alarm = AlarmRecord {
            id: self.last,
            key: key.clone(),
            raised: now,
            cleared: None,
            detail: detail.into(),
        };
        tracing::warn!(alarm = alarm.id, key = ?alarm.key, detail = alarm.detail, "alarm raised");
        self.changed.push(alarm.clone());
        self.standing.insert(key, alarm);
        self.news = true;
    }

    /// Says another reason for an alarm that stands.
    pub fn explain(&mut self, key: &AlarmKey, detail: &str) {
        let Some(alarm) = self.standing.get_mut(key).filter(|alarm| alarm.detail != detail) else { return };
        detail.clone_into(&mut alarm.detail);
        tracing::warn!(alarm = alarm.id, ?key, detail, "an alarm stands for another reason");
        // However often it changes before it is written, only the last reason is.
        self.changed.retain(|changed| changed.id != alarm.id);
        self.changed.push(alarm.clone());
        self.news = true;
    }

    /// What the alarm is about is in order again; nothing happens when it does not stand.
    pub fn clear(&mut self, key: &AlarmKey, now: Timestamp) {
        if let Some(alarm) = self.standing.remove(key) {
            tracing::info!(alarm = alarm.id, key = ?alarm.key, "alarm cleared");
            self.changed.push(AlarmRecord { cleared: Some(now.max(alarm.raised)), ..alarm });
            self.news = true;
        }
    }

    /// Whether this one stands.
    #[must_use]
    pub fn stands(&self, key: &AlarmKey) -> bool {
        self.standing.contains_key(key)
    }

    /// All that stand.
    pub fn standing(&self) -> impl Iterator<Item = &AlarmRecord> {
        self.standing.values()
    }

    /// What the next commit writes.
    pub fn take_changed(&mut self) -> Vec<AlarmRecord> {
        std::mem::take(&mut self.changed)
    }

    /// Whether there is something for the next commit.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Whether the screens have not been told of something yet; asking tells.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::MoldId;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn an_alarm_that_stands_across_a_restart_is_the_same_alarm() {
        let key = AlarmKey::ResetUnconfirmed(MoldId(7), 3);
        let mut before = Alarms::default();
        before.raise(AlarmKey::StoreRefuses, "", at(1));
        before.raise(key.clone(), "back to 3", at(2));
        let written = before.take_changed();
        assert_eq!(written.iter().map(|alarm| alarm.id).collect::<Vec<_>>(), [1, 2]);

        let mut after = Alarms::load(written.clone(), 2);
        after.raise(key.clone(), "told again", at(9));
        assert!(after.take_changed().is_empty());
        assert_eq!(after.standing().find(|alarm| alarm.key == key), written.get(1));
    }

    #[test]
    fn an_alarm_that_stands_for_another_reason_is_the_same_alarm() {
        let mut alarms = Alarms::default();
        alarms.raise(AlarmKey::StoreRefuses, "it is full", at(1));
        for reason in ["it is read-only", "it is full", "it is read-only"] {
            alarms.explain(&AlarmKey::StoreRefuses, reason);
        }
        let written = alarms.take_changed();
        assert_eq!(written.len(), 1);
        assert_eq!((written[0].id, written[0].raised), (1, at(1)));
        assert_eq!(written[0].detail, "it is read-only");
        alarms.explain(&AlarmKey::StoreRefuses, "it is read-only");
        assert!(alarms.take_changed().is_empty());
    }

    #[test]
    fn a_number_is_never_given_twice() {
        let mut alarms = Alarms::default();
        alarms.raise(AlarmKey::StoreRefuses, "", at(1));
        alarms.clear(&AlarmKey::StoreRefuses, at(2));
        let mut alarms = Alarms::load(Vec::new(), alarms.take_changed().last().map_or(0, |alarm| alarm.id));
        alarms.raise(AlarmKey::StoreRefuses, "", at(3));
        assert_eq!(alarms.standing().map(|alarm| alarm.id).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn an_alarm_is_never_cleared_before_it_was_raised() {
        let mut alarms = Alarms::default();
        alarms.raise(AlarmKey::StoreRefuses, "", at(5_000));
        alarms.clear(&AlarmKey::StoreRefuses, at(1_000));
        assert_eq!(alarms.take_changed().last().and_then(|alarm| alarm.cleared), Some(at(5_000)));
    }
}
