//! The sums of up to 32 days of a mold as one value.
//!
//! ```text
//! 0   version, 2, and a CRC-32 of what follows (see `store::row`)
//! 5   for each day, in order, numbers as varints (z: zigzag, differences in wrapping arithmetic):
//!         place of the day in the span, 0 to 31 (1 byte)
//!         cycles
//!         cycles - valid, z
//!         shortest valid cycle time, ms
//!         longest - shortest, ms, z
//!         sum of valid times - valid * shortest, ms, z
//!         late
//!         cycles - temperatures, z
//!         sum of temperatures, z
//!         earliest end - begin of the day, ms, z
//!         latest end - earliest end, ms, z
//!         lowest ordinal - highest ordinal of the day before in this value (0 before the first) - 1, z
//!         highest - lowest ordinal - (cycles - 1), z
//! ```

use super::super::rollup::DailyRollup;
use super::super::varint::{self, Reader, damage};
use super::SPAN;
use crate::store::error::Damage;
use crate::store::row;

const DAY_MS: i64 = 86_400_000;

/// Writes days that follow each other, all of the same span.
pub(super) fn encode(span: i64, days: &[DailyRollup]) -> Vec<u8> {
    let mut bytes = vec![row::CHECKED, 0, 0, 0, 0];
    let mut highest = 0u64;
    for sum in days {
        bytes.push(sum.day.wrapping_sub(span.wrapping_mul(SPAN)).to_le_bytes()[0]);
        let mut put = |number: u64| varint::put(&mut bytes, number);
        put(sum.cycles);
        let valid = zigzag(sum.cycles.wrapping_sub(sum.valid));
        put(valid);
        put(sum.min_ms.into());
        put(zigzag(u64::from(sum.max_ms).wrapping_sub(sum.min_ms.into())));
        put(zigzag(sum.sum_ms.wrapping_sub(least(sum))));
        put(sum.late);
        put(zigzag(sum.cycles.wrapping_sub(sum.temperatures)));
        put(zigzag(sum.temperature_sum.cast_unsigned()));
        put(zigzag(sum.first_ended.wrapping_sub(sum.day.wrapping_mul(DAY_MS)).cast_unsigned()));
        put(zigzag(sum.last_ended.wrapping_sub(sum.first_ended).cast_unsigned()));
        put(zigzag(sum.first_ordinal.wrapping_sub(highest).wrapping_sub(1)));
        put(zigzag(
            sum.last_ordinal.wrapping_sub(sum.first_ordinal).wrapping_sub(sum.cycles.wrapping_sub(1)),
        ));
        highest = sum.last_ordinal;
    }
    row::prove(&mut bytes);
    bytes
}

/// Gives every day of a value, in order.
pub(super) fn decode(span: i64, bytes: &[u8], mut each: impl FnMut(DailyRollup)) -> Result<(), Damage> {
    let [row::CHECKED, ..] = bytes else {
        return Err(match bytes.first() {
            Some(found) => Damage::Version { found: *found, known: row::CHECKED },
            None => Damage::Empty,
        });
    };
    let mut reader = Reader::new(row::proven(bytes)?);
    let begin = span.wrapping_mul(SPAN);
    let (mut highest, mut before) = (0u64, None);
    while !reader.is_empty() {
        let place = i64::from(reader.byte()?);
        if place >= SPAN || before.is_some_and(|before| before >= place) {
            return Err(damage("its days are not in order"));
        }
        before = Some(place);
        let mut sum = DailyRollup::empty(begin.wrapping_add(place));
        sum.cycles = reader.unsigned()?;
        sum.valid = sum.cycles.wrapping_sub(difference(&mut reader)?);
        sum.min_ms = reader.small()?;
        let longest = u64::from(sum.min_ms).wrapping_add(difference(&mut reader)?);
        sum.max_ms = u32::try_from(longest).map_err(|_| damage("its longest cycle is beyond what can be"))?;
        sum.sum_ms = least(&sum).wrapping_add(difference(&mut reader)?);
        sum.late = reader.unsigned()?;
        sum.temperatures = sum.cycles.wrapping_sub(difference(&mut reader)?);
        sum.temperature_sum = reader.signed()?;
        sum.first_ended = sum.day.wrapping_mul(DAY_MS).wrapping_add(reader.signed()?);
        sum.last_ended = sum.first_ended.wrapping_add(reader.signed()?);
        sum.first_ordinal = highest.wrapping_add(1).wrapping_add(difference(&mut reader)?);
        let span_of_ordinals = sum.cycles.wrapping_sub(1).wrapping_add(difference(&mut reader)?);
        sum.last_ordinal = sum.first_ordinal.wrapping_add(span_of_ordinals);
        highest = sum.last_ordinal;
        each(sum);
    }
    Ok(())
}

