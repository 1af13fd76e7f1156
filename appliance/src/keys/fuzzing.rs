//! Any bytes as the wrapped keys, and as a key file.

use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};

use super::files;
use super::ring::{Master, Ring};

/// The first byte chooses: a key file; or wrapped keys, as they are or with their digest made right, under a key or a
/// passphrase. What opens is wrapped again and comes out the same.
pub fn keys(input: &[u8]) {
    let Some((what, bytes)) = input.split_first() else { return };
    if what & 1 == 0 {
        return key_file(bytes);
    }
    let mut bytes = bytes.to_vec();
    if what & 2 == 0 {
        let digest = Sha256::digest(&bytes);
        bytes.extend_from_slice(&digest);
    }
    let master = match what & 4 {
        0 => key(),
        // Deriving a key costs what the file says, up to a bound that a start bears and fuzzing does not.
        _ if Ring::cost(&bytes).is_some_and(|kib| kib > 256) => return,
        _ => passphrase(),
    };
    let Ok(ring) = Ring::unwrap(&bytes, &master) else { return };
    let Ok(again) = ring.wrap(&key()) else { unreachable!("what was unwrapped is wrapped") };
    let Ok(back) = Ring::unwrap(&again, &key()) else { unreachable!("what was wrapped is unwrapped") };
    assert_eq!(*back.current.to_bytes(), *ring.current.to_bytes());
    assert_eq!(back.next.map(|keys| *keys.to_bytes()), ring.next.map(|keys| *keys.to_bytes()));
}

fn key_file(bytes: &[u8]) {
    let Some(key) = files::key_in(bytes) else { return };
    let again = files::text_of(key.expose_secret());
    assert_eq!(files::key_in(again.as_bytes()).map(|key| *key.expose_secret()), Some(*key.expose_secret()));
}

fn key() -> Master {
    Master::Key(SecretBox::new(Box::new([1; 32])))
}

fn passphrase() -> Master {
    Master::Passphrase("a long sentence".into())
}

#[cfg(test)]
pub(crate) mod seeds {
    use super::*;
    use crate::store::StoreKeys;

    pub fn keys() -> Vec<Vec<u8>> {
        let one = Ring { current: StoreKeys::from_bytes([1; 96]), next: None };
        let two =
            Ring { current: StoreKeys::from_bytes([1; 96]), next: Some(StoreKeys::from_bytes([2; 96])) };
        let body = |bytes: Vec<u8>| bytes[..bytes.len() - 32].to_vec();
        let cheap = one.wrap_at(&passphrase(), (64, 1, 1)).unwrap();
        vec![
            [b"\0", files::text_of(&[7; 32]).as_bytes()].concat(),
            [&[1], body(one.wrap(&key()).unwrap()).as_slice()].concat(),
            [&[1], body(two.wrap(&key()).unwrap()).as_slice()].concat(),
            [&[3], one.wrap(&key()).unwrap().as_slice()].concat(),
            [&[5], body(cheap).as_slice()].concat(),
        ]
    }
}
