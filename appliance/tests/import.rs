//! History that moves: out of one box, through a file in every form, into another one; with the real program.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]

use std::path::Path;
use std::process::{Output, Stdio};

#[allow(dead_code, reason = "other tests ask for more")]
mod running;

use running::{Running, platen, text};

fn run(words: &[&str], data: &Path) -> Output {
    platen().args(words).arg("--data").arg(data).output().unwrap()
}

fn well(words: &[&str], data: &Path) -> Vec<u8> {
    let output = run(words, data);
    assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
    output.stdout
}

/// Rows of an old system: two molds, columns in another order, newest first, one hole.
fn old_system(file: &Path) {
    let mut rows = String::from("counter,ended,mold,cycle_ms,temperature_decicelsius\n");
    for counter in (40_001..=42_000u64).rev().filter(|counter| *counter != 41_000) {
        let ended = 1_600_000_000_000 + counter * 18_000;
        let temperature = if counter % 10 == 0 { String::new() } else { format!("{}", counter % 900) };
        for mold in ["M-1", "M-2"] {
            rows.push_str(&format!("{counter},{ended},{mold},{},{temperature}\n", 18_000 + counter % 50));
        }
    }
    std::fs::write(file, rows).unwrap();
}

fn import(file: &Path, data: &Path) -> String {
    text(&well(&["import", "cycles", file.to_str().unwrap(), "--by", "Marta"], data))
}

fn export(subject: &str, format: &str, data: &Path) -> Vec<u8> {
    well(&["export", subject, "--mold", "all", "--format", format], data)
}

#[test]
fn a_plant_brings_its_history_and_takes_it_along_in_every_form() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("old.csv");
    old_system(&file);
    let first = dir.path().join("first");
    let said = import(&file, &first);
    assert!(
        said.contains("M-1: 1999 cycles with their times; 2000 counted on top of 40000 before"),
        "{said}"
    );
    assert!(text(&well(&["check"], &first)).contains("all is well"));
    let counts = text(&export("counts", "csv", &first));
    assert!(counts.contains("M-1,40000,2000,42000,1\n"), "{counts}");
    let ledger = text(&export("ledger", "csv", &first));
    assert!(ledger.contains(",import,2000,") && ledger.contains("Marta,\"old.csv, SHA-256 "), "{ledger}");

    let rows = export("cycles", "csv", &first);
    for format in ["csv", "jsonl", "parquet"] {
        let file = dir.path().join(format!("cycles.{format}"));
        std::fs::write(&file, export("cycles", format, &first)).unwrap();
        let second = dir.path().join(format);
        import(&file, &second);
        assert_eq!(text(&export("cycles", "csv", &second)), text(&rows), "{format}");
        assert_eq!(export("rollups", "csv", &second), export("rollups", "csv", &first), "{format}");
        assert_eq!(text(&export("counts", "csv", &second)), counts, "{format}");
        assert!(text(&well(&["check"], &second)).contains("all is well"));
        let ledger = export("ledger", "csv", &second);
        let again = import(&file, &second);
        assert!(again.contains("3998 rows are there already"), "{again}");
        assert_eq!(export("ledger", "csv", &second), ledger, "{format}");
    }
}

#[test]
fn a_bad_file_is_told_row_by_row_and_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let file = dir.path().join("bad.jsonl");
    std::fs::write(
        &file,
        "{\"mold\":\"M-1\",\"counter\":1,\"ended\":\"2024-01-01T00:00:00Z\",\"cycle_ms\":20000}\n\
         {\"mold\":\"M-1\",\"counter\":2,\"ended\":\"yesterday\",\"cycle_ms\":20000}\n\
         {\"mold\":\"M-1\",\"counter\":3,\"ended\":1704067260000,\"cycle_ms\":20000,\"speed\":1}\n\
         no row\n",
    )
    .unwrap();
    let path = file.to_str().unwrap();
    let refused = run(&["import", "cycles", path], &data);
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    for part in
        ["line 2: ended is \"yesterday\"", "line 3: speed is not known", "line 4: the line is no JSON object"]
    {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
    assert!(said.contains("nothing is imported: the file has 3 faults"), "{said}");
    assert!(!data.exists());

    // Whatever a file's name says, what is in it is looked at.
    for (format, expected) in [("parquet", "the file is damaged"), ("csv", "line 1: mold is missing")] {
        let refused = run(&["import", "cycles", path, "--format", format], &data);
        assert_eq!(refused.status.code(), Some(1));
        assert!(text(&refused.stderr).contains(expected), "{}", text(&refused.stderr));
    }
    let folder = run(&["import", "cycles", dir.path().to_str().unwrap(), "--format", "csv"], &data);
    assert_eq!(folder.status.code(), Some(1));
    assert!(!data.exists());
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("old.csv");
    old_system(&file);
    let data = dir.path().join("data");
    let words = ["import", "cycles", file.to_str().unwrap(), "--dry-run"];
    let said = text(&well(&words, &data));
    assert!(said.contains("M-2: 1999 cycles") && said.contains("dry run"), "{said}");
    assert!(!data.exists());
    import(&file, &data);
    let before = export("ledger", "csv", &data);
    well(&words, &data);
    assert_eq!(export("ledger", "csv", &data), before);
}

#[test]
fn a_running_box_is_not_written_to_behind_its_back() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("old.csv");
    old_system(&file);
    let data = dir.path().join("data");
    import(&file, &data);
    let rows = export("cycles", "parquet", &data);
    let mut running = Running::start(&data, &[], Stdio::null());
    running.said("address");
    let refused = run(&["import", "cycles", file.to_str().unwrap()], &data);
    let exported = export("cycles", "parquet", &data);
    running.held.end();
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("the box is running: stop it first"), "{}", text(&refused.stderr));
    // Beside a running box the same bytes come out, though they are not made of lines.
    assert_eq!(exported, rows);
}
