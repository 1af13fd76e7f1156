//! Parquet: columns with their types, in row groups that are written as soon as they are full.

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};

use crate::exchange::column::{Cell, Column, Kind};

/// Rows of a group: what is held in memory, some megabytes.
const GROUP: usize = 1 << 16;

pub(in crate::exchange) struct ParquetSheet<W: Write + Send> {
    to: SerializedFileWriter<W>,
    columns: Vec<Gathered>,
    rows: usize,
}

/// The cells of one column that wait for their row group.
struct Gathered {
    optional: bool,
    /// 1 for a cell that is there, 0 for an empty one; only where cells may be empty.
    there: Vec<i16>,
    values: Values,
}

enum Values {
    Texts(Vec<ByteArray>),
    Longs(Vec<i64>),
    Days(Vec<i32>),
    Reals(Vec<f64>),
    Flags(Vec<bool>),
}

impl<W: Write + Send> ParquetSheet<W> {
    pub(super) fn begin(columns: &[Column], to: W) -> io::Result<Self> {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let to = SerializedFileWriter::new(to, schema(columns)?, Arc::new(properties)).map_err(failed)?;
        Ok(ParquetSheet { to, columns: columns.iter().map(Gathered::new).collect(), rows: 0 })
    }

    pub(super) fn put(&mut self, row: &[Cell<'_>]) -> io::Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(row) {
            column.put(cell);
        }
        self.rows = self.rows.saturating_add(1);
        if self.rows == GROUP { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> io::Result<()> {
        let mut group = self.to.next_row_group().map_err(failed)?;
        for column in &mut self.columns {
            let mut writer = group
                .next_column()
                .map_err(failed)?
                .ok_or_else(|| io::Error::other("a row group has fewer columns than its sheet"))?;
            column.write(&mut writer).map_err(failed)?;
            writer.close().map_err(failed)?;
        }
        group.close().map_err(failed)?;
        self.rows = 0;
        Ok(())
    }

    pub(super) fn end(mut self) -> io::Result<()> {
        if self.rows > 0 {
            self.write()?;
        }
        self.to.into_inner().map_err(failed)?.flush()
    }
}

impl Gathered {
    fn new(column: &Column) -> Self {
        let values = match column.kind {
            Kind::Text => Values::Texts(Vec::new()),
            Kind::Count | Kind::Amount | Kind::Instant => Values::Longs(Vec::new()),
            Kind::Day => Values::Days(Vec::new()),
            Kind::Real => Values::Reals(Vec::new()),
            Kind::Flag => Values::Flags(Vec::new()),
        };
        Gathered { optional: column.optional, there: Vec::new(), values }
    }

    fn put(&mut self, cell: &Cell<'_>) {
        if self.optional {
            self.there.push(i16::from(*cell != Cell::Empty));
        }
        match (&mut self.values, cell) {
            (_, Cell::Empty) => {}
            (Values::Texts(texts), Cell::Text(text)) => {
                // A mold's name stands in every row: one copy is enough.
                let same = texts.last().filter(|last| last.data() == text.as_bytes()).cloned();
                let copied = || ByteArray::from(Bytes::copy_from_slice(text.as_bytes()));
                texts.push(same.unwrap_or_else(copied));
            }
            // The column says that its numbers have no sign: the bits are what counts.
            (Values::Longs(longs), Cell::Count(count)) => longs.push(count.cast_signed()),
            (Values::Longs(longs), Cell::Amount(amount)) => longs.push(*amount),
            (Values::Longs(longs), Cell::Instant(at)) => longs.push(at.as_millis()),
            (Values::Days(days), Cell::Day(day)) => {
                days.push(i32::try_from(*day).unwrap_or(if *day < 0 { i32::MIN } else { i32::MAX }));
            }
            (Values::Reals(reals), Cell::Real(real)) => reals.push(*real),
            (Values::Flags(flags), Cell::Flag(flag)) => flags.push(*flag),
            (
                Values::Texts(_) | Values::Longs(_) | Values::Days(_) | Values::Reals(_) | Values::Flags(_),
                _,
            ) => {
                debug_assert!(false, "a cell of another kind than its column");
            }
        }
    }

    fn write(&mut self, to: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let there = self.optional.then_some(self.there.as_slice());
        match &mut self.values {
            Values::Texts(texts) => {
                to.typed::<ByteArrayType>().write_batch(texts, there, None)?;
                texts.clear();
            }
            Values::Longs(longs) => {
                to.typed::<Int64Type>().write_batch(longs, there, None)?;
                longs.clear();
            }
            Values::Days(days) => {
                to.typed::<Int32Type>().write_batch(days, there, None)?;
                days.clear();
            }
            Values::Reals(reals) => {
                to.typed::<DoubleType>().write_batch(reals, there, None)?;
                reals.clear();
            }
            Values::Flags(flags) => {
                to.typed::<BoolType>().write_batch(flags, there, None)?;
                flags.clear();
            }
        }
        self.there.clear();
        Ok(())
    }
}

fn schema(columns: &[Column]) -> io::Result<TypePtr> {
    let field = |column: &Column| {
        let (physical, logical) = match column.kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Count => (Physical::INT64, Some(LogicalType::integer(64, false))),
            Kind::Amount => (Physical::INT64, Some(LogicalType::integer(64, true))),
            Kind::Instant => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
            Kind::Day => (Physical::INT32, Some(LogicalType::Date)),
            Kind::Real => (Physical::DOUBLE, None),
            Kind::Flag => (Physical::BOOLEAN, None),
        };
        let repetition = if column.optional { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        Type::primitive_type_builder(column.name, physical)
            .with_logical_type(logical)
            .with_repetition(repetition)
            .build()
            .map(Arc::new)
    };
    let fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let schema = Type::group_type_builder("platen").with_fields(fields).build().map_err(failed)?;
    Ok(Arc::new(schema))
}

/// What lies under the library's error, so that whoever waits can tell that nobody takes the rows any more.
fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        other => io::Error::other(other),
    }
}
