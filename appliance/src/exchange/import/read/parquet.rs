//! Rows of a Parquet file: every column of a row group is read side by side, a page of each in memory.

use std::collections::VecDeque;
use std::fs::File;

use domain::Timestamp;
use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use super::super::ImportError;
use super::super::field::{Cells, Field, Value, faults};
use super::super::problem::Problems;
use super::Rows;

/// Rows read at a time.
const BATCH: usize = 4_096;

pub(super) struct ParquetRows {
    file: SerializedFileReader<File>,
    columns: Vec<Column>,
    next_group: usize,
    row: u64,
}

struct Column {
    field: Field,
    meaning: Meaning,
    optional: bool,
    reader: Option<ColumnReader>,
    waiting: VecDeque<Value>,
}

/// What the bits of a column say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Text,
    Signed,
    Unsigned,
    Real,
    Flag,
    /// So many of its units are a millisecond.
    Instant(i64),
}

impl ParquetRows {
    pub(super) fn begin(file: File, problems: &mut Problems) -> Result<Option<Self>, ImportError> {
        let file = SerializedFileReader::new(file).map_err(damaged)?;
        let schema = file.metadata().file_metadata().schema_descr();
        let mut wrong = faults(schema.columns().iter().map(|column| column.name()));
        let columns = columns(schema, &mut wrong);
        for (column, reason) in &wrong {
            problems.add(0, column.as_deref(), reason.as_str());
        }
        Ok(wrong.is_empty().then_some(ParquetRows { file, columns, next_group: 0, row: 0 }))
    }

    /// Reads on until rows wait; `false` at the end of the file.
    fn fill(&mut self) -> Result<bool, ImportError> {
        loop {
            for column in &mut self.columns {
                column.fill()?;
            }
            let mut waiting = self.columns.iter().map(|column| column.waiting.len());
            let first = waiting.next().unwrap_or(0);
            if waiting.any(|other| other != first) {
                return Err(ImportError::Damaged("its columns are not of the same length".to_owned()));
            }
            if first > 0 {
                return Ok(true);
            }
            if self.next_group >= self.file.num_row_groups() {
                return Ok(false);
            }
            let group = self.file.get_row_group(self.next_group).map_err(damaged)?;
            self.next_group = self.next_group.saturating_add(1);
            for (number, column) in self.columns.iter_mut().enumerate() {
                column.reader = Some(group.get_column_reader(number).map_err(damaged)?);
            }
        }
    }
}

impl Rows for ParquetRows {
    fn next(&mut self, cells: &mut Cells, _: &mut Problems) -> Result<Option<u64>, ImportError> {
        let waits = self.columns.first().is_some_and(|column| !column.waiting.is_empty());
        if !waits && !self.fill()? {
            return Ok(None);
        }
        cells.clear();
        for column in &mut self.columns {
            cells.put(column.field, column.waiting.pop_front().unwrap_or_default());
        }
        self.row = self.row.saturating_add(1);
        Ok(Some(self.row))
    }
}

fn columns(schema: &SchemaDescriptor, wrong: &mut Vec<(Option<String>, String)>) -> Vec<Column> {
    let mut columns = Vec::new();
    for column in schema.columns() {
        let Some(field) = Field::find(column.name()) else { continue };
        let flat = column.path().parts().len() == 1 && column.max_rep_level() == 0;
        match meaning(column) {
            Ok(meaning) if flat => columns.push(Column {
                field,
                meaning,
                optional: column.self_type().get_basic_info().repetition() == Repetition::OPTIONAL,
                reader: None,
                waiting: VecDeque::new(),
            }),
            Ok(_) => wrong.push((Some(column.name().to_owned()), "is nested: plain columns are read".into())),
            Err(reason) => wrong.push((Some(column.name().to_owned()), reason.to_owned())),
        }
    }
    columns
}

