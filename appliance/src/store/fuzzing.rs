//! Any bytes as a record of the store; and the doors of the rooms below.

use serde::Serialize;
use serde::de::DeserializeOwned;

use domain::{Mold, Press};

pub use super::backup::fuzzing::{backup, restored};
use super::history::fuzzing::days;
pub use super::history::fuzzing::{block, chunk};
pub use super::journal::fuzzing::journal;

use super::PlantSettings;
use super::audit::Chained;
use super::history::Gone;
use super::ledger::{Closed, Head};
use super::repair::Lost;
use super::row;
use crate::accounts::{Attempts, Invitation, Session, User};
use crate::plant::{
    AlarmRecord, AlertMark, Assignment, Batch, ModuleRecord, MonitorRecord, NetworkRecord, RawRecord,
    SensorRecord, StorageRecord, Watched,
};

/// The kinds of records, the journal's first. In seeds a kind is its place here.
const KINDS: [fn(&[u8]); 24] = [
    again::<Batch>,
    again::<Mold>,
    again::<Press>,
    again::<MonitorRecord>,
    again::<ModuleRecord>,
    again::<NetworkRecord>,
    again::<Assignment>,
    again::<Closed>,
    again::<Head>,
    days,
    again::<Lost>,
    again::<Gone>,
    again::<RawRecord>,
    again::<AlarmRecord>,
    again::<PlantSettings>,
    again::<StorageRecord>,
    again::<User>,
    again::<Session>,
    again::<Invitation>,
    again::<Attempts>,
    again::<Chained>,
    again::<AlertMark>,
    again::<Watched>,
    again::<SensorRecord>,
];

/// The first byte says which kind of record. The rest is read as it is, and as what follows a right checksum.
pub fn record(input: &[u8]) {
    let Some((kind, body)) = input.split_first() else { return };
    let Some(read) = KINDS.get(usize::from(*kind) % KINDS.len()) else { return };
    read(body);
    let mut bytes = [&[row::CHECKED, 0, 0, 0, 0], body].concat();
    row::prove(&mut bytes);
    read(&bytes);
}

fn again<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(value) = row::decode::<T>("fuzzed", 0, bytes) else { return };
    let Ok(written) = row::encode(&value) else { unreachable!("what was read is written") };
    let Ok(back) = row::decode::<T>("fuzzed", 0, &written) else { unreachable!("what was written is read") };
    assert_eq!(row::encode(&back).ok(), Some(written));
}

#[cfg(test)]
pub(crate) mod seeds {
    use super::super::tests::{format, plant};
    use super::*;
    use crate::accounts::UserName;
    use crate::audit::{Act, By, Entry, Happened, What};
    use crate::store::chain;
    use domain::EntryKind;

    pub(crate) use super::super::backup::fuzzing::seeds::{backups, restores};
    pub(crate) use super::super::history::fuzzing::seeds::{blocks, chunks};
    pub(crate) use super::super::journal::fuzzing::seeds::journals;

    fn people() -> [Vec<u8>; 5] {
        let kind = |kind: u8, bytes: Vec<u8>| [&[kind], &bytes[5..]].concat();
        let (role, opened) = (domain::Role::Technician, plant::at(0));
        let name: UserName = "Marta Koch".parse().unwrap();
        let email = "marta@plant.example".parse().ok();
        let password = serde_json::from_str("\"$argon2id$\"").unwrap();
        let from = "192.0.2.7".parse().ok();
        let session = Session { user: name.clone(), role, opened, from };
        let invitation = Invitation { name: name.clone(), email, role, ends: opened };
        let user = User { name, email: None, role, password, created: opened, disabled: Some(opened) };
        let mut attempts = Attempts::default();
        attempts.failed(opened);
        let happened = Happened { at: opened, by: By::console(), act: Act::new(What::Enable, "Eve") };
        let chained = Chained { entry: Entry::new(0, &happened), hash: [7; 32] };
        [
            kind(16, row::encode(&user).unwrap()),
            kind(17, row::encode(&session).unwrap()),
            kind(18, row::encode(&invitation).unwrap()),
            kind(19, row::encode(&attempts).unwrap()),
            kind(20, row::encode(&chained).unwrap()),
        ]
    }

    pub fn records() -> Vec<Vec<u8>> {
        let batch = format::everything();
        let kind = |kind: u8, bytes: Vec<u8>| [&[kind], &bytes[5..]].concat();
        fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
            row::encode(value).unwrap()
        }
        let entry = plant::entry(3, EntryKind::Delta, 77);
        let head = Head::new(domain::MoldId(1), 1_000);
        let mut seeds = vec![
            kind(0, bytes(&batch)),
            kind(3, bytes(&plant::monitor())),
            kind(7, bytes(&Closed { entry, hash: chain::genesis(domain::MoldId(1), 0) })),
            kind(8, bytes(&head)),
            kind(10, bytes(&Lost { first_ordinal: 3, last_ordinal: 9, cycles: 5, found: plant::at(0) })),
            kind(14, bytes(&PlantSettings { name: "Plant".into(), time_zone: "Europe/Berlin".into() })),
        ];
        seeds.extend(people());
        seeds.extend(batch.molds.first().map(|mold| kind(1, bytes(mold))));
        seeds.extend(batch.modules.first().map(|module| kind(4, bytes(module))));
        seeds.extend(batch.raw.first().map(|raw| kind(12, bytes(raw))));
        seeds.push(kind(23, bytes(&format::sensor())));
        seeds.extend(batch.alarms.first().map(|alarm| kind(13, bytes(alarm))));
        seeds
    }
}
