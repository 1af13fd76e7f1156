//! Laws of the import.

use std::path::Path;

use domain::{CounterWidth, EntryKind, Generation, LedgerEntry, Mold, MoldId, Timestamp};
use proptest::prelude::*;

use super::{Import, ImportError, MoldImport};
use crate::exchange::{Format, Subject, Wanted, export};
use crate::plant::{Assignment, Batch, Device, Gap, LedgerChange, MonitorRecord};
use crate::store::{Counts, Store, StoreKeys, check};

const HEADER: &str = "mold,counter,ended,cycle_ms,temperature_decicelsius";

pub(super) fn open(dir: &Path) -> Store {
    Store::open(dir, &StoreKeys::from_bytes([1; StoreKeys::LENGTH])).unwrap()
}

fn read(dir: &Path, store: &Store, text: &str) -> Import {
    let path = dir.join("old system.csv");
    std::fs::write(&path, text).unwrap();
    Import::read(&path, Format::Csv, Some(store), dir).unwrap()
}

pub(super) fn rows(counters: impl IntoIterator<Item = u64>) -> String {
    let mut text = HEADER.to_owned();
    for counter in counters {
        text.push_str(&format!("\n{}", row("M-1", counter)));
    }
    text
}

pub(super) fn row(mold: &str, counter: u64) -> String {
    let ended = Timestamp::from_millis(1_600_000_000_000 + counter.cast_signed() * 20_000);
    format!("{mold},{counter},{},20000,{}", crate::exchange::column::instant(ended), counter % 900)
}

pub(super) fn import(dir: &Path, store: &Store, text: &str) -> Vec<MoldImport> {
    let import = read(dir, store, text);
    assert_eq!(import.problems().listed(), [], "{text}");
    import.write(store, "Marta", Timestamp::from_millis(1_790_000_000_000)).unwrap();
    let report = check(store).unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
    for mold in store.molds().unwrap() {
        let counts = store.counts(mold.id).unwrap().unwrap();
        let entries = store.ledger_from(mold.id, 0, 9_999).unwrap();
        let displayed = domain::displayed_count(mold.baseline, entries.iter().map(|chained| &chained.entry));
        assert_eq!(counts.displayed, displayed);
    }
    import.molds()
}

fn refused(dir: &Path, store: &Store, text: &str) -> Vec<String> {
    let before = all(store);
    let import = read(dir, store, text);
    let told =
        import.problems().listed().iter().map(|problem| format!("{}: {problem}", problem.row)).collect();
    let error = import.write(store, "Marta", Timestamp::from_millis(0)).unwrap_err();
    assert!(matches!(error, ImportError::Bad));
    assert_eq!(all(store), before);
    told
}

pub(super) fn given(store: &Store, subject: Subject, format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    let wanted = Wanted { subject, mold: None, format, from: None, to: None };
    export(store, &wanted, &mut bytes).unwrap();
    bytes
}

/// Everything an import could alter.
fn all(store: &Store) -> String {
    let text = |subject| String::from_utf8(given(store, subject, Format::Csv)).unwrap();
    Subject::ALL.map(text).concat()
}

fn counts(store: &Store, mold: u32) -> Counts {
    store.counts(MoldId(mold)).unwrap().unwrap()
}

fn kinds(store: &Store, mold: u32) -> Vec<(&'static str, i64)> {
    let entries = store.ledger_from(MoldId(mold), 0, 99).unwrap();
    entries.iter().map(|chained| (chained.entry.kind.word(), chained.entry.cycles)).collect()
}

#[test]
fn a_new_mold_begins_before_its_first_row_and_a_hole_is_counted_without_times() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let done = import(dir.path(), &store, &rows([501, 502, 505]));
    assert_eq!((done[0].new, done[0].baseline, done[0].counted, done[0].timed), (true, 500, 5, 3));
    let counts = counts(&store, 1);
    assert_eq!((counts.baseline, counts.displayed, counts.timed, counts.times_unknown), (500, 505, 3, 2));
    assert_eq!(kinds(&store, 1), [("import", 5), ("fill", 0)]);
    let entry = store.ledger_from(MoldId(1), 0, 1).unwrap().remove(0).entry;
    let EntryKind::Brought { by, file, sha256 } = &entry.kind else { panic!("{entry:?}") };
    assert_eq!((by.as_str(), file.as_str()), ("Marta", "old system.csv"));
    let bytes = std::fs::read(dir.path().join("old system.csv")).unwrap();
    assert_eq!(sha256[..], <sha2::Sha256 as sha2::Digest>::digest(bytes)[..]);
    assert_eq!((entry.device_before, entry.device_after), (Some(500), Some(505)));
}

