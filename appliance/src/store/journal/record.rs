//! One record of the journal: a commit, sealed, as it lies in the file.
//!
//! ```text
//! 0   "PLJ1"
//! 4   length of what is sealed, u32     numbers little end first
//! 8   number of the commit, u64
//! 16  the sealed commit (see `seal`), bound to its number
//! ```
//! A record begins at a multiple of [`BLOCK`] and fills whole blocks: what was told as kept is never written again, so
//! no torn write can take it along.

use super::room::Room;
use crate::store::seal::SealingKey;

/// What a disk writes at once.
pub(super) const BLOCK: usize = 4096;
/// Before what is sealed.
pub(super) const HEAD: usize = 16;
/// What a record is longer than the commit in it: head, version, nonce, tag.
pub(super) const OVERHEAD: u64 = HEAD as u64 + 1 + 24 + 16;
const MAGIC: [u8; 4] = *b"PLJ1";

/// How a record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// The commit.
    pub(super) number: u64,
    /// Bytes that are sealed.
    pub(super) sealed: u32,
}

impl Head {
    /// The beginning of a record, if these bytes are one.
    pub(super) fn parse(bytes: &[u8; HEAD]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let (sealed, rest) = rest.split_first_chunk::<4>()?;
        let (number, _) = rest.split_first_chunk::<8>()?;
        let head = Head { number: u64::from_le_bytes(*number), sealed: u32::from_le_bytes(*sealed) };
        (*magic == MAGIC).then_some(head)
    }

    /// Blocks that the record fills.
    pub(super) fn blocks(self) -> u64 {
        (u64::from(self.sealed) + HEAD as u64).div_ceil(BLOCK as u64)
    }
}

/// The bytes of a record, whole blocks, written to `room`; `None` when the system gives no random bytes or the commit
/// is too long for any journal.
pub(super) fn encode<'r>(
    room: &'r mut Room,
    key: &SealingKey,
    number: u64,
    plain: &[u8],
) -> Option<&'r [u8]> {
    let sealed = key.seal(&name(number), plain)?;
    let length = u32::try_from(sealed.len()).ok()?;
    let bytes = room.take((HEAD + sealed.len()).next_multiple_of(BLOCK));
    let (head, rest) = bytes.split_at_mut_checked(HEAD)?;
    let words = [MAGIC.as_slice(), &length.to_le_bytes(), &number.to_le_bytes()];
    head.iter_mut().zip(words.into_iter().flatten()).for_each(|(byte, of_head)| *byte = *of_head);
    let (body, rest) = rest.split_at_mut_checked(sealed.len())?;
    body.copy_from_slice(&sealed);
    rest.fill(0);
    Some(bytes)
}

/// The commit in a record, from what is sealed; `None` when it was torn, altered, or sealed with another key.
pub(super) fn open(key: &SealingKey, number: u64, sealed: &[u8]) -> Option<secrecy::SecretSlice<u8>> {
    let (_version, body) = sealed.split_first()?;
    key.open(&name(number), body)
}

fn name(number: u64) -> String {
    format!("journal {number}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    fn key() -> SealingKey {
        SealingKey::from_bytes([5; 32])
    }

    proptest! {
        #[test]
        fn a_record_reads_back_as_it_was_written(number in any::<u64>(), plain in prop::collection::vec(any::<u8>(), 0..9_000)) {
            let mut room = Room::default();
            let bytes = encode(&mut room, &key(), number, &plain).unwrap();
            prop_assert_eq!(bytes.len() % BLOCK, 0);
            let head = Head::parse(bytes.first_chunk().unwrap()).unwrap();
            prop_assert_eq!(head.number, number);
            prop_assert_eq!(head.blocks() * BLOCK as u64, bytes.len() as u64);
            let sealed = &bytes[HEAD..HEAD + head.sealed as usize];
            let opened = open(&key(), number, sealed).unwrap();
            prop_assert_eq!(opened.expose_secret(), plain.as_slice());
            prop_assert!(open(&key(), number.wrapping_add(1), sealed).is_none());
        }

        #[test]
        fn an_altered_record_does_not_open(plain in prop::collection::vec(any::<u8>(), 0..300), place in any::<prop::sample::Index>(), bit in 0..8u8) {
            let mut room = Room::default();
            let bytes = encode(&mut room, &key(), 7, &plain).unwrap();
            let head = Head::parse(bytes.first_chunk().unwrap()).unwrap();
            let mut sealed = bytes[HEAD + 1..HEAD + head.sealed as usize].to_vec();
            let place = place.index(sealed.len());
            sealed[place] ^= 1 << bit;
            sealed.insert(0, 1);
            prop_assert!(open(&key(), 7, &sealed).is_none());
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::array::uniform16(any::<u8>()), sealed in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Head::parse(&bytes).map(Head::blocks);
            let _ = open(&key(), 1, &sealed);
        }
    }
}
