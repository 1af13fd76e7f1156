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
    raw: bool,
}

impl Facts {
    /// A line on which nobody can be asked: it only passes bytes.
    #[must_use]
    pub fn of_raw_line() -> Self {
        Facts { raw: true, ..Facts::default() }
    }

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
        if self.raw {
            return Some(Family::Transparent);
        }
        family_of(self.u16(at::HV)?, self.firmware())
    }

    /// Why there is no family, for people.
    #[must_use]
    pub fn without_family(&self) -> String {
        match self.u16(at::HV) {
            Some(hardware) => format!(
                "hardware {hardware:04X} with firmware {:04X} (802.15.4) is not supported: it needs DigiMesh firmware",
                self.firmware()
            ),
            None => "the stick does not tell what it is".to_owned(),
        }
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

    /// Somebody set a network up on purpose, whether the stick stands well to it at this moment or not: forming anew
    /// would lose its modules. A ZigBee stick as the factory sends it forms an open network of a random id by itself;
    /// that one is nobody's.
    #[must_use]
    pub fn is_commissioned(&self) -> bool {
        let has_id_but = |factory| self.number(at::ID).is_some_and(|id| id != factory);
        match self.family() {
            Some(Family::Zigbee) => self.number(at::EE).is_some_and(|ee| ee != 0) || has_id_but(0),
            Some(Family::DigiMesh) => self.is_encrypted() || has_id_but(DIGIMESH_FACTORY_ID),
            Some(Family::Transparent) => true,
            None => false,
        }
    }

    /// It is commissioned, and its network stands.
    #[must_use]
    pub fn is_live(&self) -> bool {
        let stands = self.association() == AssociationStatus::Joined && self.pan().is_some();
        self.is_commissioned() && (stands || self.family() != Some(Family::Zigbee))
    }

    /// A ZigBee stick that says of everything that it is as the factory sent it. What it does not tell may be anything.
    #[must_use]
    pub fn is_as_the_factory_sent_it(&self) -> bool {
        let looks_for_any_network = matches!(
            self.association(),
            AssociationStatus::Joined
                | AssociationStatus::Scanning
                | AssociationStatus::NoPans
                | AssociationStatus::JoinWindowExpired
                | AssociationStatus::NoJoinableBeacons
        );
        self.family() == Some(Family::Zigbee)
            && self.number(at::EE) == Some(0)
            && self.number(at::ID) == Some(0)
            && looks_for_any_network
    }

    /// How the stick stands to its network (AI), when not well.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let association = self.association();
        (association != AssociationStatus::Joined).then(|| association.to_string())
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
        Some(NetworkReport {
            family: self.family()?,
            eui64: self.eui64()?,
            firmware: self.firmware(),
            hardware: self.u16(at::HV)?,
            pan: self.pan(),
            channel: self.number(at::CH).and_then(|channel| u8::try_from(channel).ok()).filter(|c| *c != 0),
            encrypted: self.is_encrypted(),
            trouble: self.trouble(),
            join_open_until: None,
        })
    }
}

/// The rule of digi-xbee 1.5.0 (`models/protocol.py`, determine_protocol): the high byte of HV is the kind of
/// hardware, the first digit of VR what it was programmed to be. 802.15.4 firmware frames and addresses like
/// DigiMesh and has no joining either; only on the oldest hardware (S1) it has frames of its own, 80 to 83, for what
/// it hears, so that it would come up and never be heard: it is of no family.
#[must_use]
pub fn family_of(hardware: u16, firmware: u16) -> Option<Family> {
    let kind = hardware >> 8;
    let role = firmware >> 12;
    Some(match (kind, role) {
        (0x17 | 0x18, 0x8) => Family::DigiMesh,
        (0x17 | 0x18, _) => return None,
        (0x1C, _) => Family::Transparent,
        (0x23, 0x8 | 0x1) => Family::DigiMesh,
        (0x23, _) => Family::Transparent,
        (0x1B | 0x26 | 0x31 | 0x3E | 0x50 | 0x5A, _) => Family::DigiMesh,
        (0x21 | 0x22 | 0x2D | 0x2E | 0x30, 0x2 | 0x9) => Family::DigiMesh,
        (0x41..=0x43, 0x2 | 0x3) => Family::DigiMesh,
        _ => Family::Zigbee,
    })
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
            (0x1744, 0x8073, Family::DigiMesh),
        ];
        for (hardware, firmware, family) in rows {
            assert_eq!(family_of(hardware, firmware), Some(family), "{hardware:04X} {firmware:04X}");
        }
        assert_eq!((family_of(0x1744, 0x10EF), family_of(0x1842, 0x10EC)), (None, None));
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
        let searching = zigbee(&[(at::AI, &[0x21]), (at::OP, &[0; 8]), (at::EE, &[1])]);
        assert!(!searching.is_live() && searching.is_commissioned());
    }

    #[test]
    fn a_stick_is_as_the_factory_sent_it_only_if_it_says_so_of_everything() {
        let factory: [(AtName, &[u8]); 3] = [(at::AI, &[0xFF]), (at::EE, &[0]), (at::ID, &[0; 8])];
        assert!(zigbee(&factory).is_as_the_factory_sent_it());
        let others: [(AtName, &[u8]); 4] =
            [(at::AI, &[0x22]), (at::AI, &[0x2A]), (at::EE, &[1]), (at::ID, &[9])];
        for (name, value) in others {
            let mut facts = zigbee(&factory);
            facts.learn(name, value);
            assert!(!facts.is_as_the_factory_sent_it(), "{name} {value:?}");
        }
        for (silent, _) in factory.iter().skip(1) {
            let mut facts = zigbee(&factory);
            facts.unlearn(*silent);
            assert!(!facts.is_as_the_factory_sent_it(), "{silent}");
        }
    }

    #[test]
    fn odd_answers_are_no_facts() {
        let facts = zigbee(&[(at::OP, &[]), (at::SH, &[9; 9]), (at::CH, &[1, 2])]);
        assert_eq!((facts.pan(), facts.eui64()), (None, None));
        assert_eq!(facts.report(), None);
    }
}