#[test]
fn a_repeated_import_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let text = rows((1..=300).filter(|counter| counter % 50 != 0));
    import(dir.path(), &store, &text);
    let before = all(&store);
    let again = import(dir.path(), &store, &text);
    assert_eq!((again[0].counted, again[0].timed, again[0].there), (0, 0, 294));
    assert_eq!(all(&store), before);
}

#[test]
fn an_overlapping_file_adds_what_is_missing_and_counts_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    import(dir.path(), &store, &rows((11..=20).chain(25..=30)));
    let done = import(dir.path(), &store, &rows(18..=40));
    assert_eq!((done[0].new, done[0].counted, done[0].timed, done[0].there), (false, 10, 14, 9));
    let counts = counts(&store, 1);
    assert_eq!((counts.displayed, counts.timed, counts.times_unknown), (40, 30, 0));
    assert_eq!(kinds(&store, 1), [("import", 20), ("fill", 0), ("import", 10), ("fill", 0)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_order_of_rows_and_files_does_not_matter(
        mut counters in prop::collection::vec(2u64..200, 1..60),
        cut in any::<prop::sample::Index>(),
        twice in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        // The lowest counter comes first: it settles the baseline.
        let (one, other) = (open(&dir.path().join("one")), open(&dir.path().join("other")));
        let cut = cut.index(counters.len());
        let first = |part: &[u64]| rows([1].into_iter().chain(part.iter().copied()));
        import(dir.path(), &one, &first(&counters[..cut]));
        import(dir.path(), &one, &first(&counters[cut..]));
        if twice {
            import(dir.path(), &one, &first(&counters[..cut]));
        }
        counters.sort_unstable();
        counters.dedup();
        import(dir.path(), &other, &first(&counters));
        for subject in [Subject::Cycles, Subject::Counts, Subject::Rollups] {
            prop_assert_eq!(given(&one, subject, Format::Csv), given(&other, subject, Format::Csv));
        }
    }
}

#[test]
fn an_import_that_was_cut_short_goes_on_to_the_same_end() {
    let dir = tempfile::tempdir().unwrap();
    let text = rows((1..=1_000).filter(|counter| counter % 97 != 0));
    let whole = open(&dir.path().join("whole"));
    import(dir.path(), &whole, &text);
    let cut = open(&dir.path().join("cut"));
    // What the first commits of a larger file leave behind, had the box been switched off then.
    let half = read(dir.path(), &cut, &text);
    let origin = super::Origin { by: "Marta".into(), file: "old system.csv".into(), sha256: *half.sha256() };
    let now = Timestamp::from_millis(1_790_000_000_000);
    let mut writer = super::Writer::new(&cut, now);
    let stand = crate::plant::LedgerStand::default();
    let new = Some("M-1".parse().unwrap());
    writer.count(super::Addition { id: MoldId(1), new, stand, sum: &half.sums[0] }, &origin).unwrap();
    let mut left = 400;
    super::walk(&half.sorted, &half.molds, Some(&cut), &mut |_, _, verdict| match verdict {
        super::Verdict::New(cycle) if left > 0 => {
            left -= 1;
            writer.put(MoldId(1), cycle)
        }
        _ => Ok(()),
    })
    .unwrap();
    writer.end().unwrap();
    let counts = counts(&cut, 1);
    assert_eq!((counts.displayed, counts.timed, counts.times_unknown), (1_000, 400, 600));
    assert!(check(&cut).unwrap().is_clean());

    import(dir.path(), &cut, &text);
    assert_eq!(all(&cut), all(&whole));
}

/// A mold of baseline 100 whose monitor counted 20 cycles; the times of 6 to 8 are known to nobody any more, those of
/// 11 and 12 to the monitor.
fn monitored(store: &Store) {
    let at = Timestamp::from_millis(1_600_000_000_000);
    let id = MoldId(7);
    let serial: domain::MonitorSerial = "V3-00000001".parse().unwrap();
    let mut batch = Batch::default();
    batch.molds.push(Mold {
        id,
        name: "M-1".parse().unwrap(),
        description: String::new(),
        approved: None,
        design_life: None,
        baseline: 100,
        registered: at,
    });
    let gap = Gap { after: 10, cycles: 2, first_ordinal: 11, not_before: None, not_after: None };
    let device = Device {
        mold: id,
        start: 0,
        count: 20,
        width: CounterWidth::Bits(32),
        era: None,
        kept_up_to: 10,
        gaps: vec![gap],
        last_end: None,
        last_device_end: None,
        last_cycle: None,
        closed: None,
    };
    batch.monitors.push(MonitorRecord {
        serial: serial.clone(),
        generation: Generation::V3,
        mold: Some(id),
        module: None,
        link: None,
        untethered: false,
        asleep: false,
        device: Some(device),
        past: Vec::new(),
        last_heard: None,
        battery: None,
        temperature: None,
        unacknowledged: None,
    });
    batch.assignments.push(Assignment {
        mold: id,
        number: 0,
        monitor: serial.clone(),
        from: at,
        until: None,
        device_from: 0,
        device_until: None,
    });
    for (number, kind, cycles) in [(0, EntryKind::Delta, 15), (1, EntryKind::Gap, 5)] {
        let entry = LedgerEntry {
            number,
            at,
            until: at,
            kind,
            cycles,
            monitor: Some(serial.clone()),
            device_before: None,
            device_after: None,
        };
        batch.ledger.push((id, LedgerChange::Append(entry)));
    }
    let told = |ordinal: u64| super::row::Told {
        mold: 0,
        counter: 0,
        row: 0,
        ended: 1_600_000_000_000 + (ordinal.cast_signed() + 100) * 20_000,
        cycle_ms: 20_000,
        temperature: Some(Some((ordinal.cast_signed() as i32 + 100) * 100)),
        source: None,
        late: None,
        first: None,
    };
    let known = (1..=20).filter(|ordinal| ![6, 7, 8, 11, 12].contains(ordinal));
    batch.cycles.push((id, known.map(|ordinal| told(ordinal).cycle(ordinal)).collect()));
    store.commit(&batch).unwrap();
    assert!(check(store).unwrap().is_clean());
}

#[test]
fn a_file_tells_a_monitored_mold_only_times_that_nobody_else_will() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    monitored(&store);
    let told = refused(dir.path(), &store, &rows([100, 105, 106, 111, 121]));
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(told[0].starts_with("2: counter is not above 100"), "{told:#?}");
    assert!(told[1].starts_with("5: counter is a cycle whose time the mold's monitor has still to tell"));
    assert!(told[2].starts_with("6: counter is above 120"), "{told:#?}");

    let done = import(dir.path(), &store, &rows(101..=110));
    assert_eq!((done[0].counted, done[0].timed, done[0].there), (0, 3, 7));
    let counts = counts(&store, 7);
    assert_eq!((counts.displayed, counts.times_unknown), (120, 2));
    assert_eq!(kinds(&store, 7)[2..], [("import", 0), ("fill", 0)]);
}

