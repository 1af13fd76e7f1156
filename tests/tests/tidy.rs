//! Holds the tree against ARCHITECTURE.md: the tables there are the law, this only reads them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> =
        ["appliance", "dashboard", "radio", "tests", "image"].map(|room| root().join(room)).into();
    while let Some(dir) = waiting.pop() {
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 50, "only {} source files: this test looks in the wrong place", found.len());
    found
}

/// Rows of the table under the line that begins with `heading`, each cell's back-quoted words.
fn table(heading: &str) -> Vec<(String, Vec<String>)> {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, after) = page.split_once(heading).unwrap_or_else(|| panic!("ARCHITECTURE.md has no {heading:?}"));
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let rows: Vec<_> = after
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            (quoted(cells[0]).remove(0), quoted(cells[1]))
        })
        .collect();
    assert!(!rows.is_empty(), "the table under {heading:?} is empty");
    rows
}

/// Code without comments: a doc comment may name what the code must not use.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(n, line)| (n + 1, line.split("//").next().unwrap_or("")))
        .filter(|(_, l)| !l.is_empty())
}

/// `needle` as a word of its own: `radio::` is not in `crate_radio::`.
fn names(line: &str, needle: &str) -> bool {
    line.match_indices(needle).any(|(at, _)| {
        !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '"')
    })
}

#[test]
fn every_name_stays_in_its_room() {
    let sources = sources();
    let mut trespass = Vec::new();
    for (name, rooms) in table("## Invariants") {
        for (path, text) in &sources {
            if path == "tests/tests/tidy.rs" || rooms.iter().any(|room| path.starts_with(room.as_str())) {
                continue;
            }
            trespass.extend(
                code(text)
                    .filter(|(_, line)| names(line, &name))
                    .map(|(n, _)| format!("{path}:{n} names {name}")),
            );
        }
    }
    assert!(trespass.is_empty(), "{}", trespass.join("\n"));
}

#[test]
fn every_room_of_the_table_is_there() {
    for (name, rooms) in table("## Rooms") {
        let missing = !root().join(&name).exists();
        assert!(!missing, "ARCHITECTURE.md names the room {name} ({rooms:?}), which is not there");
    }
}

/// Whether a test of that name stands in the text, its attribute in the line above.
fn has_test(text: &str, name: &str) -> bool {
    let function = format!("fn {name}(");
    let lines = text.lines().map(str::trim_start);
    lines.clone().zip(lines.skip(1)).any(|(above, line)| {
        above.starts_with("#[")
            && above.contains("test")
            && line.trim_start_matches("async ").starts_with(&function)
    })
}

#[test]
fn every_law_has_its_tests() {
    let sources = sources();
    let laws = table("## Laws and their tests");
    for law in ["1", "2", "3", "4", "5", "6", "7", "8", "13"] {
        assert!(laws.iter().any(|(row, _)| row == law), "law {law} has no row");
    }
    for (law, tests) in laws {
        assert!(!tests.is_empty(), "law {law} has no test");
        for test in tests {
            let found = sources.iter().any(|(_, text)| has_test(text, &test));
            assert!(found, "law {law} names the test {test}, which is not there");
        }
    }
}

#[test]
fn crates_point_only_where_the_plan_says() {
    let mut crates = BTreeMap::new();
    for manifest in
        ["appliance", "appliance/domain", "dashboard", "dashboard/bundle", "radio", "tests", "tests/lab"]
    {
        let text = fs::read_to_string(root().join(manifest).join("Cargo.toml")).unwrap();
        let name =
            text.lines().find_map(|line| line.strip_prefix("name = ")).unwrap().trim_matches('"').to_owned();
        crates.insert(name, text);
    }
    let allowed = table("Crates point only at");
    for (name, text) in &crates {
        let (_, may) =
            allowed.iter().find(|(row, _)| row == name).unwrap_or_else(|| panic!("{name} has no row"));
        let (_, dependencies) = text.split_once("[dependencies]").unwrap();
        let dependencies = dependencies.split("[dev-dependencies]").next().unwrap();
        for other in crates.keys() {
            let used =
                dependencies.lines().any(|line| line.split(['.', ' ', '=']).next() == Some(other.as_str()));
            assert!(!used || may.contains(other), "{name} uses {other}, which the plan does not say");
        }
    }
}

#[test]
fn the_ground_floor_has_no_framework() {
    let text = fs::read_to_string(root().join("appliance/domain/Cargo.toml")).unwrap();
    let (_, rest) = text.split_once("[dependencies]\n").unwrap();
    let used: Vec<&str> =
        rest.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split('.').next()).collect();
    assert_eq!(used, ["serde", "thiserror"]);
    for (path, text) in sources().iter().filter(|(path, _)| path.starts_with("appliance/domain/")) {
        for banned in ["std::fs", "std::net", "std::io", "SystemTime", "Instant::now", "rand::", "thread::"] {
            let found = code(text).find(|(_, line)| line.contains(banned));
            assert!(found.is_none(), "{path}:{found:?} uses {banned}");
        }
    }
}

#[test]
fn the_top_level_is_the_plan() {
    let plan = [
        ".cargo",
        ".ci",
        ".config",
        ".git",
        ".gitignore",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "SECURITY.md",
        "appliance",
        "clippy.toml",
        "dashboard",
        "demo",
        "deny.toml",
        "docs",
        "image",
        "justfile",
        "justw",
        "radio",
        "rust-toolchain.toml",
        "rustfmt.toml",
        "target",
        "tests",
    ];
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(plan.contains(&name.as_str()), "{name} has no place at the top level");
    }
}

#[test]
fn a_file_is_one_subject() {
    let long: Vec<String> = sources()
        .iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > 600)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "split before it hurts:\n{}", long.join("\n"));
}

#[test]
fn every_crate_beyond_the_card_says_why_it_is_there() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, rest) = manifest.split_once("[workspace.dependencies]\n").unwrap();
    let why = table("## Libraries and why");
    for line in rest.lines().take_while(|line| !line.starts_with('[')) {
        let Some((name, value)) = line.split_once(" = ") else { continue };
        if value.contains("path = ") {
            continue;
        }
        assert!(why.iter().any(|(row, _)| row == name), "ARCHITECTURE.md does not say why {name} is there");
    }
}
