//! Values on disk: a version byte, then the record in postcard's encoding.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{Damage, Fault, Undecodable};

/// The version that every value of format 1 begins with.
pub(super) const VERSION: u8 = 1;

/// The bytes of a value.
pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Fault> {
    postcard::to_extend(value, vec![VERSION])
        .map_err(|why| Fault::Refused(format!("could not encode: {why}")))
}

/// The value of some bytes.
pub(super) fn decode<T: DeserializeOwned>(
    table: &'static str,
    key: impl Debug,
    bytes: &[u8],
) -> Result<T, Undecodable> {
    let undecodable = |why| Undecodable { table, key: format!("{key:?}"), why };
    let body = body(bytes).map_err(undecodable)?;
    match postcard::take_from_bytes(body) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(undecodable(Damage::Bytes(format!("{} bytes too many", rest.len())))),
        Err(why) => Err(undecodable(Damage::Bytes(why.to_string()))),
    }
}

/// What follows the version byte.
pub(super) fn body(bytes: &[u8]) -> Result<&[u8], Damage> {
    match bytes {
        [] => Err(Damage::Empty),
        [VERSION, body @ ..] => Ok(body),
        [found, ..] => Err(Damage::Version { found: *found, known: VERSION }),
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
            r#"table "molds", key 4: the value has version 9, known are versions up to 1"#
        );
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
