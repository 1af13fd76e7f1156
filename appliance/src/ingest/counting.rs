//! Cycles: each to its run, its mold, its place.

use domain::{EntryKind, LinkName, MoldId, MonitorSerial, Timestamp};
use radio::event::CyclesHeard;

use super::book::{Basis, Book};
use super::monitor::{Ahead, Belongs, Monitor, Reading};
use super::runs::{self, Laid};
use super::{Ingest, Moment, counter};
use crate::alarms::Alarms;
use crate::plant::AlarmKey;

/// A monitor that a mold listens to is silent after this; the one before may take the mold back.
const SILENT: std::time::Duration = std::time::Duration::from_secs(200);

impl Ingest {
    pub(super) fn cycles(&mut self, heard: &CyclesHeard, link: &LinkName, at: Timestamp, now: Moment) {
        self.heard_module(heard.module, link, at);
        let serial = &heard.serial;
        let Some(monitor) = self.monitor(serial) else { return };
        if monitor.record.device.is_none() {
            // Not yet known which mold it counts for: it keeps its cycles until it has said so.
            monitor.heard(link, heard.module, (at, now), true);
            return;
        }
        let reading = Reading::of(heard);
        let mut belongs = monitor.belongs(&reading, now);
        if let Belongs::Anew(start) = belongs {
            self.begin_anew(serial, &reading, start, now);
            let Some(monitor) = self.monitors.get_mut(serial) else { return };
            belongs = monitor.belongs(&reading, now);
        }
        self.ends.work_out(&heard.cycles, at, heard.times);
        let new = match belongs {
            Belongs::Current(end) => self.present(heard, end, now),
            Belongs::Past(index, end) => self.past(heard, index, end, now),
            Belongs::Anew(_) | Belongs::NewEra | Belongs::Nowhere => 0,
        };
        let Some(monitor) = self.monitors.get_mut(serial) else { return };
        monitor.heard(link, heard.module, (at, now), new > 0 && !heard.from_memory);
        if new > 0 && !heard.from_memory {
            monitor.record.untethered = false;
            monitor.record.asleep = false;
        }
        let run = match belongs {
            Belongs::Past(index, _) => monitor.record.past.get(index),
            _ => monitor.record.device.as_ref(),
        };
        let era = run.and_then(|run| run.era);
        let placed = matches!(belongs, Belongs::Current(_) | Belongs::Past(..));
        if placed && !monitor.acks.contains(&era) {
            monitor.acks.push(era);
        }
    }

    /// Cycles of the present run, of runs it goes on from, or of a monitor that was replaced. Answers how many were
    /// new.
    fn present(&mut self, heard: &CyclesHeard, end: u64, now: Moment) -> u64 {
        let serial = &heard.serial;
        let Some(monitor) = self.monitors.get_mut(serial) else { return 0 };
        let laid = Laid::new(heard, &self.ends, end, now.wall);
        let mut filled = 0;
        let start = monitor.record.device.as_ref().map_or(0, |run| run.start);
        if laid.first < start {
            let era = monitor.record.device.as_ref().and_then(|run| run.era);
            for run in monitor.record.past.iter_mut().filter(|run| run.era == era && run.count <= start) {
                if let Some(book) = self.books.get_mut(&run.mold) {
                    let more = runs::fill(run, &laid, book);
                    filled += more;
                    if more > 0 {
                        self.next.books.insert(run.mold);
                    }
                }
            }
        }
        let Some(run) = &mut monitor.record.device else { return 0 };
        run.era = run.era.or(heard.era);
        let mold = run.mold;
        let Some(book) = self.books.get_mut(&mold) else { return 0 };
        filled += runs::fill(run, &laid, book);
        let to = match run.closed {
            None => end,
            // Replaced: only what it made until then.
            Some(closed) => (run.count.max(laid.first)..end)
                .find(|place| laid.ended(place + 1).is_none_or(|ended| ended > closed))
                .unwrap_or(end),
        };
        let live = run.closed.is_none();
        let mut new = runs::extend(run, &laid, to, book);
        let beyond = !live && end > run.count && !heard.from_memory;
        if live && (new > 0 || (filled > 0 && end >= run.count)) {
            book.show(run, &heard.cycles);
        }
        if filled > 0 {
            monitor.asking.answered(now.steady);
        }
        if monitor.ahead.is_some_and(|ahead| run.count >= ahead.place) {
            monitor.ahead = None;
        }
        self.counted(serial, mold, filled, new);
        if beyond && self.may_take_back(serial, mold, now) {
            new += self.take_back(heard, mold, end, now);
        }
        new
    }

    /// Cycles of a run that ended: asked for from memory, or long on their way. Answers how many were new.
    fn past(&mut self, heard: &CyclesHeard, index: usize, end: u64, now: Moment) -> u64 {
        let Some(monitor) = self.monitors.get_mut(&heard.serial) else { return 0 };
        let Some(run) = monitor.record.past.get_mut(index) else { return 0 };
        let mold = run.mold;
        let Some(book) = self.books.get_mut(&mold) else { return 0 };
        let laid = Laid::new(heard, &self.ends, end, now.wall);
        let filled = runs::fill(run, &laid, book);
        let new = runs::extend(run, &laid, end, book);
        if filled > 0 {
            monitor.asking.answered(now.steady);
        }
        self.counted(&heard.serial, mold, filled, new);
        0
    }

