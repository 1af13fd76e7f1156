//! The monitor's side: what it asks of a bond, and the services it has.

use std::collections::{BTreeMap, BTreeSet};

use radio::v4::{Address, Uuid};

/// How a monitor pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// It has a label with six digits.
    Passkey(u32),
    /// It has neither keys nor a display.
    JustWorks,
    /// It knows no LE Secure Connections.
    Legacy,
}

/// A characteristic: its service, its UUID, what it can do.
#[derive(Debug, Clone)]
pub struct Characteristic {
    pub service: Uuid,
    pub uuid: Uuid,
    pub flags: &'static [&'static str],
}

/// A simulated monitor.
#[derive(Debug, Clone)]
pub struct Monitor {
    pub address: Address,
    pub pairing: Pairing,
    pub characteristics: Vec<Characteristic>,
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
    /// With our service and its characteristics, as `docs/protocol/open-v4.md` has them.
    pub fn new(address: Address, pairing: Pairing) -> Self {
        let ours = |n: u128| Uuid::new(0x3733_0000_1a25_41bb_8887_6544_a633_9737 + (n << 96));
        let of = |n, flags| Characteristic { service: ours(1), uuid: ours(n), flags };
        Monitor {
            address,
            pairing,
            characteristics: vec![
                of(2, &["read", "write"]),
                of(3, &["read", "notify"]),
                of(4, &["read", "write"]),
                of(5, &["write", "indicate"]),
                of(6, &["write"]),
                of(7, &["read", "write"]),
                of(8, &["write"]),
                Characteristic {
                    service: Uuid::from_u16(0x180F),
                    uuid: Uuid::from_u16(0x2A19),
                    flags: &["read", "notify"],
                },
            ],
            values: BTreeMap::new(),
            written: Vec::new(),
            bonds: BTreeSet::new(),
            refuses: None,
        }
    }
}
