//! The bytes of a stream, without a store: how it begins, its rows, and how its end proves the whole.
//!
//! `"platen backup\n"`, the form (16 bits), the [`Header`] and the secrets, each with its length (32 bits) before it;
//! then the rows of every table that the header names, in that order: a byte 1, the lengths of key and value (varints),
//! key and value; a byte 0 ends a table. Then the number of all rows (64 bits) and the SHA-256 of everything before it.
//! Numbers have their little end first. Nothing may follow.

use std::io::{self, Read, Write};

use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::error::Restore;
use super::shapes::{Row, Shape};

const MAGIC: &[u8; 14] = b"platen backup\n";
/// The form of streams written here.
pub(in crate::store) const FORM: u16 = 1;
/// Nothing that describes a stream is longer; a value in the store is far shorter.
const LONGEST: u64 = 64 << 20;
/// A key of the store is far shorter.
const LONGEST_KEY: u64 = 64 << 10;

const END_OF_TABLE: u8 = 0;
const ROW: u8 = 1;

/// What a stream says of itself at its begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Header {
    /// The format of the store.
    pub(in crate::store) store_format: u32,
    /// When it was made, in milliseconds since 1970.
    pub(in crate::store) made: i64,
    /// The version of the program that made it.
    pub(in crate::store) program: String,
    /// Every table.
    pub(in crate::store) tables: Vec<Table>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Table {
    pub(in crate::store) name: String,
    pub(in crate::store) shape: Shape,
    pub(in crate::store) rows: u64,
}

/// Keys that the rows are of no use without, by name.
pub(in crate::store) type Secrets = Vec<(String, SecretSlice<u8>)>;

/// Writes a stream.
pub(in crate::store) struct Writer<W> {
    to: W,
    hash: Sha256,
    rows: u64,
    bytes: u64,
}

impl<W: Write> Writer<W> {
    /// Begins.
    pub(in crate::store) fn begin(to: W, header: &[u8], secrets: &[u8]) -> io::Result<Self> {
        let mut writer = Writer { to, hash: Sha256::new(), rows: 0, bytes: 0 };
        writer.put(MAGIC)?;
        writer.put(&FORM.to_le_bytes())?;
        for part in [header, secrets] {
            let length = u32::try_from(part.len()).map_err(io::Error::other)?;
            writer.put(&length.to_le_bytes())?;
            writer.put(part)?;
        }
        Ok(writer)
    }

    pub(in crate::store) fn row(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        let mut before = [ROW; 21];
        let mut length = 1;
        for part in [key, value] {
            length += varint(part.len() as u64, before.get_mut(length..).unwrap_or_default());
        }
        self.put(before.get(..length).unwrap_or_default())?;
        self.put(key)?;
        self.put(value)?;
        self.rows = self.rows.saturating_add(1);
        Ok(())
    }

    pub(in crate::store) fn end_table(&mut self) -> io::Result<()> {
        self.put(&[END_OF_TABLE])
    }

    /// Ends the stream; gives the number of rows, the number of bytes and their hash.
    pub(in crate::store) fn end(mut self) -> io::Result<(u64, u64, [u8; 32])> {
        self.put(&self.rows.to_le_bytes())?;
        let hash: [u8; 32] = self.hash.finalize().into();
        self.to.write_all(&hash)?;
        self.to.flush()?;
        Ok((self.rows, self.bytes.saturating_add(32), hash))
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        self.to.write_all(bytes)
    }
}

fn varint(mut number: u64, to: &mut [u8]) -> usize {
    let mut length = 0;
    for place in to {
        length += 1;
        let low = number.to_le_bytes()[0] & 0x7F;
        number >>= 7;
        if number == 0 {
            *place = low;
            break;
        }
        *place = low | 0x80;
    }
    length
}

/// Reads a stream.
pub(in crate::store) struct Reader<R> {
    from: R,
    hash: Sha256,
    rows: u64,
}

impl<R: Read> Reader<R> {
    /// Reads how it begins.
    pub(in crate::store) fn begin(from: R) -> Result<(Self, Header), Restore> {
        let mut reader = Reader { from, hash: Sha256::new(), rows: 0 };
        let mut magic = [0; MAGIC.len()];
        match reader.fill(&mut magic) {
            Ok(()) if magic == *MAGIC => {}
            Ok(()) | Err(Restore::CutShort) => return Err(Restore::Foreign),
            Err(error) => return Err(error),
        }
        let mut form = [0; 2];
        reader.fill(&mut form)?;
        let found = u16::from_le_bytes(form);
        if found != FORM {
            return Err(Restore::NewerForm { found, known: FORM });
        }
        let what = "what it says of itself";
        let header = decode(&reader.part(what)?, what)?;
        Ok((reader, header))
    }

