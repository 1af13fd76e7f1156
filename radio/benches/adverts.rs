//! Adverts decoded per second: ours, sealed, of a hundred monitors; and BTHome's, encrypted and in clear, beside bthome-ble
//! on the same adverts in the same run.
//!
//! `just bench` runs it with PLATEN_DECODERS set; prints rows for docs/benchmarks.md.
#![expect(clippy::expect_used, reason = "what fails here ends the benchmark")]

use std::io::Write;
use std::process::Command;
use std::time::Instant;

use radio::v4::advert::{Advert, Company, Opener, Ours, Sealer, State, Status, Window};
use radio::v4::sensors::bthome;
use radio::v4::{Address, Key};

const MONITORS: u32 = 100;
const ADVERTS: usize = 100_000;
const RUNS: usize = 9;
/// The examples of bthome.io: temperature and humidity, in clear; the same encrypted, with the key and the address
/// they give for it.
const PLAIN: &str = "0201060a16d2fc4002ca0903bf13";
const ENCRYPTED: &str = "0201061216d2fc41a47266c95f730011223378237214";
const KEY: &str = "231d39c1d7cc1ab1aee224cd096db932";
const FROM: Address = Address::from_be_bytes([0x54, 0x48, 0xE6, 0x8F, 0x80, 0xA5]);

fn main() {
    let sealed = sealed();
    let ours = median(ADVERTS, || {
        let mut openers: Vec<Opener> =
            (0..MONITORS).map(|id| Opener::new(key(id), id, Window::before(1))).collect();
        sealed.iter().filter(|bytes| is_opened(&mut openers, bytes)).count()
    });
    println!("| sealed adverts of 100 monitors opened a second | {ours:.0} | |");
    let bytes = |text: &str| hex::decode(text).expect("hexadecimal digits");
    let opened: [u8; 16] = bytes(KEY).try_into().expect("sixteen bytes");
    let opened = Key::new(opened);
    let peers = peers();
    for (name, advert, key) in
        [("in clear", bytes(PLAIN), None), ("encrypted", bytes(ENCRYPTED), Some(&opened))]
    {
        let ours = median(ADVERTS, || (0..ADVERTS).filter(|_| readings(&advert, key) == Some(2)).count());
        let peer = peers[name].as_f64().expect("a rate");
        println!("| BTHome adverts {name} read a second | {ours:.0} | |");
        println!("| the same by bthome-ble | | {peer:.0}: {:.0} times slower |", ours / peer);
    }
}

fn key(monitor: u32) -> Key {
    let mut bytes = [0x37; 16];
    bytes[..4].copy_from_slice(&monitor.to_be_bytes());
    Key::new(bytes)
}

/// What a hundred monitors send in turns, each time another count.
fn sealed() -> Vec<Vec<u8>> {
    let mut sealers: Vec<Sealer> = (0..MONITORS).map(|id| Sealer::new(key(id), id, 1)).collect();
    let mut adverts = Vec::with_capacity(ADVERTS);
    for count in 0.. {
        let status = Status::new(7, count, State::Cycling);
        for sealer in &mut sealers {
            if adverts.len() == ADVERTS {
                return adverts;
            }
            let sealed = sealer.seal(Company(0xFFFF), &status).expect("counters are left");
            adverts.push(Ours::Sealed(sealed).encode().expect("it fits an advert"));
        }
    }
    adverts
}

/// As the box does it: whose it is stands in it.
fn is_opened(openers: &mut [Opener], bytes: &[u8]) -> bool {
    let Ok(advert) = Advert::parse(bytes) else { return false };
    let Some(Ok(Ours::Sealed(sealed))) = Ours::find(&advert) else { return false };
    let opener = usize::try_from(sealed.id).ok().and_then(|id| openers.get_mut(id));
    opener.is_some_and(|opener| opener.open(&sealed).is_ok_and(|opened| opened.news))
}

/// How many readings an advert has.
fn readings(bytes: &[u8], key: Option<&Key>) -> Option<usize> {
    let advert = Advert::parse(bytes).ok()?;
    let (_, data) = advert.service_data().next()?;
    let frame = bthome::Frame::parse(data).ok()?;
    match (frame.content, key) {
        (bthome::Content::Plain(objects), _) => Some(bthome::readings(objects).ok()?.len()),
        (_, Some(key)) => Some(bthome::readings(&frame.open(key, FROM).ok()?).ok()?.len()),
        _ => None,
    }
}

/// The median rate of some runs, each of which must do them all.
fn median(all: usize, mut run: impl FnMut() -> usize) -> f64 {
    let mut runs: Vec<f64> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            assert_eq!(run(), all);
            all as f64 / begun.elapsed().as_secs_f64()
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    runs[RUNS / 2]
}

/// Rates of bthome-ble by the names of its rows.
fn peers() -> serde_json::Value {
    let python = std::env::var("PLATEN_DECODERS").expect("PLATEN_DECODERS: run `just bench`, which sets it");
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    let adverts = serde_json::json!({
        "address": FROM.to_string(), "key": KEY, "in clear": PLAIN, "encrypted": ENCRYPTED,
    });
    write!(file, "{adverts}").expect("write the adverts");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/adverts.py");
    let output = Command::new(python).arg(script).arg(file.path()).output().expect("run the peer");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the peer's line")
}
