//! Every row that is whole, from a damaged file into a new one.

use std::fmt::Debug;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use domain::{Mold, Press};
use redb::{Database, Key, ReadableDatabase, TableDefinition, TableError};
use serde::de::DeserializeOwned;

use super::{Lost, RepairStore};
use crate::accounts::{Attempts, Invitation, User};
use crate::plant::{
    AlarmRecord, AlertMark, Assignment, ModuleRecord, MonitorRecord, NetworkRecord, RawRecord, SensorRecord,
    StorageRecord, Watched,
};
use crate::store::audit::{Chained, TRAIL, TrailEnd};
use crate::store::check::Finding;
use crate::store::disk::Disk;
use crate::store::error::{Commit, Damage, Fault, OpenStore};
use crate::store::handle;
use crate::store::history::{self, Gone, days};
use crate::store::keys::StoreKeys;
use crate::store::ledger::{Closed, Head};
use crate::store::open::Store;
use crate::store::row;
use crate::store::storage::STORAGE;
use crate::store::tables::{
    ALARMS_PAST, ALARMS_STANDING, ALERT_MARKS, ASSIGNMENTS, ATTEMPTS, AUDIT, Bytes, CODES, DAYS, HEADS,
    HISTORY, LEDGER, LOST, META, MODULES, MOLDS, MONITORS, NETWORKS, PRESSES, RAW, RETIRED, SECRETS, SENSORS,
    SETTINGS, USERS, WATCHED,
};
use crate::store::{FILE, PlantSettings};

/// Rows written at a time.
const PIECE: usize = 10_000;

/// Copies the rows that are whole and tells of the others. Sessions are left out: people sign in again.
pub(super) fn whole_rows(from: &Path, to: &Path, keys: &StoreKeys) -> Result<Vec<Finding>, RepairStore> {
    let old = Old { disk: Disk::to_look_at(from, keys, false)? };
    let unreadable = |fault: Fault| OpenStore::Database { path: from.join(FILE), source: fault.cause() };
    let format = old.database().and_then(|database| handle::format(&database)).map_err(unreadable)?;
    if format != crate::store::migrations::NEWEST {
        let why =
            format!("it has format {format}: start the box on it first, or it is damaged beyond repair");
        return Err(OpenStore::Database { path: from.join(FILE), source: why.into() }.into());
    }
    let new = Store::open(to, keys)?;
    let mut lost = Vec::new();
    let mut copied = || -> Result<(), Commit> {
        old.copy::<_, Mold>(MOLDS, "molds", |_| true, &new, &mut lost)?;
        old.copy::<_, Press>(PRESSES, "presses", |_| true, &new, &mut lost)?;
        old.copy::<_, MonitorRecord>(MONITORS, "monitors", |_| true, &new, &mut lost)?;
        old.copy::<_, ModuleRecord>(MODULES, "modules", |_| true, &new, &mut lost)?;
        old.copy::<_, NetworkRecord>(NETWORKS, "networks", |_| true, &new, &mut lost)?;
        old.copy::<_, Assignment>(ASSIGNMENTS, "assignments", |_| true, &new, &mut lost)?;
        old.copy::<_, Closed>(LEDGER, "ledger", |_| true, &new, &mut lost)?;
        old.copy::<_, Head>(HEADS, "heads", |_| true, &new, &mut lost)?;
        let whole = |key: &(i64, u32), bytes: &[u8]| days::prove(key.0, bytes);
        old.copy_proven(DAYS, "days", |_| true, whole, &new, &mut lost)?;
        old.copy::<_, Gone>(RETIRED, "retired", |_| true, &new, &mut lost)?;
        old.copy::<_, Lost>(LOST, "lost", |_| true, &new, &mut lost)?;
        old.copy::<_, RawRecord>(RAW, "raw", |_| true, &new, &mut lost)?;
        old.copy::<_, AlarmRecord>(ALARMS_STANDING, "alarms_standing", |_| true, &new, &mut lost)?;
        old.copy::<_, AlarmRecord>(ALARMS_PAST, "alarms_past", |_| true, &new, &mut lost)?;
        old.copy::<_, AlertMark>(ALERT_MARKS, "alert_marks", |_| true, &new, &mut lost)?;
        old.copy::<_, Watched>(WATCHED, "watched", |_| true, &new, &mut lost)?;
        old.copy::<_, SensorRecord>(SENSORS, "sensors", |_| true, &new, &mut lost)?;
        let setting = |name: &&str, bytes: &[u8]| prove_setting(name, bytes);
        old.copy_proven(SETTINGS, "settings", |_| true, setting, &new, &mut lost)?;
        old.copy::<_, User>(USERS, "users", |_| true, &new, &mut lost)?;
        old.copy::<_, Invitation>(CODES, "codes", |_| true, &new, &mut lost)?;
        old.copy::<_, Attempts>(ATTEMPTS, "attempts", |_| true, &new, &mut lost)?;
        old.copy::<_, Chained>(AUDIT, "audit", |_| true, &new, &mut lost)?;
        old.copy_proven(
            HISTORY,
            "history",
            |_| true,
            |key, bytes| history::prove(key.1, bytes),
            &new,
            &mut lost,
        )?;
        let opens = |name: &&str, bytes: &[u8]| {
            let body = row::body(bytes)?;
            keys.sealing().open(name, body).map(|_| ()).ok_or(Damage::Checksum)
        };
        old.copy_proven(SECRETS, "secrets", |_| true, opens, &new, &mut lost)?;
        // The last, for every other transaction writes how far the new file itself is.
        old.copy::<_, u64>(META, "meta", |name: &&str| handle::is_mark(name), &new, &mut lost)
    };
    copied().map_err(RepairStore::Write)?;
    Ok(lost)
}

