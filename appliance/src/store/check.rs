//! Holds the store against its own laws: every value decodes, ledgers have no holes, hashes and sums are what their
//! entries make them, the audit trail is whole, daily sums are what the cycles make them. Looking alters nothing: who looks again finds the same.

mod ledgers;
mod plant;
mod retired;
mod timed;
mod trail;

use std::fmt;

use redb::{ReadTransaction, ReadableTable};
use serde::de::DeserializeOwned;

use super::error::{Fault, Read, Undecodable};
use super::open::Store;
use super::row;
use super::tables::{self, Bytes, Records};
use crate::audit::Hash;

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub place: String,
    /// What.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// What a check saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Everything that is not as it must be.
    pub findings: Vec<Finding>,
    /// Molds looked at.
    pub molds: u64,
    /// Entries of ledgers looked at.
    pub entries: u64,
    /// Cycles looked at.
    pub cycles: u64,
    /// Cycles that are counted and whose times a damaged disk took; said when that was found, and no finding since.
    pub lost: u64,
    /// Cycles that were retired: what is left of them are the sums of their days.
    pub retired: u64,
    /// Sums of days that cycles of theirs were retired from, which raw data does not prove any more.
    pub unproven_days: u64,
    /// Entries of the audit trail.
    pub trail: u64,
    /// The hash of the last of them: whoever notes it down can tell later that nothing before it was altered.
    pub trail_hash: Hash,
    /// Values of other tables looked at.
    pub values: u64,
    /// Whether every page of the file was verified; only possible while no box runs on it.
    pub pages_verified: bool,
}

impl CheckReport {
    /// Nothing was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.findings.push(Finding { place: place.into(), what: what.into() });
    }

    fn undecodable(&mut self, error: &Undecodable) {
        self.find(format!("table {:?}, key {}", error.table, error.key), error.why.to_string());
    }
}

/// Checks a whole store, as of one instant; commits go on meanwhile.
///
/// # Errors
/// The store cannot be read at all; damage of single values is a finding instead.
pub fn check(store: &Store) -> Result<CheckReport, Read> {
    let mut report = CheckReport::default();
    match store.inner.disk.check_pages() {
        Some(Ok(sound)) => {
            report.pages_verified = true;
            if !sound {
                report.find("file", "a page is damaged: it is not what its checksum says");
            }
        }
        Some(Err(fault)) => return Err(fault.into()),
        None => {}
    }
    store.look(|txn, memory| {
        let plant = plant::check(txn, &store.inner.seal, &mut report)?;
        trail::check(txn, &mut report)?;
        ledgers::check(txn, memory, &plant, &mut report)?;
        timed::check(txn, memory, &plant.missing, &mut report)?;
        Ok(())
    })?;
    Ok(report)
}

/// Decodes every value of a table; those that do not are findings.
fn decode_all<K, T>(
    txn: &ReadTransaction,
    table: Records<K>,
    name: &'static str,
    report: &mut CheckReport,
) -> Result<Vec<T>, Fault>
where
    K: redb::Key + 'static,
    for<'k> K::SelfType<'k>: fmt::Debug,
    T: DeserializeOwned,
{
    let mut records = Vec::new();
    each(&txn.open_table(table)?, name, report, |_, record| records.push(record))?;
    Ok(records)
}

/// Decodes the values of a table one by one; those that do not are findings.
fn each<K, T>(
    table: &impl ReadableTable<K, Bytes>,
    name: &'static str,
    report: &mut CheckReport,
    mut then: impl FnMut(K::SelfType<'_>, T),
) -> Result<(), Fault>
where
    K: redb::Key + 'static,
    for<'k> K::SelfType<'k>: fmt::Debug,
    T: DeserializeOwned,
{
    for item in table.iter()? {
        let (key, value) = item?;
        report.values = report.values.saturating_add(1);
        match row::decode::<T>(name, key.value(), value.value()) {
            Ok(record) => then(key.value(), record),
            Err(error) => report.undecodable(&error),
        }
    }
    Ok(())
}

/// One value; `None` when it is missing or does not decode, which is a finding.
fn one<'k, K, T>(
    table: &impl ReadableTable<K, Bytes>,
    name: &'static str,
    key: K::SelfType<'k>,
    report: &mut CheckReport,
) -> Result<Option<T>, Fault>
where
    K: redb::Key + 'static,
    K::SelfType<'k>: fmt::Debug,
    T: DeserializeOwned,
{
    match tables::one(table, name, key) {
        Err(Fault::Undecodable(error)) => {
            report.undecodable(&error);
            Ok(None)
        }
        other => other,
    }
}
