//! Packed chunks: about ten thousand cycles of one mold, column by column, in one value of the history table.
//!
//! ```text
//! 0   version, 2
//! 1   CRC-32 of the first ordinal (8 bytes, little end first) and of all bytes but these four, u32 little end first
//! 5   version of pco's format, 2 bytes
//! 7   head: numbers as varints (z: zigzag)
//!         number of cycles
//!         end of the first cycle less its cycle time, z
//!         the columns: kind (1 byte), base z, [step], [length of what comes before the pages]
//!         the sums of `Summary`
//!         page index, for each page of 2,048 cycles:
//!             end of its last cycle less that of the last cycle before the page, z
//!             earliest end less that of the last cycle before the page, z
//!             latest end less that of its last cycle, z
//!             ordinals left out in it, if the column of ordinals is not all alike
//!             length of the page of each column that has pages
//!     the columns one after the other, each: what comes before the pages, pages
//! ```
//! The first ordinal is the one in the table's key. The columns are, in this order:
//! ```text
//! cycle time    ms
//! temperature   thousandths of a degree Celsius; that of the cycle before where there is none
//! rest of end   end - (end before + cycle time), in wrapping arithmetic: all 0 on a device's own time base
//! left out      ordinal - ordinal before - 1: all 0 in a history without gaps
//! marks         bits 0-1 source of time: 0 device, 1 received, 2 estimated; bit 2 late; bit 3 first;
//!               bit 4 temperature is there
//! ```
//! [`column`] says how a column is packed. A page is unpacked for itself: the index says where it begins in time and in
//! ordinals, so that a range costs what its pages cost.

mod column;
mod head;
#[cfg(test)]
pub(super) mod samples;
mod summary;
#[cfg(test)]
mod tests;

use domain::{Cycle, CycleFlags, CycleTime, Temperature, TimeSource, Timestamp};

pub use self::summary::Summary;

use self::column::{Neighbours, Packed, Unpacker};
use self::head::{Head, Page};
use super::varint::damage;
use crate::store::error::Damage;

/// The version that a chunk begins with; 1 was a block of single cycles.
pub(super) const VERSION: u8 = 2;
/// The longest value that fills one page of 16 KiB of the database with its key and what the page says of itself.
pub(super) const BUDGET: usize = 16_364;
/// The most cycles of a chunk: it bounds the memory that unpacking takes, whatever the bytes say.
pub(super) const MOST: usize = 32_768;
/// Cycles of a page: what is unpacked at the least.
const PAGE: usize = 2_048;
/// The columns of a chunk.
const COLUMNS: usize = 5;
/// Where the head begins.
const HEAD: usize = 5;

/// Packs cycles, 1 to [`MOST`] of them, whose ordinals rise. The first ordinal is not in the bytes: it is the key.
pub(super) fn encode(cycles: &[Cycle]) -> Result<Vec<u8>, Damage> {
    let Some(first) = cycles.first() else { return Err(unpackable("there are none")) };
    if cycles.len() > MOST {
        return Err(unpackable("there are too many for one chunk"));
    }
    if !cycles.is_sorted_by(|a, b| a.ordinal < b.ordinal) {
        return Err(unpackable("their ordinals do not rise"));
    }
    let begin = first.ended.as_millis().wrapping_sub(i64::from(first.cycle_time.as_millis()));
    let columns = columns(cycles, begin)?;
    let mut bytes = vec![VERSION, 0, 0, 0, 0];
    bytes.reserve(BUDGET);
    bytes = column::put_format(bytes)?;
    head::write(&mut bytes, cycles, begin, &columns);
    for column in &columns {
        bytes.extend_from_slice(&column.bytes);
    }
    prove(first.ordinal, &mut bytes);
    Ok(bytes)
}

