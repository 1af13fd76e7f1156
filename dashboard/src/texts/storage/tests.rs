//! What is shown for which state of the storage.

use domain::Timestamp;

use super::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_486_500_000 + millis)
}

fn view(room: Option<RoomView>, full: DiskFull) -> StorageView {
    StorageView {
        now: at(0),
        cursor: 0,
        room,
        outlook: OutlookView { full, a_day: Some(0), days: 60, needed: 3 },
        kept: KeptView {
            cycles: 1_000,
            retired: 0,
            cycles_for: "10 years".to_owned(),
            raw_for: "90 days".to_owned(),
            raw_most: 100_000,
        },
        key: None,
        backups: None,
    }
}

#[test]
fn little_room_is_graver_than_a_disk_that_will_be_full_and_both_than_none() {
    let room = |free| Some(RoomView { used: 1, free, size: 1_000, floor: 100 });
    let (soon, late) = (DiskFull::On { day: at(0), soon: true }, DiskFull::On { day: at(0), soon: false });
    let stands = |free, full| StorageStands::of(&view(room(free), full));
    assert_eq!(stands(99, soon), StorageStands::Low);
    assert_eq!(stands(100, soon), StorageStands::Filling);
    assert_eq!(stands(100, late), StorageStands::InOrder);
    assert_eq!(stands(100, DiskFull::TooEarly), StorageStands::InOrder);
    assert_eq!(StorageStands::of(&view(None, late)), StorageStands::NotMeasured);
    assert_eq!(StorageStands::Low.tone(), Tone::Bad);
    assert_eq!(StorageStands::Filling.tone(), Tone::Caution);
    assert_eq!(StorageStands::InOrder.tone(), Tone::Normal);
}

#[test]
fn a_forecast_says_what_it_is_told_from() {
    let told = |full, days| full_told(&OutlookView { full, a_day: None, days, needed: 3 });
    assert_eq!(told(DiskFull::TooEarly, 1), "too early to tell: 1 of 3 days measured");
    assert_eq!(told(DiskFull::NotWithinTenYears, 60), "not within ten years; told from 60 days");
    let on = DiskFull::On { day: at(0), soon: false };
    assert_eq!(told(on, 12), "on 2026-11-24, if it goes on like this; told from 12 days");
}

#[test]
fn growth_that_is_not_known_is_not_none() {
    let told = |a_day| growth_told(&OutlookView { full: DiskFull::TooEarly, a_day, days: 9, needed: 3 });
    assert_eq!(told(None), "not known yet");
    assert_eq!(told(Some(0)), "none");
    assert_eq!(told(Some(3 << 20)), "3.0 MiB a day");
    assert_eq!(told(Some(-(2 << 20))), "−2.0 MiB a day");
}

#[test]
fn what_was_retired_says_what_stays() {
    let kept = KeptView { retired: 1_234, ..view(None, DiskFull::TooEarly).kept };
    assert_eq!(retired_told(&kept), "1,234 cycles; the count and the sums of days stay");
    assert_eq!(retired_told(&KeptView { retired: 0, ..kept.clone() }), "none");
    assert_eq!(cycles_told(&kept), "10 years; 1,000 now");
    assert_eq!(raw_told(&kept), "90 days, and 100,000 at most");
}

#[test]
fn a_key_beside_the_data_it_opens_does_not_look_normal() {
    let beside = KeySource::Beside("/data/store.key".to_owned());
    assert_eq!(key_told(Some(&beside)).1, Tone::Caution);
    for other in [KeySource::File("/k".to_owned()), KeySource::Terminal, KeySource::Credential] {
        assert_eq!(key_told(Some(&other)).1, Tone::Normal, "{other:?}");
    }
}
