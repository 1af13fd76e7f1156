//! One monitor: its record, and what is known of it only while the box runs.

use std::time::Duration;

use domain::{CounterWidth, LinkName, MonitorSerial, Timestamp};
use radio::event::{CyclesHeard, DeviceTimes};

use super::asks::Asking;
use super::counter::{self, Place};
use super::watching::Watching;
use super::{Moment, runs};
use crate::plant::{Device, MonitorRecord};

/// Earlier runs kept to be completed and to know old frames by.
const PAST: usize = 8;
/// A counter that starts anew starts at zero; one first heard further up than this started nobody knows where.
const NEAR_ZERO: u64 = 1_000;
/// Two readings that step back count as one event when they are closer together than this: a burst of old frames.
const APART: Duration = Duration::from_secs(5);

/// What a device said of its counter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) era: Option<u32>,
    pub(super) count: u64,
    /// Cycles that came with it.
    pub(super) cycles: u64,
    pub(super) width: CounterWidth,
    pub(super) times: Option<DeviceTimes>,
    pub(super) from_memory: bool,
}

impl Reading {
    pub(super) fn of(heard: &CyclesHeard) -> Self {
        Reading {
            era: heard.era,
            count: heard.count,
            cycles: u64::try_from(heard.cycles.len()).unwrap_or(u64::MAX),
            width: heard.width,
            times: heard.times,
            from_memory: heard.from_memory,
        }
    }

    /// The reading before the cycles that came with it.
    fn before(&self) -> u64 {
        self.count.saturating_sub(self.cycles)
    }
}

/// Which run of counting a reading belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belongs {
    /// The present one, at this place.
    Current(u64),
    /// An earlier one (index, place): a frame that was long on its way, or asked for from memory.
    Past(usize, u64),
    /// A new one that began at this reading.
    Anew(u64),
    /// A new era, which begins with its tether: what comes before that is of a mold that is not known yet.
    NewEra,
    /// It cannot be told: nothing is counted on its account.
    Nowhere,
}

/// A counter that stepped back, or ahead too far, once.
#[derive(Debug, Clone, Copy)]
struct Odd {
    before: u64,
    count: u64,
    at: Duration,
}

/// A status that was ahead of the cycles heard; they may be on their way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ahead {
    pub(super) place: u64,
    pub(super) since: Duration,
}

/// One monitor.
#[derive(Debug)]
pub(super) struct Monitor {
    pub(super) record: MonitorRecord,
    pub(super) ahead: Option<Ahead>,
    pub(super) asking: Asking,
    /// Runs of counting that are to be told what is kept, after the commit.
    pub(super) acks: Vec<Option<u32>>,
    /// By its last word the device has nothing up to this place.
    pub(super) nothing_up_to: Option<u64>,
    /// The record differs from what is on disk.
    pub(super) dirty: bool,
    /// It is on the list of those that the next commit looks at.
    pub(super) in_next: bool,
    /// It is on the list of those that the screens have not been told of.
    pub(super) in_told: bool,
    /// When the record was last written only because it was heard.
    pub(super) written: Duration,
    /// When it is told the time; `None` until it says something, and again once it is unplugged.
    pub(super) time_due: Option<Duration>,
    /// When it was last heard since the box started.
    pub(super) heard_at: Option<Duration>,
    odd: Option<Odd>,
    /// A reading too far ahead to be believed alone.
    far: Option<Ahead>,
    /// The counter that its last advert showed, and when one first showed more than the one before.
    pub(super) shown: Option<(u64, Option<Timestamp>)>,
    /// The last alert that was taken notice of: era and number.
    pub(super) alerted: Option<(u32, u32)>,
    /// What is to be told as kept of its alerts, after the commit.
    pub(super) alerts_kept: Option<(u32, u32)>,
    /// What it watches by itself.
    pub(super) watching: Watching,
}

