//! A monitor that says what it is told to and remembers what it was told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use radio::sim::bluetoothd::{Daemon, Pairing, Peer, State};
use radio::v4::{Address, Uuid};

/// The daemon with such monitors.
pub type Fake = Daemon<Monitor>;

/// A monitor.
#[derive(Debug, Clone)]
pub struct Monitor {
    address: Address,
    pairing: Pairing,
    /// What is read, by characteristic.
    pub values: BTreeMap<Uuid, Vec<u8>>,
    /// What was written, in order.
    pub written: Vec<(Uuid, Vec<u8>)>,
    /// The adapters, as `hci0`, whose key it holds.
    pub bonds: BTreeSet<String>,
    /// The ATT error it refuses each write with.
    pub refuses: Option<u8>,
}

impl Monitor {
    /// With our services.
    pub fn new(address: Address, pairing: Pairing) -> Self {
        let (values, written, bonds) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
        Monitor { address, pairing, values, written, bonds, refuses: None }
    }
}

impl Peer for Monitor {
    fn address(&self) -> Address {
        self.address
    }

    fn pairing(&self) -> Pairing {
        self.pairing
    }

    fn bonded(&mut self, adapter: &str, _: bool) {
        self.bonds.insert(adapter.to_owned());
    }

    fn holds_bond(&self, adapter: &str) -> bool {
        self.bonds.contains(adapter)
    }

    fn linked(&mut self, _: &str) {}

    fn unlinked(&mut self, _: &str) {}

    fn read(&mut self, characteristic: Uuid) -> Option<Vec<u8>> {
        self.values.get(&characteristic).cloned()
    }

    fn write(&mut self, characteristic: Uuid, bytes: Vec<u8>) -> Result<(), u8> {
        self.written.push((characteristic, bytes));
        self.refuses.map_or(Ok(()), Err)
    }

    fn listened(&mut self, _: Uuid) {}
}

/// Waits until the daemon's state is as wanted, and fails when it never is.
pub async fn comes_to(fake: &Fake, what: &str, holds: impl FnMut(&State<Monitor>) -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(20), fake.until(holds)).await;
    assert!(waited.is_ok(), "the daemon never came to this: {what}");
}
