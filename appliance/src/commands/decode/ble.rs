//! `platen decode ble`: adverts, one a line.

use std::io::{self, BufRead, BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use anyhow::Context;
use appliance::keys;
use radio::v4::{Address, Keyring, Listener};
use serde_json::{Map, json};

use super::digits::Digits;

/// No line is longer: an extended advert has at most 1,650 bytes (Bluetooth Core Specification, volume 6, part B,
/// 2.3.4.9), and people write blanks between them.
const LONGEST: u64 = 16 * 1024;
/// `54:48:E6:8F:80:A5`.
const ADDRESS: usize = 17;

/// The keys in the file, if one is named.
pub fn keyring(file: Option<&Path>) -> anyhow::Result<Keyring> {
    let Some(file) = file else { return Ok(Keyring::default()) };
    let bytes = keys::read_private(file)?;
    let text = std::str::from_utf8(&bytes).with_context(|| format!("{} is no text", file.display()))?;
    Keyring::parse(text).with_context(|| format!("read the keys in {}", file.display()))
}

/// Decodes a line of text after the other until there are no more, or one is none.
pub fn decode(mut from: impl BufRead, to: impl Write, keyring: Keyring) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    let mut listener = Listener::new(keyring);
    let mut text = Vec::new();
    let mut number = 0u64;
    loop {
        text.clear();
        if (&mut from).take(LONGEST + 1).read_until(b'\n', &mut text)? == 0 {
            return Ok(());
        }
        number += 1;
        if text.len() as u64 > LONGEST {
            return Err(refused(number, &format!("more than {LONGEST} characters")));
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let (address, bytes) = advert(&mut text).map_err(|error| refused(number, &error.to_string()))?;
        let mut line = Map::from_iter([("line".to_owned(), json!(number))]);
        line.extend(listener.hear(address, &bytes));
        serde_json::to_writer(&mut to, &line)?;
        to.write_all(b"\n")?;
        // A line is there as soon as its advert is, also on a pipe that stays open.
        to.flush()?;
    }
}

fn refused(line: u64, why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("line {line}: {why}"))
}

/// A first word of six bytes with colons is the address that the advert came from.
fn advert(text: &mut [u8]) -> io::Result<(Option<Address>, Vec<u8>)> {
    let word = text.split_at_mut_checked(ADDRESS).filter(|(_, rest)| {
        let mut rest = rest.iter().skip_while(|byte| byte.is_ascii_whitespace());
        rest.next().is_some()
    });
    let address = word.and_then(|(word, rest)| {
        rest.first().filter(|byte| byte.is_ascii_whitespace())?;
        let address = std::str::from_utf8(word).ok()?.parse().ok()?;
        // So that the digits behind it are counted from the line's beginning.
        word.fill(b' ');
        Some(address)
    });
    let (mut digits, mut bytes) = (Digits::default(), Vec::new());
    digits.read(text, &mut bytes)?;
    digits.end()?;
    Ok((address, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// The advert of bthome.io/format: a name, 25 degrees and 50.55 % humidity.
    const PLAIN: &str = "020106 0B094449592D73656E736F72 0A16D2FC4002C40903BF13";

    fn decoded(text: &str) -> (Vec<Value>, io::Result<()>) {
        let mut out = Vec::new();
        let result = decode(text.as_bytes(), &mut out, Keyring::default());
        let out = String::from_utf8(out).unwrap();
        (out.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), result)
    }

    #[test]
    fn a_line_is_an_advert_with_or_without_an_address_before_it() {
        let text = format!("{PLAIN}\n\n54:48:E6:8F:80:A5 {PLAIN}\r\n02:01:06:03:03:AA\n0x02,0x01,0x06");
        let (lines, result) = decoded(&text);
        result.unwrap();
        let numbers: Vec<_> = lines.iter().map(|line| line["line"].as_u64().unwrap()).collect();
        assert_eq!(numbers, [1, 3, 4, 5], "an empty line is none");
        assert_eq!(lines[0]["bthome"]["readings"][0]["temperature_mc"], 25_000);
        assert_eq!(lines[1]["address"], "54:48:E6:8F:80:A5");
        assert_eq!(lines[1]["structures"], lines[0]["structures"]);
        assert_eq!(lines[2]["damage"], "truncated", "six bytes alone are an advert");
        assert_eq!(lines[3]["structures"][0]["name"], "flags");
    }

    #[test]
    fn damage_is_a_line_and_decoding_goes_on() {
        let (lines, result) = decoded(&format!("0201\n{PLAIN}\n"));
        result.unwrap();
        assert_eq!(lines[0]["damage"], "truncated");
        assert_eq!(lines[1]["structures"][0]["data"], "06");
    }

    #[test]
    fn adverts_before_a_bad_digit_are_printed_before_it_is_told() {
        for (text, told) in
            [("# note", "line 2: character 1 is '#'"), ("54:48:E6:8F:80:A5 02 0?", "character 23 is '?'")]
        {
            let (lines, result) = decoded(&format!("{PLAIN}\n{text}\n{PLAIN}\n"));
            assert_eq!(lines.len(), 1);
            let error = result.unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        let (lines, result) = decoded(&format!("{PLAIN}\n020\n"));
        assert_eq!(lines.len(), 1);
        assert!(result.unwrap_err().to_string().contains("line 2: the text ends in the middle of a byte"));
    }

    #[test]
    fn a_line_without_an_end_is_refused_and_not_kept() {
        let (lines, result) = decoded(&"00".repeat(20_000));
        assert!(lines.is_empty());
        assert!(result.unwrap_err().to_string().contains("line 1: more than 16384 characters"));
    }
}
