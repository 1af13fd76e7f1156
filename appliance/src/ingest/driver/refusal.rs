//! Why the store takes nothing, for people: the chain of errors is in the log.

use std::io::ErrorKind;

use crate::plant::AlarmKey;
use crate::store::Commit;

/// A refusal: the alarm that stands for it, and what is said beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// [`AlarmKey::StoreRefuses`] or [`AlarmKey::StoreDamaged`].
    pub key: AlarmKey,
    /// More, for people.
    pub detail: String,
}

impl Refusal {
    fn refuses(detail: &str) -> Self {
        Refusal { key: AlarmKey::StoreRefuses, detail: detail.to_owned() }
    }

    fn damaged(detail: String) -> Self {
        Refusal { key: AlarmKey::StoreDamaged, detail }
    }

    /// The thread that wrote broke down.
    pub(super) fn broke_down() -> Self {
        Refusal::damaged("the program broke down while it wrote".to_owned())
    }
}

impl From<&Commit> for Refusal {
    fn from(error: &Commit) -> Self {
        match error {
            Commit::Full { .. } => Refusal::refuses("it is full"),
            Commit::Database { .. } if error.is_damage() => {
                Refusal::damaged("the file is damaged".to_owned())
            }
            Commit::Database { .. } => Refusal::refuses(match error.io_kind() {
                Some(ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied) => "it is read-only",
                Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => "it is full",
                _ => "it answers with errors",
            }),
            Commit::KeptAfterAll => Refusal::refuses("it failed and did its work nevertheless"),
            Commit::Ledger { mold, .. } => {
                Refusal::damaged(format!("the ledger of mold number {mold} does not go on where it ended"))
            }
            Commit::Undecodable(value) => Refusal::damaged(format!(
                "in table {}, the value of {} cannot be read",
                value.table, value.key
            )),
            Commit::Refused(_) => Refusal::damaged(String::new()),
        }
    }
}
