//! Blocks of cycles: version 1 of the values of the history table. They are read as long as they lie there; nothing
//! writes them any more.
//!
//! ```text
//! 0   version, 1
//! 1   number of cycles, u32
//! 5   last ordinal, u64              all numbers little end first
//! 13  earliest end, i64 ms
//! 21  latest end, i64 ms
//! 29  end of the last cycle, i64 ms
//! 37  cycle time of the last cycle, u32 ms
//! 41  last temperature told, i32 m degC
//! 45  the cycles
//! ```
//! A cycle is a tag and what differs from the cycle before (from zero for the first one, whose ordinal is in the
//! table's key):
//! ```text
//! tag bit 0     ordinals were left out: their number follows, varint
//! tag bit 1     end - (end before + cycle time) is not zero: follows, zigzag varint. 64 bits: pauses are long
//! tag bits 2-3  temperature: 0 as before, 1 none, 2 the step follows, zigzag varint
//! tag bits 4-5  source: 0 device, 1 received, 2 estimated
//! tag bit 6     late
//! tag bit 7     first
//! then          step of the cycle time, zigzag varint; ordinals left out; rest of the end; temperature step
//! ```
//! The state after the last cycle is in the head.

use domain::{Cycle, CycleFlags, CycleTime, Temperature, TimeSource, Timestamp};

use super::varint::{Reader, damage};
use crate::store::error::Damage;
use crate::store::row;

/// What the next cycle is told against.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    ordinal: u64,
    ended: i64,
    cycle_time: u32,
    temperature: i32,
}

/// A block as it is on disk: the head decoded, the cycles not.
#[derive(Debug)]
pub(super) struct Block<'a> {
    first: u64,
    count: u32,
    earliest: i64,
    latest: i64,
    last: Before,
    cycles: &'a [u8],
}

impl<'a> Block<'a> {
    /// Reads the head.
    pub(super) fn parse(first: u64, bytes: &'a [u8]) -> Result<Self, Damage> {
        let mut body = row::body(bytes)?;
        let count = u32::from_le_bytes(take(&mut body)?);
        let ordinal = u64::from_le_bytes(take(&mut body)?);
        let earliest = i64::from_le_bytes(take(&mut body)?);
        let latest = i64::from_le_bytes(take(&mut body)?);
        let ended = i64::from_le_bytes(take(&mut body)?);
        let cycle_time = u32::from_le_bytes(take(&mut body)?);
        let temperature = i32::from_le_bytes(take(&mut body)?);
        let last = Before { ordinal, ended, cycle_time, temperature };
        Ok(Block { first, count, earliest, latest, last, cycles: body })
    }

    /// The highest ordinal in it.
    pub(super) fn last_ordinal(&self) -> u64 {
        self.last.ordinal
    }

    /// How many cycles are in it.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The ends of its cycles lie between these.
    pub(super) fn span(&self) -> (i64, i64) {
        (self.earliest, self.latest)
    }

    /// Its cycles, in order of their ordinals.
    pub(super) fn cycles(&self) -> Cycles<'a> {
        Cycles {
            left: self.count,
            before: Before { ordinal: self.first.wrapping_sub(1), ..Before::default() },
            bytes: Reader::new(self.cycles),
        }
    }
}

/// Decodes the cycles of a block; ends after the first damage.
#[derive(Debug)]
pub(super) struct Cycles<'a> {
    left: u32,
    before: Before,
    bytes: Reader<'a>,
}

impl Iterator for Cycles<'_> {
    type Item = Result<Cycle, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            let rest = std::mem::replace(&mut self.bytes, Reader::new(&[]));
            return (!rest.is_empty()).then(|| Err(damage("bytes after the last cycle")));
        }
        self.left -= 1;
        let cycle = self.decode();
        if cycle.is_err() {
            self.left = 0;
            self.bytes = Reader::new(&[]);
        }
        Some(cycle)
    }
}