impl Monitor {
    pub(super) fn new(record: MonitorRecord) -> Self {
        Monitor {
            record,
            ahead: None,
            asking: Asking::default(),
            acks: Vec::new(),
            nothing_up_to: None,
            dirty: false,
            in_next: false,
            in_told: false,
            written: Duration::ZERO,
            time_due: None,
            heard_at: None,
            odd: None,
            far: None,
            shown: None,
            alerted: None,
            alerts_kept: None,
            watching: Watching::default(),
        }
    }

    pub(super) fn unknown(serial: MonitorSerial) -> Self {
        Monitor::new(MonitorRecord {
            generation: if serial.v4_number().is_some() {
                domain::Generation::V4
            } else {
                domain::Generation::V3
            },
            serial,
            mold: None,
            module: None,
            link: None,
            untethered: false,
            asleep: false,
            device: None,
            past: Vec::new(),
            last_heard: None,
            battery: None,
            temperature: None,
            unacknowledged: None,
        })
    }

    /// It was heard through this module; a frame that brings news also tells where the monitor is now.
    pub(super) fn heard(
        &mut self,
        link: &LinkName,
        module: Option<domain::Eui64>,
        (at, now): (Timestamp, Moment),
        moved: bool,
    ) {
        self.heard_at = Some(now.steady);
        let record = &mut self.record;
        record.last_heard = Some(at);
        if module.is_some() && (record.module.is_none() || (moved && record.module != module)) {
            record.module = module;
            self.dirty = true;
        }
        if record.link.is_none() || (moved && record.link.as_ref() != Some(link)) {
            record.link = Some(link.clone());
            self.dirty = true;
        }
    }

    /// Which run the reading belongs to. A reading that cannot be is remembered: only when it goes on from there, with
    /// nothing from the present run in between, is it believed.
    pub(super) fn belongs(&mut self, reading: &Reading, now: Moment) -> Belongs {
        let Some(device) = &self.record.device else { return Belongs::Nowhere };
        let same = |era: Option<u32>| era == reading.era || era.is_none() || reading.era.is_none();
        if !same(device.era) {
            let past = self.record.past.iter().rposition(|run| run.era == reading.era);
            return match past.and_then(|index| Some((index, self.record.past.get(index)?))) {
                Some((index, run)) => match counter::place(run.count, reading.count, run.width, false) {
                    // It was told before the next era was: what still comes was on its way.
                    Place::At(place)
                        if counter::plausible(place.saturating_sub(run.count), Duration::ZERO) =>
                    {
                        Belongs::Past(index, place)
                    }
                    Place::At(_) | Place::Nowhere => Belongs::Nowhere,
                },
                None => Belongs::NewEra,
            };
        }
        if self.begins_unknown() {
            return Belongs::Nowhere;
        }
        let width = if reading.width == CounterWidth::Unknown { device.width } else { reading.width };
        let newest = reading.times.map(|times| times.last_end).zip(device.last_device_end);
        let older = newest.is_some_and(|(this, last)| this <= last);
        let place = counter::place(device.count, reading.count, width, older);
        match place {
            Place::At(place) if place >= device.count => {
                self.odd = None;
                let ahead = place - device.count;
                if self.too_far(place, ahead, now) { Belongs::Nowhere } else { Belongs::Current(place) }
            }
            // The same era: an old frame, whatever it is.
            Place::At(place) if device.era.is_some() && reading.era.is_some() => Belongs::Current(place),
            Place::At(place) if reading.from_memory || older => Belongs::Current(place),
            // Cycles that are missing: counted on the word of a status, told only now.
            Place::At(place) if in_gap(device, place) => Belongs::Current(place),
            // Newer by the device's own clock and yet a lower count: the counter began anew.
            Place::At(_) if newest.is_some() => Belongs::Anew(start_of(reading.before())),
            Place::At(place) => {
                self.believed(reading, now.steady).map_or(Belongs::Current(place), Belongs::Anew)
            }
            Place::Nowhere if reading.from_memory => Belongs::Nowhere,
            Place::Nowhere => self.believed(reading, now.steady).map_or(Belongs::Nowhere, Belongs::Anew),
        }
    }