fn columns(cycles: &[Cycle], begin: i64) -> Result<[Packed; COLUMNS], Damage> {
    let mut temperature =
        cycles.iter().find_map(|cycle| cycle.temperature).map_or(0, Temperature::as_milli_celsius);
    let mut ended_before = begin;
    let mut ordinal_before = cycles.first().map_or(0, |cycle| cycle.ordinal.wrapping_sub(1));
    let mut numbers: [Vec<i64>; COLUMNS] = std::array::from_fn(|_| Vec::with_capacity(cycles.len()));
    let [times, temperatures, rests, left_out, marks] = &mut numbers;
    for cycle in cycles {
        let (ended, time) = (cycle.ended.as_millis(), i64::from(cycle.cycle_time.as_millis()));
        temperature = cycle.temperature.map_or(temperature, Temperature::as_milli_celsius);
        times.push(time);
        temperatures.push(i64::from(temperature));
        rests.push(ended.wrapping_sub(ended_before).wrapping_sub(time));
        left_out.push(cycle.ordinal.wrapping_sub(ordinal_before).wrapping_sub(1).cast_signed());
        marks.push(i64::from(mark(cycle)));
        (ended_before, ordinal_before) = (ended, cycle.ordinal);
    }
    Ok([
        Packed::pack(times, Neighbours::Apart)?,
        Packed::pack(temperatures, Neighbours::Near)?,
        Packed::pack(rests, Neighbours::Apart)?,
        Packed::pack(left_out, Neighbours::Apart)?,
        Packed::pack(marks, Neighbours::Near)?,
    ])
}

const SOURCE: u8 = 0b11;
const LATE: u8 = 1 << 2;
const FIRST: u8 = 1 << 3;
const TEMPERATURE: u8 = 1 << 4;

fn mark(cycle: &Cycle) -> u8 {
    let source = match cycle.source {
        TimeSource::Device => 0,
        TimeSource::Received => 1,
        TimeSource::Estimated => 2,
    };
    source
        | if cycle.flags.late { LATE } else { 0 }
        | if cycle.flags.first { FIRST } else { 0 }
        | if cycle.temperature.is_some() { TEMPERATURE } else { 0 }
}

/// A chunk as it is on disk: the head is read and the bytes are known to be whole, the cycles are not unpacked.
#[derive(Debug)]
pub(super) struct Chunk<'a> {
    head: Box<Head>,
    bytes: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// Reads the head of a chunk that stands under the key `first_ordinal`, and proves its checksum.
    pub(super) fn parse(first_ordinal: u64, bytes: &'a [u8]) -> Result<Self, Damage> {
        match bytes {
            [] => return Err(Damage::Empty),
            [VERSION, ..] => {}
            [found, ..] => return Err(Damage::Version { found: *found, known: VERSION }),
        }
        let sum = bytes.get(1..HEAD).ok_or_else(|| damage("it ends too early"))?;
        if checksum(first_ordinal, bytes).to_le_bytes() != sum {
            return Err(Damage::Checksum);
        }
        Ok(Chunk { head: Box::new(Head::read(first_ordinal, bytes)?), bytes })
    }

    /// What its cycles come to.
    pub(super) fn summary(&self) -> &Summary {
        &self.head.summary
    }

    /// Its cycles, in order of their ordinals.
    #[cfg(test)]
    pub(super) fn cycles(&self) -> Result<Vec<Cycle>, Damage> {
        let mut cycles = Vec::with_capacity(self.head.pages.iter().map(|page| page.count).sum());
        self.range((i64::MIN, i64::MAX), (0, u64::MAX), &mut cycles)?;
        Ok(cycles)
    }

    /// Appends the cycles that ended from the first to the last of `ended` (ms since the Unix epoch) and whose ordinals
    /// lie from the first to the last of `ordinals`, all four included, in order of their ordinals. After damage
    /// nothing is appended.
    pub(super) fn range(
        &self,
        ended: (i64, i64),
        ordinals: (u64, u64),
        cycles: &mut Vec<Cycle>,
    ) -> Result<(), Damage> {
        let before = cycles.len();
        let whole = self.each(ended, ordinals, |cycle| cycles.push(cycle));
        if whole.is_err() {
            cycles.truncate(before);
        }
        whole
    }

    /// Gives the cycles of [`Chunk::range`] one by one. Only pages that can hold some of them are unpacked; what a
    /// damaged page gave before its damage was seen is to be thrown away.
    pub(super) fn each(
        &self,
        ended: (i64, i64),
        ordinals: (u64, u64),
        mut each: impl FnMut(Cycle),
    ) -> Result<(), Damage> {
        let mut unpacker = Lazy::new(self);
        for (number, page) in self.pages(ended, ordinals) {
            let unpacker = unpacker.get()?;
            if page.is_inside(ended, ordinals) {
                unpacker.page(number, page, &mut each)?;
            } else {
                unpacker.page(number, page, |cycle| {
                    let at = cycle.ended.as_millis();
                    if (ended.0..=ended.1).contains(&at) && (ordinals.0..=ordinals.1).contains(&cycle.ordinal)
                    {
                        each(cycle);
                    }
                })?;
            }
        }
        Ok(())
    }

    /// Gives the cycles that ended from the first to the last of `ended` to a sum, as columns wherever they are plain.
    /// Temperatures are unpacked only if they are wanted. What a damaged page gave is to be thrown away.
    pub(super) fn sum_up(
        &self,
        ended: (i64, i64),
        temperatures: bool,
        into: &mut impl Sum,
    ) -> Result<(), Damage> {
        let always = (0, u64::MAX);
        let mut unpacker = Lazy::new(self);
        for (number, page) in self.pages(ended, always) {
            let unpacker = unpacker.get()?;
            if page.is_inside(ended, always)
                && let Some(plain) = unpacker.plain(number, page, temperatures)?
            {
                into.plain(&plain);
                continue;
            }
            unpacker.page(number, page, |cycle| {
                if (ended.0..=ended.1).contains(&cycle.ended.as_millis()) {
                    into.cycle(&cycle);
                }
            })?;
        }
        Ok(())
    }

    /// The pages that can hold such cycles, with their numbers.
    fn pages(&self, ended: (i64, i64), ordinals: (u64, u64)) -> impl Iterator<Item = (usize, &Page)> {
        self.head.pages.iter().enumerate().filter(move |(_, page)| page.touches(ended, ordinals))
    }
}