#[test]
fn a_cycle_that_the_box_has_otherwise_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    import(dir.path(), &store, &rows(1..=5));
    for (text, ms) in [(row("M-1", 3).replace(",20000,", ",20001,"), 20_001), (row("M-1", 3) + "0", 20_000)] {
        let told = refused(dir.path(), &store, &format!("{HEADER}\n{text}"));
        assert_eq!(told.len(), 1, "{ms}: {told:?}");
        assert!(
            told[0].starts_with("2: counter is a cycle that the box has otherwise: it ended at"),
            "{told:?}"
        );
    }
}

#[test]
fn every_bad_row_is_told_with_line_column_and_reason_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let good = row("M-1", 9);
    let text = format!(
        "{HEADER}\n{good}\n\
         M-1,0,2020-09-13T12:26:40Z,1,\n\
         M-1,x,2020-09-13T12:26:40Z,1,\n\
         M-1,10,2020-09-13 12:26:40,1,\n\
         M-1,11,1600000000,1,\n\
         M-1,12,1600000000000,-1,2.5\n\
         ,13,1600000000000,1,\n\
         M-1,14,1600000000000\n\
         {good}\n\
         M-1,9,1600000000000,1,\n\
         M-1,30000000,1600000000000,1,\n"
    );
    let told = refused(dir.path(), &store, &text);
    let expected = [
        "3: counter is \"0\": a whole number",
        "4: counter is \"x\": a whole number",
        "5: ended is \"2020-09-13 12:26:40\": an instant",
        "6: ended is \"1600000000\": those look like seconds",
        "7: cycle_ms is \"-1\": whole milliseconds",
        "7: temperature_decicelsius is \"2.5\": whole tenths",
        "8: mold is empty",
        "9: the line has 3 cells, the header has 5",
        "11: counter stands for another cycle at 2",
        "12: counter is 29999991 cycles further than the one before",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told} / {expected}");
    }
    assert!(store.molds().unwrap().is_empty());
}

