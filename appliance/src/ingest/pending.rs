//! The next commit: what it writes, and what is said once it is on the disk.

use domain::{LinkName, Timestamp};
use radio::command::{Ask, RadioCommand};

use super::heard::HEARD_WRITTEN;
use super::{Ingest, Moment, Refusal, counter};
use crate::plant::{AlarmKey, AlertMark, Batch};

/// One commit, and what follows on it.
#[derive(Debug, Default)]
pub struct Taken {
    /// What to write.
    pub batch: Batch,
    /// What the monitors are told, *after* the batch is on the disk and not before (law 1).
    pub acknowledgements: Vec<(LinkName, RadioCommand)>,
}

impl Ingest {
    /// Cycles and raw payloads that wait to be written: the measure of a commit.
    #[must_use]
    pub fn waiting(&self) -> (u64, usize) {
        (self.next.cycles, self.next.raw.len())
    }

    /// Whether there may be something to write or to acknowledge.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let next = &self.next;
        !(next.books.is_empty()
            && next.monitors.is_empty()
            && next.modules.is_empty()
            && next.presses.is_empty()
            && next.networks.is_empty()
            && next.watched.is_empty()
            && next.sensors.is_empty()
            && next.raw.is_empty())
            || self.alarms.has_changed()
    }

    /// The store takes nothing, and why; `None`: it does again.
    pub fn store_refuses(&mut self, why: Option<Refusal>, now: Timestamp) {
        for key in [AlarmKey::StoreRefuses, AlarmKey::StoreDamaged] {
            match &why {
                Some(why) if why.key == key => {
                    self.alarms.raise(key.clone(), why.detail.clone(), now);
                    self.alarms.explain(&key, &why.detail);
                }
                _ => self.alarms.clear(&key, now),
            }
        }
    }

    /// A part of the box that is not ingest has something to tell, or nothing any more.
    pub fn alarm(&mut self, key: &AlarmKey, why: Option<&str>, now: Timestamp) {
        match why {
            Some(why) => {
                self.alarms.raise(key.clone(), why, now);
                self.alarms.explain(key, why);
            }
            None => self.alarms.clear(key, now),
        }
    }

    /// Everything since the last time, as one commit. It must be written before the next one is.
    pub fn take(&mut self, now: Moment) -> Taken {
        let next = std::mem::take(&mut self.next);
        let mut batch = Batch {
            assignments: next.assignments,
            raw: next.raw,
            alarms: self.alarms.take_changed(),
            watched: self.watched(next.watched),
            presses: next.presses.iter().filter_map(|id| self.presses.get(id).cloned()).collect(),
            networks: next.networks.iter().filter_map(|link| self.networks.get(link).cloned()).collect(),
            ..Batch::default()
        };
        for address in next.sensors {
            let Some(sensor) = self.sensors.get_mut(&address) else { continue };
            sensor.written = now.steady;
            batch.sensors.push(sensor.record.clone());
        }
        let modules = next.modules.iter().filter_map(|eui64| self.modules.get(eui64));
        batch.modules = modules.map(|module| module.record.clone()).collect();
        for id in &next.books {
            let Some(book) = self.books.get_mut(id) else { continue };
            if next.molds.contains(id) {
                batch.molds.push(book.mold.clone());
            }
            let (changes, cycles) = book.take(now.wall);
            batch.ledger.extend(changes.into_iter().map(|change| (*id, change)));
            if !cycles.is_empty() {
                batch.cycles.push((*id, cycles));
            }
        }
        let mut acknowledgements = Vec::new();
        for serial in next.monitors {
            let Some(monitor) = self.monitors.get_mut(&serial) else { continue };
            monitor.in_next = false;
            if monitor.dirty {
                monitor.reckon_kept();
            }
            if monitor.dirty || now.steady.saturating_sub(monitor.written) >= HEARD_WRITTEN {
                monitor.dirty = false;
                monitor.written = now.steady;
                batch.monitors.push(monitor.record.clone());
            }
            for era in std::mem::take(&mut monitor.acks) {
                if let (Some(link), Some(up_to)) = (&monitor.record.link, monitor.kept(era)) {
                    let run = monitor.record.device.as_ref().filter(|run| run.era == era);
                    if run.is_some_and(|run| up_to == counter::shown(run.count, run.width)) {
                        // It is told now that all of it is kept; it need not say so itself before people see it.
                        monitor.record.unacknowledged = Some(0);
                    }
                    let module = monitor.record.module;
                    let what = Ask::Kept { module, serial: serial.clone(), era, up_to };
                    acknowledgements.push((link.clone(), RadioCommand { id: None, what }));
                }
            }
            if let Some((era, number)) = monitor.alerts_kept.take() {
                batch.alerts.push(AlertMark { serial: serial.clone(), era, number });
                if let Some(link) = &monitor.record.link {
                    let what = Ask::AlertsKept { serial: serial.clone(), era, up_to: number };
                    acknowledgements.push((link.clone(), RadioCommand { id: None, what }));
                }
            }
        }
        Taken { batch, acknowledgements }
    }
}
