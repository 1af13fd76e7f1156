//! How strong a stored key is.
//!
//! D-Bus tells that there is a bond and not what it is worth. Two things tell: whether our agent was asked for the
//! passkey during that pairing, and bluetoothd's own file, where it can be read.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tokio::fs::File;

use crate::v4::Address;
use crate::v4::air::Strength;

/// What bluetoothd wrote about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    /// Of this strength.
    Key(Strength),
    /// There is no key.
    Nothing,
    /// The file cannot be read by us.
    Unknown,
}

/// What a bond is worth: never more than both witnesses say. Where the file cannot be read the agent is the only one,
/// and it cannot tell the passkey of LE Secure Connections from that of legacy pairing.
pub(super) fn strength(answered: bool, stored: Stored) -> Strength {
    let by_agent = if answered { Strength::Passkey } else { Strength::JustWorks };
    match stored {
        Stored::Key(key) => key.min(by_agent),
        Stored::Nothing => Strength::Legacy,
        Stored::Unknown => by_agent,
    }
}

fn info(folder: &Path, adapter: Address, monitor: Address) -> PathBuf {
    folder.join(adapter.to_string()).join(monitor.to_string()).join("info")
}

/// Has the disk keep what bluetoothd wrote. It does not see to that itself: after a power cut the monitor would hold a bond
/// that the box has not, and a person would have to come.
pub(super) async fn keep(folder: &Path, adapter: Address, monitor: Address) -> io::Result<()> {
    let file = info(folder, adapter, monitor);
    // The file, and each folder that may be new with it.
    for path in file.ancestors().take_while(|path| path.starts_with(folder)) {
        File::open(path).await?.sync_all().await?;
    }
    Ok(())
}

/// Reads what bluetoothd stored. The file is root's alone: not to be allowed to read it says nothing of the key.
pub(super) async fn stored(folder: &Path, adapter: Address, monitor: Address) -> Stored {
    let file = info(folder, adapter, monitor);
    match tokio::fs::read_to_string(&file).await {
        Ok(text) => judge(&text),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Stored::Unknown,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Where the whole folder is hidden from us there is nothing to be learned either; where it is not, a bond
            // without a file is none.
            if tokio::fs::read_dir(folder).await.is_ok() { Stored::Nothing } else { Stored::Unknown }
        }
        Err(_) => Stored::Unknown,
    }
}

/// The sections that hold the key of a link, by BlueZ's versions: `Authenticated` is 0 and 1 for legacy pairing, 2
/// and 3 for LE Secure Connections, odd with protection against a man in the middle.
const SECTIONS: [&str; 3] = ["[LongTermKey]", "[PeripheralLongTermKey]", "[SlaveLongTermKey]"];

/// Judges the file's text. Of several keys the weakest counts.
fn judge(text: &str) -> Stored {
    let mut weakest = None;
    let mut key: Option<Read> = None;
    for line in text.lines().map(str::trim).chain(["["]) {
        if line.starts_with('[') {
            if let Some(key) = key.take() {
                let strength = key.strength();
                weakest = Some(weakest.map_or(strength, |it: Strength| it.min(strength)));
            }
            key = SECTIONS.contains(&line).then(Read::default);
        } else if let (Some(key), Some((name, value))) = (key.as_mut(), line.split_once('=')) {
            match name {
                "Authenticated" => key.authenticated = value.parse().ok(),
                "EncSize" => key.length = value.parse().ok(),
                _ => {}
            }
        }
    }
    weakest.map_or(Stored::Nothing, Stored::Key)
}

/// What a section says of its key.
#[derive(Default)]
struct Read {
    authenticated: Option<u8>,
    length: Option<u8>,
}

impl Read {
    fn strength(&self) -> Strength {
        match (self.authenticated, self.length) {
            (Some(3), Some(16)) => Strength::Passkey,
            (Some(2), Some(16)) => Strength::JustWorks,
            // Legacy, cut short, or nothing that we know.
            _ => Strength::Legacy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(section: &str, authenticated: u8, length: u8) -> String {
        format!(
            "[General]\nTrusted=true\n\n[{section}]\nKey=00\nAuthenticated={authenticated}\nEncSize={length}\nRand=0\n"
        )
    }

    #[test]
    fn only_an_authenticated_key_of_full_length_is_one_by_passkey() {
        for section in ["LongTermKey", "PeripheralLongTermKey", "SlaveLongTermKey"] {
            assert_eq!(judge(&key(section, 3, 16)), Stored::Key(Strength::Passkey), "{section}");
        }
        assert_eq!(judge(&key("LongTermKey", 2, 16)), Stored::Key(Strength::JustWorks));
        for legacy in [0, 1, 4] {
            assert_eq!(judge(&key("LongTermKey", legacy, 16)), Stored::Key(Strength::Legacy), "{legacy}");
        }
        assert_eq!(judge(&key("LongTermKey", 3, 7)), Stored::Key(Strength::Legacy), "a short key");
        assert_eq!(judge("[General]\nAuthenticated=3\nEncSize=16\n"), Stored::Nothing, "that is no key's");
        let two = key("LongTermKey", 3, 16) + &key("PeripheralLongTermKey", 2, 16);
        assert_eq!(judge(&two), Stored::Key(Strength::JustWorks), "the weakest counts");
    }

    #[tokio::test]
    async fn what_is_kept_is_the_file_and_every_folder_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let (adapter, monitor) = (Address::from_be_bytes([1; 6]), Address::from_be_bytes([2; 6]));
        let missing = keep(folder.path(), adapter, monitor).await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound, "a bond that is not there is not kept");
        let file = info(folder.path(), adapter, monitor);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, key("LongTermKey", 3, 16)).unwrap();
        keep(folder.path(), adapter, monitor).await.unwrap();
        assert_eq!(stored(folder.path(), adapter, monitor).await, Stored::Key(Strength::Passkey));
    }

    #[test]
    fn a_bond_is_worth_no_more_than_either_witness_says() {
        use Strength::{JustWorks, Legacy, Passkey};
        for (answered, stored, worth) in [
            (true, Stored::Key(Passkey), Passkey),
            (false, Stored::Key(Passkey), JustWorks),
            (true, Stored::Key(JustWorks), JustWorks),
            (true, Stored::Key(Legacy), Legacy),
            (true, Stored::Nothing, Legacy),
            (true, Stored::Unknown, Passkey),
            (false, Stored::Unknown, JustWorks),
        ] {
            assert_eq!(strength(answered, stored), worth, "{answered} {stored:?}");
        }
    }
}
