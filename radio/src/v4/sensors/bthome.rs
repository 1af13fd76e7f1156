//! BTHome v2, plain and encrypted (bthome.io/format, bthome.io/encryption).

use domain::{Channel, CounterWidth, Percent, Said, Temperature};

use crate::open::FieldError;
use crate::open::wire::Reader;
use crate::v4::key::TAG;
use crate::v4::{Address, Key, Uuid};

use super::objects::{self, Length};
use super::{Axis, Contact, Reading};

/// The service that its data is of.
pub const SERVICE: Uuid = Uuid::from_u16(SHORT);
/// The same in short.
pub(crate) const SHORT: u16 = 0xFCD2;

const ENCRYPTED: u8 = 0b0000_0001;
const ADDRESS: u8 = 0b0000_0010;
const TRIGGERED: u8 = 0b0000_0100;

/// Why an advert of BTHome says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BthomeError {
    /// Of another version.
    #[error("BTHome version {0} is not known here")]
    Version(u8),
    /// Its fields are not what they should be.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The seal is not of this key and address: another key, or the bytes were changed.
    #[error("the seal does not fit the key and the address")]
    Seal,
}

/// Service data of BTHome, its objects open or sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    info: u8,
    /// The address it gives itself, where it does.
    pub address: Option<Address>,
    /// What it says.
    pub content: Content<'a>,
}

/// What an advert of BTHome says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// Objects as they are, for [`readings`].
    Plain(&'a [u8]),
    /// Objects for whoever has the key.
    Encrypted {
        /// They.
        sealed: &'a [u8],
        /// Must rise from advert to advert: the same [`crate::v4::advert::Window`] does for it.
        counter: u32,
        /// Their seal.
        tag: [u8; TAG],
    },
}

impl<'a> Frame<'a> {
    /// Takes service data apart. What is in it stays as it is.
    pub fn parse(data: &'a [u8]) -> Result<Self, BthomeError> {
        let mut reader = Reader::new(data);
        let info = reader.u8("device information")?;
        if info >> 5 != 2 {
            return Err(BthomeError::Version(info >> 5));
        }
        let address = match info & ADDRESS {
            0 => None,
            _ => Some(Address::from_le_bytes(reader.array("address")?)),
        };
        let rest = reader.rest();
        let content = if info & ENCRYPTED == 0 {
            Content::Plain(rest)
        } else {
            let missing = |field| FieldError::Truncated { field };
            let (rest, tag) = rest.split_last_chunk().ok_or(missing("seal"))?;
            let (sealed, counter) = rest.split_last_chunk().ok_or(missing("counter"))?;
            Content::Encrypted { sealed, counter: u32::from_le_bytes(*counter), tag: *tag }
        };
        Ok(Frame { info, address, content })
    }

    /// It speaks when something happens, not at intervals.
    #[must_use]
    pub const fn triggered(&self) -> bool {
        self.info & TRIGGERED != 0
    }

    /// The objects, opened if they are sealed. `heard_from` is the address that the advert came from; the one that the
    /// advert gives itself goes before it.
    pub fn open(&self, key: &Key, heard_from: Address) -> Result<Vec<u8>, BthomeError> {
        match self.content {
            Content::Plain(objects) => Ok(objects.to_vec()),
            Content::Encrypted { sealed, counter, tag } => {
                let mut nonce = [0; 13];
                let address = self.address.unwrap_or(heard_from).to_be_bytes();
                let parts =
                    [&address[..], &SHORT.to_le_bytes(), &[self.info], &counter.to_le_bytes()].concat();
                for (place, byte) in nonce.iter_mut().zip(parts) {
                    *place = byte;
                }
                let mut objects = sealed.to_vec();
                key.open(nonce, &[], &mut objects, tag).map_err(|_| BthomeError::Seal)?;
                Ok(objects)
            }
        }
    }
}

/// One object as it is in an advert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object<'a> {
    /// Its number.
    pub id: u8,
    /// Its bytes, without the length of one that tells it.
    pub data: &'a [u8],
    name: Option<&'static str>,
}

