//! The columns of a file of cycles, and what stands under them before it is understood.

use domain::Timestamp;

/// A column that an import knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Mold,
    Counter,
    Ordinal,
    Ended,
    CycleMs,
    TemperatureC,
    TemperatureDecicelsius,
    Source,
    Late,
    First,
}

impl Field {
    pub(super) const COUNT: usize = 10;
    pub(super) const ALL: [Field; Self::COUNT] = [
        Field::Mold,
        Field::Counter,
        Field::Ordinal,
        Field::Ended,
        Field::CycleMs,
        Field::TemperatureC,
        Field::TemperatureDecicelsius,
        Field::Source,
        Field::Late,
        Field::First,
    ];
    /// A file without one of these is none.
    pub(super) const NEEDED: [Field; 4] = [Field::Mold, Field::Counter, Field::Ended, Field::CycleMs];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Field::Mold => "mold",
            Field::Counter => "counter",
            Field::Ordinal => "ordinal",
            Field::Ended => "ended",
            Field::CycleMs => "cycle_ms",
            Field::TemperatureC => "temperature_c",
            Field::TemperatureDecicelsius => "temperature_decicelsius",
            Field::Source => "source",
            Field::Late => "late",
            Field::First => "first",
        }
    }

    pub(super) fn find(name: &str) -> Option<Self> {
        Field::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// What stands in a cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Value {
    /// There is no such column.
    #[default]
    Absent,
    /// The cell is empty.
    Empty,
    Text(String),
    Number(i128),
    Real(f64),
    Flag(bool),
    /// An instant whose unit the file told.
    Instant(Timestamp),
}

/// The cells of one row.
#[derive(Debug, Default)]
pub(super) struct Cells([Value; Field::COUNT]);

impl Cells {
    pub(super) fn clear(&mut self) {
        self.0.fill(Value::Absent);
    }

    pub(super) fn get(&self, field: Field) -> &Value {
        self.0.get(field as usize).unwrap_or(&Value::Absent)
    }

    pub(super) fn put(&mut self, field: Field, value: Value) {
        if let Some(place) = self.0.get_mut(field as usize) {
            *place = value;
        }
    }
}

/// Holds a header against the columns that are known; every fault of it, in words.
pub(super) fn faults<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<(Option<String>, String)> {
    let mut seen = [false; Field::COUNT];
    let mut faults = Vec::new();
    for name in names {
        match Field::find(name) {
            None => faults.push((Some(shortened(name)), unknown())),
            Some(field) => {
                let place = seen.get_mut(field as usize);
                if place.is_some_and(|seen| std::mem::replace(seen, true)) {
                    faults.push((Some(name.to_owned()), "stands there twice".to_owned()));
                }
            }
        }
    }
    let has = |field: Field| seen.get(field as usize).copied().unwrap_or(false);
    for field in Field::NEEDED.into_iter().filter(|field| !has(*field)) {
        faults.push((Some(field.name().to_owned()), "is missing".to_owned()));
    }
    if has(Field::TemperatureC) && has(Field::TemperatureDecicelsius) {
        let what = "stands beside temperature_c: one of the two is enough".to_owned();
        faults.push((Some(Field::TemperatureDecicelsius.name().to_owned()), what));
    }
    faults
}

/// What is said of a column that nobody knows.
pub(super) fn unknown() -> String {
    let known = Field::ALL.map(Field::name).join(", ");
    format!("is not known here; known are {known}")
}

/// A text from a file, fit to be said: printable and short.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
