//! Whole numbers in as few bytes as they need.

use crate::store::error::Damage;

/// Writes a number, seven bits a byte, the lowest first.
pub(super) fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Writes a number that is near zero on either side.
pub(super) fn put_signed(bytes: &mut Vec<u8>, number: i64) {
    put(bytes, (number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned());
}

/// Bytes that do not make sense.
pub(super) fn damage(what: &str) -> Damage {
    Damage::Bytes(what.to_owned())
}

/// Takes one number after the other from some bytes.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes }
    }

    /// What was not taken yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn byte(&mut self) -> Result<u8, Damage> {
        let (first, rest) = self.bytes.split_first().ok_or_else(|| damage("it ends too early"))?;
        self.bytes = rest;
        Ok(*first)
    }

    #[inline]
    pub(super) fn unsigned(&mut self) -> Result<u64, Damage> {
        // Most are short.
        match *self.bytes {
            [low, ref rest @ ..] if low < 0x80 => {
                self.bytes = rest;
                Ok(u64::from(low))
            }
            [low, high, ref rest @ ..] if high < 0x80 => {
                self.bytes = rest;
                Ok(u64::from(low & 0x7F) | u64::from(high) << 7)
            }
            _ => self.long(),
        }
    }

    fn long(&mut self) -> Result<u64, Damage> {
        if let Some((number, rest)) = self.bytes.split_first_chunk().and_then(|(word, _)| self.word(*word)) {
            self.bytes = rest;
            return Ok(number);
        }
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7F);
            if shift == 63 && part > 1 {
                break;
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(damage("a number of more than 64 bits"))
    }

    /// A number that ends within the next eight bytes, all of them at once, and what follows it.
    fn word(&self, word: [u8; 8]) -> Option<(u64, &'a [u8])> {
        let word = u64::from_le_bytes(word);
        let length = (!word & 0x8080_8080_8080_8080).trailing_zeros() / 8 + 1;
        let kept = word & u64::MAX.checked_shr(64u32.checked_sub(8 * length)?)?;
        // Seven bits of each byte, moved together in pairs, in fours, in eights.
        let sevens = kept & 0x7F7F_7F7F_7F7F_7F7F;
        let pairs = (sevens & 0x007F_007F_007F_007F) | ((sevens & 0x7F00_7F00_7F00_7F00) >> 1);
        let fours = (pairs & 0x0000_3FFF_0000_3FFF) | ((pairs & 0x3FFF_0000_3FFF_0000) >> 2);
        let all = (fours & 0x0FFF_FFFF) | ((fours & 0x0FFF_FFFF_0000_0000) >> 4);
        Some((all, self.bytes.get(length as usize..)?))
    }

    #[inline]
    pub(super) fn signed(&mut self) -> Result<i64, Damage> {
        let number = self.unsigned()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// A number that must not be above `most`, so that nothing is set aside for what cannot be there.
    pub(super) fn count(&mut self, most: usize) -> Result<usize, Damage> {
        usize::try_from(self.unsigned()?)
            .ok()
            .filter(|number| *number <= most)
            .ok_or_else(|| damage("a length is beyond what can be"))
    }

    #[inline]
    pub(super) fn small(&mut self) -> Result<u32, Damage> {
        u32::try_from(self.unsigned()?).map_err(|_| damage("a number of more than 32 bits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_reads_back_as_it_was_written(
            plain: u64,
            signed: i64,
            small in -70i64..70,
            shift in 0..64u32,
        ) {
            let (plain, signed) = (plain >> shift, signed >> shift);
            let mut bytes = Vec::new();
            put(&mut bytes, plain);
            put_signed(&mut bytes, signed);
            put_signed(&mut bytes, small);
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.unsigned(), Ok(plain));
            prop_assert_eq!(reader.signed(), Ok(signed));
            prop_assert_eq!(reader.signed(), Ok(small));
            prop_assert!(reader.is_empty());
        }
    }

    #[test]
    fn the_ends_of_the_range_read_back() {
        for number in [i64::MIN, -1, 0, 1, i64::MAX] {
            let mut bytes = Vec::new();
            put_signed(&mut bytes, number);
            assert_eq!(Reader::new(&bytes).signed(), Ok(number));
        }
        assert!(Reader::new(&[0xFF; 11]).unsigned().is_err());
        assert!(Reader::new(&[0x80]).unsigned().is_err());
    }
}
