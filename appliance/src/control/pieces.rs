//! Answers that are not made of lines: pieces with their lengths.

use std::io::{self, BufRead, ErrorKind, Read, Write};

use super::ask::{Ask, settle};

/// The longest piece, in bytes.
const LONGEST: usize = 64 << 10;

/// Writes pieces.
pub(super) struct Pieces<W: Write> {
    to: W,
    piece: Vec<u8>,
    written: u64,
}

impl<W: Write> Pieces<W> {
    pub(super) fn new(to: W) -> Self {
        Pieces { to, piece: Vec::new(), written: 0 }
    }

    fn send(&mut self) -> io::Result<()> {
        if !self.piece.is_empty() {
            writeln!(self.to, "{}", self.piece.len())?;
            self.to.write_all(&self.piece)?;
            self.piece.clear();
            self.written = self.written.saturating_add(1);
        }
        Ok(())
    }

    /// That were all; answers how many.
    pub(super) fn end(mut self) -> io::Result<u64> {
        self.send()?;
        self.to.write_all(b"0\n")?;
        Ok(self.written)
    }
}

impl<W: Write> Write for Pieces<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = LONGEST.saturating_sub(self.piece.len());
        let taken = bytes.get(..bytes.len().min(room)).unwrap_or(bytes);
        self.piece.extend_from_slice(taken);
        if self.piece.len() >= LONGEST {
            self.send()?;
        }
        Ok(taken.len())
    }

    /// A piece is sent when it is full.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Passes every piece on; tells whether all was well.
pub(super) fn copy(mut from: impl BufRead, to: &mut dyn Write) -> Result<bool, Ask> {
    let mut pieces = 0u64;
    loop {
        let length = line(&mut from)?;
        let length = std::str::from_utf8(&length).ok().and_then(|text| text.trim_end().parse().ok());
        let Some(length) = length.filter(|length: &u64| *length <= LONGEST as u64) else {
            return Err(Ask::CutShort);
        };
        if length == 0 {
            break;
        }
        let copied = io::copy(&mut from.by_ref().take(length), to).map_err(Ask::Write)?;
        if copied < length {
            return Err(Ask::CutShort);
        }
        pieces = pieces.saturating_add(1);
    }
    to.flush().map_err(Ask::Write)?;
    settle(&line(&mut from)?, pieces)
}

fn line(from: &mut impl BufRead) -> Result<Vec<u8>, Ask> {
    let mut line = Vec::new();
    match from.by_ref().take(LONGEST as u64).read_until(b'\n', &mut line) {
        Ok(_) => Ok(line),
        // A box that goes away resets the connection.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Err(Ask::CutShort),
        Err(error) => Err(Ask::Talk(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_over_as_they_are_or_are_told_as_cut_short() {
        let bytes: Vec<u8> = (0..200_000u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
        let mut sent = Vec::new();
        let mut pieces = Pieces::new(&mut sent);
        pieces.write_all(&bytes).unwrap();
        let count = pieces.end().unwrap();
        assert_eq!(count, 4);
        sent.extend_from_slice(format!("{{\"done\":{{\"lines\":{count},\"clean\":true}}}}\n").as_bytes());
        let mut got = Vec::new();
        assert!(copy(sent.as_slice(), &mut got).unwrap());
        assert_eq!(got, bytes);
        for length in [0, 1, 5, 70_000, sent.len() - 40, sent.len() - 3] {
            let cut = copy(&sent[..length], &mut Vec::new());
            assert!(matches!(cut, Err(Ask::CutShort)), "{length}: {cut:?}");
        }
        let refused = copy("0\n{\"failed\":\"no\"}\n".as_bytes(), &mut Vec::new());
        assert!(matches!(refused, Err(Ask::Refused(why)) if why == "no"));
    }
}
