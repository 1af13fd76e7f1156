//! What is to be done about the storage.

use std::time::Duration;

use domain::Timestamp;

use super::almanac::believed;
use super::forecast::{Forecast, date, forecast};
use crate::plant::{Retention, StorageRecord};
use crate::store::Room;

/// A disk that will be full in less days than this is an alarm.
pub const SOON_DAYS: i64 = 30;
const DAY_MS: i64 = 86_400_000;

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// History that ended before then is retired.
    pub retire_before: Option<Timestamp>,
    /// Raw payloads are dropped that were heard so long before the newest one.
    pub raw_frames: Option<Duration>,
    /// The oldest quarter of the raw payloads goes, and why: too little room is left.
    pub low: Option<String>,
    /// The disk will be full soon, and when.
    pub filling: Option<String>,
}

/// Bytes that are to stay free on a disk. On a small disk a tenth of it, or raw payloads could never be kept there.
#[must_use]
pub fn floor(keep: &Retention, room: &Room) -> u64 {
    keep.free.min(room.size / 10)
}

/// Whether a forecast is an alarm.
#[must_use]
pub fn is_soon(forecast: Forecast, today: i64) -> bool {
    matches!(forecast, Forecast::FullOn(day) if day.saturating_sub(today) < SOON_DAYS)
}

/// Decides from what is remembered, the room just measured and the day that the clock shows. A day that is not believed
/// yet retires nothing.
#[must_use]
pub fn plan(record: &StorageRecord, room: &Room, today: i64) -> Plan {
    let keep = &record.retention;
    let retire_before = keep.cycles.days().zip(believed(&record.days)).map(|(days, believed)| {
        let horizon = believed.min(today).saturating_sub(i64::from(days));
        Timestamp::from_millis(horizon.saturating_mul(DAY_MS))
    });
    let floor = floor(keep, room);
    let low = (room.free < floor)
        .then(|| format!("{} MiB are free, {} MiB should be", room.free >> 20, floor >> 20));
    let filling = match forecast(&record.days) {
        soon @ Forecast::FullOn(day) if is_soon(soon, today) => Some(format!("on {}", date(day))),
        _ => None,
    };
    let raw_frames = keep.raw_frames.days().map(|days| Duration::from_secs(u64::from(days) * 86_400));
    Plan { retire_before, raw_frames, low, filling }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::{KeepFor, Retention, StorageDay, Unit};

    const TODAY: i64 = 20_781;
    const GIB: u64 = 1 << 30;
    const ROOM: Room = Room { used: GIB, free: 50 * GIB, size: 100 * GIB };

    fn record(count: i64, a_day: u64) -> StorageRecord {
        let day = |n: i64| StorageDay {
            day: TODAY - (count - 1 - n),
            used: GIB + a_day * n.unsigned_abs(),
            free: 50 * GIB,
        };
        let retention = Retention {
            cycles: KeepFor::Length(10, Unit::Years),
            raw_frames: KeepFor::Length(90, Unit::Days),
            free: GIB,
        };
        StorageRecord { retention, days: (0..count).map(day).collect() }
    }

    #[test]
    fn history_is_kept_for_as_long_as_people_want_it() {
        let planned = plan(&record(10, 0), &ROOM, TODAY);
        let horizon = TODAY - 6 - 3_653;
        assert_eq!(planned.retire_before, Some(Timestamp::from_millis(horizon * DAY_MS)));
        assert_eq!(planned.raw_frames, Some(Duration::from_secs(90 * 86_400)));
        let mut ever = record(10, 0);
        (ever.retention.cycles, ever.retention.raw_frames) = (KeepFor::Ever, KeepFor::Ever);
        assert_eq!(plan(&ever, &ROOM, TODAY), Plan::default());
    }

    #[test]
    fn a_clock_that_steps_retires_nothing_that_was_to_stay() {
        assert_eq!(plan(&record(6, 0), &ROOM, TODAY).retire_before, None);
        let mut ahead = record(40, 0);
        let right = plan(&ahead, &ROOM, TODAY).retire_before;
        for n in 0..6 {
            let day = TODAY + 40_000 + n;
            crate::upkeep::remember(&mut ahead.days, StorageDay { day, used: 0, free: 0 });
            assert!(
                plan(&ahead, &ROOM, day).retire_before
                    <= Some(Timestamp::from_millis((TODAY - 3_653) * DAY_MS))
            );
        }
        // Back again: the days that never were do not count.
        assert!(plan(&ahead, &ROOM, TODAY - 1).retire_before >= right);
        let stuck = StorageRecord {
            days: (0..60).map(|n| StorageDay { day: TODAY + 40_000 + n, used: 0, free: 0 }).collect(),
            ..record(1, 0)
        };
        let before = plan(&stuck, &ROOM, TODAY).retire_before;
        assert_eq!(before, Some(Timestamp::from_millis((TODAY - 3_653) * DAY_MS)));
    }

    #[test]
    fn below_the_floor_raw_payloads_go() {
        let at = |free, size| plan(&record(1, 0), &Room { used: 0, free, size }, TODAY).low;
        assert_eq!(at(GIB, 100 * GIB), None);
        assert_eq!(at(GIB - 1, 100 * GIB), Some("1023 MiB are free, 1024 MiB should be".to_owned()));
        // A tenth of a small disk.
        assert_eq!(at(GIB / 10 + 1, GIB), None);
        assert!(at(GIB / 11, GIB).is_some());
    }

    #[test]
    fn a_disk_that_will_be_full_within_a_month_is_an_alarm() {
        assert_eq!(plan(&record(30, GIB), &ROOM, TODAY).filling, None);
        let soon = plan(&record(30, 2 * GIB), &ROOM, TODAY).filling;
        assert_eq!(soon, Some("on 2026-12-18".to_owned()));
    }
}
