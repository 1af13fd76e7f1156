//! The ways to the radios.

use std::collections::HashMap;

use domain::LinkName;
use radio::command::RadioCommand;
use tokio::sync::mpsc;

/// The way to each link: a stick has one of its own, everything of Bluetooth has one together.
#[derive(Debug, Default)]
pub struct RadioLinks {
    sticks: HashMap<LinkName, mpsc::Sender<RadioCommand>>,
    bluetooth: Option<mpsc::Sender<RadioCommand>>,
}

impl RadioLinks {
    /// With the way to Bluetooth, if the box has any.
    #[must_use]
    pub fn new(bluetooth: Option<mpsc::Sender<RadioCommand>>) -> Self {
        RadioLinks { sticks: HashMap::new(), bluetooth }
    }

    /// A stick, and the way to it.
    pub fn insert(&mut self, stick: LinkName, way: mpsc::Sender<RadioCommand>) {
        self.sticks.insert(stick, way);
    }

    /// The way to a link.
    pub(super) fn to(&self, link: &LinkName) -> Option<&mpsc::Sender<RadioCommand>> {
        if link.is_bluetooth() { self.bluetooth.as_ref() } else { self.sticks.get(link) }
    }

    /// Whether there is such a link. Which adapters Bluetooth has is not known here.
    pub(super) fn has(&self, link: &LinkName) -> bool {
        self.to(link).is_some()
    }
}
