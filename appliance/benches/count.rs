//! Hot paths, each done a fixed number of times, for callgrind to count their instructions: `.ci/count` runs it and
//! compares with `count.txt`. A count does not depend on how busy the machine is, so that even a shared one tells when
//! a path has become much longer.
//!
//! A path is added as a row of [`PATHS`] and in `count.txt`; what is not to be counted happens outside [`measured`].

use std::ops::ControlFlow;

use anyhow::{Context, Result, ensure};
use appliance::plant::{Batch, LedgerChange};
use appliance::store::{Store, StoreKeys};
use domain::{
    Cycle, CycleFlags, CycleTime, EntryKind, Eui64, LedgerEntry, Mold, MoldId, Temperature, TimeSource,
    Timestamp,
};
use radio::v3::frame::{ApiMode, Decoder, ExplicitRx, Frame, Piece, encode};
use tempfile::TempDir;

const MOLD: MoldId = MoldId(1);
const MOLDS: u32 = 100;

type Path = fn() -> Result<()>;

const PATHS: [(&str, Path); 5] = [
    ("decode-100-frames", frames),
    ("commit-100-times-10-cycles", commits),
    ("commit-10-times-100-molds", commits_of_molds),
    ("pack-20000-cycles", packing),
    ("read-24-hours-of-a-mold", day),
];

fn main() -> Result<()> {
    let word = std::env::args().nth(1).unwrap_or_default();
    if let Some((_, path)) = PATHS.iter().find(|(name, _)| *name == word) {
        return path();
    }
    PATHS.iter().for_each(|(name, _)| println!("{name}"));
    Ok(())
}

/// What callgrind counts: this function by its name, with all that it calls.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> T {
    std::hint::black_box(work())
}

/// xorshift: the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn up_to(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % limit
    }
}

fn frames() -> Result<()> {
    let (mut dice, mut stream) = (Dice(0x2545_F491_4F6C_DD1D), Vec::new());
    for _ in 0..100 {
        let frame = Frame::ExplicitRx(ExplicitRx {
            source: Eui64::from_be_bytes([0x00, 0x13, 0xA2, 0x00, 0x41, 0xAE, 0xB5, 0x4E]),
            short: 0x1234,
            source_endpoint: 0xE8,
            dest_endpoint: 0xE8,
            cluster: 0x0011,
            profile: 0xC105,
            options: 0x01,
            data: (0..66).map(|_| dice.up_to(256) as u8).collect(),
        });
        stream.extend(encode(&frame, ApiMode::Escaped).context("a frame")?);
    }
    let mut decoder = Decoder::new(ApiMode::Escaped);
    let found = measured(|| {
        let pieces = stream.chunks(256).flat_map(|read| decoder.push(read));
        pieces.filter(|piece| matches!(piece, Piece::Frame { .. })).count()
    });
    ensure!(found == 100, "{found} frames of 100 were decoded");
    Ok(())
}

/// A store with molds that all make the same cycles, and where these stand.
struct Kept {
    store: Store,
    dice: Dice,
    last: Cycle,
    _folder: TempDir,
}

impl Kept {
    fn new() -> Result<Kept> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(folder.path(), &StoreKeys::from_bytes([7; 96]))?;
        let begin = Timestamp::from_millis(1_693_526_400_000);
        let last = Cycle {
            ordinal: 0,
            ended: begin,
            cycle_time: CycleTime::from_millis(20_000),
            temperature: Some(Temperature::from_milli_celsius(45_000)),
            source: TimeSource::Device,
            flags: CycleFlags::default(),
        };
        let mut first = Batch::default();
        let run = LedgerEntry {
            number: 0,
            at: begin,
            until: begin,
            kind: EntryKind::Delta,
            cycles: 0,
            monitor: None,
            device_before: Some(0),
            device_after: Some(0),
        };
        for id in (1..=MOLDS).map(MoldId) {
            first.molds.push(Mold {
                id,
                name: format!("M-{id}").parse()?,
                description: String::new(),
                approved: None,
                design_life: None,
                baseline: 0,
                registered: begin,
            });
            first.ledger.push((id, LedgerChange::Append(run.clone())));
        }
        store.commit(&first)?;
        Ok(Kept { store, dice: Dice(0x9E37_79B9_7F4A_7C15), last, _folder: folder })
    }

    /// The next cycles of some molds.
    fn batch(&mut self, molds: u32, cycles: u64) -> Batch {
        let cycles: Vec<Cycle> = (0..cycles).map(|_| self.next()).collect();
        let grow = LedgerChange::Grow {
            number: 0,
            cycles: cycles.len() as u64,
            until: self.last.ended,
            device_after: Some(self.last.ordinal),
        };
        let molds = (1..=molds).map(MoldId);
        Batch {
            ledger: molds.clone().map(|mold| (mold, grow.clone())).collect(),
            cycles: molds.map(|mold| (mold, cycles.clone())).collect(),
            ..Batch::default()
        }
    }

    /// About twenty seconds, and now and then a tenth of a degree more or less.
    fn next(&mut self) -> Cycle {
        let ms = 19_600 + (0..4).map(|_| self.dice.up_to(200) as u32).sum::<u32>();
        let step = [-100, 0, 0, 0, 0, 100][self.dice.up_to(6) as usize];
        self.last.ordinal += 1;
        self.last.cycle_time = CycleTime::from_millis(ms);
        self.last.ended = Timestamp::from_millis(self.last.ended.as_millis() + i64::from(ms));
        self.last.temperature =
            self.last.temperature.map(|was| Temperature::from_milli_celsius(was.as_milli_celsius() + step));
        self.last
    }

    fn put(&mut self, cycles: u64) -> Result<()> {
        for _ in 0..cycles / 1_000 {
            let batch = self.batch(1, 1_000);
            self.store.commit(&batch)?;
        }
        Ok(())
    }
}

fn commits() -> Result<()> {
    let mut kept = Kept::new()?;
    kept.put(1_000)?;
    let batches: Vec<Batch> = (0..100).map(|_| kept.batch(1, 10)).collect();
    measured(|| batches.iter().try_for_each(|batch| kept.store.commit(batch)))?;
    Ok(())
}

fn commits_of_molds() -> Result<()> {
    let mut kept = Kept::new()?;
    let batches: Vec<Batch> = (0..10).map(|_| kept.batch(MOLDS, 1)).collect();
    measured(|| batches.iter().try_for_each(|batch| kept.store.commit(batch)))?;
    Ok(())
}

fn packing() -> Result<()> {
    let mut kept = Kept::new()?;
    kept.put(20_000)?;
    measured(|| kept.store.checkpoint())?;
    Ok(())
}

fn day() -> Result<()> {
    let mut kept = Kept::new()?;
    kept.put(20_000)?;
    kept.store.checkpoint()?;
    let end = kept.last.ended.as_millis() + 1;
    let (from, to) = (Timestamp::from_millis(end - 86_400_000), Timestamp::from_millis(end));
    let mut found = Vec::new();
    measured(|| {
        kept.store.cycles(MOLD, from, to, |cycle| {
            found.push(cycle);
            ControlFlow::Continue(())
        })
    })?;
    ensure!((4_000..5_000).contains(&found.len()), "{} cycles in a day", found.len());
    Ok(())
}
