//! The short form of fuzzing, on any compiler: every target over what the encoders write today, over the files in
//! `appliance/fuzz/seeds`, and over thousands of alterations of them. These follow from a number: what fails once fails
//! again.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::config::fuzzing::seeds::configurations;
use crate::exchange::import::fuzzing::seeds::{csvs, jsonls, parquets};
use crate::keys::fuzzing::seeds as wrapped;
use crate::store::fuzzing::seeds::{backups, blocks, chunks, journals, records, restores};
use crate::web::certificates::fuzzing::seeds::certificates;

type Target = fn(&[u8]);
type Seeds = fn() -> Vec<Vec<u8>>;

/// By name: the target, its seeds, and how many alterations of them the short form tries.
const TARGETS: [(&str, Target, Seeds, u32); 12] = [
    ("backup", backup, backups, 4_000),
    ("block", block, blocks, 20_000),
    ("certificate", certificate, certificates, 2_000),
    ("chunk", chunk, chunks, 4_000),
    ("configuration", configuration, configurations, 2_000),
    ("csv", csv, csvs, 4_000),
    ("journal", journal, journals, 4_000),
    ("jsonl", jsonl, jsonls, 4_000),
    ("keys", keys, wrapped::keys, 10_000),
    ("parquet", parquet, parquets, 2_000),
    ("record", record, records, 20_000),
    ("restored", restored, restores, 100),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn holds(name: &str) {
    let (_, target, seeds, alterations) = TARGETS.into_iter().find(|(known, ..)| *known == name).unwrap();
    // What is sealed is never written alike: alterations are of what is kept.
    let kept = inputs(name);
    seeds().iter().chain(&kept).for_each(|seed| run(name, target, seed));
    let mut dice = StdRng::seed_from_u64(0);
    for _ in 0..alterations {
        run(name, target, &altered(&kept, &mut dice));
    }
}

fn inputs(name: &str) -> Vec<Vec<u8>> {
    files(&folder().join("seeds").join(name)).iter().map(|path| fs::read(path).unwrap()).collect()
}

fn run(name: &str, target: Target, input: &[u8]) {
    if let Err(why) = catch_unwind(AssertUnwindSafe(|| target(input))) {
        eprintln!("{name} does not bear {}", hex::encode(input));
        resume_unwind(why);
    }
}

/// A seed with a few things done to it.
fn altered(seeds: &[Vec<u8>], dice: &mut StdRng) -> Vec<u8> {
    let mut bytes = seeds[dice.random_range(0..seeds.len())].clone();
    for _ in 0..dice.random_range(1..5) {
        let from = dice.random_range(0..=bytes.len());
        let longest = 1 << dice.random_range(0..7);
        let length = dice.random_range(0..=longest.min(bytes.len() - from));
        let part = from..from + length;
        match dice.random_range(0..8) {
            0 | 1 if from < bytes.len() => bytes[from] ^= 1 << dice.random_range(0..8),
            2 if from < bytes.len() => bytes[from] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF][dice.random_range(0..6)],
            3 => bytes[part].fill_with(|| dice.random()),
            4 => drop(bytes.drain(part)),
            5 if dice.random() => {
                // A journal's block, moved or doubled.
                let block = |dice: &mut StdRng| 2 + 128 * dice.random_range(0..=bytes.len() / 128);
                let (from, to) = (block(dice).min(bytes.len()), block(dice).min(bytes.len()));
                let again = bytes[from..(from + 128).min(bytes.len())].to_vec();
                bytes.splice(to..to, again);
            }
            5 => {
                let again = bytes[part.clone()].to_vec();
                bytes.splice(part.end..part.end, again);
            }
            6 => {
                let other = &seeds[dice.random_range(0..seeds.len())];
                let cut = dice.random_range(0..=other.len());
                bytes.splice(from.., other[cut..].iter().copied());
            }
            _ => bytes.truncate(from.max(bytes.len() / 2)),
        }
    }
    bytes
}

/// As [`holds`], for a minute and with dice that nobody threw before: no coverage guides it, and any compiler builds it.
fn outlasts(name: &str) {
    let (_, target, seeds, _) = TARGETS.into_iter().find(|(known, ..)| *known == name).unwrap();
    let kept = [seeds(), inputs(name)].concat();
    let seed = rand::random();
    let (mut dice, begun, mut runs) = (StdRng::seed_from_u64(seed), Instant::now(), 0u64);
    while begun.elapsed() < Duration::from_secs(60) {
        run(name, target, &altered(&kept, &mut dice));
        runs += 1;
    }
    eprintln!("{name} bore {runs} inputs, from the seed {seed}");
}

macro_rules! hold {
    ($($law:ident: $name:literal,)*) => {
        $(#[test] fn $law() { holds($name); })*

        mod thousands_upon_thousands {
            $(#[test] #[ignore = "takes a minute"] fn $law() { super::outlasts($name); })*
        }
    };
}

hold! {
    any_bytes_are_a_stream_of_a_store_or_none: "backup",
    any_bytes_are_a_block_of_earlier_days_or_none: "block",
    any_bytes_are_certificates_or_none: "certificate",
    any_bytes_are_a_chunk_or_none: "chunk",
    any_text_is_a_configuration_or_none: "configuration",
    any_text_is_a_table_of_cycles_or_none: "csv",
    any_blocks_are_a_journal: "journal",
    any_lines_are_cycles_or_none: "jsonl",
    any_bytes_are_keys_or_none: "keys",
    any_bytes_are_columns_of_cycles_or_none: "parquet",
    any_bytes_are_a_record_or_none: "record",
    any_stream_is_restored_or_refused: "restored",
}

#[test]
fn every_target_is_here_and_has_a_file_and_seeds() {
    let stems = |folder: &Path| -> Vec<String> {
        files(folder).iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let names = TARGETS.map(|(name, ..)| name);
    assert_eq!(stems(&folder().join("fuzz_targets")), names);
    assert_eq!(stems(&folder().join("seeds")), names);
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    for name in names {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in the manifest");
        assert!(!files(&folder().join("seeds").join(name)).is_empty());
    }
}

/// After a change of a format: `cargo test -p appliance writes_the_seeds -- --ignored`.
#[test]
#[ignore = "writes files of the source tree"]
fn writes_the_seeds() {
    for (name, _, seeds, _) in TARGETS {
        let folder = folder().join("seeds").join(name);
        fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds().into_iter().enumerate() {
            fs::write(folder.join(format!("written-{number}")), seed).unwrap();
        }
    }
}
