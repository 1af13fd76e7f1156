//! Is this the stick, and the network, that the box has its records of?

use domain::{Eui64, PanId};

use super::facts::Facts;
use crate::event::Family;
use crate::v3::commands as at;
use crate::v3::frame::AssociationStatus;

/// What a link is held against: what the box has recorded, and what was seen since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The stick's address.
    pub eui64: Eui64,
    /// Its network; `None` if nobody set one up yet.
    pub pan: Option<PanId>,
    /// Its traffic is encrypted: it was seen so, or the box formed the network and keeps its key.
    pub encrypted: bool,
}

impl Expected {
    /// A stick without a network.
    pub(super) fn bare(eui64: Eui64) -> Self {
        Expected { eui64, pan: None, encrypted: false }
    }

    /// An open network that the factory's settings formed is nobody's: it is not held against the stick.
    pub(super) fn seen(facts: &Facts) -> Option<Self> {
        let pan = facts.pan().filter(|_| facts.is_commissioned());
        Some(Expected { eui64: facts.eui64()?, pan, encrypted: facts.is_encrypted() })
    }

    /// What differs, for people; `None` if nothing does.
    pub(super) fn differs(&self, facts: &Facts) -> Option<String> {
        let Expected { eui64, pan, encrypted } = *self;
        match facts.eui64() {
            Some(found) if found == eui64 => {}
            Some(found) => return Some(format!("another stick: {found} instead of {eui64}")),
            None => return Some(format!("it does not tell its address, {eui64} is expected")),
        }
        if let Some(pan) = pan {
            match facts.pan() {
                Some(found) if found == pan => {}
                Some(found) => return Some(format!("another network: {found} instead of {pan}")),
                None => return Some(format!("network {pan} is gone: {}", facts.association())),
            }
            // A preset id that is not the network's takes effect with the next reset.
            if facts.family() == Some(Family::Zigbee)
                && let Some(id) = facts.number(at::ID).filter(|id| *id != 0 && *id != pan.0)
            {
                return Some(format!("set to another network: {} instead of {pan}", PanId(id)));
            }
            if facts.association() == AssociationStatus::StartFailed {
                return Some(format!("network {pan} could not be started"));
            }
        }
        if encrypted && !facts.is_encrypted() {
            return Some("encryption was switched off".to_owned());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(low: u32, op: u64, ee: u8) -> Facts {
        let mut facts = Facts::default();
        facts.learn(at::HV, &[0x41, 0x41]);
        facts.learn(at::VR, &[0x10, 0x0D]);
        facts.learn(at::SH, &0x0013_A200_u32.to_be_bytes());
        facts.learn(at::SL, &low.to_be_bytes());
        facts.learn(at::OP, &op.to_be_bytes());
        facts.learn(at::EE, &[ee]);
        facts.learn(at::AI, &[0]);
        facts
    }

    #[test]
    fn the_same_stick_in_the_same_network_differs_in_nothing() {
        let known = Expected::seen(&facts(1, 7, 1)).unwrap();
        assert_eq!(known.differs(&facts(1, 7, 1)), None);
        let mut with_id = facts(1, 7, 1);
        with_id.learn(at::ID, &7_u64.to_be_bytes());
        assert_eq!(known.differs(&with_id), None);
    }

    #[test]
    fn another_stick_network_preset_or_no_encryption_is_told() {
        let known = Expected::seen(&facts(1, 7, 1)).unwrap();
        let mut preset = facts(1, 7, 1);
        preset.learn(at::ID, &[9]);
        for (other, words) in [
            (facts(2, 7, 1), "another stick"),
            (facts(1, 8, 1), "another network"),
            (facts(1, 0, 1), "is gone"),
            (facts(1, 7, 0), "encryption"),
            (preset, "set to another network"),
        ] {
            let reason = known.differs(&other).unwrap();
            assert!(reason.contains(words), "{reason}");
        }
    }

    #[test]
    fn a_recorded_stick_that_does_not_tell_its_address_is_not_taken_for_it() {
        let known = Expected::seen(&facts(1, 7, 1)).unwrap();
        let mut nameless = facts(1, 7, 1);
        nameless.unlearn(at::SL);
        let reason = known.differs(&nameless).unwrap();
        assert!(reason.contains("does not tell its address"), "{reason}");
    }

    #[test]
    fn an_open_network_of_the_factorys_settings_is_nobodys_and_may_change() {
        let known = Expected::seen(&facts(1, 7, 0)).unwrap();
        assert_eq!(known, Expected::bare(known.eui64));
        assert_eq!(known.differs(&facts(1, 8, 0)), None);
    }
}
