//! The bundle for whoever helps: what a box is and how it is, with nothing secret in it and nobody's name.
//!
//! What is in it is named here, a part a line; what is not named is not in it. No key, code, token or password is in
//! anything that these parts are made of: their types neither print nor serialise.

use std::io::{self, Write};

use domain::Timestamp;

use crate::control::{self, Everything, Form, Request, Storage};
use crate::exchange::{Format, Subject, Wanted, instant_text};
use crate::store::Store;
use crate::telemetry::{self, Chain};

/// zstd's usual level.
const LEVEL: i32 = 3;
/// Blocks of a tar file, bytes.
const BLOCK: usize = 512;

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum MakeBundle {
    /// A part is larger than any is, or cannot be written.
    #[error("write the part {0} of the bundle")]
    Write(&'static str, #[source] io::Error),
    /// The whole cannot be compressed.
    #[error("compress the bundle")]
    Compress(#[source] io::Error),
}

/// A file of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub text: String,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// When it was made.
    pub at: Timestamp,
    /// Its files.
    pub parts: Vec<Part>,
}

impl Bundle {
    /// What the store alone tells, of a box that runs or one that is stopped.
    #[must_use]
    pub fn of_store(store: &Store, at: Timestamp) -> Self {
        let counts =
            Wanted { subject: Subject::Counts, mold: None, format: Format::Csv, from: None, to: None };
        let told = |request: Request| {
            let mut text = Vec::new();
            if let Err(error) = control::answer(store, &request, &mut text) {
                text.extend(format!("not told: {}\n", Chain(&error)).into_bytes());
            }
            String::from_utf8_lossy(&text).into_owned()
        };
        let parts = vec![
            Part { name: "platen.txt", text: versions(store, at) },
            Part { name: "check.txt", text: told(Request::Check(Everything {})) },
            Part { name: "counts.csv", text: told(Request::Export(counts)) },
            Part { name: "storage.json", text: told(Request::Storage(Storage { form: Form::Json })) },
            Part { name: "alarms.txt", text: alarms(store) },
        ];
        Bundle { at, parts }
    }

    /// One more file.
    pub fn add(&mut self, name: &'static str, text: String) {
        self.parts.push(Part { name, text });
    }

    /// The last lines of the log of this program.
    pub fn add_log(&mut self) {
        self.add("log.txt", telemetry::recent());
    }

    /// One file, `.tar.zst`.
    ///
    /// # Errors
    /// It cannot be compressed.
    pub fn pack(&self) -> Result<Vec<u8>, MakeBundle> {
        let mut tar = Vec::new();
        for part in &self.parts {
            let bytes = part.text.as_bytes();
            let head = head(part.name, bytes.len(), self.at);
            tar.write_all(&head).map_err(|error| MakeBundle::Write(part.name, error))?;
            tar.extend_from_slice(bytes);
            tar.resize(tar.len().next_multiple_of(BLOCK), 0);
        }
        // Two empty blocks end the file.
        tar.resize(tar.len() + 2 * BLOCK, 0);
        zstd::bulk::compress(&tar, LEVEL).map_err(MakeBundle::Compress)
    }
}

/// The head of a file in a tar file (POSIX ustar).
fn head(name: &str, length: usize, at: Timestamp) -> [u8; BLOCK] {
    let mut head = [0; BLOCK];
    let seconds = u64::try_from(at.as_millis() / 1_000).unwrap_or(0);
    for (begin, text) in [
        (0, format!("platen-support/{name}")),
        (100, "0000600\0".to_owned()),
        (108, "0000000\0".to_owned()),
        (116, "0000000\0".to_owned()),
        (124, format!("{length:011o}\0")),
        (136, format!("{seconds:011o}\0")),
        // The sum is taken with blanks in its own place.
        (148, "        ".to_owned()),
        (156, "0".to_owned()),
        (257, "ustar\0".to_owned()),
        (263, "00".to_owned()),
    ] {
        head.iter_mut().skip(begin).zip(text.bytes()).for_each(|(place, byte)| *place = byte);
    }
    let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
    let text = format!("{sum:06o}\0 ");
    head.iter_mut().skip(148).zip(text.bytes()).for_each(|(place, byte)| *place = byte);
    head
}

fn versions(store: &Store, at: Timestamp) -> String {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let refusal = store
        .refusal()
        .map_or_else(|| "takes what it is told".to_owned(), |error| format!("refuses: {}", Chain(&error)));
    format!(
        "platen {}\nmachine {} {}, kernel {}\nat {}\nthe store {refusal}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        kernel.trim(),
        instant_text(at),
    )
}

fn alarms(store: &Store) -> String {
    let snapshot = match store.snapshot() {
        Ok(snapshot) => snapshot,
        Err(error) => return format!("not told: {}\n", Chain(&error)),
    };
    let line = |alarm: &crate::plant::AlarmRecord| {
        format!("{} since {}: {:?} {}\n", alarm.id, instant_text(alarm.raised), alarm.key, alarm.detail)
    };
    snapshot.alarms.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    #[test]
    fn a_bundle_is_a_tar_file_that_others_read() {
        let text = "line\n".repeat(300);
        let parts = vec![
            Part { name: "platen.txt", text: text.clone() },
            Part { name: "log.txt", text: String::new() },
        ];
        let packed = Bundle { at: AT, parts }.pack().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bundle.tar");
        std::fs::write(&path, zstd::decode_all(packed.as_slice()).unwrap()).unwrap();
        let tar =
            std::process::Command::new("tar").arg("-xf").arg(&path).current_dir(&folder).output().unwrap();
        assert!(tar.status.success(), "{}", String::from_utf8_lossy(&tar.stderr));
        let read =
            |name: &str| std::fs::read_to_string(folder.path().join("platen-support").join(name)).unwrap();
        assert_eq!((read("platen.txt"), read("log.txt")), (text, String::new()));
    }
}
