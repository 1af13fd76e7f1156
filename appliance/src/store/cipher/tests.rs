use proptest::prelude::*;

use super::*;
use crate::store::SectorKey;
use crate::store::disk::{Part, Purpose};
use crate::store::tests::backends::{FakeDisk, FakeFile};

const SIZE: u64 = 20_000;

/// What lies on the disk.
fn raw(disk: &FakeDisk) -> FakeFile {
    disk.open(Part::Database, Purpose::Write).unwrap()
}

fn over(disk: &FakeDisk) -> Cipher {
    Cipher::over(Box::new(raw(disk)), Sectors::new(&SectorKey::from_bytes([3; 64]))).unwrap()
}

fn all(of: &dyn StorageBackend) -> Vec<u8> {
    let mut bytes = vec![1; usize::try_from(of.len().unwrap()).unwrap()];
    of.read(0, &mut bytes).unwrap();
    bytes
}

/// A disk on which these bytes lie encrypted and synced.
fn holding(plain: &[u8]) -> FakeDisk {
    let disk = FakeDisk::new();
    let cipher = over(&disk);
    cipher.write(0, plain).unwrap();
    cipher.sync_data().unwrap();
    disk
}

fn put(model: &mut [u8], at: u64, data: &[u8]) {
    let at = usize::try_from(at).unwrap();
    model[at..at + data.len()].copy_from_slice(data);
}

#[derive(Debug, Clone)]
enum Step {
    Write(u64, Vec<u8>),
    Length(u64),
    Read(u64, usize),
}

/// Offsets and lengths of every kind, as often whole blocks as not.
fn any_step() -> impl Strategy<Value = Step> {
    let place = || prop_oneof![0..SIZE, (0..SIZE / 16).prop_map(|n| n * 16)];
    let data = || prop::collection::vec(any::<u8>(), 0..9_000);
    let blocks = data().prop_map(|mut data| {
        data.truncate(data.len() / 16 * 16);
        data
    });
    prop_oneof![
        4 => (place(), prop_oneof![data(), blocks, prop::collection::vec(any::<u8>(), 0..20)]).prop_map(|(at, data)| Step::Write(at, data)),
        1 => (0..2 * SIZE / 16).prop_map(|n| Step::Length(n * 16)),
        2 => (place(), 0..9_000usize).prop_map(|(at, length)| Step::Read(at, length)),
    ]
}

proptest! {
    #[test]
    fn an_encrypted_file_reads_as_a_plain_one(steps in prop::collection::vec(any_step(), 1..25)) {
        let disk = FakeDisk::new();
        let cipher = over(&disk);
        let mut model: Vec<u8> = Vec::new();
        for step in steps {
            match step {
                Step::Write(at, data) => {
                    let end = at as usize + data.len();
                    let fits = data.is_empty() || end <= model.len() || end.is_multiple_of(16);
                    prop_assert_eq!(cipher.write(at, &data).is_ok(), fits);
                    if fits && !data.is_empty() {
                        model.resize(model.len().max(end), 0);
                        put(&mut model, at, &data);
                    }
                }
                Step::Length(length) => {
                    cipher.set_len(length).unwrap();
                    model.resize(length as usize, 0);
                }
                Step::Read(at, length) => {
                    let mut out = vec![1; length];
                    let there = at as usize + length <= model.len();
                    prop_assert_eq!(cipher.read(at, &mut out).is_ok(), there || length == 0);
                    if there {
                        prop_assert!(out == model[at as usize..at as usize + length]);
                    }
                }
            }
            prop_assert_eq!(cipher.len().unwrap(), model.len() as u64);
            prop_assert_eq!(raw(&disk).len().unwrap(), model.len() as u64);
            prop_assert!(all(&cipher) == model);
        }
        // And so it does to whoever opens it later.
        prop_assert!(all(&over(&disk)) == model);
    }

    #[test]
    fn a_write_alters_no_block_on_the_disk_that_it_does_not_touch(at in 0..8_000u64, data in prop::collection::vec(any::<u8>(), 1..5_000)) {
        let mut model = vec![0x11; 16_384];
        let disk = holding(&model);
        let before = all(&raw(&disk));
        over(&disk).write(at, &data).unwrap();
        put(&mut model, at, &data);
        prop_assert!(all(&over(&disk)) == model);
        let (first, last) = (at as usize / 16, (at as usize + data.len() - 1) / 16);
        for (n, (before, after)) in before.chunks(16).zip(all(&raw(&disk)).chunks(16)).enumerate() {
            prop_assert!((first..=last).contains(&n) || before == after, "block {n}");
        }
    }

    /// The disk keeps or loses each 512 bytes of a write; so does what is read.
    #[test]
    fn a_torn_write_is_no_worse_than_without_the_cipher(at in 0..8_000u64, data in prop::collection::vec(any::<u8>(), 1..6_000), kept in prop::collection::vec(any::<bool>(), 16), written in any::<bool>()) {
        let old = if written { vec![0x11; 16_384] } else { vec![0; 16_384] };
        let disk = if written { holding(&old) } else { FakeDisk::new() };
        over(&disk).set_len(16_384).unwrap();
        raw(&disk).sync_data().unwrap();
        over(&disk).write(at, &data).unwrap();
        let mut turns = kept.iter().cycle();
        let found = all(&over(&disk.after_power_cut(|| *turns.next().unwrap())));
        let mut new = old.clone();
        put(&mut new, at, &data);
        // Sectors are cut from where the write began, in whole blocks.
        let begin = at as usize / 16 * 16;
        let mut turns = kept.iter().cycle();
        let mut expected = old;
        for from in (begin..(at as usize + data.len()).next_multiple_of(16)).step_by(512) {
            let to = (from + 512).min(16_384);
            if *turns.next().unwrap() {
                expected[from..to].copy_from_slice(&new[from..to]);
            }
        }
        prop_assert!(found == expected);
    }
}

