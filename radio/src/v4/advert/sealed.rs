//! A sealed advert as it travels: what everybody can see of it, and a repeater's note on it.

use crate::open::FieldError;
use crate::open::wire::Reader;
use crate::v4::Address;

use super::{Company, status};

/// Marks data of a maker's own as ours, after the maker's number: `P4`.
pub(super) const MARK: [u8; 2] = *b"P4";
/// Bytes of the seal (CCM's tag).
pub(super) const TAG: usize = 4;
/// What is sealed, and the seal.
pub(super) const BODY: usize = status::LENGTH + TAG;

/// An advert is passed on by so many repeaters at most.
pub const MOST_HOPS: u8 = 3;

/// A status that only the holder of the monitor's key can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Whose number stands before it.
    pub company: Company,
    /// Which monitor: drawn by the box that handed the key over. Not its serial.
    pub id: u32,
    /// Rises with every status, and never repeats for a key; neither 0 nor `u32::MAX`.
    pub counter: u32,
    pub(super) body: [u8; BODY],
}

impl Sealed {
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.id.to_be_bytes());
        bytes.extend(self.counter.to_be_bytes());
        bytes.extend(self.body);
    }

    pub(super) fn read(company: Company, reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let id = reader.u32("id")?;
        let counter = reader.u32("counter")?;
        if counter == 0 || counter == u32::MAX {
            return Err(FieldError::Value { field: "counter", value: u64::from(counter) });
        }
        Ok(Sealed { company, id, counter, body: reader.array("sealed status")? })
    }
}

/// Who passed an advert on, by the last two bytes of its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repeater(pub u16);

impl From<Address> for Repeater {
    fn from(address: Address) -> Self {
        let [.., high, low] = address.to_be_bytes();
        Repeater(u16::from_be_bytes([high, low]))
    }
}

/// A sealed advert that a repeater passed on as it was, with a note that nothing proves: repeaters hold no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeated {
    /// As the monitor sent it.
    pub sealed: Sealed,
    hops: u8,
    /// How strong the monitor was at the first repeater, dBm; 127 if that is not known.
    pub rssi_dbm: i8,
    /// The first repeater.
    pub repeater: Repeater,
}

impl Repeated {
    /// By the repeater that heard the monitor itself.
    #[must_use]
    pub const fn first(sealed: Sealed, rssi_dbm: i8, repeater: Repeater) -> Self {
        Repeated { sealed, hops: 1, rssi_dbm, repeater }
    }

    /// By one that heard another repeater; `None` when it has been far enough.
    #[must_use]
    pub const fn onward(self) -> Option<Self> {
        if self.hops < MOST_HOPS { Some(Repeated { hops: self.hops + 1, ..self }) } else { None }
    }

    /// Repeaters it came by, 1 to [`MOST_HOPS`].
    #[must_use]
    pub const fn hops(&self) -> u8 {
        self.hops
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(self.hops);
        self.sealed.write(bytes);
        bytes.extend(self.rssi_dbm.to_be_bytes());
        bytes.extend(self.repeater.0.to_be_bytes());
    }

    pub(super) fn read(company: Company, reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let hops = reader.u8("hops")?;
        if hops == 0 || hops > MOST_HOPS {
            return Err(FieldError::Value { field: "hops", value: u64::from(hops) });
        }
        let sealed = Sealed::read(company, reader)?;
        let rssi_dbm = reader.i8("signal strength")?;
        Ok(Repeated { sealed, hops, rssi_dbm, repeater: Repeater(reader.u16("repeater")?) })
    }
}
