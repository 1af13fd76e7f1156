//! Format 3: sums of days lie together, up to 32 days of a mold in one value. Closed with its release; never edit it then.

use redb::{ReadableTable, TableDefinition, WriteTransaction};
use serde::Deserialize;

use crate::store::error::Fault;

type Bytes = &'static [u8];
/// By UTC day and mold: a byte 1 and the sums in postcard, or a byte 2 and the CRC-32 of the sums before them.
const FORMER: TableDefinition<(i64, u32), Bytes> = TableDefinition::new("daily");
/// By span of 32 days and mold.
const DAYS: TableDefinition<(i64, u32), Bytes> = TableDefinition::new("days");

#[derive(Deserialize)]
struct Sums {
    day: i64,
    cycles: u64,
    valid: u64,
    sum_ms: u64,
    min_ms: u32,
    max_ms: u32,
    late: u64,
    temperatures: u64,
    temperature_sum: i64,
    first_ended: i64,
    last_ended: i64,
    first_ordinal: u64,
    last_ordinal: u64,
}

/// Moves the sums of days. One that is damaged stays behind: `check` misses it, and repair makes it again.
pub(super) fn up(txn: &WriteTransaction) -> Result<(), Fault> {
    {
        let former = txn.open_table(FORMER)?;
        let mut days = txn.open_table(DAYS)?;
        // By mold, of one span.
        let mut open = std::collections::BTreeMap::<u32, (Vec<u8>, u64)>::new();
        let mut span = None;
        for item in former.iter()? {
            let (key, value) = item?;
            let (day, mold) = key.value();
            if span != Some(day.div_euclid(32)) {
                close(&mut days, span, std::mem::take(&mut open))?;
                span = Some(day.div_euclid(32));
            }
            match sums(value.value()).filter(|sums| sums.day == day) {
                Some(sums) => {
                    let (bytes, highest) = open.entry(mold).or_default();
                    put(bytes, &sums, *highest);
                    *highest = sums.last_ordinal;
                }
                None => tracing::warn!(day, mold, "the sums of a day are damaged and are left behind"),
            }
        }
        close(&mut days, span, open)?;
    }
    txn.delete_table(FORMER)?;
    let mut meta = txn.open_table(TableDefinition::<&str, Bytes>::new("meta"))?;
    meta.insert("format", [1u8, 3, 0, 0, 0].as_slice())?;
    Ok(())
}

fn close(
    days: &mut redb::Table<'_, (i64, u32), Bytes>,
    span: Option<i64>,
    values: std::collections::BTreeMap<u32, (Vec<u8>, u64)>,
) -> Result<(), Fault> {
    for (mold, (body, _)) in values {
        let mut value = vec![2];
        value.extend(crc32fast::hash(&body).to_le_bytes());
        value.extend(body);
        days.insert((span.unwrap_or_default(), mold), value.as_slice())?;
    }
    Ok(())
}

fn sums(bytes: &[u8]) -> Option<Sums> {
    let body = match bytes {
        [1, body @ ..] => body,
        [2, rest @ ..] => {
            let (sum, body) = rest.split_first_chunk::<4>()?;
            (crc32fast::hash(body).to_le_bytes() == *sum).then_some(body)?
        }
        _ => return None,
    };
    postcard::from_bytes(body).ok()
}

/// One day, as differences in wrapping arithmetic; `highest` is the highest ordinal of the day before in the value.
fn put(bytes: &mut Vec<u8>, sums: &Sums, highest: u64) {
    bytes.push(sums.day.rem_euclid(32).to_le_bytes()[0]);
    unsigned(bytes, sums.cycles);
    signed(bytes, sums.cycles.wrapping_sub(sums.valid));
    unsigned(bytes, sums.min_ms.into());
    signed(bytes, u64::from(sums.max_ms).wrapping_sub(sums.min_ms.into()));
    signed(bytes, sums.sum_ms.wrapping_sub(sums.valid.wrapping_mul(sums.min_ms.into())));
    unsigned(bytes, sums.late);
    signed(bytes, sums.cycles.wrapping_sub(sums.temperatures));
    signed(bytes, sums.temperature_sum.cast_unsigned());
    signed(bytes, sums.first_ended.wrapping_sub(sums.day.wrapping_mul(86_400_000)).cast_unsigned());
    signed(bytes, sums.last_ended.wrapping_sub(sums.first_ended).cast_unsigned());
    signed(bytes, sums.first_ordinal.wrapping_sub(highest).wrapping_sub(1));
    signed(
        bytes,
        sums.last_ordinal.wrapping_sub(sums.first_ordinal).wrapping_sub(sums.cycles.wrapping_sub(1)),
    );
}

/// Seven bits a byte, the lowest first.
fn unsigned(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// The sign in the lowest bit.
fn signed(bytes: &mut Vec<u8>, number: u64) {
    unsigned(bytes, (number << 1) ^ (number.cast_signed() >> 63).cast_unsigned());
}
