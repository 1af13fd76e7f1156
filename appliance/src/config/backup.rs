//! The section on backups, checked.

use std::path::{Component, Path};

use super::checked::ConfigError;
use super::raw::RawBackup;
use crate::backup::{Keep, Nightly, Place, Series};

/// The plan; `None` when the section names no place. `refuse` takes the key and what was expected.
pub(super) fn check(
    raw: RawBackup,
    refuse: &impl Fn(String, String) -> ConfigError,
) -> Result<Option<Nightly>, ConfigError> {
    let no = |key: &str, expected: &str| refuse(format!("backup.{key}"), expected.to_owned());
    let place = if raw.disk_label.is_empty() {
        if raw.folder.as_os_str().is_empty() {
            // Whoever names a recipient or an identity means backups to be made.
            let meant = !raw.recipients.is_empty() || !raw.identity.as_os_str().is_empty();
            return if meant { Err(no("folder", "expected a folder or a disk_label")) } else { Ok(None) };
        }
        if !raw.folder.is_absolute() {
            return Err(no("folder", "expected a path that begins with /"));
        }
        Place::Folder { path: raw.folder, must_be_mounted: raw.must_be_mounted }
    } else {
        if raw.must_be_mounted {
            return Err(no(
                "must_be_mounted",
                "expected false with a disk_label: the disk must be mounted anyway",
            ));
        }
        if !stays_below(&raw.folder) {
            return Err(no(
                "folder",
                "expected a folder on the disk: a path without / at its begin and without ..",
            ));
        }
        Place::Disk { label: raw.disk_label, folder: raw.folder }
    };
    if raw.recipients.is_empty() {
        return Err(no("recipients", "expected at least one, as \"platen backup key new FILE\" prints it"));
    }
    let mut recipients = Vec::with_capacity(raw.recipients.len());
    for (n, text) in raw.recipients.iter().enumerate() {
        let recipient = text.parse().map_err(|why| refuse(format!("backup.recipients[{n}]"), why))?;
        recipients.push(recipient);
    }
    let series = if raw.name.is_empty() {
        let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
        Series::of_host(host.as_deref().unwrap_or_default())
    } else {
        raw.name.parse().map_err(|why: String| refuse("backup.name".to_owned(), why))?
    };
    Ok(Some(Nightly {
        place,
        series,
        recipients,
        identity: (!raw.identity.as_os_str().is_empty()).then_some(raw.identity),
        hour: raw.hour,
        keep: Keep { daily: raw.keep_daily, weekly: raw.keep_weekly, monthly: raw.keep_monthly },
    }))
}

fn stays_below(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}
