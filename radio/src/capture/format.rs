//! The file: a header, then records, each with a check of its own.

use std::io::{self, Read, Write};
use std::time::Duration;

use domain::{IdError, LinkName, Timestamp};

use super::Direction;

const MAGIC: &[u8; 8] = b"PLATENCP";
const VERSION: u8 = 1;
/// Longer stretches are cut into several records.
const MOST_BYTES: usize = u16::MAX as usize;

const HEARD: u8 = 0;
const SENT: u8 = 1;
const LOST: u8 = 2;

/// What a file is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The link that was recorded.
    pub link: LinkName,
    /// The box's clock at the start.
    pub start: Timestamp,
}

/// A stretch of a link's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Bytes that went over the link.
    Bytes {
        /// Since the start.
        offset: Duration,
        /// Which way.
        direction: Direction,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Bytes that went over the link faster than the disk took them.
    Lost {
        /// Since the start.
        offset: Duration,
        /// How many.
        bytes: u64,
    },
}

/// Why a file is no capture.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// It cannot be read at all.
    #[error("read the capture")]
    Read(#[source] io::Error),
    /// It begins with something else.
    #[error("this is no capture: it does not begin with PLATENCP")]
    NoCapture,
    /// A later program wrote it.
    #[error("a capture of version {0} is not known here")]
    Version(u8),
    /// The header's bytes were changed.
    #[error("the capture's header is damaged")]
    Header,
    /// The header names no link.
    #[error("read the capture's link")]
    Link(#[source] IdError),
}

/// Where and why the rest of a file cannot be read. Everything before it is good.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// The recording was cut short, by a power cut or a full disk.
    #[error("the capture ends within a record, at byte {at}")]
    Truncated {
        /// Where the record begins.
        at: u64,
    },
    /// The record's bytes were changed.
    #[error("the capture is damaged at byte {at}")]
    Check {
        /// Where the record begins.
        at: u64,
    },
    /// A record of a kind that is not known here.
    #[error("the capture holds a record of unknown kind {kind} at byte {at}")]
    Kind {
        /// Where the record begins.
        at: u64,
        /// Its kind.
        kind: u8,
    },
    /// The disk does not give the bytes.
    #[error("read the capture at byte {at}")]
    Read {
        /// Where the record begins.
        at: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Writes a file, record by record.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    start: Timestamp,
    /// Of the last record; the next is never earlier, even if the box's clock steps back.
    last: u64,
}

impl<W: Write> Writer<W> {
    /// Writes the header.
    pub fn new(mut out: W, header: &Header) -> io::Result<Self> {
        let name = header.link.as_str().as_bytes();
        let mut bytes = MAGIC.to_vec();
        // A link's name has at most 32 bytes.
        bytes.extend([VERSION, name.len() as u8]);
        bytes.extend(name);
        bytes.extend(header.start.as_millis().to_be_bytes());
        write_checked(&mut out, &bytes)?;
        Ok(Writer { out, start: header.start, last: 0 })
    }

    /// Writes bytes that went over the link.
    pub fn bytes(&mut self, at: Timestamp, direction: Direction, bytes: &[u8]) -> io::Result<()> {
        let kind = match direction {
            Direction::Heard => HEARD,
            Direction::Sent => SENT,
        };
        bytes.chunks(MOST_BYTES).try_for_each(|chunk| self.record(at, kind, chunk))
    }

    /// Writes that so many bytes were not recorded.
    pub fn lost(&mut self, at: Timestamp, bytes: u64) -> io::Result<()> {
        self.record(at, LOST, &bytes.to_be_bytes())
    }

    /// Hands everything to the disk.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn record(&mut self, at: Timestamp, kind: u8, body: &[u8]) -> io::Result<()> {
        let offset = u64::try_from(at.since(self.start).as_millis()).unwrap_or(u64::MAX).max(self.last);
        self.last = offset;
        let mut bytes = Vec::with_capacity(body.len() + 11);
        bytes.push(kind);
        bytes.extend(offset.to_be_bytes());
        // At most MOST_BYTES, see the callers.
        bytes.extend((body.len() as u16).to_be_bytes());
        bytes.extend(body);
        write_checked(&mut self.out, &bytes)
    }
}

