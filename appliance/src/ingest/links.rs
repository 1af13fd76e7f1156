//! Sticks and their networks: what is remembered of them, and when that is an alarm.

use domain::{LinkName, Timestamp};
use radio::event::{LinkState, NetworkReport};

use super::{Ingest, Moment};
use crate::plant::{AlarmKey, NetworkRecord};

impl Ingest {
    pub(super) fn link(&mut self, link: &LinkName, state: &LinkState, now: Moment) {
        let lost = AlarmKey::LinkLost(link.clone());
        let foreign = AlarmKey::ForeignStick(link.clone());
        match state {
            LinkState::Up => {
                self.alarms.clear(&lost, now.wall);
                self.alarms.clear(&foreign, now.wall);
            }
            // A stick that never had a network is not missed.
            LinkState::Absent if self.networks.contains_key(link) => {
                self.alarms.raise(lost, "it is not plugged in", now.wall);
            }
            LinkState::Lost { reason } => self.alarms.raise(lost, reason.clone(), now.wall),
            LinkState::Foreign { expected, found, reason } => {
                self.alarms.clear(&lost, now.wall);
                let detail = format!("expected {expected}, found {found}: {reason}");
                self.alarms.raise(foreign, detail, now.wall);
            }
            LinkState::NoNetwork => self.alarms.clear(&lost, now.wall),
            LinkState::Absent | LinkState::Probing => {}
        }
    }

    /// Says which links there are: nobody speaks any more for one that was taken out of the configuration.
    pub fn keep_links(&mut self, is_there: impl Fn(&LinkName) -> bool, now: Timestamp) {
        let gone = |key: &&AlarmKey| match key {
            AlarmKey::LinkLost(link) | AlarmKey::ForeignStick(link) => !is_there(link),
            _ => false,
        };
        let gone: Vec<AlarmKey> =
            self.alarms.standing().map(|alarm| &alarm.key).filter(gone).cloned().collect();
        for key in &gone {
            self.alarms.clear(key, now);
        }
    }

    pub(super) fn network(&mut self, link: &LinkName, report: &NetworkReport) {
        // What a foreign stick says of itself is not what this link is to be held against.
        if self.alarms.stands(&AlarmKey::ForeignStick(link.clone())) || report.trouble.is_some() {
            return;
        }
        let record = NetworkRecord {
            link: link.clone(),
            eui64: report.eui64,
            pan: report.pan,
            channel: report.channel,
        };
        if self.networks.get(link) != Some(&record) {
            self.networks.insert(link.clone(), record);
            self.next.networks.insert(link.clone());
        }
    }
}