fn meaning(column: &ColumnDescriptor) -> Result<Meaning, &'static str> {
    match (column.physical_type(), column.logical_type_ref(), column.converted_type()) {
        (Physical::INT64, Some(LogicalType::Timestamp(time)), _) => {
            if !time.is_adjusted_to_u_t_c {
                return Err("has times without a time zone: instants in UTC are wanted");
            }
            Ok(Meaning::Instant(match time.unit {
                TimeUnit::MILLIS => 1,
                TimeUnit::MICROS => 1_000,
                TimeUnit::NANOS => 1_000_000,
            }))
        }
        (Physical::INT64, None, ConvertedType::TIMESTAMP_MILLIS) => Ok(Meaning::Instant(1)),
        (Physical::INT64, None, ConvertedType::TIMESTAMP_MICROS) => Ok(Meaning::Instant(1_000)),
        (Physical::INT32 | Physical::INT64, Some(LogicalType::Integer(int)), _) if !int.is_signed => {
            Ok(Meaning::Unsigned)
        }
        (Physical::INT32 | Physical::INT64, Some(LogicalType::Integer(_)), _) => Ok(Meaning::Signed),
        (Physical::INT32 | Physical::INT64, None, converted) => match converted {
            ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64 => Ok(Meaning::Unsigned),
            ConvertedType::NONE
            | ConvertedType::INT_8
            | ConvertedType::INT_16
            | ConvertedType::INT_32
            | ConvertedType::INT_64 => Ok(Meaning::Signed),
            _ => Err("has a type that is not read here"),
        },
        (Physical::FLOAT | Physical::DOUBLE, _, _) => Ok(Meaning::Real),
        (Physical::BOOLEAN, _, _) => Ok(Meaning::Flag),
        // Old writers leave out that a text is one.
        (Physical::BYTE_ARRAY, Some(LogicalType::String) | None, _) => Ok(Meaning::Text),
        _ => Err("has a type that is not read here"),
    }
}

impl Column {
    fn fill(&mut self) -> Result<(), ImportError> {
        let Column { meaning, optional, reader, waiting, .. } = self;
        let (meaning, optional) = (*meaning, *optional);
        let number = |number: i64| match meaning {
            Meaning::Instant(units) => {
                Value::Instant(Timestamp::from_millis(number.div_euclid(units.max(1))))
            }
            Meaning::Unsigned => Value::Number(number.cast_unsigned().into()),
            _ => Value::Number(number.into()),
        };
        let small = |number: i32| match meaning {
            Meaning::Unsigned => Value::Number(number.cast_unsigned().into()),
            _ => Value::Number(number.into()),
        };
        match reader {
            None => Ok(()),
            Some(ColumnReader::BoolColumnReader(r)) => {
                batch(r, optional, waiting, |flag| Ok(Value::Flag(flag)))
            }
            Some(ColumnReader::Int32ColumnReader(r)) => batch(r, optional, waiting, |n| Ok(small(n))),
            Some(ColumnReader::Int64ColumnReader(r)) => batch(r, optional, waiting, |n| Ok(number(n))),
            Some(ColumnReader::FloatColumnReader(r)) => {
                batch(r, optional, waiting, |real| Ok(Value::Real(real.into())))
            }
            Some(ColumnReader::DoubleColumnReader(r)) => {
                batch(r, optional, waiting, |real| Ok(Value::Real(real)))
            }
            Some(ColumnReader::ByteArrayColumnReader(r)) => batch(r, optional, waiting, |bytes| {
                let text = std::str::from_utf8(bytes.data());
                text.map(|text| Value::Text(text.to_owned()))
                    .map_err(|_| ImportError::Damaged("a text in it is no UTF-8".to_owned()))
            }),
            Some(ColumnReader::Int96ColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_)) => {
                Err(ImportError::Damaged("a column is not what the file's schema says".to_owned()))
            }
        }
    }
}

fn batch<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    optional: bool,
    waiting: &mut VecDeque<Value>,
    value: impl Fn(T::T) -> Result<Value, ImportError>,
) -> Result<(), ImportError> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let there = if optional { Some(&mut levels) } else { None };
    let (records, _, _) = reader.read_records(BATCH, there, None, &mut values).map_err(damaged)?;
    let mut values = values.into_iter();
    if !optional {
        return values.try_for_each(|read| {
            waiting.push_back(value(read)?);
            Ok(())
        });
    }
    for level in levels.into_iter().take(records) {
        let read = if level > 0 { values.next() } else { None };
        waiting.push_back(read.map_or(Ok(Value::Empty), &value)?);
    }
    Ok(())
}

fn damaged(error: ParquetError) -> ImportError {
    match error {
        ParquetError::External(error) => match error.downcast::<std::io::Error>() {
            Ok(error) => ImportError::Read(*error),
            Err(error) => ImportError::Damaged(error.to_string()),
        },
        other => ImportError::Damaged(other.to_string()),
    }
}
