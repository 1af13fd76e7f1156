//! The door, from both sides.

use std::path::Path;
use std::sync::Arc;

use dashboard::port::EnrolWish;

use domain::{
    Cycle, CycleFlags, CycleTime, EntryKind, LedgerEntry, Mold, MoldId, Temperature, TimeSource, Timestamp,
};

use super::ask::copy;
use super::{Answer, Ask, Deed, Door, Everything, Plant, Request, SOCKET, answer, ask, serve};
use crate::audit::Trail;
use crate::clock::WallClock;
use crate::exchange::{Format, Subject, Wanted};
use crate::plant::{Batch, LedgerChange};
use crate::store::{Store, StoreKeys};

const START: i64 = 1_700_000_000_000;

fn store(dir: &Path) -> Store {
    let store = Store::open(dir, &StoreKeys::from_bytes([1; 96])).unwrap();
    let at = Timestamp::from_millis;
    let mut batch = Batch::default();
    for (id, name) in [(1, "M-1"), (2, "=cmd|' /C calc'!A0"), (3, "a, \"b\"")] {
        let mold = MoldId(id);
        batch.molds.push(Mold {
            id: mold,
            name: name.parse().unwrap(),
            description: String::new(),
            approved: None,
            design_life: None,
            baseline: 100,
            registered: at(START),
        });
        let entry = |number, kind, cycles| {
            let entry = LedgerEntry {
                number,
                at: at(START),
                until: at(START + 1_000),
                kind,
                cycles,
                monitor: "-V3".parse().ok(),
                device_before: None,
                device_after: Some(7),
            };
            (mold, LedgerChange::Append(entry))
        };
        batch.ledger.push(entry(0, EntryKind::Delta, 3));
        let adjust =
            EntryKind::Adjust { by: "@Marta".into(), reason: "+1\nfor\rthe test".into(), confirms: None };
        batch.ledger.push(entry(1, adjust, -1));
        let cycle = |ordinal: u32| Cycle {
            ordinal: u64::from(ordinal),
            ended: at(START + i64::from(ordinal) * 86_400_000),
            cycle_time: CycleTime::from_millis(20_000),
            temperature: (ordinal != 2).then_some(Temperature::from_milli_celsius(-61_500)),
            source: TimeSource::Device,
            flags: CycleFlags::default(),
        };
        batch.cycles.push((mold, vec![cycle(1), cycle(2), cycle(3)]));
    }
    store.commit(&batch).unwrap();
    store
}

fn export(subject: Subject, mold: Option<&str>, format: Format) -> Request {
    let mold = mold.map(|name| name.parse().unwrap());
    Request::Export(Wanted { subject, mold, format, from: None, to: None })
}