    /// Whether a place is further ahead than the mold can have come since the monitor was last heard. A second reading
    /// from there on is believed: a damaged or forged one stands alone.
    fn too_far(&mut self, place: u64, ahead: u64, now: Moment) -> bool {
        let silence = match (self.heard_at, self.record.last_heard) {
            (Some(at), _) => now.steady.saturating_sub(at),
            (None, Some(at)) => now.wall.since(at),
            (None, None) => Duration::MAX,
        };
        if counter::plausible(ahead, silence) {
            self.far = None;
            return false;
        }
        let agrees = |far: &Ahead| {
            let since = now.steady.saturating_sub(far.since);
            place.checked_sub(far.place).is_some_and(|more| counter::plausible(more, since))
        };
        match self.far.filter(agrees) {
            Some(far) if now.steady.saturating_sub(far.since) >= APART => {
                self.far = None;
                return false;
            }
            Some(_) => {}
            None => self.far = Some(Ahead { place, since: now.steady }),
        }
        tracing::warn!(monitor = %self.record.serial, ahead, "too far ahead: not counted on one reading alone");
        true
    }

    /// Where the new run began, once a second odd reading goes on from the first.
    fn believed(&mut self, reading: &Reading, now: Duration) -> Option<u64> {
        // A status has no clock and no cycles: it is an old one as likely as not.
        if reading.cycles == 0 {
            return None;
        }
        match self.odd {
            Some(odd)
                if reading.count > odd.count
                    && reading.count - odd.count < NEAR_ZERO
                    && now.saturating_sub(odd.at) >= APART =>
            {
                self.odd = None;
                Some(start_of(odd.before))
            }
            Some(odd) if reading.count == odd.count => None,
            _ => {
                self.odd = Some(Odd { before: reading.before(), count: reading.count, at: now });
                None
            }
        }
    }

    /// Ends the present run at `now`; the monitor is without one afterwards.
    pub(super) fn close(&mut self, now: Timestamp) -> Option<Device> {
        let mut device = self.record.device.take()?;
        let closed = device.clone();
        device.closed.get_or_insert(now);
        self.record.past.push(device);
        if self.record.past.len() > PAST {
            self.record.past.remove(0);
        }
        self.ahead = None;
        self.nothing_up_to = None;
        self.odd = None;
        self.far = None;
        self.dirty = true;
        Some(closed)
    }

    /// Brings what is told as kept up to date, in every run.
    pub(super) fn reckon_kept(&mut self) {
        let runs = self.record.past.iter_mut().chain(&mut self.record.device);
        runs.for_each(|run| run.kept_up_to = runs::kept(run));
    }

    /// Whether the present run is of an era that was met so far up that it cannot have begun at zero, as an era does,
    /// and nobody has said yet where it began: how much of it was told before is not known, so nothing is counted.
    pub(super) fn begins_unknown(&self) -> bool {
        let Some(run) = &self.record.device else { return false };
        run.era.is_some()
            && run.start > counter::GIANT
            && run.count == run.start
            && self.record.past.iter().all(|past| past.era != run.era)
    }

    /// Of such an era nothing was told as kept, so that the device still has all of it: a status tells where it began.
    /// Answers the place of the status.
    pub(super) fn begins(&mut self, era: Option<u32>, count: u64, unacknowledged: u32) -> Option<u64> {
        let unknown = self.begins_unknown();
        let run = self.record.device.as_mut().filter(|run| unknown && run.era == era)?;
        let unacknowledged = u64::from(unacknowledged);
        let passed = if count < run.start { counter::modulus(run.width)? } else { 0 };
        let place = count.saturating_add(passed);
        let start = place.checked_sub(unacknowledged)?;
        if start > run.start || unacknowledged > counter::GIANT {
            return None;
        }
        (run.start, run.count) = (start, start);
        self.dirty = true;
        Some(place)
    }