impl Cycles<'_> {
    fn decode(&mut self) -> Result<Cycle, Damage> {
        let tag = self.bytes.byte()?;
        let step = self.bytes.signed()?;
        let cycle_time = i64::from(self.before.cycle_time)
            .checked_add(step)
            .and_then(|ms| u32::try_from(ms).ok())
            .ok_or_else(|| damage("a cycle time out of range"))?;
        let skipped = if tag & 1 == 0 { 0 } else { self.bytes.unsigned()? };
        let rest = if tag & 2 == 0 { 0 } else { self.bytes.signed()? };
        let temperature = match tag >> 2 & 3 {
            0 => Some(self.before.temperature),
            1 => None,
            2 => {
                let step = self.bytes.signed()?;
                let now = i64::from(self.before.temperature).checked_add(step);
                let now = now.and_then(|now| i32::try_from(now).ok());
                Some(now.ok_or_else(|| damage("a temperature out of range"))?)
            }
            _ => return Err(damage("an unknown kind of temperature")),
        };
        let source = match tag >> 4 & 3 {
            0 => TimeSource::Device,
            1 => TimeSource::Received,
            2 => TimeSource::Estimated,
            _ => return Err(damage("an unknown source of time")),
        };
        let ended = self.before.ended.wrapping_add(i64::from(cycle_time)).wrapping_add(rest);
        self.before = Before {
            ordinal: self.before.ordinal.wrapping_add(1).wrapping_add(skipped),
            ended,
            cycle_time,
            temperature: temperature.unwrap_or(self.before.temperature),
        };
        Ok(Cycle {
            ordinal: self.before.ordinal,
            ended: Timestamp::from_millis(ended),
            cycle_time: CycleTime::from_millis(cycle_time),
            temperature: temperature.map(Temperature::from_milli_celsius),
            source,
            flags: CycleFlags { late: tag & 1 << 6 != 0, first: tag & 1 << 7 != 0 },
        })
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Damage> {
    let (taken, rest) = bytes.split_first_chunk::<N>().ok_or_else(|| damage("it ends too early"))?;
    *bytes = rest;
    Ok(*taken)
}

#[cfg(test)]
mod writer;

#[cfg(test)]
pub(super) mod tests {
    use super::writer::{FULL, Writer};
    use super::*;
    use proptest::prelude::*;

    fn any_cycle() -> impl Strategy<Value = Cycle> {
        let source =
            prop_oneof![Just(TimeSource::Device), Just(TimeSource::Received), Just(TimeSource::Estimated)];
        let flags = (any::<bool>(), any::<bool>()).prop_map(|(late, first)| CycleFlags { late, first });
        (any::<u64>(), any::<i64>(), any::<u32>(), any::<Option<i32>>(), source, flags).prop_map(
            |(ordinal, ended, time, temperature, source, flags)| Cycle {
                ordinal,
                ended: Timestamp::from_millis(ended),
                cycle_time: CycleTime::from_millis(time),
                temperature: temperature.map(Temperature::from_milli_celsius),
                source,
                flags,
            },
        )
    }

    /// The ordinal in the key and the value of a block with these cycles.
    pub(in crate::store::history) fn written(cycles: &[Cycle]) -> (u64, Vec<u8>) {
        let mut writer = Writer::begin(&cycles[0]);
        assert!(cycles[1..].iter().all(|cycle| writer.push(cycle)));
        writer.finish()
    }

    fn read(first: u64, bytes: &[u8]) -> Result<Vec<Cycle>, Damage> {
        Block::parse(first, bytes)?.cycles().collect()
    }

    proptest! {
        #[test]
        fn every_cycle_reads_back_as_it_was_written(mut cycles in prop::collection::vec(any_cycle(), 1..60)) {
            cycles.sort_by_key(|cycle| cycle.ordinal);
            cycles.dedup_by_key(|cycle| cycle.ordinal);
            let (first, bytes) = written(&cycles);
            let block = Block::parse(first, &bytes).unwrap();
            prop_assert_eq!(block.last_ordinal(), cycles[cycles.len() - 1].ordinal);
            prop_assert_eq!(read(first, &bytes).unwrap(), cycles);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(first in any::<u64>(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(first, &[&[row::VERSION], bytes.as_slice()].concat());
            let _ = read(first, &bytes);
        }
    }

    #[test]
    fn a_pause_of_years_and_a_clock_set_back_keep_every_end() {
        let at = |ordinal, ended| Cycle {
            ordinal,
            ended: Timestamp::from_millis(ended),
            cycle_time: CycleTime::from_millis(20_000),
            temperature: None,
            source: TimeSource::Device,
            flags: CycleFlags::default(),
        };
        let cycles = [
            at(1, 1_700_000_000_000),
            at(2, 1_700_000_000_000 + 63 * 86_400_000),
            at(3, 1_600_000_000_000),
            at(4, i64::MIN),
            at(5, i64::MAX),
        ];
        let (first, bytes) = written(&cycles);
        assert_eq!(read(first, &bytes).unwrap(), cycles);
        assert_eq!(Block::parse(first, &bytes).unwrap().span(), (i64::MIN, i64::MAX));
    }

    #[test]
    fn a_full_block_fits_one_page() {
        let cycle = |ordinal| Cycle {
            ordinal,
            ended: Timestamp::from_millis(if ordinal % 2 == 0 { i64::MIN } else { i64::MAX }),
            cycle_time: CycleTime::from_millis(if ordinal % 2 == 0 { 0 } else { u32::MAX }),
            temperature: Some(Temperature::from_milli_celsius(if ordinal % 2 == 0 {
                i32::MIN
            } else {
                i32::MAX
            })),
            source: TimeSource::Estimated,
            flags: CycleFlags { late: true, first: true },
        };
        let mut writer = Writer::begin(&cycle(1));
        let written = (2..).take_while(|ordinal| writer.push(&cycle(*ordinal))).count();
        assert!(written > 50);
        assert!(writer.finish().1.len() <= FULL);
    }
}
