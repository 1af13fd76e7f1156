//! What a stick remembers: every AT register with its width, limits and default, as a table.
//!
//! Sources: Digi XBee 3 Zigbee user guide 90001539, 900HP guide 90002173; widths as zigpy-xbee 0.22.0 reads them.

use std::collections::BTreeMap;

use crate::event::Family;
use crate::v3::frame::{AtName, AtStatus};

/// Who may do what with a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Asked and set.
    ReadWrite,
    /// Asked only.
    ReadOnly,
}

/// A number kept by the stick.
#[derive(Debug)]
pub(super) struct Register {
    pub name: &'static str,
    pub access: Access,
    pub bytes: usize,
    pub least: u64,
    pub most: u64,
    pub default: u64,
}

const fn rw(name: &'static str, bytes: usize, least: u64, most: u64, default: u64) -> Register {
    Register { name, access: Access::ReadWrite, bytes, least, most, default }
}

const fn ro(name: &'static str, bytes: usize, default: u64) -> Register {
    Register { name, access: Access::ReadOnly, bytes, least: 0, most: u64::MAX, default }
}

const U8: u64 = u8::MAX as u64;
const U16: u64 = u16::MAX as u64;
const U32: u64 = u32::MAX as u64;

/// Serial port, command mode and inputs: the same in all families that have an API.
const COMMON: &[Register] = &[
    rw("DH", 4, 0, U32, 0),
    rw("DL", 4, 0, U32, 0),
    rw("SE", 1, 0, U8, 0xE8),
    rw("DE", 1, 0, U8, 0xE8),
    rw("CI", 2, 0, U16, 0x11),
    rw("DD", 4, 0, U32, 0x000A_0000),
    rw("NO", 1, 0, 7, 0),
    rw("AP", 1, 0, 2, 0),
    rw("AO", 1, 0, 3, 0),
    rw("BD", 4, 0, 0x000E_1000, 3),
    rw("NB", 1, 0, 4, 0),
    rw("SB", 1, 0, 1, 0),
    rw("RO", 1, 0, U8, 3),
    rw("FT", 2, 0, U16, 0x181),
    rw("GT", 2, 1, 0xCE4, 1_000),
    rw("CC", 1, 0, U8, 0x2B),
    rw("CT", 2, 2, 0x1770, 100),
    rw("D0", 1, 0, 5, 1),
    rw("D1", 1, 0, 5, 0),
    rw("D2", 1, 0, 5, 0),
    rw("D3", 1, 0, 5, 0),
    rw("D4", 1, 0, 5, 0),
    rw("D5", 1, 0, 5, 1),
    rw("D6", 1, 0, 5, 0),
    rw("D7", 1, 0, 7, 1),
    rw("D8", 1, 0, 5, 1),
    rw("D9", 1, 0, 5, 1),
    rw("P0", 1, 0, 5, 1),
    rw("P1", 1, 0, 5, 0),
    rw("P2", 1, 0, 5, 0),
    rw("P3", 1, 0, 5, 1),
    rw("P4", 1, 0, 5, 1),
    rw("PR", 2, 0, U16, 0x1FFF),
    rw("IR", 2, 0, U16, 0),
    rw("IC", 2, 0, U16, 0),
    rw("LT", 1, 0, U8, 0),
    rw("RP", 1, 0, U8, 0x28),
    rw("SM", 1, 0, 8, 0),
    rw("SO", 1, 0, U8, 0),
    rw("ST", 2, 1, U16, 0x1388),
    rw("WH", 2, 0, U16, 0),
    ro("DB", 1, 0x2C),
    ro("%V", 2, 0x0CE4),
    ro("TP", 2, 0x1E),
];

const ZIGBEE: &[Register] = &[
    rw("ID", 8, 0, u64::MAX, 0),
    rw("SC", 2, 1, U16, 0x7FFF),
    rw("SD", 1, 0, 7, 3),
    rw("ZS", 1, 0, 2, 0),
    rw("CE", 1, 0, 1, 1),
    rw("EE", 1, 0, 1, 0),
    rw("EO", 1, 0, U8, 0),
    rw("NJ", 1, 0, U8, 0xFE),
    rw("NW", 2, 0, 0x64FF, 0),
    rw("JV", 1, 0, 1, 0),
    rw("JN", 1, 0, 1, 0),
    rw("DJ", 1, 0, 1, 0),
    rw("DO", 1, 0, U8, 0),
    rw("DC", 4, 0, U32, 0),
    rw("KT", 2, 0x1E, U16, 0xFFFF),
    rw("II", 2, 0, U16, 0xFFFF),
    rw("NT", 1, 0x20, U8, 0x3C),
    rw("NH", 1, 0, U8, 0x1E),
    rw("BH", 1, 0, 0x1E, 0),
    rw("TO", 1, 0, U8, 0),
    rw("CR", 1, 0, 0x3F, 3),
    rw("AR", 1, 0, U8, U8),
    rw("SP", 2, 0x20, 0xAF0, 0x20),
    rw("SN", 2, 1, U16, 1),
    rw("PO", 2, 0, 0x3E8, 0),
    rw("PL", 1, 0, 4, 4),
    rw("PM", 1, 0, 1, 1),
    rw("V+", 2, 0, U16, 0),
    rw("C8", 1, 0, U8, 0),
    ro("NP", 2, 0xFF),
    ro("NC", 1, 0x14),
    ro("MP", 2, 0xFFFE),
    ro("PP", 1, 8),
];

