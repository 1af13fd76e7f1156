//! `platen decode xbee`: frames of a stick's serial port.

use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use radio::v3::frame::{ApiMode, Decoder, Piece, describe};

use super::digits::Digits;

/// A pause of this length within a frame of a live line means that the rest is lost. Twice what a link waits, for a
/// pipe may stand between.
const PAUSE: Duration = Duration::from_millis(500);

/// Decodes the standard input until it ends.
pub fn run(mode: ApiMode, hex: bool) -> io::Result<()> {
    let chunks = read_ahead(io::stdin())?;
    decode(&chunks, io::stdout().lock(), mode, hex)
}

/// Reads on a thread of its own, so that whoever takes the bytes notices a pause.
fn read_ahead(mut from: impl Read + Send + 'static) -> io::Result<Receiver<io::Result<Vec<u8>>>> {
    let (to, chunks) = sync_channel(1);
    std::thread::Builder::new().name("input".to_owned()).spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let chunk = match from.read(&mut buffer) {
                Ok(0) => return,
                Ok(length) => Ok(buffer.get(..length).unwrap_or_default().to_vec()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let over = chunk.is_err();
            if to.send(chunk).is_err() || over {
                return;
            }
        }
    })?;
    Ok(chunks)
}

fn decode(
    chunks: &Receiver<io::Result<Vec<u8>>>,
    to: impl Write,
    mode: ApiMode,
    hex: bool,
) -> io::Result<()> {
    let mut lines = Lines { decoder: Decoder::new(mode), to: BufWriter::new(to) };
    let outcome = if hex { lines.text(chunks) } else { lines.bytes(chunks) };
    // Whatever ended the input, frames that came before it are there.
    lines.idle()?;
    outcome
}

struct Lines<W: Write> {
    decoder: Decoder,
    to: BufWriter<W>,
}

impl<W: Write> Lines<W> {
    /// On a live line a false header holds back the good frames behind it for no longer than a pause.
    fn bytes(&mut self, chunks: &Receiver<io::Result<Vec<u8>>>) -> io::Result<()> {
        loop {
            let next = if self.decoder.is_pending() {
                chunks.recv_timeout(PAUSE)
            } else {
                chunks.recv().map_err(RecvTimeoutError::from)
            };
            match next {
                Ok(chunk) => self.push(&chunk?)?,
                Err(RecvTimeoutError::Timeout) => self.idle()?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Text may be typed: a pause in it says nothing.
    fn text(&mut self, chunks: &Receiver<io::Result<Vec<u8>>>) -> io::Result<()> {
        let mut digits = Digits::default();
        for chunk in chunks {
            let mut bytes = Vec::new();
            let read = digits.read(&chunk?, &mut bytes);
            self.push(&bytes)?;
            read?;
        }
        digits.end()
    }

    fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        let pieces = self.decoder.push(bytes);
        self.write(&pieces)
    }

    fn idle(&mut self) -> io::Result<()> {
        let pieces = self.decoder.idle();
        self.write(&pieces)
    }

    fn write(&mut self, pieces: &[Piece]) -> io::Result<()> {
        for piece in pieces {
            serde_json::to_writer(&mut self.to, &describe(piece))?;
            self.to.write_all(b"\n")?;
        }
        // A line is there as soon as its frame is, also on a pipe that stays open.
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The XBee 3 user guide's modem status, "coordinator started".
    const STARTED: &str = "7E 00 02 8A 06 6F";

    fn decoded(input: &'static [u8], mode: ApiMode, hex: bool) -> (Vec<serde_json::Value>, io::Result<()>) {
        let mut out = Vec::new();
        let result = decode(&read_ahead(input).unwrap(), &mut out, mode, hex);
        let out = String::from_utf8(out).unwrap();
        (out.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), result)
    }

    fn lines(input: &[u8], mode: ApiMode, hex: bool) -> Vec<serde_json::Value> {
        let (lines, result) = decoded(input.to_vec().leak(), mode, hex);
        result.unwrap();
        lines
    }

    #[test]
    fn text_and_bytes_decode_alike() {
        let bytes = [0x7E, 0x00, 0x02, 0x8A, 0x06, 0x6F];
        let expected = lines(&bytes, ApiMode::Plain, false);
        assert_eq!(expected.len(), 1);
        assert_eq!(expected[0]["type"], "0x8A");
        for text in [
            STARTED,
            "7e00028a066f",
            "0x7E,0x00,0x02,0x8A,0x06,0x6F",
            "7E:00:02\n8A-06-6F\r\n",
            "0X7e 0x0002\t8a066f",
        ] {
            assert_eq!(lines(text.as_bytes(), ApiMode::Plain, true), expected, "{text}");
        }
    }

    #[test]
    fn decoding_goes_on_after_damage() {
        let text = format!("{} {STARTED} FF FF {STARTED}", STARTED.replace("6F", "70"));
        let lines = lines(text.as_bytes(), ApiMode::Plain, true);
        let kinds: Vec<bool> = lines.iter().map(|line| line.get("damage").is_some()).collect();
        assert_eq!(kinds, [true, false, true, false], "{lines:?}");
        assert_eq!(lines[0]["damage"], "bad checksum");
        assert_eq!(lines[3]["offset"], 14);
    }

    #[test]
    fn a_frame_that_never_ends_is_told_at_the_end() {
        let lines = lines(b"7E 00 02 8A", ApiMode::Plain, true);
        assert_eq!(lines[0]["damage"], "truncated");
    }

    #[test]
    fn frames_before_a_bad_digit_are_printed_before_it_is_told() {
        let (lines, result) = decoded(b"7E00028A066F\n# note", ApiMode::Plain, true);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0]["type"], "0x8A");
        let error = result.unwrap_err();
        assert!(error.to_string().contains("character 14 is '#'"), "{error}");
        // Also those that the beginning of something else held back.
        let (lines, result) = decoded(b"7E0020 7E00028A066F #", ApiMode::Plain, true);
        assert!(lines.iter().any(|line| line["type"] == "0x8A"), "{lines:?}");
        assert!(result.is_err());
    }

    #[test]
    fn text_that_ends_within_a_byte_is_refused_after_its_frames() {
        let (lines, result) = decoded(b"7E00028A066F 7", ApiMode::Plain, true);
        assert_eq!(lines[0]["type"], "0x8A");
        assert!(result.is_err());
    }

    #[test]
    fn on_a_line_that_stays_open_no_frame_waits_for_a_false_header_to_be_filled() {
        let (line, chunks) = sync_channel(2);
        let (mut heard, told) = io::pipe().unwrap();
        let decoding = std::thread::spawn(move || decode(&chunks, told, ApiMode::Plain, false));
        line.send(Ok([&[0x7E, 0x00, 0x20][..], &[0x7E, 0x00, 0x02, 0x8A, 0x06, 0x6F]].concat())).unwrap();
        let mut said = String::new();
        // With a decoder that waited for more bytes or the end, this would never end.
        while !said.contains("coordinator started") {
            let mut buffer = [0; 1024];
            let length = heard.read(&mut buffer).unwrap();
            said.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        }
        drop(line);
        decoding.join().unwrap().unwrap();
    }
}
