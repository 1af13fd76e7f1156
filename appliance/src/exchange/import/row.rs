//! A row understood: what it says of one cycle.

use std::str::FromStr;

use domain::{Cycle, CycleFlags, CycleTime, MoldName, Temperature, TimeSource, Timestamp};

use super::field::{Cells, Field, Value, shortened};
use super::problem::Problems;

/// Milliseconds since 1970 that would lie in its first three years: seconds were meant.
const SECONDS_LOOK_LIKE: i64 = 100_000_000_000;

/// What a row says of a cycle, apart from its mold. `None`: the file does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    /// The mold's place among the molds of the file.
    pub(super) mold: u32,
    /// The how-many-th cycle of the mold's life.
    pub(super) counter: u64,
    /// Where it stands in the file.
    pub(super) row: u64,
    pub(super) ended: i64,
    pub(super) cycle_ms: u32,
    /// Thousandths of a degree; the inner one is empty where the file has the column and nothing in it.
    pub(super) temperature: Option<Option<i32>>,
    pub(super) source: Option<TimeSource>,
    pub(super) late: Option<bool>,
    pub(super) first: Option<bool>,
}

impl Told {
    /// As history keeps it. What the file does not say is taken for what it is at least: a time that was received,
    /// told after the fact.
    pub(super) fn cycle(&self, ordinal: u64) -> Cycle {
        Cycle {
            ordinal,
            ended: Timestamp::from_millis(self.ended),
            cycle_time: CycleTime::from_millis(self.cycle_ms),
            temperature: self.temperature.flatten().map(Temperature::from_milli_celsius),
            source: self.source.unwrap_or(TimeSource::Received),
            flags: CycleFlags { late: self.late.unwrap_or(true), first: self.first.unwrap_or(false) },
        }
    }

    /// Whether a cycle of history is the one that the row tells of, as far as the row says.
    pub(super) fn tells_of(&self, cycle: &Cycle) -> bool {
        let temperature = cycle.temperature.map(Temperature::as_milli_celsius);
        self.ended == cycle.ended.as_millis()
            && self.cycle_ms == cycle.cycle_time.as_millis()
            && self.temperature.is_none_or(|told| told == temperature)
            && self.source.is_none_or(|told| told == cycle.source)
            && self.late.is_none_or(|told| told == cycle.flags.late)
            && self.first.is_none_or(|told| told == cycle.flags.first)
    }

    /// Whether another row says the same.
    pub(super) fn says_the_same_as(&self, other: &Told) -> bool {
        Told { row: 0, ..*self } == Told { row: 0, ..*other }
    }
}

/// A row with what it says of its mold.
pub(super) struct Understood {
    pub(super) mold: MoldName,
    /// What the mold had made before its box knew it: the counter less the ordinal, where the file has both.
    pub(super) baseline: Option<u64>,
    /// The cycle, its mold's place still 0.
    pub(super) told: Told,
}

/// Understands a row; `None`, and every reason in `problems`, when it makes no sense.
pub(super) fn understand(row: u64, cells: &Cells, problems: &mut Problems) -> Option<Understood> {
    let mut reader = Reader { row, cells, problems };
    let mold = reader.cell(Field::Mold, mold);
    let counter = reader.cell(Field::Counter, counter);
    let ordinal = reader.maybe(Field::Ordinal, counter_or_ordinal);
    let ended = reader.cell(Field::Ended, instant);
    let cycle_ms = reader.cell(Field::CycleMs, cycle_ms);
    let celsius = reader.maybe(Field::TemperatureC, celsius);
    let decicelsius = reader.maybe(Field::TemperatureDecicelsius, decicelsius);
    let source = reader.maybe(Field::Source, source);
    let late = reader.maybe(Field::Late, flag);
    let first = reader.maybe(Field::First, flag);
    let (counter, ordinal) = (counter?, ordinal?.flatten());
    let baseline = match ordinal.map(|ordinal| counter.checked_sub(ordinal)) {
        Some(None) => {
            problems.add(row, Some(Field::Ordinal.name()), format!("is greater than the counter, {counter}"));
            return None;
        }
        Some(baseline) => baseline,
        None => None,
    };
    let told = Told {
        mold: 0,
        counter,
        row,
        ended: ended?,
        cycle_ms: cycle_ms?,
        temperature: celsius?.or(decicelsius?),
        source: source?.flatten(),
        late: late?.flatten(),
        first: first?.flatten(),
    };
    Some(Understood { mold: mold?, baseline, told })
}

struct Reader<'r> {
    row: u64,
    cells: &'r Cells,
    problems: &'r mut Problems,
}

