//! The tables of the current format. Their former shapes live in `migrations`.

use redb::{Key, ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction};
use serde::de::DeserializeOwned;

use super::error::Fault;
use super::row;

/// A value of a table: [`row`] says how it begins.
pub(super) type Bytes = &'static [u8];

/// A table that maps keys to records.
pub(super) type Records<K> = TableDefinition<'static, K, Bytes>;

/// Format, number of commits, the canary of the sealing key.
pub(super) const META: Records<&str> = TableDefinition::new("meta");
/// By id.
pub(super) const MOLDS: Records<u32> = TableDefinition::new("molds");
/// By id.
pub(super) const PRESSES: Records<u32> = TableDefinition::new("presses");
/// By serial.
pub(super) const MONITORS: Records<&str> = TableDefinition::new("monitors");
/// By address, as on the label.
pub(super) const MODULES: Records<[u8; 8]> = TableDefinition::new("modules");
/// By link.
pub(super) const NETWORKS: Records<&str> = TableDefinition::new("networks");
/// By mold and number.
pub(super) const ASSIGNMENTS: Records<(u32, u32)> = TableDefinition::new("assignments");
/// Closed entries, by mold and number. Rows are inserted and never written again.
pub(super) const LEDGER: Records<(u32, u64)> = TableDefinition::new("ledger");
/// By mold: sums, the head of the hash chain and the run that is still open. Steady counting touches only this
/// small table, whose rows of all molds lie side by side.
pub(super) const HEADS: Records<u32> = TableDefinition::new("heads");
/// Cycles, by mold and ordinal of the first one of the block.
pub(super) const HISTORY: Records<(u32, u64)> = TableDefinition::new("history");
/// Sums of days, by span of 32 UTC days and mold.
pub(super) const DAYS: Records<(i64, u32)> = TableDefinition::new("days");
/// What a damaged disk took of a mold's history, by mold and first ordinal.
pub(super) const LOST: Records<(u32, u64)> = TableDefinition::new("lost");
/// What was retired of a mold's history, by mold; no row where nothing was.
pub(super) const RETIRED: Records<u32> = TableDefinition::new("retired");
/// Raw payloads, by a running number.
pub(super) const RAW: Records<u64> = TableDefinition::new("raw");
/// Alarms that stand, by number.
pub(super) const ALARMS_STANDING: Records<u64> = TableDefinition::new("alarms_standing");
/// Alarms that do not stand any more, by number.
pub(super) const ALARMS_PAST: Records<u64> = TableDefinition::new("alarms_past");
/// How far monitors' alerts were taken notice of, by serial.
pub(super) const ALERT_MARKS: Records<&str> = TableDefinition::new("alert_marks");
/// Limits that people set, by mold.
pub(super) const WATCHED: Records<u32> = TableDefinition::new("watched");
/// Sensors that count for molds, or did, by address.
pub(super) const SENSORS: Records<[u8; 6]> = TableDefinition::new("sensors");
/// By subject: "plant" what people set, "storage" the room that was taken day by day, "audit" how far the trail goes.
pub(super) const SETTINGS: Records<&str> = TableDefinition::new("settings");
/// By name, in small letters.
pub(super) const USERS: Records<&str> = TableDefinition::new("users");
/// By SHA-256 of the token.
pub(super) const SESSIONS: Records<[u8; 32]> = TableDefinition::new("sessions");
/// Codes that let somebody choose a password, by their SHA-256.
pub(super) const CODES: Records<[u8; 32]> = TableDefinition::new("codes");
/// Wrong guesses, by the SHA-256 of a name or an address.
pub(super) const ATTEMPTS: Records<[u8; 32]> = TableDefinition::new("attempts");
/// The audit trail, by number. Rows are inserted and never written again.
pub(super) const AUDIT: Records<u64> = TableDefinition::new("audit");
/// Sealed, by name.
pub(super) const SECRETS: Records<&str> = TableDefinition::new("secrets");

/// The database, to be read in whichever transaction.
pub(super) trait Tables {
    /// An open table.
    type Of<'t, K: Key + 'static>: ReadableTable<K, Bytes>
    where
        Self: 't;

    /// Opens a table.
    fn table<K: Key + 'static>(&self, which: Records<K>) -> Result<Self::Of<'_, K>, Fault>;
}

impl Tables for ReadTransaction {
    type Of<'t, K: Key + 'static> = ReadOnlyTable<K, Bytes>;

    fn table<K: Key + 'static>(&self, which: Records<K>) -> Result<Self::Of<'_, K>, Fault> {
        Ok(self.open_table(which)?)
    }
}

impl Tables for WriteTransaction {
    type Of<'t, K: Key + 'static> = Table<'t, K, Bytes>;

    fn table<K: Key + 'static>(&self, which: Records<K>) -> Result<Self::Of<'_, K>, Fault> {
        Ok(self.open_table(which)?)
    }
}

/// One record.
pub(super) fn one<'k, K, T>(
    table: &impl ReadableTable<K, Bytes>,
    name: &'static str,
    key: K::SelfType<'k>,
) -> Result<Option<T>, Fault>
where
    K: Key + 'static,
    K::SelfType<'k>: std::fmt::Debug,
    T: DeserializeOwned,
{
    match table.get(&key)? {
        Some(value) => Ok(Some(row::decode(name, &key, value.value())?)),
        None => Ok(None),
    }
}

/// Every record, in order of the keys.
pub(super) fn all<K, T>(table: &impl ReadableTable<K, Bytes>, name: &'static str) -> Result<Vec<T>, Fault>
where
    K: Key + 'static,
    for<'k> K::SelfType<'k>: std::fmt::Debug,
    T: DeserializeOwned,
{
    table
        .iter()?
        .map(|item| {
            let (key, value) = item?;
            Ok(row::decode(name, key.value(), value.value())?)
        })
        .collect()
}