/// What the valid cycle times come to at least.
fn least(sum: &DailyRollup) -> u64 {
    sum.valid.wrapping_mul(sum.min_ms.into())
}

fn zigzag(difference: u64) -> u64 {
    (difference << 1) ^ (difference.cast_signed() >> 63).cast_unsigned()
}

fn difference(reader: &mut Reader<'_>) -> Result<u64, Damage> {
    Ok(reader.signed()?.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_sum() -> impl Strategy<Value = DailyRollup> {
        (0..SPAN, any::<[i64; 3]>(), any::<[u64; 7]>(), any::<[u32; 2]>(), 0..64u32).prop_map(
            |(place, i, u, s, shift)| DailyRollup {
                day: place,
                cycles: u[0] >> shift,
                valid: u[1] >> shift,
                sum_ms: u[2] >> shift,
                min_ms: s[0],
                max_ms: s[1] >> (shift / 2),
                late: u[3] >> shift,
                temperatures: u[4] >> shift,
                temperature_sum: i[0] >> shift,
                first_ended: i[1] >> shift,
                last_ended: i[2],
                first_ordinal: u[5] >> shift,
                last_ordinal: u[6],
            },
        )
    }

    fn read(span: i64, bytes: &[u8]) -> Result<Vec<DailyRollup>, Damage> {
        let mut days = Vec::new();
        decode(span, bytes, |sum| days.push(sum)).map(|()| days)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            mut days in prop::collection::vec(any_sum(), 0..40),
            span in prop_oneof![-3..700i64, Just(i64::MIN / SPAN), Just(i64::MAX / SPAN)],
            cut in any::<prop::sample::Index>(),
        ) {
            days.sort_by_key(|sum| sum.day);
            days.dedup_by_key(|sum| sum.day);
            days.iter_mut().for_each(|sum| sum.day += span * SPAN);
            let bytes = encode(span, &days);
            prop_assert_eq!(read(span, &bytes).unwrap(), days);
            prop_assert!(read(span, &bytes[..cut.index(bytes.len())]).is_err());
        }

        #[test]
        fn whatever_the_bytes_are_days_are_in_order_or_it_is_damage(
            body in prop::collection::vec(any::<u8>(), 0..90),
            span in any::<i64>(),
        ) {
            let mut bytes = vec![row::CHECKED, 0, 0, 0, 0];
            bytes.extend(body);
            row::prove(&mut bytes);
            if let Ok(days) = read(span, &bytes) {
                prop_assert_eq!(read(span, &encode(span, &days)).unwrap(), days);
            }
        }
    }

    #[test]
    fn a_day_of_a_plant_takes_few_bytes() {
        let days: Vec<DailyRollup> = (0..SPAN)
            .map(|day| DailyRollup {
                day,
                cycles: 3_000,
                valid: 2_990,
                sum_ms: 2_990 * 28_300,
                min_ms: 27_700,
                max_ms: 84_000,
                late: 0,
                temperatures: 3_000,
                temperature_sum: 3_000 * 41_200,
                first_ended: day * DAY_MS + 12_345,
                last_ended: (day + 1) * DAY_MS - 23_456,
                first_ordinal: day.cast_unsigned() * 3_000 + 1,
                last_ordinal: (day.cast_unsigned() + 1) * 3_000,
            })
            .collect();
        let bytes = encode(0, &days);
        assert!(bytes.len() <= 32 * 31, "{} bytes", bytes.len());
    }
}