#[test]
fn of_very_many_bad_rows_a_thousand_are_told_and_all_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let text = rows(std::iter::repeat_n(0, 2_500));
    let import = read(dir.path(), &store, &text);
    assert_eq!((import.problems().listed().len(), import.problems().more()), (1_000, 1_500));
}

#[test]
fn a_header_is_held_against_the_columns_that_are_known() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for (header, expected) in [
        ("mold,counter,ended,cycle_ms,pressure", "1: pressure is not known here"),
        ("mold,counter,ended", "1: cycle_ms is missing"),
        ("mold,counter,ended,cycle_ms,mold", "1: mold stands there twice"),
        ("mold;counter;ended;cycle_ms", "1: columns are parted by commas"),
        ("mold,counter,ended,cycle_ms,temperature_c,temperature_decicelsius", "1: temperature_decicelsius"),
        ("", "1: the file is empty"),
    ] {
        let told = refused(dir.path(), &store, &format!("{header}\n"));
        assert!(told[0].starts_with(expected), "{told:#?}");
    }
}

#[test]
fn a_plant_that_moves_finds_its_cycles_again_in_every_form() {
    let dir = tempfile::tempdir().unwrap();
    let old = open(&dir.path().join("old"));
    monitored(&old);
    import(
        dir.path(),
        &old,
        &format!(
            "{HEADER}\n{}\n\"'=1+1\",8,1600000000000,5,",
            row("a \"b\"", 77).replace("a \"b\"", "\"a, \"\"b\"\"\"")
        ),
    );
    let cycles = |store: &Store| String::from_utf8(given(store, Subject::Cycles, Format::Csv)).unwrap();
    let before = cycles(&old);
    assert!(before.contains("'=1+1") && before.contains("\"a, \"\"b\"\"\""), "{before}");
    for format in Format::ALL {
        let file = dir.path().join(format!("cycles.{}", format.ending()));
        std::fs::write(&file, given(&old, Subject::Cycles, format)).unwrap();
        let new = open(&dir.path().join(format.ending()));
        let import = Import::read(&file, format, Some(&new), dir.path()).unwrap();
        assert_eq!(import.problems().listed(), []);
        import.write(&new, "Marta", Timestamp::from_millis(0)).unwrap();
        assert_eq!(cycles(&new), before);
        assert!(check(&new).unwrap().is_clean());
        // Home again it changes nothing.
        let back = Import::read(&file, format, Some(&old), dir.path()).unwrap();
        assert_eq!(back.problems().listed(), []);
        assert!(back.molds().iter().all(|mold| mold.timed == 0 && mold.counted == 0));
    }
}

#[test]
fn a_damaged_file_is_told_as_damaged_and_never_half_imported() {
    let dir = tempfile::tempdir().unwrap();
    let old = open(&dir.path().join("old"));
    import(dir.path(), &old, &rows(1..=200));
    let whole = given(&old, Subject::Cycles, Format::Parquet);
    let file = dir.path().join("damaged.parquet");
    let empty = open(&dir.path().join("empty"));
    let mut told = 0;
    for place in (0..whole.len()).step_by(11) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x5A;
        for bytes in [&bytes[..], &whole[..place]] {
            std::fs::write(&file, bytes).unwrap();
            match Import::read(&file, Format::Parquet, Some(&empty), dir.path()) {
                Err(ImportError::Damaged(_) | ImportError::Read(_)) => told += 1,
                Err(error) => panic!("{place}: {error:?}"),
                // Not every byte of a file is guarded by a sum; what it says then is held against the rules.
                Ok(_) => {}
            }
        }
    }
    assert!(told > whole.len() / 11, "{told} of {}", 2 * whole.len() / 11);
    assert!(empty.molds().unwrap().is_empty());
}
