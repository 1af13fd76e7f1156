//! Who a monitor is, and what it is on.

use crate::open::wire::Reader;
use crate::open::{FieldError, Record, RecordError};

use super::{MessageError, Serial};

/// Who a monitor is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Which monitor.
    pub serial: Serial,
    /// What it is on; `None` for a monitor that was never initialised.
    pub initialised: Option<Initialised>,
}

/// What a monitor is on, and how far it counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initialised {
    /// Which run of counting.
    pub era: u32,
    /// The monitor's counter now.
    pub count: u32,
    /// What was recorded at initialisation.
    pub record: Record,
}

const INITIALISED: u8 = 1;

impl Identity {
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.serial.0.to_be_bytes());
        let Some(Initialised { era, count, record }) = &self.initialised else {
            bytes.push(0);
            return;
        };
        bytes.push(INITIALISED);
        bytes.extend(era.to_be_bytes());
        bytes.extend(count.to_be_bytes());
        write_record(bytes, record);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, MessageError> {
        let serial = Serial(reader.u32("serial")?);
        let initialised = match reader.u8("flags")? {
            0 => None,
            INITIALISED => Some(Initialised {
                era: reader.u32("era")?,
                count: reader.u32("count")?,
                record: read_record(reader)?,
            }),
            other => Err(FieldError::Value { field: "flags", value: u64::from(other) })?,
        };
        Ok(Identity { serial, initialised })
    }
}

pub(super) fn write_record(bytes: &mut Vec<u8>, record: &Record) {
    bytes.extend(record.check().to_be_bytes());
    bytes.extend(record.bytes());
}

/// The record takes all that is left. Its check proves that the pieces of a long read or write belong together.
pub(super) fn read_record(reader: &mut Reader<'_>) -> Result<Record, MessageError> {
    let expected = reader.u16("record's check")?;
    let bytes = reader.rest();
    let found = crate::open::crc16(bytes);
    if found != expected {
        return Err(MessageError::Record(RecordError::Check { expected, found }));
    }
    Record::from_bytes(bytes).map_err(MessageError::Record)
}
