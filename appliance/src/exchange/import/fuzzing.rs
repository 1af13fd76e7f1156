//! Any bytes as a file of cycles.

use std::fs::File;
use std::io::Write;

use super::gather;
use super::problem::Problems;
use super::row::Told;
use crate::exchange::Format;

/// Comma-separated values.
pub fn csv(input: &[u8]) {
    let rows = read(Format::Csv, input);
    assert!(rows <= input.len(), "more rows than bytes");
}

/// JSON lines.
pub fn jsonl(input: &[u8]) {
    let rows = read(Format::Jsonl, input);
    assert!(rows <= input.len(), "more rows than bytes");
}

/// Parquet.
pub fn parquet(input: &[u8]) {
    read(Format::Parquet, input);
}

/// Reads a file as an import does: rows come sorted, and each tells of the cycle that it becomes.
fn read(format: Format, bytes: &[u8]) -> usize {
    let Ok(file) = scratch(bytes) else { return 0 };
    let mut problems = Problems::default();
    let Ok((sorted, molds)) = gather(file, format, &std::env::temp_dir(), &mut problems) else { return 0 };
    problems.sort();
    assert!(problems.listed().len() as u64 + problems.more() == problems.count());
    let Ok(mut rows) = sorted.rows() else { return 0 };
    let (mut count, mut before) = (0, None);
    while let Ok(Some(told)) = rows.next() {
        let place = |told: &Told| (told.mold, told.counter, told.row);
        assert!(before.is_none_or(|before| before < place(&told)), "the rows are not in order");
        assert!((told.mold as usize) < molds.len());
        assert!(told.tells_of(&told.cycle(told.counter)));
        before = Some(place(&told));
        count += 1;
    }
    count
}

fn scratch(bytes: &[u8]) -> std::io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(bytes)?;
    Ok(file)
}

#[cfg(test)]
pub(crate) mod seeds {
    use super::super::tests::{given, row};
    use super::*;
    use crate::exchange::Subject;

    fn exported(format: Format) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let store = super::super::tests::open(dir.path());
        super::super::tests::import(dir.path(), &store, &super::super::tests::rows(5..25));
        given(&store, Subject::Cycles, format)
    }

    pub fn csvs() -> Vec<Vec<u8>> {
        let odd = "mold,counter,ordinal,ended,cycle_ms,temperature_c,source,late,first\r\n\
                   \"M, 7\",5,1,1700000000000,20000,61.5,device,true,FALSE\r\n\r\n'=M-8,1,,2026-11-23T06:00:00+01:00,0,,,,\n";
        vec![
            exported(Format::Csv),
            odd.into(),
            format!("mold,counter,ended,cycle_ms,temperature_decicelsius\n{}", row("M-1", 3)).into(),
        ]
    }

    pub fn jsonls() -> Vec<Vec<u8>> {
        let odd = "{\"mold\":7,\"counter\":9,\"ended\":1700000000000,\"cycle_ms\":20000,\"temperature_c\":6.15e1}\n\
                   {\"mold\":\"M-1\",\"counter\":9,\"ended\":\"2026-11-23T06:00:00Z\",\"cycle_ms\":1,\"late\":null,\"first\":true,\"source\":\"received\"}\n";
        vec![exported(Format::Jsonl), odd.into()]
    }

    pub fn parquets() -> Vec<Vec<u8>> {
        vec![exported(Format::Parquet)]
    }
}
