//! What a row is made of.

use std::borrow::Cow;

use domain::Timestamp;

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A number of things.
    Count,
    /// A number that may be below zero.
    Amount,
    Real,
    Flag,
    Instant,
    /// Days since the Unix epoch, UTC.
    Day,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Cells may be empty.
    pub(super) optional: bool,
}

/// A column whose cells are never empty.
pub(super) const fn always(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, optional: false }
}

/// A column whose cells may be empty.
pub(super) const fn maybe(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, optional: true }
}

/// What stands in a row under a column; its kind is the column's.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    Empty,
    Text(Cow<'a, str>),
    Count(u64),
    Amount(i64),
    Real(f64),
    Flag(bool),
    Instant(Timestamp),
    Day(i64),
}

impl<'a> Cell<'a> {
    pub(super) fn text(text: &'a str) -> Self {
        Cell::Text(Cow::Borrowed(text))
    }

    pub(super) fn maybe_text(text: Option<&'a str>) -> Self {
        text.map_or(Cell::Empty, Cell::text)
    }

    pub(super) fn maybe_count(count: Option<u64>) -> Self {
        count.map_or(Cell::Empty, Cell::Count)
    }
}

/// An instant as text, UTC; plain milliseconds where a calendar has no such day.
#[must_use]
pub fn instant(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map_or_else(|_| at.as_millis().to_string(), |instant| format!("{instant:.3}"))
}

/// A day as text; plain days since the Unix epoch where a calendar has no such day.
pub(super) fn day(day: i64) -> String {
    let midnight = day.checked_mul(86_400_000).map(jiff::Timestamp::from_millisecond);
    match midnight {
        Some(Ok(midnight)) => jiff::tz::TimeZone::UTC.to_datetime(midnight).date().to_string(),
        _ => day.to_string(),
    }
}
