//! A passphrase typed on the terminal, which does not show it.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};

use nix::sys::termios::{self, LocalFlags, SetArg, Termios};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{GetKeys, files};

/// Nobody types more; a file that stands in for a terminal may have more.
const LONGEST: usize = 4096;

/// Asks once.
pub(super) fn ask() -> Result<SecretString, GetKeys> {
    let mut terminal = Terminal::open().map_err(GetKeys::Ask)?;
    terminal.passphrase("Passphrase of the store: ")
}

/// Asks twice, so that a slip of the finger locks nobody out.
pub(super) fn ask_twice() -> Result<SecretString, GetKeys> {
    let mut terminal = Terminal::open().map_err(GetKeys::Ask)?;
    let once = terminal.passphrase("New passphrase of the store: ")?;
    let again = terminal.passphrase("The same again: ")?;
    if once.expose_secret() == again.expose_secret() { Ok(once) } else { Err(GetKeys::NotTheSame) }
}

/// The terminal with its echo off; on again when dropped.
struct Terminal {
    file: File,
    before: Termios,
}

impl Terminal {
    fn open() -> io::Result<Self> {
        let file = File::options().read(true).write(true).open("/dev/tty")?;
        let before = termios::tcgetattr(&file)?;
        let mut quiet = before.clone();
        // Ctrl-C comes as a byte: a program that a signal ends would leave the terminal without its echo.
        quiet.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
        termios::tcsetattr(&file, SetArg::TCSAFLUSH, &quiet)?;
        Ok(Terminal { file, before })
    }

    fn passphrase(&mut self, prompt: &str) -> Result<SecretString, GetKeys> {
        let typed = self.file.write_all(prompt.as_bytes()).and_then(|()| line(&mut self.file));
        let _ = self.file.write_all(b"\n");
        let typed = typed.map_err(GetKeys::Ask)?;
        files::passphrase(std::str::from_utf8(&typed).unwrap_or_default(), "the terminal".to_owned())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = termios::tcsetattr(&self.file, SetArg::TCSAFLUSH, &self.before);
    }
}

/// What is typed up to the end of the line, with what backspace takes away.
fn line(from: &mut impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut typed = Zeroizing::new(Vec::with_capacity(LONGEST));
    loop {
        let mut byte = [0];
        match from.read(&mut byte) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        match byte {
            [b'\r' | b'\n'] => return Ok(typed),
            [0x03 | 0x04 | 0x1C] => return Err(io::Error::new(ErrorKind::Interrupted, "broken off")),
            // A character of several bytes goes whole.
            [0x08 | 0x7F] => while typed.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {},
            [0x15] => typed.clear(),
            [byte] if typed.len() < LONGEST => typed.push(byte),
            _ => return Err(io::Error::new(ErrorKind::InvalidInput, "the line is too long")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_taken_with_its_corrections() {
        let typed =
            |text: &str| line(&mut text.as_bytes()).map(|typed| String::from_utf8(typed.to_vec()).unwrap());
        assert_eq!(typed("secret\nrest").unwrap(), "secret");
        assert_eq!(typed("secrät\x7f\x7fet\r").unwrap(), "secret");
        assert_eq!(typed("\x7fwrong\x15right\n").unwrap(), "right");
        for broken_off in ["secret\x03\n", "\x04", "secret"] {
            typed(broken_off).unwrap_err();
        }
        typed(&"x".repeat(LONGEST + 1)).unwrap_err();
    }
}
