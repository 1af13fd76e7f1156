//! Is this the stick, and the network, that the box has its records of?

use domain::{Eui64, PanId};

use super::facts::Facts;
use crate::event::Family;
use crate::v3::commands as at;
use crate::v3::frame::AssociationStatus;

/// What the box has recorded of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The stick's address.
    pub eui64: Eui64,
    /// Its network; `None` if none was formed yet.
    pub pan: Option<PanId>,
}

/// What a link is held against: the record, and what was seen since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub expected: Expected,
    /// Its traffic was seen encrypted.
    pub encrypted: bool,
}

impl Known {
    pub(super) fn recorded(expected: Expected) -> Self {
        Known { expected, encrypted: false }
    }

    pub(super) fn seen(facts: &Facts) -> Option<Self> {
        let expected = Expected { eui64: facts.eui64()?, pan: facts.pan() };
        Some(Known { expected, encrypted: facts.is_encrypted() })
    }

    /// What differs, for people; `None` if nothing does.
    pub(super) fn differs(&self, facts: &Facts) -> Option<String> {
        let Expected { eui64, pan } = self.expected;
        if let Some(found) = facts.eui64()
            && found != eui64
        {
            return Some(format!("another stick: {found} instead of {eui64}"));
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
        if self.encrypted && !facts.is_encrypted() {
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
        let known = Known::seen(&facts(1, 7, 1)).unwrap();
        assert_eq!(known.differs(&facts(1, 7, 1)), None);
        let mut with_id = facts(1, 7, 1);
        with_id.learn(at::ID, &7_u64.to_be_bytes());
        assert_eq!(known.differs(&with_id), None);
    }

    #[test]
    fn another_stick_network_preset_or_no_encryption_is_told() {
        let known = Known::seen(&facts(1, 7, 1)).unwrap();
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
}
