//! Bytes that are no lines, on their way over the socket.

use std::io::{self, BufRead, ErrorKind, Read, Write};

use super::ask::Ask;

/// Begins a chunk; a status never begins so.
const CHUNK: u8 = 1;
const SIZE: usize = 64 << 10;

/// Gathers bytes and passes them on in chunks.
pub(super) struct Chunks<'a> {
    to: &'a mut dyn Write,
    /// The head of the chunk, then its bytes: all of it goes in one piece.
    waiting: Vec<u8>,
}

const HEAD: usize = 5;

impl<'a> Chunks<'a> {
    pub(super) fn new(to: &'a mut dyn Write) -> Self {
        let mut waiting = Vec::with_capacity(HEAD + SIZE);
        waiting.resize(HEAD, 0);
        Chunks { to, waiting }
    }

    /// Passes on what waits.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.pass()?;
        self.to.flush()
    }

    fn pass(&mut self) -> io::Result<()> {
        let length = u32::try_from(self.waiting.len() - HEAD).map_err(io::Error::other)?;
        if length > 0 {
            if let Some(head) = self.waiting.get_mut(..HEAD) {
                head.copy_from_slice(&[&[CHUNK][..], &length.to_le_bytes()].concat());
            }
            self.to.write_all(&self.waiting)?;
            self.waiting.truncate(HEAD);
        }
        Ok(())
    }
}

impl Write for Chunks<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = (HEAD + SIZE).saturating_sub(self.waiting.len());
        let taken = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.waiting.extend_from_slice(taken);
        if taken.len() == room {
            self.pass()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Passes on the bytes of every chunk, as far as where something else begins.
pub(super) fn copy(from: &mut impl BufRead, to: &mut dyn Write) -> Result<(), Ask> {
    let mut bytes = Vec::new();
    loop {
        let next = match from.fill_buf() {
            Ok(next) => next.first().copied(),
            // A box that goes away resets the connection.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Err(Ask::CutShort),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(Ask::Talk(error)),
        };
        match next {
            Some(CHUNK) => {}
            Some(_) => return to.flush().map_err(Ask::Write),
            None => return Err(Ask::CutShort),
        }
        let mut head = [0; HEAD];
        from.read_exact(&mut head).map_err(cut)?;
        let [_, a, b, c, d] = head;
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        bytes.clear();
        let read = from.by_ref().take(length).read_to_end(&mut bytes).map_err(cut)?;
        if read as u64 != length {
            return Err(Ask::CutShort);
        }
        to.write_all(&bytes).map_err(Ask::Write)?;
    }
}

fn cut(error: io::Error) -> Ask {
    match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => Ask::CutShort,
        _ => Ask::Talk(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(bytes: &[u8]) -> Vec<u8> {
        let mut wire = Vec::new();
        let mut chunks = Chunks::new(&mut wire);
        chunks.write_all(bytes).unwrap();
        chunks.finish().unwrap();
        wire
    }

    #[test]
    fn bytes_of_any_kind_and_number_come_out_as_they_went_in() {
        for length in [0, 1, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE + 7] {
            let bytes: Vec<u8> = (0..length).map(|n| n.to_le_bytes()[0]).collect();
            let mut wire = sent(&bytes);
            wire.extend(b"{\"done\"");
            let (mut from, mut got) = (wire.as_slice(), Vec::new());
            copy(&mut from, &mut got).unwrap();
            assert!(got == bytes, "{length}");
            assert_eq!(from, b"{\"done\"");
        }
    }

    #[test]
    fn a_stream_that_ends_within_or_after_a_chunk_is_cut_short() {
        let wire = sent(b"some bytes");
        for length in 0..=wire.len() {
            let mut from = &wire[..length];
            assert!(matches!(copy(&mut from, &mut Vec::new()), Err(Ask::CutShort)), "{length}");
        }
    }
}
