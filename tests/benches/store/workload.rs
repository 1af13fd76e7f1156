//! A plant's cycles, the same in every run: 100 molds with approved times from 8 to 60 s, 1-2 % of spread, now and then
//! a stop, rarely a long pause, a temperature that wanders by tenths of a degree; interleaved in order of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};

use crate::rows::{self, DataSet, FIRST, LATE, Row, Span};

/// Molds of the plant.
pub const MOLDS: u32 = 100;
/// 2023-09-01, UTC: far enough back that ten times the history still lies in the past, which some peers insist on.
pub const START: i64 = 1_693_526_400_000;
/// Cycles that one of the questions asks for.
const TAIL: u64 = 100_000;

/// SplitMix64: a few lines that never change, so that neither does the workload.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 up to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.share().max(f64::MIN_POSITIVE), self.share());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }
}

struct Press {
    dice: Dice,
    approved: f64,
    spread: f64,
    home: i16,
    row: Row,
    tail: (u64, i64),
}

impl Press {
    fn new(number: u32) -> Press {
        let mut dice = Dice(0x00C0_FFEE ^ (u64::from(number) << 32));
        let approved = 8_000.0 + 52_000.0 * f64::from((number * 37) % MOLDS) / f64::from(MOLDS - 1);
        let spread = 0.01 + 0.01 * dice.share();
        let home = (200.0 + 1_000.0 * dice.share()) as i16;
        let ended = START + (dice.share() * approved) as i64;
        let row = Row { counter: 0, ended, mold: number + 1, cycle_ms: 0, temperature: home, flags: 0 };
        Press { dice, approved, spread, home, row, tail: (1, START) }
    }

    fn next(&mut self) -> Row {
        let luck = self.dice.share();
        let mut ms = self.approved * (1.0 + self.spread * self.dice.normal());
        let mut flags = 0;
        if luck < 0.000_05 {
            ms = 600e3 + self.dice.share() * 28_200e3;
            flags = FIRST;
        } else if luck < 0.002_05 {
            ms *= 3.0 + 17.0 * self.dice.share();
        } else if luck < 0.002_15 {
            flags = LATE;
        }
        let wander = self.dice.share();
        let temperature = self.row.temperature;
        if wander < 0.15 && temperature < (self.home + 150).min(1_200) {
            self.row.temperature += 1;
        } else if wander > 0.85 && temperature > (self.home - 150).max(200) {
            self.row.temperature -= 1;
        }
        self.row.cycle_ms = ms.max(1_000.0) as u32;
        self.row.counter += 1;
        self.row.ended += i64::from(self.row.cycle_ms);
        self.row.flags = flags;
        self.row
    }
}

/// Makes a data set, unless it is there from an earlier run: `each` cycles of every mold, then `live` more of the plant.
///
/// # Errors
/// The folder takes no files.
pub fn make(folder: &Path, each: u64, live: u64) -> Result<DataSet> {
    let path = folder.join(format!("{MOLDS}x{each}+{live}.rows"));
    let told = path.with_extension("json");
    if let Ok(text) = fs::read(&told)
        && let Ok(known) = serde_json::from_slice(&text)
    {
        return Ok(known);
    }
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let mut file = BufWriter::with_capacity(1 << 20, File::create(&path).context("make the rows' file")?);
    let mut presses: Vec<Press> = (0..MOLDS).map(Press::new).collect();
    let first_of_tail = each.saturating_sub(TAIL) + 1;
    let mut waiting = BinaryHeap::new();
    for (n, press) in presses.iter_mut().enumerate() {
        waiting.push(Reverse((press.next().ended, n)));
    }
    let mut newest = START;
    while let Some(Reverse((ended, n))) = waiting.pop() {
        let press = &mut presses[n];
        rows::write(&mut file, &press.row)?;
        newest = newest.max(ended);
        if press.row.counter == first_of_tail {
            press.tail = (first_of_tail, ended - i64::from(press.row.cycle_ms));
        }
        if press.row.counter < each {
            waiting.push(Reverse((press.next().ended, n)));
        }
    }
    let spans = presses.iter().map(|press| Span {
        mold: press.row.mold,
        last: press.row.counter,
        ended: press.row.ended,
        tail: press.tail.0,
        tail_from: press.tail.1,
    });
    let spans = spans.collect();
    // All molds go on together, whenever each had come to its end.
    for (n, press) in presses.iter_mut().enumerate() {
        press.row.ended = newest + 100 * n as i64;
        waiting.push(Reverse((press.next().ended, n)));
    }
    for _ in 0..live {
        let Some(Reverse((_, n))) = waiting.pop() else { break };
        rows::write(&mut file, &presses[n].row)?;
        waiting.push(Reverse((presses[n].next().ended, n)));
    }
    file.flush()?;
    file.get_ref().sync_all()?;
    let history = u64::from(MOLDS) * each;
    let made = DataSet { path, history, rows: history + live, spans };
    fs::write(&told, serde_json::to_vec(&made)?)?;
    Ok(made)
}
