//! One run of a monitor's counting: gaps open and fill, new cycles are added, nothing is counted twice.
//!
//! Every cycle has a place on its run (see [`super::counter`]). A place behind the run's end is either in a gap, and
//! then its times are news, or it is known already and changes nothing (law 4). A place ahead of the end is new; what
//! lies between is a gap: counted, for the device counted it, with times unknown (law 3).

use std::time::Duration;

use domain::{CounterWidth, MonitorSerial, Timestamp};
use radio::event::{CyclesHeard, HeardCycle};

use super::book::{self, Basis, Book};
use super::counter;
use super::times::{self, Ends};
use crate::plant::{Device, Gap};

/// A packet laid on a run: its last cycle has the place `end`, its first the one after `first`.
#[derive(Clone, Copy)]
pub(super) struct Laid<'a> {
    pub(super) serial: &'a MonitorSerial,
    pub(super) cycles: &'a [HeardCycle],
    pub(super) first: u64,
    pub(super) end: u64,
    pub(super) ends: &'a Ends,
    pub(super) from_memory: bool,
    pub(super) device_end: Option<u64>,
    pub(super) now: Timestamp,
}

impl<'a> Laid<'a> {
    /// `end` is the place of the packet's last cycle. A packet cannot hold more cycles than were ever counted: of
    /// one that claims to, only the last ones have a place.
    pub(super) fn new(heard: &'a CyclesHeard, ends: &'a Ends, end: u64, now: Timestamp) -> Self {
        let claimed = u64::try_from(heard.cycles.len()).unwrap_or(u64::MAX);
        Laid {
            serial: &heard.serial,
            cycles: &heard.cycles,
            first: end.saturating_sub(claimed),
            end,
            ends,
            from_memory: heard.from_memory,
            device_end: heard.times.map(|times| times.last_end),
            now,
        }
    }

    /// Index and content of the cycle at a place.
    fn get(&self, place: u64) -> Option<(usize, &'a HeardCycle)> {
        let back = usize::try_from(self.end.checked_sub(place)?).ok()?;
        let index = self.cycles.len().checked_sub(1)?.checked_sub(back)?;
        Some((index, self.cycles.get(index)?))
    }

    /// When the cycle at a place ended.
    pub(super) fn ended(&self, place: u64) -> Option<Timestamp> {
        self.get(place).map(|(index, _)| self.ends.at(index))
    }

    fn late(&self, index: usize) -> bool {
        self.from_memory || self.ends.late(index)
    }
}

/// A run that begins at `start`.
pub(super) fn begin(mold: domain::MoldId, start: u64, width: CounterWidth, era: Option<u32>) -> Device {
    Device {
        mold,
        start,
        count: start,
        width,
        era,
        kept_up_to: start,
        gaps: Vec::new(),
        last_end: None,
        last_device_end: None,
        last_cycle: None,
        closed: None,
    }
}

/// What may be told as kept: everything before the first gap.
pub(super) fn kept(device: &Device) -> u64 {
    device.gaps.first().map_or(device.count, |gap| gap.after)
}

/// Counts up to `to` without times; answers how many cycles that were.
pub(super) fn miss(
    device: &mut Device,
    to: u64,
    serial: &MonitorSerial,
    book: &mut Book,
    now: Timestamp,
) -> u64 {
    let missing = to.saturating_sub(device.count);
    if missing == 0 {
        return 0;
    }
    roll(device, to, serial, book, now);
    let ordinal = book.gap(now, missing, basis(device, device.count, to, serial));
    match device.gaps.last_mut() {
        Some(last)
            if last.after.saturating_add(last.cycles) == device.count
                && last.first_ordinal.saturating_add(last.cycles) == ordinal =>
        {
            last.cycles = last.cycles.saturating_add(missing);
        }
        _ => device.gaps.push(Gap {
            after: device.count,
            cycles: missing,
            first_ordinal: ordinal,
            not_before: device.last_end,
            not_after: None,
        }),
    }
    device.count = to;
    missing
}