const DIGIMESH: &[Register] = &[
    rw("ID", 2, 0, 0x7FFF, 0x7FFF),
    rw("CM", 8, 1, 0x00FF_FFFF_FFFF_FFFF, 0x00FF_FFFF_FFFF_F7FF),
    rw("HP", 1, 0, 9, 0),
    rw("MT", 1, 0, 15, 3),
    rw("PL", 1, 0, 4, 4),
    rw("RR", 1, 0, 15, 10),
    rw("CE", 1, 0, 2, 0),
    rw("NH", 1, 1, 0x20, 7),
    rw("BH", 1, 0, 0x20, 0),
    rw("NN", 1, 0, 5, 3),
    rw("NT", 2, 0x20, 0x2EE0, 0x82),
    rw("TO", 1, 0, U8, 0xC0),
    rw("EE", 1, 0, 1, 0),
    rw("BR", 1, 0, 1, 1),
    rw("SP", 2, 1, U16, 0xC8),
    rw("SN", 2, 1, U16, 1),
    rw("C8", 1, 0, U8, 0),
    ro("MF", 1, 25),
    ro("NP", 2, 0x100),
];

/// A modem that only passes bytes: command mode and little more.
const TRANSPARENT: &[Register] = &[
    rw("ID", 2, 0x11, 0x7FFF, 0x3332),
    rw("HP", 1, 0, 6, 0),
    rw("MT", 1, 0, U8, 0),
    rw("BD", 4, 0, 0x000E_1000, 3),
    rw("NB", 1, 0, 5, 0),
    rw("RO", 2, 0, U16, 3),
    rw("GT", 2, 2, 0xCE4, 1_000),
    rw("CC", 1, 0x20, 0x7F, 0x2B),
    rw("CT", 2, 2, 0x1770, 100),
    rw("PL", 1, 0, 4, 4),
    rw("SM", 1, 0, 8, 0),
    ro("DB", 1, 0x2C),
];

fn tables(family: Family) -> &'static [&'static [Register]] {
    match family {
        Family::Zigbee => &[COMMON, ZIGBEE],
        Family::DigiMesh => &[COMMON, DIGIMESH],
        Family::Transparent => &[TRANSPARENT],
    }
}

pub(super) fn register(family: Family, name: AtName) -> Option<&'static Register> {
    tables(family).iter().flat_map(|table| table.iter()).find(|register| AtName::of(register.name) == name)
}

/// The longest name a radio takes (NI).
const NAME_LENGTH: usize = 20;

/// The registers of one stick, keys included: for that reason without Debug.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Registers {
    family: Family,
    numbers: BTreeMap<AtName, u64>,
    name: Vec<u8>,
    link_key: [u8; 16],
    network_key: [u8; 16],
}

impl Registers {
    pub fn defaults(family: Family) -> Self {
        Registers {
            family,
            numbers: BTreeMap::new(),
            name: b" ".to_vec(),
            link_key: [0; 16],
            network_key: [0; 16],
        }
    }

    /// A number; 0 where the family has no such register.
    pub fn number(&self, name: &str) -> u64 {
        let name = AtName::of(name);
        let default = || register(self.family, name).map_or(0, |register| register.default);
        self.numbers.get(&name).copied().unwrap_or_else(default)
    }

    pub fn set_number(&mut self, name: &str, value: u64) {
        self.numbers.insert(AtName::of(name), value);
    }

    pub fn name(&self) -> &[u8] {
        &self.name
    }

    pub fn link_key(&self) -> &[u8; 16] {
        &self.link_key
    }

