//! The audit trail: no hole, no other hash, and no end before its end.

use redb::ReadTransaction;

use super::{CheckReport, each, one};
use crate::audit::{genesis, link};
use crate::store::audit::{Chained, TRAIL, TrailEnd};
use crate::store::error::Fault;
use crate::store::tables::{AUDIT, SETTINGS};

/// Checks the trail.
pub(super) fn check(txn: &ReadTransaction, report: &mut CheckReport) -> Result<(), Fault> {
    let mut found = Vec::new();
    let (mut next, mut hash) = (0u64, genesis());
    each::<_, Chained>(&txn.open_table(AUDIT)?, "audit", report, |key, Chained { entry, hash: kept }| {
        let here = || format!("audit trail, entry {key}");
        if key > next {
            found.push((here(), format!("entry {next} before it is missing")));
        } else if entry.number != key {
            found.push((here(), format!("says that it is entry {}", entry.number)));
        } else if link(&hash, &entry) != kept {
            found
                .push((here(), "is not what was written down then, or follows on something else".to_owned()));
        }
        // From here on against what is kept: one finding for one thing that is wrong.
        (next, hash) = (key.saturating_add(1), kept);
    })?;
    for (place, what) in found {
        report.find(place, what);
    }
    let end = one::<_, TrailEnd>(&txn.open_table(SETTINGS)?, "settings", TRAIL, report)?.unwrap_or_default();
    if (end.length, end.hash) != (next, hash) {
        report.find("audit trail", format!("goes to entry {next} and should go to entry {}", end.length));
    }
    report.trail = next;
    report.trail_hash = hash;
    Ok(())
}
