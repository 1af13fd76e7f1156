//! Laws of the store.

mod audit;
pub(super) mod backends;
mod backup;
mod damage;
mod disk;
pub(super) mod format;
mod laws;
mod personal;
pub(super) mod plant;
mod power;
mod repair;
mod retire;
mod steady;

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

/// Takes a mold's head out of a store, which is then not in order.
pub(crate) fn hole(store: &Store, mold: domain::MoldId) -> Vec<u8> {
    let mut taken = Vec::new();
    let take = |txn: &redb::WriteTransaction| {
        let mut table = txn.open_table(super::tables::HEADS)?;
        taken = table.remove(mold.0)?.map(|row| row.value().to_vec()).unwrap();
        Ok(())
    };
    store.write(take).unwrap();
    taken
}

/// Puts it back.
pub(crate) fn mend(store: &Store, mold: domain::MoldId, head: Vec<u8>) {
    let put = |txn: &redb::WriteTransaction| {
        txn.open_table(super::tables::HEADS)?.insert(mold.0, head.as_slice())?;
        Ok(())
    };
    store.write(put).unwrap();
}