fn prove_setting(name: &str, bytes: &[u8]) -> Result<(), Damage> {
    let read = match name {
        STORAGE => row::decode::<StorageRecord>("settings", name, bytes).map(drop),
        TRAIL => row::decode::<TrailEnd>("settings", name, bytes).map(drop),
        _ => row::decode::<PlantSettings>("settings", name, bytes).map(drop),
    };
    read.map_err(|error| error.why)
}

/// The damaged file.
struct Old {
    disk: Disk,
}

impl Old {
    /// Opened anew each time: whoever stumbled over a damaged page leaves a handle that is good for nothing.
    fn database(&self) -> Result<Database, Fault> {
        match catch_unwind(AssertUnwindSafe(|| self.disk.bare())) {
            Ok(database) => database,
            Err(_) => Err(Fault::Refused("its pages are damaged beyond reading".to_owned())),
        }
    }

    fn copy<K, T>(
        &self,
        table: TableDefinition<'static, K, Bytes>,
        name: &'static str,
        wanted: impl Fn(&K::SelfType<'_>) -> bool,
        to: &Store,
        lost: &mut Vec<Finding>,
    ) -> Result<(), Commit>
    where
        K: Key + 'static,
        for<'k> K::SelfType<'k>: Debug,
        T: DeserializeOwned,
    {
        let proof = |key: &K::SelfType<'_>, bytes: &[u8]| match row::decode::<T>(name, key, bytes) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.why),
        };
        self.copy_proven(table, name, wanted, proof, to, lost)
    }

    fn copy_proven<K>(
        &self,
        table: TableDefinition<'static, K, Bytes>,
        name: &'static str,
        wanted: impl Fn(&K::SelfType<'_>) -> bool,
        proof: impl Fn(&K::SelfType<'_>, &[u8]) -> Result<(), Damage>,
        to: &Store,
        lost: &mut Vec<Finding>,
    ) -> Result<(), Commit>
    where
        K: Key + 'static,
        for<'k> K::SelfType<'k>: Debug,
    {
        let mut rows = Rows { table, last: None };
        loop {
            let mut piece = Vec::new();
            // A damaged page may be anything to redb, which trusts its pages.
            let read = catch_unwind(AssertUnwindSafe(|| rows.next(self, PIECE, &mut piece)));
            let more = match read {
                Ok(Ok(more)) => more,
                Ok(Err(_)) | Err(_) => {
                    let after = rows
                        .last
                        .as_deref()
                        .map_or("the beginning".to_owned(), |key| format!("key {:?}", K::from_bytes(key)));
                    let place = format!("table {name:?}");
                    lost.push(Finding { place, what: format!("what stands after {after} cannot be read") });
                    false
                }
            };
            to.write(|txn| {
                let mut table = txn.open_table(table)?;
                for (key, value) in &piece {
                    let typed = K::from_bytes(key);
                    if !wanted(&typed) {
                        continue;
                    }
                    match proof(&typed, value) {
                        Ok(()) => {
                            table.insert(typed, value.as_slice())?;
                        }
                        Err(why) => lost.push(Finding {
                            place: format!("table {name:?}, key {typed:?}"),
                            what: why.to_string(),
                        }),
                    }
                }
                Ok(())
            })?;
            if !more {
                return Ok(());
            }
        }
    }
}

/// Where reading a table stands.
struct Rows<K: Key + 'static> {
    table: TableDefinition<'static, K, Bytes>,
    last: Option<Vec<u8>>,
}

impl<K: Key + 'static> Rows<K> {
    /// Appends up to so many raw rows; whether there may be more.
    fn next(&mut self, old: &Old, most: usize, rows: &mut Vec<(Vec<u8>, Vec<u8>)>) -> Result<bool, Fault> {
        let database = old.database()?;
        let table = match database.begin_read()?.open_table(self.table) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(false),
            table => table?,
        };
        let last = self.last.clone();
        let begin = last.as_deref().map_or(Bound::Unbounded, |key| Bound::Excluded(K::from_bytes(key)));
        for item in table.range::<K::SelfType<'_>>((begin, Bound::Unbounded))?.take(most) {
            let (key, value) = item?;
            let key = K::as_bytes(&key.value()).as_ref().to_vec();
            self.last = Some(key.clone());
            rows.push((key, value.value().to_vec()));
        }
        Ok(rows.len() == most)
    }
}
