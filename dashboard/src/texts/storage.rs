//! What is said of the storage, and how grave it looks.

use super::Tone;
use crate::format;
use crate::port::{DiskFull, KeptView, KeySource, OutlookView, RoomView, StorageView};

/// How the storage stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageStands {
    /// The room cannot be measured.
    NotMeasured,
    /// Less is free than should be.
    Low,
    /// The disk will be full soon.
    Filling,
    /// There is room.
    InOrder,
}

impl StorageStands {
    /// How it stands.
    #[must_use]
    pub fn of(view: &StorageView) -> Self {
        let soon = matches!(view.outlook.full, DiskFull::On { soon: true, .. });
        match view.room {
            None => StorageStands::NotMeasured,
            Some(RoomView { free, floor, .. }) if free < floor => StorageStands::Low,
            Some(_) if soon => StorageStands::Filling,
            Some(_) => StorageStands::InOrder,
        }
    }

    /// In a few words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            StorageStands::NotMeasured => "not measured",
            StorageStands::Low => "little room left",
            StorageStands::Filling => "full within a month",
            StorageStands::InOrder => "room enough",
        }
    }

    /// How grave it looks.
    #[must_use]
    pub const fn tone(self) -> Tone {
        match self {
            StorageStands::NotMeasured => Tone::Unknown,
            StorageStands::Low => Tone::Bad,
            StorageStands::Filling => Tone::Caution,
            StorageStands::InOrder => Tone::Normal,
        }
    }

    /// What it means and what to do.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            StorageStands::NotMeasured => {
                "The room on the box's disk cannot be measured. The box's log says why."
            }
            StorageStands::Low => {
                "Less is free than should be. The oldest raw payloads are dropped; no cycle and no count is. Free space \
                 on the disk or replace it by a larger one."
            }
            StorageStands::Filling => {
                "The disk will be full within a month if it goes on like this. Free space on it or replace it by a \
                 larger one."
            }
            StorageStands::InOrder => "There is room for what the plant makes.",
        }
    }
}

/// When the disk will be full.
#[must_use]
pub fn full_told(outlook: &OutlookView) -> String {
    match outlook.full {
        DiskFull::TooEarly => {
            format!(
                "too early to tell: {} of {} days measured",
                outlook.days.min(outlook.needed),
                outlook.needed
            )
        }
        DiskFull::On { day, .. } => {
            format!("on {}, if it goes on like this; told from {}", format::day(day), days(outlook))
        }
        DiskFull::NotWithinTenYears => format!("not within ten years; told from {}", days(outlook)),
    }
}

fn days(outlook: &OutlookView) -> String {
    format::counted(outlook.days.into(), "day", "days")
}

/// How much the data grow.
#[must_use]
pub fn growth_told(outlook: &OutlookView) -> String {
    match outlook.a_day {
        None => "not known yet".to_owned(),
        Some(a_day) => match u64::try_from(a_day) {
            Ok(0) => "none".to_owned(),
            Ok(grows) => format!("{} a day", format::size(grows)),
            Err(_) => format!("−{} a day", format::size(a_day.unsigned_abs())),
        },
    }
}

/// How many cycles are kept, and for how long.
#[must_use]
pub fn cycles_told(kept: &KeptView) -> String {
    format!("{}; {} now", kept.cycles_for, format::count(kept.cycles))
}

/// What was retired.
#[must_use]
pub fn retired_told(kept: &KeptView) -> String {
    match kept.retired {
        0 => "none".to_owned(),
        retired => {
            let cycles = format::counted(retired, "cycle", "cycles");
            format!("{cycles}; the count and the sums of days stay")
        }
    }
}

/// How long raw payloads are kept.
#[must_use]
pub fn raw_told(kept: &KeptView) -> String {
    format!("{}, and {} at most", kept.raw_for, format::count(kept.raw_most))
}

/// Where the store's key comes from, and how grave that is.
#[must_use]
pub fn key_told(key: Option<&KeySource>) -> (String, Tone) {
    match key {
        None => ("not known".to_owned(), Tone::Normal),
        Some(KeySource::File(path)) => (format!("the file {path}"), Tone::Normal),
        Some(KeySource::Passphrase(path)) => (format!("the passphrase in the file {path}"), Tone::Normal),
        Some(KeySource::Terminal) => ("a passphrase, typed at each start".to_owned(), Tone::Normal),
        Some(KeySource::Credential) => ("a credential of the service".to_owned(), Tone::Normal),
        Some(KeySource::Beside(path)) => (
            format!("the file {path}, beside the data: whoever takes the disk can read everything"),
            Tone::Caution,
        ),
    }
}

#[cfg(test)]
mod tests;
