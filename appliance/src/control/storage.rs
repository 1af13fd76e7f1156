//! The room that is taken, for people and for their programs.

use std::io::Write;

use dashboard::format::size;
use serde::Serialize;

use super::answer::Answer;
use super::request::Form;
use crate::plant::StorageRecord;
use crate::store::{Kept, Room, Store};
use crate::upkeep::{Forecast, date, forecast};

/// What is told. The names are those of the JSON object.
#[derive(Debug, Serialize)]
struct Told {
    /// Of the data folder, everything included.
    used_bytes: u64,
    free_bytes: u64,
    disk_bytes: u64,
    cycles_kept: u64,
    cycles_retired: u64,
    /// Of the data folder, for each cycle kept.
    bytes_per_cycle: Option<f64>,
    /// As the box was last told; none before one has run.
    keep: Option<Keep>,
    days_measured: usize,
    forecast: &'static str,
    full_on: Option<String>,
}

#[derive(Debug, Serialize)]
struct Keep {
    cycles: String,
    raw_frames: String,
    free_bytes: u64,
}

/// Tells a store's room.
pub(super) fn tell(store: &Store, form: Form, to: &mut dyn Write) -> Result<(), Answer> {
    let room = store.room().map_err(Answer::Room)?;
    let told = told(&room, &store.kept()?, store.storage()?);
    match form {
        Form::Json => {
            let mut line = serde_json::to_vec(&told).map_err(std::io::Error::from)?;
            line.push(b'\n');
            to.write_all(&line)?;
        }
        Form::Text => text(&told, to)?,
    }
    Ok(to.flush()?)
}

fn told(room: &Room, kept: &Kept, record: Option<StorageRecord>) -> Told {
    let days = record.as_ref().map_or(&[][..], |record| &record.days);
    let (forecast, full_on) = match forecast(days) {
        Forecast::TooEarly => ("too_early", None),
        Forecast::FullOn(day) => ("full", Some(date(day))),
        Forecast::NotWithinTenYears => ("not_within_ten_years", None),
    };
    Told {
        used_bytes: room.used,
        free_bytes: room.free,
        disk_bytes: room.size,
        cycles_kept: kept.cycles,
        cycles_retired: kept.retired,
        bytes_per_cycle: hundredths(room.used, kept.cycles),
        days_measured: days.len(),
        forecast,
        full_on,
        keep: record.map(|record| Keep {
            cycles: record.retention.cycles.to_string(),
            raw_frames: record.retention.raw_frames.to_string(),
            free_bytes: record.retention.free,
        }),
    }
}

fn hundredths(bytes: u64, cycles: u64) -> Option<f64> {
    let hundredths = (u128::from(bytes) * 100).checked_div(u128::from(cycles))?;
    Some(f64::from(u32::try_from(hundredths).unwrap_or(u32::MAX)) / 100.0)
}

fn text(told: &Told, to: &mut dyn Write) -> std::io::Result<()> {
    writeln!(
        to,
        "room      {} used, {} free of {}",
        size(told.used_bytes),
        size(told.free_bytes),
        size(told.disk_bytes)
    )?;
    write!(to, "cycles    {} kept, {} retired", told.cycles_kept, told.cycles_retired)?;
    match told.bytes_per_cycle {
        Some(bytes) => writeln!(to, "; {bytes:.2} bytes for each that is kept, everything included")?,
        None => writeln!(to)?,
    }
    match &told.keep {
        Some(keep) => writeln!(
            to,
            "policy    cycles {}; raw payloads {}; {} to stay free; counts, ledgers and sums of days for ever",
            keep.cycles,
            keep.raw_frames,
            size(keep.free_bytes)
        )?,
        None => writeln!(to, "policy    no box has run on this folder yet")?,
    }
    match (&told.full_on, told.forecast) {
        (Some(date), _) => writeln!(to, "forecast  full on {date}, if it goes on like this"),
        (None, "too_early") => {
            writeln!(to, "forecast  too early to tell: {} of 3 days measured", told.days_measured.min(3))
        }
        (None, _) => writeln!(to, "forecast  not full within ten years"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::{KeepFor, Retention, StorageDay, Unit};

    const GIB: u64 = 1 << 30;

    fn lines(days: i64, cycles: u64) -> String {
        let retention =
            Retention { cycles: KeepFor::Length(10, Unit::Years), raw_frames: KeepFor::Ever, free: GIB };
        let day = |n: i64| StorageDay { day: 20_700 + n, used: GIB * n.unsigned_abs(), free: 100 * GIB };
        let record = StorageRecord { retention, days: (0..days).map(day).collect() };
        let room = Room { used: 3 * GIB / 2, free: 20 << 40, size: 30 << 40 };
        let mut out = Vec::new();
        text(&told(&room, &Kept { cycles, retired: 7 }, Some(record)), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_person_reads_what_there_is_and_what_will_be() {
        assert_eq!(
            lines(5, GIB),
            "room      1.5 GiB used, 20.0 TiB free of 30.0 TiB\n\
             cycles    1073741824 kept, 7 retired; 1.50 bytes for each that is kept, everything included\n\
             policy    cycles 10 years; raw payloads for ever; 1.0 GiB to stay free; counts, ledgers and sums of days for ever\n\
             forecast  full on 2026-12-16, if it goes on like this\n"
        );
        let new = lines(1, 0);
        assert!(
            new.contains("0 kept, 7 retired\n") && new.contains("too early to tell: 1 of 3 days"),
            "{new}"
        );
    }
}
