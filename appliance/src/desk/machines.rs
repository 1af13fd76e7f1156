//! The plant in the hands of a machine.

use std::sync::Arc;

use dashboard::port::{FloorView, Refusal, Wall};
use domain::Scope;

use super::Desk;
use crate::watch::Measures;

/// The plant as far as a token's scope goes, as a person's role has a handle of its own: whoever does not hold one
/// cannot do what it does.
#[derive(Clone)]
pub enum Machine {
    /// Reads as a viewer does.
    Reader(Arc<dyn Reader>),
    /// Shows the wall.
    Wall(Arc<dyn Wall>),
    /// Reads what the box measures of itself.
    Meter(Arc<dyn Meter>),
}

/// The box as it watches itself.
pub trait Meter: Send + Sync {
    /// What it measures, but for who comes in. Blocks.
    fn measure(&self) -> Measures;
}

/// The plant to be read by a program.
pub trait Reader: Send + Sync {
    /// Every mold, and the alarms that stand.
    fn floor(&self) -> Result<FloorView, Refusal>;
}

impl Desk {
    /// The plant for a machine: here and nowhere else it is decided what a scope may do.
    #[must_use]
    pub fn admit_machine(&self, scope: Scope) -> Machine {
        let desk = Arc::new(MachinesDesk(self.clone()));
        match scope {
            Scope::Read => Machine::Reader(desk),
            Scope::Wall => Machine::Wall(desk),
            Scope::Metrics => Machine::Meter(desk),
        }
    }
}

struct MachinesDesk(Desk);

impl MachinesDesk {
    fn now(&self) -> FloorView {
        self.0.live.floor(self.0.clock.now())
    }
}

impl Reader for MachinesDesk {
    fn floor(&self) -> Result<FloorView, Refusal> {
        Ok(self.now())
    }
}

impl Wall for MachinesDesk {
    fn floor(&self) -> Result<FloorView, Refusal> {
        Ok(self.now())
    }
}

impl Meter for MachinesDesk {
    fn measure(&self) -> Measures {
        self.0.measures()
    }
}
