//! The monitor on the USB port, carried to a press.

use domain::{CycleTime, Initialisation, MoldName};

use super::{Mold, Plant};
use crate::sim::dice::Dice;
use crate::sim::monitor::{Monitor, Now};
use crate::sim::pan::Pan;
use crate::sim::process::{Habits, Process};

/// Why a monitor was not plugged in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlugError {
    /// The plant was made without one.
    #[error("there is no monitor on a USB port: start the plant with --usb")]
    NoMonitor,
    /// There is no such press or module.
    #[error("there is no press or module {0:?}")]
    Place(String),
    /// Two monitors on one mold have no one truth.
    #[error("mold {0} has a monitor already")]
    Mold(MoldName),
}

impl Plant {
    /// Wires the USB monitor to a module, by its name or its press's; what was wired there goes to the shelf. Once it
    /// is initialised, its mold begins to work with that.
    pub fn plug_in_usb(&mut self, place: &str, now: Now) -> Result<(), PlugError> {
        let index = self.usb.as_ref().map(|(index, _)| *index).ok_or(PlugError::NoMonitor)?;
        let record = self.monitors.get(index).and_then(Monitor::record).cloned();
        if let Some(record) = &record
            && self.molds.iter().any(|mold| mold.monitor != index && mold.name == record.mold.as_str())
        {
            return Err(PlugError::Mold(record.mold.clone()));
        }
        let mut modules: Vec<_> = self.pans.iter_mut().flat_map(Pan::modules_mut).collect();
        let is_there = |name: &str| {
            name.strip_prefix(place).is_some_and(|station| station.is_empty() || station.starts_with(' '))
        };
        let chosen = modules
            .iter()
            .enumerate()
            .filter(|(_, module)| is_there(&module.name()))
            .min_by_key(|(_, module)| module.monitor().is_some())
            .map(|(chosen, _)| chosen)
            .ok_or_else(|| PlugError::Place(place.to_owned()))?;
        for (number, module) in modules.iter_mut().enumerate() {
            let wired = module.monitor();
            if let Some(old) = wired.filter(|wired| number == chosen || *wired == index)
                && let Some(monitor) = self.monitors.get_mut(old)
            {
                monitor.stop_working();
                module.unplug(monitor);
            }
        }
        if let (Some(module), Some(monitor)) = (modules.get_mut(chosen), self.monitors.get_mut(index)) {
            module.plug_in(index, monitor, now);
        }
        if let Some(record) = record {
            self.put_to_work(index, &record, now);
        }
        Ok(())
    }

    fn put_to_work(&mut self, index: usize, record: &Initialisation, now: Now) {
        let Some(monitor) = self.monitors.get_mut(index) else { return };
        let approved_ms = record.approved.map_or(30_000, CycleTime::as_millis);
        let dice = Dice::new(self.spec.seed, "mold", u64::from(monitor.serial().0));
        monitor.work_with(Process::new(dice, approved_ms, Habits::SHIFT));
        monitor.start_working(now, Habits::SHIFT, u64::from(approved_ms));
        self.molds.retain(|mold| mold.monitor != index);
        self.molds.push(Mold {
            name: record.mold.as_str().to_owned(),
            approved_ms,
            baseline: record.baseline,
            monitor: index,
            former: Vec::new(),
            former_upsets: (0, 0),
        });
    }
}
