//! Who counts for which mold, and on which press: known from what monitors and modules say of themselves.

use domain::{
    CycleTime, EntryKind, Initialisation, LinkName, Mold, MoldId, MonitorSerial, Press, PressId, Timestamp,
};
use radio::event::{ModuleReport, Tethered};

use super::book::{Basis, Book};
use super::heard::MOST;
use super::monitor::{Belongs, Reading};
use super::{Ingest, Moment, counter, runs};
use crate::plant::{AlarmKey, Assignment, LedgerStand};

impl Ingest {
    pub(super) fn tethered(&mut self, heard: &Tethered, link: &LinkName, at: Timestamp, now: Moment) {
        self.heard_module(heard.module, link, at);
        let serial = &heard.serial;
        let Some(monitor) = self.monitor(serial) else { return };
        if monitor.record.generation != heard.generation {
            monitor.record.generation = heard.generation;
            monitor.dirty = true;
        }
        let Some(initialisation) = &heard.initialisation else {
            monitor.heard(link, heard.module, (at, now), true);
            monitor.record.untethered = false;
            self.alarms.raise(AlarmKey::NotInitialised(serial.clone()), "", now.wall);
            return;
        };
        self.alarms.clear(&AlarmKey::NotInitialised(serial.clone()), now.wall);
        let reading = Reading {
            era: heard.era,
            count: heard.count,
            cycles: 0,
            width: heard.width,
            times: None,
            from_memory: false,
        };
        let placed = self.place_tether(serial, initialisation, &reading, now);
        let Some(monitor) = self.monitors.get_mut(serial) else { return };
        monitor.heard(link, heard.module, (at, now), placed);
        if placed {
            monitor.asking.anew(now.steady);
            monitor.time_due.get_or_insert(now.steady);
            if std::mem::take(&mut monitor.record.untethered) {
                monitor.dirty = true;
            }
            self.told.molds.extend(monitor.record.mold);
        }
    }

    /// Puts the monitor on the mold its record names; `false` for an old frame, which changes nothing.
    fn place_tether(
        &mut self,
        serial: &MonitorSerial,
        initialisation: &Initialisation,
        reading: &Reading,
        now: Moment,
    ) -> bool {
        let Some(monitor) = self.monitors.get_mut(serial) else { return false };
        let Some(run) = &monitor.record.device else {
            return self.first_contact(serial, initialisation, reading, now);
        };
        let (counted, replaced, present) = (run.count, run.closed.is_some(), run.mold);
        let named = self.names.get(&initialisation.mold).copied();
        let same_mold = named == Some(present);
        let belongs = match monitor.belongs(reading, now) {
            Belongs::NewEra => Belongs::Anew(first_known(reading.count)),
            other => other,
        };
        match belongs {
            Belongs::Past(..) | Belongs::NewEra | Belongs::Nowhere => false,
            Belongs::Current(place) if place < counted => false,
            Belongs::Current(place) if same_mold && !replaced => {
                self.ahead(serial, place, now);
                true
            }
            // Said again by a monitor that was replaced, or plugged in again without a cycle since: the one that
            // replaced it is listened to, until this one goes on counting.
            Belongs::Current(place) if same_mold && place == counted => true,
            Belongs::Current(place) => {
                if !replaced {
                    self.miss(serial, place, now);
                }
                let Some(mold) = self.mold_for(initialisation, now) else { return false };
                let start = if same_mold { counted } else { place };
                self.move_to(serial, mold, start, reading, now);
                self.miss(serial, place, now);
                true
            }
            Belongs::Anew(start) if same_mold && !replaced => {
                self.begin_anew(serial, reading, start, now);
                self.refresh(present, initialisation);
                self.miss(serial, reading.count, now);
                true
            }
            Belongs::Anew(start) => {
                let Some(mold) = self.mold_for(initialisation, now) else { return false };
                self.move_to(serial, mold, start, reading, now);
                self.refresh(mold, initialisation);
                self.miss(serial, reading.count, now);
                true
            }
        }
    }

