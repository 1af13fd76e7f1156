//! The process is killed in the middle of its work, as a power cut or the kernel would do it.
//!
//! The test starts itself again as a child that commits as fast as it can and says after each commit what is kept.
//! It is killed at a moment that nobody chose; whatever it said must be there when the store is opened again.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};

use appliance::plant::{Batch, LedgerChange};
use appliance::store::{Store, StoreKeys, check};
use domain::{Cycle, CycleFlags, CycleTime, EntryKind, LedgerEntry, Mold, MoldId, TimeSource, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Tells the child in which directory its store is.
const CHILD: &str = "PLATEN_CRASH_CHILD";
const MOLDS: u32 = 5;

fn open(dir: &Path) -> Store {
    Store::open(dir, &StoreKeys::from_bytes([3; 96])).unwrap()
}

fn at(ordinal: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + i64::try_from(ordinal).unwrap() * 20_000)
}

fn cycle(ordinal: u64) -> Cycle {
    Cycle {
        ordinal,
        ended: at(ordinal),
        cycle_time: CycleTime::from_millis(19_000 + u32::try_from(ordinal % 2_000).unwrap()),
        temperature: None,
        source: TimeSource::Device,
        flags: CycleFlags::default(),
    }
}

fn entry(number: u64, cycles: u64) -> LedgerEntry {
    LedgerEntry {
        number,
        at: at(0),
        until: at(0),
        kind: EntryKind::Delta,
        cycles: i64::try_from(cycles).unwrap(),
        monitor: None,
        device_before: None,
        device_after: None,
    }
}

/// The next cycles of every mold, in a new run now and then.
fn next(store: &Store, cycles: u64) -> Batch {
    let mut batch = Batch::default();
    for id in (1..=MOLDS).map(MoldId) {
        let counts = store.counts(id).unwrap();
        if counts.is_none() {
            batch.molds.push(Mold {
                id,
                name: format!("M-{id}").parse().unwrap(),
                description: String::new(),
                approved: None,
                design_life: None,
                baseline: 0,
                registered: at(0),
            });
        }
        let (length, timed) = counts.map_or((0, 0), |counts| (counts.ledger_length, counts.timed));
        let change = if length == 0 || timed.is_multiple_of(7) {
            LedgerChange::Append(entry(length, cycles))
        } else {
            LedgerChange::Grow { number: length - 1, cycles, until: at(timed), device_after: Some(timed) }
        };
        batch.ledger.push((id, change));
        batch.cycles.push((id, (timed + 1..=timed + cycles).map(cycle).collect()));
    }
    batch
}

fn kept(store: &Store) -> u64 {
    store.counts(MoldId(1)).unwrap().map_or(0, |counts| counts.timed)
}

fn commit_until_killed(dir: &Path) {
    let store = open(dir);
    let mut out = std::io::stdout().lock();
    for step in 0u64.. {
        store.commit(&next(&store, 1 + step % 40)).unwrap();
        writeln!(out, "kept {}", kept(&store)).unwrap();
        out.flush().unwrap();
    }
}

/// Runs a child, kills it somewhere after its `commits`-th commit and tells the last thing it said.
fn kill_one(dir: &Path, commits: usize, rng: &mut StdRng) -> u64 {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "acknowledged_commit_survives_sigkill", "--nocapture"])
        .env(CHILD, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = 0;
    let mut seen = 0;
    while seen < commits {
        let line = lines.next().expect("the child goes on").unwrap();
        if let Some(number) = line.strip_prefix("kept ") {
            said = number.parse().unwrap();
            seen += 1;
        }
    }
    for _ in 0..rng.random_range(0..200_000) {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines {
        // The last line may be cut short by the kill; a line that is whole was said.
        let Ok(line) = line else { break };
        if let Some(number) = line.strip_prefix("kept ").and_then(|number| number.parse::<u64>().ok()) {
            said = said.max(number);
        }
    }
    said
}

#[test]
fn acknowledged_commit_survives_sigkill() {
    if let Some(dir) = env::var_os(CHILD) {
        return commit_until_killed(Path::new(&dir));
    }
    for seed in 0..3 {
        let mut rng = StdRng::seed_from_u64(seed);
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..4 {
            let commits = rng.random_range(1..25);
            let said = kill_one(dir.path(), commits, &mut rng);
            let store = open(dir.path());
            let there = kept(&store);
            assert!(there >= said, "seed {seed}: {said} were told as kept, {there} are there");
            for id in (1..=MOLDS).map(MoldId) {
                let mut expected = 1;
                store
                    .cycles_from(id, 0, |found| {
                        assert_eq!(found, cycle(expected), "seed {seed}");
                        expected += 1;
                        ControlFlow::Continue(())
                    })
                    .unwrap();
                let counts = store.counts(id).unwrap().unwrap();
                assert_eq!((counts.displayed, expected - 1), (there, there), "seed {seed}");
            }
            let report = check(&store).unwrap();
            assert!(report.is_clean(), "seed {seed}: {:#?}", report.findings);
        }
    }
}