fn local(store: &Store, request: &Request) -> String {
    let mut bytes = Vec::new();
    answer(store, request, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn cycles_are_exported_with_their_times() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    assert_eq!(
        local(&store, &export(Subject::Cycles, Some("M-1"), Format::Csv)),
        "mold,ordinal,ended,cycle_ms,temperature_c,source,late,first,counter\n\
         M-1,1,2023-11-15T22:13:20.000Z,20000,-61.5,device,false,false,101\n\
         M-1,2,2023-11-16T22:13:20.000Z,20000,,device,false,false,102\n\
         M-1,3,2023-11-17T22:13:20.000Z,20000,-61.5,device,false,false,103\n"
    );
    let Request::Export(mut narrow) = export(Subject::Cycles, Some("M-1"), Format::Jsonl) else {
        unreachable!()
    };
    narrow.from = Some(Timestamp::from_millis(START + 2 * 86_400_000));
    narrow.to = Some(Timestamp::from_millis(START + 3 * 86_400_000));
    assert_eq!(
        local(&store, &Request::Export(narrow)),
        "{\"mold\":\"M-1\",\"ordinal\":2,\"ended\":\"2023-11-16T22:13:20.000Z\",\"cycle_ms\":20000,\
         \"temperature_c\":null,\"source\":\"device\",\"late\":false,\"first\":false,\"counter\":102}\n"
    );
}

#[test]
fn counts_are_exported_for_every_mold() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    assert_eq!(
        local(&store, &export(Subject::Counts, None, Format::Jsonl)).lines().nth(1),
        Some(r#"{"mold":"M-1","baseline":100,"counted":2,"displayed":102,"times_unknown":0}"#)
    );
    let mut timed =
        Wanted { subject: Subject::Counts, mold: None, format: Format::Csv, from: None, to: None };
    timed.to = Some(Timestamp::from_millis(0));
    assert!(matches!(answer(&store, &Request::Export(timed), &mut Vec::new()), Err(Answer::Request(_))));
}

#[test]
fn days_are_exported_with_their_sums() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let Request::Export(mut wanted) = export(Subject::Rollups, Some("M-1"), Format::Csv) else {
        unreachable!()
    };
    wanted.from = Some(Timestamp::from_millis(START + 86_400_000));
    wanted.to = Some(Timestamp::from_millis(START + 2 * 86_400_000));
    assert_eq!(
        local(&store, &Request::Export(wanted)),
        "mold,day,cycles,valid,sum_ms,min_ms,mean_ms,max_ms,late,temperatures,temperature_c,first_ended,\
         last_ended,first_ordinal,last_ordinal\n\
         M-1,2023-11-15,1,1,20000,20000,20000,20000,0,1,-61.5,2023-11-15T22:13:20.000Z,\
         2023-11-15T22:13:20.000Z,1,1\n\
         M-1,2023-11-16,1,1,20000,20000,20000,20000,0,0,,2023-11-16T22:13:20.000Z,\
         2023-11-16T22:13:20.000Z,2,2\n"
    );
}

#[test]
fn no_cell_is_a_formula() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    for subject in Subject::ALL {
        let text = local(&store, &export(subject, None, Format::Csv));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns = reader.headers().unwrap().len();
        for record in reader.records() {
            let record = record.unwrap();
            assert_eq!(record.len(), columns);
            for cell in &record {
                let number = cell.parse::<f64>().is_ok();
                assert!(number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
            }
        }
        assert!(text.contains("'=cmd"), "{text}");
    }
}

#[test]
fn every_row_has_the_cells_that_its_columns_name() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    for subject in Subject::ALL {
        let csv = local(&store, &export(subject, Some("M-1"), Format::Csv));
        let columns: Vec<String> = csv.lines().next().unwrap().split(',').map(str::to_owned).collect();
        let jsonl = local(&store, &export(subject, Some("M-1"), Format::Jsonl));
        let row = jsonl.lines().next().unwrap();
        let mut keys = row.match_indices('"').map(|(at, _)| &row[at + 1..]);
        for column in &columns {
            assert!(keys.any(|rest| rest.starts_with(&format!("{column}\":"))), "{column} in {row}");
        }
    }
}

#[test]
fn the_ledger_is_exported_with_its_hashes() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let jsonl = local(&store, &export(Subject::Ledger, Some("M-1"), Format::Jsonl));
    let rows: Vec<serde_json::Value> =
        jsonl.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[1]["kind"], &rows[1]["cycles"], &rows[1]["by"]),
        (&"adjust".into(), &(-1).into(), &"@Marta".into())
    );
    let chained = store.ledger_from(MoldId(1), 0, 9).unwrap();
    assert_eq!(rows[1]["hash"], hex::encode(chained[1].hash));
}

#[test]
fn a_mold_that_there_is_not_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let error =
        answer(&store, &export(Subject::Counts, Some("M-9"), Format::Csv), &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "there is no mold M-9");
}

#[test]
fn an_answer_that_was_cut_short_is_told_as_cut_short() {
    let whole = "a\nb\n{\"done\":{\"lines\":2,\"clean\":true}}\n";
    let mut got = Vec::new();
    assert!(copy(whole.as_bytes(), &mut got).unwrap());
    assert_eq!(got, b"a\nb\n");
    for length in 0..whole.len() - 1 {
        let cut = copy(&whole.as_bytes()[..length], &mut Vec::new());
        assert!(matches!(cut, Err(Ask::CutShort)), "{length}: {cut:?}");
    }
    let lost = "a\n{\"done\":{\"lines\":2,\"clean\":true}}\n";
    assert!(matches!(copy(lost.as_bytes(), &mut Vec::new()), Err(Ask::CutShort)));
    let refused = copy("{\"failed\":\"no\"}\n".as_bytes(), &mut Vec::new());
    assert!(matches!(refused, Err(Ask::Refused(why)) if why == "no"));
}