impl Reader<'_> {
    /// A cell that must say something.
    fn cell<T>(&mut self, field: Field, read: impl Fn(&Value) -> Result<T, String>) -> Option<T> {
        let result = match self.cells.get(field) {
            Value::Absent => Err("is missing".to_owned()),
            Value::Empty => Err("is empty".to_owned()),
            value => read(value),
        };
        self.settle(field, result)
    }

    /// A cell that may be empty, under a column that may be missing: those are the two inner layers.
    fn maybe<T>(
        &mut self,
        field: Field,
        read: impl Fn(&Value) -> Result<T, String>,
    ) -> Option<Option<Option<T>>> {
        let result = match self.cells.get(field) {
            Value::Absent => Ok(None),
            Value::Empty => Ok(Some(None)),
            value => read(value).map(|read| Some(Some(read))),
        };
        self.settle(field, result)
    }

    fn settle<T>(&mut self, field: Field, result: Result<T, String>) -> Option<T> {
        result.map_err(|reason| self.problems.add(self.row, Some(field.name()), reason)).ok()
    }
}

/// The value as it stands in the file.
fn shown(value: &Value) -> String {
    match value {
        Value::Absent | Value::Empty => "nothing".to_owned(),
        Value::Text(text) => format!("\"{}\"", shortened(text)),
        Value::Number(number) => number.to_string(),
        Value::Real(real) => real.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Instant(at) => crate::exchange::column::instant(*at),
    }
}

fn mold(value: &Value) -> Result<MoldName, String> {
    let name = match value {
        Value::Text(text) => text.parse().ok(),
        // A mold whose number is nothing but digits may have come through a program that made a number of it.
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    };
    name.ok_or_else(|| {
        let what = shown(value);
        format!("is {what}: a mold's number is 1 to 32 printable characters without blanks at either end")
    })
}

/// A whole number, written as one.
fn whole<T: FromStr + TryFrom<i128>>(value: &Value) -> Option<T> {
    match value {
        Value::Text(text) => text.parse().ok(),
        Value::Number(number) => T::try_from(*number).ok(),
        _ => None,
    }
}

fn counter(value: &Value) -> Result<u64, String> {
    // The count that is shown is added up in signed numbers.
    whole(value)
        .filter(|number| (1..=i64::MAX.unsigned_abs()).contains(number))
        .ok_or_else(|| format!("is {}: a whole number from 1 on is wanted", shown(value)))
}

fn counter_or_ordinal(value: &Value) -> Result<u64, String> {
    counter(value)
}

fn cycle_ms(value: &Value) -> Result<u32, String> {
    whole(value)
        .ok_or_else(|| format!("is {}: whole milliseconds from 0 to {} are wanted", shown(value), u32::MAX))
}

fn instant(value: &Value) -> Result<i64, String> {
    let wanted = || {
        let what = shown(value);
        format!("is {what}: an instant is wanted, as 2026-11-23T06:00:00.000Z or in milliseconds since 1970")
    };
    let in_millis = |millis: i64| {
        if millis.unsigned_abs() < SECONDS_LOOK_LIKE.unsigned_abs() {
            let what = shown(value);
            return Err(format!("is {what}: those look like seconds since 1970, milliseconds are wanted"));
        }
        Ok(millis)
    };
    match value {
        Value::Instant(at) => Ok(at.as_millis()),
        Value::Number(_) => in_millis(whole(value).ok_or_else(wanted)?),
        Value::Text(text) => match text.parse::<i64>() {
            Ok(millis) => in_millis(millis),
            Err(_) => {
                jiff::Timestamp::from_str(text).map(jiff::Timestamp::as_millisecond).map_err(|_| wanted())
            }
        },
        _ => Err(wanted()),
    }
}

fn celsius(value: &Value) -> Result<i32, String> {
    let degrees = match value {
        Value::Text(text) => text.parse().ok(),
        Value::Number(number) => i32::try_from(*number).ok().map(f64::from),
        Value::Real(real) => Some(*real),
        _ => None,
    };
    degrees
        .map(|degrees: f64| (degrees * 1_000.0).round())
        .filter(|milli| milli.is_finite() && milli.abs() <= f64::from(i32::MAX))
        // Within the range of the integer: nothing is cut off.
        .map(|milli| milli as i32)
        .ok_or_else(|| format!("is {}: degrees Celsius are wanted", shown(value)))
}

fn decicelsius(value: &Value) -> Result<i32, String> {
    whole::<i32>(value)
        .and_then(|tenths| tenths.checked_mul(100))
        .ok_or_else(|| format!("is {}: whole tenths of a degree Celsius are wanted", shown(value)))
}

fn source(value: &Value) -> Result<TimeSource, String> {
    match value {
        Value::Text(text) if text == "device" => Ok(TimeSource::Device),
        Value::Text(text) if text == "received" => Ok(TimeSource::Received),
        Value::Text(text) if text == "estimated" => Ok(TimeSource::Estimated),
        _ => Err(format!("is {}: device, received or estimated is wanted", shown(value))),
    }
}

fn flag(value: &Value) -> Result<bool, String> {
    match value {
        Value::Flag(flag) => Ok(*flag),
        Value::Text(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::Text(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(format!("is {}: true or false is wanted", shown(value))),
    }
}
