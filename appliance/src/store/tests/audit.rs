//! The audit trail as `check` sees it.

use super::plant::*;
use crate::audit::{Act, By, Happened, What};
use crate::store::audit::Chained;
use crate::store::tables::AUDIT;
use crate::store::{Store, check, row};

fn written(dir: &std::path::Path) -> Store {
    let store = open(dir);
    let by = By::person("Marta Koch", None);
    let happened =
        |n: i64| Happened { at: at(n), by: by.clone(), act: Act::new(What::SignIn, n.to_string()) };
    store.write_down(&(0..5).map(happened).collect::<Vec<_>>()).unwrap();
    assert!(check(&store).unwrap().is_clean());
    store
}

fn found(store: &Store) -> Vec<String> {
    check(store).unwrap().findings.iter().map(ToString::to_string).collect()
}

#[test]
fn an_altered_entry_of_the_audit_trail_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let store = written(dir.path());
    let mut kept: Chained = store.trail(Some(3), 1).unwrap().remove(0);
    kept.entry.who = "Eve".to_owned();
    let bytes = row::encode(&kept).unwrap();
    store
        .write(|txn| {
            txn.open_table(AUDIT)?.insert(2, bytes.as_slice())?;
            Ok(())
        })
        .unwrap();
    let found = found(&store);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("audit trail, entry 2: is not what was written down then"), "{found:?}");
}

#[test]
fn an_entry_that_was_taken_out_of_the_audit_trail_is_missed_in_the_middle_and_at_the_end() {
    for (gone, told) in [(2, "entry 2 before it is missing"), (4, "goes to entry 4 and should go to entry 5")]
    {
        let dir = tempfile::tempdir().unwrap();
        let store = written(dir.path());
        store
            .write(|txn| {
                txn.open_table(AUDIT)?.remove(gone)?;
                Ok(())
            })
            .unwrap();
        let found = found(&store);
        assert!(found.len() == 1 && found[0].ends_with(told), "{gone}: {found:?}");
    }
}
