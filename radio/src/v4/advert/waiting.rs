//! A monitor that waits for somebody to enrol it, told to anyone.

use crate::open::FieldError;
use crate::open::wire::Reader;
use crate::v4::open::Serial;

/// What a monitor without a box says. In clear: it holds what its label shows, and no count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Which monitor.
    pub serial: Serial,
    /// It has a record: a mold, and an era that it counts in.
    pub initialised: bool,
    /// It has no passkey on a label: it can only be bonded without one.
    pub no_passkey: bool,
    /// It had a bond and lost it.
    pub lost_bond: bool,
}

const INITIALISED: u8 = 0b001;
const NO_PASSKEY: u8 = 0b010;
const LOST_BOND: u8 = 0b100;

impl Waiting {
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        bytes.extend(self.serial.0.to_be_bytes());
        bytes.push(
            flag(self.initialised, INITIALISED)
                | flag(self.no_passkey, NO_PASSKEY)
                | flag(self.lost_bond, LOST_BOND),
        );
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let serial = Serial(reader.u32("serial")?);
        let flags = reader.u8("flags")?;
        if flags & !(INITIALISED | NO_PASSKEY | LOST_BOND) != 0 {
            return Err(FieldError::Value { field: "flags", value: u64::from(flags) });
        }
        let is = |flag: u8| flags & flag != 0;
        Ok(Waiting {
            serial,
            initialised: is(INITIALISED),
            no_passkey: is(NO_PASSKEY),
            lost_bond: is(LOST_BOND),
        })
    }
}