#[test]
fn the_same_bytes_lie_differently_at_every_place_and_under_every_key() {
    let disk = holding(&[0x5A; 8_192]);
    let bytes = all(&raw(&disk));
    let mut blocks: Vec<&[u8]> = bytes.chunks(16).collect();
    blocks.sort();
    blocks.dedup();
    assert_eq!(blocks.len(), 512);
    let other = Cipher::over(Box::new(raw(&disk)), Sectors::new(&SectorKey::from_bytes([4; 64]))).unwrap();
    assert!(all(&other).chunks(16).all(|block| block != [0x5A; 16]));
}

#[test]
fn nobody_loses_or_sees_altered_what_another_does_not_write() {
    const ROUNDS: u8 = 200;
    let cipher = over(&holding(&[0; 64]));
    std::thread::scope(|threads| {
        for writer in 0..4u64 {
            let cipher = &cipher;
            threads.spawn(move || {
                for round in 1..=ROUNDS {
                    // Five bytes each, one block and the next.
                    cipher.write(6 + writer * 5, &[round; 5]).unwrap();
                    let mut own = [0; 5];
                    cipher.read(6 + writer * 5, &mut own).unwrap();
                    assert_eq!(own, [round; 5]);
                }
            });
        }
    });
    let bytes = all(&cipher);
    assert_eq!(bytes[6..26], [ROUNDS; 20]);
    assert!(bytes[..6].iter().chain(&bytes[26..]).all(|byte| *byte == 0));
}

#[test]
fn what_lies_behind_the_last_whole_block_is_not_seen_and_does_not_come_back() {
    let disk = holding(&[0x5A; 64]);
    raw(&disk).set_len(41).unwrap();
    let cipher = over(&disk);
    assert_eq!(all(&cipher), [0x5A; 32]);
    assert!(cipher.read(32, &mut [0; 9]).is_err());
    cipher.write(64, &[7; 16]).unwrap();
    assert_eq!(all(&cipher), [&[0x5A; 32][..], &[0; 32], &[7; 16]].concat());
}

#[test]
fn a_length_within_a_block_is_refused_and_changes_nothing() {
    let disk = holding(&[0x5A; 64]);
    let cipher = over(&disk);
    for refused in
        [cipher.set_len(63), cipher.set_len(65), cipher.write(60, &[1; 5]), cipher.write(64, &[1; 3])]
    {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(all(&cipher), [0x5A; 64]);
    assert!(cipher.read(u64::MAX - 3, &mut [0; 9]).is_err());
    assert!(cipher.write(u64::MAX - 3, &[0; 9]).is_err());
}
