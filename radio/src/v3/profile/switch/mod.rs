//! An XBee anyone can buy, one of whose digital inputs is wired to a mold-closed contact: cycles from input samples.
//!
//! The module keeps no count, so this profile counts for it, as a monitor of its own called `SW-` and the module's
//! address. Such a count is only as good as the radio: an edge that no sample tells of is not known, and nothing is
//! put in its place. `docs/protocol/switch.md` says how to wire and set up a module, and what is and is not counted.

mod config;
mod watch;

pub use config::{Analog, Contact, Level, SwitchConfigError, SwitchModule};

use std::collections::HashMap;

use domain::{Eui64, Timestamp};

use super::{Outgoing, Payload, PayloadKind, PayloadProfile, ProfileError};
use crate::command::Ask;
use crate::event::Heard;
use watch::Watch;

/// Where the counting of a module stood when the box stopped, as the store has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Which module.
    pub module: Eui64,
    /// Its run of counting.
    pub era: u32,
    /// Its count.
    pub count: u64,
}

/// The modules that are contacts.
pub struct SwitchProfile {
    watches: HashMap<Eui64, Watch>,
}

impl SwitchProfile {
    /// Watches these modules. One that was counted before goes on from there, in the same era: nothing was reset.
    /// Any other begins at zero in `new_era`, a number drawn at random.
    pub fn new(
        modules: Vec<SwitchModule>,
        counted: &[Counted],
        new_era: u32,
    ) -> Result<Self, SwitchConfigError> {
        let mut watches = HashMap::new();
        for module in modules {
            module.check()?;
            let address = module.module;
            let before = counted.iter().find(|counted| counted.module == address);
            let (era, count) = before.map_or((new_era, 0), |counted| (counted.era, counted.count));
            if watches.insert(address, Watch::new(module, era, count)).is_some() {
                return Err(SwitchConfigError::Twice(address));
            }
        }
        Ok(SwitchProfile { watches })
    }
}

impl PayloadProfile for SwitchProfile {
    fn name(&self) -> &'static str {
        "switch"
    }

    fn read(&mut self, payload: &Payload<'_>, now: Timestamp) -> Option<Result<Vec<Heard>, ProfileError>> {
        let PayloadKind::IoSample(sample) = payload.kind else { return None };
        let watch = self.watches.get_mut(&payload.source)?;
        Some(watch.sample(sample, now))
    }

    /// A contact understands nothing.
    fn write(&self, _ask: &Ask, _now: Timestamp) -> Option<Outgoing> {
        None
    }

    fn tick(&mut self, now: Timestamp) -> Vec<Heard> {
        self.watches.values_mut().filter_map(|watch| watch.tick(now)).collect()
    }
}

#[cfg(test)]
mod tests;