    /// The answer to a question.
    pub fn read(&self, name: AtName) -> Result<Vec<u8>, AtStatus> {
        if name == AtName::of("NI") && self.family != Family::Transparent {
            return Ok(self.name.clone());
        }
        // Keys are written and never read: the answer is OK without a value.
        if self.is_key(name) {
            return Ok(Vec::new());
        }
        let register = register(self.family, name).ok_or(AtStatus::InvalidCommand)?;
        Ok(big_endian(self.number(register.name), register.bytes))
    }

    /// Sets a register from a parameter as it came.
    pub fn write(&mut self, name: AtName, parameter: &[u8]) -> Result<(), AtStatus> {
        if name == AtName::of("NI") && self.family != Family::Transparent {
            let printable = parameter.iter().all(|byte| (0x20..0x7F).contains(byte));
            if parameter.len() > NAME_LENGTH || !printable {
                return Err(AtStatus::InvalidParameter);
            }
            self.name = parameter.to_vec();
            return Ok(());
        }
        if self.is_key(name) {
            let key = right_aligned(parameter).ok_or(AtStatus::InvalidParameter)?;
            if name == AtName::of("KY") {
                self.link_key = key;
            } else {
                self.network_key = key;
            }
            return Ok(());
        }
        let register = register(self.family, name).ok_or(AtStatus::InvalidCommand)?;
        if register.access == Access::ReadOnly {
            return Err(AtStatus::InvalidParameter);
        }
        let value = number(parameter).ok_or(AtStatus::InvalidParameter)?;
        if !(register.least..=register.most).contains(&value) {
            return Err(AtStatus::InvalidParameter);
        }
        self.numbers.insert(name, value);
        Ok(())
    }

    fn is_key(&self, name: AtName) -> bool {
        (name == AtName::of("KY") && self.family != Family::Transparent)
            || (name == AtName::of("NK") && self.family == Family::Zigbee)
    }

    /// The rate of the serial port in bits a second (BD).
    pub fn baud(&self) -> u32 {
        match self.number("BD") {
            code @ 0..=8 => {
                const RATES: [u32; 9] =
                    [1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400];
                usize::try_from(code).ok().and_then(|code| RATES.get(code)).copied().unwrap_or(9_600)
            }
            rate => u32::try_from(rate).unwrap_or(u32::MAX),
        }
    }
}

/// The lowest bytes of a number, highest first.
pub(super) fn big_endian(value: u64, bytes: usize) -> Vec<u8> {
    let all = value.to_be_bytes();
    all.get(all.len().saturating_sub(bytes)..).unwrap_or(&all).to_vec()
}

/// A big-endian number of any length that fits 64 bits.
pub(super) fn number(bytes: &[u8]) -> Option<u64> {
    let value = bytes.iter().skip_while(|byte| **byte == 0);
    if value.clone().count() > 8 {
        return None;
    }
    Some(value.fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

fn right_aligned(bytes: &[u8]) -> Option<[u8; 16]> {
    let mut key = [0; 16];
    key.get_mut(16usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_within_its_limits_and_no_name_stands_twice() {
        for family in [Family::Zigbee, Family::DigiMesh, Family::Transparent] {
            let mut names: Vec<&str> = tables(family).iter().flat_map(|t| t.iter()).map(|r| r.name).collect();
            for register in tables(family).iter().flat_map(|t| t.iter()) {
                assert!((register.least..=register.most).contains(&register.default), "{}", register.name);
                assert_eq!(register.name.len(), 2);
            }
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{family:?}");
        }
    }

    #[test]
    fn a_key_is_written_and_never_read() {
        let mut registers = Registers::defaults(Family::Zigbee);
        registers.write(AtName::of("KY"), &[0x55; 16]).unwrap();
        assert_eq!(registers.read(AtName::of("KY")), Ok(Vec::new()));
        assert_eq!(registers.link_key(), &[0x55; 16]);
        assert_eq!(registers.write(AtName::of("KY"), &[0; 17]), Err(AtStatus::InvalidParameter));
    }

    #[test]
    fn a_number_out_of_its_limits_changes_nothing() {
        let mut registers = Registers::defaults(Family::Zigbee);
        assert_eq!(registers.write(AtName::of("ZS"), &[3]), Err(AtStatus::InvalidParameter));
        assert_eq!(registers.write(AtName::of("SC"), &[0, 0]), Err(AtStatus::InvalidParameter));
        assert_eq!(registers.write(AtName::of("NP"), &[1]), Err(AtStatus::InvalidParameter));
        assert_eq!(registers.write(AtName::of("ZS"), &[0, 0, 2]), Ok(()));
        assert_eq!(registers.read(AtName::of("ZS")), Ok(vec![2]));
        assert_eq!(registers.read(AtName::of("QQ")), Err(AtStatus::InvalidCommand));
    }
}
