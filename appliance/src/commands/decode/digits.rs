//! Hexadecimal text to bytes, however it is cut.

use std::io::{self, ErrorKind};

/// What was read of the text so far.
#[derive(Default)]
pub struct Digits {
    half: Option<u8>,
    read: u64,
}

impl Digits {
    /// The bytes of the next stretch of text; what stands before a letter that has no place there is in `bytes` too.
    pub fn read(&mut self, text: &[u8], bytes: &mut Vec<u8>) -> io::Result<()> {
        for &letter in text {
            self.read += 1;
            let digit = match letter {
                b'0'..=b'9' => letter - b'0',
                b'a'..=b'f' => letter - b'a' + 10,
                b'A'..=b'F' => letter - b'A' + 10,
                b',' | b':' | b'-' => continue,
                blank if blank.is_ascii_whitespace() => continue,
                // `0x` before a byte.
                b'x' | b'X' if self.half == Some(0) => {
                    self.half = None;
                    continue;
                }
                other => {
                    let what =
                        format!("character {} is {:?}, no hexadecimal digit", self.read, char::from(other));
                    return Err(io::Error::new(ErrorKind::InvalidData, what));
                }
            };
            match self.half.take() {
                None => self.half = Some(digit),
                Some(high) => bytes.push(high << 4 | digit),
            }
        }
        Ok(())
    }

    /// The text is over.
    pub fn end(&self) -> io::Result<()> {
        match self.half {
            None => Ok(()),
            Some(_) => Err(io::Error::new(ErrorKind::InvalidData, "the text ends in the middle of a byte")),
        }
    }
}