/// Gives the gaps between the places `from` and `to` the times the packet has for them; answers how many cycles.
pub(super) fn fill(device: &mut Device, laid: &Laid<'_>, book: &mut Book) -> u64 {
    let (from, to) = (laid.first, laid.end);
    let overlaps = |gap: &Gap| gap.after < to && gap.after.saturating_add(gap.cycles) > from;
    let mut filled = 0;
    let mut index = device.gaps.partition_point(|gap| gap.after.saturating_add(gap.cycles) <= from);
    while let Some(gap) = device.gaps.get(index).copied().filter(overlaps) {
        let end = gap.after.saturating_add(gap.cycles);
        let (a, b) = (from.max(gap.after), to.min(end));
        let mut previous = gap.not_before;
        let mut begun = None;
        for place in a + 1..=b {
            let Some((at, heard)) = laid.get(place) else { continue };
            let fresh = match previous.filter(|_| !laid.ends.by_device()) {
                Some(previous) => {
                    (previous.later_by(heard.cycle_time.as_duration()), domain::TimeSource::Estimated)
                }
                None => (laid.ends.at(at), laid.ends.source(at)),
            };
            let ended = times::between(previous, gap.not_after, fresh);
            let ordinal = gap.first_ordinal.saturating_add(place - gap.after - 1);
            book.record(book::cycle(ordinal, ended, heard, laid.late(at)));
            begun.get_or_insert_with(|| ended.0.earlier_by(heard.cycle_time.as_duration()));
            previous = Some(ended.0);
            if place == device.count && is_valid(heard, book) {
                device.last_cycle = Some(heard.cycle_time);
            }
        }
        filled += b - a;
        device.last_end = device.last_end.max(previous);
        let before = Gap {
            cycles: a - gap.after,
            not_after: begun.map(|begun| gap.not_before.map_or(begun, |earliest| begun.max(earliest))),
            ..gap
        };
        let after = Gap {
            after: b,
            cycles: end - b,
            first_ordinal: gap.first_ordinal.saturating_add(b - gap.after),
            not_before: previous,
            ..gap
        };
        let rest = [before, after].into_iter().filter(|gap| gap.cycles > 0);
        let left = rest.clone().count();
        device.gaps.splice(index..=index, rest);
        index += left;
    }
    if filled > 0 {
        device.last_device_end = device.last_device_end.max(laid.device_end);
        book.fill(filled, laid.serial);
    }
    filled
}

/// Counts the packet's cycles that lie ahead of the run's end, up to the place `to`, with the gap before them if
/// there is one; answers how many cycles were new in all.
pub(super) fn extend(device: &mut Device, laid: &Laid<'_>, to: u64, book: &mut Book) -> u64 {
    let (from, to) = (laid.first.max(device.count), to.min(laid.end));
    if to <= from {
        return 0;
    }
    let missed = miss(device, from, laid.serial, book, laid.now);
    let new = to - from;
    roll(device, to, laid.serial, book, laid.now);
    let mut ordinal = book.count(laid.now, new, basis(device, from, to, laid.serial));
    for place in from + 1..=to {
        let Some((at, heard)) = laid.get(place) else { continue };
        let apart =
            if place == from + 1 && missed > 0 { Duration::ZERO } else { heard.cycle_time.as_duration() };
        let ended = times::follow(device.last_end, apart, (laid.ends.at(at), laid.ends.source(at)));
        if place == from + 1 {
            close_gap(device, ended.0.earlier_by(heard.cycle_time.as_duration()));
        }
        book.record(book::cycle(ordinal, ended, heard, laid.late(at)));
        ordinal = ordinal.saturating_add(1);
        device.last_end = Some(ended.0);
        if is_valid(heard, book) {
            device.last_cycle = Some(heard.cycle_time);
        }
    }
    device.count = to;
    if to == laid.end {
        device.last_device_end = laid.device_end.or(device.last_device_end);
    }
    missed.saturating_add(new)
}

/// Whether the time since the closing before is a cycle time: not after a pause, and no stop (law 11).
fn is_valid(heard: &HeardCycle, book: &Book) -> bool {
    let longest = book.mold.approved.map(|approved| approved.as_duration() * 3);
    !heard.first && longest.is_none_or(|longest| heard.cycle_time.as_duration() <= longest)
}

/// The gap at the run's end, if there is one, now has a cycle after it.
fn close_gap(device: &mut Device, begun: Timestamp) {
    let count = device.count;
    let at_end = |gap: &&mut Gap| gap.after.saturating_add(gap.cycles) == count && gap.not_after.is_none();
    if let Some(gap) = device.gaps.last_mut().filter(at_end) {
        gap.not_after = Some(gap.not_before.map_or(begun, |earliest| begun.max(earliest)));
    }
}

/// Notes that the counter goes past its top on the way to `to`.
fn roll(device: &Device, to: u64, serial: &MonitorSerial, book: &mut Book, now: Timestamp) {
    if counter::rollovers(device.count, to, device.width) > 0 {
        book.note(now, domain::EntryKind::Rollover, Some(basis(device, device.count, to, serial)));
    }
}

/// The counter as the device shows it at two places.
fn basis(device: &Device, before: u64, after: u64, serial: &MonitorSerial) -> Basis {
    Basis {
        monitor: serial.clone(),
        before: Some(counter::shown(before, device.width)),
        after: Some(counter::shown(after, device.width)),
    }
}

/// Gives up on gaps up to the place `floor`: the device has nothing from before it. They stay counted, their times
/// stay unknown for good, and what may be told as kept moves on. Answers whether anything changed.
pub(super) fn give_up(device: &mut Device, floor: u64) -> bool {
    let before = device.gaps.clone();
    device.gaps.retain_mut(|gap| {
        let lost = floor.saturating_sub(gap.after).min(gap.cycles);
        gap.after = gap.after.saturating_add(lost);
        gap.first_ordinal = gap.first_ordinal.saturating_add(lost);
        gap.cycles -= lost;
        gap.cycles > 0
    });
    device.gaps != before
}