    fn counted(&mut self, serial: &MonitorSerial, mold: MoldId, filled: u64, new: u64) {
        if filled == 0 && new == 0 {
            return;
        }
        if let Some(monitor) = self.monitors.get_mut(serial) {
            monitor.dirty = true;
        }
        self.next.cycles = self.next.cycles.saturating_add(filled).saturating_add(new);
        self.next.books.insert(mold);
        self.told.molds.insert(mold);
    }

    /// A run of counting began anew: a reset, which a person confirms.
    pub(super) fn begin_anew(&mut self, serial: &MonitorSerial, reading: &Reading, start: u64, now: Moment) {
        let Some(monitor) = self.monitors.get_mut(serial) else { return };
        let Some(mold) = reset(monitor, reading, start, &mut self.books, &mut self.alarms, now) else {
            return;
        };
        self.next.books.insert(mold);
        self.told.molds.insert(mold);
        self.touch(serial);
    }

    /// Whether a monitor that was replaced and goes on counting may have its mold back.
    fn may_take_back(&self, serial: &MonitorSerial, mold: MoldId, now: Moment) -> bool {
        let assignment = self.books.get(&mold).and_then(|book| book.assignment.as_ref());
        let Some(assignment) = assignment.filter(|assignment| assignment.until.is_none()) else {
            return true;
        };
        if assignment.monitor == *serial {
            return false;
        }
        self.monitors.get(&assignment.monitor).is_none_or(|other| {
            // On the clock that only runs, and from the start on at most: a wall clock's step silences nobody (law 7).
            let silent = now.steady.saturating_sub(other.heard_at.unwrap_or_default());
            other.record.untethered || silent > SILENT
        })
    }

    /// Has it back from the cycles of this packet on: what it made while another was listened to is not counted.
    fn take_back(&mut self, heard: &CyclesHeard, mold: MoldId, end: u64, now: Moment) -> u64 {
        let serial = &heard.serial;
        let Some(monitor) = self.monitors.get_mut(serial) else { return 0 };
        let Some(former) = monitor.close(now.wall) else { return 0 };
        let start = Laid::new(heard, &self.ends, end, now.wall).first.max(former.count);
        let mut run = runs::begin(mold, start, former.width, former.era);
        run.last_end = former.last_end;
        run.last_cycle = former.last_cycle;
        monitor.record.device = Some(run);
        self.take_over(serial, mold, now);
        let Some(run) = self.monitors.get_mut(serial).and_then(|monitor| monitor.record.device.as_mut())
        else {
            return 0;
        };
        let Some(book) = self.books.get_mut(&mold) else { return 0 };
        let laid = Laid::new(heard, &self.ends, end, now.wall);
        let new = runs::extend(run, &laid, end, book);
        book.show(run, &heard.cycles);
        self.counted(serial, mold, 0, new);
        new
    }

    /// A reading without cycles that is ahead: the cycles may be on their way.
    pub(super) fn ahead(&mut self, serial: &MonitorSerial, place: u64, now: Moment) {
        let Some(monitor) = self.monitors.get_mut(serial) else { return };
        let present = monitor.record.device.as_ref().filter(|run| run.closed.is_none() && place > run.count);
        if present.is_some() && monitor.ahead.is_none() {
            monitor.ahead = Some(Ahead { place, since: now.steady });
        }
    }

    /// Counts up to a place without times: the device counted them.
    pub(super) fn miss(&mut self, serial: &MonitorSerial, place: u64, now: Moment) {
        let Some(monitor) = self.monitors.get_mut(serial) else { return };
        monitor.ahead = None;
        let Some(run) = monitor.record.device.as_mut().filter(|run| run.closed.is_none()) else { return };
        let mold = run.mold;
        let Some(book) = self.books.get_mut(&mold) else { return };
        let missed = runs::miss(run, place, serial, book, now.wall);
        self.counted(serial, mold, 0, missed);
    }
}

/// Ends the present run and begins the next, for the same mold; answers which.
fn reset(
    monitor: &mut Monitor,
    reading: &Reading,
    start: u64,
    books: &mut std::collections::HashMap<MoldId, Book>,
    alarms: &mut Alarms,
    now: Moment,
) -> Option<MoldId> {
    // A monitor that was replaced and counts anew is nobody's until it is tethered again.
    let mold = monitor.record.device.as_ref().filter(|run| run.closed.is_none())?.mold;
    let book = books.get_mut(&mold)?;
    let former = monitor.close(now.wall)?;
    let before = counter::shown(former.count, former.width);
    let basis = Basis { monitor: monitor.record.serial.clone(), before: Some(before), after: Some(start) };
    let number = book.note(now.wall, EntryKind::Reset, Some(basis));
    let detail = format!("monitor {}: from {before} to {}", monitor.record.serial, reading.count);
    alarms.raise(AlarmKey::ResetUnconfirmed(mold, number), detail, now.wall);
    let mut run = runs::begin(mold, start, reading.width, reading.era);
    run.last_end = former.last_end;
    run.last_cycle = former.last_cycle;
    monitor.record.device = Some(run);
    Some(mold)
}