impl<'a> Object<'a> {
    /// Takes objects apart. One that is not known here takes all that follows.
    pub fn parse(bytes: &'a [u8]) -> Result<Vec<Self>, FieldError> {
        let mut reader = Reader::new(bytes);
        let mut found = Vec::new();
        while !reader.is_empty() {
            let id = reader.u8("object")?;
            let Some((name, length)) = objects::of(id) else {
                found.push(Object { id, data: reader.rest(), name: None });
                break;
            };
            let length = match length {
                Length::Fixed(length) => length,
                Length::Told => usize::from(reader.u8(name)?),
                Length::Command => {
                    let arguments = reader.first().ok_or(FieldError::Truncated { field: name })? & 0x1F;
                    usize::from(arguments) + 2
                }
            };
            found.push(Object { id, data: reader.take(length, name)?, name: Some(name) });
        }
        Ok(found)
    }

    /// As bytes; what was parsed gives the same ones.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(self.id);
        if matches!(objects::of(self.id), Some((_, Length::Told))) {
            // It was told in a byte.
            bytes.push(self.data.len() as u8);
        }
        bytes.extend(self.data);
    }

    /// What it says to a mold.
    #[must_use]
    pub fn reading(&self) -> Reading {
        let Some(name) = self.name else {
            return Reading::Unknown { object: self.id, data: self.data.to_vec() };
        };
        let other = || Reading::Other { object: self.id, name, data: self.data.to_vec() };
        self.known().unwrap_or_else(other)
    }

    fn known(&self) -> Option<Reading> {
        let unsigned = || little_endian(self.data);
        let signed = || {
            let spare = 64 - 8 * u32::try_from(self.data.len()).ok()?;
            // Shifts the sign to the top and back down.
            Some((little_endian(self.data)?.checked_shl(spare)? as i64) >> spare)
        };
        let flag = || match self.data {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        };
        let degrees = |thousandths: i64| {
            let milli = signed()?.checked_mul(thousandths)?;
            Some(Reading::Temperature(Temperature::from_milli_celsius(i32::try_from(milli).ok()?)))
        };
        match self.id {
            0x00 => Some(Reading::Sequence(u32::try_from(unsigned()?).ok()?)),
            0x01 => Some(Reading::Battery(Percent::new(u8::try_from(unsigned()?).ok()?)?)),
            0x02 => degrees(10),
            0x45 => degrees(100),
            0x57 => degrees(1000),
            0x58 => degrees(350),
            0x09 => Some(Reading::Count { count: unsigned()?, width: CounterWidth::Bits(8) }),
            0x3D => Some(Reading::Count { count: unsigned()?, width: CounterWidth::Bits(16) }),
            0x3E => Some(Reading::Count { count: unsigned()?, width: CounterWidth::Bits(32) }),
            0x11 | 0x1A | 0x1B | 0x2D => {
                Some(Reading::Contact(if flag()? { Contact::Open } else { Contact::Closed }))
            }
            0x15 => Some(Reading::BatteryLow(flag()?)),
            0x22 => Some(Reading::Moving(flag()?)),
            0x2C => Some(Reading::Vibration(flag()?)),
            0x51 => milli_g(i64::try_from(unsigned()?).ok()?.checked_mul(1000)?),
            0x63 => milli_g(signed()?),
            _ => None,
        }
    }
}

/// What all objects say, in their order.
pub fn readings(objects: &[u8]) -> Result<Vec<Reading>, FieldError> {
    Ok(Object::parse(objects)?.iter().map(Object::reading).collect())
}

/// The same, each with its channel, and the packet's number where there is one.
pub fn said(objects: &[u8]) -> Result<(Vec<Said>, Option<u32>), FieldError> {
    let (mut said, mut packet) = (Vec::new(), None);
    let objects = Object::parse(objects)?;
    for (index, object) in objects.iter().enumerate() {
        let reading = object.reading();
        if let Reading::Sequence(number) = reading {
            packet = Some(number);
        }
        let alike = objects.iter().take(index + 1).filter(|other| other.id == object.id).count();
        let channel = Channel::new(object.id, u8::try_from(alike).unwrap_or(u8::MAX));
        said.extend(reading.measure().map(|what| Said { channel, what }));
    }
    Ok((said, packet))
}

fn little_endian(bytes: &[u8]) -> Option<u64> {
    let mut number = [0; 8];
    number.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(u64::from_le_bytes(number))
}

/// Of millionths of m/s², to the nearest.
fn milli_g(micro: i64) -> Option<Reading> {
    // 1 g is 9.80665 m/s², so a thousandth of it 9806.65 millionths.
    let hundredths = micro.checked_mul(100)?;
    let half = 980_665 / 2;
    let milli_g = (hundredths + half * hundredths.signum()) / 980_665;
    Some(Reading::Acceleration { axis: Axis::Unknown, milli_g: i32::try_from(milli_g).ok()? })
}
