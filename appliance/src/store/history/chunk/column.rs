//! One column of a chunk: the same number of every cycle, packed together.
//!
//! Every column is `base + step * packed` in wrapping arithmetic of 64 bits; what it needs beside base and step depends
//! on its kind:
//! ```text
//! 0 alike    every number is the base: nothing follows
//! 1 few      the base, but for a few numbers: pairs of how many are passed (varint) and the number less the base
//!            (zigzag varint)
//! 2 to 4     packed by pco, numbers of 16, 32 or 64 bits: what pco calls the metadata of a chunk, then its pages
//! ```

use std::ops::Range;

use pco::data_types::Number;
use pco::wrapped::{ChunkDecompressor, FileCompressor, FileDecompressor};
use pco::{ChunkConfig, DeltaSpec, ModeSpec, PagingSpec};

use super::{PAGE, damage};
use crate::store::error::Damage;
use crate::store::history::varint::{self, Reader};

/// How hard pco tries: above this it takes several times as long for less than a hundredth.
const LEVEL: usize = 8;
/// So many numbers may differ from the base in a column of kind `few`; pco needs about this much for its metadata.
const FEW: usize = 16;

/// How a column is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Alike,
    Few,
    Bits16,
    Bits32,
    Bits64,
}

impl Kind {
    fn from_byte(byte: u8) -> Result<Self, Damage> {
        Ok(match byte {
            0 => Kind::Alike,
            1 => Kind::Few,
            2 => Kind::Bits16,
            3 => Kind::Bits32,
            4 => Kind::Bits64,
            _ => return Err(damage("a column of an unknown kind")),
        })
    }

    fn is_paged(self) -> bool {
        matches!(self, Kind::Bits16 | Kind::Bits32 | Kind::Bits64)
    }
}

/// A column that was packed: how it is told in the head, and its bytes.
#[derive(Debug)]
pub(super) struct Packed {
    kind: Kind,
    base: i64,
    step: u64,
    /// Lengths of the parts of `bytes`: metadata and pages, or the few.
    parts: Vec<usize>,
    pub(super) bytes: Vec<u8>,
}

/// Whether neighbours are alike (a temperature) or know nothing of each other (a cycle time).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Neighbours {
    Near,
    Apart,
}

impl Packed {
    /// Packs the numbers of a column, at least one.
    pub(super) fn pack(numbers: &[i64], neighbours: Neighbours) -> Result<Self, Damage> {
        let plain =
            |kind, base, bytes: Vec<u8>| Packed { kind, base, step: 1, parts: vec![bytes.len()], bytes };
        let (mut low, mut high) = (i64::MAX, i64::MIN);
        for number in numbers {
            low = low.min(*number);
            high = high.max(*number);
        }
        if low >= high {
            return Ok(plain(Kind::Alike, high, Vec::new()));
        }
        let usual = most_frequent(numbers);
        if numbers.iter().filter(|number| **number != usual).take(FEW + 1).count() <= FEW {
            return Ok(plain(Kind::Few, usual, few(numbers, usual)));
        }
        let widest = high.wrapping_sub(low).cast_unsigned();
        let above = |number: &i64| number.wrapping_sub(low).cast_unsigned();
        let step = common_step(numbers.iter().map(above));
        let parts = |kind, (bytes, parts)| Packed { kind, base: low, step, parts, bytes };
        let packed =
            numbers.iter().map(|number| if step == 1 { above(number) } else { above(number) / step });
        Ok(match widest / step {
            0..=0xFFFF => {
                let packed: Vec<u16> = packed.map(|number| number as u16).collect();
                parts(Kind::Bits16, compress(&packed, neighbours)?)
            }
            0x1_0000..=0xFFFF_FFFF => {
                let packed: Vec<u32> = packed.map(|number| number as u32).collect();
                parts(Kind::Bits32, compress(&packed, neighbours)?)
            }
            _ => parts(Kind::Bits64, compress(&packed.collect::<Vec<u64>>(), neighbours)?),
        })
    }

