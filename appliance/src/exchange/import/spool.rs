//! Rows in order of mold and counter, however they come: sorted through a scratch file, in bounded memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use domain::TimeSource;

use super::row::Told;

/// Rows sorted in memory at a time: about 8 MB.
const RUN: usize = 1 << 17;
/// Rows of a run read back at a time.
const AHEAD: usize = 128;
/// Bytes of a row in the scratch file.
const LENGTH: usize = 38;

type Key = (u32, u64, u64);

fn key(told: &Told) -> Key {
    (told.mold, told.counter, told.row)
}

/// Takes rows in any order.
pub(super) struct Spool<'d> {
    folder: &'d Path,
    rows: Vec<Told>,
    run: usize,
    file: Option<BufWriter<File>>,
    runs: Vec<u64>,
}

impl<'d> Spool<'d> {
    /// The scratch file, if one is needed, lies in `folder` and has no name.
    pub(super) fn new(folder: &'d Path) -> Self {
        Spool::with_runs_of(RUN, folder)
    }

    fn with_runs_of(run: usize, folder: &'d Path) -> Self {
        Spool { folder, rows: Vec::new(), run, file: None, runs: Vec::new() }
    }

    pub(super) fn put(&mut self, told: Told) -> io::Result<()> {
        self.rows.push(told);
        if self.rows.len() >= self.run { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> io::Result<()> {
        self.rows.sort_unstable_by_key(key);
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(BufWriter::new(tempfile::tempfile_in(self.folder)?)),
        };
        for told in &self.rows {
            file.write_all(&pack(told))?;
        }
        self.runs.push(self.rows.len() as u64);
        self.rows.clear();
        Ok(())
    }

    /// That were all rows.
    pub(super) fn end(mut self) -> io::Result<Sorted> {
        if self.file.is_none() {
            self.rows.sort_unstable_by_key(key);
            return Ok(Sorted { rows: self.rows, file: None, runs: Vec::new() });
        }
        if !self.rows.is_empty() {
            self.write()?;
        }
        let file =
            self.file.map(BufWriter::into_inner).transpose().map_err(io::IntoInnerError::into_error)?;
        Ok(Sorted { rows: Vec::new(), file, runs: self.runs })
    }
}

/// Every row, by mold, counter and place in the file; can be gone through more than once.
pub(super) struct Sorted {
    rows: Vec<Told>,
    file: Option<File>,
    runs: Vec<u64>,
}

impl Sorted {
    pub(super) fn rows(&self) -> io::Result<Merged<'_>> {
        let Some(file) = &self.file else { return Ok(Merged::Memory(self.rows.iter())) };
        let mut begin = 0u64;
        let mut runs = Vec::with_capacity(self.runs.len());
        let mut heads = BinaryHeap::new();
        for (number, length) in self.runs.iter().enumerate() {
            let end = begin.saturating_add(*length);
            let mut run = Run { file, next: begin, end, ahead: Vec::new() };
            if let Some(told) = run.next()? {
                heads.push(Reverse(Head { told, run: number }));
            }
            runs.push(run);
            begin = end;
        }
        Ok(Merged::File { runs, heads })
    }
}

pub(super) enum Merged<'s> {
    Memory(std::slice::Iter<'s, Told>),
    File { runs: Vec<Run<'s>>, heads: BinaryHeap<Reverse<Head>> },
}

impl Merged<'_> {
    pub(super) fn next(&mut self) -> io::Result<Option<Told>> {
        match self {
            Merged::Memory(rows) => Ok(rows.next().copied()),
            Merged::File { runs, heads } => {
                let Some(Reverse(head)) = heads.pop() else { return Ok(None) };
                if let Some(run) = runs.get_mut(head.run)
                    && let Some(told) = run.next()?
                {
                    heads.push(Reverse(Head { told, run: head.run }));
                }
                Ok(Some(head.told))
            }
        }
    }
}

pub(super) struct Run<'s> {
    file: &'s File,
    next: u64,
    end: u64,
    /// The next rows, the nearest one last.
    ahead: Vec<Told>,
}

impl Run<'_> {
    fn next(&mut self) -> io::Result<Option<Told>> {
        if self.ahead.is_empty() {
            let left = usize::try_from(self.end.saturating_sub(self.next)).unwrap_or(usize::MAX);
            let rows = left.min(AHEAD);
            let mut bytes = vec![0; rows.saturating_mul(LENGTH)];
            self.file.read_exact_at(&mut bytes, self.next.saturating_mul(LENGTH as u64))?;
            self.next = self.next.saturating_add(rows as u64);
            let (rows, _) = bytes.as_chunks::<LENGTH>();
            self.ahead.extend(rows.iter().rev().map(unpack));
        }
        Ok(self.ahead.pop())
    }
}

