//! What is kept of a Bluetooth monitor's bonds, sealed: as bytes and back.
//!
//! ```text
//! 0   1, the version
//! 1   the monitor's name in its adverts, u32     numbers big end first
//! 5   the key of its adverts, 16 bytes
//! 21  number of ways, u8; each: strength (0 legacy, 1 without a passkey, 2 by passkey), the monitor's address (6 bytes),
//!     length of the adapter's name and the name
//! ```

use domain::{LinkName, MonitorSerial};
use radio::bluetooth::{Bonded, Strength};
use secrecy::{ExposeSecret, SecretBox};
use zeroize::Zeroizing;

use crate::store::{Read, Store};

const VERSION: u8 = 1;
/// How the names of these secrets begin; the serial follows.
const PREFIX: &str = "bluetooth/";

pub(super) fn name(serial: &MonitorSerial) -> String {
    format!("{PREFIX}{serial}")
}

/// Every monitor's bonds.
///
/// # Errors
/// The store cannot be read.
pub fn bonds(store: &Store) -> Result<Vec<Bonded>, Read> {
    let mut all = Vec::new();
    for name in store.secret_names(PREFIX)? {
        let Some(plain) = store.secret(&name)? else { continue };
        let serial = name.strip_prefix(PREFIX).and_then(|serial| serial.parse().ok());
        match serial.and_then(|serial| read(serial, plain.expose_secret())) {
            Some(bonded) => all.push(bonded),
            None => tracing::error!(name, "what is kept of this monitor's bonds is not understood"),
        }
    }
    Ok(all)
}

pub(super) fn plain(bonded: &Bonded) -> Zeroizing<Vec<u8>> {
    let room = 22 + bonded.ways.len() * 64;
    // In one piece: a vector that grows leaves the key behind where it was.
    let mut plain = Zeroizing::new(Vec::with_capacity(room));
    plain.push(VERSION);
    plain.extend(bonded.id.to_be_bytes());
    plain.extend(bonded.key.expose_secret());
    plain.push(u8::try_from(bonded.ways.len()).unwrap_or(u8::MAX));
    for (adapter, address, strength) in bonded.ways.iter().take(usize::from(u8::MAX)) {
        let name = adapter.as_str().as_bytes();
        plain.push(match strength {
            Strength::Legacy => 0,
            Strength::JustWorks => 1,
            Strength::Passkey => 2,
        });
        plain.extend(address);
        // A link's name has at most 32 bytes.
        plain.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        plain.extend(name);
    }
    plain
}

fn read(serial: MonitorSerial, plain: &[u8]) -> Option<Bonded> {
    let (&[VERSION], rest) = plain.split_first_chunk::<1>()? else { return None };
    let (id, rest) = rest.split_first_chunk::<4>()?;
    let (key, rest) = rest.split_first_chunk::<16>()?;
    let (&[count], mut rest) = rest.split_first_chunk::<1>()?;
    let mut ways: Vec<(LinkName, [u8; 6], Strength)> = Vec::new();
    for _ in 0..count {
        let (&[strength], after) = rest.split_first_chunk::<1>()?;
        let (address, after) = after.split_first_chunk::<6>()?;
        let (&[length], after) = after.split_first_chunk::<1>()?;
        let (name, after) = after.split_at_checked(usize::from(length))?;
        let strength = match strength {
            0 => Strength::Legacy,
            1 => Strength::JustWorks,
            2 => Strength::Passkey,
            _ => return None,
        };
        ways.push((std::str::from_utf8(name).ok()?.parse().ok()?, *address, strength));
        rest = after;
    }
    let key = SecretBox::new(Box::new(*key));
    rest.is_empty().then_some(Bonded { serial, ways, id: u32::from_be_bytes(*id), key })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bonded() -> Bonded {
        Bonded {
            serial: MonitorSerial::v4(7),
            ways: vec![
                (LinkName::adapter([1; 6]), [0xC2; 6], Strength::Passkey),
                (LinkName::adapter([2; 6]), [0xC2; 6], Strength::JustWorks),
            ],
            id: 0xDEAD_BEEF,
            key: SecretBox::new(Box::new([9; 16])),
        }
    }

    #[test]
    fn bonds_read_back_as_they_were_kept() {
        let before = bonded();
        let after = read(before.serial.clone(), &plain(&before)).unwrap();
        assert_eq!((after.id, &after.ways), (before.id, &before.ways));
        assert_eq!(after.key.expose_secret(), before.key.expose_secret());
    }

    #[test]
    fn bytes_cut_short_or_too_many_are_no_bonds() {
        let whole = plain(&bonded());
        for end in 0..whole.len() {
            assert!(read(MonitorSerial::v4(7), &whole[..end]).is_none(), "{end}");
        }
        let more = [&whole[..], &[0]].concat();
        assert!(read(MonitorSerial::v4(7), &more).is_none());
    }
}
