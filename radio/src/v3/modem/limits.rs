//! What a stick and the air can take.

use std::collections::HashMap;
use std::time::Duration;

use domain::Eui64;

use super::{Moment, Registration};
use crate::event::{CommandRefused, Family};

/// Every router repeats a broadcast three times and remembers eight of them for 8 s each: one a second is all that
/// the whole network takes (Digi, "Broadcast transmissions").
const BROADCAST_EVERY: Duration = Duration::from_secs(1);
/// Devices that wait in the trust centre's table (XBee SE manual p. 26).
const MOST_REGISTRATIONS: usize = 10;
/// A registered device leaves the table after KT, 12C seconds unless set.
const REGISTRATION_LASTS: Duration = Duration::from_secs(0x12C);

/// See the module.
#[derive(Debug)]
pub struct Limits {
    unicast: usize,
    broadcast: usize,
    last_broadcast: Option<Moment>,
    registered: HashMap<Eui64, Moment>,
}

impl Default for Limits {
    /// The tightest: ZigBee with encryption.
    fn default() -> Self {
        let mut limits =
            Limits { unicast: 0, broadcast: 0, last_broadcast: None, registered: HashMap::new() };
        limits.adapt(Family::Zigbee, true, None);
        limits
    }
}

impl Limits {
    /// Payload limits of a family. ZigBee fits 84 bytes in a packet and 92 in a broadcast, 18 fewer with encryption;
    /// more would be fragmented (Digi 90001539, "Maximum RF payload size"). DigiMesh takes what the stick says (NP).
    pub fn adapt(&mut self, family: Family, encrypted: bool, np: Option<u16>) {
        (self.unicast, self.broadcast) = match (family, encrypted) {
            (Family::Zigbee, true) => (66, 74),
            (Family::Zigbee, false) => (84, 92),
            (Family::DigiMesh, _) => {
                let most = np.filter(|np| *np > 0).map_or(0x48, usize::from).min(256);
                (most, most)
            }
            (Family::Transparent, _) => (256, 256),
        };
    }

    pub(super) fn check_payload(&self, dest: Eui64, length: usize) -> Result<(), CommandRefused> {
        let limit = if dest == Eui64::BROADCAST { self.broadcast } else { self.unicast };
        if length > limit { Err(CommandRefused::TooLong { length, limit }) } else { Ok(()) }
    }

    pub(super) fn next_broadcast(&self) -> Option<Moment> {
        self.last_broadcast.map(|at| at + BROADCAST_EVERY)
    }

    pub(super) fn may_broadcast(&self, now: Moment) -> bool {
        self.next_broadcast().is_none_or(|at| at <= now)
    }

    pub(super) fn broadcast_sent(&mut self, now: Moment) {
        self.last_broadcast = Some(now);
    }

    /// Room for one more device, or for one that is there already. Removing is always possible.
    pub(super) fn admit_registration(
        &mut self,
        now: Moment,
        registration: &Registration,
    ) -> Result<(), CommandRefused> {
        let Registration { device, key, .. } = registration;
        if key.is_empty() {
            self.registered.remove(device);
            return Ok(());
        }
        if key.iter().all(|byte| *byte == 0) {
            return Err(CommandRefused::Limit("a key of zeros protects nothing".to_owned()));
        }
        self.registered.retain(|_, until| *until > now);
        if self.registered.len() >= MOST_REGISTRATIONS && !self.registered.contains_key(device) {
            return Err(CommandRefused::Limit(format!(
                "{MOST_REGISTRATIONS} devices already wait to join; the stick has no room for more"
            )));
        }
        self.registered.insert(*device, now + REGISTRATION_LASTS);
        Ok(())
    }

    pub(super) fn forget_registrations(&mut self) {
        self.registered.clear();
    }

    /// The device joined, or was not admitted.
    pub(super) fn registration_over(&mut self, device: Eui64) {
        if !self.registered.is_empty() {
            self.registered.remove(&device);
        }
    }
}
