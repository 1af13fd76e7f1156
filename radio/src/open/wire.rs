//! Fields of a message: fixed numbers big-endian, the others as varints; and the check for what must arrive whole.

/// Why bytes are not the fields they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// It ends within a field.
    #[error("it ends within {field}")]
    Truncated {
        /// Which.
        field: &'static str,
    },
    /// It goes on after its end.
    #[error("{0} bytes after its end")]
    Trailing(usize),
    /// A field holds what it must not.
    #[error("{field} must not be {value:#x}")]
    Value {
        /// Which.
        field: &'static str,
        /// What it holds.
        value: u64,
    },
    /// A number is longer than the shortest way to write it, or than 64 bits.
    #[error("{field} is not written in the shortest way")]
    Varint {
        /// Which.
        field: &'static str,
    },
}

/// CRC-16/CCITT-FALSE: polynomial 1021, initial FFFF, not reflected; `123456789` gives 29B1.
#[must_use]
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        let index = (crc >> 8) as u8 ^ byte;
        (crc << 8) ^ TABLE[usize::from(index)]
    })
}

const TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = (index as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

/// Bytes that [`push_varint`] takes for this number.
pub(crate) const fn varint_len(number: u64) -> usize {
    let bits = 64 - (number | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Seven bits a byte, the lowest first, the top bit set on all but the last.
pub(crate) fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// 0, -1, 1, -2, 2 … as 0, 1, 2, 3, 4 …
pub(crate) const fn zigzag(number: i64) -> u64 {
    (number.wrapping_shl(1) ^ (number >> 63)) as u64
}

/// The reverse of [`zigzag`].
pub(crate) const fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Takes fields off the front of a message's bytes.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    pub(crate) fn take(&mut self, count: usize, field: &'static str) -> Result<&'a [u8], FieldError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(FieldError::Truncated { field })?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], FieldError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(FieldError::Truncated { field })?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, FieldError> {
        self.array(field).map(u8::from_be_bytes)
    }

    pub(crate) fn i8(&mut self, field: &'static str) -> Result<i8, FieldError> {
        self.array(field).map(i8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self, field: &'static str) -> Result<u16, FieldError> {
        self.array(field).map(u16::from_be_bytes)
    }

    pub(crate) fn i16(&mut self, field: &'static str) -> Result<i16, FieldError> {
        self.array(field).map(i16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, FieldError> {
        self.array(field).map(u32::from_be_bytes)
    }

    pub(crate) fn u40(&mut self, field: &'static str) -> Result<u64, FieldError> {
        let [a, b, c, d, e] = self.array(field)?;
        Ok(u64::from_be_bytes([0, 0, 0, a, b, c, d, e]))
    }

    pub(crate) fn i64(&mut self, field: &'static str) -> Result<i64, FieldError> {
        self.array(field).map(i64::from_be_bytes)
    }

    /// Refuses a longer way of writing a number than the shortest: a message has one form only.
    pub(crate) fn varint(&mut self, field: &'static str) -> Result<u64, FieldError> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8(field)?;
            let part = u64::from(byte & 0x7F);
            if (part << shift) >> shift != part || (byte == 0 && shift > 0) {
                return Err(FieldError::Varint { field });
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(FieldError::Varint { field })
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next byte, which stays where it is.
    pub(crate) fn first(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    pub(crate) fn end(self) -> Result<(), FieldError> {
        if self.rest.is_empty() { Ok(()) } else { Err(FieldError::Trailing(self.rest.len())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_check_is_the_one_the_document_names() {
        assert_eq!(crc16(b"123456789"), 0x29B1);
        assert_eq!(crc16(b""), 0xFFFF);
    }

    #[test]
    fn a_number_written_longer_than_needed_is_refused() {
        for bytes in [&[0x80, 0x00][..], &[0xFF, 0x80, 0x00], &[0xFF; 11], &[0x80; 10]] {
            let refused = Reader::new(bytes).varint("n");
            assert_eq!(refused, Err(FieldError::Varint { field: "n" }), "{bytes:02x?}");
        }
        assert_eq!(Reader::new(&[0x80]).varint("n"), Err(FieldError::Truncated { field: "n" }));
    }

    proptest! {
        #[test]
        fn a_varint_reads_back_and_its_length_is_known(number: u64, bits in 0u32..64) {
            let number = number >> bits;
            let mut bytes = Vec::new();
            push_varint(&mut bytes, number);
            prop_assert_eq!(bytes.len(), varint_len(number));
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.varint("n"), Ok(number));
            prop_assert!(reader.end().is_ok());
        }

        #[test]
        fn zigzag_reads_back_and_small_numbers_stay_small(number: i64) {
            prop_assert_eq!(unzigzag(zigzag(number)), number);
            if (-64..64).contains(&number) {
                prop_assert_eq!(varint_len(zigzag(number)), 1);
            }
        }
    }
}
