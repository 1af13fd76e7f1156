//! Our adverts among all others.

use crate::open::FieldError;
use crate::open::wire::Reader;
use crate::v4::open::SERVICE;

use super::sealed::MARK;
use super::{AdKind, AdStructure, Advert, AdvertError, Company, Repeated, Sealed, VERSION, Waiting, kind};

/// Not discoverable for strangers, no classic Bluetooth (CSS, part A, 1.3).
const QUIET: u8 = 0b0000_0100;
/// Discoverable, no classic Bluetooth.
const DISCOVERABLE: u8 = 0b0000_0110;

/// An advert of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ours {
    /// A monitor waits to be enrolled.
    Waiting(Waiting),
    /// A monitor's status.
    Sealed(Sealed),
    /// A monitor's status, passed on.
    Repeated(Repeated),
}

/// Why an advert that claims to be ours tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OursError {
    /// Of another version of this protocol.
    #[error("version {0} is not known here")]
    Version(u8),
    /// Of a kind that is not known here.
    #[error("advert type {0:#03x} is not known here")]
    Kind(u8),
    /// Its fields are not what they should be.
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl Ours {
    /// Looks for ours in an advert; `None` if it is somebody else's.
    #[must_use]
    pub fn find(advert: &Advert<'_>) -> Option<Result<Self, OursError>> {
        let waiting = advert.service_data().find(|(uuid, _)| *uuid == SERVICE);
        if let Some((_, data)) = waiting {
            return Some(read_service(data));
        }
        let marked = |(company, data): (Company, &[u8])| {
            let (mark, data) = data.split_first_chunk()?;
            (*mark == MARK).then(|| read_marked(company, data))
        };
        advert.manufacturer_data().find_map(marked)
    }

    /// The one way to send it: at most [`super::LEGACY`] bytes.
    pub fn encode(&self) -> Result<Vec<u8>, AdvertError> {
        let (kind, flags) = match self {
            Ours::Waiting(_) => (kind::WAITING, Some(DISCOVERABLE)),
            Ours::Sealed(_) => (kind::STATUS, Some(QUIET)),
            // Nobody connects to a repeater's advert, so that it needs no flags; and it has no room for them.
            Ours::Repeated(_) => (kind::REPEATED, None),
        };
        let head = VERSION << 4 | kind;
        let mut data = Vec::new();
        let kind = match self {
            Ours::Waiting(waiting) => {
                data.extend(SERVICE.to_le_bytes());
                data.push(head);
                waiting.write(&mut data);
                AdKind::SERVICE_DATA_128
            }
            Ours::Sealed(sealed) => {
                mark(&mut data, sealed.company, head);
                sealed.write(&mut data);
                AdKind::MANUFACTURER
            }
            Ours::Repeated(repeated) => {
                mark(&mut data, repeated.sealed.company, head);
                repeated.write(&mut data);
                AdKind::MANUFACTURER
            }
        };
        let flags = flags.map(|flags| [flags]);
        let flags = flags.as_ref().map(|flags| AdStructure { kind: AdKind::FLAGS, data: flags });
        let structures = flags.into_iter().chain([AdStructure { kind, data: &data }]).collect();
        Advert { structures, zeros: 0 }.encode()
    }
}

fn mark(bytes: &mut Vec<u8>, company: Company, head: u8) {
    bytes.extend(company.0.to_le_bytes());
    bytes.extend(MARK);
    bytes.push(head);
}

fn head(reader: &mut Reader<'_>) -> Result<u8, OursError> {
    let head = reader.u8("head")?;
    if head >> 4 == VERSION { Ok(head & 0x0F) } else { Err(OursError::Version(head >> 4)) }
}

fn read_service(data: &[u8]) -> Result<Ours, OursError> {
    let mut reader = Reader::new(data);
    let ours = match head(&mut reader)? {
        kind::WAITING => Ours::Waiting(Waiting::read(&mut reader)?),
        other => return Err(OursError::Kind(other)),
    };
    reader.end()?;
    Ok(ours)
}

fn read_marked(company: Company, data: &[u8]) -> Result<Ours, OursError> {
    let mut reader = Reader::new(data);
    let ours = match head(&mut reader)? {
        kind::STATUS => Ours::Sealed(Sealed::read(company, &mut reader)?),
        kind::REPEATED => Ours::Repeated(Repeated::read(company, &mut reader)?),
        other => return Err(OursError::Kind(other)),
    };
    reader.end()?;
    Ok(ours)
}
