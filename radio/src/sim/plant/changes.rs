//! Monitors and molds that take each other's places.

use super::{Plant, build};
use crate::sim::dice::Dice;
use crate::sim::monitor::{Monitor, MonitorSpec, Now};
use crate::sim::pan::Pan;
use crate::sim::process::{Habits, Process};

impl Plant {
    /// Molds that waited for a box to hear their monitors.
    pub(super) fn begin_where_answered(&mut self, now: Now) {
        let Plant { waiting, monitors, .. } = self;
        waiting.retain(|index| match monitors.get_mut(*index) {
            Some(monitor) if monitor.is_answered() => {
                monitor.start_working(now, Habits::SHIFT, 1_000);
                false
            }
            found => found.is_some(),
        });
    }

    /// A monitor is taken off only when a box has kept all it knows: nothing is lost by changing it.
    pub(super) fn swap_monitors(&mut self, now: Now) {
        let waiting = std::mem::take(&mut self.swaps);
        for mold in waiting {
            let old = self.molds.get(mold).map_or(0, |mold| mold.monitor);
            if let Some(monitor) = self.monitors.get_mut(old) {
                monitor.stop_working();
            }
            if self.monitors.get(old).is_some_and(|monitor| monitor.unacknowledged() > 0) {
                self.swaps.push(mold);
            } else {
                self.swap_monitor(mold, old, now);
            }
        }
    }

    fn swap_monitor(&mut self, mold: usize, old: usize, now: Now) {
        let serial = build::serial(&self.spec, self.serials);
        self.serials += 1;
        let (Some(mold), Some(monitor)) = (self.molds.get_mut(mold), self.monitors.get_mut(old)) else {
            return;
        };
        let list = monitor.list();
        let record = monitor.record().cloned().map(|record| domain::Initialisation {
            baseline: mold.baseline + list.cycles,
            on: self.spec.started.later_by(std::time::Duration::from_millis(now.real_ms)),
            ..record
        });
        let dice = Dice::new(self.spec.seed, "mold", u64::from(serial.0));
        let (resets, rollovers) = monitor.upsets();
        mold.former_upsets = (mold.former_upsets.0 + resets, mold.former_upsets.1 + rollovers);
        mold.former.push(monitor.name());
        mold.monitor = self.monitors.len();
        let process = Some(Process::new(dice, mold.approved_ms, Habits::SHIFT));
        let era = self.spec.era;
        let mut new =
            Monitor::new(MonitorSpec { serial, record, process, era, counter: 0, clock: 0, battery: 100 });
        new.go_on_with(list);
        let approved = u64::from(mold.approved_ms);
        let mut modules = self.pans.iter_mut().flat_map(Pan::modules_mut);
        if let Some(module) = modules.find(|module| module.monitor() == Some(old)) {
            if let Some(monitor) = self.monitors.get_mut(old) {
                module.unplug(monitor);
            }
            module.plug_in(self.monitors.len(), &mut new, now);
            new.start_working(now, Habits::SHIFT, approved);
        }
        self.monitors.push(new);
    }

    /// From time to time a mold goes to the shelf and another takes its place; none waits there with news.
    pub(super) fn change_molds(&mut self, now: Now) {
        if now.real_ms < self.change_at || self.paused {
            return;
        }
        self.change_at = now.real_ms.saturating_add(self.spec.change_every_ms);
        // Who has most to tell comes first, and among equals the one that rested longest.
        let shelf = self.molds.iter().map(|mold| mold.monitor);
        let resting = shelf.filter(|index| self.monitors.get(*index).is_some_and(|m| !m.is_tethered()));
        let key = |index: &usize| {
            let monitor = self.monitors.get(*index);
            (
                monitor.map_or(0, Monitor::unacknowledged),
                std::cmp::Reverse(monitor.and_then(Monitor::last_ms)),
            )
        };
        let Some(next) = resting.max_by_key(key) else { return };
        let usb = self.usb.as_ref().map(|(index, _)| *index);
        let mut modules: Vec<_> = self.pans.iter_mut().flat_map(Pan::modules_mut).collect();
        modules.retain(|module| {
            let monitor = module.monitor().and_then(|index| self.monitors.get(index));
            // Where a person has plugged a monitor in, it stays.
            let by_hand = module.monitor().is_some() && module.monitor() == usb;
            !by_hand && module.is_heard(now) && monitor.is_none_or(|monitor| monitor.unacknowledged() == 0)
        });
        let chosen = self.dice.whole(0, (modules.len() as u64).saturating_sub(1)) as usize;
        let Some(module) = modules.get_mut(chosen) else { return };
        if let Some(old) = module.monitor().and_then(|index| self.monitors.get_mut(index)) {
            old.stop_working();
            module.unplug(old);
        }
        let approved =
            self.molds.iter().find(|mold| mold.monitor == next).map_or(30_000, |mold| mold.approved_ms);
        if let Some(monitor) = self.monitors.get_mut(next) {
            module.plug_in(next, monitor, now);
            monitor.start_working(now, Habits::SHIFT, u64::from(approved));
        }
    }
}