    /// The number that all of them are.
    pub(super) fn alike(&self) -> Option<i64> {
        (self.kind == Kind::Alike).then_some(self.base)
    }

    /// Writes what the head of the chunk says of the column.
    pub(super) fn describe(&self, head: &mut Vec<u8>) {
        head.push(self.kind as u8);
        varint::put_signed(head, self.base);
        if self.kind.is_paged() {
            varint::put(head, self.step);
        }
        if self.kind != Kind::Alike {
            varint::put(head, self.parts.first().map_or(0, |length| *length as u64));
        }
    }

    /// Writes what the page index says of a page of the column.
    pub(super) fn describe_page(&self, page: usize, head: &mut Vec<u8>) {
        if self.kind.is_paged() {
            varint::put(head, self.parts.get(page + 1).map_or(0, |length| *length as u64));
        }
    }
}

fn few(numbers: &[i64], usual: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut after = 0;
    for (at, number) in numbers.iter().enumerate().filter(|(_, number)| **number != usual) {
        varint::put(&mut bytes, (at - after) as u64);
        varint::put_signed(&mut bytes, number.wrapping_sub(usual));
        after = at + 1;
    }
    bytes
}

/// The number that makes up more than half of all, if there is one; else any.
fn most_frequent(numbers: &[i64]) -> i64 {
    let (mut usual, mut votes) = (0, 0usize);
    for number in numbers {
        if votes == 0 {
            usual = *number;
            votes = 1;
        } else if usual == *number {
            votes += 1;
        } else {
            votes -= 1;
        }
    }
    usual
}

/// The greatest number that divides all of them: a device that ticks in 10 ms has no other cycle times.
fn common_step(numbers: impl Iterator<Item = u64>) -> u64 {
    let mut step = 0u64;
    for number in numbers {
        if step != 0 && number % step == 0 {
            continue;
        }
        let (mut a, mut b) = (step, number);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        step = a;
        if step == 1 {
            break;
        }
    }
    step.max(1)
}

fn compress<T: Number>(numbers: &[T], neighbours: Neighbours) -> Result<(Vec<u8>, Vec<usize>), Damage> {
    let failed = |error: pco::errors::PcoError| Damage::Packing(error.message);
    let delta = match neighbours {
        Neighbours::Near => DeltaSpec::TryConsecutive(1),
        Neighbours::Apart => DeltaSpec::NoOp,
    };
    let config = ChunkConfig::default()
        .with_compression_level(LEVEL)
        .with_mode_spec(ModeSpec::Classic)
        .with_delta_spec(delta)
        .with_paging_spec(PagingSpec::Exact(numbers.chunks(PAGE).map(<[T]>::len).collect()));
    let mut compressor = FileCompressor::default().chunk_compressor(numbers, &config).map_err(failed)?;
    let mut bytes = compressor.write_meta(Vec::with_capacity(numbers.len() * 2)).map_err(failed)?;
    let mut parts = vec![bytes.len()];
    for page in 0..numbers.len().div_ceil(PAGE) {
        let before = bytes.len();
        bytes = compressor.write_page(page, bytes).map_err(failed)?;
        parts.push(bytes.len() - before);
    }
    Ok((bytes, parts))
}

/// A column as the head tells it; its bytes are not looked at yet.
#[derive(Debug)]
pub(super) struct Column {
    kind: Kind,
    base: i64,
    step: u64,
    /// Length of the metadata, or of the few.
    first: usize,
    /// Lengths of the pages.
    pages: Vec<usize>,
    /// Where the bytes lie in the chunk.
    at: Range<usize>,
}