pub(super) struct Head {
    told: Told,
    run: usize,
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        key(&self.told) == key(&other.told)
    }
}

impl Eq for Head {}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        key(&self.told).cmp(&key(&other.told))
    }
}

/// Three states in two bits: not said, no, yes; a source has one more.
fn pack(told: &Told) -> [u8; LENGTH] {
    let flag = |flag: Option<bool>| flag.map_or(0, |flag| 1 + u8::from(flag));
    let source = match told.source {
        None => 0,
        Some(TimeSource::Device) => 1,
        Some(TimeSource::Received) => 2,
        Some(TimeSource::Estimated) => 3,
    };
    let temperature = told.temperature.map_or(0, |there| 1 + u8::from(there.is_some()));
    let mut bytes = [0; LENGTH];
    let mut rest = bytes.as_mut_slice();
    let mut put = |part: &[u8]| {
        if let Some((place, after)) = std::mem::take(&mut rest).split_at_mut_checked(part.len()) {
            place.copy_from_slice(part);
            rest = after;
        }
    };
    put(&told.mold.to_le_bytes());
    put(&told.counter.to_le_bytes());
    put(&told.row.to_le_bytes());
    put(&told.ended.to_le_bytes());
    put(&told.cycle_ms.to_le_bytes());
    put(&told.temperature.flatten().unwrap_or(0).to_le_bytes());
    put(&[source | temperature << 2, flag(told.late) | flag(told.first) << 2]);
    bytes
}

fn unpack(bytes: &[u8; LENGTH]) -> Told {
    let mut rest = bytes.as_slice();
    let (mold, counter, row) = (u32::from_le_bytes(take(&mut rest)), take(&mut rest), take(&mut rest));
    let (ended, cycle_ms) = (i64::from_le_bytes(take(&mut rest)), u32::from_le_bytes(take(&mut rest)));
    let milli = i32::from_le_bytes(take(&mut rest));
    let [words, flags] = take(&mut rest);
    let flag = |bits: u8| match bits & 3 {
        0 => None,
        bits => Some(bits == 2),
    };
    Told {
        mold,
        counter: u64::from_le_bytes(counter),
        row: u64::from_le_bytes(row),
        ended,
        cycle_ms,
        temperature: match words >> 2 & 3 {
            0 => None,
            1 => Some(None),
            _ => Some(Some(milli)),
        },
        source: match words & 3 {
            0 => None,
            1 => Some(TimeSource::Device),
            2 => Some(TimeSource::Received),
            _ => Some(TimeSource::Estimated),
        },
        late: flag(flags),
        first: flag(flags >> 2),
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    match rest.split_first_chunk::<N>() {
        Some((part, after)) => {
            *rest = after;
            *part
        }
        None => [0; N],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told() -> impl Strategy<Value = Told> {
        let source = prop_oneof![
            Just(None),
            Just(Some(TimeSource::Device)),
            Just(Some(TimeSource::Received)),
            Just(Some(TimeSource::Estimated)),
        ];
        let flags = (any::<Option<bool>>(), any::<Option<bool>>());
        let numbers = (0..3u32, 1..40u64, any::<i64>(), any::<u32>(), any::<Option<Option<i32>>>());
        (numbers, source, flags).prop_map(|((mold, counter, ended, cycle_ms, temperature), source, flags)| {
            let (late, first) = flags;
            Told { mold, counter, row: 0, ended, cycle_ms, temperature, source, late, first }
        })
    }

    proptest! {
        #[test]
        fn whatever_the_order_of_rows_and_the_size_of_runs_the_same_rows_come_out_sorted(
            rows in prop::collection::vec(told(), 0..200),
            run in 1..50usize,
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut spool = Spool::with_runs_of(run, dir.path());
            let mut expected = Vec::new();
            for (row, told) in (1..).zip(rows) {
                let told = Told { row, ..told };
                expected.push(told);
                spool.put(told).unwrap();
            }
            expected.sort_by_key(key);
            let sorted = spool.end().unwrap();
            for _ in 0..2 {
                let mut rows = sorted.rows().unwrap();
                let mut found = Vec::new();
                while let Some(told) = rows.next().unwrap() {
                    found.push(told);
                }
                prop_assert_eq!(&found, &expected);
            }
            prop_assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        }
    }
}