/// Takes cycles to sum them up.
pub(super) trait Sum {
    /// One cycle.
    fn cycle(&mut self, cycle: &Cycle);
    /// All cycles of a page.
    fn plain(&mut self, page: &Plain<'_>);
}

/// The cycles of a page that differ in their times, their temperatures and the marks of a few alone.
pub(super) struct Plain<'n> {
    /// End of the cycle before, ms.
    pub(super) ended_before: i64,
    /// What every end is later than the end before it and the cycle time, ms.
    pub(super) rest: i64,
    /// Cycle times, ms.
    pub(super) times: &'n [u32],
    /// Thousandths of a degree Celsius, as many as times; none where temperatures were not asked for.
    pub(super) temperatures: &'n [i32],
    /// The ordinal of the first one, and by how much ordinals rise.
    pub(super) first_ordinal: u64,
    pub(super) step: u64,
    /// What marks all of them but the odd ones.
    pub(super) marks: Marks,
    /// Those that are marked otherwise, by their places, in order.
    pub(super) odd: &'n [(usize, Marks)],
}

/// What a cycle is marked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    source: TimeSource,
    flags: CycleFlags,
    temperature: bool,
}

impl Marks {
    fn of(number: i64) -> Result<Self, Damage> {
        let wrong = || damage("its cycles are not what its head says");
        let marked = u8::try_from(number).map_err(|_| wrong())?;
        if marked & SOURCE == SOURCE { Err(wrong()) } else { Ok(Marks::from_byte(marked)) }
    }

    /// A source that is none, which the caller has looked for, is taken for an estimated one.
    #[inline(always)]
    fn from_byte(marked: u8) -> Self {
        Marks {
            source: match marked & SOURCE {
                0 => TimeSource::Device,
                1 => TimeSource::Received,
                _ => TimeSource::Estimated,
            },
            flags: CycleFlags { late: marked & LATE != 0, first: marked & FIRST != 0 },
            temperature: marked & TEMPERATURE != 0,
        }
    }

    /// What is said of a cycle beside its time.
    pub(super) fn flags(self) -> CycleFlags {
        self.flags
    }

    /// Whether cycles have a temperature.
    pub(super) fn has_temperature(self) -> bool {
        self.temperature
    }
}