impl Column {
    /// Reads what [`Packed::describe`] wrote; the chunk has `most` bytes.
    pub(super) fn read(reader: &mut Reader<'_>, most: usize) -> Result<Self, Damage> {
        let kind = Kind::from_byte(reader.byte()?)?;
        let base = reader.signed()?;
        let step = if kind.is_paged() { reader.unsigned()? } else { 1 };
        let first = if kind == Kind::Alike { 0 } else { reader.count(most)? };
        Ok(Column { kind, base, step, first, pages: Vec::new(), at: 0..0 })
    }

    /// Reads what [`Packed::describe_page`] wrote.
    pub(super) fn read_page(&mut self, reader: &mut Reader<'_>, most: usize) -> Result<(), Damage> {
        if self.kind.is_paged() {
            self.pages.push(reader.count(most)?);
        }
        Ok(())
    }

    /// Takes its place in the chunk, which has `most` bytes, and says where the next column begins.
    pub(super) fn place(&mut self, from: usize, most: usize) -> Result<usize, Damage> {
        let to = self.pages.iter().try_fold(from + self.first, |sum, page| sum.checked_add(*page));
        let to = to.filter(|to| *to <= most).ok_or_else(|| damage("its columns are longer than it"))?;
        self.at = from..to;
        Ok(to)
    }

    /// Whether every number is this one.
    pub(super) fn alike(&self) -> Option<i64> {
        (self.kind == Kind::Alike).then_some(self.base)
    }
}

