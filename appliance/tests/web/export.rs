use appliance::plant::{Batch, LedgerChange};
use appliance::store::{Store, StoreKeys};
use domain::{Cycle, CycleFlags, CycleTime, EntryKind, LedgerEntry, Mold, MoldId, TimeSource, Timestamp};

use crate::fixture::{Web, now};

const CYCLES: u64 = 25_000;

/// A store with a mold whose name wants care everywhere.
pub fn fill(folder: &std::path::Path) {
    let store = Store::open(folder, &StoreKeys::from_bytes([7; StoreKeys::LENGTH])).unwrap();
    let at = Timestamp::from_millis(1_700_000_000_000);
    let id = MoldId(1);
    let mut batch = Batch::default();
    batch.molds.push(Mold {
        id,
        name: "=M/1 \"ä\"".parse().unwrap(),
        description: String::new(),
        approved: None,
        design_life: None,
        baseline: 100,
        registered: at,
    });
    let entry = LedgerEntry {
        number: 0,
        at,
        until: at,
        kind: EntryKind::Delta,
        cycles: CYCLES.cast_signed(),
        monitor: None,
        device_before: None,
        device_after: None,
    };
    batch.ledger.push((id, LedgerChange::Append(entry)));
    let cycle = |ordinal: u64| Cycle {
        ordinal,
        ended: Timestamp::from_millis(at.as_millis() + ordinal.cast_signed() * 1_000),
        cycle_time: CycleTime::from_millis(1_000),
        temperature: None,
        source: TimeSource::Device,
        flags: CycleFlags::default(),
    };
    batch.cycles.push((id, (1..=CYCLES).map(cycle).collect()));
    store.commit(&batch).unwrap();
}

#[test]
fn whoever_is_signed_in_takes_rows_away_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let web = Web::start_in(folder.path(), now(), &[]);
    let admin = web.administrator();
    let mold = "mold=%3DM%2F1%20%22%C3%A4%22";
    let csv = admin.get(&format!("/export/cycles.csv?{mold}"));
    assert_eq!((csv.status, csv.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    let name = "attachment; filename=\"platen-cycles-_M_1____.csv\"";
    assert_eq!(csv.header("content-disposition"), Some(name));
    assert_eq!(csv.header("cache-control"), Some("no-store"));
    let lines: Vec<&str> = csv.body.lines().filter(|line| line.starts_with("\"'=M/1")).collect();
    assert_eq!(lines.len(), 25_000);
    assert!(lines[24_999].ends_with(",1000,,device,false,false,25100"), "{}", lines[24_999]);

    let narrow = admin.get("/export/cycles.jsonl?from=2023-11-14T22:13:30Z&to=2023-11-14T22:13:32Z");
    assert_eq!(narrow.body.matches("\"ordinal\":").count(), 2, "{}", narrow.body);
    let parquet = admin.get("/export/cycles.parquet");
    assert_eq!(parquet.header("content-type"), Some("application/vnd.apache.parquet"));
    for rows in ["rollups", "ledger", "counts"] {
        for form in ["csv", "jsonl", "parquet"] {
            let answer = admin.get(&format!("/export/{rows}.{form}?mold=all"));
            assert_eq!(answer.status, 200, "{rows}.{form}");
            assert!(answer.body.contains("=M/1"), "{rows}.{form}");
        }
    }
}

#[test]
fn rows_that_make_no_sense_are_refused_in_words() {
    let web = Web::start();
    let admin = web.administrator();
    for (path, status) in [
        ("/export/users.csv", 404),
        ("/export/cycles.xlsx", 404),
        ("/export/cycles", 404),
        ("/export/cycles.csv?mold=M-9", 404),
        ("/export/cycles.csv?mold=%20", 422),
        ("/export/cycles.csv?from=yesterday", 422),
        ("/export/cycles.csv?form=csv", 422),
        ("/export/counts.csv?from=2026-01-01", 422),
    ] {
        assert_eq!(admin.fetch(path).status, status, "{path}");
    }
}
