//! Laws of the store.

pub(super) mod backends;
mod damage;
mod disk;
mod format;
mod laws;
pub(super) mod plant;
mod power;
mod repair;

use backends::{FakeDisk, Mood};

use super::Store;

/// A store whose disk is full when told so, for the rooms that live with one.
pub(crate) struct Filling {
    pub(crate) store: Store,
    disk: FakeDisk,
}

impl Filling {
    pub(crate) fn fill(&self, full: bool) {
        self.disk.set(if full { Mood::Full } else { Mood::Works });
    }
}

pub(crate) fn filling() -> Filling {
    let disk = FakeDisk::new();
    let same = disk.clone();
    let open = move |part, purpose| same.open(part, purpose);
    Filling { store: Store::with_backend(open, &plant::key(), plant::SMALL).unwrap(), disk }
}
