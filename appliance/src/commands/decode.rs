//! `platen decode xbee`: the form of its lines is told in `docs/decode.md`.

use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use radio::v3::frame::{ApiMode, Decoder, Piece, describe};

use super::Done;

/// Words of `platen decode`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// What an XBee stick's serial port says
    Xbee {
        /// How the port is framed (AP)
        #[arg(long, value_enum)]
        api: Api,
        /// The input is text: hexadecimal digits, with blanks, commas, colons or dashes between them
        #[arg(long)]
        hex: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Api {
    /// Plain
    #[value(name = "1")]
    One,
    /// Escaped
    #[value(name = "2")]
    Two,
}

pub fn run(args: Args) -> Done {
    let What::Xbee { api, hex } = args.what;
    let mode = match api {
        Api::One => ApiMode::Plain,
        Api::Two => ApiMode::Escaped,
    };
    match decode(io::stdin().lock(), io::stdout().lock(), mode, hex) {
        // Whoever read the lines has enough of them.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        result => Ok(result.map(|()| ExitCode::SUCCESS)?),
    }
}

fn decode(mut from: impl Read, to: impl Write, mode: ApiMode, hex: bool) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    let mut decoder = Decoder::new(mode);
    let mut digits = Digits::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = match from.read(&mut buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let input = buffer.get(..length).unwrap_or_default();
        let pieces = match (length, hex) {
            (0, _) => decoder.idle(),
            (_, false) => decoder.push(input),
            (_, true) => decoder.push(&digits.read(input)?),
        };
        write(&mut to, &pieces)?;
        // A line is there as soon as its frame is, also on a pipe that stays open.
        to.flush()?;
        if length == 0 {
            return digits.end();
        }
    }
}

fn write(to: &mut impl Write, pieces: &[Piece]) -> io::Result<()> {
    for piece in pieces {
        serde_json::to_writer(&mut *to, &describe(piece))?;
        to.write_all(b"\n")?;
    }
    Ok(())
}

/// Hexadecimal text to bytes, however it is cut.
#[derive(Default)]
struct Digits {
    half: Option<u8>,
    read: u64,
}

impl Digits {
    fn read(&mut self, text: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(text.len() / 2);
        for &letter in text {
            self.read += 1;
            let digit = match letter {
                b'0'..=b'9' => letter - b'0',
                b'a'..=b'f' => letter - b'a' + 10,
                b'A'..=b'F' => letter - b'A' + 10,
                b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' | b'-' => continue,
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
        Ok(bytes)
    }

    fn end(&self) -> io::Result<()> {
        match self.half {
            None => Ok(()),
            Some(_) => Err(io::Error::new(ErrorKind::InvalidData, "the text ends in the middle of a byte")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The XBee 3 user guide's modem status, "coordinator started".
    const STARTED: &str = "7E 00 02 8A 06 6F";

    fn lines(input: &[u8], mode: ApiMode, hex: bool) -> Vec<serde_json::Value> {
        let mut out = Vec::new();
        decode(input, &mut out, mode, hex).unwrap();
        String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn text_and_bytes_decode_alike() {
        let bytes = [0x7E, 0x00, 0x02, 0x8A, 0x06, 0x6F];
        let expected = lines(&bytes, ApiMode::Plain, false);
        assert_eq!(expected.len(), 1);
        assert_eq!(expected[0]["type"], "0x8A");
        for text in [STARTED, "7e00028a066f", "0x7E,0x00,0x02,0x8A,0x06,0x6F", "7E:00:02\n8A-06-6F\r\n"] {
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
    fn text_that_is_not_hexadecimal_is_refused_with_its_place() {
        let error = decode(&b"7E 0G"[..], Vec::new(), ApiMode::Plain, true).unwrap_err();
        assert!(error.to_string().contains("character 5"), "{error}");
        assert!(decode(&b"7E 0"[..], Vec::new(), ApiMode::Plain, true).is_err());
    }
}
