//! What a stick told about itself.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{Eui64, PanId};

use crate::event::{Family, NetworkReport};
use crate::v3::commands as at;
use crate::v3::frame::{AssociationStatus, AtName};

/// A DigiMesh network id as the factory sets it.
const DIGIMESH_FACTORY_ID: u64 = 0x7FFF;

/// The answers to the questions asked so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    answers: BTreeMap<AtName, Vec<u8>>,
}

impl Facts {
    /// Takes an answer in.
    pub fn learn(&mut self, name: AtName, value: &[u8]) {
        self.answers.insert(name, value.to_vec());
    }

    /// The stick does not know this command.
    pub fn unlearn(&mut self, name: AtName) {
        self.answers.remove(&name);
    }

    /// An answer as a number; `None` if it was not given or is none.
    #[must_use]
    pub fn number(&self, name: AtName) -> Option<u64> {
        let value = self.answers.get(&name).filter(|value| (1..=8).contains(&value.len()))?;
        Some(value.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn u16(&self, name: AtName) -> Option<u16> {
        self.number(name).and_then(|number| u16::try_from(number).ok())
    }

    /// The stick's own address, SH and SL.
    #[must_use]
    pub fn eui64(&self) -> Option<Eui64> {
        let (high, low) = (self.number(at::SH)?, self.number(at::SL)?);
        Some(Eui64::from_be_bytes((high << 32 | low & 0xFFFF_FFFF).to_be_bytes()))
    }

    /// The family, told from hardware and firmware.
    #[must_use]
    pub fn family(&self) -> Option<Family> {
        Some(family_of(self.u16(at::HV)?, self.firmware()))
    }

    /// VR; longer answers carry the build before the version in 16 bits.
    fn firmware(&self) -> u16 {
        self.number(at::VR).map_or(0, |version| (version & 0xFFFF) as u16)
    }

    /// How the stick stands to its network; families without AI stand well.
    #[must_use]
    pub fn association(&self) -> AssociationStatus {
        match self.number(at::AI) {
            Some(code) => u8::try_from(code).map_or(AssociationStatus::Scanning, AssociationStatus::from),
            None => AssociationStatus::Joined,
        }
    }

    /// Traffic is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.number(at::EE) == Some(1)
    }

    /// The network's id.
    #[must_use]
    pub fn pan(&self) -> Option<PanId> {
        match self.family()? {
            Family::Zigbee => self.number(at::OP).filter(|id| *id != 0).map(PanId),
            Family::DigiMesh => self.number(at::ID).map(PanId),
            Family::Transparent => None,
        }
    }

    /// There is a network that somebody made on purpose: forming anew would lose its modules. A ZigBee stick as the
    /// factory sends it forms an open network of a random id by itself; that one is nobody's.
    #[must_use]
    pub fn is_live(&self) -> bool {
        match self.family() {
            Some(Family::Zigbee) => {
                self.association() == AssociationStatus::Joined
                    && self.pan().is_some()
                    && (self.is_encrypted() || self.number(at::ID).is_some_and(|id| id != 0))
            }
            Some(Family::DigiMesh) => {
                self.is_encrypted() || self.number(at::ID).is_some_and(|id| id != DIGIMESH_FACTORY_ID)
            }
            Some(Family::Transparent) => true,
            None => false,
        }
    }

    /// How long nodes may take to answer a discovery, with a second for the last of them.
    #[must_use]
    pub fn discovery_window(&self) -> Duration {
        let told = self.number(at::N_).map(Duration::from_millis);
        let set = self.number(at::NT).map(|tenths| Duration::from_millis(tenths.saturating_mul(100)));
        let window = told.max(set).unwrap_or(Duration::from_secs(12));
        window.clamp(Duration::from_secs(3), Duration::from_secs(120)) + Duration::from_secs(1)
    }

    /// Most payload bytes (NP).
    #[must_use]
    pub fn most_payload(&self) -> Option<u16> {
        self.u16(at::NP)
    }

    /// For the box; `None` until the stick told enough.
    #[must_use]
    pub fn report(&self) -> Option<NetworkReport> {
        let association = self.association();
        Some(NetworkReport {
            family: self.family()?,
            eui64: self.eui64()?,
            firmware: self.firmware(),
            hardware: self.u16(at::HV)?,
            pan: self.pan(),
            channel: self.number(at::CH).and_then(|channel| u8::try_from(channel).ok()).filter(|c| *c != 0),
            encrypted: self.is_encrypted(),
            trouble: (association != AssociationStatus::Joined).then(|| association.to_string()),
            join_open_until: None,
        })
    }
}

/// The rule of digi-xbee 1.5.0 (`models/protocol.py`, determine_protocol): the high byte of HV is the kind of
/// hardware, the first digit of VR what it was programmed to be. 802.15.4 firmware frames and addresses like
/// DigiMesh and has no joining either.
#[must_use]
pub fn family_of(hardware: u16, firmware: u16) -> Family {
    let kind = hardware >> 8;
    let role = firmware >> 12;
    match (kind, role) {
        (0x1C, _) => Family::Transparent,
        (0x23, 0x8 | 0x1) => Family::DigiMesh,
        (0x23, _) => Family::Transparent,
        (0x17 | 0x18 | 0x1B | 0x26 | 0x31 | 0x3E | 0x50 | 0x5A, _) => Family::DigiMesh,
        (0x21 | 0x22 | 0x2D | 0x2E | 0x30, 0x2 | 0x9) => Family::DigiMesh,
        (0x41..=0x43, 0x2 | 0x3) => Family::DigiMesh,
        _ => Family::Zigbee,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_is_told_from_hardware_and_firmware() {
        let rows = [
            (0x1941, 0x21A7, Family::Zigbee),
            (0x1E42, 0x21A7, Family::Zigbee),
            (0x2141, 0x4060, Family::Zigbee),
            (0x2141, 0x9002, Family::DigiMesh),
            (0x2E41, 0x2003, Family::DigiMesh),
            (0x4141, 0x100D, Family::Zigbee),
            (0x4241, 0x300B, Family::DigiMesh),
            (0x2341, 0x8074, Family::DigiMesh),
            (0x2341, 0x1061, Family::DigiMesh),
            (0x2341, 0x2410, Family::Transparent),
            (0x1C41, 0x8074, Family::Transparent),
            (0x3141, 0x8062, Family::DigiMesh),
        ];
        for (hardware, firmware, family) in rows {
            assert_eq!(family_of(hardware, firmware), family, "{hardware:04X} {firmware:04X}");
        }
    }

    fn zigbee(answers: &[(AtName, &[u8])]) -> Facts {
        let mut facts = Facts::default();
        facts.learn(at::HV, &[0x41, 0x41]);
        facts.learn(at::VR, &[0x10, 0x0D]);
        answers.iter().for_each(|(name, value)| facts.learn(*name, value));
        facts
    }

    #[test]
    fn a_network_the_factory_set_formed_by_itself_is_not_live() {
        let op = [1, 2, 3, 4, 5, 6, 7, 8];
        let factory = zigbee(&[(at::AI, &[0]), (at::OP, &op), (at::EE, &[0]), (at::ID, &[0; 8])]);
        assert!(!factory.is_live());
        assert!(zigbee(&[(at::AI, &[0]), (at::OP, &op), (at::EE, &[1]), (at::ID, &[0; 8])]).is_live());
        assert!(zigbee(&[(at::AI, &[0]), (at::OP, &op), (at::EE, &[0]), (at::ID, &op)]).is_live());
        assert!(!zigbee(&[(at::AI, &[0x21]), (at::OP, &[0; 8]), (at::EE, &[1])]).is_live());
    }

    #[test]
    fn odd_answers_are_no_facts() {
        let facts = zigbee(&[(at::OP, &[]), (at::SH, &[9; 9]), (at::CH, &[1, 2])]);
        assert_eq!((facts.pan(), facts.eui64()), (None, None));
        assert_eq!(facts.report(), None);
    }
}
