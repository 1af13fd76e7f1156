//! Writes blocks as the program did that knew no other form: for tests of their reader.

use domain::{Cycle, Temperature, TimeSource};

use super::Before;
use crate::store::history::varint::{put, put_signed};
use crate::store::row;

const HEAD: usize = 45;
/// One block and its key fill one page of the database (4,096 bytes): a commit that adds one cycle to a mold writes
/// one page of history, and a full block wastes none.
pub(super) const FULL: usize = 4_000;
/// The longest a single cycle can be: tag and four varints.
const LONGEST_CYCLE: usize = 1 + 4 * 10;

/// A block being written.
#[derive(Debug)]
pub(super) struct Writer {
    first: u64,
    count: u32,
    earliest: i64,
    latest: i64,
    before: Before,
    cycles: Vec<u8>,
}

impl Writer {
    /// A block that begins with this cycle.
    pub(super) fn begin(cycle: &Cycle) -> Self {
        let mut writer = Writer {
            first: cycle.ordinal,
            count: 0,
            earliest: i64::MAX,
            latest: i64::MIN,
            before: Before { ordinal: cycle.ordinal.wrapping_sub(1), ..Before::default() },
            cycles: Vec::with_capacity(FULL),
        };
        writer.append(cycle);
        writer
    }

    /// Adds a cycle whose ordinal is above all others, if the block has room for it.
    pub(super) fn push(&mut self, cycle: &Cycle) -> bool {
        if self.cycles.len() + HEAD + LONGEST_CYCLE > FULL {
            return false;
        }
        self.append(cycle);
        true
    }

    fn append(&mut self, cycle: &Cycle) {
        let ended = cycle.ended.as_millis();
        let cycle_time = cycle.cycle_time.as_millis();
        let skipped = cycle.ordinal.wrapping_sub(self.before.ordinal).wrapping_sub(1);
        let rest = ended.wrapping_sub(self.before.ended).wrapping_sub(i64::from(cycle_time));
        let temperature = cycle.temperature.map(Temperature::as_milli_celsius);
        let step = temperature.map(|now| i64::from(now) - i64::from(self.before.temperature));

        let mut tag = u8::from(skipped != 0) | u8::from(rest != 0) << 1;
        tag |= match step {
            Some(0) => 0,
            None => 1 << 2,
            Some(_) => 2 << 2,
        };
        tag |= match cycle.source {
            TimeSource::Device => 0,
            TimeSource::Received => 1 << 4,
            TimeSource::Estimated => 2 << 4,
        };
        tag |= u8::from(cycle.flags.late) << 6 | u8::from(cycle.flags.first) << 7;

        self.cycles.push(tag);
        put_signed(&mut self.cycles, i64::from(cycle_time) - i64::from(self.before.cycle_time));
        if skipped != 0 {
            put(&mut self.cycles, skipped);
        }
        if rest != 0 {
            put_signed(&mut self.cycles, rest);
        }
        if let Some(step) = step.filter(|step| *step != 0) {
            put_signed(&mut self.cycles, step);
        }

        self.count += 1;
        self.earliest = self.earliest.min(ended);
        self.latest = self.latest.max(ended);
        self.before = Before {
            ordinal: cycle.ordinal,
            ended,
            cycle_time,
            temperature: temperature.unwrap_or(self.before.temperature),
        };
    }

    /// The ordinal in the key, and the value.
    pub(super) fn finish(&self) -> (u64, Vec<u8>) {
        let mut bytes = Vec::with_capacity(HEAD + self.cycles.len());
        bytes.push(row::VERSION);
        bytes.extend_from_slice(&self.count.to_le_bytes());
        bytes.extend_from_slice(&self.before.ordinal.to_le_bytes());
        bytes.extend_from_slice(&self.earliest.to_le_bytes());
        bytes.extend_from_slice(&self.latest.to_le_bytes());
        bytes.extend_from_slice(&self.before.ended.to_le_bytes());
        bytes.extend_from_slice(&self.before.cycle_time.to_le_bytes());
        bytes.extend_from_slice(&self.before.temperature.to_le_bytes());
        bytes.extend_from_slice(&self.cycles);
        (self.first, bytes)
    }
}