    /// Reads the secrets, which follow the header.
    pub(in crate::store) fn secrets(&mut self) -> Result<Secrets, Restore> {
        let what = "what it says of its secrets";
        let bytes = self.part(what)?;
        let secrets: Vec<(&str, &[u8])> = decode(&bytes, what)?;
        Ok(secrets
            .into_iter()
            .map(|(name, plain)| (name.to_owned(), SecretSlice::from(plain.to_vec())))
            .collect())
    }

    /// The next row of a table; `None` at its end.
    pub(in crate::store) fn row(&mut self, shape: Shape) -> Result<Option<Row>, Restore> {
        let mut tag = [0];
        self.fill(&mut tag)?;
        match tag {
            [END_OF_TABLE] => return Ok(None),
            [ROW] => {}
            [other] => return Err(Restore::Damaged(format!("a row begins with {other}"))),
        }
        let (key, value) = (self.varint()?, self.varint()?);
        if key > LONGEST_KEY || value > LONGEST {
            return Err(Restore::Damaged(format!("a row of {key} and {value} bytes")));
        }
        let (key, value) = (self.bytes(key)?, self.bytes(value)?);
        if !shape.fits(&key) {
            return Err(Restore::Damaged(format!("a key of {} bytes is none", key.len())));
        }
        self.rows = self.rows.saturating_add(1);
        Ok(Some((key, value)))
    }

    /// Reads the end and holds everything before against it; gives the number of rows and the hash.
    pub(in crate::store) fn end(mut self) -> Result<(u64, [u8; 32]), Restore> {
        let mut rows = [0; 8];
        self.fill(&mut rows)?;
        let hash: [u8; 32] = self.hash.clone().finalize().into();
        let mut told = [0; 32];
        self.fill(&mut told)?;
        if told != hash || u64::from_le_bytes(rows) != self.rows {
            return Err(Restore::Damaged("its end does not fit what stands before it".to_owned()));
        }
        // Reading to the very end is also what proves the layers below to be whole.
        match io::copy(&mut self.from.by_ref().take(1), &mut io::sink())? {
            0 => Ok((self.rows, hash)),
            _ => Err(Restore::Damaged("something follows its end".to_owned())),
        }
    }

    fn part(&mut self, what: &str) -> Result<Zeroizing<Vec<u8>>, Restore> {
        let mut length = [0; 4];
        self.fill(&mut length)?;
        let length = u64::from(u32::from_le_bytes(length));
        if length > LONGEST {
            return Err(Restore::Damaged(format!("{what} would be {length} bytes long")));
        }
        self.bytes(length).map(Zeroizing::new)
    }

    fn varint(&mut self) -> Result<u64, Restore> {
        let mut number = 0u64;
        for place in 0..5 {
            let mut byte = [0];
            self.fill(&mut byte)?;
            number |= u64::from(byte[0] & 0x7F) << (7 * place);
            if byte[0] < 0x80 {
                return Ok(number);
            }
        }
        Err(Restore::Damaged("a length is no length".to_owned()))
    }

    /// Takes no more memory than there are bytes, whatever length is told.
    fn bytes(&mut self, length: u64) -> Result<Vec<u8>, Restore> {
        let mut bytes = Vec::with_capacity(usize::try_from(length.min(64 << 10)).unwrap_or(0));
        let read = self.from.by_ref().take(length).read_to_end(&mut bytes)?;
        if read as u64 != length {
            return Err(Restore::CutShort);
        }
        self.hash.update(&bytes);
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Restore> {
        self.from.read_exact(bytes)?;
        self.hash.update(bytes);
        Ok(())
    }
}

fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8], what: &str) -> Result<T, Restore> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        _ => Err(Restore::Damaged(format!("{what} cannot be read"))),
    }
}

/// The bytes of the secrets, wiped when dropped.
pub(in crate::store) fn encode_secrets(secrets: &Secrets) -> Result<Zeroizing<Vec<u8>>, postcard::Error> {
    let plain: Vec<(&str, &[u8])> =
        secrets.iter().map(|(name, secret)| (name.as_str(), secret.expose_secret())).collect();
    postcard::to_stdvec(&plain).map(Zeroizing::new)
}