/// CRC-32 (IEEE 802.3), which a file's long life deserves more than a short message's.
fn check(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    };
    !bytes.iter().fold(u32::MAX, step)
}

fn write_checked(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes)?;
    out.write_all(&check(bytes).to_be_bytes())
}

/// Reads a file record by record, until its end or the first damage.
#[derive(Debug)]
pub struct Reader<R> {
    from: R,
    header: Header,
    at: u64,
    over: bool,
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    pub fn open(mut from: R) -> Result<Self, ReaderError> {
        let mut fixed = [0; 10];
        read_up_to(&mut from, &mut fixed).map_err(ReaderError::Read)?;
        let Some([version, length]) = fixed.strip_prefix(MAGIC) else { return Err(ReaderError::NoCapture) };
        if *version != VERSION {
            return Err(ReaderError::Version(*version));
        }
        let mut bytes = fixed.to_vec();
        let rest = usize::from(*length) + 8 + 4;
        bytes.resize(fixed.len() + rest, 0);
        let (_, tail) = bytes.split_at_mut(fixed.len());
        if read_up_to(&mut from, tail).map_err(ReaderError::Read)? < rest {
            return Err(ReaderError::Header);
        }
        let body = checked(&bytes).ok_or(ReaderError::Header)?;
        let (named, start) = body.split_last_chunk().ok_or(ReaderError::Header)?;
        let name = named.get(fixed.len()..).and_then(|name| std::str::from_utf8(name).ok());
        let link = name.ok_or(ReaderError::Header)?.parse().map_err(ReaderError::Link)?;
        let header = Header { link, start: Timestamp::from_millis(i64::from_be_bytes(*start)) };
        Ok(Reader { from, header, at: bytes.len() as u64, over: false })
    }

    /// What the file is of.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    fn record(&mut self) -> Result<Option<Record>, Damage> {
        let at = self.at;
        let source = |source| Damage::Read { at, source };
        let mut head = [0; 11];
        match read_up_to(&mut self.from, &mut head).map_err(source)? {
            0 => return Ok(None),
            11 => {}
            _ => return Err(Damage::Truncated { at }),
        }
        let [kind, a, b, c, d, e, f, g, h, high, low] = head;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let mut bytes = head.to_vec();
        bytes.resize(head.len() + length + 4, 0);
        let (_, tail) = bytes.split_at_mut(head.len());
        if read_up_to(&mut self.from, tail).map_err(source)? < tail.len() {
            return Err(Damage::Truncated { at });
        }
        let body = checked(&bytes).ok_or(Damage::Check { at })?.get(head.len()..).unwrap_or_default();
        self.at += bytes.len() as u64;
        let offset = Duration::from_millis(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        let bytes = |direction| Record::Bytes { offset, direction, bytes: body.to_vec() };
        match (kind, body.try_into().map(u64::from_be_bytes)) {
            (HEARD, _) => Ok(Some(bytes(Direction::Heard))),
            (SENT, _) => Ok(Some(bytes(Direction::Sent))),
            (LOST, Ok(bytes)) => Ok(Some(Record::Lost { offset, bytes })),
            _ => Err(Damage::Kind { at, kind }),
        }
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Record, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let record = self.record().transpose();
        self.over = !matches!(record, Some(Ok(_)));
        record
    }
}

fn checked(bytes: &[u8]) -> Option<&[u8]> {
    let (body, found) = bytes.split_last_chunk()?;
    (check(body) == u32::from_be_bytes(*found)).then_some(body)
}

/// How many bytes there were, at most the buffer's length.
fn read_up_to(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
