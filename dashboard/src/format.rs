//! Numbers, units and times as people read them. English, UTC; a catalogue and the plant's zone take their place.

use std::time::Duration;

use domain::{CycleTime, Percent, Temperature, Timestamp};

/// `1,234,567`
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `+1,234`, `−3`, `0`, with a true minus.
#[must_use]
pub fn signed_count(number: i64) -> String {
    let sign = match number {
        0 => "",
        ..0 => "−",
        _ => "+",
    };
    format!("{sign}{}", count(number.unsigned_abs()))
}

/// `1 cycle`, `2,000 cycles`
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Seconds with a tenth, without the unit: `23.4`
#[must_use]
pub fn seconds(time: CycleTime) -> String {
    let tenths = (u64::from(time.as_millis()) + 50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// `23.4 s`
#[must_use]
pub fn cycle_time(time: CycleTime) -> String {
    format!("{} s", seconds(time))
}

/// How far `time` is from `approved`, without the unit: `+1.2`, `−0.4`, `±0.0`
#[must_use]
pub fn difference(time: CycleTime, approved: CycleTime) -> String {
    // Both are rounded first, so that what is shown adds up.
    let tenths = |time: CycleTime| (i64::from(time.as_millis()) + 50) / 100;
    let apart = tenths(time) - tenths(approved);
    let sign = match apart {
        0 => "±",
        ..0 => "−",
        _ => "+",
    };
    let apart = apart.unsigned_abs();
    format!("{sign}{}.{}", apart / 10, apart % 10)
}

/// `41.5 °C`
#[must_use]
pub fn temperature(temperature: Temperature) -> String {
    let tenths = (temperature.as_milli_celsius().unsigned_abs() + 50) / 100;
    let sign = if temperature.as_milli_celsius() < 0 && tenths > 0 { "−" } else { "" };
    format!("{sign}{}.{} °C", tenths / 10, tenths % 10)
}

/// `93 %`
#[must_use]
pub fn percent(percent: Percent) -> String {
    format!("{} %", percent.get())
}

/// A part of a whole, in percent with a tenth: `12.3 %`; above the whole too.
#[must_use]
pub fn share(part: u64, whole: u64) -> Option<String> {
    let per_mille = (u128::from(part) * 1000).checked_div(u128::from(whole))?;
    Some(format!("{}.{} %", per_mille / 10, per_mille % 10))
}

/// `−67 dBm`
#[must_use]
pub fn dbm(strength: i16) -> String {
    let sign = if strength < 0 { "−" } else { "" };
    format!("{sign}{} dBm", strength.unsigned_abs())
}

/// How long ago, in the largest unit that fits: `12 s ago`, `3 min ago`, `2 h ago`, `5 d ago`
#[must_use]
pub fn ago(now: Timestamp, then: Timestamp) -> String {
    match now.since(then).as_secs() {
        0 => "now".to_owned(),
        _ => format!("{} ago", length(now.since(then))),
    }
}

/// How far off, behind or ahead: `3 min ago`, `in 2 h`, `now`
#[must_use]
pub fn away(now: Timestamp, at: Timestamp) -> String {
    match at.since(now).as_secs() {
        0 => ago(now, at),
        _ => format!("in {}", length(at.since(now))),
    }
}

/// How long, in the largest unit that fits: `12 s`, `3 min`, `2 h`, `5 d`
#[must_use]
pub fn length(length: Duration) -> String {
    match length.as_secs() {
        seconds @ ..60 => format!("{seconds} s"),
        seconds @ ..3600 => format!("{} min", seconds / 60),
        seconds @ ..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", count(seconds / 86_400)),
    }
}

/// How long something took, a part of a second as a whole one: `1 s`, `3 min`
#[must_use]
pub fn took(time: Duration) -> String {
    length(Duration::from_secs(u64::try_from(time.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)))
}

/// What is left of a stretch of time: `4:05`
#[must_use]
pub fn countdown(left: Duration) -> String {
    // The last second is shown as one second left, not as none.
    let seconds = left.as_millis().div_ceil(1000);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// `2026-11-24 14:03:22 UTC`
#[must_use]
pub fn instant(at: Timestamp) -> String {
    format!("{} {} UTC", day(at), time_of_day(at))
}

/// `2026-11-24T14:03:22Z`, for machines.
#[must_use]
pub fn machine_instant(at: Timestamp) -> String {
    format!("{}T{}Z", day(at), time_of_day(at))
}

/// `2026-11-24`
#[must_use]
pub fn day(at: Timestamp) -> String {
    let (year, month, day) = civil(at.utc_day());
    format!("{year:04}-{month:02}-{day:02}")
}

/// `24 Nov`
#[must_use]
pub fn short_day(at: Timestamp) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, month, day) = civil(at.utc_day());
    let name = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
    format!("{day} {name}")
}

/// `14:03:22`
#[must_use]
pub fn time_of_day(at: Timestamp) -> String {
    let second = at.as_millis().div_euclid(1000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// `14:03`
#[must_use]
pub fn hour_and_minute(at: Timestamp) -> String {
    time_of_day(at).chars().take(5).collect()
}

/// Year, month and day of a day since the Unix epoch (Howard Hinnant's `civil_from_days`).
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Bytes, in the largest unit that leaves something before the point: `21.4 GiB`
#[must_use]
pub fn size(bytes: u64) -> String {
    let (unit, shift) = match bytes {
        0..0x10_0000 => return format!("{} KiB", bytes >> 10),
        0x10_0000..0x4000_0000 => ("MiB", 20),
        0x4000_0000..0x100_0000_0000 => ("GiB", 30),
        _ => ("TiB", 40),
    };
    let tenths = (u128::from(bytes) * 10) >> shift;
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// Where a mold's rows are downloaded.
#[must_use]
pub fn download(rows: &str, mold: &str) -> String {
    let mut address = format!("/export/{rows}.csv?mold=");
    for byte in mold.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u32) -> CycleTime {
        CycleTime::from_millis(millis)
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn every_third_digit_is_set_apart() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1000), "1,000");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(signed_count(1234), "+1,234");
        assert_eq!(signed_count(-3), "−3");
        assert_eq!(signed_count(0), "0");
        assert_eq!(signed_count(i64::MIN), "−9,223,372,036,854,775,808");
        assert_eq!(counted(1, "cycle", "cycles"), "1 cycle");
        assert_eq!(counted(2000, "cycle", "cycles"), "2,000 cycles");
    }

    #[test]
    fn a_cycle_time_has_a_tenth_of_a_second() {
        assert_eq!(cycle_time(ms(23_449)), "23.4 s");
        assert_eq!(cycle_time(ms(23_450)), "23.5 s");
        assert_eq!(cycle_time(ms(0)), "0.0 s");
        assert_eq!(cycle_time(ms(u32::MAX)), "4294967.3 s");
    }

    #[test]
    fn a_difference_is_that_of_the_numbers_shown() {
        assert_eq!(difference(ms(21_200), ms(20_000)), "+1.2");
        assert_eq!(difference(ms(19_600), ms(20_000)), "−0.4");
        assert_eq!(difference(ms(20_040), ms(20_000)), "±0.0");
        // 20.1 beside 20.0 must not read ±0.0.
        assert_eq!(difference(ms(20_050), ms(20_049)), "+0.1");
    }

    #[test]
    fn time_ago_is_told_in_the_largest_unit_that_fits() {
        let now = at(10_000_000_000);
        for (seconds, text) in [
            (0, "now"),
            (12, "12 s ago"),
            (59, "59 s ago"),
            (60, "1 min ago"),
            (3599, "59 min ago"),
            (3600, "1 h ago"),
            (100_000, "27 h ago"),
            (172_800, "2 d ago"),
        ] {
            assert_eq!(ago(now, at(10_000_000_000 - seconds * 1000)), text);
        }
        assert_eq!(ago(now, at(10_000_005_000)), "now", "a clock that was set back tells no future");
    }

    #[test]
    fn what_is_ahead_is_told_as_ahead() {
        let now = at(10_000_000_000);
        assert_eq!(away(now, at(10_000_000_000 + 7_200_000)), "in 2 h");
        assert_eq!(away(now, at(10_000_000_000 - 7_200_000)), "2 h ago");
        assert_eq!(away(now, at(10_000_000_900)), "now");
    }

    #[test]
    fn bytes_have_something_before_the_point() {
        assert_eq!((size(0), size(1_023)), ("0 KiB".to_owned(), "0 KiB".to_owned()));
        assert_eq!((size(1 << 20), size((1 << 30) - 1)), ("1.0 MiB".to_owned(), "1023.9 MiB".to_owned()));
        assert_eq!(size(u64::MAX), "16777215.9 TiB");
    }

    #[test]
    fn a_countdown_ends_at_nought_and_not_before() {
        assert_eq!(countdown(Duration::from_secs(245)), "4:05");
        assert_eq!(countdown(Duration::from_millis(1)), "0:01");
        assert_eq!(countdown(Duration::ZERO), "0:00");
    }

    #[test]
    fn an_instant_is_a_day_and_a_time() {
        assert_eq!(instant(at(0)), "1970-01-01 00:00:00 UTC");
        assert_eq!(instant(at(1_795_528_984_123)), "2026-11-24 14:03:04 UTC");
        assert_eq!(machine_instant(at(951_782_400_000)), "2000-02-29T00:00:00Z");
        assert_eq!(instant(at(-1)), "1969-12-31 23:59:59 UTC");
        assert_eq!(short_day(at(1_795_528_984_123)), "24 Nov");
        assert_eq!(hour_and_minute(at(1_795_528_984_123)), "14:03");
    }

    #[test]
    fn no_instant_is_too_far_off() {
        for millis in [i64::MIN, i64::MAX] {
            assert!(instant(at(millis)).ends_with(" UTC"));
            assert!(!short_day(at(millis)).is_empty());
        }
    }

    #[test]
    fn quantities_carry_their_unit_and_a_true_minus() {
        assert_eq!(temperature(Temperature::from_milli_celsius(41_460)), "41.5 °C");
        assert_eq!(temperature(Temperature::from_milli_celsius(-40)), "0.0 °C");
        assert_eq!(temperature(Temperature::from_milli_celsius(-12_300)), "−12.3 °C");
        assert_eq!(dbm(-67), "−67 dBm");
        assert_eq!(share(123, 1000).as_deref(), Some("12.3 %"));
        assert_eq!(share(u64::MAX, 1).as_deref(), Some("1844674407370955161500.0 %"));
        assert_eq!(share(1, 0), None);
    }

    #[test]
    fn any_mold_can_be_named_in_an_address() {
        assert_eq!(download("cycles", "M-1042"), "/export/cycles.csv?mold=M-1042");
        assert_eq!(download("ledger", "a&b=\"ä\" %"), "/export/ledger.csv?mold=a%26b%3D%22%C3%A4%22%20%25");
    }
}