    /// A monitor the box never counted for. Everything since its initialisation counts; without an era nobody knows
    /// whether its counter began at zero when it replaces another.
    fn first_contact(
        &mut self,
        serial: &MonitorSerial,
        initialisation: &Initialisation,
        reading: &Reading,
        now: Moment,
    ) -> bool {
        let Some(mold) = self.mold_for(initialisation, now) else { return false };
        let replaces = self.books.get(&mold).is_some_and(|book| book.assignment.is_some());
        let unknown_zero = reading.era.is_none() && replaces;
        let start = if unknown_zero { reading.count } else { first_known(reading.count) };
        self.move_to(serial, mold, start, reading, now);
        self.miss(serial, reading.count, now);
        true
    }

    /// Ends the monitor's present run, if it has one, and begins one for this mold.
    pub(super) fn move_to(
        &mut self,
        serial: &MonitorSerial,
        mold: MoldId,
        start: u64,
        reading: &Reading,
        now: Moment,
    ) {
        let Some(monitor) = self.monitors.get_mut(serial) else { return };
        let former = monitor.close(now.wall);
        let mut run = runs::begin(mold, start, reading.width, reading.era);
        if let Some(former) = former {
            if former.mold == mold {
                run.last_end = former.last_end;
                run.last_cycle = former.last_cycle;
            } else {
                self.end_assignment(former.mold, serial, now.wall);
                self.told.molds.insert(former.mold);
            }
        }
        if let Some(monitor) = self.monitors.get_mut(serial) {
            monitor.record.device = Some(run);
            monitor.dirty = true;
        }
        self.take_over(serial, mold, now);
    }

    /// The monitor is the one this mold listens to from now on; its run for the mold is there already.
    pub(super) fn take_over(&mut self, serial: &MonitorSerial, mold: MoldId, now: Moment) {
        let former = self.books.get(&mold).and_then(|book| book.assignment.clone());
        if let Some(former) = former.as_ref().filter(|former| former.until.is_none()) {
            self.end_assignment(mold, &former.monitor, now.wall);
        }
        let Some(monitor) = self.monitors.get_mut(serial) else { return };
        monitor.record.mold = Some(mold);
        monitor.dirty = true;
        let Some(run) = &monitor.record.device else { return };
        let shown = counter::shown(run.start, run.width);
        let Some(book) = self.books.get_mut(&mold) else { return };
        if let Some(former) = former.as_ref().filter(|former| former.monitor != *serial) {
            let basis = Basis { monitor: serial.clone(), before: None, after: Some(shown) };
            book.note(now.wall, EntryKind::Swap { before: Some(former.monitor.clone()) }, Some(basis));
        }
        let assignment = Assignment {
            mold,
            number: former.map_or(0, |former| former.number.saturating_add(1)),
            monitor: serial.clone(),
            from: now.wall,
            until: None,
            device_from: shown,
            device_until: None,
        };
        self.next.assignments.push(assignment.clone());
        book.assignment = Some(assignment);
        self.next.books.insert(mold);
        self.told.molds.insert(mold);
        self.touch(serial);
    }

    /// The mold does not listen to this monitor any more. Its run stays open for what it made until now.
    pub(super) fn end_assignment(&mut self, mold: MoldId, serial: &MonitorSerial, now: Timestamp) {
        let monitor = self.monitors.get_mut(serial);
        let mut device_until = None;
        if let Some(monitor) = monitor {
            if let Some(run) = monitor.record.device.as_mut().filter(|run| run.mold == mold) {
                device_until = Some(counter::shown(run.count, run.width));
                run.closed.get_or_insert(now);
                monitor.record.mold = None;
                monitor.ahead = None;
            } else {
                let run = monitor.record.past.iter().rfind(|run| run.mold == mold);
                device_until = run.map(|run| counter::shown(run.count, run.width));
            }
            monitor.dirty = true;
        }
        self.touch(serial);
        let Some(book) = self.books.get_mut(&mold) else { return };
        let lasting =
            |assignment: &&mut Assignment| assignment.monitor == *serial && assignment.until.is_none();
        if let Some(assignment) = book.assignment.as_mut().filter(lasting) {
            assignment.until = Some(now.max(assignment.from));
            assignment.device_until = device_until;
            self.next.assignments.push(assignment.clone());
            self.next.books.insert(mold);
        }
    }

