//! Lines of a file, each of bounded length.

use std::io::{self, BufRead, Read};

use super::ImportError;
use super::problem::Problems;

/// No row of cycles is longer.
const LONGEST: u64 = 64 << 10;

/// One line.
pub(super) enum Line<'l> {
    /// Without its end.
    Whole(&'l [u8]),
    /// It goes on beyond any row; its rest was skipped.
    TooLong,
}

pub(super) struct Lines<R> {
    from: R,
    number: u64,
    line: Vec<u8>,
}

#[derive(PartialEq, Eq)]
enum Length {
    Bearable,
    TooLong,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(from: R) -> Self {
        Lines { from, number: 0, line: Vec::new() }
    }

    /// The next line that is not blank, and its number from 1.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        let length = self.advance()?;
        Ok(length.map(|length| match length {
            Length::Bearable => (self.number, Line::Whole(&self.line)),
            Length::TooLong => (self.number, Line::TooLong),
        }))
    }

    /// The next line that can be a row, and its number; those that are too long go to `problems`.
    pub(super) fn next_row(&mut self, problems: &mut Problems) -> Result<Option<(u64, &[u8])>, ImportError> {
        while let Some(length) = self.advance().map_err(ImportError::Read)? {
            if length == Length::Bearable {
                return Ok(Some((self.number, &self.line)));
            }
            problems.add(self.number, None, "the line is too long for a row of cycles");
        }
        Ok(None)
    }

    /// Reads the next line that is not blank, without its end.
    fn advance(&mut self) -> io::Result<Option<Length>> {
        loop {
            self.line.clear();
            if self.from.by_ref().take(LONGEST).read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            self.number = self.number.saturating_add(1);
            if self.line.last() != Some(&b'\n') && self.line.len() as u64 == LONGEST {
                self.skip()?;
                return Ok(Some(Length::TooLong));
            }
            if self.number == 1 && self.line.starts_with(b"\xEF\xBB\xBF") {
                // Spreadsheets put a byte order mark before UTF-8.
                self.line.drain(..3);
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        for byte in [b'\n', b'\r'] {
            if self.line.last() == Some(&byte) {
                self.line.pop();
            }
        }
        Ok(Some(Length::Bearable))
    }

    fn skip(&mut self) -> io::Result<()> {
        loop {
            self.line.clear();
            let read = self.from.by_ref().take(LONGEST).read_until(b'\n', &mut self.line)?;
            if read == 0 || self.line.last() == Some(&b'\n') {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_any_length_is_read_in_bounded_memory_and_the_next_one_is_whole() {
        let mut text = b"\xEF\xBB\xBFa,b\r\n\n   \n".to_vec();
        text.extend(std::iter::repeat_n(b'x', 300_000));
        text.extend_from_slice(b"\nlast");
        let mut lines = Lines::new(text.as_slice());
        assert!(matches!(lines.next().unwrap(), Some((1, Line::Whole(b"a,b")))));
        assert!(matches!(lines.next().unwrap(), Some((4, Line::TooLong))));
        assert!(lines.line.capacity() <= 300_000);
        assert!(matches!(lines.next().unwrap(), Some((5, Line::Whole(b"last")))));
        assert!(lines.next().unwrap().is_none());
    }
}