/// Unpacks pages of one column.
pub(super) enum Unpacker<'a> {
    Alike(i64),
    Few { base: i64, few: Vec<(usize, i64)> },
    Bits16(Pages<'a, u16>),
    Bits32(Pages<'a, u32>),
    Bits64(Pages<'a, u64>),
}

impl<'a> Unpacker<'a> {
    /// Gets ready; `chunk` is the whole value.
    pub(super) fn new(
        column: &'a Column,
        format: &FileDecompressor,
        chunk: &'a [u8],
    ) -> Result<Self, Damage> {
        Ok(match column.kind {
            Kind::Alike => Unpacker::Alike(column.base),
            Kind::Few => {
                let bytes = chunk.get(column.at.clone()).unwrap_or_default();
                Unpacker::Few { base: column.base, few: read_few(bytes)? }
            }
            Kind::Bits16 => Unpacker::Bits16(Pages::new(column, format, chunk)?),
            Kind::Bits32 => Unpacker::Bits32(Pages::new(column, format, chunk)?),
            Kind::Bits64 => Unpacker::Bits64(Pages::new(column, format, chunk)?),
        })
    }

    /// The number that all of a page are, as far as that is known without unpacking it.
    pub(super) fn alike(&self, page: usize, count: usize) -> Option<i64> {
        self.alike_but(page, count).filter(|(_, but)| but.is_empty()).map(|(base, _)| base)
    }

    /// The number that all of a page are but for these few (places in the chunk, and by how much they are more), as far
    /// as that is known without unpacking it.
    pub(super) fn alike_but(&self, page: usize, count: usize) -> Option<(i64, &[(usize, i64)])> {
        match self {
            Unpacker::Alike(base) => Some((*base, &[])),
            Unpacker::Few { base, few } => {
                let from = few.partition_point(|(at, _)| *at < page * PAGE);
                let to = few.partition_point(|(at, _)| *at < page * PAGE + count);
                Some((*base, few.get(from..to).unwrap_or_default()))
            }
            _ => None,
        }
    }

    /// Puts the `count` numbers of a page into `numbers`.
    pub(super) fn fill(&mut self, page: usize, count: usize, numbers: &mut Vec<i64>) -> Result<(), Damage> {
        if let Some(alike) = self.page(page, count, numbers)? {
            numbers.resize(count, alike);
        }
        Ok(())
    }

    /// Puts the `count` numbers of a page into `numbers`; a number that all of them are is answered alone.
    pub(super) fn page(
        &mut self,
        page: usize,
        count: usize,
        numbers: &mut Vec<i64>,
    ) -> Result<Option<i64>, Damage> {
        numbers.clear();
        let alike = self.alike(page, count);
        if alike.is_some() {
            return Ok(alike);
        }
        match self {
            Unpacker::Alike(_) => {}
            Unpacker::Few { base, few } => {
                let begin = page * PAGE;
                numbers.resize(count, *base);
                for (at, above) in few {
                    if let Some(number) = at.checked_sub(begin).and_then(|at| numbers.get_mut(at)) {
                        *number = base.wrapping_add(*above);
                    }
                }
            }
            Unpacker::Bits16(pages) => pages.page(page, count, numbers)?,
            Unpacker::Bits32(pages) => pages.page(page, count, numbers)?,
            Unpacker::Bits64(pages) => pages.page(page, count, numbers)?,
        }
        Ok(None)
    }
}

fn read_few(bytes: &[u8]) -> Result<Vec<(usize, i64)>, Damage> {
    let mut reader = Reader::new(bytes);
    let (mut few, mut at) = (Vec::new(), 0usize);
    while !reader.is_empty() {
        at += reader.count(super::MOST)?;
        few.push((at, reader.signed()?));
        at += 1;
    }
    Ok(few)
}

/// The pages that pco wrote.
pub(super) struct Pages<'a, T: Number> {
    column: &'a Column,
    chunk: &'a [u8],
    pages: ChunkDecompressor<T>,
    packed: Vec<T>,
}

impl<'a, T: Number + Into<u64>> Pages<'a, T> {
    fn new(column: &'a Column, format: &FileDecompressor, chunk: &'a [u8]) -> Result<Self, Damage> {
        let bytes = chunk.get(column.at.clone()).and_then(|bytes| bytes.get(..column.first));
        let bytes = bytes.ok_or_else(|| damage("its columns are longer than it"))?;
        let (pages, rest) = format.chunk_decompressor::<T, _>(bytes).map_err(undone)?;
        if !rest.is_empty() {
            return Err(damage("a column has bytes left over"));
        }
        Ok(Pages { column, chunk, pages, packed: Vec::new() })
    }

    fn page(&mut self, page: usize, count: usize, numbers: &mut Vec<i64>) -> Result<(), Damage> {
        let (before, after) =
            self.column.pages.split_at_checked(page).ok_or_else(|| damage("a page is missing"))?;
        let length = after.first().copied().unwrap_or(0);
        let from = self.column.at.start + self.column.first + before.iter().sum::<usize>();
        // pco reads a little beyond what it needs, faster when something is there: it gets all that follows.
        let bytes = self.chunk.get(from..).ok_or_else(|| damage("a page is missing"))?;
        self.packed.resize(count, T::default());
        let mut decompressor = self.pages.page_decompressor(bytes, count).map_err(undone)?;
        let progress = decompressor.read(&mut self.packed).map_err(undone)?;
        let taken = bytes.len() - decompressor.into_src().len();
        if !progress.finished || progress.n_processed != count || taken != length {
            return Err(damage("a page is not as long as it says"));
        }
        let (base, step) = (self.column.base, self.column.step);
        numbers.extend(self.packed.iter().map(|packed| {
            let packed: u64 = (*packed).into();
            base.wrapping_add(packed.wrapping_mul(step).cast_signed())
        }));
        Ok(())
    }
}

/// Reads the version of pco's format, which a later pco goes on to read.
pub(super) fn format(bytes: &[u8]) -> Result<(FileDecompressor, &[u8]), Damage> {
    FileDecompressor::new(bytes).map_err(undone)
}

/// Writes the version of pco's format.
pub(super) fn put_format(head: Vec<u8>) -> Result<Vec<u8>, Damage> {
    FileCompressor::default().write_header(head).map_err(|error| Damage::Packing(error.message))
}

fn undone(error: pco::errors::PcoError) -> Damage {
    Damage::Bytes(format!("a column does not unpack: {}", error.message))
}