/// What the box behind the door says of an enrolment: it knows one monitor.
fn enrolled(wish: &EnrolWish) -> Result<String, String> {
    match wish.serial.v4_number() {
        Some(7) => Ok("V4-00000007 is enrolled".to_owned()),
        _ => Err("it refused".to_owned()),
    }
}

/// A box with its door open, in a directory whose path is too long for a socket.
#[tokio::test(flavor = "multi_thread")]
async fn a_running_box_answers_as_its_store_would() {
    use std::os::unix::fs::PermissionsExt;
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("d".repeat(60)).join("e".repeat(60));
    let store = store(&dir);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn({
        let (dir, store) = (dir.clone(), store.clone());
        async move {
            let plant: Plant = Arc::new(|deed: Deed| {
                let Deed::Enrol(wish) = deed else { unreachable!("{deed:?}") };
                Box::pin(async move { enrolled(&wish) })
            });
            let trail = Arc::new(Trail::new(store.clone(), Arc::new(WallClock)));
            serve(&dir, Door { store, trail, plant }, async { drop(stopped.await) }).await
        }
    });
    while !dir.join(SOCKET).exists() {
        tokio::task::yield_now().await;
    }
    let asked = dir.clone();
    let remote = tokio::task::spawn_blocking(move || {
        let get = |request: &Request| {
            let mut bytes = Vec::new();
            let well = loop {
                match ask(&asked, request, &mut bytes) {
                    // The socket's file is there before it listens.
                    Err(Ask::NotRunning) => std::thread::yield_now(),
                    other => break other,
                }
            };
            well.map(|well| (well, String::from_utf8(bytes).unwrap()))
        };
        let ledger = get(&export(Subject::Ledger, None, Format::Csv)).unwrap();
        let health = get(&Request::Health(Everything {})).unwrap();
        let check = get(&Request::Check(Everything {})).unwrap();
        let mut parquet = Vec::new();
        ask(&asked, &export(Subject::Cycles, None, Format::Parquet), &mut parquet).unwrap();
        let refused = get(&export(Subject::Counts, Some("M-9"), Format::Csv));
        let wish = |number| EnrolWish {
            serial: domain::MonitorSerial::v4(number),
            passkey: "123456".parse().ok(),
            mold: None,
            approved: None,
        };
        let enrolled = [7, 8].map(|number| get(&Request::Enrol(wish(number))));
        (ledger, health, check, refused, parquet, enrolled)
    });
    let (ledger, health, check, refused, parquet, enrolled) = remote.await.unwrap();
    assert_eq!(std::fs::metadata(dir.join(SOCKET)).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(ledger, (true, local(&store, &export(Subject::Ledger, None, Format::Csv))));
    assert_eq!(health, (true, String::new()));
    let mut bytes = Vec::new();
    answer(&store, &export(Subject::Cycles, None, Format::Parquet), &mut bytes).unwrap();
    assert_eq!(parquet, bytes);
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    assert!(check.0 && check.1.contains("all is well"), "{check:?}");
    assert!(matches!(refused, Err(Ask::Refused(why)) if why == "there is no mold M-9"));
    assert!(matches!(&enrolled[0], Ok((true, text)) if text == "V4-00000007 is enrolled\n"), "{enrolled:?}");
    assert!(matches!(&enrolled[1], Err(Ask::Refused(why)) if why == "it refused"), "{enrolled:?}");

    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
    assert!(!dir.join(SOCKET).exists());
    assert!(matches!(ask(&dir, &Request::Health(Everything {}), &mut Vec::new()), Err(Ask::NotRunning)));
}
