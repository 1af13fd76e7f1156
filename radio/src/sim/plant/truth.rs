//! The truth of a plant, to be told.

use super::{Mold, Plant};
use crate::sim::monitor::Now;
use crate::sim::truth::{MoldTruth, Truth};

impl Plant {
    /// What really happened so far.
    #[must_use]
    pub fn truth(&self, now: Now) -> Truth {
        let molds: Vec<MoldTruth> = self.molds.iter().filter_map(|mold| self.mold_truth(mold, now)).collect();
        Truth {
            seed: self.spec.seed,
            cycles: molds.iter().map(|mold| mold.list.cycles).sum(),
            unacknowledged: self.unacknowledged(),
            molds,
        }
    }

    fn mold_truth(&self, mold: &Mold, now: Now) -> Option<MoldTruth> {
        let monitor = self.monitors.get(mold.monitor)?;
        let place = self.pans.iter().find_map(|pan| {
            let module = pan.modules().iter().find(|module| module.monitor() == Some(mold.monitor))?;
            Some((pan.letter().to_owned(), module))
        });
        let list = monitor.list();
        let (resets, rollovers) = monitor.upsets();
        Some(MoldTruth {
            mold: mold.name.clone(),
            monitor: monitor.name(),
            module: place.as_ref().map(|(_, module)| module.eui64()),
            press: place.as_ref().map(|(_, module)| module.name()),
            stick: place.map(|(letter, _)| letter),
            state: monitor.state(now).word(),
            approved_ms: mold.approved_ms,
            baseline: mold.baseline,
            count: mold.baseline + list.cycles,
            list,
            unacknowledged: monitor.unacknowledged(),
            resets: mold.former_upsets.0 + resets,
            rollovers: mold.former_upsets.1 + rollovers,
            former: mold.former.clone(),
        })
    }
}
