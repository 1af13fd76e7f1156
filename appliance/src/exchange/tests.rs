//! What goes out.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use domain::{
    Cycle, CycleFlags, CycleTime, EntryKind, LedgerEntry, Mold, MoldId, Temperature, TimeSource, Timestamp,
};
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::{Export, Format, Subject, Wanted, export};
use crate::plant::{Batch, LedgerChange};
use crate::store::{Store, StoreKeys};

const START: i64 = 1_700_000_000_000;
const CYCLES: u64 = 70_000;

/// A mold with more cycles than a page or a row group has.
fn store(dir: &Path) -> Store {
    let store = Store::open(dir, &StoreKeys::from_bytes([1; StoreKeys::LENGTH])).unwrap();
    let at = Timestamp::from_millis;
    let mold = MoldId(1);
    let mut batch = Batch::default();
    batch.molds.push(Mold {
        id: mold,
        name: "M-1".parse().unwrap(),
        description: String::new(),
        approved: None,
        design_life: None,
        baseline: 1_000,
        registered: at(START),
    });
    batch.ledger.push((
        mold,
        LedgerChange::Append(LedgerEntry {
            number: 0,
            at: at(START),
            until: at(START),
            kind: EntryKind::Delta,
            cycles: CYCLES.cast_signed(),
            monitor: "V3-1".parse().ok(),
            device_before: None,
            device_after: None,
        }),
    ));
    let cycle = |ordinal: u64| Cycle {
        ordinal,
        ended: at(START + ordinal.cast_signed() * 20_000),
        cycle_time: CycleTime::from_millis(20_000),
        temperature: (!ordinal.is_multiple_of(7)).then_some(Temperature::from_milli_celsius(61_500)),
        source: TimeSource::Device,
        flags: CycleFlags { late: ordinal.is_multiple_of(3), first: ordinal == 1 },
    };
    batch.cycles.push((mold, (1..=CYCLES).map(cycle).collect()));
    store.commit(&batch).unwrap();
    store
}

fn wanted(subject: Subject, format: Format) -> Wanted {
    Wanted { subject, mold: None, format, from: None, to: None }
}

#[test]
fn a_parquet_file_has_types_and_row_groups_and_every_row_of_the_csv() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    for subject in Subject::ALL {
        let mut csv = Vec::new();
        export(&store, &wanted(subject, Format::Csv), &mut csv).unwrap();
        let lines = csv.split(|byte| *byte == b'\n').count() - 2;
        let mut bytes = Vec::new();
        export(&store, &wanted(subject, Format::Parquet), &mut bytes).unwrap();
        let file = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        let metadata = file.metadata().file_metadata();
        assert_eq!(metadata.num_rows(), i64::try_from(lines).unwrap());
        let names: Vec<_> =
            metadata.schema_descr().columns().iter().map(|column| column.name().to_owned()).collect();
        assert_eq!(csv.split(|byte| *byte == b'\n').next().unwrap(), names.join(",").as_bytes());
        if subject == Subject::Cycles {
            assert_eq!(file.num_row_groups(), 2);
            let row = file.get_row_iter(None).unwrap().nth(69_999).unwrap().unwrap();
            assert_eq!(
                row.to_string(),
                "{mold: \"M-1\", ordinal: 70000, ended: 2023-12-01 03:06:40.000 +00:00, cycle_ms: 20000, \
                 temperature_c: null, source: \"device\", late: false, first: false, counter: 71000}"
            );
        }
    }
}

/// Takes so many bytes and then nothing more.
struct Gone(usize);

impl Write for Gone {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn rows_that_nobody_takes_any_more_are_not_read_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    for format in Format::ALL {
        let mut steps = 0;
        let mut export = Export::begin(store.clone(), wanted(Subject::Cycles, format), Gone(5_000)).unwrap();
        let error = loop {
            match export.step() {
                Ok(more) => assert!(more, "{format:?}"),
                Err(error) => break error,
            }
            steps += 1;
        };
        let super::ExportError::Write(error) = error else { panic!("{error:?}") };
        assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{format:?}");
        assert!(steps < 8, "{format:?}: {steps}");
    }
}