    /// The device has nothing up to the place `floor` and was asked for it in vain: its gaps up to there stay unknown,
    /// in every run of the line. When the line lacks nothing, the same is true of earlier eras, for a device tells one
    /// era after the other. Answers whether anything changed.
    pub(super) fn give_up(&mut self, floor: u64) -> bool {
        let MonitorRecord { device: Some(present), past, .. } = &mut self.record else { return false };
        let (era, start) = (present.era, present.start);
        let (line, others): (Vec<_>, Vec<_>) =
            past.iter_mut().partition(|run| run.era == era && run.count <= start);
        let mut given_up = false;
        let mut whole = true;
        for run in line.into_iter().chain([present]) {
            given_up |= runs::give_up(run, floor);
            whole &= run.gaps.is_empty();
        }
        let earlier = others.into_iter().filter(|run| whole && run.era.is_some() && run.era != era);
        for run in earlier {
            given_up |= runs::give_up(run, u64::MAX);
        }
        self.dirty |= given_up;
        given_up
    }

    /// It remembers no cycles, so that none is asked of it or told to it: what is not known of them never will be.
    pub(super) fn forgo(&mut self) {
        let runs = self.record.past.iter_mut().chain(&mut self.record.device);
        self.dirty |= runs.fold(false, |changed, run| runs::give_up(run, u64::MAX) || changed);
        self.acks.clear();
    }

    /// Whether an earlier run lies on the same line of readings as the present one: counting went on, for another mold.
    pub(super) fn leads_to_present(&self, run: &Device) -> bool {
        self.record.device.as_ref().is_some_and(|now| now.era == run.era && run.count <= now.start)
    }

    /// What the device in this era may be told as kept, as it shows its counter. Where runs follow on each other, a
    /// gap in an earlier one holds the later ones back.
    pub(super) fn kept(&self, era: Option<u32>) -> Option<u64> {
        let present = self.record.device.as_ref();
        let is_present = present.is_some_and(|run| run.era == era);
        let past = self.record.past.iter();
        let past = past.filter(|run| run.era == era && (!is_present || self.leads_to_present(run)));
        let mut kept = None;
        for run in past.chain(present.filter(|_| is_present)) {
            kept = Some((run.kept_up_to, run.width));
            if !run.gaps.is_empty() {
                break;
            }
        }
        kept.filter(|(up_to, _)| *up_to > 0).map(|(up_to, width)| counter::shown(up_to, width))
    }

    /// The first cycle whose times are missing, to be asked for: its era and the reading before it. The present
    /// line first, then what earlier eras lack.
    pub(super) fn missing(&self) -> Option<(Option<u32>, u64)> {
        let first =
            |run: &Device| run.gaps.first().map(|gap| (run.era, counter::shown(gap.after, run.width)));
        let line = self.record.past.iter().filter(|run| self.leads_to_present(run));
        let present = self.record.device.iter();
        let era = self.record.device.as_ref().and_then(|run| run.era);
        let earlier = self.record.past.iter().filter(|run| run.era.is_some() && run.era != era);
        line.chain(present).chain(earlier).find_map(first)
    }
}

/// Whether the cycle at this place is counted and its times are missing.
fn in_gap(device: &Device, place: u64) -> bool {
    let gap = device.gaps.partition_point(|gap| gap.after < place).checked_sub(1);
    let gap = gap.and_then(|index| device.gaps.get(index));
    gap.is_some_and(|gap| place <= gap.after.saturating_add(gap.cycles))
}

/// Where a run began that was first heard after so many cycles.
fn start_of(before: u64) -> u64 {
    if before <= NEAR_ZERO { 0 } else { before }
}
