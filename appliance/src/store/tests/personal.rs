//! Where the store holds something about a person: every text in every table is named here, and whose it is.

use std::collections::{BTreeMap, BTreeSet};

use redb::TableHandle;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::format::write_everything;
use super::plant::open;
use crate::accounts::{Attempts, Factor, Invitation, Machine, Session, User};
use crate::plant::{
    AlarmRecord, AlertMark, Assignment, ModuleRecord, MonitorRecord, NetworkRecord, RawRecord, SensorRecord,
    Watched,
};
use crate::store::audit::Chained;
use crate::store::backup::shapes::Shape;
use crate::store::error::Fault;
use crate::store::ledger::{Closed, Head};
use crate::store::{Store, row};

/// What a row is made of, as far as it has texts.
type Read = fn(&[u8]) -> Value;

fn record<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Value {
    serde_json::to_value(row::decode::<T>("a table", 0, bytes).unwrap()).unwrap()
}

/// Numbers, packed columns, sealed bytes: nothing that is a text.
fn no_text(_: &[u8]) -> Value {
    Value::Null
}

/// Settings have a type a row; of those there is no text but the plant's.
fn settings(bytes: &[u8]) -> Value {
    row::decode::<crate::store::PlantSettings>("settings", 0, bytes)
        .map_or(Value::Null, |plant| serde_json::to_value(plant).unwrap())
}

/// Every table, and its type.
const TABLES: &[(&str, Read)] = &[
    ("alarms_past", record::<AlarmRecord>),
    ("alarms_standing", record::<AlarmRecord>),
    ("alert_marks", record::<AlertMark>),
    ("assignments", record::<Assignment>),
    ("attempts", record::<Attempts>),
    ("audit", record::<Chained>),
    ("codes", record::<Invitation>),
    ("days", no_text),
    ("factors", record::<Factor>),
    ("heads", record::<Head>),
    ("history", no_text),
    ("ledger", record::<Closed>),
    ("lost", no_text),
    ("machines", record::<Machine>),
    ("meta", no_text),
    ("modules", record::<ModuleRecord>),
    ("molds", record::<domain::Mold>),
    ("monitors", record::<MonitorRecord>),
    ("networks", record::<NetworkRecord>),
    ("presses", record::<domain::Press>),
    ("raw", record::<RawRecord>),
    ("retired", no_text),
    ("secrets", no_text),
    ("sensors", record::<SensorRecord>),
    ("sessions", record::<Session>),
    ("settings", settings),
    ("users", record::<User>),
    ("watched", record::<Watched>),
];

/// Every text that a row can have, by its path, and whether it is about people (who they are, from where they came, what
/// they did) or about the plant.
fn told() -> BTreeMap<String, bool> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/texts.txt");
    let text = std::fs::read_to_string(file).unwrap();
    let line = |line: &str| {
        let (whose, path) = line.split_once(' ').unwrap();
        assert!(matches!(whose, "people" | "plant"), "{line}");
        (path.to_owned(), whose == "people")
    };
    text.lines().map(line).collect()
}

/// Every text of a value, by its path.
fn texts(path: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(_) => drop(found.insert(path.to_owned())),
        Value::Array(items) => items.iter().for_each(|item| texts(path, item, found)),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| texts(&format!("{path}.{name}"), value, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Everything there is, and people of whom everything is known.
fn filled() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    write_everything(&store);
    let by = crate::audit::By::person("Marta Koch", None);
    let email = "eve@plant.example".parse().ok();
    let role = domain::Role::Technician;
    let code = crate::accounts::CodeHash([6; 32]);
    let ends = super::plant::at(9);
    let invitation = |name: &str, email| Invitation { name: name.parse().unwrap(), email, role, ends };
    type Decided = Result<crate::accounts::Change, crate::accounts::Unfit>;
    let change = |decide: &dyn Fn(&crate::accounts::Register) -> Decided| {
        store.change_people(&by, super::plant::at(6), decide).unwrap().unwrap()
    };
    let (kim, noor) = (invitation("Kim", email), invitation("Noor", "n@plant.example".parse().ok()));
    change(&|known| known.invite(code, kim.clone()));
    let password: crate::accounts::PasswordHash = serde_json::from_str("\"x\"").unwrap();
    change(&|known| known.take_up(&code, password.clone(), super::plant::at(7)));
    change(&|known| known.set_role(&"Kim".parse().unwrap(), domain::Role::Viewer));
    change(&|known| known.invite(crate::accounts::CodeHash([7; 32]), noor.clone()));
    let session = Session {
        user: "Kim".parse().unwrap(),
        role,
        opened: super::plant::at(7),
        from: "192.0.2.7".parse().ok(),
    };
    store.put_session(&crate::accounts::TokenHash([8; 32]), &session).unwrap();
    store.checkpoint().unwrap();
    (dir, store)
}

#[test]
fn only_people_and_what_they_did_are_personal() {
    let (_dir, store) = filled();
    let mut found = BTreeSet::new();
    let mut seen = BTreeMap::new();
    let look = |txn: &redb::ReadTransaction| {
        for table in txn.list_tables()? {
            let name = table.name().to_owned();
            let (_, read) = TABLES
                .iter()
                .find(|(known, _)| *known == name)
                .unwrap_or_else(|| panic!("say of the table {name} what its texts are about"));
            let mut rows = 0;
            let (shape, _) = Shape::of(txn, &name)?.unwrap();
            let row = &mut |_: &[u8], bytes: &[u8]| {
                rows += 1;
                texts(&name, &read(bytes), &mut found);
                Ok(())
            };
            shape.rows(txn, &name, row).map_err(|_| Fault::Refused(format!("read {name}")))?;
            seen.insert(name, rows);
        }
        Ok(())
    };
    store.read(look).unwrap();
    assert_eq!(seen.len(), TABLES.len(), "a table that is no more: {seen:?}");
    let told = told();
    let unsaid: Vec<&String> = found.iter().filter(|text| !told.contains_key(*text)).collect();
    assert!(unsaid.is_empty(), "say whose these texts are: {unsaid:#?}");
    let gone: Vec<&String> = told.keys().filter(|text| !found.contains(*text)).collect();
    assert!(gone.is_empty(), "no row has these texts any more: {gone:#?}");
    // The name under which a count was corrected is in its ledger: whoever audits it asks them.
    let of_people = ["audit.", "codes.", "heads.", "ledger.", "sessions.", "users."];
    let elsewhere = |text: &String| !of_people.iter().any(|table| text.starts_with(table));
    let strays: Vec<&String> =
        told.iter().filter(|(text, personal)| **personal && elsewhere(text)).map(|(text, _)| text).collect();
    assert!(strays.is_empty(), "people are in other tables too: {strays:?}");
}