impl Plain<'_> {
    /// The ordinal of the cycle at a place.
    pub(super) fn ordinal(&self, at: usize) -> u64 {
        self.first_ordinal.wrapping_add(self.step.wrapping_mul(at as u64))
    }

    /// The cycle at a place, with these marks and its end.
    pub(super) fn cycle(&self, at: usize, ended: i64, marks: Marks) -> Option<Cycle> {
        let temperature = self.temperatures.get(at).filter(|_| marks.temperature);
        Some(Cycle {
            ordinal: self.ordinal(at),
            ended: Timestamp::from_millis(ended),
            cycle_time: CycleTime::from_millis(*self.times.get(at)?),
            temperature: temperature.map(|milli| Temperature::from_milli_celsius(*milli)),
            source: marks.source,
            flags: marks.flags,
        })
    }
}

/// Gets ready to unpack when the first page is.
struct Lazy<'a, 'c> {
    chunk: &'c Chunk<'a>,
    unpacker: Option<Cycles<'c>>,
}

impl<'a, 'c> Lazy<'a, 'c> {
    fn new(chunk: &'c Chunk<'a>) -> Self {
        Lazy { chunk, unpacker: None }
    }

    fn get(&mut self) -> Result<&mut Cycles<'c>, Damage> {
        Ok(match &mut self.unpacker {
            Some(unpacker) => unpacker,
            empty => empty.insert(Cycles::new(&self.chunk.head, self.chunk.bytes)?),
        })
    }
}

/// Unpacks pages into cycles.
struct Cycles<'a> {
    columns: [Unpacker<'a>; COLUMNS],
    numbers: [Vec<i64>; COLUMNS],
    times: Vec<u32>,
    temperatures: Vec<i32>,
    odd: Vec<(usize, Marks)>,
}

impl<'a> Cycles<'a> {
    fn new(head: &'a Head, bytes: &'a [u8]) -> Result<Self, Damage> {
        let column = |at: usize| Unpacker::new(&head.columns[at], &head.format, bytes);
        Ok(Cycles {
            columns: [column(0)?, column(1)?, column(2)?, column(3)?, column(4)?],
            numbers: Default::default(),
            times: Vec::new(),
            temperatures: Vec::new(),
            odd: Vec::new(),
        })
    }

