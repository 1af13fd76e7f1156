//! A monitor as the daemon reaches it: what it asks of a bond, and the services it has.

use crate::v4::{Address, Uuid};

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
#[derive(Debug, Clone, Copy)]
pub struct Characteristic {
    /// Its service.
    pub service: Uuid,
    /// Itself.
    pub uuid: Uuid,
    /// As BlueZ calls what it can do.
    pub flags: &'static [&'static str],
}

const fn ours(n: u128) -> Uuid {
    Uuid::new(0x3733_0000_1a25_41bb_8887_6544_a633_9737 + (n << 96))
}

const fn of(n: u128, flags: &'static [&'static str]) -> Characteristic {
    Characteristic { service: ours(1), uuid: ours(n), flags }
}

/// Our service and its characteristics, as `docs/protocol/open-v4.md` has them, and the battery's level.
pub const SERVICES: [Characteristic; 9] = [
    of(2, &["read", "write"]),
    of(3, &["read", "notify"]),
    of(4, &["read", "write"]),
    of(5, &["write", "indicate"]),
    of(6, &["write"]),
    of(7, &["read", "write"]),
    of(8, &["write"]),
    of(9, &["write", "notify"]),
    Characteristic {
        service: Uuid::from_u16(0x180F),
        uuid: Uuid::from_u16(0x2A19),
        flags: &["read", "notify"],
    },
];

/// A monitor.
pub trait Peer: Send + 'static {
    /// Where it is reached.
    fn address(&self) -> Address;
    /// How it pairs.
    fn pairing(&self) -> Pairing;
    /// What it has.
    fn characteristics(&self) -> Vec<Characteristic> {
        SERVICES.to_vec()
    }
    /// It has the key of a bond with an adapter, `hci0`.
    fn bonded(&mut self, adapter: &str, by_passkey: bool);
    /// Whether it has one.
    fn holds_bond(&self, adapter: &str) -> bool;
    /// A link is there.
    fn linked(&mut self, adapter: &str);
    /// It is gone.
    fn unlinked(&mut self, adapter: &str);
    /// What is read; none where nothing can be.
    fn read(&mut self, characteristic: Uuid) -> Option<Vec<u8>>;
    /// Takes what is written.
    ///
    /// # Errors
    /// With an error of ATT.
    fn write(&mut self, characteristic: Uuid, bytes: Vec<u8>) -> Result<(), u8>;
    /// Somebody listens.
    fn listened(&mut self, characteristic: Uuid);
}