    /// The mold of that number; a new one begins with the record's baseline. `None` when there are too many.
    pub(super) fn mold_for(&mut self, initialisation: &Initialisation, now: Moment) -> Option<MoldId> {
        if let Some(id) = self.names.get(&initialisation.mold) {
            return Some(*id);
        }
        if self.books.len() >= MOST {
            self.refuse("mold");
            return None;
        }
        let highest = self.books.keys().map(|id| id.0).max().unwrap_or(0);
        let id = MoldId(highest.saturating_add(1));
        let mold = Mold {
            id,
            name: initialisation.mold.clone(),
            description: initialisation.description.clone(),
            approved: approved(initialisation),
            design_life: initialisation.design_life,
            baseline: initialisation.baseline,
            registered: now.wall,
        };
        self.names.insert(mold.name.clone(), id);
        self.books.insert(id, Book::new(mold, LedgerStand::default()));
        self.next.molds.insert(id);
        self.next.books.insert(id);
        self.told.molds.insert(id);
        Some(id)
    }

    /// A record written anew says what is true now; only the baseline is settled for good.
    pub(super) fn refresh(&mut self, mold: MoldId, initialisation: &Initialisation) {
        let Some(book) = self.books.get_mut(&mold) else { return };
        let old = book.mold.clone();
        let mold_now = &mut book.mold;
        if !initialisation.description.is_empty() {
            mold_now.description.clone_from(&initialisation.description);
        }
        mold_now.approved = approved(initialisation).or(mold_now.approved);
        mold_now.design_life = initialisation.design_life.or(mold_now.design_life);
        if *mold_now != old {
            self.next.molds.insert(mold);
            self.next.books.insert(mold);
            self.told.molds.insert(mold);
        }
    }

    pub(super) fn module(&mut self, report: &ModuleReport, link: &LinkName, at: Timestamp) {
        self.heard_module(Some(report.eui64), link, at);
        let Some(module) = self.modules.get_mut(&report.eui64).map(|module| &mut module.record) else {
            return;
        };
        module.rssi_dbm = report.rssi_dbm.or(module.rssi_dbm);
        let Some(name) = report.name.as_ref().map(|name| name.trim()).filter(|name| !name.is_empty()) else {
            return;
        };
        if module.name.as_deref() == Some(name) && module.press.is_some() {
            return;
        }
        let former = module.name.replace(name.to_owned());
        let id = module.press.unwrap_or_else(|| {
            let highest = self.presses.keys().map(|id| id.0).max().unwrap_or(0);
            PressId(highest.saturating_add(1))
        });
        module.press = Some(id);
        let press = self.presses.entry(id).or_insert_with(|| Press {
            id,
            name: name.to_owned(),
            module: Some(report.eui64),
        });
        // Until a person gives it another name, a press is called what its module is.
        if former.as_deref() == Some(press.name.as_str()) {
            name.clone_into(&mut press.name);
        }
        self.next.presses.insert(id);
        self.next.modules.insert(report.eui64);
        let on_it = |record: &&crate::plant::MonitorRecord| record.module == Some(report.eui64);
        let records = self.monitors.values().map(|monitor| &monitor.record);
        self.told.molds.extend(records.filter(on_it).filter_map(|record| record.mold));
    }
}

/// From which reading on a new run of counting is known. A counter begins at zero; one that is met further up than any
/// mold comes began elsewhere, and where is told by a status.
fn first_known(count: u64) -> u64 {
    if count > counter::GIANT { count } else { 0 }
}

/// Zero is no cycle time: nobody approved one.
fn approved(initialisation: &Initialisation) -> Option<CycleTime> {
    initialisation.approved.filter(|approved| approved.as_millis() > 0)
}
