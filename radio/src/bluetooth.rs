//! What the box and its Bluetooth side say to each other beyond cycles: enrolment, bonds, and how the air is.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use domain::{BluetoothAddress, Initialisation, LinkName, MonitorSerial, Timestamp};
pub use domain::{Standing, Strength};
use secrecy::{ExposeSecret, SecretBox};

/// The six digits on a monitor's label, on their way to it. Neither shown nor written out; wiped when dropped.
pub struct Passkey(SecretBox<u32>);

impl Passkey {
    /// The number, for the one place that answers whoever asks for it.
    #[must_use]
    pub fn expose(&self) -> u32 {
        *self.0.expose_secret()
    }
}

impl From<&domain::Passkey> for Passkey {
    fn from(passkey: &domain::Passkey) -> Self {
        Passkey(SecretBox::new(Box::new(passkey.expose())))
    }
}

impl fmt::Debug for Passkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passkey")
    }
}

/// One monitor is to become one of the box's.
#[derive(Debug)]
pub struct Enrolment {
    /// Which.
    pub serial: MonitorSerial,
    /// What its label says; none if an administrator allowed bonding without one, for this window alone.
    pub passkey: Option<Passkey>,
    /// The window closes by itself after so long.
    pub window: Duration,
    /// What the monitor is to count for, where it is not to stay with what it was initialised for.
    pub record: Option<Initialisation>,
}

/// A monitor's bonds and the key of its adverts. Kept sealed by the box.
#[derive(Debug)]
pub struct Bonded {
    /// Which.
    pub serial: MonitorSerial,
    /// Its address and the adapters that hold a bond with it, each with how well that keeps others out.
    pub ways: Vec<(LinkName, [u8; 6], Strength)>,
    /// Its name in its adverts.
    pub id: u32,
    /// What they are sealed with.
    pub key: SecretBox<[u8; 16]>,
}

/// A sensor that counts for a mold: what the radio is to know of it.
#[derive(Debug)]
pub struct SensorInUse {
    /// Which.
    pub address: BluetoothAddress,
    /// What its adverts are sealed with; none where they are open.
    pub key: Option<SecretBox<[u8; 16]>>,
    /// The highest counter of its seal that was opened; none where nothing is known.
    pub counter: Option<u32>,
}

/// An adapter as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterReport {
    /// Its name: `ble-` and its address.
    pub name: LinkName,
    /// Links that it has.
    pub links: usize,
    /// Links that it can have at once.
    pub slots: usize,
}

/// A monitor in the air as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct OnAir {
    /// Which.
    pub serial: MonitorSerial,
    /// What is going on.
    pub standing: Standing,
    /// Adapters that hold a bond with it, and how well each keeps others out.
    pub bonds: BTreeMap<LinkName, Strength>,
    /// The adapter that links go by, and why that one.
    pub by: Option<(LinkName, String)>,
    /// How strong it is heard there, or by the best adapter where there is none, dBm, smoothed.
    pub rssi_dbm: Option<i16>,
    /// It says to anyone that it lost its bond.
    pub says_lost: bool,
    /// It has no label with a passkey.
    pub no_passkey: bool,
    /// When it was last heard.
    pub heard: Timestamp,
    /// The enrolment window that is open for it ends then.
    pub window_until: Option<Timestamp>,
    /// Why it was not enrolled when a person last wanted that.
    pub refused: Option<String>,
}

/// The air as it is; told when it changed, once a second at most.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AirReport {
    /// By name.
    pub adapters: Vec<AdapterReport>,
    /// By serial.
    pub monitors: Vec<OnAir>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_prints_a_passkey_or_a_key() {
        let passkey = Passkey::from(&"736251".parse().unwrap());
        let bonded = Bonded {
            serial: MonitorSerial::v4(1),
            ways: Vec::new(),
            id: 2,
            key: SecretBox::new(Box::new([0x73; 16])),
        };
        let printed = format!("{passkey:?} {bonded:?}");
        assert!(
            !printed.contains("736251") && !printed.contains("115") && !printed.contains("73"),
            "{printed}"
        );
    }
}
