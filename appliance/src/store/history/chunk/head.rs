//! The head of a chunk: its sums, its columns, and where its pages begin.

use domain::Cycle;
use pco::wrapped::FileDecompressor;

use super::column::{self, Column, Packed};
use super::summary::Summary;
use super::{COLUMNS, HEAD, MOST, PAGE, damage};
use crate::store::error::Damage;
use crate::store::history::varint::{self, Reader};

/// The place of the ordinals that were left out among the columns.
const LEFT_OUT: usize = 3;

/// The head, read and checked against the length of the chunk.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) summary: Summary,
    pub(super) format: FileDecompressor,
    pub(super) columns: [Column; COLUMNS],
    pub(super) pages: Vec<Page>,
}

/// What the index says of a page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) count: usize,
    /// End of the cycle before the page, ms; before the first page: where the first cycle began.
    pub(super) ended_before: i64,
    pub(super) last_ended: i64,
    /// Ordinal of the cycle before the page; before the first page: one below the first.
    pub(super) ordinal_before: u64,
    pub(super) last_ordinal: u64,
    pub(super) earliest: i64,
    pub(super) latest: i64,
}

impl Page {
    /// Whether it can hold cycles that ended and are numbered between these, all four included.
    pub(super) fn touches(&self, ended: (i64, i64), ordinals: (u64, u64)) -> bool {
        self.latest >= ended.0
            && self.earliest <= ended.1
            && self.last_ordinal >= ordinals.0
            && self.ordinal_before.wrapping_add(1) <= ordinals.1
    }

    /// Whether all of its cycles are such cycles.
    pub(super) fn is_inside(&self, ended: (i64, i64), ordinals: (u64, u64)) -> bool {
        self.earliest >= ended.0
            && self.latest <= ended.1
            && self.ordinal_before.wrapping_add(1) >= ordinals.0
            && self.last_ordinal <= ordinals.1
    }
}

/// Writes the head of cycles, of which there is at least one.
pub(super) fn write(head: &mut Vec<u8>, cycles: &[Cycle], begin: i64, columns: &[Packed; COLUMNS]) {
    varint::put(head, cycles.len() as u64);
    varint::put_signed(head, begin);
    for column in columns {
        column.describe(head);
    }
    Summary::of(cycles).write(head);
    let gapless = columns[LEFT_OUT].alike() == Some(0);
    let mut ended_before = begin;
    let mut ordinal_before = cycles.first().map_or(0, |cycle| cycle.ordinal.wrapping_sub(1));
    for (number, page) in cycles.chunks(PAGE).enumerate() {
        let Some(last) = page.last() else { continue };
        let last_ended = last.ended.as_millis();
        let ends = || page.iter().map(|cycle| cycle.ended.as_millis());
        let earliest = ends().min().unwrap_or(last_ended);
        let latest = ends().max().unwrap_or(last_ended);
        varint::put_signed(head, last_ended.wrapping_sub(ended_before));
        varint::put_signed(head, earliest.wrapping_sub(ended_before));
        varint::put_signed(head, latest.wrapping_sub(last_ended));
        if !gapless {
            varint::put(head, last.ordinal.wrapping_sub(ordinal_before).wrapping_sub(page.len() as u64));
        }
        for column in columns {
            column.describe_page(number, head);
        }
        (ended_before, ordinal_before) = (last_ended, last.ordinal);
    }
}

impl Head {
    /// Reads the head of a chunk whose checksum was proved.
    pub(super) fn read(first_ordinal: u64, bytes: &[u8]) -> Result<Self, Damage> {
        let most = bytes.len();
        let (format, rest) = column::format(bytes.get(HEAD..).unwrap_or_default())?;
        let mut reader = Reader::new(rest);
        let count = reader.count(MOST)?;
        if count == 0 {
            return Err(damage("it holds no cycle"));
        }
        let mut ended_before = reader.signed()?;
        let mut column = || Column::read(&mut reader, most);
        let mut columns = [column()?, column()?, column()?, column()?, column()?];
        let mut summary = Summary::read(&mut reader, count)?;
        let gapless = columns[LEFT_OUT].alike() == Some(0);

        let mut pages = Vec::with_capacity(count.div_ceil(PAGE));
        let mut ordinal_before = first_ordinal.wrapping_sub(1);
        for begin in (0..count).step_by(PAGE) {
            let count = PAGE.min(count - begin);
            let last_ended = ended_before.wrapping_add(reader.signed()?);
            let earliest = ended_before.wrapping_add(reader.signed()?);
            let latest = last_ended.wrapping_add(reader.signed()?);
            let left_out = if gapless { 0 } else { reader.unsigned()? };
            let last_ordinal = ordinal_before.wrapping_add(count as u64).wrapping_add(left_out);
            let rises = last_ordinal >= ordinal_before.wrapping_add(1);
            if !rises || !(earliest..=latest).contains(&last_ended) {
                return Err(damage("its page index is in disorder"));
            }
            for column in &mut columns {
                column.read_page(&mut reader, most)?;
            }
            summary.earliest = summary.earliest.min(earliest);
            summary.latest = summary.latest.max(latest);
            pages.push(Page {
                count,
                ended_before,
                last_ended,
                ordinal_before,
                last_ordinal,
                earliest,
                latest,
            });
            (ended_before, ordinal_before) = (last_ended, last_ordinal);
        }
        (summary.first_ordinal, summary.last_ordinal) = (first_ordinal, ordinal_before);

        let mut from = most - reader.rest().len();
        for column in &mut columns {
            from = column.place(from, most)?;
        }
        if from != most {
            return Err(damage("it has bytes after its columns"));
        }
        Ok(Head { summary, format, columns, pages })
    }
}
