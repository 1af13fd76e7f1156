//! Limits that monitors watch by themselves: a person sets them for a mold, and whichever monitor is on it is made to
//! watch them.
//!
//! What a monitor has it says itself. As long as that differs from what is wished it is told again; a mold for which
//! nobody set anything leaves its monitor as it is.

use std::time::Duration;

use domain::{LinkName, MoldId, MonitorSerial, Thresholds};
use radio::command::{Ask, RadioCommand};

use super::{Ingest, Moment};
use crate::plant::Watched;

/// A monitor that was told and still says something else is told again after so long.
const AGAIN: Duration = Duration::from_secs(300);

/// What a monitor watches, as far as the box knows.
#[derive(Debug, Default)]
pub(super) struct Watching {
    /// As it said since the box started.
    pub(super) said: Option<Thresholds>,
    /// When it was last told what to watch.
    told: Option<Duration>,
}

/// A mold of that number is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such mold")]
pub struct NoSuchMold;

impl Ingest {
    /// A person wants the monitor on a mold to watch these limits.
    ///
    /// # Errors
    /// There is no such mold.
    pub fn watch(&mut self, mold: MoldId, thresholds: Thresholds) -> Result<(), NoSuchMold> {
        let book = self.books.get_mut(&mold).ok_or(NoSuchMold)?;
        book.watched = Some(thresholds);
        self.next.watched.insert(mold);
        self.told.molds.insert(mold);
        for monitor in self.monitors.values_mut().filter(|monitor| monitor.record.mold == Some(mold)) {
            monitor.watching.told = None;
        }
        Ok(())
    }

    pub(super) fn says_thresholds(&mut self, serial: &MonitorSerial, thresholds: &Thresholds) {
        let Some(monitor) = self.monitors.get_mut(serial) else { return };
        monitor.watching.said = Some(thresholds.clone());
        self.told.molds.extend(monitor.record.mold);
    }

    /// What monitors are to be told, because they watch something else than is wished.
    pub(super) fn watches_due(&mut self, now: Moment) -> Vec<(LinkName, RadioCommand)> {
        let mut due = Vec::new();
        for (serial, monitor) in &mut self.monitors {
            let wished = monitor.record.mold.and_then(|mold| self.books.get(&mold)?.watched.as_ref());
            let (Some(wished), Some(said)) = (wished, &monitor.watching.said) else { continue };
            let waits = monitor.watching.told.is_some_and(|told| now.steady.saturating_sub(told) < AGAIN);
            if let Some(link) = &monitor.record.link
                && wished != said
                && !waits
            {
                monitor.watching.told = Some(now.steady);
                let what = Ask::Watch { serial: serial.clone(), thresholds: wished.clone() };
                due.push((link.clone(), RadioCommand { id: None, what }));
            }
        }
        due
    }

    /// What people set since the last commit.
    pub(super) fn watched(&self, molds: impl IntoIterator<Item = MoldId>) -> Vec<Watched> {
        let set = |mold| Some(Watched { mold, thresholds: self.books.get(&mold)?.watched.clone()? });
        molds.into_iter().filter_map(set).collect()
    }
}