    /// A page whose cycles differ in times, temperatures and a few marks alone; none if they do not.
    fn plain(&mut self, number: usize, page: &Page, temperatures: bool) -> Result<Option<Plain<'_>>, Damage> {
        let [times, warmth, rests, left_out, marks] = &mut self.columns;
        let (Some(rest), Some(left_out)) =
            (rests.alike(number, page.count), left_out.alike(number, page.count))
        else {
            return Ok(None);
        };
        let Some((mark, odd)) = marks.alike_but(number, page.count) else { return Ok(None) };
        self.odd.clear();
        for (at, more) in odd {
            self.odd.push((at.saturating_sub(number * PAGE), Marks::of(mark.wrapping_add(*more))?));
        }
        let [of_times, of_temperatures, ..] = &mut self.numbers;
        let mut wrong = 0i64;
        times.fill(number, page.count, of_times)?;
        self.times.clear();
        self.times.extend(of_times.iter().map(|time| {
            wrong |= i64::from(*time as u32) ^ time;
            *time as u32
        }));
        self.temperatures.clear();
        if temperatures {
            warmth.fill(number, page.count, of_temperatures)?;
            self.temperatures.extend(of_temperatures.iter().map(|milli| {
                wrong |= i64::from(*milli as i32) ^ milli;
                *milli as i32
            }));
        }
        let count = page.count as u64;
        let step = left_out.cast_unsigned().wrapping_add(1);
        let last_ordinal = page.ordinal_before.wrapping_add(step.wrapping_mul(count));
        let all = self.times.iter().map(|time| i64::from(*time)).fold(0i64, i64::wrapping_add);
        let rests = rest.wrapping_mul(count.cast_signed());
        let last_ended = page.ended_before.wrapping_add(all).wrapping_add(rests);
        if wrong != 0 || last_ordinal != page.last_ordinal || last_ended != page.last_ended {
            return Err(damage("its cycles are not what its head says"));
        }
        Ok(Some(Plain {
            ended_before: page.ended_before,
            rest,
            times: &self.times,
            temperatures: &self.temperatures,
            first_ordinal: page.ordinal_before.wrapping_add(step),
            step,
            marks: Marks::of(mark)?,
            odd: &self.odd,
        }))
    }

    fn page(&mut self, number: usize, page: &Page, each: impl FnMut(Cycle)) -> Result<(), Damage> {
        let mut alike = [None; COLUMNS];
        let columns = self.columns.iter_mut().zip(&mut self.numbers).zip(&mut alike);
        for ((column, numbers), alike) in columns {
            *alike = column.page(number, page.count, numbers)?;
        }
        // Most pages differ in times and temperatures alone: those are read without looking at the other columns.
        let is_plain = matches!(alike, [_, _, Some(_), Some(_), Some(_)]);
        let spread = if is_plain { 2 } else { COLUMNS };
        for (numbers, alike) in self.numbers.iter_mut().zip(alike).take(spread) {
            if let Some(alike) = alike {
                numbers.resize(page.count, alike);
            }
        }
        let [times, temperatures, rests, left_out, marks] = &self.numbers;
        let measured = times.iter().copied().zip(temperatures.iter().copied());
        match alike {
            [_, _, Some(rest), Some(left_out), Some(mark)] => {
                join(page, measured.map(|(time, milli)| [time, milli, rest, left_out, mark]), each)
            }
            _ => {
                let beside = rests.iter().zip(left_out).zip(marks);
                let numbers = measured
                    .zip(beside)
                    .map(|((time, milli), ((rest, left_out), mark))| [time, milli, *rest, *left_out, *mark]);
                join(page, numbers, each)
            }
        }
    }
}

/// Makes cycles of the numbers of a page, which come in the order of the columns.
#[inline(always)]
fn join(
    page: &Page,
    numbers: impl Iterator<Item = [i64; COLUMNS]>,
    mut each: impl FnMut(Cycle),
) -> Result<(), Damage> {
    let (mut ended, mut ordinal) = (page.ended_before, page.ordinal_before);
    let mut wrong = 0i64;
    for [time, milli, rest, left_out, mark] in numbers {
        let (cycle_time, milli_celsius, marked) = (time as u32, milli as i32, mark as u8);
        // Anything that does not fit leaves a bit behind that should not be there.
        wrong |= (i64::from(cycle_time) ^ time) | (i64::from(milli_celsius) ^ milli);
        wrong |= (i64::from(marked) ^ mark) | i64::from(marked & SOURCE == SOURCE);
        ended = ended.wrapping_add(time).wrapping_add(rest);
        ordinal = ordinal.wrapping_add(1).wrapping_add(left_out.cast_unsigned());
        let marks = Marks::from_byte(marked);
        each(Cycle {
            ordinal,
            ended: Timestamp::from_millis(ended),
            cycle_time: CycleTime::from_millis(cycle_time),
            temperature: marks.temperature.then_some(Temperature::from_milli_celsius(milli_celsius)),
            source: marks.source,
            flags: marks.flags,
        });
    }
    if wrong != 0 || ordinal != page.last_ordinal || ended != page.last_ended {
        return Err(damage("its cycles are not what its head says"));
    }
    Ok(())
}

/// Puts the checksum where it belongs.
pub(super) fn prove(first_ordinal: u64, bytes: &mut [u8]) {
    let sum = checksum(first_ordinal, bytes).to_le_bytes();
    for (byte, of_sum) in bytes.iter_mut().skip(1).zip(sum) {
        *byte = of_sum;
    }
}

/// Over the ordinal in the key and everything in the value but the checksum itself.
fn checksum(first_ordinal: u64, bytes: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&first_ordinal.to_le_bytes());
    sum.update(bytes.get(..1).unwrap_or_default());
    sum.update(bytes.get(HEAD..).unwrap_or_default());
    sum.finalize()
}

fn unpackable(why: &str) -> Damage {
    Damage::Packing(why.to_owned())
}
