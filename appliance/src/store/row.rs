//! Values on disk: a version byte, a checksum, then the record in postcard's encoding.
//!
//! The database proves its pages only when it is told to check them all; a bit that a disk lost must not be served as
//! a count or a name until then.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{Damage, Fault, Undecodable};

/// The version of values that prove themselves, and that values of format 1 begin with.
pub(super) const VERSION: u8 = 1;
/// The version of values with a CRC-32 of what follows it, little end first.
pub(super) const CHECKED: u8 = 2;
const SUM: usize = 4;

/// The bytes of a value.
pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Fault> {
    let head = vec![CHECKED, 0, 0, 0, 0];
    let mut bytes =
        postcard::to_extend(value, head).map_err(|why| Fault::Refused(format!("could not encode: {why}")))?;
    prove(&mut bytes);
    Ok(bytes)
}

/// Puts the checksum where it belongs.
pub(super) fn prove(bytes: &mut [u8]) {
    if let Some((head, body)) = bytes.split_at_mut_checked(1 + SUM) {
        let sum = crc32fast::hash(body).to_le_bytes();
        head.iter_mut().skip(1).zip(sum).for_each(|(byte, of_sum)| *byte = of_sum);
    }
}

/// The value of some bytes.
pub(super) fn decode<T: DeserializeOwned>(
    table: &'static str,
    key: impl Debug,
    bytes: &[u8],
) -> Result<T, Undecodable> {
    let undecodable = |why| Undecodable { table, key: format!("{key:?}"), why };
    let body = proven(bytes).map_err(undecodable)?;
    match postcard::take_from_bytes(body) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(undecodable(Damage::Bytes(format!("{} bytes too many", rest.len())))),
        Err(why) => Err(undecodable(Damage::Bytes(why.to_string()))),
    }
}

/// What follows version and checksum.
pub(super) fn proven(bytes: &[u8]) -> Result<&[u8], Damage> {
    let [CHECKED, rest @ ..] = bytes else { return body(bytes) };
    let (sum, body) = rest.split_first_chunk::<SUM>().ok_or(Damage::Checksum)?;
    if crc32fast::hash(body).to_le_bytes() == *sum { Ok(body) } else { Err(Damage::Checksum) }
}

/// What follows the version byte of a value that proves itself, or of one of format 1.
pub(super) fn body(bytes: &[u8]) -> Result<&[u8], Damage> {
    match bytes {
        [] => Err(Damage::Empty),
        [VERSION, body @ ..] => Ok(body),
        [found, ..] => Err(Damage::Version { found: *found, known: CHECKED }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_version_is_told_with_table_and_key() {
        let mut bytes = encode(&7u32).unwrap();
        bytes[0] = 9;
        let error = decode::<u32>("molds", 4, &bytes).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"table "molds", key 4: the value has version 9, known are versions up to 2"#
        );
    }

    #[test]
    fn a_lost_bit_is_damage_and_never_another_value() {
        let bytes = encode(&"M-4711").unwrap();
        for place in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[place / 8] ^= 1 << (place % 8);
            assert!(decode::<String>("molds", 4, &altered).is_err(), "bit {place}");
        }
    }

    #[test]
    fn a_value_of_format_1_is_read() {
        assert_eq!(decode::<u32>("molds", 4, &[1, 7]).unwrap(), 7);
    }

    #[test]
    fn bytes_too_many_or_too_few_are_damage() {
        let mut bytes = encode(&7u32).unwrap();
        bytes.push(0);
        assert!(decode::<u32>("molds", 4, &bytes).is_err());
        assert!(decode::<u32>("molds", 4, &bytes[..1]).is_err());
        assert!(decode::<u32>("molds", 4, &[]).is_err());
    }
}
