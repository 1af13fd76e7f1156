//! Rows of JSON objects, one a line.

use std::fmt;
use std::io::BufRead;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::ImportError;
use super::super::field::{Cells, Field, Value, shortened, unknown};
use super::super::lines::Lines;
use super::super::problem::Problems;
use super::Rows;

pub(super) struct JsonRows<R> {
    lines: Lines<R>,
}

impl<R: BufRead> JsonRows<R> {
    pub(super) fn new(from: R) -> Self {
        JsonRows { lines: Lines::new(from) }
    }
}

impl<R: BufRead> Rows for JsonRows<R> {
    fn next(&mut self, cells: &mut Cells, problems: &mut Problems) -> Result<Option<u64>, ImportError> {
        while let Some((number, line)) = self.lines.next_row(problems)? {
            cells.clear();
            let mut faults = Vec::new();
            let mut reader = serde_json::Deserializer::from_slice(line);
            let read =
                reader.deserialize_map(Object { cells, faults: &mut faults }).and_then(|()| reader.end());
            if let Err(error) = read {
                let what = format!("the line is no JSON object of plain values: {}", plain(&error));
                problems.add(number, None, what);
                continue;
            }
            if faults.is_empty() {
                return Ok(Some(number));
            }
            for (column, reason) in faults {
                problems.add(number, Some(&column), reason);
            }
        }
        Ok(None)
    }
}

/// The library's words without its line number, which is always 1.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.clone(), |(words, _)| words.to_owned())
}

struct Object<'a> {
    cells: &'a mut Cells,
    faults: &'a mut Vec<(String, String)>,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value::<Plain>()?.0;
            match Field::find(&key) {
                None => self.faults.push((shortened(&key), unknown())),
                Some(field) if *self.cells.get(field) != Value::Absent => {
                    self.faults.push((key, "stands there twice".to_owned()));
                }
                Some(field) => self.cells.put(field, value),
            }
        }
        Ok(())
    }
}

/// A value that is neither a list nor an object.
struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainValue)
    }
}

struct PlainValue;

impl Visitor<'_> for PlainValue {
    type Value = Plain;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true, false or null")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Plain, E> {
        Ok(Plain(Value::Empty))
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Plain, E> {
        Ok(Plain(Value::Flag(flag)))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Plain, E> {
        Ok(Plain(Value::Number(number.into())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Plain, E> {
        Ok(Plain(Value::Number(number.into())))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Plain, E> {
        Ok(Plain(Value::Real(number)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Plain, E> {
        Ok(Plain(Value::Text(text.to_owned())))
    }
}
